//! What only NanoMDM can do: its events, and the unlock tokens in them.

use crate::nanomdm;
use crate::stand_in::StandIn;

impl StandIn {
    /// Where events go from now on, for a receiver that starts after the stand-in.
    pub fn webhook_to(&self, url: &str) {
        self.shared().world().outbox.target = Some(url.to_owned());
    }

    /// Events are kept, and go out in order when they are released.
    pub fn hold_events(&self, hold: bool) {
        self.shared().world().outbox.hold = hold;
    }

    /// Events come to nothing, as when the receiver is down.
    pub fn lose_events(&self, lose: bool) {
        self.shared().world().outbox.lose = lose;
    }

    /// Sends every event that was ever sent once more, the newest first.
    pub async fn repeat_events(&self) {
        self.shared().repeat().await;
    }

    /// Later TokenUpdates leave the unlock token out; it still opens the phone.
    pub fn drop_token(&self, id: &str) {
        self.shared().world().seat(id).tells_token = false;
    }

    /// Another device under its id, which enrols.
    pub fn change_serial(&self, id: &str, serial: &str) {
        serial.clone_into(&mut self.shared().world().seat(id).phone.serial);
        self.enrol_again(id);
    }

    pub fn send_token_update(&self, id: &str) {
        let mut world = self.shared().world();
        let at = world.at(id);
        nanomdm::update_token(&mut world, at);
    }

    /// How often the phone was tried with another unlock token than its newest.
    pub fn wrong_tokens(&self, id: &str) -> usize {
        self.shared().world().seat(id).wrong_tokens
    }

    /// An event to post by hand, and its signature: the plist that the phone would send for that topic, with `more`
    /// in it. `Status` and `CommandUUID` of an `mdm.Connect` are taken from there.
    pub fn event(&self, topic: &str, id: &str, more: &[(&str, &str)]) -> (Vec<u8>, String) {
        let mut world = self.shared().world();
        let body = nanomdm::by_hand(&mut world, topic, id, more);
        let signature = world.outbox.sign(&body);
        (body, signature)
    }

    /// `X-Hmac-Signature` of any body.
    pub fn sign(&self, body: &[u8]) -> String {
        self.shared().world().outbox.sign(body)
    }
}
