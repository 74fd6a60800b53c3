//! The processes that make up the system, and the way into each.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::failure::Failure;

/// One process of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Viewer,
    Audit,
    Order,
    User,
    Gateway,
}

impl Service {
    /// Each needs those before it: the viewer takes everyone's spans, a hop needs the next one.
    /// Stopping goes the other way, so that no one loses what it still has to hand on.
    pub(crate) const START_ORDER: [Self; 5] = [
        Self::Viewer,
        Self::Audit,
        Self::Order,
        Self::User,
        Self::Gateway,
    ];

    /// The subcommand that runs it, and its name in the launcher's messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Audit => "audit",
            Self::Order => "order",
            Self::User => "user",
            Self::Gateway => "gateway",
        }
    }

    /// Variables that begin like this reach this process alone.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Viewer => "VIEWER_",
            Self::Audit => "AUDIT_",
            Self::Order => "ORDER_",
            Self::User => "USER_",
            Self::Gateway => "GATEWAY_",
        }
    }

    /// Answers 200 when it works. The viewer's is the one of the API that it stands in for.
    pub(crate) fn ready_path(self) -> &'static str {
        match self {
            Self::Viewer => "/ready",
            _ => "/health/ready",
        }
    }

    /// Whether it keeps data in a database of its own.
    pub(crate) fn has_database(self) -> bool {
        matches!(self, Self::Audit | Self::Order | Self::User)
    }

    /// Whether it reads this variable: only such names can be given to it alone, by its prefix.
    pub(crate) fn reads(self, variable: &str) -> bool {
        variable.starts_with("OTEL_")
            || READ_BY_ALL.contains(&variable)
            || self.reads_alone().contains(&variable)
    }

    fn reads_alone(self) -> &'static [&'static str] {
        match self {
            Self::Viewer => &["SCRAPE_TARGETS"],
            Self::Gateway => &[
                "AUDIT_SERVICE_URL",
                "EDGE_PORT",
                "EDGE_TRUST",
                "NEXT_SERVICE_URL",
                "ORDER_SERVICE_URL",
                "USER_SERVICE_URL",
            ],
            Self::User | Self::Order => &[
                "DATABASE_URL",
                "DB_POOL_SIZE",
                "DB_STARTUP_TIMEOUT_MS",
                "NEXT_SERVICE_URL",
            ],
            Self::Audit => &["DATABASE_URL", "DB_POOL_SIZE", "DB_STARTUP_TIMEOUT_MS"],
        }
    }

    /// Runs it in this process until it is told to stop. The first argument is the program name
    /// as its `--help` shows it.
    pub(crate) fn run(self, flags: Vec<OsString>) -> ExitCode {
        let program = OsString::from(format!("tracechain {}", self.name()));
        let args = std::iter::once(program).chain(flags);
        // PLACE FOR THE SERVICES' ENTRIES: one arm per service, `gateway::main_with_args(args)`.
        let _ = args;
        crate::announcement::say(&format!("{} cannot run in this build", self.name()));
        ExitCode::FAILURE
    }
}

const READ_BY_ALL: [&str; 15] = [
    "API_TOKEN",
    "CORS_ORIGINS",
    "DRAIN_TIMEOUT_MS",
    "FAULTS",
    "HOST",
    "LAB",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "MAX_CONNECTIONS",
    "MAX_IN_FLIGHT",
    "METRICS_PORT",
    "OTEL_SERVICE_NAME",
    "PORT",
    "REQUEST_TIMEOUT_MS",
    "WORKER_THREADS",
];

/// The program that children are started from: this one.
pub(crate) fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::failed(format!(
            "the path of this program could not be found, so it cannot start its services: {error}"
        ))
    })
}
