//! Where each signal goes over OTLP: the general variables, the per-signal ones, and the rules between them.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use super::values::{self, Compression, Headers, Protocol};
use crate::config::milliseconds;

/// What can be said of an OTLP exporter, in general or for one signal.
#[derive(Clone, Debug, Default)]
pub(super) struct OtlpArgs {
    endpoint: Option<String>,
    protocol: Option<Protocol>,
    headers: Option<Headers>,
    timeout: Option<Duration>,
    compression: Option<Compression>,
    certificate: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
}

/// One set of variables: `$variable` and `$flag` hold what stands between `OTEL_EXPORTER_OTLP_` and the rest.
macro_rules! otlp_args {
    ($name:ident, $variable:literal, $flag:literal, $what:literal) => {
        #[doc = concat!("The variables `OTEL_EXPORTER_OTLP_", $variable, "*`.")]
        #[derive(Args, Clone, Debug)]
        pub(crate) struct $name {
            #[doc = concat!("URL that ", $what, " are sent to.")]
            #[arg(id = concat!($flag, "endpoint"), long = concat!("otel-exporter-otlp-", $flag, "endpoint"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "ENDPOINT"), value_name = "URL", value_parser = endpoint)]
            endpoint: Option<String>,
            #[doc = concat!("Protocol for ", $what, ": http/protobuf or grpc.")]
            #[arg(id = concat!($flag, "protocol"), long = concat!("otel-exporter-otlp-", $flag, "protocol"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "PROTOCOL"), value_name = "PROTOCOL",
                  value_parser = values::protocol)]
            protocol: Option<Protocol>,
            #[doc = concat!("Headers sent with ", $what, ": `name=value`, separated by commas.")]
            #[arg(id = concat!($flag, "headers"), long = concat!("otel-exporter-otlp-", $flag, "headers"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "HEADERS"), value_name = "HEADERS", hide_env_values = true,
                  value_parser = values::headers)]
            headers: Option<Headers>,
            #[doc = concat!("Milliseconds that sending ", $what, " may take. Default: 10000.")]
            #[arg(id = concat!($flag, "timeout"), long = concat!("otel-exporter-otlp-", $flag, "timeout"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "TIMEOUT"), value_name = "MS", value_parser = milliseconds)]
            timeout: Option<Duration>,
            #[doc = concat!("Compression of ", $what, ": gzip or none.")]
            #[arg(id = concat!($flag, "compression"), long = concat!("otel-exporter-otlp-", $flag, "compression"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "COMPRESSION"), value_name = "COMPRESSION",
                  value_parser = values::compression)]
            compression: Option<Compression>,
            #[doc = concat!("PEM file of the authority trusted for ", $what, ", instead of the system's.")]
            #[arg(id = concat!($flag, "certificate"), long = concat!("otel-exporter-otlp-", $flag, "certificate"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "CERTIFICATE"), value_name = "FILE")]
            certificate: Option<PathBuf>,
            #[doc = concat!("PEM file of the client's certificate for ", $what, ".")]
            #[arg(id = concat!($flag, "client-certificate"), long = concat!("otel-exporter-otlp-", $flag, "client-certificate"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "CLIENT_CERTIFICATE"), value_name = "FILE")]
            client_certificate: Option<PathBuf>,
            #[doc = concat!("PEM file of the client's private key for ", $what, ".")]
            #[arg(id = concat!($flag, "client-key"), long = concat!("otel-exporter-otlp-", $flag, "client-key"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "CLIENT_KEY"), value_name = "FILE")]
            client_key: Option<PathBuf>,
        }

        impl $name {
            pub(super) fn values(&self) -> OtlpArgs {
                OtlpArgs {
                    endpoint: self.endpoint.clone(),
                    protocol: self.protocol,
                    headers: self.headers.clone(),
                    timeout: self.timeout,
                    compression: self.compression,
                    certificate: self.certificate.clone(),
                    client_certificate: self.client_certificate.clone(),
                    client_key: self.client_key.clone(),
                }
            }
        }
    };
}

otlp_args!(GeneralOtlpArgs, "", "", "all signals");
otlp_args!(TracesOtlpArgs, "TRACES_", "traces-", "spans");
otlp_args!(MetricsOtlpArgs, "METRICS_", "metrics-", "metrics");
otlp_args!(LogsOtlpArgs, "LOGS_", "logs-", "log records");

/// Where one signal goes, with all rules applied.
#[derive(Clone, Debug)]
pub struct Target {
    /// Whole URL for HTTP, base URL for gRPC.
    pub url: String,
    /// The protocol.
    pub protocol: Protocol,
    /// Whether gRPC was taken because of port 4317, without being asked for.
    pub protocol_guessed: bool,
    /// Header names and values; secret.
    pub headers: Secret,
    /// Longest time of one request.
    pub timeout: Duration,
    /// Compression of requests.
    pub compression: Compression,
    /// Certificates, read from their files.
    pub tls: Tls,
}

/// Header names and values that `Debug` does not show.
#[derive(Clone, Default)]
pub struct Secret(pub Vec<(String, String)>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} headers (not shown)", self.0.len())
    }
}

/// PEM texts for TLS.
#[derive(Clone, Default)]
pub struct Tls {
    /// The authority to trust; the system's when `None`.
    pub authority: Option<Vec<u8>>,
    /// The client's certificate and private key.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Tls {{ authority: {}, client: {} }}",
            self.authority.is_some(),
            self.client.is_some()
        )
    }
}

const TIMEOUT: Duration = Duration::from_secs(10);

impl Target {
    /// Applies the rules of "OTLP Exporter Configuration": a signal's variable wins over the general one; the general endpoint
    /// is a base to which HTTP adds `/v1/<signal>`, a signal's own is used as it is.
    pub(super) fn resolve(
        signal: &str,
        general: &OtlpArgs,
        own: &OtlpArgs,
        limit: Duration,
    ) -> anyhow::Result<Self> {
        let endpoint = own.endpoint.as_ref().or(general.endpoint.as_ref());
        let asked = own.protocol.or(general.protocol);
        let guessed = asked.is_none() && endpoint.is_some_and(|url| port(url) == Some(4317));
        let protocol =
            asked.unwrap_or(if guessed { Protocol::Grpc } else { Protocol::HttpProtobuf });
        let timeout = own.timeout.or(general.timeout).unwrap_or(TIMEOUT).min(limit);
        Ok(Self {
            url: url(signal, general, own, protocol),
            protocol,
            protocol_guessed: guessed,
            headers: headers(signal, general, own)?,
            timeout,
            compression: own.compression.or(general.compression).unwrap_or_default(),
            tls: tls(signal, general, own)?,
        })
    }
}

fn url(signal: &str, general: &OtlpArgs, own: &OtlpArgs, protocol: Protocol) -> String {
    match (&own.endpoint, protocol) {
        (Some(url), _) => url.clone(),
        (None, Protocol::Grpc) => {
            general.endpoint.clone().unwrap_or_else(|| "http://localhost:4317".to_owned())
        }
        (None, Protocol::HttpProtobuf) => {
            let base = general.endpoint.as_deref().unwrap_or("http://localhost:4318");
            format!("{}/v1/{}", base.trim_end_matches('/'), signal.to_ascii_lowercase())
        }
    }
}

/// The name of the variable that a value came from, for errors.
fn variable(signal: &str, is_own: bool, name: &str) -> String {
    if is_own {
        format!("OTEL_EXPORTER_OTLP_{signal}_{name}")
    } else {
        format!("OTEL_EXPORTER_OTLP_{name}")
    }
}

fn headers(signal: &str, general: &OtlpArgs, own: &OtlpArgs) -> anyhow::Result<Secret> {
    let Some(headers) = own.headers.as_ref().or(general.headers.as_ref()) else {
        return Ok(Secret::default());
    };
    let pairs = headers.pairs().map_err(|error| {
        let variable = variable(signal, own.headers.is_some(), "HEADERS");
        anyhow::anyhow!("{variable} (not shown): {error}; accepted: name=value,name=value with percent-encoded values")
    })?;
    Ok(Secret(pairs))
}

fn tls(signal: &str, general: &OtlpArgs, own: &OtlpArgs) -> anyhow::Result<Tls> {
    let read = |name: &str, own: &Option<PathBuf>, general: &Option<PathBuf>| {
        let variable = variable(signal, own.is_some(), name);
        own.as_ref().or(general.as_ref()).map(|path| pem(&variable, path)).transpose()
    };
    let authority = read("CERTIFICATE", &own.certificate, &general.certificate)?;
    let certificate =
        read("CLIENT_CERTIFICATE", &own.client_certificate, &general.client_certificate)?;
    let key = read("CLIENT_KEY", &own.client_key, &general.client_key)?;
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => bail!(
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY go together; set both or neither"
        ),
    };
    Ok(Tls { authority, client })
}

fn pem(variable: &str, path: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    let accepted = "accepted: the path of a readable PEM file";
    let told = || format!("{variable} is '{}', {accepted}", path.display());
    let bytes = std::fs::read(path).with_context(told)?;
    ensure!(
        bytes.windows(10).any(|window| window == b"-----BEGIN"),
        "{}; it has no PEM block",
        told()
    );
    Ok(bytes)
}

/// A URL of an exporter; `host:port` without a scheme is taken as `http`.
fn endpoint(value: &str) -> Result<String, String> {
    let accepted = "accepted: an http:// or https:// URL, or host:port";
    let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let uri: http::Uri = url.parse().map_err(|error| format!("{accepted} ({error})"))?;
    let scheme_known = matches!(uri.scheme_str(), Some("http" | "https"));
    let host_given = uri.host().is_some_and(|host| !host.is_empty());
    if scheme_known && host_given && port_is_valid(&uri) {
        Ok(url)
    } else {
        Err(accepted.to_owned())
    }
}

/// `http::Uri` takes `host:99999` and `host:` as if there were no port.
fn port_is_valid(uri: &http::Uri) -> bool {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    !after_host.contains(':') || uri.port_u16().is_some()
}

fn port(url: &str) -> Option<u16> {
    url.parse::<http::Uri>().ok()?.port_u16()
}
