use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk of its own, which can be filled. Only root can have one.
pub struct Disk {
    pub place: PathBuf,
}

impl Disk {
    /// None: this machine lets nobody mount anything.
    pub fn mount(folder: &Path, size: &str) -> Option<Self> {
        let (image, place) = (folder.join("image"), folder.join("disk"));
        std::fs::create_dir(&place).unwrap();
        let (image, at) = (image.to_str().unwrap(), place.to_str().unwrap());
        let steps: [&[&str]; 3] = [
            &["truncate", "--size", size, image],
            &["mkfs.ext4", "-q", "-m", "0", "-F", image],
            &["mount", "-o", "loop", image, at],
        ];
        let done = |words: &&[&str]| {
            let done = Command::new(words[0]).args(&words[1..]).output();
            done.is_ok_and(|done| done.status.success())
        };
        steps.iter().all(done).then_some(Self { place })
    }

    pub fn fill(&self) {
        // Larger than what is left: it takes all of that, and fails.
        let all = format!("of={}", self.filler().display());
        let _ = Command::new("dd").args(["if=/dev/zero", "bs=64K", &all]).output();
    }

    pub fn make_room(&self) {
        let _ = std::fs::remove_file(self.filler());
    }

    fn filler(&self) -> PathBuf {
        self.place.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.place).output();
    }
}
