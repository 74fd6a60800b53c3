//! Flags and environment of the viewer.

use std::{net::IpAddr, time::Duration};

use axum::http::HeaderValue;
use clap::Args;
use shared::{
    config::{address, port, token},
    token::ApiToken,
};

use crate::{
    scrape::{INTERVAL, Targets},
    store::MIN_BUDGET_BYTES,
};

/// Where the viewer listens and how much it keeps. A port of 0 takes a free one.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address of all listeners.
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_parser = address)]
    pub host: IpAddr,
    /// Port of the pages and the query API.
    #[arg(long = "port", env = "VIEWER_PORT", default_value_t = 3000, value_parser = port)]
    pub port: u16,
    /// Port of the query API where Tempo has it.
    #[arg(long, env = "VIEWER_QUERY_PORT", default_value_t = 3200, value_parser = port)]
    pub query_port: u16,
    /// Port of the OTLP/gRPC receiver.
    #[arg(long, env = "VIEWER_OTLP_GRPC_PORT", default_value_t = 4317, value_parser = port)]
    pub otlp_grpc_port: u16,
    /// Port of the OTLP/HTTP receiver.
    #[arg(long, env = "VIEWER_OTLP_HTTP_PORT", default_value_t = 4318, value_parser = port)]
    pub otlp_http_port: u16,
    /// Bytes to keep traces and logs in; the oldest make room for new ones.
    #[arg(long, env = "VIEWER_STORE_BYTES", default_value_t = 64 * 1024 * 1024, value_parser = parse_budget)]
    pub store_bytes: usize,
    /// Origins whose pages may read and send, separated by commas.
    #[arg(
        long,
        env = "CORS_ORIGINS",
        value_delimiter = ',',
        default_value = "http://localhost:8080,http://127.0.0.1:8080",
        value_parser = parse_origin
    )]
    pub cors_origins: Vec<HeaderValue>,
    /// Whose `/metrics` are shown, separated by commas: order-service=http://localhost:5002/metrics, order-service=localhost:5002
    /// or localhost:5002; at most 32, each read every 5 s.
    #[arg(long, env, default_value = "", hide_default_value = true, value_parser = parse_targets)]
    pub scrape_targets: Targets,
    /// Between two reads of a target. 360 are kept: half an hour of the default, which only tests change.
    #[arg(skip = INTERVAL)]
    pub scrape_interval: Duration,
    /// Token that pages and query API want where `HOST` is not this machine alone: as bearer, or as the password that a browser asks
    /// for, with any name. What is sent by OTLP is taken without.
    #[arg(long, env, hide_env_values = true, value_parser = token)]
    pub api_token: Option<ApiToken>,
}

impl Config {
    /// The token, where others than this machine's own can reach the ports.
    pub(crate) fn guard(&self) -> Option<&ApiToken> {
        self.api_token.as_ref().filter(|_| !self.host.is_loopback())
    }
}

impl Default for Config {
    /// Free ports on loopback, everything else as without any flag.
    fn default() -> Self {
        let origins =
            ["http://localhost:8080", "http://127.0.0.1:8080"].map(HeaderValue::from_static);
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            query_port: 0,
            otlp_grpc_port: 0,
            otlp_http_port: 0,
            store_bytes: 64 * 1024 * 1024,
            cors_origins: origins.to_vec(),
            scrape_targets: Targets::default(),
            scrape_interval: INTERVAL,
            api_token: None,
        }
    }
}

fn parse_budget(text: &str) -> Result<usize, String> {
    let bytes = text.parse().ok().filter(|bytes| *bytes >= MIN_BUDGET_BYTES);
    bytes.ok_or_else(|| {
        format!("accepted: a whole number of bytes from {MIN_BUDGET_BYTES} on, such as 67108864")
    })
}

fn parse_targets(text: &str) -> Result<Targets, String> {
    text.parse()
}

fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let text = text.trim();
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains('/') => {
            HeaderValue::from_str(text).map_err(|error| error.to_string())
        }
        _ => Err("accepted: an origin such as http://localhost:8080, without a path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
    }

    fn parse(arguments: &[&str]) -> Result<Config, String> {
        let arguments = ["viewer"].iter().chain(arguments);
        Program::try_parse_from(arguments)
            .map(|program| program.config)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = parse(&[]).unwrap();
        assert_eq!(
            (config.port, config.query_port, config.otlp_grpc_port, config.otlp_http_port),
            (3000, 3200, 4317, 4318)
        );
        assert_eq!(config.store_bytes, 64 * 1024 * 1024);
        assert_eq!(config.cors_origins, ["http://localhost:8080", "http://127.0.0.1:8080"]);
    }

    #[test]
    fn a_bad_value_names_the_flag_the_value_and_what_is_accepted() {
        let small = parse(&["--store-bytes", "1000"]).unwrap_err();
        assert!(
            small.contains("--store-bytes") && small.contains("1000") && small.contains("1048576"),
            "{small}"
        );
        let target = parse(&["--scrape-targets", "localhost:5000,order"]).unwrap_err();
        assert!(
            target.contains("--scrape-targets")
                && target.contains("'order' in it: accepted: addresses such as"),
            "{target}"
        );
        let origin = parse(&["--cors-origins", "localhost"]).unwrap_err();
        assert!(origin.contains("http://localhost:8080, without a path"), "{origin}");
    }
}
