//! Where one signal goes over OTLP: the rules between the general variables and the signal's own.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    otlp::OtlpArgs,
    values::{Compression, Protocol},
};
use crate::config::Invalid;

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
    ) -> Result<Self, Invalid> {
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

fn headers(signal: &str, general: &OtlpArgs, own: &OtlpArgs) -> Result<Secret, Invalid> {
    let Some(headers) = own.headers.as_ref().or(general.headers.as_ref()) else {
        return Ok(Secret::default());
    };
    let pairs = headers.pairs().map_err(|error| {
        let variable = variable(signal, own.headers.is_some(), "HEADERS");
        Invalid(format!(
            "{variable} (not shown): {error}; accepted: name=value,name=value with percent-encoded values"
        ))
    })?;
    Ok(Secret(pairs))
}

fn tls(signal: &str, general: &OtlpArgs, own: &OtlpArgs) -> Result<Tls, Invalid> {
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
        _ => {
            return Err(Invalid(
                "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY go together; set both or neither"
                    .to_owned(),
            ));
        }
    };
    Ok(Tls { authority, client })
}

fn pem(variable: &str, path: &Path) -> Result<Vec<u8>, Invalid> {
    let refused = |why: &str| {
        let path = path.display();
        Invalid(format!("{variable} is '{path}', accepted: the path of a readable PEM file; {why}"))
    };
    let bytes = std::fs::read(path).map_err(|error| refused(&error.to_string()))?;
    if bytes.windows(10).any(|window| window == b"-----BEGIN") {
        Ok(bytes)
    } else {
        Err(refused("it has no PEM block"))
    }
}

fn port(url: &str) -> Option<u16> {
    url.parse::<http::Uri>().ok()?.port_u16()
}
