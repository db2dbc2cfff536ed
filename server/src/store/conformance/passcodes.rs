use super::*;

pub async fn story(mut open: impl AsyncFnMut() -> Arc<dyn Store>) {
    a_done_reset_is_news_once(&Story::new(open().await).await).await;
    a_failed_reset_keeps_no_passcode(&Story::new(open().await).await).await;
    a_passcode_is_shown_to_the_freshly_signed_in(&Story::new(open().await).await).await;
    an_unseen_passcode_is_erased_in_time(&Story::new(open().await).await).await;
    a_newer_reset_erases_the_older_passcode(&Story::new(open().await).await).await;
    notifications_follow_a_cursor(&Story::new(open().await).await).await;
    rows_of_the_audit_are_a_chain(&Story::new(open().await).await).await;
}

async fn a_done_reset_is_news_once(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let id = story.done(&actor, &phone).await;
    assert!(!story.settle(id, CommandState::Done).await);
    let news = story.store.notifications(story.ana.id).await.unwrap();
    assert_eq!(news.len(), 1);
    assert_eq!((news[0].news, &news[0].device, news[0].read), (News::PasscodeReset, &phone.id, false));
    assert!(story.store.notifications(story.ben.id).await.unwrap().is_empty());
}

async fn a_failed_reset_keeps_no_passcode(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    story.begin_sending().await;
    // What is sent but not done is nobody's to see.
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::NotFound));
    assert!(story.settle(id, CommandState::Failed).await);
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::NotFound));
    assert_eq!(story.store.notifications(story.ana.id).await.unwrap().len(), 1);
}

async fn a_passcode_is_shown_to_the_freshly_signed_in(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let beside = story.sign_in(&story.ana, 4).await;
    let command = story.done(&actor, &phone).await;
    let ben = story.sign_in(&story.ben, 2).await;
    assert_eq!(story.reveal(&ben, &phone.id).await, Err(Refusal::NotFound));
    assert_eq!(story.reveal(&beside, &phone.id).await, Err(Refusal::FreshSignInNeeded));
    let kept = story.store.passcode(story.ana.id, &phone.id, story.now()).await.unwrap().unwrap();
    assert_eq!(kept.expires_at, story.now().plus_seconds(24 * 3600));

    story.clock.wait(301_000);
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::FreshSignInNeeded));
    let fresh = story.sign_in(&story.ana, 3).await;
    let shown = story.reveal(&fresh, &phone.id).await.unwrap();
    assert_eq!((shown.command, shown.state), (command, PasscodeState::Sealed(sealed("a passcode"))));
    assert_eq!(shown.expires_at, story.now().plus_seconds(600));
    let signed_out = story.sign_in(&story.ana, 5).await;
    story.store.sign_out(&signed_out, story.now()).await.unwrap();
    assert_eq!(story.reveal(&signed_out, &phone.id).await, Err(Refusal::NotSignedIn));

    // The session that showed it may show it again, and the ten minutes do not start anew.
    story.clock.wait(6 * MINUTE);
    assert_eq!(story.reveal(&fresh, &phone.id).await.unwrap().expires_at, shown.expires_at);
    assert_eq!(story.reveal(&actor, &phone.id).await, Err(Refusal::FreshSignInNeeded));
    story.store.forget_passcode(&ben, &phone.id, story.now()).await.unwrap();
    assert!(story.reveal(&fresh, &phone.id).await.is_ok());
    story.store.forget_passcode(&fresh, &phone.id, story.now()).await.unwrap();
    assert_eq!(story.reveal(&fresh, &phone.id).await, Err(Refusal::PasscodeGone));
}

async fn an_unseen_passcode_is_erased_in_time(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    story.done(&actor, &phone).await;
    story.clock.wait(24 * 60 * MINUTE - 1);
    assert_eq!(story.store.erase_expired(story.now()).await.unwrap(), 0);
    story.clock.wait(1);
    let fresh = story.sign_in(&story.ana, 2).await;
    assert_eq!(story.reveal(&fresh, &phone.id).await, Err(Refusal::PasscodeGone));
    assert_eq!(story.store.erase_expired(story.now()).await.unwrap(), 1);
    assert_eq!(story.store.erase_expired(story.now()).await.unwrap(), 0);
    let kept = story.store.passcode(story.ana.id, &phone.id, story.now()).await.unwrap().unwrap();
    assert_eq!(kept.state, PasscodeState::Erased);
}

async fn a_newer_reset_erases_the_older_passcode(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    story.done(&actor, &phone).await;
    let again = story.proven(&phone, 2).await;
    story.submit(&again, &phone).await.unwrap();
    assert_eq!(story.reveal(&again, &phone.id).await, Err(Refusal::PasscodeGone));
}

async fn notifications_follow_a_cursor(story: &Story) {
    let store = &story.store;
    for (number, name) in ["one", "two", "three"].into_iter().enumerate() {
        let phone = story.device(name);
        let cookie = u8::try_from(number).unwrap() + 1;
        let actor = story.proven(&phone, cookie).await;
        story.done(&actor, &phone).await;
    }
    let all = store.notifications(story.ana.id).await.unwrap();
    let names: Vec<_> = all.iter().map(|news| news.device_name.as_str()).collect();
    assert_eq!(names, ["three", "two", "one"]);
    assert!(all[0].cursor > all[1].cursor);
    let fresh = store.notifications_after(story.ana.id, all[1].cursor).await.unwrap();
    assert_eq!(fresh, all[..1]);
    let bell = Bell { unread: 3, cursor: all[0].cursor };
    assert_eq!(store.bell(story.ana.id).await.unwrap(), bell);
    assert_eq!(store.bell(story.ben.id).await.unwrap(), Bell { unread: 0, cursor: 0 });
    store.mark_read(story.ben.id, all[0].cursor, story.now()).await.unwrap();
    assert_eq!(store.bell(story.ana.id).await.unwrap(), bell);
    store.mark_read(story.ana.id, all[1].cursor, story.now()).await.unwrap();
    assert_eq!(store.bell(story.ana.id).await.unwrap().unread, 1);
}

async fn rows_of_the_audit_are_a_chain(story: &Story) {
    let store = &story.store;
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    story.done(&actor, &phone).await;
    let rows = store.audit_after(0, 100).await.unwrap();
    let mut before = Link::NONE;
    for (seq, row) in (1..).zip(&rows) {
        assert_eq!(row.seq, seq);
        before = before.next(row);
        assert_eq!(row.link, Some(before));
    }
    assert_eq!(store.audit_head().await.unwrap(), Head { seq: rows.last().unwrap().seq, link: before });
    let own = store.audit_of(story.ana.id, 2).await.unwrap();
    assert_eq!(own.iter().map(event).collect::<Vec<_>>(), [Event::ResetDone, Event::ResetSubmitted]);
    assert!(store.audit_of(PersonId(new_id()), 2).await.unwrap().is_empty());
}
