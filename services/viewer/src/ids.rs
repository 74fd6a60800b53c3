//! Trace and span ids.

use std::fmt;

/// 16 bytes, never all zero in a stored span.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub [u8; 16]);

/// 8 bytes, never all zero in a stored span.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(pub [u8; 8]);

/// A trace id in a URL that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a trace id: write 1 to 32 hex digits")]
pub struct BadTraceId(String);

impl TraceId {
    /// Reads up to 32 hex digits; shorter ids are padded with zeros on the left, as Tempo does.
    pub fn parse(text: &str) -> Result<Self, BadTraceId> {
        let bad = || BadTraceId(text.chars().take(64).collect());
        if text.is_empty() || text.len() > 32 {
            return Err(bad());
        }
        let mut id = [0; 16];
        hex::decode_to_slice(format!("{text:0>32}"), &mut id).map_err(|_| bad())?;
        Ok(Self(id))
    }

    /// The id of a span, unless it has another length or is all zero (OTLP: such a span is invalid).
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self).filter(|id| id.0 != [0; 16])
    }
}

impl SpanId {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self).filter(|id| id.0 != [0; 8])
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_are_padded_on_the_left() {
        let mut expected = [0; 16];
        expected[15] = 0x1a;
        assert_eq!(TraceId::parse("1A"), Ok(TraceId(expected)));
        assert_eq!(TraceId::parse("01a").unwrap().to_string(), "0000000000000000000000000000001a");
    }

    #[test]
    fn what_is_not_hex_or_too_long_is_refused() {
        for text in ["", "xyz", "0x12", "é", &"a".repeat(33), "12 "] {
            assert!(TraceId::parse(text).is_err(), "{text:?} was taken");
        }
    }
}
