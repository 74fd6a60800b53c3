//! Child processes: what they write is seen, what they are told arrives, and none outlives us.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use testbed::{Port, Process, Program, until};

const DEADLINE: Duration = Duration::from_secs(10);

fn shell(script: &str) -> Program {
    Program::new("/bin/sh").arg("-c").arg(script)
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Reports that it is there, so that no signal comes too early, and never ends by itself.
async fn endless(script: &str) -> Process {
    let process = shell(&format!("{script}; echo here; while :; do sleep 0.05; done")).start();
    process.wait_for_line(|line| line == "here").await;
    process
}

#[tokio::test]
async fn lines_of_both_streams_are_seen_and_json_is_parsed() {
    let mut process =
        shell(r#"echo plain; echo '{"level":"INFO","n":1}'; echo '{"level":"WARN"}' >&2; exit 3"#)
            .start();

    let status = process.wait_exit(DEADLINE).await;

    assert_eq!(status.code(), Some(3));
    assert_eq!(process.json_lines(), [serde_json::json!({"level": "INFO", "n": 1})]);
    let lines: HashSet<_> =
        process.lines().into_iter().map(|line| (line.is_stderr, line.text)).collect();
    assert!(
        lines.contains(&(false, "plain".to_owned()))
            && lines.contains(&(true, r#"{"level":"WARN"}"#.to_owned())),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_process_sees_only_the_variables_that_it_was_given() {
    let mut process = Program::new("/usr/bin/env").env("PORT", "1").env("PORT", "2").start();

    process.wait_exit(DEADLINE).await;

    let names: HashSet<_> = process
        .lines()
        .into_iter()
        .filter_map(|line| Some(line.text.split_once('=')?.0.to_owned()))
        .collect();
    let known = HashSet::from(["PATH", "TMPDIR", "PORT"].map(str::to_owned));
    assert!(names.contains("PORT") && names.is_subset(&known), "{names:?}");
    process.wait_for_line(|line| line == "PORT=2").await;
}

#[tokio::test]
async fn signals_arrive() {
    let mut polite = endless("trap 'echo bye; exit 7' TERM").await;
    polite.sigterm();
    assert_eq!(polite.wait_exit(DEADLINE).await.code(), Some(7));
    polite.wait_for_line(|line| line == "bye").await;

    let mut killed = endless("trap '' TERM").await;
    killed.kill9();
    assert_eq!(killed.wait_exit(DEADLINE).await.signal(), Some(9));
}

#[tokio::test]
async fn stdin_stays_open_until_it_is_closed() {
    let mut process = shell("echo here; cat; echo closed").start();
    process.wait_for_line(|line| line == "here").await;
    assert!(process.exit_status().is_none(), "it has ended though its stdin is open");

    process.close_stdin();

    assert_eq!(process.wait_exit(DEADLINE).await.code(), Some(0));
    process.wait_for_line(|line| line == "closed").await;
}

#[tokio::test]
async fn a_dropped_process_is_gone() {
    let process = endless("trap '' TERM").await;
    let pid = process.pid();

    drop(process);

    assert!(!is_alive(pid), "{pid} is still running");
}

#[tokio::test]
async fn a_process_does_not_survive_a_panicking_test() {
    let process = endless("true").await;
    let pid = process.pid();

    let panicked = std::thread::spawn(move || {
        let _process = process;
        panic!("on purpose");
    });

    assert!(panicked.join().is_err());
    assert!(!is_alive(pid), "{pid} is still running");
}

#[tokio::test]
async fn a_process_does_not_survive_a_killed_test_process() {
    let mut holder = Command::new(env!("CARGO_BIN_EXE_hold_server"))
        .arg("process")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pid = line.split_whitespace().next().unwrap().parse().unwrap();
    assert!(is_alive(pid), "it was not started");

    holder.kill().unwrap();
    holder.wait().unwrap();

    let gone = until(DEADLINE, async || (!is_running(pid)).then_some(())).await;
    assert!(gone.is_some(), "{pid} is still running");
}

/// An orphan may stay a zombie where nobody reaps.
fn is_running(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn no_two_reservations_get_the_same_port() {
    let ports: Vec<_> = (0..50).map(|_| Port::reserve()).collect();
    let numbers: HashSet<_> = ports.iter().map(Port::number).collect();

    assert_eq!(numbers.len(), ports.len());
    assert!(numbers.iter().all(|number| (20_000..30_000).contains(number)), "{numbers:?}");
}
