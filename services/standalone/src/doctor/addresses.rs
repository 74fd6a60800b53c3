//! Where everything is.

use std::time::Duration;

use clap::Args;
use shared::config::token;
use shared::token::ApiToken;

/// Addresses, by flag or environment.
#[derive(Args, Clone, Debug)]
pub(super) struct Addresses {
    /// Where users come in
    #[arg(long, env = "DOCTOR_EDGE_URL", default_value = "http://localhost:8080", value_parser = url, value_name = "URL")]
    pub(super) edge: String,
    /// gateway
    #[arg(long, env = "DOCTOR_GATEWAY_URL", default_value = "http://localhost:5000", value_parser = address, value_name = "URL")]
    pub(super) gateway: Address,
    /// user-service
    #[arg(long, env = "DOCTOR_USER_URL", default_value = "http://localhost:5001", value_parser = address, value_name = "URL")]
    pub(super) user: Address,
    /// order-service
    #[arg(long, env = "DOCTOR_ORDER_URL", default_value = "http://localhost:5002", value_parser = address, value_name = "URL")]
    pub(super) order: Address,
    /// audit-service
    #[arg(long, env = "DOCTOR_AUDIT_URL", default_value = "http://localhost:5003", value_parser = address, value_name = "URL")]
    pub(super) audit: Address,
    /// Tempo's query API, which the viewer has too
    #[arg(long, env = "DOCTOR_TRACES_URL", default_value = "http://localhost:3200", value_parser = url, value_name = "URL")]
    pub(super) traces: String,
    /// Prometheus [default: http://localhost:9090, none with the viewer]
    #[arg(long, env = "DOCTOR_PROMETHEUS_URL", value_parser = address, value_name = "URL")]
    pub(super) prometheus: Option<Address>,
    /// Loki [default: http://localhost:3100, none with the viewer]
    #[arg(long, env = "DOCTOR_LOKI_URL", value_parser = address, value_name = "URL")]
    pub(super) loki: Option<Address>,
    /// Grafana [default: http://localhost:3000, none with the viewer]
    #[arg(long, env = "DOCTOR_GRAFANA_URL", value_parser = address, value_name = "URL")]
    pub(super) grafana: Option<Address>,
    /// The Collector's health_check [default: http://localhost:13133, none with the viewer]
    #[arg(long, env = "DOCTOR_COLLECTOR_URL", value_parser = address, value_name = "URL")]
    pub(super) collector: Option<Address>,
    /// The Collector's own metrics [default: http://localhost:8888, none with the viewer]
    #[arg(long, env = "DOCTOR_COLLECTOR_METRICS_URL", value_parser = address, value_name = "URL")]
    pub(super) collector_metrics: Option<Address>,
    /// The token that the system wants
    #[arg(long, env = "API_TOKEN", hide_env_values = true, value_parser = token, value_name = "TOKEN")]
    pub(super) token: Option<ApiToken>,
    /// Seconds that each check waits for what may only be on its way
    #[arg(long, env = "DOCTOR_WAIT", default_value = "90", value_parser = seconds, value_name = "SECONDS")]
    pub(super) wait: Duration,
}

/// An address, or the word that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Without a `/` at its end.
    Url(String),
    /// `none`.
    Absent,
}

impl Address {
    /// The URL, if there is one.
    pub(super) fn url(&self) -> Option<&str> {
        match self {
            Self::Url(url) => Some(url),
            Self::Absent => None,
        }
    }
}

fn address(text: &str) -> Result<Address, String> {
    if text.trim() == "none" { Ok(Address::Absent) } else { url(text).map(Address::Url) }
}

fn url(text: &str) -> Result<String, String> {
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let accepted = "accepted: a URL such as http://localhost:9090, or host:port";
    match reqwest::Url::parse(&whole) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(whole.trim_end_matches('/').to_owned())
        }
        _ => Err(accepted.to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "accepted: a whole number of seconds from 1 to 3600".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_port_is_a_url_and_a_slash_at_the_end_is_nothing() {
        assert_eq!(url("localhost:9090/"), Ok("http://localhost:9090".to_owned()));
        assert_eq!(
            address("https://tempo.example"),
            Ok(Address::Url("https://tempo.example".to_owned()))
        );
        assert_eq!(address("none"), Ok(Address::Absent));
    }

    #[test]
    fn what_is_no_address_is_told_what_is() {
        for wrong in ["", "ftp://x", "http://", "a b"] {
            assert!(address(wrong).unwrap_err().contains("accepted: a URL"), "{wrong}");
        }
        assert!(seconds("0").unwrap_err().contains("1 to 3600"));
    }
}
