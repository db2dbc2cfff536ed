use std::collections::BTreeMap;

use scraper::{Html, Selector};

use super::browser::Browser;

impl Browser {
    /// The devices of whoever is signed in: id by name, as their cards say.
    pub async fn devices(&self) -> BTreeMap<String, String> {
        let answer = self.get("/devices").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let html = Html::parse_document(&answer.body);
        let links = Selector::parse("main article a").unwrap();
        html.select(&links)
            .filter_map(|link| {
                let id = link.value().attr("href")?.strip_prefix("/devices/")?;
                Some((link.text().collect::<String>(), id.to_owned()))
            })
            .collect()
    }

    pub async fn device(&self, name: &str) -> String {
        self.devices().await.remove(name).unwrap_or_else(|| panic!("no card of {name}"))
    }

    /// Signed in, signed out, signed back in: the grant is there.
    pub async fn prove(&self, user_name: &str, device_name: &str) -> String {
        self.sign_in(user_name).await;
        let device = self.device(device_name).await;
        self.prove_again(user_name, &device).await;
        device
    }

    pub async fn prove_again(&self, user_name: &str, device: &str) {
        let out = self.sign_out_to_prove(device).await;
        assert_eq!(out.leads_to.as_deref(), Some("/sign-in"), "{out:?}");
        let back = self.sign_in(user_name).await;
        assert_eq!(back.leads_to, Some(format!("/devices/{device}/reset")), "{back:?}");
    }

    pub async fn remaining_millis(&self) -> Option<i64> {
        let answer = self.call("countdown", &[]).await;
        let countdown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        countdown["remaining_millis"].as_i64()
    }
}
