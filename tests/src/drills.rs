//! The drills: something is broken on purpose under load, and what the load was told is held against rows, traces and spans.
//!
//! `infra/drills.sh` runs them at full length, `tests/drills` at small scale; both run this code. Every drill starts a system of its own from
//! real programs, has `loadgen --verify --reconcile` load and judge it, and ends in a [`Row`].
//!
//! Invariant: a row is good only when nothing that was answered 200, 201 or 202 is missing in the databases, every trace is whole
//! or has a reason that somebody counted, and every span account closes. A drill that cannot be run says so, and is no row.

mod account;
mod clock;
mod collector;
mod connections;
mod databases;
mod disk;
mod ends;
mod hops;
mod kills;
mod launched;
mod load;
mod overload;
mod recovery;
mod report;
mod restarts;
mod row;
mod run;
mod scale;
mod system;
mod table;
mod viewer;

use anyhow::Result;

use crate::chain_options::Service;

pub use account::Account;
pub use collector::Trouble;
pub use kills::Victim;
pub use report::{Failure, Figures, Hop, Mismatch, Reconciliation, Report, Rows, Verification};
pub use row::Row;
pub use scale::Scale;
pub use table::{heading, line, markdown};

/// What became of a drill.
#[derive(Debug)]
pub enum Outcome {
    /// It was run to its end, well or not: [`Row::complaints`].
    Done(Box<Row>),
    /// Something that it needs is not here: what, and how to have it.
    NotRun(String),
}

/// A drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drill {
    /// `kill -9` of a process of the launcher, or of the launcher itself.
    Kill(Victim),
    /// SIGTERM to each service in turn, and its start.
    RollingRestart,
    /// The database of a service is stopped and started.
    DatabaseRestart(Service),
    /// The database of a service is away for a while.
    DatabaseOutage(Service),
    /// audit-service is away for a while.
    AuditDown,
    /// A service takes connections and requests, and does not answer.
    Hangs(Service),
    /// The Collector misbehaves.
    Collector(Trouble),
    /// Three times as many requests as the system can take.
    Overload,
    /// The services' clock jumps forward, back and right again.
    Clock,
    /// Connections to the edge on which nothing is sent.
    SilentConnections,
    /// The file system under the SQLite files is full.
    FullDisk,
    /// A service forgets to pass the context on.
    DropContext(Service),
}

impl Drill {
    /// All of them, in the order in which they are run.
    pub const ALL: [Self; 29] = [
        Self::Kill(Victim::Gateway),
        Self::Kill(Victim::User),
        Self::Kill(Victim::Order),
        Self::Kill(Victim::Audit),
        Self::Kill(Victim::Viewer),
        Self::Kill(Victim::Launcher),
        Self::RollingRestart,
        Self::DatabaseRestart(Service::User),
        Self::DatabaseRestart(Service::Order),
        Self::DatabaseRestart(Service::Audit),
        Self::DatabaseOutage(Service::User),
        Self::DatabaseOutage(Service::Order),
        Self::DatabaseOutage(Service::Audit),
        Self::AuditDown,
        Self::Hangs(Service::User),
        Self::Hangs(Service::Order),
        Self::Hangs(Service::Audit),
        Self::Collector(Trouble::Down),
        Self::Collector(Trouble::BlackHole),
        Self::Collector(Trouble::Slow),
        Self::Collector(Trouble::TooManyRequests),
        Self::Collector(Trouble::Unavailable),
        Self::Overload,
        Self::Clock,
        Self::SilentConnections,
        Self::FullDisk,
        Self::DropContext(Service::Gateway),
        Self::DropContext(Service::User),
        Self::DropContext(Service::Order),
    ];

    /// What `--only` calls it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Kill(victim) => format!("kill-{}", victim.name()),
            Self::RollingRestart => "rolling-restart".to_owned(),
            Self::DatabaseRestart(service) => format!("{}-restart", databases::name(service)),
            Self::DatabaseOutage(service) => format!("{}-outage", databases::name(service)),
            Self::AuditDown => "audit-down".to_owned(),
            Self::Hangs(service) => format!("{service}-hangs"),
            Self::Collector(trouble) => format!("collector-{}", trouble.name()),
            Self::Overload => "overload".to_owned(),
            Self::Clock => "clock".to_owned(),
            Self::SilentConnections => "silent-connections".to_owned(),
            Self::FullDisk => "full-disk".to_owned(),
            Self::DropContext(service) => format!("drop-context-{service}"),
        }
    }

    /// The drill of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|drill| drill.name() == name)
    }

    /// What is broken, in words.
    #[must_use]
    pub fn fault(self, scale: &Scale) -> String {
        let outage = scale.outage.as_secs_f64();
        match self {
            Self::Kill(victim) => {
                format!("kill -9 of {}, {} times", victim.title(), victim.strikes(scale))
            }
            Self::RollingRestart => "SIGTERM and start of every service in turn".to_owned(),
            Self::DatabaseRestart(service) => {
                format!("{} restarted {} times", databases::title(service), scale.strikes)
            }
            Self::DatabaseOutage(service) => {
                format!("{} down for {outage} s", databases::title(service))
            }
            Self::AuditDown => {
                format!("audit-service down for {} s", scale.audit_outage.as_secs_f64())
            }
            Self::Hangs(service) => {
                format!("{service}-service accepts and does not answer for {outage} s")
            }
            Self::Collector(trouble) => trouble.title(scale),
            Self::Overload => "three times the saturating rate".to_owned(),
            Self::Clock => {
                "the services' clock jumps 1 h ahead, 2 h back and right again; audit-service down meanwhile"
                    .to_owned()
            }
            Self::SilentConnections => {
                format!("{} connections that say nothing for {outage} s", scale.connections)
            }
            Self::FullDisk => format!("the disk under SQLite is full for {outage} s"),
            Self::DropContext(service) => {
                format!("{service} drops the context of {} % of its calls", scale.share * 100.0)
            }
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// It could not be run to its end, or what it breaks was not felt. What the testbed cannot start panics.
    pub async fn run(self, scale: &Scale) -> Result<Outcome> {
        match self {
            Self::Kill(Victim::Launcher) => Box::pin(kills::launcher(scale)).await,
            Self::Kill(victim) => Box::pin(kills::process(scale, victim)).await,
            Self::RollingRestart => Box::pin(restarts::rolling(scale)).await,
            Self::DatabaseRestart(service) => Box::pin(databases::restart(scale, service)).await,
            Self::DatabaseOutage(service) => Box::pin(databases::outage(scale, service)).await,
            Self::AuditDown => Box::pin(restarts::audit_down(scale)).await,
            Self::Hangs(service) => Box::pin(hops::hangs(scale, service)).await,
            Self::Collector(trouble) => Box::pin(collector::drill(scale, trouble)).await,
            Self::Overload => Box::pin(overload::drill(scale)).await,
            Self::Clock => Box::pin(clock::drill(scale)).await,
            Self::SilentConnections => Box::pin(connections::drill(scale)).await,
            Self::FullDisk => Box::pin(disk::drill(scale)).await,
            Self::DropContext(service) => Box::pin(hops::drops_context(scale, service)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Drill;

    #[test]
    fn every_drill_is_found_by_a_name_of_its_own() {
        let names: BTreeSet<_> = Drill::ALL.into_iter().map(Drill::name).collect();
        assert_eq!(names.len(), Drill::ALL.len());
        assert!(Drill::ALL.into_iter().all(|drill| Drill::named(&drill.name()) == Some(drill)));
    }
}
