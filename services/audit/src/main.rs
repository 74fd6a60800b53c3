//! The audit-service process: wiring only.

use std::process::ExitCode;

fn main() -> ExitCode {
    audit_service::main(std::env::args_os())
}
