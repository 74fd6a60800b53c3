//! A ready data folder per engine, made once and copied for each server: initialising MySQL takes seconds, copying tenths.
//!
//! Templates lie in the cache folder under the identity of the server program, so another version makes another one.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::environment;
use crate::installation::{Installation, USER};
use crate::ports::lock;
use crate::scratch;

/// Raised when what a template holds changes.
const VERSION: u32 = 1;

/// Copies the template of an engine to `folder` (made if missing) and gives the password of [`USER`].
pub(crate) fn instantiate(installation: &Installation, folder: &Path) -> Result<String> {
    let template = template(installation)?;
    copy(&template.join("data"), &folder.join("data"))?;
    let password = fs::read_to_string(template.join("password"))?;
    fs::write(folder.join("init.sql"), init_file(&password))?;
    if let Some(account) = installation.account() {
        account.own(folder)?;
    }
    Ok(password)
}

/// What MySQL and MariaDB run at every start, one statement a line.
fn init_file(password: &str) -> String {
    format!(
        "CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{password}';\n\
         GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n\
         DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';\n"
    )
}

fn template(installation: &Installation) -> Result<PathBuf> {
    let folder = environment::cache().join("templates");
    let template =
        folder.join(format!("{}-{:016x}", installation.engine.name(), identity(installation)?));
    let _lock = lock(&format!("template-{}", installation.engine.name()))?;
    if !template.join("password").is_file() {
        fs::create_dir_all(&folder).with_context(|| {
            format!(
                "cannot make {}; set TRACECHAIN_CACHE to a folder you can write",
                folder.display()
            )
        })?;
        make(installation, &folder, &template)
            .with_context(|| format!("cannot initialise {}", installation.engine))?;
    }
    Ok(template)
}

fn identity(installation: &Installation) -> Result<u64> {
    let found = fs::metadata(&installation.server)?;
    let mut hasher = DefaultHasher::new();
    (VERSION, &installation.server, found.len(), found.mtime(), found.ino()).hash(&mut hasher);
    Ok(hasher.finish())
}

/// Initialises in the temporary folder, which every account can reach, then moves the result into place in one step.
fn make(installation: &Installation, templates: &Path, template: &Path) -> Result<()> {
    let work = scratch::folder("template")?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    let password_file = work.path().join("password");
    fs::write(&password_file, &password)?;
    let mut initialize = installation.initialize(&work.path().join("data"), &password_file)?;
    if let Some(account) = installation.account() {
        account.own(work.path())?;
        account.apply(&mut initialize);
    }
    succeed(initialize.current_dir(work.path()))?;
    let building = tempfile::Builder::new().prefix(".building-").tempdir_in(templates)?;
    copy(&work.path().join("data"), &building.path().join("data"))?;
    fs::write(building.path().join("password"), &password)?;
    if template.exists() {
        fs::remove_dir_all(template)?;
    }
    fs::rename(building.keep(), template)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    succeed(Command::new("cp").args(["-a", "--reflink=auto", "--sparse=always"]).arg(from).arg(to))
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !output.status.success() {
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("{} failed, {}:\n{out}{err}", command.get_program().display(), output.status);
    }
    Ok(())
}
