//! Closed-loop load with next to no cost of its own: each connection sends its next request when the answer to the one before
//! is there. (`loadgen` is the tool for latency; this only finds the throughput.)

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// What a round reached.
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Of all processes of the system but the databases.
    pub(crate) cpu_per_request: Duration,
}

/// When a connection stops.
#[derive(Clone)]
enum Until {
    Time(Instant),
    Left(Arc<AtomicUsize>),
}

/// Loads `edge` for `duration`.
pub(crate) async fn for_a_while(edge: SocketAddr, connections: usize, duration: Duration) -> Rate {
    let mut latencies = run(edge, connections, Until::Time(Instant::now() + duration)).await;
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    Rate {
        per_second: latencies.len() as f64 / duration.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        cpu_per_request: Duration::ZERO,
    }
}

/// Sends exactly `count` requests.
pub(crate) async fn requests(edge: SocketAddr, connections: usize, count: usize) {
    run(edge, connections, Until::Left(Arc::new(AtomicUsize::new(count)))).await;
}

async fn run(edge: SocketAddr, connections: usize, until: Until) -> Vec<Duration> {
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        tasks.spawn(connection(edge, number, until.clone()));
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

async fn connection(edge: SocketAddr, number: usize, until: Until) -> Vec<Duration> {
    let mut stream = TcpStream::connect(edge).await.expect("the edge listens");
    stream.set_nodelay(true).expect("a fresh connection takes options");
    let (mut latencies, mut buffer) = (Vec::new(), Vec::with_capacity(4096));
    while until.goes_on() {
        let body = format!(
            r#"{{"user_id":{},"action":"bench"}}"#,
            1 + number * 100 + latencies.len() % 100
        );
        let request = format!(
            "POST /api/v1/process HTTP/1.1\r\nhost: {edge}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("the edge reads");
        answer(&mut stream, &mut buffer).await;
        latencies.push(start.elapsed());
    }
    latencies
}

/// Reads one answer, which must be a 200.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await.expect("the edge answers");
        let text = String::from_utf8_lossy(buffer);
        assert!(read > 0 && text.starts_with("HTTP/1.1 200"), "not a 200: {text}");
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if body.len() >= content_length(head) {
            return;
        }
    }
}

fn content_length(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    line.and_then(|length| length.parse().ok()).expect("every answer has a length")
}

impl Until {
    fn goes_on(&self) -> bool {
        match self {
            Self::Time(end) => Instant::now() < *end,
            Self::Left(left) => {
                let take = |left: usize| left.checked_sub(1);
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
            }
        }
    }
}
