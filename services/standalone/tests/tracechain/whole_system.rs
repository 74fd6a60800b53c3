//! Everything together: the real program with the real services as its children.

use std::collections::BTreeSet;
use std::net::TcpListener;

use crate::place::Place;
use crate::running::{Launcher, alive, environment_of, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

const EVERY_SERVICE: [&str; 4] = ["gateway", "user-service", "order-service", "audit-service"];

/// Sends the request of the printed curl line and returns the answer.
fn process(place: &Place, user_id: i64) -> Value {
    let body = json!({"user_id": user_id, "action": "test_trace"});
    let (status, answer) =
        ask(|client| client.post(place.url("EDGE_PORT", "/api/v1/process")).json(&body));
    assert_eq!(status, 200, "{answer}");
    answer
}

fn get(url: &str) -> (u16, Value) {
    ask(|client| client.get(url))
}

fn ask(request: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder) -> (u16, Value) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Ok(response) = request(&client).send().await else {
            return (0, Value::Null);
        };
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    })
}

fn until_gone(pids: &BTreeSet<Pid>) {
    until("every child to be gone", || pids.iter().all(|pid| !alive(*pid)).then_some(()));
}

fn requests_logged(launcher: &Launcher, service: &str) -> usize {
    launcher.log_of(service).iter().filter(|line| line["message"] == "Request completed").count()
}

#[test]
fn one_command_starts_everything_and_one_request_is_one_trace() {
    let place = Place::new();
    let mut launcher = place.launch(&[]);

    let answer = process(&place, 1001);

    assert_eq!(launcher.children().len(), 5);
    let trace_id = answer["trace_id"].as_str().unwrap();
    let url = place.url("VIEWER_QUERY_PORT", &format!("/api/traces/{trace_id}"));
    until("the whole trace in the viewer", || {
        let (status, trace) = get(&url);
        let trace = trace.to_string();
        let whole = status == 200 && EVERY_SERVICE.iter().all(|service| trace.contains(service));
        whole.then_some(())
    });
    let children = launcher.children();
    launcher.signal(Signal::SIGINT);
    assert_eq!(launcher.left().code(), Some(0), "{}", launcher.said());
    assert!(children.iter().all(|pid| !alive(*pid)), "somebody is left");
}

#[test]
fn a_child_that_dies_is_started_again_and_the_chain_works_again() {
    let place = Place::new();
    let launcher = place.launch(&[]);
    let first = launcher.child("order").unwrap();

    kill(first, Signal::SIGKILL).unwrap();

    launcher.until_said("order died (SIGKILL); starting it again in 0.5 s");
    launcher.until_said("order is ready again");
    assert_ne!(launcher.child("order").unwrap(), first);
    process(&place, 1001);
    launcher.stop();
}

#[test]
fn no_child_survives_a_launcher_that_was_killed() {
    let place = Place::new();
    let mut launcher = place.launch(&[]);
    let children = launcher.children();
    assert_eq!(children.len(), 5);

    launcher.signal(Signal::SIGKILL);
    launcher.left();

    until_gone(&children);
}

#[test]
fn no_child_survives_a_launcher_that_was_killed_while_it_started() {
    let place = Place::new();
    let mut launcher = place.start(&[]);
    launcher.until_said("viewer is ready");
    let children = launcher.children();
    assert!(!children.is_empty());

    launcher.signal(Signal::SIGKILL);
    launcher.left();

    until_gone(&children);
}

#[test]
fn what_was_written_is_still_there_after_a_restart() {
    let place = Place::new();
    let launcher = place.launch(&[]);
    let order_id = process(&place, 1001)["order"]["id"].as_str().unwrap().to_owned();
    launcher.stop();

    let launcher = place.launch(&[]);

    let (status, order) = get(&place.url("GATEWAY_PORT", &format!("/api/v1/orders/{order_id}")));
    assert_eq!(status, 200, "{order}");
    assert_eq!(order["id"], order_id.as_str());
    assert_eq!(get(&place.url("GATEWAY_PORT", "/api/v1/users/1001")).0, 200);
    for file in ["user.db", "order.db", "audit.db"] {
        assert!(place.path(".tracechain").join(file).exists(), "{file}");
    }
    launcher.stop();
}

#[test]
fn a_prefixed_variable_reaches_its_child_alone_and_wins_even_from_the_file() {
    let place = Place::new();
    // What the children would read from the file by themselves must not undo what the launcher decided.
    std::fs::write(
        place.path(".env"),
        "LOG_LEVEL=debug\nUSER_LOG_LEVEL=info\nAUDIT_LOG_LEVEL=info\n",
    )
    .unwrap();
    let launcher = place.launch(&[("LOG_LEVEL", "error"), ("AUDIT_LOG_LEVEL", "")]);

    process(&place, 1001);

    until("user's log line", || (requests_logged(&launcher, "user-service") > 0).then_some(()));
    let stdout = place.path("stdout");
    launcher.stop();
    let log = std::fs::read_to_string(stdout).unwrap();
    for quiet in ["gateway", "order-service", "audit-service"] {
        assert!(!log.contains(&format!("\"{quiet}\"")), "{quiet} logs below error:\n{log}");
    }
}

#[test]
fn a_prefixed_variable_is_not_shown_to_the_other_children() {
    let place = Place::new();
    let given = [("USER_DATABASE_URL", "sqlite:only-for-user.db"), ("GATEWAY_FOO", "1")];
    let launcher = place.launch(&given);

    let knowing = |pid: &Pid| environment_of(*pid).contains("only-for-user");

    assert_eq!(launcher.children().into_iter().filter(knowing).count(), 1);
    assert!(knowing(&launcher.child("user").unwrap()));
    assert_eq!(launcher.said().matches("has no effect").count(), 1, "{}", launcher.said());
    launcher.stop();
}

#[test]
fn faults_of_one_service_strike_that_one_alone_and_show_in_the_answer() {
    let place = Place::new();
    let launcher = place.launch(&[("USER_FAULTS", "drop_context")]);

    let answer = process(&place, 1001);

    let traces: Vec<_> =
        answer["chain"].as_array().unwrap().iter().map(|entry| &entry["trace_id"]).collect();
    assert_eq!((traces[0], traces[2]), (traces[1], traces[3]), "{answer}");
    assert_ne!(traces[1], traces[2], "user-service told order-service of the trace: {answer}");
    for (variable, expected) in [
        ("GATEWAY_PORT", None),
        ("USER_PORT", Some(json!({"drop_context": 1}))),
        ("ORDER_PORT", None),
        ("AUDIT_PORT", None),
    ] {
        let (status, health) = get(&place.url(variable, "/health"));
        assert_eq!(
            (status, health.get("faults")),
            (200, expected.as_ref()),
            "{variable}: {health}"
        );
    }
    launcher.stop();
}

#[test]
fn the_file_places_what_the_environment_leaves_open() {
    let place = Place::new();
    std::fs::write(
        place.path(".env"),
        "ORDER_DATABASE_URL=sqlite:elsewhere.db\nORDER_OTEL_SERVICE_NAME=shop\n",
    )
    .unwrap();
    let launcher = place.launch(&[]);

    process(&place, 1001);

    assert!(place.path("elsewhere.db").exists());
    assert!(!place.path(".tracechain/order.db").exists());
    until("the log of shop", || (!launcher.log_of("shop").is_empty()).then_some(()));
    launcher.stop();
}

#[test]
fn a_service_that_refuses_its_configuration_stops_everything() {
    // The first shows when it is read, the others only when it is used.
    for (variable, value) in [
        ("ORDER_DATABASE_URL", "oracle://nowhere"),
        ("ORDER_DATABASE_URL", "postgres://127.0.0.1:1/orders"),
        ("ORDER_OTEL_EXPORTER_OTLP_HEADERS", "no-header"),
    ] {
        let place = Place::new();
        let mut launcher = place.start(&[(variable, value)]);
        launcher.until_said("viewer is ready");
        let children = launcher.children();

        let status = launcher.left();

        let said = launcher.said();
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains(variable.trim_start_matches("ORDER_")), "{said}");
        assert!(said.contains("order cannot work with this configuration"), "{said}");
        assert!(!said.contains("starting it again"), "{said}");
        until_gone(&children);
    }
}

#[test]
fn a_port_that_is_taken_while_its_child_is_away_stops_everything_and_is_named() {
    let place = Place::new();
    let mut launcher = place.launch(&[]);
    let children = launcher.children();
    let port = place.port("AUDIT_PORT");

    // The stranger takes the port between the child's death and its next start.
    kill(launcher.child("audit").unwrap(), Signal::SIGKILL).unwrap();
    let _stranger = until("the port", || TcpListener::bind(("127.0.0.1", port)).ok());

    assert_eq!(launcher.left().code(), Some(1), "{}", launcher.said());
    let sentence = format!(
        "port {port} on 127.0.0.1 is taken by another program: stop that one, or set AUDIT_PORT"
    );
    assert!(launcher.said().contains(&sentence), "{}", launcher.said());
    until_gone(&children);
}

#[test]
fn with_a_collector_named_no_viewer_is_started() {
    let place = Place::new();
    let collector = place.url("VIEWER_OTLP_HTTP_PORT", "");
    let launcher = place.launch(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)]);

    process(&place, 1001);

    assert_eq!(launcher.children().len(), 4);
    assert!(launcher.child("viewer").is_none());
    launcher.stop();
}

#[test]
fn a_hanging_child_is_killed_after_its_time_and_the_others_are_stopped_in_order() {
    let place = Place::new();
    let mut launcher = place.launch(&[("DRAIN_TIMEOUT_MS", "100")]);
    let children = launcher.children();
    kill(launcher.child("order").unwrap(), Signal::SIGSTOP).unwrap();

    launcher.signal(Signal::SIGTERM);

    assert_eq!(launcher.left().code(), Some(0), "{}", launcher.said());
    assert!(
        launcher.said().contains("order did not stop within 5 s and is killed"),
        "{}",
        launcher.said()
    );
    assert!(children.iter().all(|pid| !alive(*pid)));
}

#[test]
fn a_second_interrupt_kills_what_hangs_at_once() {
    let place = Place::new();
    let mut launcher = place.launch(&[("DRAIN_TIMEOUT_MS", "600000")]);
    let children = launcher.children();
    kill(launcher.child("order").unwrap(), Signal::SIGSTOP).unwrap();

    let status = until("the launcher to leave", || {
        launcher.signal(Signal::SIGINT);
        launcher.has_left()
    });

    assert_eq!(status.code(), Some(1), "{}", launcher.said());
    assert!(children.iter().all(|pid| !alive(*pid)));
}
