//! The text of `traceparent`: W3C Trace Context level 2, section "Traceparent Header".

use opentelemetry::{SpanId, TraceId};

pub(super) const SAMPLED: u8 = 0x01;
/// Level 2: the last 7 bytes of the trace id are random.
pub(super) const RANDOM: u8 = 0x02;

/// Version, trace id, parent id, flags and the three dashes between them.
const LENGTH: usize = 55;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traceparent {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    /// Only the flags that level 2 defines; others are neither kept nor passed on.
    pub(super) flags: u8,
}

impl Traceparent {
    /// Reads one header value; `None` if it is not valid, which means that a new trace begins.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let bytes = value.trim_matches([' ', '\t']).as_bytes();
        let (fixed, tail) = bytes.split_first_chunk::<LENGTH>()?;
        if [fixed[2], fixed[35], fixed[52]] != *b"---" {
            return None;
        }
        let [version] = lowercase_hex(&fixed[..2])?;
        // A later version may say more, behind one more dash; version 00 is complete.
        let complete = match (version, tail.first()) {
            (0xff, _) => false,
            (_, None) => true,
            (version, Some(next)) => version > 0 && *next == b'-',
        };
        let trace_id = TraceId::from_bytes(lowercase_hex(&fixed[3..35])?);
        let span_id = SpanId::from_bytes(lowercase_hex(&fixed[36..52])?);
        let [flags] = lowercase_hex(&fixed[53..])?;
        let valid = complete && trace_id != TraceId::INVALID && span_id != SpanId::INVALID;
        valid.then_some(Self { trace_id, span_id, flags: flags & (SAMPLED | RANDOM) })
    }

    /// Writes the header value, always as version 00.
    pub(super) fn to_text(self) -> String {
        let mut text = String::with_capacity(LENGTH);
        text.push_str("00-");
        push_hex(&mut text, &self.trace_id.to_bytes());
        text.push('-');
        push_hex(&mut text, &self.span_id.to_bytes());
        text.push('-');
        push_hex(&mut text, &[self.flags]);
        text
    }
}

fn lowercase_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    // The hex crate also takes capitals, which the grammar does not.
    if digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
    }
}
