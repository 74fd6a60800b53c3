//! One operating system process.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};

use super::ChildSpec;

/// A running child in a process group of its own, so that a Ctrl-C of the terminal reaches only
/// the launcher, which stops the children in order.
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
    /// Closes when the launcher ends, however it ends: the sign for the child to leave.
    _leash: Option<ChildStdin>,
}

impl Process {
    pub(super) fn start(spec: &ChildSpec) -> io::Result<Self> {
        let mut child = Command::new(&spec.program)
            .args(&spec.args)
            .envs(spec.emptied.iter().map(|name| (name, "")))
            .envs(&spec.variables)
            .stdin(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let leash = child.stdin.take();
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Ok(Self { child, group, _leash: leash })
    }

    /// Waits until it is gone.
    pub(super) async fn gone(&mut self) -> Ending {
        Ending(self.child.wait().await)
    }

    pub(super) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Its id is not given to another process before `gone` has collected it, so this cannot hit a
    /// stranger; that it is gone already is no error.
    fn signal(&self, signal: Signal) {
        if let (Some(group), Some(_)) = (self.group, self.child.id()) {
            let _ = killpg(group, signal);
        }
    }
}

/// How a process ended.
pub(super) struct Ending(io::Result<ExitStatus>);

impl Ending {
    /// The exit code of a process that could not use its configuration.
    pub(super) fn is_refusal(&self) -> bool {
        self.0.as_ref().is_ok_and(|status| status.code() == Some(2))
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = match &self.0 {
            Ok(status) => status,
            Err(error) => return write!(f, "unknown: {error}"),
        };
        match (status.code(), status.signal()) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(number)) => match Signal::try_from(number) {
                Ok(signal) => write!(f, "{signal}"),
                Err(_) => write!(f, "signal {number}"),
            },
            (None, None) => write!(f, "{status}"),
        }
    }
}
