//! A program of ours (or any other) as a child process: its environment is only what the test gives, its output can be watched.
//!
//! Invariant: the process ends with its [`Process`], and when the test process is killed: a small shell waits for our end and kills it.

use std::ffi::OsStr;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::environment;
use crate::output::{Line, Output};
use crate::poll::until;
use crate::scratch;

/// How long a line that a test waits for may take.
const LINE_DEADLINE: Duration = Duration::from_secs(30);
/// What is still in the pipes of an ended process arrives at once, unless a child of its own keeps them open.
const DRAIN_DEADLINE: Duration = Duration::from_secs(1);

/// The `tracechain` program of this build.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn tracechain() -> PathBuf {
    built("tracechain", "standalone")
}

/// The `loadgen` program of this build.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn loadgen() -> PathBuf {
    built("loadgen", "loadgen")
}

fn built(program: &str, package: &str) -> PathBuf {
    let test = std::env::current_exe()
        .unwrap_or_else(|error| panic!("the test does not know its own file: {error}"));
    // A test is target/<profile>/deps/<name>, a program of the workspace target/<profile>/<name>.
    let near = test.ancestors().skip(1).take(2).map(Path::to_path_buf);
    let found = environment::own_programs()
        .into_iter()
        .chain(near)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "there is no `{program}` near {}: run `cargo build -p {package}` first",
            test.display()
        )
    })
}

/// A program about to be started.
#[derive(Debug)]
pub struct Program {
    name: String,
    command: Command,
    folder: Option<tempfile::TempDir>,
}

impl Program {
    /// Prepares a program with an empty environment (but for PATH and TMPDIR) and an empty working directory, so that neither
    /// variables nor a `.env` of the developer reach it.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let folder = scratch::folder("process");
        let folder =
            folder.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let mut command = Command::new(path);
        command.env_clear().envs(environment::passed_on()).current_dir(folder.path());
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { name, command, folder: Some(folder) }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.name.push(' ');
        self.name.push_str(&argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    /// Sets a variable; the last of several with one name counts.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in a folder of the caller's, which is not removed.
    #[must_use]
    pub fn in_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self.folder = None;
        self
    }

    /// Starts it. Its stdin stays open until [`Process::close_stdin`].
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(mut self) -> Process {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let started = self.command.spawn();
        let mut child =
            started.unwrap_or_else(|error| panic!("cannot start {}: {error}", self.name));
        let guard = guard(child.id());
        let output = Output::of(&mut child);
        Process { name: self.name, child, guard, output, _folder: self.folder }
    }
}

/// Kills a process when we are gone: its stdin is a pipe that the kernel closes at our end, whatever ends us.
fn guard(pid: u32) -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "cat >/dev/null; kill -CONT $0; kill -KILL $0", &pid.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().unwrap_or_else(|error| panic!("cannot start /bin/sh: {error}"))
}

/// A running program; killed with the value. When a test panics, the last of its output goes to the test's.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    guard: Child,
    output: Output,
    _folder: Option<tempfile::TempDir>,
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
