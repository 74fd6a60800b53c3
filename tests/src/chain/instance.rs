//! One process of the chain.

use std::time::Duration;

use crate::chain_options::Service;
use crate::http_client::http;
use crate::poll::until;
use crate::ports::Port;
use crate::program::Process;

/// From the start of one service until it is ready, migrations and a loaded machine included.
const READY_DEADLINE: Duration = Duration::from_secs(60);

/// A running service.
#[derive(Debug)]
pub struct Instance {
    /// Which.
    pub service: Service,
    /// The process.
    pub process: Process,
    pub(super) port: Port,
}

impl Instance {
    /// `http://127.0.0.1:<port>`, past every proxy.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// Waits until `/health/ready` answers 200.
    ///
    /// # Panics
    /// When it has not after 60 s, or the process has ended; the text holds its output.
    pub async fn wait_ready(&mut self) {
        let (client, url) = (http(), format!("{}/health/ready", self.url()));
        let answer = until(READY_DEADLINE, async || {
            if let Some(status) = self.process.exit_status() {
                return Some(Err(status));
            }
            client
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(Ok(()))
        });
        match answer.await {
            Some(Ok(())) => {}
            Some(Err(status)) => {
                panic!("{} ended at once, {status}:\n{}", self.service, self.process.last_output())
            }
            None => panic!(
                "{} is not ready after {READY_DEADLINE:?}:\n{}",
                self.service,
                self.process.last_output()
            ),
        }
    }
}
