//! What the surroundings say: folders, the run that this process belongs to, and which engines are known to be missing.
//!
//! The only module of the crate that reads environment variables.
#![expect(clippy::disallowed_methods, reason = "this is the configuration of the testbed")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder for what is expensive to make and worth keeping: `TRACECHAIN_CACHE`, else `.cache` in the repository.
pub(crate) fn cache() -> PathBuf {
    env::var_os("TRACECHAIN_CACHE")
        .filter(|path| !path.is_empty())
        .map_or_else(|| workspace().join(".cache"), PathBuf::from)
}

/// What `infra/test.sh` could not get, by name, as in `TRACECHAIN_NOT_RUN=mysql,jaeger`.
pub(crate) fn listed_as_not_run(name: &str) -> bool {
    env::var("TRACECHAIN_NOT_RUN")
        .is_ok_and(|list| list.split(',').any(|entry| entry.trim() == name))
}

/// The file in which tests leave a line about what they could not run; `infra/test.sh` prints it at the end.
pub(crate) fn not_run_report() -> Option<PathBuf> {
    env::var_os("TRACECHAIN_NOT_RUN_REPORT").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// A program of this name on the `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A folder of this name beside what is on the `PATH`: `infra/test.sh` puts there where it keeps what it has fetched.
pub(crate) fn folder_on_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|folder| folder.is_dir())
}

/// `NGINX_OTEL_MODULE`: the file of nginx's OpenTelemetry module, built for the nginx that is installed.
pub(crate) fn nginx_otel_module() -> Option<PathBuf> {
    env::var_os("NGINX_OTEL_MODULE").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The folder in which `infra/programs.sh` keeps what it has built.
pub(crate) fn programs() -> PathBuf {
    let given = env::var_os("TRACECHAIN_CACHE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let of_user =
        || env::home_dir().unwrap_or_else(|| PathBuf::from("/")).join(".cache/tracechain");
    given.unwrap_or_else(of_user).join("bin")
}

/// The file that a variable names.
pub(crate) fn file_of(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// What a child process keeps of our environment when everything else is cleared.
pub(crate) fn passed_on() -> Vec<(&'static str, std::ffi::OsString)> {
    ["PATH", "TMPDIR"].into_iter().filter_map(|name| Some((name, env::var_os(name)?))).collect()
}

/// `TRACECHAIN_PROGRAMS`: a folder with the programs of this workspace, where they are not those of this build.
pub(crate) fn own_programs() -> Option<PathBuf> {
    env::var_os("TRACECHAIN_PROGRAMS").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The root of the repository.
pub(crate) fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// A process that outlives all test binaries of one run: `cargo test` itself, or the one that `TRACECHAIN_TEST_RUN` names by its id.
///
/// The start time goes with the id, because ids are used again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) pid: u32,
    started: String,
}

impl Run {
    /// The run that this process belongs to, or `None` when it was started by none of `infra/test.sh`, cargo and nextest.
    pub(crate) fn current() -> Option<Self> {
        let given = env::var("TRACECHAIN_TEST_RUN").ok().and_then(|pid| pid.parse().ok());
        if let Some(pid) = given {
            return Some(Self { pid, started: stat_field(pid, 22)? });
        }
        let parent = std::os::unix::process::parent_id();
        let name = fs::read_to_string(format!("/proc/{parent}/comm")).ok()?;
        let started = stat_field(parent, 22)?;
        matches!(name.trim(), "cargo" | "cargo-nextest").then_some(Self { pid: parent, started })
    }

    /// A name that no other run has, as part of a file name.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.pid, self.started)
    }
}

/// A field of `/proc/<pid>/stat`, numbered from 1 as in proc(5), from the third on.
pub(crate) fn stat_field(pid: u32, number: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in brackets, which may hold spaces and brackets.
    let rest = stat.rsplit_once(") ")?.1;
    rest.split_whitespace().nth(number.checked_sub(3)?).map(str::to_owned)
}
