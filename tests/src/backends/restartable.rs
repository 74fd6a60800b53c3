//! A program that can be stopped and started again as it was: same ports, same folder.

use std::fmt;
use std::time::Duration;

use crate::http_client::http;
use crate::poll::until;
use crate::program::{Process, Program};

/// From start to ready: a cold file cache and a loaded machine included.
const READY_DEADLINE: Duration = Duration::from_secs(60);
/// From SIGTERM to the end, with all that is flushed then.
const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// Ends with the value.
pub(super) struct Restartable {
    title: &'static str,
    /// Answers 200 once the program is ready.
    ready: String,
    program: Box<dyn Fn() -> Program + Send + Sync>,
    process: Option<Process>,
}

impl Restartable {
    /// Starts what `program` makes and waits until `ready`, a URL, answers 200.
    pub(super) async fn start(
        title: &'static str,
        ready: String,
        program: impl Fn() -> Program + Send + Sync + 'static,
    ) -> Self {
        let mut started = Self { title, ready, program: Box::new(program), process: None };
        started.again().await;
        started
    }

    /// Starts it again.
    pub(super) async fn again(&mut self) {
        assert!(self.process.is_none(), "{} runs already", self.title);
        let process = self.process.insert((self.program)().start());
        let (client, ready) = (http(), &self.ready);
        let outcome = until(READY_DEADLINE, async || {
            if let Some(status) = process.exit_status() {
                return Some(Err(status));
            }
            let answer = client.get(ready).send().await;
            answer.is_ok_and(|answer| answer.status().is_success()).then_some(Ok(()))
        });
        match outcome.await {
            Some(Ok(())) => {}
            Some(Err(status)) => {
                panic!("{} ended at once, {status}:\n{}", self.title, process.last_output())
            }
            None => panic!("{} is not ready:\n{}", self.title, process.last_output()),
        }
    }

    /// Stops it in order, and waits for its end.
    pub(super) async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.sigterm();
            process.wait_exit(STOP_DEADLINE).await;
        }
    }

    /// Kills it, as a crash would.
    pub(super) async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill9();
            process.wait_exit(STOP_DEADLINE).await;
        }
    }

    /// The end of its output, for the text of an assertion.
    pub(super) fn last_output(&self) -> String {
        self.process.as_ref().map(Process::last_output).unwrap_or_default()
    }
}

impl fmt::Debug for Restartable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Restartable").field("title", &self.title).finish_non_exhaustive()
    }
}
