use std::time::Duration;

use super::browser::{Answer, Browser};
use super::program::Program;
use super::records::until;

/// What a case ends with.
pub struct Then<'a> {
    pub status: u16,
    /// How many commands the MDM was ever told of.
    pub commands: usize,
    /// What was written into the audit, from the start.
    pub audit: &'a [&'a str],
}

impl Program {
    /// The four assertions of every abuse case: the answer, the commands, the audit, and no secret anywhere.
    pub async fn verify(&self, visitor: &Browser, answer: &Answer, then: Then<'_>) {
        assert_eq!(answer.status, then.status, "{answer:?}");
        self.verify_records(then.commands, then.audit).await;
        self.verify_secrets(visitor).await;
    }

    async fn verify_records(&self, commands: usize, audit: &[&str]) {
        assert_eq!(self.submitted().await, commands, "commands the portal accepted");
        until("the MDM has been told of every command", Duration::from_secs(20), async || {
            (self.told().await >= commands).then_some(())
        })
        .await;
        assert_eq!(self.told().await, commands, "commands the MDM was told of");
        assert_eq!(self.told_again().await, 0, "commands the MDM was told of twice");
        // What follows from a command is written a moment later.
        let mut written = self.audit().await;
        let _ = tokio::time::timeout(Duration::from_secs(10), async {
            while written.len() < audit.len() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                written = self.audit().await;
            }
        })
        .await;
        assert_eq!(written, audit);
    }

    /// No secret that a browser ever learnt is in a file, in an address or on a page.
    pub async fn verify_secrets(&self, visitor: &Browser) {
        let mut places = self.files();
        places.push((
            "the visitor's history".to_owned(),
            visitor.history.lock().unwrap().join("\n").into_bytes(),
        ));
        places.push(("the metrics".to_owned(), self.metrics().await.into_bytes()));
        for page in self.pages(visitor).await {
            let answer = visitor.get(&page).await;
            assert_eq!(answer.passcode(), None, "a passcode is shown on {page}");
            // As it is, and as it reads: a page may draw each sign by itself.
            places.push((
                format!("the text of {page}"),
                answer.text().split_whitespace().collect::<String>().into_bytes(),
            ));
            places.push((page, answer.body.into_bytes()));
        }
        for secret in self.secrets.lock().unwrap().iter() {
            assert!(secret.len() >= 6, "too short to be looked for");
            for (place, bytes) in &places {
                assert!(!contains(bytes, secret.as_bytes()), "a secret ({secret}) is in {place}");
            }
        }
    }

    /// The log at its most talkative, and every file of the data folder: databases, their WAL, the key.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let log = std::fs::read_to_string(self.log()).unwrap();
        assert!(log.contains(" TRACE "), "the log is not at its most talkative");
        // Without the times at the head of the lines, whose microseconds are six digits as well.
        let log =
            log.lines().map(|line| line.split_once(' ').map_or(line, |(_, said)| said)).collect::<Vec<_>>();
        let mut files: Vec<_> = std::fs::read_dir(self.data())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
            .collect();
        files.extend(self.portal.dump().map(|dump| ("the database".to_owned(), dump)));
        files.push(("the log".to_owned(), log.join("\n").into_bytes()));
        files
    }

    async fn pages(&self, visitor: &Browser) -> Vec<String> {
        let mut pages: Vec<String> =
            ["/sign-in", "/devices", "/notifications", "/account", "/contact", "/phones", "/no-such-page"]
                .map(str::to_owned)
                .into();
        if visitor.get("/devices").await.status == 200 {
            for id in visitor.devices().await.into_values() {
                pages.extend([
                    format!("/devices/{id}"),
                    format!("/devices/{id}/reset"),
                    format!("/phones/{id}"),
                ]);
            }
        }
        pages
    }
}

/// A passcode of digits alone is a number of its own there, not a part of a longer one.
fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    let digits = secret.iter().all(u8::is_ascii_digit);
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    bytes.windows(secret.len()).enumerate().any(|(at, window)| {
        window == secret && !(digits && (is_digit(at.checked_sub(1)) || is_digit(Some(at + secret.len()))))
    })
}
