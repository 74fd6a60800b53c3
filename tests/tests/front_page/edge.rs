//! A gateway alone, in front of a server that answers as a test tells it: for what the real chain never answers.

use std::time::Duration;

use testbed::{Browser, Port, Process, Program, Reply, Upstream, http, tracechain, until};

const DEADLINE: Duration = Duration::from_secs(60);

/// The gateway; where the page looks for the viewer nobody is.
pub(crate) struct Edge {
    _process: Process,
    port: Port,
    _nobody: [Port; 2],
    _upstream: Upstream,
}

impl Edge {
    pub(crate) async fn answering(reply: Reply) -> Self {
        Self::with(reply, &[]).await
    }

    /// The same with further variables.
    pub(crate) async fn with(reply: Reply, variables: &[(&str, &str)]) -> Self {
        let upstream = Upstream::start(move |_| reply.clone()).await;
        let (port, nobody) = (Port::reserve(), [Port::reserve(), Port::reserve()]);
        let program = variables
            .iter()
            .fold(Program::new(tracechain()), |program, (name, value)| program.env(name, value));
        let process = program
            .arg("gateway")
            .env("PORT", port.number().to_string())
            .env("NEXT_SERVICE_URL", upstream.url())
            .env("VIEWER_PORT", nobody[0].number().to_string())
            .env("VIEWER_OTLP_HTTP_PORT", nobody[1].number().to_string())
            .env("OTEL_SDK_DISABLED", "true")
            .start();
        let edge = Self { _process: process, port, _nobody: nobody, _upstream: upstream };
        let ready = edge.url("/health/ready");
        let answer = until(DEADLINE, async || {
            http().get(&ready).send().await.ok()?.error_for_status().ok().map(drop)
        });
        assert!(answer.await.is_some(), "not ready:\n{}", edge._process.last_output());
        edge
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port.number())
    }

    /// The front page, ready for its reader.
    pub(crate) async fn front_page(&self, browser: &Browser) {
        browser.open(&self.url("/")).await;
        browser.wait_for("document.documentElement.dataset.ready").await;
    }
}
