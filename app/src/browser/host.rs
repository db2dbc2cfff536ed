use domain::Timestamp;

pub struct Timer;

pub fn monotonic_millis() -> f64 {
    0.0
}

pub fn every(_millis: u32, _tick: impl Fn() + 'static) -> Timer {
    Timer
}

pub fn after(_millis: u32, _then: impl FnOnce() + 'static) -> Timer {
    Timer
}

pub fn is_seen() -> bool {
    false
}

pub fn on_wake(_awake: impl Fn() + 'static) {}

pub fn reload_when_restored() {}

pub fn local_time(_at: Timestamp, _language: &str) -> Option<String> {
    None
}

pub fn minutes_east_of_utc() -> i64 {
    0
}

pub fn copy(_text: &str) {}

pub fn meta(_name: &str) -> Option<String> {
    None
}

pub fn path() -> Option<String> {
    None
}

pub fn focus(_id: &str) {}
