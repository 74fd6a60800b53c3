//! `--report FILE`: the JSON.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use shared::config::Invalid;

use crate::output::OutputFile;

/// A place for JSON that was found writable. Until [`ReportFile::write`] is done, what was there before stays.
#[derive(Debug)]
#[must_use = "nothing is written without `write`"]
pub struct ReportFile {
    path: PathBuf,
    file: OutputFile,
}

impl ReportFile {
    /// Makes sure that `path` can be written, before any load is sent. A device or a pipe is opened only at the end.
    ///
    /// # Errors
    /// The folder is not there or not writable, or the path is a folder.
    pub fn open(path: &Path) -> Result<Self, Invalid> {
        let told = |error| {
            let (path, accepted) =
                (path.display(), "accepted: a file in a folder that is there and writable");
            Invalid(format!("--report {path} cannot be written: {error}; {accepted}"))
        };
        let file = OutputFile::open(path).map_err(told)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes `content` as JSON and puts it in its place.
    ///
    /// # Errors
    /// The disk is full or gone; then the file that was there before still is.
    pub fn write(self, content: &impl Serialize) -> anyhow::Result<()> {
        let written = self.file.write(|out| {
            serde_json::to_writer_pretty(&mut *out, content)?;
            out.write_all(b"\n")
        });
        written
            .with_context(|| format!("the report could not be written to {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_report_is_json_and_ends_its_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        ReportFile::open(&path).unwrap().write(&[1, 2]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  1,\n  2\n]\n");
    }

    #[test]
    fn what_cannot_be_written_as_json_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "older").unwrap();
        let no_json = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(ReportFile::open(&path).unwrap().write(&no_json).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "older");
    }

    #[test]
    fn a_place_that_is_not_writable_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("not/there.json"), folder.path().to_owned()] {
            let error = ReportFile::open(&path).unwrap_err().to_string();
            let expected = format!("--report {} cannot be written: ", path.display());
            assert!(error.starts_with(&expected) && error.contains("; accepted: "), "{error}");
        }
    }
}
