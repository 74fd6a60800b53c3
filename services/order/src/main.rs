//! The order-service process: wiring only.

use std::process::ExitCode;

fn main() -> ExitCode {
    order_service::main(std::env::args_os())
}
