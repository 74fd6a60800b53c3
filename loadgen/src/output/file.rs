//! A file, whole or not at all; in place where it is no file.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// A place that was found writable. Until [`OutputFile::write`] is done, what was there before stays.
#[derive(Debug)]
#[must_use = "nothing is written without `write`"]
pub(crate) struct OutputFile(Place);

#[derive(Debug)]
enum Place {
    /// A file `beside` takes the place of `path`, which is behind all links.
    File { path: PathBuf, beside: PathBuf, file: Option<File> },
    /// A device or a pipe; opened when there is something to write, since a pipe is opened only when somebody reads it.
    NoFile(PathBuf),
    /// What standard output goes to. Opened a second time it would be written over from its beginning.
    StandardOutput,
}

impl OutputFile {
    /// Makes sure that `path` can be written as far as that can be known before: opens a file beside it, which later takes its place.
    ///
    /// # Errors
    /// The folder is not there or not writable, or the path is a folder.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let place = match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if is_standard_output(&found) => Place::StandardOutput,
            Ok(found) if !found.is_file() => Place::NoFile(path.to_owned()),
            Ok(found) => Place::beside(fs::canonicalize(path)?, Some(&found))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Place::beside(end_of_links(path), None)?
            }
            Err(error) => return Err(error),
        };
        Ok(Self(place))
    }

    /// Has `content` written and puts it in its place.
    ///
    /// # Errors
    /// Those of `content`; the disk is full or gone. Then the file that was there before still is.
    pub(crate) fn write(
        mut self,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match &mut self.0 {
            Place::File { path, beside, file } => {
                let mut writer = BufWriter::new(file.take().ok_or(io::ErrorKind::NotFound)?);
                content(&mut writer)?;
                writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
                fs::rename(beside, path)
            }
            Place::NoFile(path) => buffered(OpenOptions::new().append(true).open(path)?, content),
            Place::StandardOutput => buffered(io::stdout().lock(), content),
        }
    }
}

impl Place {
    fn beside(path: PathBuf, older: Option<&Metadata>) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
        let beside = path.with_file_name(name);
        // Of a process that had this number and did not come to its end; a link that someone put there is not followed.
        let _ = fs::remove_file(&beside);
        let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        let place = Self::File { path, beside, file: Some(file) };
        if let (Self::File { file: Some(file), .. }, Some(older)) = (&place, older) {
            file.set_permissions(older.permissions())?;
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::File { beside, .. } = self {
            // After `write` it is not there any more.
            let _ = fs::remove_file(beside);
        }
    }
}

fn buffered(
    out: impl Write,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::new(out);
    content(&mut writer)?;
    writer.flush()
}

/// Where links lead to that end at nothing, and so to no loop.
fn end_of_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    while let Ok(target) = fs::read_link(&path) {
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

fn is_standard_output(found: &Metadata) -> bool {
    let same = |out: Metadata| (out.dev(), out.ino()) == (found.dev(), found.ino());
    fs::metadata("/dev/stdout").is_ok_and(same)
}

#[cfg(test)]
mod tests;
