//! `loadgen verify` and `loadgen contract`, as a user runs them.

use std::{fs, path::Path, process::Output};

use testbed::{Port, Sink};

use crate::made;

async fn loadgen(args: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(args).env_clear().stdin(std::process::Stdio::null()).kill_on_drop(true);
    command.output().await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn refused(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = text(&output.stderr).trim_end();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// A viewer with made traces 1 to 3, the third without its last span; and a contract for them.
async fn prepared(folder: &Path) -> (Sink, String) {
    let sink = Sink::start().await;
    let mut third = made::trace(3);
    third.pop();
    let spans = made::trace(1).into_iter().chain(made::trace(2)).chain(third);
    made::send(&sink.endpoint(), spans).await;
    let contract = folder.join("made.toml").display().to_string();
    let id = made::id(1).to_string();
    let args = ["contract", "--from-trace", &id, "--name", "made", "--output", &contract];
    let written = loadgen(&[&args[..], &["--traces", &sink.query_url()]].concat()).await;
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    (sink, contract)
}

#[tokio::test]
async fn a_contract_written_from_a_good_trace_tells_good_traces_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, contract) = prepared(folder.path()).await;
    let ids = folder.path().join("ids.txt");
    fs::write(&ids, format!("{}\n\n{}\n", made::id(1), made::id(2))).unwrap();
    let (ids, url) = (ids.display().to_string(), sink.query_url());
    let common = ["--contract", &contract, "--against", "made", "--traces", &url];

    let good = loadgen(&[&["verify", "--ids", &ids], &common[..]].concat()).await;
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    assert_eq!(text(&good.stdout), "2 of 2 traces whole\n", "{good:?}");

    let third = made::id(3).to_string();
    let report = folder.path().join("report.json").display().to_string();
    let more = ["--trace", &third, "--verify-timeout", "1s", "--report", &report];
    let bad = loadgen(&[&["verify", "--ids", &ids], &common[..], &more[..]].concat()).await;
    assert_eq!(bad.status.code(), Some(3), "{bad:?}");
    assert!(text(&bad.stdout).contains("2 of 3 traces whole"), "{bad:?}");
    assert!(text(&bad.stdout).contains(&third), "{bad:?}");
    let report = fs::read_to_string(report).unwrap();
    let json: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(json.to_string().contains(&third), "{json}");
}

#[tokio::test]
async fn a_contract_goes_to_standard_output_under_the_name_of_the_root_span() {
    let sink = Sink::start().await;
    made::send(&sink.endpoint(), made::trace(1)).await;
    let (id, url) = (made::id(1).to_string(), sink.query_url());
    let written = loadgen(&["contract", "--from-trace", &id, "--traces", &url]).await;
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    assert!(text(&written.stdout).starts_with("name = \"GET /users\"\n"), "{written:?}");
}

#[tokio::test]
async fn no_contract_is_written_from_what_is_no_whole_tree() {
    let sink = Sink::start().await;
    let mut trace = made::trace(1);
    trace.remove(2);
    made::send(&sink.endpoint(), trace).await;
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("contract.toml").display().to_string();
    for (number, why) in [(1, "2 of its spans have no parent"), (2, "not there")] {
        let (id, url) = (made::id(number).to_string(), sink.query_url());
        let args = ["contract", "--from-trace", &id, "--traces", &url, "--output", &output];
        let refused = loadgen(&[&args[..], &["--verify-timeout", "1s"]].concat()).await;
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_cannot_be_begun_is_told_in_one_line_and_is_exit_code_2() {
    let sink = Sink::start().await;
    let (id, url) = (made::id(1).to_string(), sink.query_url());
    let unknown =
        loadgen(&["verify", "--trace", &id, "--against", "nothing", "--traces", &url]).await;
    let said = refused(&unknown);
    assert!(said.contains("--against 'nothing'") && said.contains("accepted: process, "), "{said}");

    let nobody = Port::reserve();
    let away = format!("http://127.0.0.1:{}", nobody.number());
    for args in [["verify", "--trace"], ["contract", "--from-trace"]] {
        let output = loadgen(&[args[0], args[1], &id, "--traces", &away]).await;
        let said = refused(&output);
        assert!(said.contains(&away) && said.contains("cannot be reached"), "{said}");
    }

    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids.txt");
    fs::write(&ids, format!("{id}\nxyz\n")).unwrap();
    let ids = ids.display().to_string();
    let bad_line = loadgen(&["verify", "--ids", &ids, "--traces", &url]).await;
    assert!(refused(&bad_line).contains("line 2: 'xyz'; accepted: "), "{bad_line:?}");
    let nowhere = loadgen(&["verify", "--ids", "/nowhere/ids.txt", "--traces", &url]).await;
    assert!(refused(&nowhere).contains("/nowhere/ids.txt"), "{nowhere:?}");
}
