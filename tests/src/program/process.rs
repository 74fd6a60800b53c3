//! A child process while it runs.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::output::{Line, Output};
use crate::poll::until;

/// How long a line that a test waits for may take.
const LINE_DEADLINE: Duration = Duration::from_secs(30);
/// What is still in the pipes of an ended process arrives at once, unless a child of its own keeps them open.
const DRAIN_DEADLINE: Duration = Duration::from_secs(1);

/// A running program; killed with the value. When a test panics, the last of its output goes to the test's.
#[derive(Debug)]
pub struct Process {
    pub(super) name: String,
    pub(super) child: Child,
    pub(super) guard: Child,
    pub(super) output: Output,
    pub(super) _folder: Option<tempfile::TempDir>,
}

impl Process {
    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has written so far, in the order in which it arrived.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.output.lines()
    }

    /// The JSON objects among the lines of stdout: the log.
    #[must_use]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let lines = self.lines();
        lines
            .iter()
            .filter(|line| !line.is_stderr)
            .filter_map(|line| serde_json::from_str(&line.text).ok())
            .filter(serde_json::Value::is_object)
            .collect()
    }

    /// Waits for a line (on either stream, earlier ones too) and gives the first that fits.
    ///
    /// # Panics
    /// When none has come after 30 s; the text holds the output.
    pub async fn wait_for_line(&self, fits: impl Fn(&str) -> bool) -> String {
        let found =
            until(LINE_DEADLINE, async || self.lines().into_iter().find(|line| fits(&line.text)))
                .await;
        found
            .unwrap_or_else(|| {
                panic!(
                    "the line has not come from {} within {LINE_DEADLINE:?}:\n{}",
                    self.name,
                    self.output.last()
                )
            })
            .text
    }

    /// Waits for a log line that fits and gives the first.
    ///
    /// # Panics
    /// When none has come after 30 s; the text holds the output.
    pub async fn wait_for_json(
        &self,
        fits: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let found =
            until(LINE_DEADLINE, async || self.json_lines().into_iter().find(|line| fits(line)))
                .await;
        found.unwrap_or_else(|| {
            panic!(
                "the log line has not come from {} within {LINE_DEADLINE:?}:\n{}",
                self.name,
                self.output.last()
            )
        })
    }

    /// Asks it to end.
    pub fn sigterm(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Interrupts it, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    /// Kills it, as a crash would.
    pub fn kill9(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Freezes it.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Closes its stdin, as the end of its launcher would.
    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// How it ended, if it has.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        // A status that cannot be asked for is that of a process that is gone.
        self.child.try_wait().unwrap_or_else(|_| Some(ExitStatus::from_raw(-1)))
    }

    /// Waits for its end; all of its output is there then.
    ///
    /// # Panics
    /// When it is still running at the deadline; the text holds the output.
    pub async fn wait_exit(&mut self, deadline: Duration) -> ExitStatus {
        let status = until(deadline, async || self.exit_status()).await;
        let status = status.unwrap_or_else(|| {
            panic!("{} is still running after {deadline:?}:\n{}", self.name, self.output.last())
        });
        until(DRAIN_DEADLINE, async || self.output.is_complete().then_some(())).await;
        status
    }

    /// The end of the output, for the text of an assertion.
    #[must_use]
    pub fn last_output(&self) -> String {
        self.output.last()
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Not yet waited for, so the id is still its own; if it has ended by itself, nothing is lost.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guard first: after the next lines the id may be somebody else's.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        if self.exit_status().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- {} (pid {}):\n{}", self.name, self.child.id(), self.output.last());
        }
    }
}
