//! Everybody resets as fast as they can, and the program dies again and again, while it starts and while it works. What
//! was acknowledged happens once, is told once, and nothing stays open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::support::{Answer, Browser, GALAXY, IPHONE, LUMIA_635, LUMIA_950, Program};

const KILLS: usize = 200;
/// From a start to the next death: some fall into the start, most into the work.
const LIFE_MILLIS: u32 = 1_200;
const SOON: Duration = Duration::from_millis(20);
const UNDER_WAY: u16 = 409;
const PHONES: [(&str, &str); 5] =
    [("ana", GALAXY), ("ana", IPHONE), ("ana", LUMIA_950), ("ana", LUMIA_635), ("ben", "Ben's Pixel")];

#[tokio::test]
async fn killed_200_times_at_random_under_load() {
    let mut program = Program::start_quiet(vec![("limits.resets_per_device_and_hour", "1000")]).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut visitors = JoinSet::new();
    for (user_name, phone) in PHONES {
        let browser = program.browser();
        browser.sign_in(user_name).await;
        let device = browser.device(phone).await;
        let visitor = Visitor { user_name, device, browser, over: Arc::clone(&over), acknowledged: 0.into() };
        visitors.spawn(visitor.reset_again_and_again());
    }
    for _ in 0..KILLS {
        #[expect(clippy::disallowed_methods, reason = "when it dies is nobody's business")]
        let life = getrandom::u32().unwrap() % LIFE_MILLIS;
        tokio::time::sleep(Duration::from_millis(life.into())).await;
        program.kill();
        program.spawn_again();
    }
    program.ready().await;
    over.store(true, Ordering::Relaxed);
    let visitors = visitors.join_all().await;
    program.settled().await;

    let acknowledged: usize =
        visitors.iter().map(|visitor| visitor.acknowledged.load(Ordering::Relaxed)).sum();
    println!("{acknowledged} resets were acknowledged and {KILLS} deaths died");
    assert!(acknowledged >= PHONES.len() * 10, "there was hardly any load");
    assert_each_happened_once(&program, acknowledged).await;
    for visitor in &visitors {
        visitor.open_the_phone().await;
    }
}

/// None lost, none doubled, none stuck.
async fn assert_each_happened_once(program: &Program, acknowledged: usize) {
    let commands = program.commands().await;
    assert_eq!(commands.len(), acknowledged, "what the portal has, and what it said it has");
    assert_eq!(program.told().await, acknowledged, "what the MDM was told of");
    for (command, state) in commands {
        assert_eq!(state, "done", "{command}");
        let mut journal = program.journal(command).await;
        // That it was told twice is no harm when it was carried out once.
        journal.retain(|line| line != "duplicate");
        assert_eq!(journal, ["received", "delivered", "executed"], "{command}");
        assert_eq!(program.news_of(command).await, ["passcode_reset"], "{command}");
    }
    let audit = program.audit().await;
    for event in ["reset_submitted", "reset_done"] {
        assert_eq!(audit.iter().filter(|written| *written == event).count(), acknowledged, "{event}");
    }
}

/// One person with one phone.
struct Visitor {
    user_name: &'static str,
    device: String,
    browser: Browser,
    over: Arc<AtomicBool>,
    acknowledged: AtomicUsize,
}

impl Visitor {
    async fn reset_again_and_again(self) -> Self {
        while !self.over.load(Ordering::Relaxed) {
            if self.prove().await.is_none() {
                tokio::time::sleep(SOON).await;
                continue;
            }
            self.reset().await;
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        self
    }

    async fn prove(&self) -> Option<()> {
        self.browser.try_sign_in(self.user_name).await?;
        let page = format!("/devices/{}/reset", self.device);
        let out = self.browser.try_form(&page, &[("purpose", "reset")]).await?;
        if out.status != 303 {
            return None;
        }
        let back = self.browser.try_sign_in(self.user_name).await?;
        (back.leads_to? == page).then_some(())
    }

    /// A person presses the button until they are answered; the grant makes it one reset.
    async fn reset(&self) {
        loop {
            match self.browser.try_reset(&self.device).await {
                Some(Answer { status: 200, .. }) => return,
                Some(Answer { status, .. }) if status != UNDER_WAY => panic!("answered with {status}"),
                // Nobody is there, or the last reset is under way, which spends nothing.
                _ => tokio::time::sleep(SOON).await,
            }
        }
    }

    /// The passcode that is shown after all that is the one that opens it.
    async fn open_the_phone(&self) {
        self.browser.sign_in(self.user_name).await;
        // An iPhone has none, and opens without.
        let passcode = self.browser.reveal(&self.device).await.passcode().unwrap_or_default();
        let typed = [("device", self.device.as_str()), ("passcode", &passcode)];
        assert_eq!(self.browser.call("phones/unlock", &typed).await.body, "\"Unlocked\"");
    }
}
