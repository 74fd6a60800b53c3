use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;

/// An endpoint that gives each connection the next answer; an empty one is silence.
fn endpoint(answers: &'static [&'static str]) -> (String, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (seen, bodies) = mpsc::channel();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for (turn, connection) in listener.incoming().enumerate() {
            let mut connection = connection.unwrap();
            seen.send(body(&mut connection)).unwrap();
            match answers[turn.min(answers.len() - 1)] {
                "" => silent.push(connection),
                answer => connection.write_all(answer.as_bytes()).unwrap(),
            }
        }
    });
    (url, bodies)
}

fn body(connection: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    while !read.ends_with(b"the batch") {
        let count = connection.read(&mut buffer).unwrap();
        assert!(count > 0, "the request ended early");
        read.extend_from_slice(&buffer[..count]);
    }
    read.split_off(read.len() - "the batch".len())
}

fn client(url: &str, timeout: Duration, patience: &Patience) -> DeliveringClient {
    crate::telemetry::otlp::install_crypto();
    let client = reqwest::blocking::Client::builder().no_proxy().timeout(timeout).build().unwrap();
    DeliveringClient {
        client,
        rejected: Rejected::default(),
        way: Way::new("spans", url, patience),
    }
}

fn send(client: &DeliveringClient) -> Result<StatusCode, HttpError> {
    let request = Request::post(&client.way.url).body(Bytes::from_static(b"the batch")).unwrap();
    ready(client.send_bytes(request)).map(|response| response.status())
}

/// The blocking client never leaves anything pending.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("pending"),
    }
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const LATER: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const WRONG: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const TIMEOUT: Duration = Duration::from_secs(10);

#[test]
fn what_a_busy_endpoint_does_not_take_is_sent_again_as_it_was_and_as_late_as_it_asks() {
    let (url, bodies) = endpoint(&[BUSY, BUSY, BUSY, BUSY, BUSY, LATER, TAKEN]);
    let start = Instant::now();

    let status = send(&client(&url, TIMEOUT, &Patience::default())).unwrap();

    assert_eq!(status, StatusCode::OK);
    assert!(start.elapsed() > Duration::from_secs(1), "{:?}", start.elapsed());
    let bodies: Vec<_> = bodies.try_iter().collect();
    assert_eq!(bodies, vec![b"the batch".to_vec(); 7]);
}

#[test]
fn what_is_refused_for_good_is_sent_once() {
    let (url, bodies) = endpoint(&[WRONG]);

    let status = send(&client(&url, TIMEOUT, &Patience::default())).unwrap();

    assert_eq!((status, bodies.try_iter().count()), (StatusCode::BAD_REQUEST, 1));
}

#[test]
fn what_may_have_been_taken_is_sent_three_times_at_most() {
    let (url, bodies) = endpoint(&[""]);

    let answer = send(&client(&url, Duration::from_millis(100), &Patience::default()));

    assert!(answer.is_err());
    assert_eq!(bodies.try_iter().count(), 3);
}

#[test]
fn a_batch_waits_for_an_endpoint_that_is_not_there_until_the_process_ends() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let patience = Patience::default();
    let client = client(&format!("http://{free}/v1/traces"), TIMEOUT, &patience);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&client));
        while client.way.closed_since.lock().unwrap().is_none() {
            std::thread::yield_now();
        }
        assert!(!sending.is_finished());

        let end = Instant::now();
        patience.end();
        assert!(sending.join().unwrap().is_err());
        assert!(end.elapsed() < LAST_TRIES + Duration::from_secs(1), "{:?}", end.elapsed());
    });
    // And what comes after that is tried once.
    let late = Instant::now();
    assert!(send(&client).is_err());
    assert!(late.elapsed() < LAST_WAIT, "{:?}", late.elapsed());
}

#[test]
fn waits_double_up_to_two_seconds_and_never_undercut_what_was_asked() {
    for tries in 1..100 {
        let longest = FIRST_WAIT * 2_u32.pow((tries - 1).min(5));
        let waited = wait(tries, None);
        assert!(
            waited <= longest.min(LONGEST_WAIT) && waited >= FIRST_WAIT / 2,
            "{tries}: {waited:?}"
        );
        assert_eq!(wait(tries, Some(Duration::from_secs(7))), Duration::from_secs(7));
    }
    assert_eq!(wait(1, Some(Duration::from_secs(3600))), LONGEST_ASKED_WAIT);
}

#[test]
fn of_grpcs_codes_only_an_endpoint_that_is_away_is_waited_for() {
    let outcome = |code: &str| {
        let text = format!("TonicTracesClient export failed with gRPC code: {code}");
        grpc_outcome(&Err(OTelSdkError::InternalFailure(text)))
    };
    assert!(matches!(outcome("Unavailable: tcp connect error"), Outcome::NotTaken(..)));
    assert!(matches!(outcome("DeadlineExceeded"), Outcome::PerhapsTaken(_)));
    assert!(matches!(outcome("InvalidArgument"), Outcome::Settled));
    assert!(matches!(grpc_outcome(&Ok(())), Outcome::Settled));
}
