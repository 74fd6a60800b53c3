//! The items of a body, with resources and scopes that are good and not too large.
//!
//! Invariant: a resource is decoded once per resource group and a scope once per scope group, so that checking a body is work in
//! proportion to its length, however many scopes and items share a resource.

use std::ptr;

use opentelemetry_proto::tonic::{common::v1::InstrumentationScope, resource::v1::Resource};
use prost::Message;

use super::{MAX_ITEM_BYTES, MAX_ITEMS, MAX_ORIGIN_BYTES, MAX_ORIGINS_BYTES, Refused};
use crate::wire::{Malformed, Origin, each_item};

/// Visits the items that are not too large, and counts the others.
pub(super) fn each_checked_item<'a>(
    body: &'a [u8],
    refused: &mut Refused,
    mut visit: impl FnMut(&mut Refused, Origin<'a>, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let (mut origins, mut items) = (Origins::default(), 0);
    each_item(body, |origin, item| {
        items += 1;
        let (resource, scope) = origins.new_parts(origin);
        resource.map(Resource::decode).transpose()?;
        scope.map(InstrumentationScope::decode).transpose()?;
        if items <= MAX_ITEMS && item.len() <= MAX_ITEM_BYTES && origins.have_room_for(&origin) {
            return visit(refused, origin, item);
        }
        refused.too_large += 1;
        Ok(())
    })
}

/// The origins of a body, in their order.
#[derive(Default)]
struct Origins<'a> {
    last: Option<Origin<'a>>,
    /// Their lengths, each resource as often as it has scopes: the store gets it that often.
    bytes: usize,
}

impl<'a> Origins<'a> {
    /// Resource and scope of an item, where they are not those of the item before it nor too large to be looked at.
    fn new_parts(&mut self, origin: Origin<'a>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
        let last = self.last.replace(origin);
        if last.is_some_and(|last| last.is_same_part(&origin)) {
            return (None, None);
        }
        self.bytes += origin.len();
        let resource = last.is_none_or(|last| !ptr::eq(last.resource, origin.resource));
        let scope = last.is_none_or(|last| !ptr::eq(last.scope, origin.scope));
        let small = |part: &'a [u8]| (part.len() <= MAX_ORIGIN_BYTES).then_some(part);
        (small(origin.resource).filter(|_| resource), small(origin.scope).filter(|_| scope))
    }

    fn have_room_for(&self, origin: &Origin<'_>) -> bool {
        origin.len() <= MAX_ORIGIN_BYTES && self.bytes <= MAX_ORIGINS_BYTES
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        collector::trace::v1::ExportTraceServiceRequest,
        trace::v1::{ResourceSpans, ScopeSpans, Span},
    };

    use super::*;

    const RESOURCE_BYTES: usize = 2000;

    /// A resource group of so many scope groups, each with three empty spans.
    fn group(scopes: usize) -> ResourceSpans {
        let scope = |name: usize| ScopeSpans {
            scope: Some(InstrumentationScope {
                name: (name % 2).to_string(),
                ..Default::default()
            }),
            spans: vec![Span::default(); 3],
            ..Default::default()
        };
        // Two bytes for each.
        let attributes = vec![Default::default(); RESOURCE_BYTES / 2];
        ResourceSpans {
            resource: Some(Resource { attributes, ..Default::default() }),
            scope_spans: (0..scopes).map(scope).collect(),
            ..Default::default()
        }
    }

    fn body(groups: Vec<ResourceSpans>) -> Vec<u8> {
        ExportTraceServiceRequest { resource_spans: groups }.encode_to_vec()
    }

    /// Bytes of resources and of scopes that are decoded for a body.
    fn decoded(body: &[u8]) -> (usize, usize) {
        let (mut origins, mut resources, mut scopes) = (Origins::default(), 0, 0);
        each_item(body, |origin, _| {
            let (resource, scope) = origins.new_parts(origin);
            resources += resource.map_or(0, <[u8]>::len);
            scopes += scope.map_or(0, <[u8]>::len);
            Ok(())
        })
        .unwrap();
        (resources, scopes)
    }

    #[test]
    fn a_resource_is_decoded_once_however_many_scopes_and_items_it_has() {
        // A scope of a name of one byte is three bytes.
        assert_eq!(decoded(&body(vec![group(1)])), (RESOURCE_BYTES, 3));
        assert_eq!(decoded(&body(vec![group(500)])), (RESOURCE_BYTES, 1500));
        assert_eq!(decoded(&body(vec![group(2), group(3)])), (2 * RESOURCE_BYTES, 15));
    }

    #[test]
    fn items_that_are_too_many_are_refused_unread() {
        let mut one = group(1);
        one.scope_spans[0].spans = vec![Span::default(); MAX_ITEMS + 7];
        let (mut refused, mut visited) = (Refused::default(), 0);
        let visit = |_: &mut Refused, _: Origin<'_>, _: &[u8]| {
            visited += 1;
            Ok(())
        };
        each_checked_item(&body(vec![one]), &mut refused, visit).unwrap();
        assert_eq!((visited, refused.too_large), (MAX_ITEMS, 7));
    }

    #[test]
    fn a_malformed_resource_or_scope_is_found_whichever_group_it_is_in() {
        let body = body(vec![group(2), group(3)]);
        // The last scope's name, and the first attribute of the second resource.
        let scope = body.windows(3).rposition(|bytes| bytes == [0x0a, 1, b'0']).unwrap();
        let resource = body.len() / 2
            + body[body.len() / 2..]
                .windows(4)
                .position(|bytes| bytes == [0x0a, 0, 0x0a, 0])
                .unwrap();
        for position in [scope + 2, resource + 1] {
            let mut broken = body.clone();
            broken[position] = 0xff;
            let visit = |_: &mut Refused, _: Origin<'_>, _: &[u8]| Ok(());
            assert!(each_checked_item(&broken, &mut Refused::default(), visit).is_err());
            assert!(each_checked_item(&body, &mut Refused::default(), visit).is_ok());
        }
    }
}
