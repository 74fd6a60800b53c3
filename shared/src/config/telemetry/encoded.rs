//! Lists of `key=value` with percent-encoded values: OTLP headers and resource attributes.

use std::fmt;

/// Headers of OTLP requests, checked when they are used, since an error at parsing would print them.
#[derive(Clone)]
pub struct Headers(String);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers(not shown)")
    }
}

impl Headers {
    /// Names and values, in the W3C Baggage form that the specification asks for: `name=value,..`, percent-encoded.
    ///
    /// # Errors
    /// The number of the entry that is wrong and why, without its text.
    pub fn pairs(&self) -> Result<Vec<(String, String)>, String> {
        let entries = self.0.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.zip(1..).map(|(entry, number)| header(entry, number)).collect()
    }
}

fn header(entry: &str, number: usize) -> Result<(String, String), String> {
    let (name, value) =
        entry.split_once('=').ok_or_else(|| format!("entry {number} has no `=`"))?;
    let name = http::HeaderName::try_from(name.trim())
        .map_err(|_| format!("entry {number} has a name that is no header name"))?;
    let value = percent_decode(value.trim())
        .filter(|value| http::HeaderValue::try_from(value).is_ok())
        .ok_or_else(|| {
            format!("entry {number} has a value that is no header value, percent-encoded")
        })?;
    Ok((name.to_string(), value))
}

/// `OTEL_RESOURCE_ATTRIBUTES`, decoded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ResourceAttributes(pub Vec<(String, String)>);

impl ResourceAttributes {
    /// The last value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "clap's shape of a parser")]
pub(super) fn headers(value: &str) -> Result<Headers, String> {
    Ok(Headers(value.to_owned()))
}

pub(super) fn resource_attributes(value: &str) -> Result<ResourceAttributes, String> {
    let accepted = || "accepted: key=value,key=value with percent-encoded values".to_owned();
    let pair = |entry: &str| {
        let (key, value) = entry.split_once('=')?;
        let key = key.trim();
        Some((key.to_owned(), percent_decode(value.trim())?)).filter(|_| !key.is_empty())
    };
    let entries = value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let pairs: Option<Vec<_>> = entries.map(pair).collect();
    pairs.map(ResourceAttributes).ok_or_else(accepted)
}

/// `None` where a `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = tail.get(..2)?;
            bytes.push(hex::decode(digits).ok()?[0]);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}
