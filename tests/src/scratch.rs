//! Temporary folders that carry the name of their process, so that a later run removes what a killed one has left.

use std::fs;
use std::path::Path;
use std::sync::Once;

use tempfile::TempDir;

use crate::environment::stat_field;
use crate::ports::lock_folder_path;

const PREFIX: &str = "tracechain-";

/// Makes a temporary folder, `/tmp/tracechain-<what>-<pid>-<start>-<random>`.
pub(crate) fn folder(what: &str) -> std::io::Result<TempDir> {
    static SWEEP: Once = Once::new();
    SWEEP.call_once(|| {
        sweep(&std::env::temp_dir());
        sweep(&lock_folder_path());
    });
    let pid = std::process::id();
    let started = stat_field(pid, 22).unwrap_or_default();
    tempfile::Builder::new().prefix(&format!("{PREFIX}{what}-{pid}-{started}-")).tempdir()
}

/// Removes what carries the name of a process that is gone: folders, and the locks of test runs.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let owned = entry.file_name();
        if owned
            .to_str()
            .and_then(owner)
            .is_some_and(|(pid, started)| stat_field(pid, 22).as_deref() != Some(started))
        {
            // Another user's cannot be removed, and another process may be faster.
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
}

/// The process in a name: its id and when it was started.
fn owner(name: &str) -> Option<(u32, &str)> {
    let mut parts = name.strip_prefix(PREFIX)?.splitn(4, '-').skip(1);
    let (pid, started) = (parts.next()?, parts.next()?);
    Some((pid.parse().ok()?, started))
}

#[cfg(test)]
mod tests {
    use super::{folder, owner, sweep};

    #[test]
    fn the_folder_of_a_live_process_stays_and_that_of_a_dead_one_goes() {
        let temporary = tempfile::tempdir().unwrap();
        let live = folder("live").unwrap().path().file_name().unwrap().to_owned();
        let names = [
            live.to_str().unwrap(),
            "tracechain-dead-999999999-1-abc",
            "tracechain-locks-0",
            "port-20000-1",
            "unrelated",
        ];
        for name in names {
            std::fs::create_dir(temporary.path().join(name)).unwrap();
        }

        sweep(temporary.path());

        let left = names.map(|name| temporary.path().join(name).exists());
        assert_eq!(left, [true, false, true, true, true]);
    }

    #[test]
    fn a_folder_names_its_process() {
        assert_eq!(owner("tracechain-sqlite-12-345-x-y"), Some((12, "345")));
        assert_eq!(owner("tracechain-postgres-12-345"), Some((12, "345")));
        assert_eq!(owner("tracechain-locks-0"), None);
    }
}
