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
    let uri: Option<Uri> = value.trim_end_matches('/').parse().ok();
    let uri = uri.filter(|uri| is_origin(uri) && !value.contains('#'));
    uri.ok_or_else(|| {
        "accepted: http or https, a host and perhaps a port, such as http://127.0.0.1:8080"
            .to_owned()
    })
}

fn is_origin(uri: &Uri) -> bool {
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    let authority = uri.authority().is_some_and(|authority| {
        let port = authority.as_str().strip_prefix(authority.host());
        let known = authority.port_u16().is_some_and(|port| port > 0);
        !authority.host().is_empty() && (port == Some("") || known)
    });
    scheme && bare && authority
}

pub(super) fn rate(value: &str) -> Result<f64, String> {
    let rate = value.parse().ok().filter(|rate: &f64| (0.001..=1_000_000.0).contains(rate));
    rate.ok_or_else(|| "accepted: requests per second, 0.001 to 1000000".to_owned())
}

pub(super) fn seed(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("accepted: a whole number from 0 to {}", u64::MAX))
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
    let header = parse().ok_or("accepted: NAME: VALUE, such as 'x-tenant: blue'")?;
    if is_reserved(&header.name) {
        return Err(format!(
            "{} is set by loadgen itself; accepted: any other header",
            header.name
        ));
    }
    Ok(header)
}

/// Whether a header is the load's own business: what frames a message, and what makes a request the root of a trace.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    const OWN: [&str; 10] = [
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    OWN.contains(&name.as_str())
}

/// A name of a service, contract or scenario.
pub(super) fn name(value: &str) -> Result<String, String> {
    let printable = !value.is_empty() && !value.contains(char::is_control);
    let name =
        (printable && value.trim() == value && value.len() <= 1024).then(|| value.to_owned());
    name.ok_or_else(|| "accepted: printable characters, without spaces around them".to_owned())
}

pub(super) fn token(value: &str) -> Result<Token, String> {
    let header = HeaderValue::try_from(format!("Bearer {value}")).ok();
    let header =
        header.filter(|_| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()));
    let mut header =
        header.ok_or_else(|| "accepted: visible ASCII characters without spaces".to_owned())?;
    header.set_sensitive(true);
    Ok(Token(header))
}

pub(crate) fn trace_id(value: &str) -> Result<TraceId, String> {
    let wellformed = value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = TraceId::from_hex(value).ok().filter(|id| wellformed && *id != TraceId::INVALID);
    id.ok_or_else(|| "accepted: a trace id of 32 hex digits, not all zero".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_target_is_an_origin_and_nothing_more() {
        for accepted in
            ["http://127.0.0.1:8080", "https://example.org/", "http://[::1]:80", "http://h"]
        {
            assert!(target(accepted).is_ok(), "{accepted}");
        }
        for refused in [
            "",
            "127.0.0.1:8080",
            "ftp://h",
            "http://",
            "http://h/path",
            "http://h?q",
            "http://h/#f",
            "http://me:secret@h",
            "http://h:0",
            "http://h:70000",
            "http://h:",
            "http://:80",
        ] {
            assert!(target(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_ramp_is_two_rates_and_a_length() {
        let expected = Ramp { from: 100.0, to: 2000.0, step: Duration::from_secs(10) };
        assert_eq!(ramp("100..2000/10s"), Ok(expected));
        for refused in ["100..2000", "100/10s", "..2000/10s", "1..0/10s", "1..2/0s", "1..2/10"] {
            assert!(ramp(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let shown = format!("{:?} {:?}", token("secret"), header("authorization: secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "([a-z]+:/*)?\\PC{0,20}") {
            let _ = (target(&text), rate(&text), fraction(&text), positive_duration(&text));
            let _ = (ramp(&text), header(&text), token(&text), trace_id(&text), name(&text));
        }
    }
}
