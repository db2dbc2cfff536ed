use domain::live::LiveUpdate;

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

pub fn on_wake(_awake: impl Fn() + 'static) {}

pub fn listen(_cursor: i64, _told: impl Fn(LiveUpdate) + 'static) {}

pub fn copy(_text: &str) {}

pub fn text_of(_id: &str) -> String {
    String::new()
}

pub fn edit(_field: &str, _change: impl FnOnce(&mut String)) {}
