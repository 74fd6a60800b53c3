//! The variables of OTLP exporters: the general ones and the same again for each signal.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    encoded::{self, Headers},
    values::{self, Compression, Protocol},
};
use crate::config::milliseconds;

/// What can be said of an OTLP exporter, in general or for one signal.
#[derive(Clone, Debug, Default)]
pub(super) struct OtlpArgs {
    pub(super) endpoint: Option<String>,
    pub(super) protocol: Option<Protocol>,
    pub(super) headers: Option<Headers>,
    pub(super) timeout: Option<Duration>,
    pub(super) compression: Option<Compression>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) client_certificate: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
}

/// The end of a flag's description: what holds when neither it nor, for one signal's flag, the general one is given.
macro_rules! default_of {
    ("", $general:literal) => {
        concat!(". Default: ", $general)
    };
    ($signal:tt, $general:literal) => {
        ". Default: as for all signals"
    };
}

/// One set of variables: `$variable` and `$flag` hold what stands between `OTEL_EXPORTER_OTLP_` and the rest.
macro_rules! otlp_args {
    ($name:ident, $variable:tt, $flag:tt, $what:literal) => {
        #[doc = concat!("The variables `OTEL_EXPORTER_OTLP_", $variable, "*`.")]
        #[derive(Args, Clone, Debug)]
        pub(crate) struct $name {
            #[arg(id = concat!($flag, "endpoint"),
                  help = concat!("Where ", $what, " go: an http or https URL, or host:port", default_of!($flag, "http://localhost:4318, and port 4317 for grpc")),
                  long = concat!("otel-exporter-otlp-", $flag, "endpoint"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "ENDPOINT"), value_name = "URL", value_parser = endpoint)]
            endpoint: Option<String>,
            #[arg(id = concat!($flag, "protocol"),
                  help = concat!("Protocol for ", $what, ": http/protobuf or grpc", default_of!($flag, "http/protobuf, and grpc for an endpoint with port 4317")),
                  long = concat!("otel-exporter-otlp-", $flag, "protocol"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "PROTOCOL"), value_name = "PROTOCOL",
                  value_parser = values::protocol)]
            protocol: Option<Protocol>,
            #[arg(id = concat!($flag, "headers"),
                  help = concat!("Headers sent with ", $what, ": name=value, separated by commas, values percent-encoded", default_of!($flag, "none")),
                  long = concat!("otel-exporter-otlp-", $flag, "headers"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "HEADERS"), value_name = "HEADERS", hide_env_values = true,
                  value_parser = encoded::headers)]
            headers: Option<Headers>,
            #[arg(id = concat!($flag, "timeout"),
                  help = concat!("Milliseconds that sending ", $what, " may take", default_of!($flag, "10000")),
                  long = concat!("otel-exporter-otlp-", $flag, "timeout"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "TIMEOUT"), value_name = "MS", value_parser = milliseconds)]
            timeout: Option<Duration>,
            #[arg(id = concat!($flag, "compression"),
                  help = concat!("Compression of ", $what, ": gzip or none", default_of!($flag, "none")),
                  long = concat!("otel-exporter-otlp-", $flag, "compression"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "COMPRESSION"), value_name = "COMPRESSION",
                  value_parser = values::compression)]
            compression: Option<Compression>,
            #[arg(id = concat!($flag, "certificate"),
                  help = concat!("PEM file of the authority that is trusted for ", $what, default_of!($flag, "the system's authorities")),
                  long = concat!("otel-exporter-otlp-", $flag, "certificate"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "CERTIFICATE"), value_name = "FILE")]
            certificate: Option<PathBuf>,
            #[arg(id = concat!($flag, "client-certificate"),
                  help = concat!("PEM file of the client's certificate for ", $what, default_of!($flag, "none")),
                  long = concat!("otel-exporter-otlp-", $flag, "client-certificate"),
                  env = concat!("OTEL_EXPORTER_OTLP_", $variable, "CLIENT_CERTIFICATE"), value_name = "FILE")]
            client_certificate: Option<PathBuf>,
            #[arg(id = concat!($flag, "client-key"),
                  help = concat!("PEM file of the client's private key for ", $what, default_of!($flag, "none")),
                  long = concat!("otel-exporter-otlp-", $flag, "client-key"),
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

/// A URL of an exporter; `host:port` without a scheme is taken as `http`.
fn endpoint(value: &str) -> Result<String, String> {
    let accepted = "accepted: an http:// or https:// URL, or host:port";
    if value.contains(['@', '?', '#']) {
        return Err(format!(
            "{accepted}, without user, password or query: what it asks for as a proof goes into the headers' variable"
        ));
    }
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
