use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonId(pub Uuid);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SessionId(pub Uuid);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub user_name: String,
    pub name: String,
    /// What the MDMs know the owner of a device by.
    pub email: String,
    /// What the organisation's directory calls them. Empty: nobody said.
    pub subject: String,
    pub it_admin: bool,
}

impl Person {
    /// Whether an identity provider signs them in. No local account has a name with a space.
    #[must_use]
    pub fn is_of_provider(&self) -> bool {
        self.user_name.contains(' ')
    }

    /// What anybody may know of them, and would try first.
    #[must_use]
    pub fn known_of(&self) -> [&str; 3] {
        [&self.user_name, &self.name, &self.email]
    }

    /// What people know their account by: what they type, or their address when an identity provider signs them in.
    #[must_use]
    pub fn account_name(&self) -> &str {
        if self.is_of_provider() { &self.email } else { &self.user_name }
    }
}

/// Who is asking, in which session, and when they last proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub person: Person,
    pub session: SessionId,
    /// `None`: whoever checked it did not say when.
    pub proven_at: Option<Timestamp>,
}
