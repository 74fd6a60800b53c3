//! The account under which a database server runs.
//!
//! Postgres refuses to run as root, the others dislike it: as root, a server gets an account of its own. Anybody else starts servers as themselves.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

/// The account to change to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The first of `names` that exists, else `nobody`; `None` (stay as we are) when we are not root.
    pub(crate) fn first_of(names: &[&str]) -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let user = names
            .iter()
            .chain(&["nobody"])
            .find_map(|name| User::from_name(name).ok().flatten())?;
        Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
    }

    /// Makes a command run under this account.
    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives a folder and all that is in it to this account.
    pub(crate) fn own(self, path: &Path) -> std::io::Result<()> {
        let metadata = fs::symlink_metadata(path)?;
        if metadata.is_symlink() {
            return Ok(());
        }
        if metadata.uid() != self.uid || metadata.gid() != self.gid {
            chown(path, Some(self.uid), Some(self.gid))?;
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(path)? {
                self.own(&entry?.path())?;
            }
        }
        Ok(())
    }
}

/// Whether any account can reach a path: a checkout below `/root` cannot be.
pub(crate) fn reachable_by_all(path: &Path) -> bool {
    path.ancestors().skip(1).all(|folder| {
        fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
    })
}
