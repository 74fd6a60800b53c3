//! The `loadgen` program: wiring only.

use std::process::ExitCode;

fn main() -> ExitCode {
    loadgen::main(std::env::args_os())
}
