//! Scenario files of any text: each is read, or refused in one line that names the file.
#![no_main]

use clap::Parser;
use libfuzzer_sys::fuzz_target;
use loadgen::{cli::RequestArgs, scenario::Scenario};

mod file;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    requests: RequestArgs,
}

fuzz_target!(|text: &str| {
    let file = file::with(text);
    let args = Args::try_parse_from(["fuzz", "--scenario", &file]);
    let Ok(args) = args else { panic!("the file's name is one") };
    if let Err(error) = Scenario::load(&args.requests) {
        let said = format!("{error:#}");
        assert!(said.contains(&file) && !said.contains('\n'), "{said:?}");
    }
});
