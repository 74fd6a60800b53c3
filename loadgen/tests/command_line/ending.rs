//! How a run ends, and that what it found out is kept whatever becomes of the places where it is told.

use std::{
    fs::{self, OpenOptions},
    io::Read as _,
    os::unix::fs::FileTypeExt as _,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use testbed::{Reply, Upstream};

use super::text;

/// A load of three requests unless `prepare` says otherwise, which are answered with `status`.
async fn run(folder: &Path, status: u16, prepare: impl FnOnce(&mut Command) + Send) -> Output {
    let target = Upstream::start(move |_| Reply::json(status, &json!({}))).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.env_clear().env("OTEL_TRACES_EXPORTER", "none").current_dir(folder);
    command.args(["--target", &target.url()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    prepare(&mut command);
    if !command.get_args().any(|arg| arg == "--requests" || arg == "--duration") {
        command.args(["--requests", "3"]);
    }
    let mut command = tokio::process::Command::from(command);
    let ended = command.kill_on_drop(true).spawn().unwrap().wait_with_output();
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap().unwrap()
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}

#[tokio::test]
async fn a_run_is_good_when_something_was_answered_as_expected_and_not_when_nothing_was() {
    let folder = tempfile::tempdir().unwrap();
    let good = run(folder.path(), 200, |_| {}).await;
    assert_eq!(good.status.code(), Some(0), "{good:?}");

    let bad = run(folder.path(), 503, |_| {}).await;
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    let said = text(&bad.stdout);
    let expected = "\nFailed      not one of 3 requests was answered as expected\n";
    assert!(said.ends_with(expected), "{said}");
}

#[tokio::test]
async fn a_stdout_that_is_full_or_gone_costs_neither_the_report_nor_the_exit_code() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (status, code) in [(200, 0), (503, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let ran = run(folder.path(), status, |command| {
            command.args(["--report", "report.json"]).stdout(full());
        });
        let ran = ran.await;
        let said = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(code), "{said}");
        assert!(said.starts_with("error: standard output cannot be written: "), "{said}");
        assert_eq!(report(folder.path())["exit_code"], code);

        let folder = tempfile::tempdir().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = run(folder.path(), status, |command| {
            command.args(["--report", "report.json"]).stdout(writer).stderr(full());
        });
        assert_eq!(ran.await.status.code(), Some(code));
        assert_eq!(report(folder.path())["exit_code"], code);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_written_after_the_load_is_told_and_is_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), 200, |command| {
        command.args(["--report", "/dev/full"]);
    });
    let ran = ran.await;
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let said = text(&ran.stderr);
    assert!(said.starts_with("error: the report could not be written to /dev/full: "), "{said}");
    assert!(text(&ran.stdout).starts_with("http://"), "the table is still there: {ran:?}");
}

#[tokio::test]
async fn a_report_goes_through_a_pipe_to_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        tokio::task::spawn_blocking(move || fs::read(pipe).unwrap())
    };
    let ran = run(folder.path(), 200, |command| {
        command.args(["--report", "pipe"]);
    });
    assert_eq!(ran.await.status.code(), Some(0));
    let read = tokio::time::timeout(Duration::from_secs(60), reader).await.unwrap().unwrap();
    let report: Value = serde_json::from_slice(&read).unwrap();
    assert_eq!(report["total"]["requests"], 3);
    assert!(fs::symlink_metadata(pipe).unwrap().file_type().is_fifo());
}

#[tokio::test]
async fn a_report_to_where_standard_output_goes_stands_before_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let out = fs::File::create(folder.path().join("out")).unwrap();
    let ran = run(folder.path(), 200, |command| {
        command.args(["--report", "/dev/stdout"]).stdout(out);
    });
    assert_eq!(ran.await.status.code(), Some(0));
    let mut said = String::new();
    fs::File::open(folder.path().join("out")).unwrap().read_to_string(&mut said).unwrap();
    let (json, table) = said.split_once("\n}\n").unwrap();
    assert!(serde_json::from_str::<Value>(&format!("{json}}}")).is_ok(), "{said}");
    assert!(table.starts_with("http://") && table.contains("\nRequests    3 in "), "{said}");
}

#[tokio::test]
async fn a_number_of_requests_takes_until_its_last_answer_and_a_small_rate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), 200, |command| {
        command.args(["--rate", "0.001", "--requests", "1", "--report", "report.json"]);
    });
    let ran = ran.await;
    let elapsed = report(folder.path())["elapsed_seconds"].as_f64().unwrap();
    assert!(elapsed > 0.0 && elapsed < 60.0, "{elapsed}, not the 1000 s to the next one");
    let said = text(&ran.stdout);
    assert!(said.contains(" s, 0.00100/s asked, "), "{said}");
}

#[tokio::test]
async fn a_duration_is_kept_to_its_end_whenever_the_last_request_left() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), 200, |command| {
        command.args(["--rate", "1", "--duration", "1s", "--report", "report.json"]);
    });
    let ran = ran.await;
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let elapsed = report(folder.path())["elapsed_seconds"].as_f64().unwrap();
    assert!(elapsed >= 1.0, "{elapsed}");
}
