use std::path::{Path, PathBuf};
use std::process::Command;

/// The clock of a program that was started under Debian's faketime. Its monotonic clock stays the machine's.
pub struct MovableClock {
    file: PathBuf,
    offset_seconds: i64,
}

impl MovableClock {
    pub fn new(folder: &Path) -> Self {
        let clock = Self { file: folder.join("faketime"), offset_seconds: 0 };
        clock.write();
        clock
    }

    pub fn rule(&self, program: &mut Command) {
        program
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DISABLE_SHM", "1")
            .env("DONT_FAKE_MONOTONIC", "1");
    }

    pub fn jump(&mut self, seconds: i64) {
        self.offset_seconds += seconds;
        self.write();
    }

    /// Renamed into its place, so that no reading meets half of it.
    fn write(&self) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{:+}\n", self.offset_seconds)).unwrap();
        std::fs::rename(&new, &self.file).unwrap();
    }
}

/// In a folder named after the machine's architecture.
fn library() -> PathBuf {
    std::fs::read_dir("/usr/lib")
        .unwrap()
        .map(|entry| entry.unwrap().path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.is_file())
        .expect("faketime is missing: type apt-get install faketime")
}
