//! What the program refuses, answers and explains before any service runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::place::{PORT_VARIABLES, Place};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs it to its end, with nothing started and nothing left behind.
fn refused(place: &Place, variables: &[(&str, &str)]) -> Output {
    let output = place.command(&[], variables).output().unwrap();
    assert!(!text(&output.stderr).contains("is ready"), "{}", text(&output.stderr));
    assert!(!place.path(".tracechain").exists());
    output
}

/// Answers one request with `status` and a body.
fn answer_once(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 2048]);
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 7\r\n\r\n{{\"a\":1}}");
        let _ = connection.write_all(answer.as_bytes());
    });
    address
}

#[test]
fn a_taken_port_is_named_with_its_variable_whichever_it_is() {
    for variable in PORT_VARIABLES {
        let place = Place::new();
        let port = place.port(variable);
        let _stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();

        let output = refused(&place, &[]);

        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            text(&output.stderr),
            format!(
                "tracechain: port {port} on 127.0.0.1 is taken by another program: \
                 stop that one, or set {variable} to a free port\n"
            )
        );
    }
}

#[test]
fn two_services_on_one_port_are_refused() {
    let place = Place::new();
    let port = place.port("ORDER_PORT").to_string();

    let output = refused(&place, &[("USER_PORT", &port)]);

    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("ORDER_PORT and USER_PORT both ask for port"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_variable_that_differs_per_process_is_refused_without_a_prefix() {
    let place = Place::new();
    for (name, value) in [
        ("PORT", "6000"),
        ("METRICS_PORT", "6000"),
        ("OTEL_SERVICE_NAME", "all"),
        ("NEXT_SERVICE_URL", "http://127.0.0.1:1"),
        ("DATABASE_URL", "sqlite:all.db"),
    ] {
        let output = refused(&place, &[(name, value)]);

        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("{name} is different in every service")), "{said}");
        assert!(said.contains(&format!("USER_{name}")), "{said}");
    }
}

#[test]
fn it_is_refused_from_the_file_as_well() {
    let place = Place::new();
    std::fs::write(place.path(".env"), "DATABASE_URL=sqlite:all.db\n").unwrap();

    let output = refused(&place, &[]);

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("USER_DATABASE_URL"), "{}", text(&output.stderr));
}

#[test]
fn a_file_that_cannot_be_understood_is_refused_with_line_and_name_and_without_its_secret() {
    let place = Place::new();
    let line = "USER_DATABASE_URL=postgres://u:topsecret@127.0.0.1:1/x y\n";
    std::fs::write(place.path(".env"), format!("LOG_LEVEL=info\n{line}")).unwrap();

    for args in [&[][..], &["user"][..]] {
        let output = place.command(args, &[]).output().unwrap();

        let said = text(&output.stderr) + &text(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("line 2 (USER_DATABASE_URL)") && said.contains("quotes"), "{said}");
        assert!(!said.contains("topsecret"), "{said}");
    }
}

#[test]
fn a_folder_in_the_place_of_the_file_is_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path(".env")).unwrap();

    for args in [&[][..], &["user"][..]] {
        let output = place.command(args, &[]).output().unwrap();

        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(".env cannot be read"), "{said}");
    }
}

#[test]
fn a_file_in_the_folder_above_is_not_read() {
    let place = Place::new();
    std::fs::write(place.path(".env"), "DATABASE_URL=no-address\nPORT=no-port\n").unwrap();
    std::fs::create_dir(place.path("below")).unwrap();
    // It gets past the file to what it refuses next.
    let next = [("EDGE_PORT", "none")];

    let run = |args: &[&str]| {
        let output = place.command(args, &next).current_dir(place.path("below")).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };

    let all = run(&[]);
    assert!(all.contains("EDGE_PORT is 'none'"), "{all}");
    let one = run(&["user"]);
    assert!(!one.contains("no-port") && !one.contains("PORT"), "{one}");
}

/// What one service says when it ends at once with `variables`.
fn ended(place: &Place, service: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let port = place.port("USER_PORT").to_string();
    let mut given = vec![("PORT", port.as_str()), ("DATABASE_URL", "sqlite:own.db")];
    given.extend(variables);
    let output = place.command(&[service], &given).output().unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_configuration_that_shows_as_wrong_only_late_is_2_as_well() {
    let place = Place::new();
    for (name, value) in [
        ("DATABASE_URL", "mysql://app:s3cret@127.0.0.1:1/users"),
        ("DATABASE_URL", "postgres://app:s3cret@127.0.0.1:1/users?sslmode=perhaps"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "nowhere.pem"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"),
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
fn health_is_0_with_the_body_for_a_good_answer() {
    let address = answer_once("200 OK");

    let output = Place::new()
        .command(&["health", &format!("http://{address}/health")], &[])
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "{\"a\":1}\n");
    assert!(output.stderr.is_empty());
}

#[test]
fn health_takes_an_address_without_a_scheme() {
    let address = answer_once("200 OK");

    let output =
        Place::new().command(&["health", &format!("{address}/health")], &[]).output().unwrap();

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn health_is_1_for_any_other_answer_and_says_which() {
    for status in ["503 Service Unavailable", "404 Not Found", "302 Found"] {
        let address = answer_once(status);

        let output = Place::new()
            .command(&["health", &format!("http://{address}/health")], &[])
            .output()
            .unwrap();

        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout), "{\"a\":1}\n");
        assert!(
            text(&output.stderr).contains(&format!("answered {status}")),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn health_is_1_when_nobody_listens_and_ignores_a_proxy() {
    let place = Place::new();
    let proxy = answer_once("200 OK");

    let output = place
        .command(
            &["health", &place.url("USER_PORT", "/health")],
            &[("http_proxy", &format!("http://{proxy}"))],
        )
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("onnection refused"), "{}", text(&output.stderr));
}

#[test]
fn health_gives_up_after_two_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let began = Instant::now();

    let output =
        Place::new().command(&["health", &format!("http://{address}/")], &[]).output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("within 2 s"), "{}", text(&output.stderr));
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[test]
fn health_refuses_what_is_no_http_address() {
    for wrong in ["ftp://127.0.0.1/", "http://"] {
        let output = Place::new().command(&["health", wrong], &[]).output().unwrap();

        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(&format!("'{wrong}' cannot be asked")),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn https_is_spoken_and_a_certificate_that_nobody_vouches_for_is_not_well() {
    let address = answer_once("200 OK");

    let output =
        Place::new().command(&["health", &format!("https://{address}/")], &[]).output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
}

#[test]
fn help_names_every_subcommand_and_every_port_variable() {
    let output = Place::new().command(&["--help"], &[]).output().unwrap();

    let help = text(&output.stdout);
    assert!(output.status.success());
    let subcommands =
        ["gateway", "user", "order", "audit", "viewer", "health", "migrate", "doctor"];
    for name in subcommands.iter().chain(&PORT_VARIABLES) {
        assert!(help.contains(name), "{name} is missing in:\n{help}");
    }
}

#[test]
fn an_unknown_subcommand_is_a_usage_error() {
    let output = Place::new().command(&["gatway"], &[]).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
}
