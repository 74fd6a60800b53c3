//! Every flag's bad values.

use std::collections::BTreeSet;

use super::{help::flags_with_values, refused, refused_in};

const DURATION: &str = "a duration with its unit, at most 365days";
const SHARE: &str = "a share from 0 to 1";
const URL: &str = "http or https, a host and perhaps a port";
const NAME: &str = "printable characters";
const TRACE_ID: &str = "a trace id of 32 hex digits, not all zero";
const HEX: &str = "0af7651916cd43dd8448eb211c80319c";

/// Flag, bad values, what is accepted.
const LOAD: [(&str, &[&str], &str); 26] = [
    ("--target", &["", "localhost:8080", "ftp://h", "http://h/path", "http://h:0"], URL),
    ("--rate", &["", "0", "-1", "fast", "NaN", "inf", "1000001"], "requests per second, 0.001 to"),
    ("--arrivals", &["", "bursts"], "constant, poisson"),
    ("--connections", &["0", "65537", "1.5", "x"], "a whole number from 1 to 65536"),
    ("--ramp", &["100..2000", "1-2/10s", "0..5/1s", "1..2/5"], "FROM..TO/LENGTH in requests"),
    ("--duration", &["", "30", "0s", "-1s", "soon", "366days"], DURATION),
    ("--requests", &["0", "-5", "1e6", "1000000001"], "a whole number from 1 to 1000000000"),
    ("--warm-up", &["5", "0s"], DURATION),
    ("--timeout", &["10", "0ms"], DURATION),
    ("--scenario", &["", "a\nb", " process"], NAME),
    ("--users", &["0", "x", "1000000001"], "a whole number from 1 to 1000000000"),
    ("--seed", &["", "-1", "0x10", "18446744073709551616"], "a whole number from 0 to 1844674407"),
    ("--header", &["x-tenant", ": x", "a b: c", "a: b\nc"], "NAME: VALUE, such as"),
    ("--traces-header", &["x-scope", ": x"], "NAME: VALUE, such as"),
    ("--token", &["two words", "ü", ""], "visible ASCII characters without spaces"),
    ("--peer", &["", "a\tb"], NAME),
    ("--sampled", &["-0.1", "1.1", "10%", "NaN"], SHARE),
    ("--traces", &["127.0.0.1:3200", "http://me:pw@h"], URL),
    ("--backend", &["zipkin", "Tempo"], "tempo, jaeger"),
    ("--verify-timeout", &["30"], DURATION),
    ("--verify-concurrency", &["0", "1025"], "a whole number from 1 to 1024"),
    ("--verify-after", &["2", "0s"], DURATION),
    ("--killed", &[""], NAME),
    ("--max-p99", &["250", "fast"], DURATION),
    ("--max-error-rate", &["1%", "2"], SHARE),
    ("--progress", &["", "sometimes"], "auto, always, never"),
];

/// Files, which are opened: `files.rs`. And a name that may be anything.
const ELSEWHERE: [&str; 3] = ["--contract", "--report", "--otel-service-name"];

/// An address is shown without what may be a password; of several lines the first is looked at here.
fn without_secrets(value: &str) -> String {
    let line = value.lines().next().unwrap_or_default();
    let line = line.split_once('?').map_or(line.to_owned(), |(line, _)| format!("{line}?..."));
    line.rsplit_once('@').map_or(line.clone(), |(_, host)| format!("...@{host}"))
}

fn assert_refused(subcommand: &[&str], (flag, values, accepted): (&str, &[&str], &str)) {
    for value in values {
        let said = refused(&[subcommand, &[&format!("{flag}={value}")]].concat());
        let is_secret = ["--token", "--header", "--traces-header"].contains(&flag);
        let shown = if is_secret { "(not shown)".to_owned() } else { without_secrets(value) };
        assert!(said.contains(flag), "{flag}={value}: {said}");
        assert!(said.contains(&format!("is '{shown}")), "{flag}={value}: {said}");
        assert!(!said.contains("me:pw"), "{said}");
        if !value.contains('\n') || shown == "(not shown)" {
            assert!(said.contains(&format!("': accepted: {accepted}")), "{flag}={value}: {said}");
        }
    }
}

#[test]
fn every_bad_value_is_refused_by_flag_value_and_what_is_accepted() {
    for case in LOAD {
        assert_refused(&[], case);
    }
}

#[test]
fn every_bad_value_of_the_subcommands_is_refused_in_the_same_way() {
    for case in [
        ("--trace", &["", "0af7", &HEX.replace('0', "g"), &"0".repeat(32)][..], TRACE_ID),
        ("--against", &[""], NAME),
        ("--killed", &["a\u{7f}"], NAME),
        ("--traces", &["h"], URL),
        ("--backend", &["x"], "tempo, jaeger"),
        ("--verify-timeout", &["1"], DURATION),
        ("--verify-concurrency", &["-1"], "a whole number from 1 to 1024"),
    ] {
        assert_refused(&["verify"], case);
    }
    for case in
        [("--from-trace", &["x"][..], TRACE_ID), ("--name", &[""], NAME), ("--traces", &["h"], URL)]
    {
        assert_refused(&["contract"], case);
    }
}

#[test]
fn every_flag_that_takes_a_value_has_a_bad_one_here() {
    let covered: BTreeSet<String> =
        LOAD.iter().map(|case| case.0).chain(ELSEWHERE).map(str::to_owned).collect();
    // Telemetry's are the same for every program of the workspace and proven there; one is below.
    let own =
        |flag: &String| !["--otel-", "--log-", "--metrics-"].iter().any(|p| flag.starts_with(p));
    let flags: BTreeSet<String> = flags_with_values(&[]).into_iter().filter(own).collect();
    let missing: Vec<_> = flags.difference(&covered).collect();
    assert!(flags.len() > 20 && missing.is_empty(), "without a case: {missing:?}");
}

#[test]
fn telemetry_s_values_are_refused_too() {
    for case in [
        ("--otel-traces-sampler", &["half"][..], "always_on, always_off"),
        ("--otel-exporter-otlp-endpoint", &["ftp://h"], "an http:// or https:// URL"),
        ("--otel-exporter-otlp-timeout", &["soon"], "a whole number"),
        ("--metrics-port", &["x"], "a whole number"),
        ("--metrics-host", &["localhost"], "an IP address"),
        ("--log-level", &["loud!"], ""),
    ] {
        assert_refused(&[], case);
    }
}

#[test]
fn a_variable_s_bad_value_is_told_by_the_variable_s_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, flag) in [
        ("LOADGEN_TARGET", "8080", "target"),
        ("LOADGEN_TRACES", "3200", "traces"),
        ("OTEL_BSP_SCHEDULE_DELAY", "1s", "otel-bsp-schedule-delay"),
    ] {
        let said = refused_in(folder.path(), &[], &[(name, value)]);
        assert!(
            said.starts_with(&format!("{name} (or --{flag}) is '{value}': accepted: ")),
            "{said}"
        );
    }
    let said = refused_in(folder.path(), &["verify", "--trace", HEX], &[("LOADGEN_TRACES", "x")]);
    assert!(said.starts_with("LOADGEN_TRACES (or --traces) is 'x': accepted: http"), "{said}");
    let said = refused_in(folder.path(), &[], &[("API_TOKEN", "se cret")]);
    assert!(said.starts_with("API_TOKEN (or --token) is '(not shown)'"), "{said}");
}

#[test]
fn a_flag_without_its_value_and_an_unknown_flag_are_refused() {
    let said = refused(&["--rate"]);
    assert!(said.contains("a value is required for '--rate"), "{said}");
    assert!(refused(&["--rat", "5"]).contains("unexpected argument '--rat'"));
    assert!(refused(&["verfy"]).contains("'verfy'"));
    assert!(refused(&["verify", "--rate", "5"]).contains("'--rate'"));
    assert!(refused(&["--rate", "5", "verify", "--trace", HEX]).contains("'verify'"));
}
