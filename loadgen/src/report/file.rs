//! `--report FILE`: the JSON, whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Serialize;

/// A place for JSON that was found writable. Until [`ReportFile::write`] is done, what was there before stays.
#[derive(Debug)]
#[must_use = "nothing is written without `write`"]
pub struct ReportFile {
    path: PathBuf,
    beside: PathBuf,
    file: Option<File>,
}

impl ReportFile {
    /// Makes sure that `path` can be written, before any load is sent: opens a file beside it, which later takes its place.
    ///
    /// # Errors
    /// The folder is not there or not writable, or the path is a folder.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Self::try_open(path).with_context(|| {
            let path = path.display();
            format!(
                "--report {path} cannot be written; accepted: a file in a folder that is there and writable"
            )
        })
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
        let beside = path.with_file_name(name);
        let file = File::create(&beside)?;
        Ok(Self { path: path.to_owned(), beside, file: Some(file) })
    }

    /// Writes `content` as JSON and puts it in its place.
    ///
    /// # Errors
    /// The disk is full or gone; then what was there before is still there.
    pub fn write(mut self, content: &impl Serialize) -> anyhow::Result<()> {
        self.try_write(content)
            .with_context(|| format!("the report could not be written to {}", self.path.display()))
    }

    fn try_write(&mut self, content: &impl Serialize) -> io::Result<()> {
        let mut writer = BufWriter::new(self.file.take().ok_or(io::ErrorKind::NotFound)?);
        serde_json::to_writer_pretty(&mut writer, content)?;
        writer.write_all(b"\n")?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&self.beside, &self.path)
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        // After `write` it is not there any more.
        let _ = fs::remove_file(&self.beside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_report_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "older").unwrap();

        let file = ReportFile::open(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "older");
        file.write(&[1, 2]).unwrap();

        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  1,\n  2\n]\n");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn without_writing_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "older").unwrap();
        drop(ReportFile::open(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "older");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn what_cannot_be_written_as_json_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "older").unwrap();
        let no_json = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(ReportFile::open(&path).unwrap().write(&no_json).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "older");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn a_place_that_is_not_writable_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("not/there.json"), folder.path().to_owned()] {
            let error = ReportFile::open(&path).unwrap_err().to_string();
            let expected = format!("--report {} cannot be written; accepted: ", path.display());
            assert!(error.starts_with(&expected), "{error}");
        }
        assert!(names(folder.path()).is_empty());
    }
}
