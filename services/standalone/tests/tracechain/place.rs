//! A folder of its own and ports of its own for one run of the program.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use testbed::SystemPorts;

/// A folder to start in, with a free port for everything that listens.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    ports: SystemPorts,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), ports: SystemPorts::reserve() }
    }

    pub(crate) fn port(&self, variable: &str) -> u16 {
        self.ports.number(variable)
    }

    pub(crate) fn url(&self, variable: &str, path: &str) -> String {
        self.ports.url(variable, path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with nothing in its environment but its ports and `variables`.
    pub(crate) fn command(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracechain"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(self.ports.variables())
            .envs(variables.iter().copied());
        command
    }
}

/// What a program has written.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
