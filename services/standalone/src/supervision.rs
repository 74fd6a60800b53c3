//! Children: started one after the other, watched, started again when they die, stopped in the
//! opposite order.
//!
//! Each child has one task, its keeper, that owns the process. The keepers report what matters to
//! everyone here, and here it is decided when each of them has to stop.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

mod keeper;
mod process;

use keeper::Keeper;

use crate::announcement::say;
use crate::environment::Variables;
use crate::failure::Failure;
use crate::ports::PortUse;
use crate::probe;

/// One child: how to start it, how to see that it works, how long it may take to stop.
#[derive(Debug, Clone)]
pub struct ChildSpec {
    /// What the messages call it.
    pub name: String,
    /// The program to start.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Set over the launcher's own environment.
    pub variables: Variables,
    /// Set to nothing. Removing them would not do: the child would find those of `.env` again.
    pub emptied: BTreeSet<String>,
    /// Answers 200 when the child works.
    pub ready_url: String,
    /// What it listens on.
    pub ports: Vec<PortUse>,
    /// The longest it may take to become ready when everything starts.
    pub ready_within: Duration,
    /// The longest it may take to leave after SIGTERM; SIGKILL follows.
    pub stop_within: Duration,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopRequest {
    /// Last started, first stopped, each with its time to finish.
    Orderly,
    /// All of them now.
    AtOnce,
}

/// What a keeper is to do with its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Run,
    Stop,
    Kill,
}

/// What a keeper tells.
enum Report {
    /// The child of this name works.
    Ready(String),
    /// It cannot go on, and it is gone.
    Fatal(Failure),
}

/// Starts `children` in their order, each when the one before is ready, calls `announce`, and keeps
/// them running until a stop request comes. None of them is left when this returns.
///
/// # Errors
/// A child that cannot work here, or that an impatient user had killed.
pub async fn supervise(
    children: Vec<ChildSpec>,
    mut stop: mpsc::Receiver<StopRequest>,
    announce: impl FnOnce(),
) -> Result<(), Failure> {
    let client = probe::client(keeper::PROBE_TIMEOUT).map_err(Failure::failed)?;
    let mut fleet = Fleet::new();
    let outcome = tokio::select! {
        failure = fleet.run(children, client, announce) => Err(failure),
        Some(request) = stop.recv() => {
            say("stopping everything, gateway first; Ctrl-C again kills it");
            if request == StopRequest::AtOnce { fleet.wish_all(Wish::Kill) }
            Ok(())
        }
    };
    let killed = fleet.stop(stop).await;
    match outcome {
        Ok(()) if killed => Err(Failure::failed("killed before everything was handed on")),
        Ok(()) => {
            say("stopped");
            Ok(())
        }
        failed => failed,
    }
}

struct Fleet {
    members: Vec<Member>,
    reporter: mpsc::UnboundedSender<Report>,
    reports: mpsc::UnboundedReceiver<Report>,
}

struct Member {
    wish: watch::Sender<Wish>,
    task: JoinHandle<()>,
}

impl Fleet {
    fn new() -> Self {
        let (reporter, reports) = mpsc::unbounded_channel();
        Self { members: Vec::new(), reporter, reports }
    }

    /// Starts everything and then only watches: ends with the first failure that cannot be mended.
    async fn run(
        &mut self,
        children: Vec<ChildSpec>,
        client: reqwest::Client,
        announce: impl FnOnce(),
    ) -> Failure {
        for spec in children {
            let name = spec.name.clone();
            self.start(spec, client.clone());
            if let Err(failure) = self.until_ready(&name).await {
                return failure;
            }
        }
        announce();
        loop {
            if let Err(failure) = self.next_ready().await {
                return failure;
            }
        }
    }

    fn start(&mut self, spec: ChildSpec, client: reqwest::Client) {
        let (wish, wishes) = watch::channel(Wish::Run);
        let keeper = Keeper::new(spec, client, wishes, self.reporter.clone());
        self.members.push(Member { wish, task: tokio::spawn(keeper.keep()) });
    }

    /// Others may die and come back meanwhile.
    async fn until_ready(&mut self, name: &str) -> Result<(), Failure> {
        while self.next_ready().await? != name {}
        Ok(())
    }

    async fn next_ready(&mut self) -> Result<String, Failure> {
        match self.reports.recv().await {
            Some(Report::Ready(name)) => Ok(name),
            Some(Report::Fatal(failure)) => Err(failure),
            None => Err(Failure::failed("no child is watched any more")),
        }
    }

    /// Stops the last started first and waits for each; says whether it had to be cut short.
    async fn stop(&mut self, mut requests: mpsc::Receiver<StopRequest>) -> bool {
        let mut killed = false;
        while let Some(mut member) = self.members.pop() {
            if *member.wish.borrow() == Wish::Run {
                member.wish.send_replace(Wish::Stop);
            }
            tokio::select! {
                _ = &mut member.task => continue,
                Some(StopRequest::AtOnce) = requests.recv() => {
                    killed = true;
                    member.wish.send_replace(Wish::Kill);
                    self.wish_all(Wish::Kill);
                }
            }
            let _ = (&mut member.task).await;
        }
        killed
    }

    fn wish_all(&self, wish: Wish) {
        for member in &self.members {
            member.wish.send_replace(wish);
        }
    }
}
