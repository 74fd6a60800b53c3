//! What the program refuses and explains before it sends anything, by the real binary.

#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have fails it")]

use std::{
    path::Path,
    process::{Command, Output},
};

mod ending;
mod files;
mod help;
mod together;
mod unreachable;
mod values;

/// The program in an empty folder, without any variable; where a case is not refused after all, its load meets nobody.
fn loadgen(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.env_clear().env("LOADGEN_TARGET", "http://127.0.0.1:1").current_dir(folder);
    command.args(args).envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The line that says why it refused, after the exit code has been seen to be 2 and nothing else to be said.
fn refused_in(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> String {
    let output = loadgen(folder, args, variables);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?} {variables:?}: {said}");
    assert!(output.stdout.is_empty(), "{args:?}: {}", text(&output.stdout));
    let line = said.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ");
    line.unwrap_or_else(|| panic!("{args:?}: {said}")).to_owned()
}

fn refused(args: &[&str]) -> String {
    refused_in(tempfile::tempdir().unwrap().path(), args, &[])
}
