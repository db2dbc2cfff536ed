use super::*;

pub async fn story(mut open: impl AsyncFnMut() -> Arc<dyn Store>) {
    a_subject_of_an_issuer_is_one_person(&Story::new(open().await).await).await;
    a_provider_ends_the_sessions_it_told_of(&Story::new(open().await).await).await;
    a_session_is_proven_since_its_proof(&Story::new(open().await).await).await;
}

impl Story {
    async fn person_of(&self, issuer: &str, subject: &str, email: &str) -> PersonId {
        let (identity, newcomer) = (identity(issuer, subject), PersonId(new_id()));
        self.store.person_of(&identity, &profile(email), newcomer, self.now()).await.unwrap()
    }

    async fn sign_in_from(&self, issuer: &str, subject: &str, session: Option<&str>, cookie: u8) -> PersonId {
        let person = self.person_of(issuer, subject, "ana@example.com").await;
        let session = NewSession {
            session: SessionId(new_id()),
            person,
            proof: Authentication::told(Some(self.now()), true),
            by: Means::Provider { issuer: issuer.to_owned(), session: session.map(str::to_owned) },
            arriving: arriving(cookie),
        };
        self.store.sign_in(&session, self.now()).await.unwrap();
        person
    }
}

async fn a_subject_of_an_issuer_is_one_person(story: &Story) {
    let store = &story.store;
    let first = story.person_of(ISSUER, "1", "ana@example.com").await;
    assert_eq!(story.person_of(ISSUER, "1", "married@example.com").await, first);
    assert_eq!(store.person(first).await.unwrap().unwrap().email, "married@example.com");
    assert_eq!(store.person(first).await.unwrap().unwrap().subject, "of married@example.com");
    // The same address, said of another subject or by another issuer, is somebody else.
    let second = story.person_of(ISSUER, "2", "married@example.com").await;
    let third = story.person_of("https://other.example.com", "1", "married@example.com").await;
    assert!(first != second && second != third && first != third);

    // No password opens such an account, whatever it is called.
    let name = store.person(first).await.unwrap().unwrap().user_name;
    assert_eq!(store.password_of_user(&name).await.unwrap(), None);
    assert_eq!(store.password_of_person(first).await.unwrap(), None);
    assert!(store.has_passwords().await.unwrap());
    for person in [story.ana.id, story.ben.id] {
        store.set_disabled(person, true, story.now()).await.unwrap();
    }
    assert!(!store.has_passwords().await.unwrap());

    store.set_disabled(first, true, story.now()).await.unwrap();
    let session = NewSession {
        session: SessionId(new_id()),
        person: first,
        proof: Authentication::told(Some(story.now()), true),
        by: Means::Provider { issuer: ISSUER.to_owned(), session: None },
        arriving: arriving(1),
    };
    let refused = store.sign_in(&session, story.now()).await;
    assert!(matches!(refused, Err(Denied::Refused(Refusal::AccountDisabled))));
    assert_eq!(story.actor(1).await, None);
}

async fn a_provider_ends_the_sessions_it_told_of(story: &Story) {
    let mut orders = 0;
    let mut end = async |issuer: &str, subject: Option<&str>, session: Option<&str>| {
        orders += 1;
        let [subject, session] = [subject, session].map(|text| text.map(str::to_owned));
        let order = SignOutOrder { id: token(orders), issuer: issuer.to_owned(), subject, session };
        let ended = story.store.end_provider_sessions(&order, story.now()).await.unwrap();
        assert_eq!(story.store.end_provider_sessions(&order, story.now()).await.unwrap(), None, "twice");
        ended.unwrap().len()
    };
    story.sign_in_from(ISSUER, "1", Some("a"), 1).await;
    story.sign_in_from(ISSUER, "1", Some("b"), 2).await;
    story.sign_in_from(ISSUER, "2", Some("c"), 3).await;
    story.sign_in_from("https://other.example.com", "1", Some("a"), 4).await;
    story.sign_in(&story.ana, 5).await;
    assert_eq!(end(ISSUER, None, None).await, 0);
    assert_eq!(end(ISSUER, Some("2"), Some("a")).await, 0, "another's session");
    assert_eq!(end(ISSUER, None, Some("a")).await, 1);
    assert!(story.actor(1).await.is_none() && story.actor(2).await.is_some());
    assert_eq!(end(ISSUER, Some("1"), None).await, 1);
    assert!(story.actor(2).await.is_none());
    // A session without a name is one of theirs as well.
    story.sign_in_from(ISSUER, "1", None, 6).await;
    assert_eq!(end(ISSUER, None, Some("a")).await, 0);
    assert_eq!(end(ISSUER, Some("1"), Some("a")).await, 1);
    assert!(story.actor(6).await.is_none());
    for cookie in [3, 4, 5] {
        assert!(story.actor(cookie).await.is_some(), "{cookie}");
    }
    let session = story.actor(3).await.unwrap().session;
    assert_eq!(story.store.issuer_of(session).await.unwrap().as_deref(), Some(ISSUER));
    let rows = story.store.audit_after(0, 100).await.unwrap();
    assert_eq!(rows.iter().filter(|row| event(row) == Event::SignedOutByProvider).count(), 3);
}

/// Which with single sign-on is not when it began.
async fn a_session_is_proven_since_its_proof(story: &Story) {
    let person = story.person_of(ISSUER, "1", "ana@example.com").await;
    let earlier = story.now().plus_seconds(-7200);
    let told = [(Some(earlier), true), (None, true), (Some(story.now()), false)];
    for (cookie, (at, strong)) in (1..).zip(told) {
        let session = NewSession {
            session: SessionId(new_id()),
            person,
            proof: Authentication::told(at, strong),
            by: Means::Provider { issuer: ISSUER.to_owned(), session: None },
            arriving: arriving(cookie),
        };
        story.store.sign_in(&session, story.now()).await.unwrap();
    }
    assert_eq!(story.actor(1).await.unwrap().proven_at, Some(earlier));
    assert_eq!(story.actor(2).await.unwrap().proven_at, None);
    assert_eq!(story.actor(3).await.unwrap().proven_at, None);
    assert_eq!(story.store.proofs_of(ISSUER).await.unwrap(), Proofs { sign_ins: 3, told: 2 });
    assert_eq!(story.store.proofs_of("another").await.unwrap(), Proofs { sign_ins: 0, told: 0 });
}
