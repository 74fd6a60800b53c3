//! A small disk that can be filled.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A mounted file system in memory; it goes away with the value.
pub(crate) struct Tmpfs {
    place: PathBuf,
}

impl Tmpfs {
    /// Mounts one over a folder; `None` where that is not permitted.
    pub(crate) fn over(place: &Path, bytes: u64) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes},mode=0777"), "tmpfs"])
            .arg(place)
            .output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self { place: place.into() })
    }

    /// Takes all the room that is left, byte by byte in the end.
    pub(crate) fn fill(&self) {
        let zeros = [0; 1 << 16];
        let mut file = std::fs::File::create(self.filler()).unwrap();
        while std::io::Write::write(&mut file, &zeros).is_ok_and(|written| written > 0) {}
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.place.join("filler")
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: a server that still runs keeps its files until it ends.
        let _ = Command::new("umount").arg("-l").arg(&self.place).status();
    }
}
