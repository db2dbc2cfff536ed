//! Whoever started the program may want to know how far it is: systemd does, by the socket that NOTIFY_SOCKET names.

pub fn ready() {
    tell(sd_notify::NotifyState::Ready);
}

pub fn stopping() {
    tell(sd_notify::NotifyState::Stopping);
}

fn tell(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(&state)) {
        tracing::warn!(%error, %state, "whoever started the program could not be told");
    }
}
