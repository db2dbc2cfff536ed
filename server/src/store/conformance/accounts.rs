use super::*;

pub async fn story(mut open: impl AsyncFnMut() -> Arc<dyn Store>) {
    people_are_found_by_id_and_name(&Story::new(open().await).await).await;
    an_account_is_disabled_and_its_password_set(&Story::new(open().await).await).await;
    a_browser_is_known_by_its_newest_token(&Story::new(open().await).await).await;
    a_failed_sign_in_is_written_down(&Story::new(open().await).await).await;
    a_changed_password_voids_what_the_old_one_proved(&Story::new(open().await).await).await;
    a_passkey_is_one_persons(&Story::new(open().await).await).await;
    a_recovery_code_opens_once(&Story::new(open().await).await).await;
    a_password_that_was_changed_meanwhile_opens_nothing(&Story::new(open().await).await).await;
    what_may_be_used_once_is_used_once(&Story::new(open().await).await).await;
    tries_are_counted_for_everybody(&Story::new(open().await).await).await;
}

async fn people_are_found_by_id_and_name(story: &Story) {
    let store = &story.store;
    assert_eq!(store.person(story.ana.id).await.unwrap().as_ref(), Some(&story.ana));
    assert_eq!(store.person(person("nobody").id).await.unwrap(), None);
    let found = store.password_of_user("ANA").await.unwrap();
    assert_eq!(found, Some((story.ana.id, "a hash".to_owned())));
    assert_eq!(store.password_of_user("nobody").await.unwrap(), None);
    assert!(store.add_person(&story.ana, "another", story.now()).await.is_err());
    assert_eq!(store.latest_time().await.unwrap(), Some(story.now()));
    store.ready().await.unwrap();
}

async fn an_account_is_disabled_and_its_password_set(story: &Story) {
    let store = &story.store;
    let phone = story.device("phone");
    let proven = story.proven(&phone, 1).await;
    let leaving = story.sign_in(&story.ana, 2).await;
    story.open_window(&leaving, &phone, 9, None).await;
    let since = story.now();
    let ben = story.sign_in(&story.ben, 3).await;
    store.set_disabled(story.ana.id, true, story.now()).await.unwrap();
    assert!(story.actor(1).await.is_none());
    assert!(story.actor(3).await.is_some());
    assert!(store.password_of_user("ana").await.unwrap().is_none());
    assert_eq!(store.window(&token(9)).await.unwrap(), None);
    assert_eq!(story.submit(&proven, &phone).await, Err(Refusal::FreshSignInNeeded));
    let ended = store.sessions_ended_since(since).await.unwrap();
    assert!(ended.contains(&proven.session) && !ended.contains(&ben.session));
    assert!(store.sessions_ended_since(story.now().plus_millis(1)).await.unwrap().is_empty());
    let disabled =
        |accounts: Vec<Account>| accounts.into_iter().map(|account| account.disabled).collect::<Vec<_>>();
    assert_eq!(disabled(store.accounts().await.unwrap()), [true, false]);

    store.set_disabled(story.ana.id, false, story.now()).await.unwrap();
    assert_eq!(disabled(store.accounts().await.unwrap()), [false, false]);
    // What was proven before stays void.
    assert!(story.actor(1).await.is_none());
    let again = story.proven(&phone, 4).await;
    store.set_password(story.ana.id, "another hash", story.now()).await.unwrap();
    assert!(story.actor(4).await.is_none());
    assert_eq!(story.submit(&again, &phone).await, Err(Refusal::FreshSignInNeeded));
    let (_, hash) = store.password_of_user("ANA").await.unwrap().unwrap();
    assert_eq!(hash, "another hash");
}

async fn a_browser_is_known_by_its_newest_token(story: &Story) {
    let store = &story.store;
    let known = async |name: &str, number| store.knows_browser(name, &token(number)).await.unwrap();
    assert!(!known("ana", 1).await);
    story.sign_in(&story.ana, 1).await;
    assert!(known("Ana", 1).await && !known("ben", 1).await && !known("ana", 2).await);
    let next = async |person: &Person, cookie, before| NewSession {
        session: SessionId(new_id()),
        person: person.id,
        proof: Authentication::local(story.now()),
        by: story.by_password(person).await,
        arriving: Arriving { known_before: Some(token(before)), ..arriving(cookie) },
    };
    // A second person at the same computer: it stays known to both.
    store.sign_in(&next(&story.ben, 2, 1).await, story.now()).await.unwrap();
    assert!(known("ana", 2).await && known("ben", 2).await && !known("ana", 1).await);
    store.set_password(story.ben.id, "a hash", story.now()).await.unwrap();
    assert!(known("ana", 2).await && !known("ben", 2).await);
    story.clock.wait(366 * 24 * 60 * MINUTE);
    story.sign_in(&story.ana, 3).await;
    assert!(!known("ana", 2).await && known("ana", 3).await);
}

async fn a_failed_sign_in_is_written_down(story: &Story) {
    let before = story.store.audit_after(0, 100).await.unwrap();
    story.store.note_failed_sign_in("ana", story.now()).await.unwrap();
    story.store.note_failed_sign_in("my-password-by-mistake", story.now()).await.unwrap();
    let last = before.last().unwrap();
    let rows = story.store.audit_after(last.seq, 100).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (event(row), row.user_name.as_deref())).collect();
    assert_eq!(told, [(Event::SignInFailed, Some("ana")), (Event::SignInFailed, None)]);
    assert_eq!(story.store.audit_after(last.seq, 1).await.unwrap(), rows[..1]);
}

async fn a_changed_password_voids_what_the_old_one_proved(story: &Story) {
    let phone = story.device("phone");
    let proven = story.proven(&phone, 1).await;
    let leaving = story.sign_in(&story.ana, 2).await;
    story.open_window(&leaving, &phone, 9, None).await;
    let changing = story.sign_in(&story.ana, 3).await;
    story.store.change_password(&changing, "a new hash", story.now()).await.unwrap();
    let hash = story.store.password_of_person(story.ana.id).await.unwrap();
    assert_eq!(hash.as_deref(), Some("a new hash"));
    assert_eq!(story.actor(1).await, None);
    assert!(story.actor(3).await.is_some());
    assert_eq!(story.store.window(&token(9)).await.unwrap(), None);
    assert_eq!(story.submit(&proven, &phone).await, Err(Refusal::FreshSignInNeeded));
}

async fn a_passkey_is_one_persons(story: &Story) {
    let store = &story.store;
    let of = async |person: &Person| store.passkeys(person.id).await.unwrap();
    let ana = story.sign_in(&story.ana, 1).await;
    let ben = story.sign_in(&story.ben, 2).await;
    let (one, two) = (passkey(1, story), passkey(2, story));
    store.add_passkey(&ana, &one).await.unwrap();
    store.add_passkey(&ana, &two).await.unwrap();
    // Not even one that the other brings along with everything that belongs to it.
    let refused = store.add_passkey(&ben, &one).await;
    assert!(matches!(refused, Err(Denied::Refused(Refusal::PasskeyNotBelieved))));
    assert_eq!(of(&story.ana).await, [one.clone(), two.clone()]);
    assert_eq!(of(&story.ben).await, []);

    story.clock.wait(MINUTE);
    let counted = |person: &Person, before: &str, after: &str, cookie| {
        let used =
            UsedPasskey { id: PasskeyId(vec![1]), before: before.to_owned(), credential: after.to_owned() };
        signing_in(story, person, Means::Passkey(used), cookie)
    };
    store.sign_in(&counted(&story.ana, "counter 0", "counter 1", 3), story.now()).await.unwrap();
    // Another sign-in was faster, it is somebody else's, or it is gone by now.
    for session in
        [counted(&story.ana, "counter 0", "counter 1", 4), counted(&story.ben, "counter 1", "counter 2", 4)]
    {
        let refused = store.sign_in(&session, story.now()).await;
        assert!(matches!(refused, Err(Denied::Refused(Refusal::PasskeyNotBelieved))));
        assert_eq!(story.actor(4).await, None);
    }
    assert_eq!(story.actor(3).await.unwrap().proven_at, Some(story.now()));
    let used = Passkey { credential: "counter 1".to_owned(), used_at: Some(story.now()), ..one.clone() };
    assert_eq!(of(&story.ana).await, [used.clone(), two.clone()]);

    assert!(!store.remove_passkey(&ben, &two.id, story.now()).await.unwrap());
    assert!(store.remove_passkey(&ana, &two.id, story.now()).await.unwrap());
    assert!(!store.remove_passkey(&ana, &two.id, story.now()).await.unwrap());
    assert_eq!(of(&story.ana).await, [used]);
    let events: Vec<_> = store.audit_of(story.ana.id, 4).await.unwrap().iter().map(event).collect();
    assert_eq!(events, [Event::PasskeyRemoved, Event::SignedIn, Event::PasskeyAdded, Event::PasskeyAdded]);

    store.set_disabled(story.ana.id, true, story.now()).await.unwrap();
    assert_eq!(of(&story.ana).await, []);
    store.set_disabled(story.ana.id, false, story.now()).await.unwrap();
    assert_eq!(of(&story.ana).await.len(), 1);
    // Whoever sets the password does not know who added it.
    store.set_password(story.ana.id, "another hash", story.now()).await.unwrap();
    assert_eq!(of(&story.ana).await, []);
}

async fn a_recovery_code_opens_once(story: &Story) {
    let store = &story.store;
    let ana = story.sign_in(&story.ana, 1).await;
    let ben = story.sign_in(&story.ben, 2).await;
    let owner = async |name: &str, code| store.owner_of_recovery_code(name, &token(code)).await.unwrap();
    let opens = async |person: &Person, code| {
        let session = signing_in(story, person, Means::RecoveryCode(token(code)), 10 + code);
        store.sign_in(&session, story.now()).await.is_ok()
    };
    store.set_recovery_codes(&ana, &[token(1), token(2)], story.now()).await.unwrap();
    store.set_recovery_codes(&ben, &[token(3)], story.now()).await.unwrap();
    assert_eq!(owner("ben", 1).await, None);
    assert_eq!(owner("nobody", 1).await, None);
    assert_eq!(owner("ANA", 1).await, Some(story.ana.id));
    assert!(!opens(&story.ben, 1).await);
    let before = store.audit_head().await.unwrap();
    assert!(opens(&story.ana, 1).await && !opens(&story.ana, 1).await);
    assert_eq!(owner("ana", 1).await, None);
    assert_eq!(store.recovery_codes_left(story.ana.id).await.unwrap(), 1);
    let rows = store.audit_after(before.seq, 100).await.unwrap();
    assert_eq!(rows.iter().map(event).collect::<Vec<_>>(), [Event::RecoveryCodeUsed, Event::SignedIn]);

    store.set_recovery_codes(&ana, &[token(4), token(5)], story.now()).await.unwrap();
    assert_eq!(owner("ana", 2).await, None);
    store.set_disabled(story.ana.id, true, story.now()).await.unwrap();
    assert_eq!(owner("ana", 4).await, None);
    store.set_disabled(story.ana.id, false, story.now()).await.unwrap();
    assert_eq!(owner("ana", 4).await, Some(story.ana.id));
    let again = story.sign_in(&story.ana, 30).await;
    store.change_password(&again, "another hash", story.now()).await.unwrap();
    assert_eq!(owner("ana", 4).await, None);
    store.set_password(story.ben.id, "another hash", story.now()).await.unwrap();
    assert_eq!(owner("ben", 3).await, None);
}

/// Comparing takes a while.
async fn a_password_that_was_changed_meanwhile_opens_nothing(story: &Story) {
    let store = &story.store;
    let session = signing_in(story, &story.ana, story.by_password(&story.ana).await, 1);
    store.set_password(story.ana.id, "another hash", story.now()).await.unwrap();
    let refused = store.sign_in(&session, story.now()).await;
    assert!(matches!(refused, Err(Denied::Refused(Refusal::WrongCredentials))));
    assert_eq!(story.actor(1).await, None);
}

async fn what_may_be_used_once_is_used_once(story: &Story) {
    let used = async |number| story.store.use_once(&token(number), story.now()).await.unwrap();
    assert!(used(1).await && used(2).await);
    assert!(!used(1).await);
    story.clock.wait(23 * 60 * MINUTE);
    assert!(!used(1).await);
    story.clock.wait(2 * 60 * MINUTE);
    assert!(used(3).await && used(1).await);
    story.store.note(Event::SignInNotBegunHere, story.now()).await.unwrap();
    let rows = story.store.audit_after(0, 100).await.unwrap();
    let last = rows.last().unwrap();
    assert_eq!((event(last), last.person), (Event::SignInNotBegunHere, None));
}

async fn tries_are_counted_for_everybody(story: &Story) {
    let [account, address] = [(1, 3), (2, 5)].map(|(key, most)| Try { key: token(key), most });
    let both = [account.clone(), address.clone()];
    let take = async |tries: &[Try]| match story.store.take_tries(tries, 10 * MINUTE, story.now()).await {
        Ok(()) => None,
        Err(Denied::Refused(Refusal::TooOften { retry_seconds })) => Some(retry_seconds),
        Err(other) => panic!("{other}"),
    };
    // However many come at once.
    let tries: Vec<_> = futures::future::join_all((0..8).map(|_| take(&both))).await;
    assert_eq!(tries.iter().filter(|taken| taken.is_none()).count(), 3);
    assert_eq!(take(&both).await, Some(201));
    // What was refused took nothing of the other.
    for refused in [None, None, Some(121)] {
        assert_eq!(take(std::slice::from_ref(&address)).await, refused);
    }
    story.store.give_back_tries(std::slice::from_ref(&account), story.now()).await.unwrap();
    assert_eq!(take(std::slice::from_ref(&account)).await, None);
    story.clock.wait(10 * MINUTE);
    assert_eq!(take(&both).await, None);
}
