//! Loopback ports that no other test process takes at the same moment.
//!
//! A port is ours while we hold the lock of its file; between finding a port free and the program under test binding it, nobody else gets it.
//! The range lies below the ephemeral ports, so outgoing connections do not take them either.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, bail};

const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A reserved port; free for others again when it is dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Holds the lock, which the kernel lets go with the file.
    _lock: File,
}

impl Port {
    /// Reserves a free port on 127.0.0.1.
    ///
    /// # Panics
    /// When none of the range is free, or the folder of the locks cannot be written.
    #[must_use]
    pub fn reserve() -> Self {
        Self::try_reserve().unwrap_or_else(|error| panic!("cannot reserve a port: {error:#}"))
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    fn try_reserve() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = lock_folder()?;
        for _ in 0..COUNT {
            // Each process begins elsewhere, and a port that was just given up is not taken again at once.
            let step = NEXT
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_add(std::process::id().wrapping_mul(97));
            let number = FIRST + u16::try_from(step % u32::from(COUNT))?;
            let file = folder.join(format!("port-{number}"));
            let lock = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&file)
                .with_context(|| file.display().to_string())?;
            if lock.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", number)).is_ok() {
                return Ok(Self { number, _lock: lock });
            }
        }
        bail!("all ports from {FIRST} to {} are taken", FIRST + (COUNT - 1))
    }
}

/// The folder in which processes of one user agree on things by locking files.
pub(crate) fn lock_folder() -> Result<PathBuf> {
    let folder = lock_folder_path();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| folder.display().to_string())?;
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::symlink_metadata(&folder)?);
    if owner != nix::unistd::geteuid().as_raw() {
        bail!("{} belongs to another user", folder.display());
    }
    Ok(folder)
}

pub(crate) fn lock_folder_path() -> PathBuf {
    std::env::temp_dir().join(format!("tracechain-locks-{}", nix::unistd::geteuid()))
}

/// Waits for the lock of a named file in that folder; dropping the file lets it go.
pub(crate) fn lock(name: &str) -> Result<File> {
    let file = lock_folder()?.join(name);
    let lock = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&file)
        .with_context(|| file.display().to_string())?;
    lock.lock().with_context(|| format!("cannot lock {}", file.display()))?;
    Ok(lock)
}
