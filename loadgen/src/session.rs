//! One run of the program, put together.

use std::{ffi::OsString, process::ExitCode};

/// Runs the program with `args` (its name first).
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match shared::config::parse::<crate::cli::Cli>(args) {
        Ok(_) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}
