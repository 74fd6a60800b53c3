//! Where what is found out goes: files, standard output, standard error.
//!
//! Invariants:
//! - A file is written whole or not at all. What is no file (a device, a pipe) is written to, never replaced, and a link stays one.
//! - That a terminal is closed or a pipe full of holes ends nothing: what could not be printed is at most told.
//! - No control character that came from elsewhere reaches a terminal.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write as _},
};

mod file;

pub(crate) use file::OutputFile;

/// Writes to standard output.
///
/// # Errors
/// It is closed or full.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// Prints lines for people. Where that is not possible the run goes on: a reader who has left (`| head`) knows, all else is told.
pub(crate) fn print(lines: &str) {
    match write(&printable_lines(lines)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            tell(&format!("error: standard output cannot be written: {error}"));
        }
        Ok(()) | Err(_) => {}
    }
}

/// Writes a line to standard error. `eprintln!` would panic where that is closed or full, and nobody is left to be told.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable_lines(line));
}

/// A name within a line: control characters, ends of lines and what turns the direction of text are written as `\u{1b}` is here.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_control)
}

/// The same for text whose lines are its own.
fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| character != '\n' && is_control(character))
}

fn escaped(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_bad(character) {
            // A String takes everything.
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// What moves the cursor, ends a line, or shows text in another order than it has.
pub(crate) fn is_control(character: char) -> bool {
    let separator = matches!(character, '\u{2028}' | '\u{2029}');
    let direction = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || separator || direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_control_characters_and_otherwise_as_it_is() {
        assert_eq!(printable("GET /ä → 名"), "GET /ä → 名");
        assert_eq!(
            printable("a\u{1b}[2J\r\nb\t\u{9b}\u{202e}"),
            r"a\u{1b}[2J\r\nb\t\u{9b}\u{202e}"
        );
    }

    #[test]
    fn lines_keep_their_ends_and_nothing_else() {
        assert_eq!(printable_lines("one\ntwo \u{7}\r\n"), "one\ntwo \\u{7}\\r\n");
    }
}
