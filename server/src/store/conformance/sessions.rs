use super::*;

pub async fn story(mut open: impl AsyncFnMut() -> Arc<dyn Store>) {
    a_session_is_known_by_its_token_until_it_ends(&Story::new(open().await).await).await;
    a_session_ends_by_idleness_and_age(&Story::new(open().await).await).await;
    only_its_owner_ends_a_session(&Story::new(open().await).await).await;
    a_window_is_consumed_by_the_first_sign_in(&Story::new(open().await).await).await;
    a_newer_window_of_a_browser_voids_the_older(&Story::new(open().await).await).await;
    a_grant_is_spent_once(&Story::new(open().await).await).await;
    a_grant_belongs_to_its_session(&Story::new(open().await).await).await;
    a_session_that_ended_changes_nothing(&Story::new(open().await).await).await;
}

async fn a_session_is_known_by_its_token_until_it_ends(story: &Story) {
    let actor = story.sign_in(&story.ana, 1).await;
    assert_eq!(actor.person, story.ana);
    assert_eq!(story.actor(2).await, None);
    story.store.sign_out(&actor, story.now()).await.unwrap();
    assert_eq!(story.actor(1).await, None);

    let older = story.sign_in(&story.ana, 3).await;
    let newer = NewSession {
        session: SessionId(new_id()),
        person: story.ana.id,
        proof: Authentication::local(story.now()),
        by: story.by_password(&story.ana).await,
        arriving: Arriving { replaces: Some(older.session), ..arriving(4) },
    };
    story.store.sign_in(&newer, story.now()).await.unwrap();
    assert_eq!(story.actor(3).await, None);
    assert_eq!(story.actor(4).await.unwrap().session, newer.session);
}

async fn a_session_ends_by_idleness_and_age(story: &Story) {
    story.sign_in(&story.ana, 1).await;
    story.clock.wait(LIMITS.idle_seconds * 1000 + 1);
    assert_eq!(story.actor(1).await, None);

    story.sign_in(&story.ana, 2).await;
    for _ in 0..13 {
        assert!(story.actor(2).await.is_some());
        story.clock.wait(55 * MINUTE);
    }
    // Used all the time, and still too old: 13 × 55 minutes are under, 14 over twelve hours.
    assert!(story.actor(2).await.is_some());
    story.clock.wait(55 * MINUTE);
    assert_eq!(story.actor(2).await, None);
}

async fn only_its_owner_ends_a_session(story: &Story) {
    let ana = story.sign_in(&story.ana, 1).await;
    let other = story.sign_in(&story.ana, 2).await;
    let ben = story.sign_in(&story.ben, 3).await;
    assert!(!story.store.end_session(&ben, other.session, story.now()).await.unwrap());
    let listed = story.store.sessions(&ana, &LIMITS, story.now()).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|listed| listed.this_one == (listed.session == ana.session)));
    assert!(story.store.end_session(&ana, other.session, story.now()).await.unwrap());
    assert!(!story.store.end_session(&ana, other.session, story.now()).await.unwrap());
    assert_eq!(story.actor(2).await, None);
    assert!(story.actor(1).await.is_some());
}

async fn a_window_is_consumed_by_the_first_sign_in(story: &Story) {
    let phone = story.device("phone");
    // The number of a cookie is used once.
    for (cookie, who, wait, expected) in [
        (10, &story.ana, 300_999, Verdict::Granted),
        (20, &story.ana, 301_000, Verdict::Late),
        (30, &story.ben, 1, Verdict::AnotherPerson),
    ] {
        let actor = story.sign_in(&story.ana, cookie).await;
        let browser = cookie + 1;
        story.open_window(&actor, &phone, browser, None).await;
        assert_eq!(story.actor(cookie).await, None, "opening a window signs out");
        let window = story.store.window(&token(browser)).await.unwrap().unwrap();
        assert_eq!((window.person, &window.device, window.seconds), (story.ana.id, &phone.id, 300));
        assert_eq!(story.store.window(&token(99)).await.unwrap(), None);
        story.clock.wait(wait);

        let (actor, outcome) = story.sign_in_with(who, cookie + 2, Some(browser)).await;
        let outcome = outcome.unwrap();
        assert_eq!((outcome.verdict, &outcome.device), (expected, &phone.id));
        let granted = story.store.grant(&actor, &phone.id).await.unwrap().is_some();
        assert_eq!(granted, expected == Verdict::Granted);
        assert_eq!(story.store.window(&token(browser)).await.unwrap(), None);
        let (again, outcome) = story.sign_in_with(&story.ana, cookie + 3, Some(browser)).await;
        assert_eq!(outcome, None);
        assert_eq!(story.store.grant(&again, &phone.id).await.unwrap(), None);
    }
}

async fn a_newer_window_of_a_browser_voids_the_older(story: &Story) {
    let phone = story.device("phone");
    let actor = story.sign_in(&story.ana, 1).await;
    story.open_window(&actor, &phone, 8, None).await;
    let actor = story.sign_in(&story.ana, 2).await;
    story.open_window(&actor, &phone, 9, Some(8)).await;
    assert_eq!(story.store.window(&token(8)).await.unwrap(), None);
    let (_, outcome) = story.sign_in_with(&story.ana, 3, Some(8)).await;
    assert_eq!(outcome, None);
}

async fn a_grant_is_spent_once(story: &Story) {
    let phone = story.device("phone");
    let unproven = story.sign_in(&story.ana, 50).await;
    assert_eq!(story.submit(&unproven, &phone).await, Err(Refusal::FreshSignInNeeded));

    let actor = story.proven(&phone, 1).await;
    assert_eq!(story.submit(&actor, &story.device("tablet")).await, Err(Refusal::FreshSignInNeeded));
    let first = story.submit(&actor, &phone).await.unwrap();
    assert_eq!(story.submit(&actor, &phone).await, Ok(first));
    assert_eq!(story.store.grant(&actor, &phone.id).await.unwrap(), None);
    // The answer stays the first command when that has ended, and when the grant's time is over.
    assert!(story.settle(first, CommandState::Failed).await);
    story.clock.wait(10 * MINUTE);
    assert_eq!(story.submit(&actor, &phone).await, Ok(first));

    let late = story.proven(&phone, 2).await;
    story.clock.wait(301_000);
    assert_eq!(story.submit(&late, &phone).await, Err(Refusal::FreshSignInNeeded));
}

async fn a_grant_belongs_to_its_session(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let elsewhere = story.sign_in(&story.ana, 2).await;
    let ben = story.sign_in(&story.ben, 3).await;
    assert_eq!(story.submit(&elsewhere, &phone).await, Err(Refusal::FreshSignInNeeded));
    assert_eq!(story.submit(&ben, &phone).await, Err(Refusal::FreshSignInNeeded));
    story.store.sign_out(&actor, story.now()).await.unwrap();
    assert_eq!(story.submit(&actor, &phone).await, Err(Refusal::FreshSignInNeeded));
}

/// Whoever holds a request back until they were signed out keeps no key to the account.
async fn a_session_that_ended_changes_nothing(story: &Story) {
    let store = &story.store;
    let ana = story.sign_in(&story.ana, 1).await;
    store.sign_out(&ana, story.now()).await.unwrap();
    let head = store.audit_head().await.unwrap();
    let refused = |answer: Result<(), Denied>| matches!(answer, Err(Denied::Refused(Refusal::NotSignedIn)));
    assert!(refused(store.add_passkey(&ana, &passkey(1, story)).await));
    assert!(refused(store.set_recovery_codes(&ana, &[token(1)], story.now()).await));
    assert!(refused(store.change_password(&ana, "another hash", story.now()).await));
    assert_eq!(store.audit_head().await.unwrap(), head);
}
