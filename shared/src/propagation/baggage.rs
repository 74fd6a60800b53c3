//! `baggage` to and from a [`Context`]: W3C Baggage, section "Baggage HTTP Header Format".
//!
//! The stock propagator reads only the first of several `baggage` lines, cuts a value at its second `=`, decodes properties that it
//! writes back undecoded, does not encode `%`, and drops a member that is not UTF-8; so the format is read and written here.
//! The values live in OpenTelemetry's own `Baggage`, where handlers find them.
//!
//! Invariant: what is read, and what [`with_member`] makes, fits the limits in its encoded form, so that nothing is lost on the way out.

use std::sync::LazyLock;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

pub(super) const BAGGAGE: &str = "baggage";

const MAX_MEMBERS: usize = 64;
const MAX_BYTES: usize = 8192;

/// What is no `baggage-octet`, and two that are: `%` would be decoded by the next reader, and many readers wrongly split at every `=`.
const ENCODED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'%').add(b',').add(b';').add(b'=').add(b'\\');

static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| [BAGGAGE.into()]);

/// Reads and writes `baggage` as W3C Baggage has it: several lines are one list, values are percent-encoded UTF-8, properties are
/// passed on as they came. Of a repeated key the first member counts, a bad member is left out alone, and what is over 64 members or
/// 8192 bytes is left out from the end. Written in the order of the keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct W3cBaggagePropagator;

impl TextMapPropagator for W3cBaggagePropagator {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let mut text = String::new();
        let mut room = Room::default();
        for (key, value, properties) in in_order(cx.baggage()) {
            let member = encode(key, value, properties);
            if !room.take(member.len()) {
                continue;
            }
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&member);
        }
        if !text.is_empty() {
            injector.set(BAGGAGE, text);
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let Some(lines) = extractor.get_all(BAGGAGE) else {
            return cx.clone();
        };
        let mut members = Members::default();
        for member in lines.iter().flat_map(|line| line.split(',')) {
            members.add_encoded(member);
        }
        cx.with_baggage(members.baggage)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(FIELDS.as_slice())
    }
}

/// `cx` with one member added or replaced, at the cost of others if need be.
pub(super) fn with_member(cx: &Context, key: &str, value: String) -> Context {
    let mut members = Members::default();
    if !members.add(key, value, "") {
        return cx.clone();
    }
    for (key, value, properties) in in_order(cx.baggage()) {
        members.add(key, value.to_owned(), properties);
    }
    cx.with_baggage(members.baggage)
}

/// Members as they are collected, the first of a key and those that find room.
#[derive(Default)]
struct Members {
    baggage: Baggage,
    room: Room,
}

impl Members {
    fn add_encoded(&mut self, member: &str) {
        let (pair, properties) = member.split_once(';').unwrap_or((member, ""));
        if let Some((key, value)) = pair.split_once('=') {
            // Trimmed before it is decoded: an encoded space belongs to the value.
            let value = percent_decode_str(trim(value)).decode_utf8_lossy();
            self.add(trim(key), value.into_owned(), properties);
        }
    }

    /// Whether the member is in now.
    fn add(&mut self, key: &str, value: String, properties: &str) -> bool {
        if !is_token(key) || self.baggage.get(key).is_some() {
            return false;
        }
        let properties = valid_properties(properties);
        if !self.room.take(encoded_length(key, &value, properties)) {
            return false;
        }
        self.baggage.insert_with_metadata(key.to_owned(), value, properties);
        true
    }
}

/// The limits, counted in members and in bytes of the header.
#[derive(Default)]
struct Room {
    members: usize,
    bytes: usize,
}

impl Room {
    fn take(&mut self, length: usize) -> bool {
        let comma = usize::from(self.members > 0);
        let bytes = self.bytes + comma + length;
        let fits = self.members < MAX_MEMBERS && bytes <= MAX_BYTES;
        if fits {
            self.members += 1;
            self.bytes = bytes;
        }
        fits
    }
}

fn in_order(baggage: &Baggage) -> Vec<(&str, &str, &str)> {
    let mut members: Vec<_> = baggage
        .iter()
        .map(|(key, (value, properties))| (key.as_str(), value.as_str(), properties.as_str()))
        .collect();
    members.sort_unstable();
    members
}

fn encode(key: &str, value: &str, properties: &str) -> String {
    let properties = valid_properties(properties);
    let mut member = String::with_capacity(key.len() + value.len() + properties.len() + 2);
    member.push_str(key);
    member.push('=');
    member.extend(utf8_percent_encode(value, ENCODED));
    if !properties.is_empty() {
        member.push(';');
        member.push_str(properties);
    }
    member
}

fn encoded_length(key: &str, value: &str, properties: &str) -> usize {
    let value: usize = utf8_percent_encode(value, ENCODED).map(str::len).sum();
    let properties = match properties.len() {
        0 => 0,
        length => length + 1,
    };
    key.len() + 1 + value + properties
}

/// Properties are opaque and passed on as text; text that would end the member, or that no header can hold, is left out.
fn valid_properties(properties: &str) -> &str {
    let valid = |b: u8| b == b'\t' || (b' '..=b'~').contains(&b) && b != b',';
    let properties = trim(properties);
    if properties.bytes().all(valid) { properties } else { "" }
}

/// RFC 9110, section 5.6.2.
fn is_token(key: &str) -> bool {
    let tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !key.is_empty() && key.bytes().all(tchar)
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
