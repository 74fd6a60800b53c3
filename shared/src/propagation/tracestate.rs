//! The list in `tracestate`: W3C Trace Context level 2, section "Tracestate Header".

use opentelemetry::trace::TraceState;

const MAX_MEMBERS: usize = 32;
const MAX_LENGTH: usize = 256;

/// A valid, not empty list.
#[derive(Debug)]
pub(super) struct Tracestate {
    /// The list as it is passed on: every line joined in order, without empty members, white space around members and repeated keys.
    pub(super) text: String,
    /// What the SDK's type can hold of it: everything, or nothing where it refuses a key (`TraceState` knows level 1 keys only).
    pub(super) held: TraceState,
}

impl Tracestate {
    /// Reads all `tracestate` lines of a request. `None` if there is no member, and also if any member is bad or there are too
    /// many: the whole list is then discarded, never a part of it.
    pub(super) fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut members: Vec<(&str, &str)> = Vec::new();
        let mut count = 0;
        for member in lines.into_iter().flat_map(|line| line.split(',')) {
            let member = member.trim_matches([' ', '\t']);
            if member.is_empty() {
                continue;
            }
            count += 1;
            let (key, value) = member.split_once('=')?;
            if count > MAX_MEMBERS || !valid_key(key) || !valid_value(value) {
                return None;
            }
            if !members.iter().any(|(known, _)| *known == key) {
                members.push((key, value));
            }
        }
        (!members.is_empty()).then(|| Self {
            text: join(&members),
            held: TraceState::from_key_value(members).unwrap_or_default(),
        })
    }
}

fn join(members: &[(&str, &str)]) -> String {
    let length = members.iter().map(|(k, v)| k.len() + v.len() + 2).sum();
    let mut text = String::with_capacity(length);
    for (key, value) in members {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(key);
        text.push('=');
        text.push_str(value);
    }
    text
}

fn valid_key(key: &str) -> bool {
    let lowercase_or_digit = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    key.len() <= MAX_LENGTH
        && key.as_bytes().first().is_some_and(lowercase_or_digit)
        && key.bytes().all(|b| lowercase_or_digit(&b) || b"_-*/@".contains(&b))
}

/// The end of the value cannot be a space: the white space around the member is already gone.
fn valid_value(value: &str) -> bool {
    (1..=MAX_LENGTH).contains(&value.len())
        && value.bytes().all(|b| (0x20..=0x7e).contains(&b) && b != b'=')
}
