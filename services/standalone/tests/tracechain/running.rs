//! The real program while it runs.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::place::Place;

/// Debug builds of five processes on a busy machine take their time.
const PATIENCE: Duration = Duration::from_secs(120);

impl Place {
    /// Starts everything and waits until it says how to use it.
    pub(crate) fn launch(&self, variables: &[(&str, &str)]) -> Launcher {
        let launcher = self.start(variables);
        launcher.until_said("curl -X POST");
        launcher
    }

    /// Starts everything without waiting.
    pub(crate) fn start(&self, variables: &[(&str, &str)]) -> Launcher {
        let (stdout, stderr) = (self.path("stdout"), self.path("stderr"));
        let process = self
            .command(&[], variables)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Launcher { process, stdout, stderr }
    }
}

/// A running `tracechain`.
pub(crate) struct Launcher {
    process: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Launcher {
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// The log lines of `service` so far.
    pub(crate) fn log_of(&self, service: &str) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&self.stdout).unwrap_or_default();
        let lines =
            text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.filter(|line| line["service.name"] == service).collect()
    }

    pub(crate) fn until_said(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.said().contains(text) {
            assert!(
                Instant::now() < deadline && alive(self.id()),
                "never said {text:?}:\n{}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.process.id()).unwrap())
    }

    pub(crate) fn children(&self) -> BTreeSet<Pid> {
        processes().filter(|pid| parent(*pid) == Some(self.id())).collect()
    }

    /// The child that runs `service`.
    pub(crate) fn child(&self, service: &str) -> Option<Pid> {
        self.children()
            .into_iter()
            .find(|pid| arguments(*pid).get(1).is_some_and(|name| name == service))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        nix::sys::signal::kill(self.id(), signal).unwrap();
    }

    /// Waits until it has left.
    pub(crate) fn left(&mut self) -> ExitStatus {
        until("the launcher to leave", || self.has_left())
    }

    pub(crate) fn has_left(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// Stops it as a user would and expects it to be orderly.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.left();
        assert!(status.success(), "{status}:\n{}", self.said());
    }
}

impl Drop for Launcher {
    /// Its children leave with it.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the launcher said:\n{}", self.said());
        }
    }
}

/// Polls until `probe` has something.
pub(crate) fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process is there and not merely waiting to be collected.
pub(crate) fn alive(pid: Pid) -> bool {
    stat(pid).is_some_and(|fields| fields[0] != "Z")
}

/// What it was started with.
pub(crate) fn environment_of(pid: Pid) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap()
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
}

fn parent(pid: Pid) -> Option<Pid> {
    stat(pid)?[1].parse().ok().map(Pid::from_raw)
}

/// The fields after the name: state, parent, and so on.
fn stat(pid: Pid) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

fn arguments(pid: Pid) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    text.split('\0').map(str::to_owned).collect()
}
