//! Bodies that are cut off, framed twice, or trickle.

use tokio::io::AsyncWriteExt as _;

use crate::system::system;
use crate::wire::{answers, connect, exchange, exchange_and_end, post, statuses};

const BODY: &str = r#"{"user_id": 1001, "action": "oddity"}"#;

#[tokio::test]
async fn a_chunked_body_that_is_cut_off_changes_nothing_and_holds_nobody() {
    let system = system().await;
    for (port, path) in system.services() {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        for cut in ["", "5", "5\r\n{\"us", "5\r\n{\"use\r\n", "5\r\n{\"use\r\n0\r\n"] {
            let answers = exchange_and_end(port, format!("{head}{cut}")).await;
            // Whoever has closed may not be answered at all.
            assert!(matches!(statuses(&answers)[..], [] | [400]), "{port} {cut:?}: {answers:?}");
        }
        for wrong in [
            "zz\r\n",
            "-1\r\n",
            "5;\u{0}\r\n",
            "fffffffffffffffff\r\n",
            "5\r\n{\"user_id\": 1}\r\n0\r\n\r\n",
        ] {
            let answers = exchange_and_end(port, format!("{head}{wrong}")).await;
            assert!(matches!(statuses(&answers)[..], [] | [400]), "{port} {wrong:?}: {answers:?}");
        }
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_no_request() {
    let system = system().await;
    for (port, path) in system.services() {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n");
        let answers = exchange_and_end(port, format!("{head}content-length: 4000\r\n\r\n{{")).await;
        assert!(matches!(statuses(&answers)[..], [] | [400]), "{port}: {answers:?}");
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_body_framed_twice_is_read_by_its_chunks_and_ends_the_connection() {
    let system = system().await;
    let chunked = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    for (port, path) in system.services().into_iter().take(2) {
        for both in [
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        ] {
            // What would be a second request to whoever goes by the length.
            let smuggled =
                "GET /health/live HTTP/1.1\r\nhost: smuggled\r\nconnection: close\r\n\r\n";
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n{both}\r\n"
            );
            let answers = exchange(port, format!("{head}{chunked}{smuggled}")).await;
            // RFC 9112, section 6.1: refused, or taken by its chunks; what follows is a request of its own.
            let allowed = matches!(statuses(&answers)[..], [400] | [200 | 202] | [200 | 202, 200]);
            assert!(allowed, "{port} {both:?}: {answers:?}");
        }
        for refused in [
            "transfer-encoding: gzip, chunked\r\n",
            "content-length: 5\r\ncontent-length: 6\r\n",
            "content-length: 5, 6\r\n",
            "content-length: +5\r\n",
            "content-length: -1\r\n",
            "content-length: 99999999999999999999\r\n",
            "transfer-encoding: chunked, gzip\r\n",
            "transfer-encoding: xchunked\r\n",
        ] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n{refused}\r\n"
            );
            let answers = exchange(port, format!("{head}{BODY}")).await;
            assert_eq!(statuses(&answers), [400], "{port} {refused:?}");
            answers[0].problem(400, "bad_request");
        }
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_at_the_requests_deadline() {
    let system = system().await;
    for (port, path) in system.services() {
        let (reader, mut writer) = connect(port).await.into_split();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nx-deadline-ms: 700\r\ncontent-length: 4000\r\n\r\n{{"
        );
        let trickle = async move {
            let _ = writer.write_all(head.as_bytes()).await;
            // A byte at a time for as long as the server takes them, far below what would ever be enough.
            let mut interval = tokio::time::interval(std::time::Duration::from_millis(50));
            for _ in 0..400 {
                interval.tick().await;
                if writer.write_all(b" ").await.is_err() {
                    break;
                }
            }
            writer
        };
        let answers = answers(reader, trickle).await;
        assert_eq!(statuses(&answers), [408], "{port}");
        answers[0].problem(408, "request_timeout");
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_though_nobody_reads_it() {
    let system = system().await;
    let large = format!(r#"{{"user_id": 1001, "action": "{}"}}"#, "x".repeat(3 * 1024 * 1024));
    for (port, path) in system.services() {
        let answers = exchange(port, post(path, "", &large)).await;
        assert_eq!(statuses(&answers), [413], "{port}");
        answers[0].problem(413, "body_too_large");
    }
    system.is_well().await;
}
