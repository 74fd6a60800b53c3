//! What the program says of itself.

use clap::CommandFactory;

use super::{loadgen, text};

fn help(args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = loadgen(folder.path(), args, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The flags of a subcommand, or without a name those of the program, as its parser knows them.
fn flags(subcommand: &[&str], takes_value: bool) -> Vec<String> {
    let command = loadgen::cli::Cli::command();
    let command = match subcommand {
        [name] => command.find_subcommand(name).unwrap().clone(),
        _ => command,
    };
    let args =
        command.get_arguments().filter(|arg| !takes_value || arg.get_action().takes_values());
    args.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect()
}

/// As [`flags`], those with a value.
pub(super) fn flags_with_values(subcommand: &[&str]) -> Vec<String> {
    flags(subcommand, true)
}

#[test]
fn help_has_every_flag_with_its_description() {
    for subcommand in [&[][..], &["verify"], &["contract"]] {
        let long = help(&[subcommand, &["--help"]].concat());
        let flags = flags(subcommand, false);
        assert!(flags.len() > 5, "{flags:?}");
        for flag in flags {
            let heads = |line: &str| line.trim_start().split([' ', ',']).any(|word| word == flag);
            let is_head = |line: &str| line.trim_start().starts_with('-') && heads(line);
            let line = long.lines().position(is_head);
            let described = line.and_then(|line| long.lines().nth(line + 1));
            let described = described.is_some_and(|line| line.trim().len() > 10);
            assert!(described, "{subcommand:?} {flag}:\n{long}");
        }
    }
}

#[test]
fn help_has_examples_that_the_parser_takes_and_the_exit_codes() {
    use clap::Parser;

    let long = help(&["--help"]);
    let examples: Vec<&str> =
        long.lines().filter(|line| line.starts_with("    loadgen ")).collect();
    assert!(examples.len() >= 5, "{long}");
    for example in examples {
        let parsed = loadgen::cli::Cli::try_parse_from(example.split_whitespace());
        assert!(parsed.is_ok(), "{example}: {parsed:?}");
    }
    for code in ["0  good", "1  a threshold", "2  bad arguments", "3  a trace is not whole"] {
        assert!(long.contains(code), "{code}");
    }
}

#[test]
fn the_short_help_and_the_version_are_there() {
    assert!(help(&["-h"]).contains("Exit codes:"));
    assert_eq!(help(&["--version"]), format!("loadgen {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_parser_is_sound() {
    loadgen::cli::Cli::command().debug_assert();
}
