//! Files that are not there, cannot be written, or say something wrong.

use std::fs;

use super::{refused, refused_in};

const HEX: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn a_file_that_is_not_there_is_refused_by_flag_and_name() {
    for (args, flag) in [
        (&["--scenario", "nowhere.toml"][..], "--scenario"),
        (&["--verify", "--contract", "nowhere.toml"], "--contract"),
        (&["verify", "--trace", HEX, "--contract", "nowhere.toml"], "--contract"),
        (&["verify", "--ids", "nowhere.toml"], "--ids"),
        (&["contract", "--from-trace", HEX, "--contract", "nowhere.toml"], "--contract"),
    ] {
        let said = refused(args);
        assert!(said.starts_with(&format!("{flag} is 'nowhere.toml', which ")), "{said}");
        assert!(said.contains("No such file") && said.contains("; accepted: "), "{said}");
    }
    let said = refused(&["--verify", "--contract", "."]);
    assert!(said.starts_with("--contract is '.', which cannot be read (a folder)"), "{said}");
}

#[test]
fn a_report_that_could_not_be_written_is_refused_before_the_load() {
    for args in [
        &["--report", "no/report.json"][..],
        &["--report", "."],
        &["verify", "--trace", HEX, "--report", "no/report.json"],
        &["contract", "--from-trace", HEX, "--output", "no/report.json"],
    ] {
        let said = refused(args);
        assert!(said.contains("which cannot be written ("), "{said}");
        assert!(said.ends_with("accepted: a file in a folder that exists"), "{said}");
    }
}

#[test]
fn a_scenario_file_that_is_wrong_is_refused_by_file_line_and_step() {
    let folder = tempfile::tempdir().unwrap();
    let step = "[[step]]\nmethod = 'GET'\npath = '/'\n";
    for (text, said) in [
        (format!("{step}weigth = 2\n"), "line 4: unknown field `weigth`, expected one of `name`"),
        (
            format!("{step}\n[[step]]\nmethod = 'GET'\npath = 'x'"),
            "line 5: step 2: path is 'x'; accepted",
        ),
        (
            format!("{step}headers = {{ a = '{{{{x}}}}' }}"),
            "step 1: header 'a': '{{x}}' is not known",
        ),
        (format!("{step}body = '{{\"a\": {{{{seq}}}}}}'"), "step 1: body is not JSON"),
        ("not toml".to_owned(), "line 1: "),
    ] {
        fs::write(folder.path().join("own.toml"), text).unwrap();
        let line = refused_in(folder.path(), &["--scenario", "own.toml"], &[]);
        assert!(line.starts_with("scenario own.toml: ") && line.contains(said), "{line}");
    }
    fs::write(folder.path().join("own.toml"), [0xff, 0xfe]).unwrap();
    let line = refused_in(folder.path(), &["--scenario", "own.toml"], &[]);
    assert!(
        line.starts_with("--scenario is 'own.toml', which is neither built in nor a file"),
        "{line}"
    );
}

#[test]
fn the_scenario_of_the_readme_is_one() {
    let readme = include_str!("../../../README.md");
    let section = readme.split("### Scenarios").nth(1).unwrap().split("###").next().unwrap();
    let steps: Vec<_> = section.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert_eq!(steps.iter().filter(|line| **line == "[[step]]").count(), 2, "{steps:?}");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.toml"), steps.join("\n")).unwrap();
    let load = ["--scenario", "own.toml"];
    // It was read, and the next that is wrong is told.
    let line = refused_in(folder.path(), &load, &[]);
    assert!(line.contains("127.0.0.1:1"), "{line}");
    let line = refused_in(folder.path(), &[&load[..], &["--verify"]].concat(), &[]);
    assert!(line.contains("has the contract 'basket', which there is not"), "{line}");
}
