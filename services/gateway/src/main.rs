//! The gateway process: wiring only.

fn main() -> std::process::ExitCode {
    gateway::main(std::env::args_os())
}
