//! What the browser has recorded: complaints on its console, and every request that it made.

use std::collections::BTreeSet;
use std::str::FromStr;

use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::Browser;

/// A command of chromedriver's that WebDriver does not have.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// The errors and warnings on the console since the last call: of scripts, of the content security policy, of requests.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let grave =
            entries.iter().filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        grave.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Where requests went since the last call: scheme, host and port.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn asked(&self) -> BTreeSet<String> {
        let entries = self.log("performance").await;
        let origin = |entry: &Value| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &event["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str().filter(|_| is_request)?;
            // `data:`, `blob:` and `chrome:` stay within the browser; an origin of a host is one in three parts.
            let origin = Url::parse(url).ok()?.origin();
            origin.is_tuple().then(|| origin.ascii_serialization())
        };
        entries.iter().filter_map(origin).collect()
    }

    /// Sends a command of the DevTools protocol.
    pub(super) async fn command(&self, name: &str, parameters: Value) -> Value {
        self.extension("goog/cdp/execute", json!({"cmd": name, "params": parameters})).await
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        match self.extension("se/log", json!({"type": kind})).await {
            Value::Array(entries) => entries,
            other => panic!("a log is a list, this is not: {other}"),
        }
    }

    async fn extension(&self, path: &'static str, body: Value) -> Value {
        let done = self.client.issue_cmd(Extension { path, body }).await;
        done.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}
