//! A clock that jumps: an hour ahead, and back again while audit records wait for their delivery.
//!
//! The services' wall clock comes from libfaketime, whose offset is read from a file while they run. Their monotonic clock goes on as
//! ever, as it does when a machine's time is set; the databases' does not jump.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::Outcome;
use super::restarts::{row, without_servers};
use super::row::Admitted;
use super::run::Run;
use super::scale::Scale;
use super::system::{System, servers};
use crate::chain_options::Service;
use crate::{not_run, scratch};

/// Debian's package, by architecture.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// The file from which the services read by how much their clock is wrong.
struct Offset(tempfile::TempDir);

impl Offset {
    fn new() -> Result<Self> {
        let offset = Self(scratch::folder("clock")?);
        offset.set("+0")?;
        Ok(offset)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("offset")
    }

    /// By a rename, so that nobody reads half of it.
    fn set(&self, offset: &str) -> Result<()> {
        let next = self.0.path().join("next");
        fs::write(&next, format!("{offset}\n"))?;
        fs::rename(&next, self.path()).context("the clock cannot be set")
    }
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
        .env_all("FAKETIME_NO_CACHE", "1")
        .env_all("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut system = System::start(options).await;
    let mut run = Run::start(scale, system.ends(), scale.outage, &[]).await?;
    offset.set("+3600")?;
    run.lead().await?;
    system.stop(Service::Audit).await;
    run.lead().await?;
    // What is due in seconds by the clock of before would now be due in an hour.
    offset.set("-3600")?;
    run.lead().await?;
    offset.set("+0")?;
    system.chain.restart(Service::Audit).await;
    run.recovered().await?;
    let row = row(run, system, Admitted::Astray).await?;
    ensure!(row.report.status("202") > 0, "nothing was left for later: {:?}", row.report.total);
    Ok(Outcome::Done(Box::new(row)))
}
