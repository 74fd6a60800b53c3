//! What the launcher tells the person who started it.
//!
//! Invariant: it writes to standard error only. Standard output carries the children's JSON log
//! lines and stays parseable.

use std::io::Write;

/// Writes one message. A closed terminal is no reason to die and leave children unsupervised, so
/// a failed write is ignored where `eprintln!` would panic.
pub(crate) fn say(message: &str) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "tracechain: {message}").and_then(|()| out.flush());
}

/// Where everything is, as URLs a browser or curl on this machine can use.
pub(crate) struct Addresses {
    pub(crate) edge: String,
    pub(crate) services: Vec<(&'static str, String)>,
    pub(crate) viewer: Option<ViewerAddresses>,
    /// Where spans go instead of the viewer.
    pub(crate) collector: Option<String>,
    /// Whether `API_TOKEN` is wanted.
    pub(crate) guarded: bool,
}

pub(crate) struct ViewerAddresses {
    pub(crate) pages: String,
    pub(crate) query: String,
    pub(crate) otlp_grpc: String,
    pub(crate) otlp_http: String,
}

impl Addresses {
    pub(crate) fn text(&self) -> String {
        let mut lines =
            vec!["everything is ready; Ctrl-C stops it in order".to_owned(), String::new()];
        lines.push(line("edge", &self.edge));
        lines.extend(self.services.iter().map(|(name, url)| line(name, url)));
        lines.extend(self.viewer.iter().flat_map(ViewerAddresses::lines));
        if let Some(collector) = &self.collector {
            lines.push(line("traces to", collector));
        }
        lines.extend([String::new(), "Try:".to_owned(), String::new(), self.curl(), String::new()]);
        if let Some(viewer) = &self.viewer {
            lines.push(format!(
                "and then, with the trace_id of the answer: curl {}/api/traces/<trace_id>",
                viewer.query
            ));
        }
        lines.join("\n")
    }

    fn curl(&self) -> String {
        // The variable and not its value: this goes to a terminal and into logs.
        let token = if self.guarded { " -H \"Authorization: Bearer $API_TOKEN\"" } else { "" };
        format!(
            "curl -X POST {}/api/v1/process -H 'Content-Type: application/json'{token} \
             -d '{{\"user_id\": 1001, \"action\": \"test_trace\"}}'",
            self.edge
        )
    }
}

impl ViewerAddresses {
    fn lines(&self) -> [String; 3] {
        [
            line("viewer", &self.pages),
            line("trace API", &self.query),
            line("OTLP", &format!("{} (gRPC), {} (HTTP)", self.otlp_grpc, self.otlp_http)),
        ]
    }
}

fn line(name: &str, url: &str) -> String {
    format!("  {name:<10} {url}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curl_line_is_the_one_of_the_readme() {
        let addresses = Addresses {
            edge: "http://localhost:8080".to_owned(),
            services: Vec::new(),
            viewer: None,
            collector: None,
            guarded: false,
        };

        assert!(addresses.text().lines().any(|line| line
            == "curl -X POST http://localhost:8080/api/v1/process -H 'Content-Type: application/json' -d '{\"user_id\": 1001, \"action\": \"test_trace\"}'"));
    }
    #[test]
    fn with_a_token_the_curl_line_shows_it_without_telling_it() {
        let addresses = Addresses {
            edge: "http://localhost:8080".to_owned(),
            services: Vec::new(),
            viewer: None,
            collector: None,
            guarded: true,
        };

        assert!(addresses.text().contains(" -H \"Authorization: Bearer $API_TOKEN\" "));
    }
}
