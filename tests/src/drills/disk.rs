//! A full disk under the SQLite files: what cannot be written is said to be so, and is not half there.
//!
//! The disk is a small tmpfs, and a file that takes all that is left of it. Mounting needs root.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::Outcome;
use super::restarts::row;
use super::row::Admitted;
use super::run::Run;
use super::scale::Scale;
use super::system::{System, on};
use crate::chain_options::{ChainOptions, Service};
use crate::database::Database;
use crate::engine::Engine;
use crate::{not_run, scratch};

/// What a whole drill writes, several times over.
const SIZE: &str = "size=128m";

/// A file system of its own; unmounted with the value, and when this process is killed.
struct Disk {
    folder: PathBuf,
    guard: Child,
}

impl Disk {
    /// Mounts it; `None` where that is not allowed.
    fn mount() -> Result<Option<Self>> {
        let folder = scratch::folder("disk")?.keep();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "tracechain-drill"])
            .arg(&folder)
            .stderr(Stdio::null())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            fs::remove_dir(&folder)?;
            return Ok(None);
        }
        // Its stdin is a pipe that the kernel closes at our end, whatever ends us.
        let guard = Command::new("/bin/sh")
            .args(["-c", "cat >/dev/null; umount -l \"$0\"; rmdir \"$0\""])
            .arg(&folder)
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot start /bin/sh")?;
        Ok(Some(Self { folder, guard }))
    }

    /// A database on it.
    fn database(&self, service: Service) -> Database {
        let file = self.folder.join(format!("{service}.db"));
        let url = format!("sqlite://{}?mode=rwc", file.display());
        Database::new(Engine::Sqlite, url, service.name().to_owned())
    }

    /// Takes all that is left.
    fn fill(&self) -> Result<()> {
        let mut filler = File::create(self.filler())?;
        let block = [0; 4096];
        // Smaller and smaller pieces, until not even one byte is left.
        let mut size = block.len();
        while size > 0 {
            if filler.write_all(&block[..size]).is_err() {
                size /= 2;
            }
        }
        Ok(())
    }

    fn free(&self) -> Result<()> {
        fs::remove_file(self.filler()).context("the disk cannot be freed")
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // Nothing useful can be done about an error.
        let _ = self.guard.wait();
    }
}

pub(super) async fn drill(scale: &Scale) -> Result<Outcome> {
    let Some(disk) = Disk::mount()? else {
        not_run::report("a full disk");
        return Ok(Outcome::NotRun("a small file system cannot be mounted: needs root".to_owned()));
    };
    let databases = [Service::User, Service::Order, Service::Audit];
    let options = databases.into_iter().fold(ChainOptions::sqlite(), |options, service| {
        options.on_database(service, disk.database(service))
    });
    let system = System::start(on(options, scale)).await;
    let mut run = Run::start(scale, system.ends(), scale.outage, &[]).await?;
    disk.fill()?;
    run.goes_on(scale.outage).await?;
    disk.free()?;
    run.recovered().await?;
    let row = row(run, system, Admitted::Astray).await?;
    ensure!(row.report.answers('5') > 0, "nobody has missed the disk: {:?}", row.report.total);
    Ok(Outcome::Done(Box::new(row)))
}
