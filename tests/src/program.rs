//! A program of ours (or any other) as a child process: its environment is only what the test gives, its output can be watched.
//!
//! Invariant: the process ends with its [`Process`], and when the test process is killed: a small shell waits for our end and kills it.

mod process;

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub use self::process::Process;
use crate::environment;
use crate::output::Output;
use crate::scratch;

/// The `tracechain` program of this build.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn tracechain() -> PathBuf {
    built("tracechain", "standalone")
}

/// The `loadgen` program of this build.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn loadgen() -> PathBuf {
    built("loadgen", "loadgen")
}

fn built(program: &str, package: &str) -> PathBuf {
    let test = std::env::current_exe()
        .unwrap_or_else(|error| panic!("the test does not know its own file: {error}"));
    // A test is target/<profile>/deps/<name>, a program of the workspace target/<profile>/<name>.
    let near = test.ancestors().skip(1).take(2).map(Path::to_path_buf);
    let found = environment::own_programs()
        .into_iter()
        .chain(near)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "there is no `{program}` near {}: run `cargo build -p {package}` first",
            test.display()
        )
    })
}

/// A program about to be started.
#[derive(Debug)]
pub struct Program {
    name: String,
    command: Command,
    folder: Option<tempfile::TempDir>,
}

impl Program {
    /// Prepares a program with an empty environment (but for PATH and TMPDIR) and an empty working directory, so that neither
    /// variables nor a `.env` of the developer reach it.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let folder = scratch::folder("process");
        let folder =
            folder.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let mut command = Command::new(path);
        command.env_clear().envs(environment::passed_on()).current_dir(folder.path());
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { name, command, folder: Some(folder) }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.name.push(' ');
        self.name.push_str(&argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    /// Sets a variable; the last of several with one name counts.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in a folder of the caller's, which is not removed.
    #[must_use]
    pub fn in_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self.folder = None;
        self
    }

    /// Starts it. Its stdin stays open until [`Process::close_stdin`].
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(mut self) -> Process {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let started = self.command.spawn();
        let mut child =
            started.unwrap_or_else(|error| panic!("cannot start {}: {error}", self.name));
        let guard = guard(child.id());
        let output = Output::of(&mut child);
        Process { name: self.name, child, guard, output, _folder: self.folder }
    }
}

/// Kills a process when we are gone: its stdin is a pipe that the kernel closes at our end, whatever ends us.
fn guard(pid: u32) -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "cat >/dev/null; kill -CONT $0; kill -KILL $0", &pid.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().unwrap_or_else(|error| panic!("cannot start /bin/sh: {error}"))
}
