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

    async fn verify_secrets(&self, visitor: &Browser) {
        let mut places = self.files();
        places.push((
            "the visitor's history".to_owned(),
            visitor.history.lock().unwrap().join("\n").into_bytes(),
        ));
        for page in self.pages(visitor).await {
            let answer = visitor.get(&page).await;
            places.push((page, answer.body.into_bytes()));
        }
        for secret in self.secrets.lock().unwrap().iter() {
            assert!(secret.len() >= 6, "too short to be looked for");
            for (place, bytes) in &places {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "a secret ({secret}) is in {place}");
            }
        }
    }

    /// The log at its most talkative, and every file of the data folder: databases, their WAL, the key.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let data = std::fs::read_dir(self.data()).unwrap().map(|entry| entry.unwrap().path());
        data.chain([self.log()])
            .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
            .collect()
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
