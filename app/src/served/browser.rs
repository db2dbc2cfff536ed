use domain::Refusal;

use crate::api::reveal_passcode::Revealed;

pub fn refused() -> Option<Refusal> {
    None
}

pub fn revealed() -> Option<Revealed> {
    None
}

pub fn path() -> String {
    String::new()
}

pub fn is_static() -> bool {
    false
}

pub fn languages() -> Option<String> {
    None
}

pub fn protect() {}

pub fn as_markup(text: String) -> String {
    text
}

pub fn answer_with(_refusal: Refusal) {}
