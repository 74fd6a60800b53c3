//! The values of flags and their parsers, which say what is accepted.

use std::{fmt, time::Duration};

use http::{HeaderName, HeaderValue, Uri};
use opentelemetry::trace::TraceId;

/// `--ramp FROM..TO/LENGTH`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// Requests per second of the first step.
    pub from: f64,
    /// Requests per second of the last step.
    pub to: f64,
    /// How long each step lasts.
    pub step: Duration,
}

/// A header of every request. Its value is not shown by `Debug`: it may be a secret.
#[derive(Clone)]
pub struct HeaderArg {
    /// The name.
    pub name: HeaderName,
    /// The value.
    pub value: HeaderValue,
}

impl fmt::Debug for HeaderArg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: (not shown)", self.name)
    }
}

/// A bearer token, as the value of an `Authorization` header. `Debug` does not show it.
#[derive(Clone)]
pub struct Token(pub HeaderValue);

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(not shown)")
    }
}

pub(super) fn target(value: &str) -> Result<Uri, String> {
    let accepted =
        "accepted: http or https, a host and perhaps a port, such as http://127.0.0.1:8080";
    let uri: Uri = value.trim_end_matches('/').parse().map_err(|_| accepted.to_owned())?;
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    let host = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@') && !authority.host().is_empty());
    (scheme && bare && host).then_some(uri).ok_or_else(|| accepted.to_owned())
}

pub(super) fn rate(value: &str) -> Result<f64, String> {
    let rate = value.parse().ok().filter(|rate: &f64| (0.001..=1_000_000.0).contains(rate));
    rate.ok_or_else(|| "accepted: requests per second, 0.001 to 1000000".to_owned())
}

pub(super) fn fraction(value: &str) -> Result<f64, String> {
    let fraction = value.parse().ok().filter(|fraction: &f64| (0.0..=1.0).contains(fraction));
    fraction.ok_or_else(|| "accepted: a share from 0 to 1, such as 0.01".to_owned())
}

pub(super) fn positive_duration(value: &str) -> Result<Duration, String> {
    let accepted = "accepted: a duration with its unit, at most 365days, such as 500ms, 30s or 5m";
    let longest = Duration::from_secs(365 * 24 * 3600);
    let duration = humantime::parse_duration(value).ok();
    let duration = duration.filter(|duration| !duration.is_zero() && *duration <= longest);
    duration.ok_or_else(|| accepted.to_owned())
}

pub(super) fn ramp(value: &str) -> Result<Ramp, String> {
    let parse = || {
        let (rates, step) = value.split_once('/')?;
        let (from, to) = rates.split_once("..")?;
        Some(Ramp {
            from: rate(from).ok()?,
            to: rate(to).ok()?,
            step: positive_duration(step).ok()?,
        })
    };
    parse().ok_or_else(|| {
        "accepted: FROM..TO/LENGTH in requests per second, such as 100..2000/10s".to_owned()
    })
}

pub(super) fn header(value: &str) -> Result<HeaderArg, String> {
    let parse = || {
        let (name, value) = value.split_once(':')?;
        Some(HeaderArg { name: name.trim().parse().ok()?, value: value.trim().parse().ok()? })
    };
    parse().ok_or_else(|| "accepted: NAME: VALUE, such as 'x-tenant: blue'".to_owned())
}

pub(super) fn token(value: &str) -> Result<Token, String> {
    let header = HeaderValue::try_from(format!("Bearer {value}")).ok();
    let header = header.filter(|_| !value.is_empty() && !value.contains(char::is_whitespace));
    let mut header =
        header.ok_or_else(|| "accepted: visible ASCII characters without spaces".to_owned())?;
    header.set_sensitive(true);
    Ok(Token(header))
}

pub(super) fn trace_id(value: &str) -> Result<TraceId, String> {
    let wellformed = value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = TraceId::from_hex(value).ok().filter(|id| wellformed && *id != TraceId::INVALID);
    id.ok_or_else(|| "accepted: a trace id of 32 hex digits, not all zero".to_owned())
}
