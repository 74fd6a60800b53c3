//! The outer layers of an OTLP export, read at the wire level.
//!
//! Traces, logs and metrics share one envelope: resource, scope, item. Walking it without building it means that a
//! body of a few megabytes of empty messages cannot become a hundred times as much memory, and that an item is kept
//! as the very bytes that were sent.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Why a body is not an OTLP export.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the body is not a protobuf message: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error(
        "the body is not a protobuf message: a field of {length} bytes is longer than the message around it"
    )]
    Truncated { length: u64 },
    #[error(
        "the body is not an OTLP export: field {tag} of {message} is not a message or a string"
    )]
    WrongType { message: &'static str, tag: u32 },
    #[error("the body is not an OTLP export: a schema_url is not UTF-8")]
    NotText,
    #[error("the body is not OTLP JSON: {0}")]
    Json(String),
}

/// Who made an item: the encoded resource and instrumentation scope with their schema URLs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    pub(crate) resource: &'a [u8],
    pub(crate) resource_schema: &'a str,
    pub(crate) scope: &'a [u8],
    pub(crate) scope_schema: &'a str,
}

impl Origin<'_> {
    pub(crate) fn len(&self) -> usize {
        self.resource.len()
            + self.resource_schema.len()
            + self.scope.len()
            + self.scope_schema.len()
    }

    /// Whether both are the same part of one body. Comparing what is in it, item by item, would cost many times the body's length.
    pub(crate) fn is_same_part(&self, other: &Self) -> bool {
        std::ptr::eq(self.resource, other.resource)
            && std::ptr::eq(self.resource_schema, other.resource_schema)
            && std::ptr::eq(self.scope, other.scope)
            && std::ptr::eq(self.scope_schema, other.scope_schema)
    }
}

/// Calls `visit` for each span, log record or metric of an export request.
pub(crate) fn each_item<'a>(
    body: &'a [u8],
    mut visit: impl FnMut(Origin<'a>, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    each_field(body, "the request", |tag, resource_group| match tag {
        1 => each_scope(resource_group, &mut visit),
        _ => Ok(()),
    })
}

fn each_scope<'a>(
    group: &'a [u8],
    visit: &mut impl FnMut(Origin<'a>, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let (resource, resource_schema) = owner(group, "a resource group")?;
    each_field(group, "a resource group", |tag, scope_group| {
        if tag != 2 {
            return Ok(());
        }
        let (scope, scope_schema) = owner(scope_group, "a scope group")?;
        let origin = Origin { resource, resource_schema, scope, scope_schema };
        each_field(scope_group, "a scope group", |tag, item| match tag {
            2 => visit(origin, item),
            _ => Ok(()),
        })
    })
}

/// The resource or scope of a group, and its schema URL. Fields may come in any order, so this is read before the items.
fn owner<'a>(group: &'a [u8], name: &'static str) -> Result<(&'a [u8], &'a str), Malformed> {
    let mut owner: &[u8] = &[];
    let mut schema_url = "";
    each_field(group, name, |tag, value| {
        match tag {
            1 => owner = value,
            3 => schema_url = std::str::from_utf8(value).map_err(|_| Malformed::NotText)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((owner, schema_url))
}

/// Visits the length-delimited fields of `message`. Fields 1 to 3 of every envelope layer are of that type; unknown
/// fields of any type are skipped, as protobuf asks for.
fn each_field<'a>(
    mut message: &'a [u8],
    name: &'static str,
    mut visit: impl FnMut(u32, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while !message.is_empty() {
        let (tag, wire_type) = decode_key(&mut message)?;
        if wire_type == WireType::LengthDelimited {
            let length = decode_varint(&mut message)?;
            let end = usize::try_from(length).ok().filter(|&end| end <= message.len());
            let (value, rest) = message.split_at(end.ok_or(Malformed::Truncated { length })?);
            message = rest;
            visit(tag, value)?;
        } else if tag <= 3 {
            return Err(Malformed::WrongType { message: name, tag });
        } else {
            skip_field(wire_type, tag, &mut message, DecodeContext::default())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_after_its_spans_still_belongs_to_them() {
        // ResourceSpans { scope_spans { spans "s" }, resource "r" } with the fields in reverse order.
        let body = [0x0a, 8, 0x12, 3, 0x12, 1, b's', 0x0a, 1, b'r'];
        let mut seen = Vec::new();
        each_item(&body, |origin, item| {
            seen.push((origin.resource, item));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(&b"r"[..], &b"s"[..])]);
    }

    #[test]
    fn unknown_fields_of_any_type_are_skipped() {
        let body = [0x20, 0x01, 0x3a, 2, 0, 0];
        each_item(&body, |_, _| panic!("there is no item")).unwrap();
    }

    #[test]
    fn lengths_beyond_the_body_and_wrong_types_are_malformed() {
        for body in [
            &[0x0a, 0x05, 0x00][..],
            &[0x08, 0x01],
            &[0x0a],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x0a, 3, 0x1a, 1, 0xff],
        ] {
            assert!(each_item(body, |_, _| Ok(())).is_err(), "{body:?} was taken");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = each_item(&body, |_, _| Ok(()));
        }
    }
}
