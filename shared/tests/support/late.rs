//! An address where nobody is yet.

use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use shared::telemetry::{SpanAccount, Telemetry};

const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Waits until somebody has tried to connect, and hangs up.
pub(crate) async fn was_tried(address: SocketAddr) {
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let tried = tokio::time::timeout(DEADLINE, listener.accept()).await;
    drop(tried.expect("nobody tries").unwrap());
}

/// The account once nothing is queued.
pub(crate) async fn settled(telemetry: &Telemetry) -> SpanAccount {
    let start = Instant::now();
    loop {
        let account = telemetry.span_account();
        if account.queued == 0 {
            return account;
        }
        assert!(start.elapsed() < DEADLINE, "{account:?}");
        tokio::task::yield_now().await;
    }
}
