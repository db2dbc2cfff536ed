use std::time::{Duration, Instant};

use server::strangers::PARSERS;

/// No input may take longer.
const AT_MOST: Duration = Duration::from_millis(50);

pub fn read(parser: &str, bytes: &[u8]) {
    let (_, read) = PARSERS.iter().find(|(name, _)| *name == parser).expect("a parser of that name");
    // A machine may pause once, and an input that is slow is slow again.
    let slow = (0..3).all(|_| {
        let start = Instant::now();
        read(bytes);
        start.elapsed() > AT_MOST
    });
    assert!(!slow, "an input takes longer than {AT_MOST:?}");
}
