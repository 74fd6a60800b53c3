//! `--output FILE`: the contract.

use std::path::Path;

use shared::config::Invalid;

use crate::output::OutputFile;

/// Writes `text` to `path`, whole or not at all; to a device or a pipe as it is.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Invalid> {
    let written =
        OutputFile::open(path).and_then(|file| file.write(|out| out.write_all(text.as_bytes())));
    written.map_err(|error| {
        let accepted = "accepted: a file in a folder that is there and writable";
        Invalid(format!("--output {} cannot be written: {error}; {accepted}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("not/there.toml"), folder.path().to_owned()] {
            let error = write(&path, "text").unwrap_err().to_string();
            assert!(error.starts_with(&format!("--output {}", path.display())), "{error}");
        }
    }
}
