//! The program behind `infra/drills.sh`.

use std::process::{Command, Output};

use testbed::drills::Drill;

fn drills(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drills")).args(args).output().unwrap()
}

#[test]
fn the_list_names_every_drill_and_what_it_breaks() {
    let output = drills(&["--list"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, Drill::ALL.map(Drill::name));
    assert!(output.status.success());
}

#[test]
fn a_drill_that_there_is_not_is_an_error_that_says_where_they_are_named() {
    let output = drills(&["--only", "kill-everybody"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("kill-everybody") && text.contains("--list"), "{text}");
}
