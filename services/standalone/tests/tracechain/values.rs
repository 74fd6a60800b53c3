//! Values of a service that are refused.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::place::{Place, text};

/// What one service says when it ends at once with `variables`.
fn ended(place: &Place, service: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let port = place.port("USER_PORT").to_string();
    let mut given = vec![("PORT", port.as_str()), ("DATABASE_URL", "sqlite:own.db")];
    given.extend(variables);
    let output = within_a_minute(&mut place.command(&[service], &given));
    (output.status.code(), text(&output.stderr))
}

/// A service that starts after all is killed, which is no exit code: else its test would never end.
fn within_a_minute(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let (ended, end) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if end.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            kill(pid, Signal::SIGKILL).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    output
}

#[test]
fn a_configuration_that_shows_as_wrong_only_late_is_2_as_well() {
    let place = Place::new();
    for (name, value) in [
        ("DATABASE_URL", "mysql://app:s3cret@127.0.0.1:1/users"),
        ("DATABASE_URL", "postgres://app:s3cret@127.0.0.1:1/users?sslmode=perhaps"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "nowhere.pem"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "16384"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "4096"),
        ("NEXT_SERVICE_URL", "ftp://next"),
    ] {
        let (code, said) = ended(&place, "user", &[(name, value)]);

        assert_eq!(code, Some(2), "{name}={value}: {said}");
        assert!(said.contains(name) && !said.contains("s3cret"), "{name}={value}: {said}");
    }
}

#[test]
fn a_bad_number_or_address_is_told_what_is_accepted() {
    let place = Place::new();
    for (name, values, accepted) in [
        ("DB_POOL_SIZE", ["0", "many", "1001"], "a whole number from 1 to 1000"),
        ("MAX_IN_FLIGHT", ["0", "-1", "100001"], "a whole number from 1 to 100000"),
        ("MAX_CONNECTIONS", ["0", "1.5", "1000001"], "a whole number from 1 to 1000000"),
        ("WORKER_THREADS", ["0", "x", "1025"], "a whole number from 1 to 1024"),
        ("PORT", ["-1", "http", "65536"], "a whole number from 1 to 65535, or 0 for a free port"),
        ("METRICS_PORT", ["-1", "http", "65536"], "a whole number from 1 to 65535"),
        ("HOST", ["localhost", "1.2.3", "*"], "an IP address of this machine"),
        (
            "OTEL_PROPAGATORS",
            ["b3", "tracecontext;baggage", "none,baggage"],
            "tracecontext, baggage",
        ),
    ] {
        for value in values {
            let (code, said) = ended(&place, "user", &[(name, value)]);

            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains(&format!("is '{value}': accepted: {accepted}")), "{said}");
            assert_eq!(said.matches(&format!("{name} ")).count(), 1, "{said}");
        }
    }
}

#[test]
fn what_an_address_must_not_hold_is_not_shown() {
    let place = Place::new();
    for (name, value, shown) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:s3cret@host:4318", "is '...@host:4318'"),
        ("NEXT_SERVICE_URL", "http://host:5002/?key=s3cret", "is 'http://host:5002/?...'"),
    ] {
        let (code, said) = ended(&place, "user", &[(name, value)]);

        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(name) && said.contains(shown), "{said}");
        assert!(said.contains("without user, password or query"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn the_file_of_another_service_is_2_and_is_named() {
    let place = Place::new();
    let mut audit = place
        .command(
            &["audit", "--exit-on-stdin-close"],
            &[("DATABASE_URL", "sqlite:own.db"), ("PORT", "0")],
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(audit.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("Database is ready")));
    drop(audit.stdin.take());
    audit.wait().unwrap();

    let (code, said) = ended(&place, "user", &[]);

    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("own.db"), "{said}");
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_by_everyone_and_not_shown() {
    let place = Place::new();
    let given = [("API_TOKEN", "s3cret of mine")];
    let all = place.command(&[], &given).output().unwrap();
    let viewer = place.command(&["viewer"], &given).output().unwrap();
    let (code, said) = ended(&place, "user", &given);

    assert_eq!((all.status.code(), viewer.status.code(), code), (Some(2), Some(2), Some(2)));
    for said in [text(&all.stderr), text(&viewer.stderr), said] {
        assert!(said.contains("API_TOKEN"), "{said}");
        assert!(said.contains("accepted: 1 to 4096 characters of A-Z"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_fault_that_is_none_is_told_what_is_accepted_by_every_service() {
    let place = Place::new();
    for service in ["gateway", "user", "order", "audit"] {
        for (name, value, accepted) in [
            ("FAULTS", "slow=1s", "'slow=1s' in it: accepted: latency, error, drop_context"),
            ("FAULTS", "pool=2,latency=soon", "'latency=soon' in it: accepted: latency=DURATION"),
            ("FAULTS", "error=200", "'error=200' in it: accepted: error=STATUS"),
            ("LAB", "maybe", "accepted: true, false"),
        ] {
            let (code, said) = ended(&place, service, &[(name, value)]);

            assert_eq!(code, Some(2), "{service}: {said}");
            assert!(said.contains(&format!("{name} (or --")), "{service}: {said}");
            assert!(said.contains(&format!("is '{value}': {accepted}")), "{service}: {said}");
        }
    }
}

#[test]
fn a_value_that_is_no_text_is_named() {
    let place = Place::new();
    let mut command = place.command(&["user"], &[("DATABASE_URL", "sqlite:own.db")]);

    let output = command.env("MAX_IN_FLIGHT", OsStr::from_bytes(b"\xff")).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("MAX_IN_FLIGHT is not text: accepted: UTF-8"), "{said}");
}

#[test]
fn migrate_reads_what_a_service_reads() {
    let place = Place::new();
    let migrate = |size| {
        let given = [("DATABASE_URL", "sqlite:own.db"), ("DB_POOL_SIZE", size)];
        place.command(&["migrate", "user"], &given).output().unwrap()
    };

    let (unset, wrong) = (migrate(""), migrate("many"));

    assert!(unset.status.success(), "{}", text(&unset.stderr));
    assert_eq!(wrong.status.code(), Some(2));
    let said = text(&wrong.stderr);
    assert!(said.contains("DB_POOL_SIZE (or --db-pool-size) is 'many': accepted"), "{said}");
}
