//! A folder of its own and ports of its own for one run of the program.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use testbed::Port;

/// The variables that place every port of the system.
pub(crate) const PORT_VARIABLES: [&str; 9] = [
    "GATEWAY_PORT",
    "EDGE_PORT",
    "USER_PORT",
    "ORDER_PORT",
    "AUDIT_PORT",
    "VIEWER_PORT",
    "VIEWER_QUERY_PORT",
    "VIEWER_OTLP_GRPC_PORT",
    "VIEWER_OTLP_HTTP_PORT",
];

/// A folder to start in, with a free port for everything that listens.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    ports: [Port; PORT_VARIABLES.len()],
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), ports: PORT_VARIABLES.map(|_| Port::reserve()) }
    }

    pub(crate) fn port(&self, variable: &str) -> u16 {
        self.ports[PORT_VARIABLES.iter().position(|known| *known == variable).unwrap()].number()
    }

    pub(crate) fn url(&self, variable: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port(variable))
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
            .envs(
                PORT_VARIABLES
                    .into_iter()
                    .zip(self.ports.iter().map(|port| port.number().to_string())),
            )
            .envs(variables.iter().copied());
        command
    }
}
