//! The gateway's configuration.

use clap::Parser;
use http::HeaderValue;
use shared::{
    client::base_url,
    config::{ProcessArgs, RuntimeArgs, port},
    server::EdgeTrust,
};

/// The edge of tracechain: checks requests and hands them to the chain.
#[derive(Clone, Debug, Parser)]
#[command(name = "gateway", version)]
pub struct Config {
    #[command(flatten)]
    pub(crate) process: ProcessArgs,
    /// The first service of the chain.
    #[arg(long, env, default_value = "http://127.0.0.1:5001", value_parser = base_url, help_heading = "Services")]
    pub(crate) next_service_url: String,
    /// Where users are read.
    #[arg(long, env, default_value = "http://127.0.0.1:5001", value_parser = base_url, help_heading = "Services")]
    pub(crate) user_service_url: String,
    /// Where orders are read and changed.
    #[arg(long, env, default_value = "http://127.0.0.1:5002", value_parser = base_url, help_heading = "Services")]
    pub(crate) order_service_url: String,
    /// Where audit records are read.
    #[arg(long, env, default_value = "http://127.0.0.1:5003", value_parser = base_url, help_heading = "Services")]
    pub(crate) audit_service_url: String,
    /// A second port with the same routes: the edge where no nginx stands in front.
    #[arg(long, env, value_parser = port, help_heading = "Edge")]
    pub(crate) edge_port: Option<u16>,
    /// Whether a caller's trace is continued, or a new one begun that links to it.
    #[arg(long, env, value_enum, default_value = "continue", help_heading = "Edge")]
    pub(crate) edge_trust: EdgeTrust,
    /// Origins of other sites whose pages may call this one, separated by commas. Default: none.
    #[arg(long, env, value_delimiter = ',', value_parser = origin, help_heading = "Edge")]
    pub(crate) cors_origins: Vec<HeaderValue>,
    /// Where the front page finds what shows traces, viewer or Grafana: a port of its own host.
    #[arg(long, env, default_value = "3000", value_parser = port, help_heading = "Front page")]
    pub(crate) viewer_port: u16,
    /// Where the front page sends its own span (OTLP/HTTP): a port of its own host.
    #[arg(long, env, default_value = "4318", value_parser = port, help_heading = "Front page")]
    pub(crate) viewer_otlp_http_port: u16,
}

impl AsRef<RuntimeArgs> for Config {
    fn as_ref(&self) -> &RuntimeArgs {
        &self.process.runtime
    }
}

/// An origin as browsers send it (RFC 6454, section 6.2): no path and no trailing slash.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let authority = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let is_origin = authority.is_some_and(|authority| {
        !authority.is_empty() && !authority.contains(['/', '?', '#', '*', '@', ' '])
    });
    let value = HeaderValue::from_str(text).ok().filter(|_| is_origin);
    value.ok_or_else(|| {
        "accepted: origins such as https://example.org or http://localhost:3000, without a path"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        for accepted in ["http://localhost:3000", "https://example.org", "http://[::1]:3000"] {
            assert_eq!(origin(accepted).unwrap(), accepted);
        }
        for refused in
            ["*", "localhost:3000", "http://", "http://a/", "https://a/b", "null", "http://a b"]
        {
            assert!(origin(refused).unwrap_err().contains("accepted:"), "{refused}");
        }
    }
}
