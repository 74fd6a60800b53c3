//! A text file, written whole or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use shared::config::Invalid;

/// Writes `text` to `path`: what was there before stays until all of it is written. What is no file (a pipe, a terminal) is written to as it is.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Invalid> {
    try_write(path, text).map_err(|error| {
        let accepted = "accepted: a file in a folder that is there and writable";
        Invalid(format!("--output {} cannot be written: {error}; {accepted}", path.display()))
    })
}

fn try_write(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one: what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        return fs::write(&path, text);
    }
    let beside = beside(&path)?;
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // There may be none, and the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contract.toml");
        fs::write(&path, "older").unwrap();
        write(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["contract.toml"]);
    }

    #[test]
    fn a_place_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("not/there.toml"), folder.path().to_owned()] {
            let error = write(&path, "text").unwrap_err().to_string();
            assert!(error.starts_with(&format!("--output {}", path.display())), "{error}");
        }
        assert!(names(folder.path()).is_empty());
    }
}
