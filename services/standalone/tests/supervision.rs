//! Supervision alone, with shell scripts as children and a small HTTP server that says whether
//! they are ready: what a well-behaved service would never do can be tried here.

#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have fails it")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use standalone::{ChildSpec, Failure, PortUse, StopRequest, supervise};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Leaves on SIGTERM (the shell's default) and when its standard input closes.
const WAIT: &str = "read -r _";

struct Stage {
    folder: TempDir,
    well: SocketAddr,
    stop: mpsc::Sender<StopRequest>,
    stopped: Option<mpsc::Receiver<StopRequest>>,
}

impl Stage {
    async fn new() -> Self {
        let (stop, stopped) = mpsc::channel(2);
        let well = answer_everything("200 OK").await;
        Self { folder: TempDir::new().unwrap(), well, stop, stopped: Some(stopped) }
    }

    /// A child that notes its starts in `<name>.pids` before it does what `script` says.
    fn child(&self, name: &str, script: &str) -> ChildSpec {
        let pids = self.path(&format!("{name}.pids"));
        ChildSpec {
            name: name.to_owned(),
            program: PathBuf::from("/bin/sh"),
            args: vec!["-c".into(), format!("echo $$ >> {}; {script}", pids.display()).into()],
            variables: BTreeMap::new(),
            emptied: BTreeSet::new(),
            ready_url: format!("http://{}/health/ready", self.well),
            ports: Vec::new(),
            ready_within: Duration::from_secs(20),
            stop_within: Duration::from_secs(20),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&mut self, children: Vec<ChildSpec>) -> JoinHandle<Result<(), Failure>> {
        let announced = self.path("announced");
        let stop = self.stopped.take().unwrap();
        tokio::spawn(supervise(children, stop, move || std::fs::write(announced, "").unwrap()))
    }

    fn pids(&self, name: &str) -> Vec<i32> {
        lines(&self.path(&format!("{name}.pids")))
            .iter()
            .map(|line| line.parse().unwrap())
            .collect()
    }

    async fn until_announced(&self) {
        until("the announcement", || self.path("announced").exists()).await;
    }
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

async fn answer_everything(status: &'static str) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 2048]).await;
            let answer =
                format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbusy");
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    address
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

fn kill(pid: i32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
}

#[tokio::test]
async fn children_are_stopped_in_the_opposite_order_of_their_start() {
    let mut stage = Stage::new().await;
    let order = stage.path("order");
    let script = |name: &str| {
        let note = format!("echo stop-{name} >> {}", order.display());
        format!(
            "trap '{note}; exit 0' TERM; echo start-{name} >> {}; while :; do sleep 0.05; done",
            order.display()
        )
    };
    // The server says "ready" from the beginning, so each also waits for the note of the one before.
    let children = ["viewer", "audit", "gateway"].map(|name| stage.child(name, &script(name)));
    let run = stage.run(children.into());
    stage.until_announced().await;
    until("three starts", || lines(&order).len() == 3).await;

    stage.stop.send(StopRequest::Orderly).await.unwrap();

    assert_eq!(run.await.unwrap(), Ok(()));
    assert_eq!(lines(&order)[3..], ["stop-gateway", "stop-audit", "stop-viewer"]);
}

#[tokio::test]
async fn a_child_that_dies_is_started_again() {
    let mut stage = Stage::new().await;
    let children = vec![stage.child("viewer", WAIT), stage.child("user", WAIT)];
    let run = stage.run(children);
    stage.until_announced().await;
    until("the first start", || stage.pids("user").len() == 1).await;

    kill(stage.pids("user")[0], nix::sys::signal::Signal::SIGKILL);

    until("the second start", || stage.pids("user").len() == 2).await;
    assert_eq!(stage.pids("viewer").len(), 1);
    stage.stop.send(StopRequest::Orderly).await.unwrap();
    assert_eq!(run.await.unwrap(), Ok(()));
    assert!(!alive(stage.pids("user")[1]));
}

#[tokio::test]
async fn the_pause_before_a_restart_doubles() {
    let mut stage = Stage::new().await;
    let began = Instant::now();
    let run = stage.run(vec![stage.child("user", "exit 1")]);

    // 0.5 s, 1 s and 2 s lie between four starts.
    until("four starts", || stage.pids("user").len() == 4).await;

    assert!(began.elapsed() >= Duration::from_millis(3500), "{:?}", began.elapsed());
    stage.stop.send(StopRequest::Orderly).await.unwrap();
    assert_eq!(run.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_child_that_refuses_its_configuration_at_start_stops_everything() {
    let mut stage = Stage::new().await;
    let mut refusing = stage.child("audit", "exit 2");
    refusing.ready_url = format!("http://{}/", answer_everything("503 Service Unavailable").await);
    let children = vec![stage.child("viewer", WAIT), refusing, stage.child("order", WAIT)];

    let failure = stage.run(children).await.unwrap().unwrap_err();

    assert_eq!(failure.exit_code, 2);
    assert!(
        failure.sentence.starts_with("audit cannot work with this configuration"),
        "{}",
        failure.sentence
    );
    assert_eq!(stage.pids("audit").len(), 1);
    assert!(stage.pids("order").is_empty());
    assert!(stage.pids("viewer").iter().all(|pid| !alive(*pid)));
}

#[tokio::test]
async fn a_child_that_dies_again_and_again_before_it_is_ready_is_given_up() {
    let mut stage = Stage::new().await;
    let mut dying = stage.child("audit", "exit 1");
    dying.ready_url = format!("http://{}/", answer_everything("503 Service Unavailable").await);

    let run = stage.run(vec![stage.child("viewer", WAIT), dying, stage.child("order", WAIT)]);
    let failure = run.await.unwrap().unwrap_err();

    assert_eq!(failure.exit_code, 1);
    assert!(failure.sentence.contains("audit died 5 times"), "{}", failure.sentence);
    assert!(failure.sentence.contains("exit status 1"), "{}", failure.sentence);
    assert_eq!(stage.pids("audit").len(), 5);
    assert!(stage.pids("order").is_empty());
    assert!(stage.pids("viewer").iter().all(|pid| !alive(*pid)));
}

#[tokio::test]
async fn a_child_that_was_ready_once_is_started_again_however_it_ends() {
    let mut stage = Stage::new().await;
    // Its second start refuses the configuration, as when a file that it names is being replaced.
    let pids = stage.path("user.pids");
    let script = format!("[ $(wc -l < {}) = 2 ] && exit 2; {WAIT}", pids.display());
    let run = stage.run(vec![stage.child("user", &script)]);
    stage.until_announced().await;
    until("the first start", || stage.pids("user").len() == 1).await;

    kill(stage.pids("user")[0], nix::sys::signal::Signal::SIGKILL);

    until("the third start", || stage.pids("user").len() == 3).await;
    stage.stop.send(StopRequest::Orderly).await.unwrap();
    assert_eq!(run.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_port_that_was_taken_meanwhile_stops_everything_and_is_named() {
    let mut stage = Stage::new().await;
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let mut late = stage.child("user", "exit 1");
    late.ports = vec![PortUse {
        host: IpAddr::from([127, 0, 0, 1]),
        port,
        variable: "USER_PORT".to_owned(),
    }];
    late.ready_url = format!("http://{}/", answer_everything("503 Service Unavailable").await);

    let failure = stage.run(vec![stage.child("viewer", WAIT), late]).await.unwrap().unwrap_err();

    assert_eq!(failure.exit_code, 1);
    assert!(failure.sentence.contains(&format!("port {port}")), "{}", failure.sentence);
    assert!(failure.sentence.contains("USER_PORT"), "{}", failure.sentence);
    assert!(stage.pids("viewer").iter().all(|pid| !alive(*pid)));
}

#[tokio::test]
async fn a_child_that_never_becomes_ready_is_given_up_with_its_last_answer() {
    let mut stage = Stage::new().await;
    let mut slow = stage.child("audit", WAIT);
    slow.ready_url = format!("http://{}/", answer_everything("503 Service Unavailable").await);
    slow.ready_within = Duration::from_millis(300);

    let failure = stage.run(vec![slow]).await.unwrap().unwrap_err();

    assert_eq!(failure.exit_code, 1);
    assert!(failure.sentence.contains("audit was not ready"), "{}", failure.sentence);
    assert!(failure.sentence.contains("503 Service Unavailable busy"), "{}", failure.sentence);
    assert!(stage.pids("audit").iter().all(|pid| !alive(*pid)));
}

#[tokio::test]
async fn a_child_that_ignores_sigterm_is_killed_in_the_end() {
    let mut stage = Stage::new().await;
    let mut stubborn = stage.child("user", "trap '' TERM; while :; do sleep 0.05; done");
    stubborn.stop_within = Duration::from_millis(300);
    let run = stage.run(vec![stubborn]);
    stage.until_announced().await;
    until("the start", || stage.pids("user").len() == 1).await;

    stage.stop.send(StopRequest::Orderly).await.unwrap();

    assert_eq!(run.await.unwrap(), Ok(()));
    assert!(!alive(stage.pids("user")[0]));
}

#[tokio::test]
async fn a_second_request_kills_what_still_drains() {
    let mut stage = Stage::new().await;
    let stubborn = "trap '' TERM; while :; do sleep 0.05; done";
    let children = vec![stage.child("viewer", stubborn), stage.child("user", stubborn)];
    let run = stage.run(children);
    stage.until_announced().await;
    until("both starts", || stage.pids("user").len() == 1 && stage.pids("viewer").len() == 1).await;

    stage.stop.send(StopRequest::Orderly).await.unwrap();
    stage.stop.send(StopRequest::AtOnce).await.unwrap();

    let failure =
        tokio::time::timeout(Duration::from_secs(10), run).await.unwrap().unwrap().unwrap_err();
    assert_eq!(failure.exit_code, 1);
    assert!(!alive(stage.pids("user")[0]) && !alive(stage.pids("viewer")[0]));
}

#[tokio::test]
async fn a_stop_during_the_start_stops_what_was_started() {
    let mut stage = Stage::new().await;
    let mut slow = stage.child("audit", WAIT);
    slow.ready_url = format!("http://{}/", answer_everything("503 Service Unavailable").await);
    let children = vec![stage.child("viewer", WAIT), slow, stage.child("order", WAIT)];
    let run = stage.run(children);
    until("audit's start", || stage.pids("audit").len() == 1).await;

    stage.stop.send(StopRequest::Orderly).await.unwrap();

    assert_eq!(run.await.unwrap(), Ok(()));
    assert!(!stage.path("announced").exists());
    assert!(stage.pids("order").is_empty());
    assert!(stage.pids("viewer").iter().chain(&stage.pids("audit")).all(|pid| !alive(*pid)));
}
