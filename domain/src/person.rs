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
    pub it_admin: bool,
}

/// Who is asking, in which session, and when they last proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub person: Person,
    pub session: SessionId,
    pub authenticated_at: Timestamp,
}
