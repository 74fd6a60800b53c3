//! A clock that jumps: an hour ahead, and back again while audit records wait for their delivery.
//!
//! The services' wall clock comes from libfaketime, whose offset is read from a file while they run. Their monotonic clock goes on as
//! ever, as it does when a machine's time is set; the databases' does not jump.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};

use super::Outcome;
use super::restarts::{row, without_servers};
use super::row::Admitted;
use super::run::Run;
use super::scale::Scale;
use super::system::{System, servers};
use crate::chain_options::Service;
use crate::poll::until;
use crate::program::Process;
use crate::{not_run, scratch};

/// Debian's package, by architecture.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// From the change of the file until a busy service has read it.
const JUMP_DEADLINE: Duration = Duration::from_secs(30);
const DAY: i64 = 86_400;
/// Seconds that an answer may take on a busy machine.
const TOLERANCE: i64 = 60;

/// The file from which the services read by how much their clock is wrong.
struct Offset(tempfile::TempDir);

impl Offset {
    fn new() -> Result<Self> {
        let offset = Self(scratch::folder("clock")?);
        offset.set(0)?;
        Ok(offset)
    }

    /// Lets the clock of all services jump to this many seconds beside the right time, waits until it has, and lets them work with it.
    async fn jumps(&self, run: &mut Run, system: &System, seconds: i64) -> Result<()> {
        self.set(seconds)?;
        for service in [Service::Gateway, Service::User, Service::Order] {
            let process = system.chain.process(service);
            let jumped = until(JUMP_DEADLINE, async || {
                let wrong = (beside(process)? - seconds).rem_euclid(DAY);
                (wrong.min(DAY - wrong) < TOLERANCE).then_some(())
            });
            jumped.await.with_context(|| format!("the clock of {service} does not jump"))?;
        }
        run.lead().await
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("offset")
    }

    /// By a rename, so that nobody reads half of it.
    fn set(&self, seconds: i64) -> Result<()> {
        let next = self.0.path().join("next");
        fs::write(&next, format!("{seconds:+}\n"))?;
        fs::rename(&next, self.path()).context("the clock cannot be set")
    }
}

/// By how many seconds a process's clock is beside ours, as its last log line says; of a day's time, which is enough. The `Date` of
/// an answer would not do: hyper keeps it until its second is over, by the clock that has jumped back.
fn beside(process: &Process) -> Option<i64> {
    let lines = process.lines();
    let line = lines.iter().rev().find_map(|line| line.text.strip_prefix("{\"timestamp\":\""))?;
    let time = line.split(['T', '.']).nth(1)?;
    let theirs =
        time.split(':').try_fold(0, |sum, part| Some(60 * sum + part.parse::<i64>().ok()?))?;
    let ours = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some(theirs - i64::try_from(ours).ok()?.rem_euclid(DAY))
}

fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join(LIBRARY)).find(|file| file.is_file())
}

pub(super) async fn drill(scale: &Scale) -> Result<Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    let Some(library) = library() else {
        not_run::report("a clock that jumps");
        return Ok(Outcome::NotRun("libfaketime is not here: apt-get install libfaketime".into()));
    };
    let offset = Offset::new()?;
    let options = options
        .env_all("LD_PRELOAD", &library.display().to_string())
        .env_all("FAKETIME_TIMESTAMP_FILE", &offset.path().display().to_string())
        // Read again every second: at every look at the clock it would cost more than all that the services do.
        .env_all("FAKETIME_CACHE_DURATION", "1")
        .env_all("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut system = System::start(options).await;
    // Three jumps, each with a moment of load, while audit is down.
    let outage = scale.lead * 5 + JUMP_DEADLINE;
    let mut run = Run::start(scale, system.ends(), outage, &[]).await?;
    offset.jumps(&mut run, &system, 3600).await?;
    system.stop(Service::Audit).await;
    run.lead().await?;
    // What is due in seconds by the clock of before would now be due in hours.
    offset.jumps(&mut run, &system, -3600).await?;
    offset.jumps(&mut run, &system, 0).await?;
    system.chain.restart(Service::Audit).await;
    run.recovered().await?;
    let row = row(run, system, Admitted::Astray).await?;
    ensure!(row.report.status("202") > 0, "nothing was left for later: {:?}", row.report.total);
    Ok(Outcome::Done(Box::new(row)))
}
