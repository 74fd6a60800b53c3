//! The user-service process: wiring only.

use std::process::ExitCode;

fn main() -> ExitCode {
    user_service::main(std::env::args_os())
}
