//! `tracechain health`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use crate::place::{Place, text};

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
