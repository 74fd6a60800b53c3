//! What an answer says of its trace: read from its body and headers, leniently, since any system may have made it.

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue};
use opentelemetry::trace::TraceId;
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::names::header::{IDEMPOTENCY_REPLAYED, TRACERESPONSE};

use crate::{outcome::Said, output::is_control};

/// Entries of a chain beyond which nothing is read.
const MAX_CHAIN: usize = 64;
/// Characters of a name.
const MAX_NAME: usize = 128;

/// The members that are looked at. Each stays unread until it is known to be of the right kind: one that is not must not hide the others.
#[derive(Default, Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    trace_id: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    service: Option<&'a RawValue>,
    #[serde(borrow)]
    chain: Option<&'a RawValue>,
}

/// Reads an answer; a body that is no JSON object says nothing.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Said {
    let members = object(body).unwrap_or_default();
    let response = headers.get(TRACERESPONSE).and_then(traceresponse);
    let replayed = headers.get(IDEMPOTENCY_REPLAYED);
    Said {
        trace_id: members.trace_id.and_then(trace_id).or(response.map(|(trace_id, _)| trace_id)),
        made_in: response.map(|(trace_id, _)| trace_id),
        sampled: response.map(|(_, sampled)| sampled),
        code: members.code.and_then(name),
        service: members.service.and_then(name),
        chain: members.chain.map(chain).unwrap_or_default(),
        replayed: replayed.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")),
    }
}

/// serde would take an array's elements for the members, in order.
fn object(body: &[u8]) -> Option<Members<'_>> {
    let begin = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
    (*begin == b'{').then(|| serde_json::from_slice(body).ok())?
}

fn chain(raw: &RawValue) -> Vec<(String, TraceId)> {
    let entries: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    let entry = |raw: &RawValue| {
        let members = object(raw.get().as_bytes())?;
        Some((name(members.service?)?, trace_id(members.trace_id?)?))
    };
    entries.into_iter().take(MAX_CHAIN).filter_map(entry).collect()
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let raw = raw.get();
    match raw.strip_prefix('"')?.strip_suffix('"')? {
        plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(raw).ok().map(Cow::Owned),
    }
}

fn name(raw: &RawValue) -> Option<String> {
    // It is printed later, and must not end a line or move a cursor there.
    let text = text(raw).filter(|text| !text.is_empty() && !text.contains(is_control))?;
    Some(match text.char_indices().nth(MAX_NAME) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.into_owned(),
    })
}

fn trace_id(raw: &RawValue) -> Option<TraceId> {
    valid_trace_id(&text(raw)?)
}

fn valid_trace_id(text: &str) -> Option<TraceId> {
    let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    TraceId::from_hex(text).ok().filter(|id| hex && *id != TraceId::INVALID)
}

/// Trace id and sampled flag of `00-<trace id>-<span id>-<flags>`.
fn traceresponse(value: &HeaderValue) -> Option<(TraceId, bool)> {
    let mut parts = value.to_str().ok()?.trim().split('-').skip(1);
    let trace_id = valid_trace_id(parts.next()?)?;
    let flags = u8::from_str_radix(parts.nth(1)?, 16).ok()?;
    Some((trace_id, flags & 1 == 1))
}

#[cfg(test)]
mod tests;
