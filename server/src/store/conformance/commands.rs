use super::*;

pub async fn story(mut open: impl AsyncFnMut() -> Arc<dyn Store>) {
    a_device_is_reset_only_so_often_an_hour(&Story::new(open().await).await).await;
    many_submits_at_once_are_one_command(&Story::new(open().await).await).await;
    a_device_has_one_open_command(&Story::new(open().await).await).await;
    a_lease_is_one_workers_alone(&Story::new(open().await).await).await;
    a_lease_is_renewed_by_its_holder_alone(&Story::new(open().await).await).await;
    a_busy_mdm_keeps_its_own_commands_waiting(&Story::new(open().await).await).await;
    what_did_not_arrive_is_not_sent(&Story::new(open().await).await).await;
    what_the_mdm_calls_a_command_is_kept(&Story::new(open().await).await).await;
    a_state_never_goes_back(&Story::new(open().await).await).await;
    each_end_is_written_down(&Story::new(open().await).await).await;
}

async fn a_device_is_reset_only_so_often_an_hour(story: &Story) {
    let phone = story.device("phone");
    let mut actor = story.proven(&phone, 100).await;
    for number in 0..AN_HOUR {
        story.done(&actor, &phone).await;
        story.clock.wait(MINUTE);
        actor = story.proven(&phone, 101 + u8::try_from(number).unwrap()).await;
    }
    // The first was five minutes ago.
    assert_eq!(story.submit(&actor, &phone).await, Err(Refusal::TooOften { retry_seconds: 3300 }));
    story.clock.wait(55 * MINUTE);
    let actor = story.proven(&phone, 120).await;
    assert!(story.submit(&actor, &phone).await.is_ok());
}

async fn many_submits_at_once_are_one_command(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let submits = (0..50).map(|_| {
        let (store, actor, phone, now) =
            (Arc::clone(&story.store), actor.clone(), phone.clone(), story.now());
        let command = story.command(&actor, &phone);
        tokio::spawn(async move { store.submit(&actor, &phone, &command, AN_HOUR, now).await })
    });
    let mut new = 0;
    for submit in submits.collect::<Vec<_>>() {
        if matches!(submit.await.unwrap().unwrap(), Submission::New(_)) {
            new += 1;
        }
    }
    assert_eq!(new, 1);
}

async fn a_device_has_one_open_command(story: &Story) {
    let phone = story.device("phone");
    let first = story.proven(&phone, 1).await;
    let command = story.submit(&first, &phone).await.unwrap();
    assert_eq!(story.store.open_command(&phone.id).await.unwrap().unwrap().id, command);
    let second = story.proven(&phone, 2).await;
    assert_eq!(story.submit(&second, &phone).await, Err(Refusal::AlreadyOpen));
    assert!(story.settle(command, CommandState::Cancelled).await);
    assert_eq!(story.store.open_command(&phone.id).await.unwrap(), None);
    // The refusal spent nothing.
    let next = story.submit(&second, &phone).await.unwrap();
    assert_ne!(next, command);
    let last = story.store.last_command(story.ana.id, &phone.id).await.unwrap().unwrap();
    assert_eq!(last.id, next);
    assert_eq!(story.store.last_command(story.ben.id, &phone.id).await.unwrap(), None);
    // Of each device one.
    let other = story.device("other");
    let on_other = story.proven(&other, 3).await;
    let elsewhere = story.submit(&on_other, &other).await.unwrap();
    let newest = story.store.last_commands(story.ana.id).await.unwrap();
    let newest: HashSet<_> = newest.iter().map(|command| command.id).collect();
    assert_eq!(newest, HashSet::from([next, elsewhere]));
    assert_eq!(story.store.last_commands(story.ben.id).await.unwrap(), []);
}

async fn a_lease_is_one_workers_alone(story: &Story) {
    let store = &story.store;
    let phone = story.device("phone");
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none());
    assert_eq!(store.next_due().await.unwrap(), None);
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();

    let slow = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!((slow.command.id, &slow.owner), (id, &story.ana));
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none());
    assert_eq!(store.next_due().await.unwrap(), Some(until(story)));

    story.clock.wait(MINUTE);
    let fast = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert!(fast.fence > slow.fence);
    assert!(!store.begin_sending(&slow, None, story.now()).await.unwrap());
    assert!(store.begin_sending(&fast, Some(&sealed("one")), story.now()).await.unwrap());
    assert!(!store.begin_sending(&fast, Some(&sealed("two")), story.now()).await.unwrap());
    let settlement = |fence| Settlement {
        command: id,
        fence: Some(fence),
        only_unsent: false,
        state: CommandState::Done,
        failure: None,
        passcode: None,
        handle: None,
    };
    assert_eq!(store.settle(&settlement(slow.fence), story.now()).await.unwrap(), None);

    // Given back, it is due at once, with what was sealed and how often the MDM was silent.
    let pause = |failures| Pause { due: story.now(), failures, unsent: false };
    store.release(&slow, pause(9)).await.unwrap();
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none());
    store.release(&fast, pause(3)).await.unwrap();
    let next = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!((next.failures, next.command.state), (3, CommandState::Sending));
    assert_eq!(next.passcode, Some(sealed("one")));
    assert_eq!(store.settle(&settlement(next.fence), story.now()).await.unwrap(), Some(story.ana.id));
    assert_eq!(store.next_due().await.unwrap(), None);
}

async fn a_lease_is_renewed_by_its_holder_alone(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    let first = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    story.clock.wait(MINUTE / 2);
    assert!(store.renew(&first, until(story)).await.unwrap());
    story.clock.wait(MINUTE / 2);
    assert!(store.lease(story.now(), until(story), &[]).await.unwrap().is_none(), "it is still held");
    story.clock.wait(MINUTE / 2);
    let second = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert!(!store.renew(&first, until(story)).await.unwrap());
    assert!(store.renew(&second, until(story)).await.unwrap());
    assert!(story.settle(id, CommandState::Done).await);
    assert!(!store.renew(&second, until(story)).await.unwrap());
}

async fn a_busy_mdm_keeps_its_own_commands_waiting(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    story.submit(&actor, &phone).await.unwrap();
    let busy = [FleetId::parse("virtual").unwrap(), FleetId::parse("another").unwrap()];
    assert!(store.lease(story.now(), until(story), &busy).await.unwrap().is_none());
    // A part of a name is another name.
    let other = [FleetId::parse("virtua").unwrap(), FleetId::parse("virtual-2").unwrap()];
    assert!(store.lease(story.now(), until(story), &other).await.unwrap().is_some());
}

/// What certainly did not arrive is sent again with what was sealed, and can be cancelled like what was never sent.
async fn what_did_not_arrive_is_not_sent(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    let lease = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!(lease.command.sent_at, None);
    assert!(store.begin_sending(&lease, Some(&sealed("one")), story.now()).await.unwrap());
    let cancelled = Settlement {
        command: id,
        fence: None,
        only_unsent: true,
        state: CommandState::Cancelled,
        failure: None,
        passcode: None,
        handle: None,
    };
    assert_eq!(store.settle(&cancelled, story.now()).await.unwrap(), None, "it may be with the MDM");
    store.release(&lease, Pause { due: story.now(), failures: 1, unsent: true }).await.unwrap();

    let again = store.lease(story.now(), until(story), &[]).await.unwrap().unwrap();
    assert_eq!((again.command.state, again.command.sent_at), (CommandState::Sending, None));
    assert_eq!(again.passcode, Some(sealed("one")));
    let later = story.now().plus_millis(7);
    assert!(store.begin_sending(&again, None, later).await.unwrap());
    assert_eq!(store.command(id).await.unwrap().unwrap().sent_at, Some(later));
    store.release(&again, Pause { due: story.now(), failures: 2, unsent: true }).await.unwrap();
    assert_eq!(store.settle(&cancelled, story.now()).await.unwrap(), Some(story.ana.id));
    assert_eq!(store.steps(id).await.unwrap().len(), 3, "queued, sending, cancelled");
}

async fn what_the_mdm_calls_a_command_is_kept(story: &Story) {
    let (store, phone) = (&story.store, story.device("phone"));
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    let settle = |state, handle: Option<&str>| Settlement {
        command: id,
        fence: None,
        only_unsent: false,
        state,
        failure: None,
        passcode: None,
        handle: handle.map(str::to_owned),
    };
    store.settle(&settle(CommandState::Sent, Some("operation 7")), story.now()).await.unwrap();
    store.settle(&settle(CommandState::Waiting, None), story.now()).await.unwrap();
    assert_eq!(store.command(id).await.unwrap().unwrap().handle.as_deref(), Some("operation 7"));
    assert_eq!(store.command(CommandId(new_id())).await.unwrap(), None);
}

async fn a_state_never_goes_back(story: &Story) {
    let phone = story.device("phone");
    let actor = story.proven(&phone, 1).await;
    let id = story.submit(&actor, &phone).await.unwrap();
    assert!(story.settle(id, CommandState::Waiting).await);
    assert!(!story.settle(id, CommandState::Waiting).await);
    assert!(!story.settle(id, CommandState::Sent).await);
    let backwards = Settlement {
        command: id,
        fence: None,
        only_unsent: false,
        state: CommandState::Sent,
        failure: None,
        passcode: None,
        handle: Some("late".to_owned()),
    };
    assert_eq!(story.store.settle(&backwards, story.now()).await.unwrap(), None);
    assert_eq!(story.store.command(id).await.unwrap().unwrap().handle, None);
    assert!(story.settle(id, CommandState::Failed).await);
    for state in CommandState::ALL {
        assert!(!story.settle(id, state).await, "{state:?}");
    }
    let steps = story.store.steps(id).await.unwrap();
    let states: Vec<_> = steps.iter().map(|step| step.state).collect();
    assert_eq!(states, [CommandState::Queued, CommandState::Waiting, CommandState::Failed]);
    let last = story.store.last_command(story.ana.id, &phone.id).await.unwrap().unwrap();
    assert_eq!(last.failure, Some(Failure::DeviceRefused));
}

async fn each_end_is_written_down(story: &Story) {
    let ends = [
        (CommandState::Done, Event::ResetDone),
        (CommandState::Failed, Event::ResetFailed),
        (CommandState::Expired, Event::ResetExpired),
        (CommandState::Cancelled, Event::ResetCancelled),
    ];
    for (number, (state, end)) in (1..).zip(ends) {
        let phone = story.device(end.name());
        let actor = story.proven(&phone, number).await;
        let id = story.submit(&actor, &phone).await.unwrap();
        assert!(story.settle(id, state).await);
        let audit = story.store.audit_after(0, 1_000).await.unwrap();
        let rows: Vec<_> = audit.iter().filter(|row| row.command == Some(id)).collect();
        let events: Vec<_> = rows.iter().map(|row| event(row)).collect();
        assert_eq!(events, [Event::ResetSubmitted, end]);
        assert!(rows.iter().all(|row| row.person == Some(story.ana.id)));
    }
}
