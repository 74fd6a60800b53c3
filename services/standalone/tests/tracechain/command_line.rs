//! What the launcher refuses, answers and explains before any service runs.

use std::net::TcpListener;
use std::process::Output;

use testbed::SystemPorts;

use crate::place::{Place, text};

/// Runs it to its end, with nothing started and nothing left behind.
fn refused(place: &Place, variables: &[(&str, &str)]) -> Output {
    let output = place.command(&[], variables).output().unwrap();
    assert!(!text(&output.stderr).contains("is ready"), "{}", text(&output.stderr));
    assert!(!place.path(".tracechain").exists());
    output
}

#[test]
fn a_taken_port_is_named_with_its_variable_whichever_it_is() {
    for variable in SystemPorts::VARIABLES {
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

#[test]
fn help_names_every_subcommand_and_every_port_variable() {
    let output = Place::new().command(&["--help"], &[]).output().unwrap();

    let help = text(&output.stdout);
    assert!(output.status.success());
    let subcommands =
        ["gateway", "user", "order", "audit", "viewer", "health", "migrate", "doctor"];
    for name in subcommands.iter().chain(&SystemPorts::VARIABLES) {
        assert!(help.contains(name), "{name} is missing in:\n{help}");
    }
}

#[test]
fn an_unknown_subcommand_is_a_usage_error() {
    let output = Place::new().command(&["gatway"], &[]).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
}
