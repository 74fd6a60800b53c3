//! A TCP proxy in front of a server or a hop, which misbehaves on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::ports::Port;

/// What a proxy does with connections, open ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes everything on.
    Pass,
    /// Passes everything on, but what the client sends waits this long first.
    Delay(Duration),
    /// Does not listen: connecting is refused; open connections are closed.
    Refuse,
    /// Accepts connections and closes them at once; open connections are closed.
    Close,
    /// Accepts connections and never answers; on open connections nothing moves. What was sent arrives when the mode changes.
    BlackHole,
}

impl Mode {
    fn cuts(self) -> bool {
        matches!(self, Self::Refuse | Self::Close)
    }
}

/// A running proxy; its port and its connections are closed with the value.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    mode: watch::Sender<Mode>,
    /// Counts up; whoever sees a change closes.
    cuts: watch::Sender<u64>,
    listening: watch::Receiver<bool>,
    counts: Arc<Counts>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    open: AtomicU64,
}

/// What a connection needs to know.
#[derive(Clone)]
struct Line {
    target: u16,
    mode: watch::Receiver<Mode>,
    cuts: watch::Receiver<u64>,
    counts: Arc<Counts>,
}

impl Proxy {
    /// Starts a proxy on a port of its own in front of `target` on 127.0.0.1. It runs in the caller's runtime.
    pub async fn to(target: u16) -> Self {
        let port = Port::reserve();
        let (mode, cuts, listening) =
            (watch::Sender::new(Mode::Pass), watch::Sender::new(0), watch::Sender::new(false));
        let counts = Arc::new(Counts::default());
        let line = Line {
            target,
            mode: mode.subscribe(),
            cuts: cuts.subscribe(),
            counts: Arc::clone(&counts),
        };
        let listens = listening.subscribe();
        let task = tokio::spawn(listen(port.number(), line, listening)).abort_handle();
        let proxy = Self { port, mode, cuts, listening: listens, counts, task };
        proxy.settle(true).await;
        proxy
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Changes what it does; from the return on, new connections meet the new mode.
    pub async fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
        self.settle(mode != Mode::Refuse).await;
    }

    /// Closes the connections that are open now; new ones meet the mode as it is.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many connections it has accepted since its start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::Relaxed)
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.counts.open.load(Ordering::Relaxed)
    }

    async fn settle(&self, listening: bool) {
        let settled = self.listening.clone().wait_for(|now| *now == listening).await.map(drop);
        settled.unwrap_or_else(|_| {
            panic!("the proxy on port {} has ended: its port was taken", self.port())
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The connections are in a set that belongs to this task.
        self.task.abort();
    }
}

/// Listens whenever the mode is not to refuse. Ends when the port cannot be bound.
async fn listen(port: u16, line: Line, listening: watch::Sender<bool>) {
    let mut mode = line.mode.clone();
    let mut connections = JoinSet::new();
    while mode.wait_for(|mode| *mode != Mode::Refuse).await.is_ok() {
        let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await else {
            return;
        };
        listening.send_replace(true);
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((client, _)) = accepted else { continue };
                    line.counts.accepted.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(connection(client, line.clone()));
                }
                Some(_) = connections.join_next() => {}
                _ = mode.wait_for(|mode| *mode == Mode::Refuse) => break,
            }
        }
        drop(listener);
        listening.send_replace(false);
    }
}

async fn connection(client: TcpStream, line: Line) {
    let _open = Open::count(&line.counts);
    let (mut mode, mut cuts) = (line.mode.clone(), line.cuts.clone());
    cuts.mark_unchanged();
    tokio::select! {
        _ = mode.wait_for(|mode| mode.cuts()) => {}
        _ = cuts.changed() => {}
        () = relay(client, &line) => {}
    }
}

async fn relay(client: TcpStream, line: &Line) {
    if line.mode.clone().wait_for(|mode| *mode != Mode::BlackHole).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", line.target)).await else {
        return;
    };
    // Without this, Nagle's algorithm would add a latency that nobody asked for.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    // An error on one side shows as an end on the other.
    let _ = tokio::join!(
        forward(from_client, to_server, line, true),
        forward(from_server, to_client, line, false)
    );
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    line: &Line,
    delays: bool,
) -> std::io::Result<()> {
    let mut mode = line.mode.clone();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await.unwrap_or(0);
        let now = mode.wait_for(|mode| *mode != Mode::BlackHole).await.map(|mode| *mode);
        if let (Ok(Mode::Delay(delay)), true) = (now, delays) {
            tokio::time::sleep(delay).await;
        }
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
    }
}

/// Counts a connection as open while it is.
struct Open(Arc<Counts>);

impl Open {
    fn count(counts: &Arc<Counts>) -> Self {
        counts.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counts))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
