//! What a child process writes, line by line, while it runs.

use std::io::{BufRead as _, BufReader, Read};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How many lines are shown of a process that disappoints.
const SHOWN: usize = 60;

/// One line of output.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whether it came on stderr rather than on stdout.
    pub is_stderr: bool,
    /// Without the line end.
    pub text: String,
}

/// The lines so far. Threads read the pipes, so a child never blocks on a full one, whatever the test's runtime does.
#[derive(Debug)]
pub(crate) struct Output {
    lines: Arc<Mutex<Vec<Line>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Output {
    pub(crate) fn of(child: &mut Child) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stdout = child.stdout.take().map(|pipe| read(pipe, false, Arc::clone(&lines)));
        let stderr = child.stderr.take().map(|pipe| read(pipe, true, Arc::clone(&lines)));
        Self { lines, readers: stdout.into_iter().chain(stderr).collect() }
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether both pipes have come to their end.
    pub(crate) fn is_complete(&self) -> bool {
        self.readers.iter().all(JoinHandle::is_finished)
    }

    /// The last lines, as text.
    pub(crate) fn last(&self) -> String {
        let lines = self.lines();
        let shown = lines
            .iter()
            .skip(lines.len().saturating_sub(SHOWN))
            .map(|line| format!("    {}", line.text));
        shown.collect::<Vec<_>>().join("\n")
    }
}

fn read(
    pipe: impl Read + Send + 'static,
    is_stderr: bool,
    lines: Arc<Mutex<Vec<Line>>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(Line { is_stderr, text });
            bytes.clear();
        }
    })
}
