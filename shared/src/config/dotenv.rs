//! `.env` of the working directory.
//!
//! Invariant: an error never shows what stands in the file, which holds passwords: only the line's number and the
//! variable's name.

use std::{io::ErrorKind, path::Path};

const FILE: &str = ".env";
const ACCEPTED: &str = "accepted: lines of NAME=value, with quotes around a value that has spaces (NAME=\"two words\"), \
                        and comments after #";

/// Names and values in `.env` of the working directory, in their order; none when there is no such file. The folders
/// above are not looked at.
///
/// # Errors
/// When it cannot be read, by the number of its line and the variable's name.
pub fn read_dotenv() -> Result<Vec<(String, String)>, String> {
    pairs(&text(Path::new(FILE))?)
}

/// Reads `.env` of the working directory into the environment; what is set there already wins.
///
/// # Errors
/// As [`read_dotenv`].
pub fn load_dotenv() -> Result<(), String> {
    let text = text(Path::new(FILE))?;
    pairs(&text)?;
    dotenvy::from_read(text.as_bytes()).map_err(|_| unreadable("its lines", ""))
}

/// The file with a newline at its end, without which dotenvy takes a last space for an open value.
fn text(path: &Path) -> Result<String, String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(format!("{FILE} cannot be read: {error}; accepted: a text file")),
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("{FILE} cannot be read: it is not UTF-8; save it as UTF-8"))?;
    Ok(format!("{}\n", text.trim_start_matches('\u{feff}')))
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs: Result<_, _> = dotenvy::from_read_iter(text.as_bytes()).collect();
    pairs.map_err(|_| {
        let (number, line) = first_wrong(text);
        unreadable(&format!("line {number}"), name(line).unwrap_or_default())
    })
}

fn unreadable(place: &str, name: &str) -> String {
    let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
    format!("{FILE} cannot be read at {place}{name}; {ACCEPTED}")
}

/// The line where the first entry begins that cannot be read. An entry in quotes may go on over several lines.
fn first_wrong(text: &str) -> (usize, &str) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut start = 0;
    while start < lines.len() {
        let Some(end) = (start + 1..=lines.len()).find(|end| is_read(&lines[start..*end])) else {
            break;
        };
        start = end;
    }
    (start + 1, lines.get(start).copied().unwrap_or_default())
}

fn is_read(lines: &[&str]) -> bool {
    dotenvy::from_read_iter(lines.concat().as_bytes()).all(|entry| entry.is_ok())
}

/// The name before `=`, when it looks like a variable's: anything else may be part of a secret.
fn name(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim().trim_start_matches("export ").trim();
    let of_variable = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    (name.len() <= 64 && name.chars().all(of_variable)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_line_and_name_and_never_the_value() {
        for (text, told) in [
            (
                "A=1\n\nUSER_DATABASE_URL=postgres://u:topsecret@h/x y\n",
                "line 3 (USER_DATABASE_URL)",
            ),
            ("A='one\ntwo'\nexport TOKEN=topsecret topsecret\n", "line 3 (TOKEN)"),
            ("# comment\nB=\"topsecret\nC=2\n", "line 2 (B)"),
            ("A=1\ntopsecret topsecret\n", "line 2;"),
            ("top secret=topsecret\n", "line 1;"),
        ] {
            let error = pairs(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
            assert!(error.contains("quotes") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn quoted_values_have_spaces_and_lines_and_the_last_line_may_end_in_a_space() {
        let file = std::env::temp_dir().join(format!("dotenv-{}", uuid::Uuid::new_v4()));
        std::fs::write(&file, "\u{feff}A='one two'\nB=\"1\n2\"\nexport C=3 ").unwrap();

        let read = pairs(&text(&file).unwrap()).unwrap();

        std::fs::remove_file(&file).unwrap();
        let shown: Vec<_> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(shown, [("A", "one two"), ("B", "1\n2"), ("C", "3")]);
    }

    #[test]
    fn no_file_is_no_variable_and_a_folder_of_that_name_is_an_error() {
        let folder = std::env::temp_dir();

        assert_eq!(text(&folder.join("is-not-there")).unwrap(), "");
        assert!(text(&folder).unwrap_err().contains("accepted: a text file"));
    }
}
