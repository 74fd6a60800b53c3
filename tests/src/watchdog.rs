//! Runs a server so that it never outlives its owner, however that ends.
//!
//! A small shell is between us and the server. It waits for the end of its owner, kills the server and removes the server's folder.
//! The owner is this process (the shell's stdin is a pipe that the kernel closes when we die, also by SIGKILL) or the whole test run (`tail --pid`).

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::account::Account;
use crate::environment::Run;

/// $1 signal that ends the server at once, $2 its folder, $3 pid of the owner or 0 for the other end of stdin, then the server's command.
///
/// `true` rather than `:` marks the end: where somebody has removed the folder already, a failing `:` would end the subshell before it kills.
/// Children are continued and killed as well: a stopped process acts on no other signal, and Postgres' backends are processes of their own.
const SCRIPT: &str = r#"
signal=$1 folder=$2 owner=$3
shift 3
cd "$folder" || exit 1
exec 3<&0
"$@" </dev/null >>"$folder/log" 2>&1 3<&- &
server=$!
echo "$server"
exec >/dev/null
(
    if [ "$owner" = 0 ]; then cat <&3 >/dev/null; else tail -s 0.5 --pid="$owner" -f /dev/null 3<&-; fi
    true >"$folder/ending"
    children=$(cat "/proc/$server/task/$server/children" 2>/dev/null)
    kill -CONT $server $children 2>/dev/null
    kill -"$signal" $server 2>/dev/null
    tries=0
    while kill -0 $server 2>/dev/null && [ $tries -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
    kill -KILL $server $children 2>/dev/null
    cd /
    rm -rf "$folder"
) 2>/dev/null &
killer=$!
wait "$server"
status=$?
if [ "$owner" != 0 ] || [ -e "$folder/ending" ] || [ ! -e "$folder" ]; then wait "$killer"; else kill "$killer"; fi
exit "$status"
"#;

/// Who must be alive for a server to be.
#[derive(Clone, Debug)]
pub(crate) enum Owner {
    /// This process, or rather this value: dropping it ends the server.
    Process,
    /// `cargo test` or nextest.
    Run(Run),
}

/// A server that runs under a watchdog.
#[derive(Debug)]
pub(crate) struct Watched {
    watchdog: Child,
    server: u32,
}

impl Watched {
    /// Starts `server` with its output in `folder/log`.
    pub(crate) fn start(
        server: &Command,
        account: Option<Account>,
        signal: &str,
        folder: &Path,
        owner: &Owner,
    ) -> Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "tracechain-watchdog", signal]).arg(folder);
        command.arg(match owner {
            Owner::Process => OsString::from("0"),
            Owner::Run(run) => run.pid.to_string().into(),
        });
        command.arg(server.get_program()).args(server.get_args());
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        // Ctrl-C goes to the terminal's process group; the server is ended by its owner's end instead.
        command.process_group(0).current_dir("/").stdout(Stdio::piped()).stderr(Stdio::null());
        command.stdin(if matches!(owner, Owner::Process) { Stdio::piped() } else { Stdio::null() });
        if let Some(account) = account {
            account.apply(&mut command);
        }
        let mut watchdog = command.spawn().context("cannot start /bin/sh")?;
        let mut line = String::new();
        let output = watchdog.stdout.take().context("the watchdog has no stdout")?;
        BufReader::new(output).read_line(&mut line)?;
        let server = line
            .trim()
            .parse()
            .with_context(|| format!("the watchdog did not start in {}", folder.display()))?;
        Ok(Self { watchdog, server })
    }

    /// The process id of the server.
    pub(crate) fn server(&self) -> u32 {
        self.server
    }

    /// Whether the server has ended, by itself or otherwise.
    pub(crate) fn has_ended(&self) -> bool {
        !Path::new(&format!("/proc/{}", self.server)).exists()
    }

    /// Whether the watchdog has ended too, so that the folder is nobody's any more. Only of a server that we own.
    pub(crate) fn is_over(&mut self) -> bool {
        self.watchdog.try_wait().map_or(true, |status| status.is_some())
    }

    /// Kills the server. One that we own is gone when this returns, and its folder with it; that of a run goes with the run.
    pub(crate) fn end(&mut self) {
        if let Some(pipe) = self.watchdog.stdin.take() {
            drop(pipe);
            // Nothing useful can be done about an error: the process is gone either way.
            let _ = self.watchdog.wait();
        } else if let Ok(server) = i32::try_from(self.server) {
            let _ = kill(Pid::from_raw(server), Signal::SIGKILL);
        }
    }
}
