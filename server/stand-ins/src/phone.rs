//! A phone as a test describes it.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Android,
    Ios,
    MacOs,
    Windows,
    Windows10Mobile,
    WindowsPhone81,
}

impl System {
    pub(crate) fn is_apple(self) -> bool {
        matches!(self, Self::Ios | Self::MacOs)
    }
}

/// Whether a reset can work, and if not, why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    Yes,
    /// NanoMDM: no `UnlockToken` was ever sent. Android: the reset token is inactive, and the device says so among its
    /// `nonComplianceDetails`. Intune: it takes the reset, and the phone fails it. Fleet: it refuses the reset.
    NoToken,
    /// Enrolled by its owner as a personal one. Fleet: `On (personal)`. Intune: `appleUserEnrollment` on iOS. Android:
    /// a work profile, where a reset still works.
    Personal,
    /// Too old a system: Android 6 with a work profile, Android 7.1 as a device administrator on Intune.
    Old,
}

#[derive(Clone, Debug)]
pub struct Phone {
    /// How the MDM names it: the UDID on NanoMDM, the last part of the name on Android, a number on Fleet.
    pub id: String,
    pub name: String,
    pub system: System,
    /// The e-mail address of who has it; empty when nobody does.
    pub email: String,
    /// Who has it, in the directory of the MDM.
    pub user_id: String,
    pub serial: String,
    pub ready: Ready,
}

impl Phone {
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        system: System,
        email: impl Into<String>,
    ) -> Self {
        let (id, email) = (id.into(), email.into());
        Self {
            serial: format!("S-{id}"),
            user_id: user_of(&email),
            id,
            name: name.into(),
            system,
            email,
            ready: Ready::Yes,
        }
    }

    #[must_use]
    pub fn ready(mut self, ready: Ready) -> Self {
        self.ready = ready;
        self
    }
}

pub(crate) fn user_of(email: &str) -> String {
    if email.is_empty() { String::new() } else { format!("user-of-{email}") }
}

/// One passcode reset that a phone really did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The `CommandUUID`, the id of the operation, or the running number of the action on Intune.
    pub command: String,
    /// What the phone opens with since; `None` when it was left without a passcode.
    pub passcode: Option<String>,
}
