use std::time::Duration;

use cpu_time::ThreadTime;
use server::strangers::PARSERS;

/// No input may take longer, by the processor's own count: the machine may have others to serve.
const AT_MOST: Duration = Duration::from_millis(50);

pub fn read(parser: &str, bytes: &[u8]) {
    let (_, read) = PARSERS.iter().find(|(name, _)| *name == parser).expect("a parser of that name");
    // An input that is slow is slow again.
    let slow = (0..3).all(|_| {
        let start = ThreadTime::now();
        read(bytes);
        start.elapsed() > AT_MOST
    });
    assert!(!slow, "an input takes longer than {AT_MOST:?}");
}
