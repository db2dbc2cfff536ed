//! What a person does with what they are told: they try whether it is so.

use serde_json::Value;
use stand_ins::Kind;

use crate::book::End;
use crate::people::{Visitor, patiently};
use crate::support::Answer;

impl Visitor {
    /// Whether everything they are told of the end is the same, and true as far as they can see.
    pub async fn ended(&mut self, end: &End) -> Option<()> {
        if let Some(reset) = self.resets.last_mut() {
            reset.end = Some(end.clone());
        }
        if self.resets.last().is_some_and(|reset| reset.cancelled) && end.state != "Cancelled" {
            self.lie(&format!("told that it is cancelled, and then {end:?}"));
        }
        let news = self.hear_news().await?;
        let is_new = news.as_ref().is_some_and(|(id, _)| self.news.as_ref() != Some(id));
        let expected = match (end.state.as_str(), &end.failure) {
            ("Done", _) => Some(Value::from("PasscodeReset")),
            ("Failed", Some(failure)) => Some(serde_json::json!({ "ResetFailed": failure })),
            ("Expired", _) => Some(Value::from("ResetExpired")),
            _ => None,
        };
        let told = news.as_ref().map(|(_, news)| news.clone()).filter(|_| is_new);
        if told != expected {
            self.lie(&format!("it ended as {end:?}, and the news is {told:?}"));
        }
        self.news = news.map(|(id, _)| id);
        self.pick_up(end).await;
        Some(())
    }

    /// Takes the phone in hand with what the page says.
    async fn pick_up(&mut self, end: &End) {
        let leaves_passcode = matches!(self.kind, Kind::Intune | Kind::Android);
        if end.is_done() && !leaves_passcode && !self.mdm().opens(&self.phone, None) {
            self.lie("told that it is done, and the phone does not open without a passcode");
        }
        let is_shown = end.is_done() || (end.is_unknown() && self.kind == Kind::Android);
        if !leaves_passcode || !is_shown || self.chance.in_a_hundred(40) {
            return;
        }
        let fields = [("device", self.device.as_str())];
        let answer = patiently(self.browser.try_call("reveal_passcode", &fields)).await;
        match answer {
            Some(Answer { status: 200, body, .. }) => {
                let shown: Value = serde_json::from_str(&body).unwrap_or_default();
                let passcode = shown["passcode"].as_str().unwrap_or_default().to_owned();
                self.try_passcode(end, &passcode);
            }
            // Their sign-in is too old, by one clock or the other.
            Some(Answer { status: 410, .. }) => {
                self.lie("the temporary passcode is gone before it was shown");
                return;
            }
            _ => return,
        }
        if self.chance.in_a_hundred(50) {
            let done = patiently(self.browser.try_call("forget_passcode", &fields)).await;
            if done.is_none_or(|answer| answer.status != 200) {
                return;
            }
            let again = patiently(self.browser.try_call("reveal_passcode", &fields)).await;
            if again.is_some_and(|answer| answer.status == 200) {
                self.lie("a passcode is shown again after Done");
            }
        }
    }

    fn try_passcode(&self, end: &End, passcode: &str) {
        let opens = self.mdm().opens(&self.phone, Some(passcode));
        if end.is_done() && !opens {
            self.lie(&format!("the passcode that is shown ({passcode}) does not open the phone"));
        }
        let all = self.mdm().executions(&self.phone);
        if end.is_unknown() && !opens && all.len() > self.counted {
            self.lie(&format!("the passcode that may be the one ({passcode}) is not the one of the phone"));
        }
    }
}
