//! The processes that make up the system, and the way into each.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::Args;
use shared::{config::RuntimeArgs, names::service as name};

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
    pub(crate) const START_ORDER: [Self; 5] =
        [Self::Viewer, Self::Audit, Self::Order, Self::User, Self::Gateway];

    /// Those with metrics, in the order of a request, and their `service.name`.
    pub(crate) const MEASURED: [(Self, &str); 4] = [
        (Self::Gateway, name::GATEWAY),
        (Self::User, name::USER),
        (Self::Order, name::ORDER),
        (Self::Audit, name::AUDIT),
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
    ///
    /// The standard OTEL_* names count for all of them, those too that only the SDK reads.
    pub(crate) fn reads(self, variable: &str) -> bool {
        static NAMES: LazyLock<[BTreeSet<String>; 5]> =
            LazyLock::new(|| Service::START_ORDER.map(Service::variables));
        let of_this =
            Self::START_ORDER.iter().zip(NAMES.iter()).find(|(service, _)| **service == self);
        variable.starts_with("OTEL_") || of_this.is_some_and(|(_, names)| names.contains(variable))
    }

    /// The names in its configuration, so that a new one there is known here.
    fn variables(self) -> BTreeSet<String> {
        let command = clap::Command::new(self.name());
        let command = match self {
            Self::Viewer => RuntimeArgs::augment_args(viewer::Config::augment_args(command)),
            Self::Audit => audit_service::Config::augment_args(command),
            Self::Order => order_service::Config::augment_args(command),
            Self::User => user_service::Config::augment_args(command),
            Self::Gateway => gateway::Config::augment_args(command),
        };
        command
            .get_arguments()
            .filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned))
            .collect()
    }

    /// Runs it in this process until it is told to stop, with its own flags.
    pub(crate) fn run(self, flags: Vec<OsString>) -> ExitCode {
        let program = OsString::from(format!("tracechain {}", self.name()));
        let args = std::iter::once(program).chain(flags);
        match self {
            Self::Viewer => viewer::main(args),
            Self::Audit => audit_service::main(args),
            Self::Order => order_service::main(args),
            Self::User => user_service::main(args),
            Self::Gateway => gateway::main(args),
        }
    }
}

/// The program that children are started from: this one.
pub(crate) fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::failed(format!(
            "the path of this program could not be found, so it cannot start its services: {error}"
        ))
    })
}
