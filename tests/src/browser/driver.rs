//! chromedriver as a process, and the session in which it leads one browser.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::backends::External;
use crate::http_client::http;
use crate::poll::until;
use crate::ports::Port;
use crate::program::Process;
use crate::scratch;

const START_DEADLINE: Duration = Duration::from_secs(60);
const STOP_DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Driver {
    // Dropped in this order: nothing writes into the profile any more when it is removed.
    process: Process,
    port: Port,
    profile: TempDir,
}

impl Driver {
    pub(super) async fn start() -> Self {
        let port = Port::reserve();
        let profile = scratch::folder("browser");
        let profile =
            profile.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let program = External::CHROMEDRIVER.program();
        let process = program
            .arg(format!("--port={}", port.number()))
            .env("HOME", profile.path())
            .env("TMPDIR", profile.path())
            .start();
        let driver = Self { process, port, profile };
        let status = format!("{}/status", driver.url());
        let ready = until(START_DEADLINE, async || {
            let answer: Value = http().get(&status).send().await.ok()?.json().await.ok()?;
            (answer["value"]["ready"] == true).then_some(())
        });
        assert!(ready.await.is_some(), "not ready:\n{}", driver.process.last_output());
        driver
    }

    /// A session with a browser of its own. It is tried again: on a busy machine a browser may be too slow for its driver.
    pub(super) async fn session(&self) -> Client {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(self.capabilities());
        let mut refusal = String::new();
        let session = until(START_DEADLINE, async || {
            let connected = builder.connect(&self.url()).await;
            connected.map_err(|error| refusal = error.to_string()).ok()
        });
        let session = session.await;
        session.unwrap_or_else(|| panic!("no session: {refusal}\n{}", self.process.last_output()))
    }

    fn capabilities(&self) -> serde_json::Map<String, Value> {
        let chromium = External::CHROMIUM.find();
        let chromium = chromium.unwrap_or_else(|| {
            panic!("Chromium is not here: apt-get install chromium chromium-driver, or run infra/test.sh")
        });
        let arguments = json!([
            "--headless=new",
            // The sandbox refuses to start for root, and the pages are our own.
            "--no-sandbox",
            "--disable-gpu",
            // Containers have a small /dev/shm.
            "--disable-dev-shm-usage",
            // The pipes of the driver instead of a port: without them the browser ends, however the driver ended.
            "--remote-debugging-pipe",
            "--hide-scrollbars",
            "--window-size=1280,900",
            format!("--user-data-dir={}", self.profile.path().join("profile").display()),
        ]);
        let capabilities = json!({
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "timeouts": {"script": 60_000, "pageLoad": 60_000},
        });
        match capabilities {
            Value::Object(members) => members,
            _ => unreachable!("it is an object"),
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }
}

impl Drop for Driver {
    /// Lets the driver end its browser, which takes it a moment; killed instead, it would still be writing into its profile.
    fn drop(&mut self) {
        let ended = TcpStream::connect(("127.0.0.1", self.port.number())).and_then(|mut driver| {
            driver.set_read_timeout(Some(STOP_DEADLINE))?;
            driver.write_all(
                b"GET /shutdown HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
            )?;
            driver.read_to_end(&mut Vec::new())
        });
        // A driver that does not answer is killed with its process, and its browser ends without it.
        drop(ended);
    }
}
