//! Interned origins: a resource is the same for every span of a process, so it is kept once.

use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
};

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value},
    resource::v1::Resource,
};
use prost::Message;

use crate::wire::Origin;

/// What an entry costs beyond its bytes: the allocations, the table's slots (at most four per entry), the counters.
const OVERHEAD: usize = 256;

/// Who made a span or log record, encoded as it came.
#[derive(Debug)]
pub(crate) struct StoredOrigin {
    pub(crate) resource: Box<[u8]>,
    pub(crate) resource_schema: Box<str>,
    pub(crate) scope: Box<[u8]>,
    pub(crate) scope_schema: Box<str>,
    /// How many stored items name it. Only changed under the store's lock.
    uses: AtomicUsize,
}

impl StoredOrigin {
    fn key(&self) -> (&[u8], &str, &[u8], &str) {
        (&self.resource, &self.resource_schema, &self.scope, &self.scope_schema)
    }

    /// Bytes held for it.
    pub(super) fn cost(&self) -> usize {
        OVERHEAD
            + self.resource.len()
            + self.resource_schema.len()
            + self.scope.len()
            + self.scope_schema.len()
    }

    pub(crate) fn resource_attributes(&self) -> Vec<KeyValue> {
        Resource::decode(&*self.resource).map(|resource| resource.attributes).unwrap_or_default()
    }

    /// `service.name`, or what the specification has for a resource without one.
    pub(crate) fn service_name(&self) -> String {
        let name = self
            .resource_attributes()
            .into_iter()
            .find(|attribute| attribute.key == "service.name");
        match name.and_then(|attribute| attribute.value).and_then(|value| value.value) {
            Some(any_value::Value::StringValue(name)) => name,
            _ => "unknown_service".to_owned(),
        }
    }
}

impl PartialEq for StoredOrigin {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for StoredOrigin {}

impl Hash for StoredOrigin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Invariant: holds exactly the origins with uses, and `bytes` is the sum of their costs.
#[derive(Debug, Default)]
pub(super) struct Origins {
    table: HashSet<Arc<StoredOrigin>>,
    bytes: usize,
}

impl Origins {
    /// The one stored copy of `origin`, with a use more.
    pub(super) fn acquire(&mut self, origin: Origin<'_>) -> Arc<StoredOrigin> {
        let candidate = StoredOrigin {
            resource: origin.resource.into(),
            resource_schema: origin.resource_schema.into(),
            scope: origin.scope.into(),
            scope_schema: origin.scope_schema.into(),
            uses: AtomicUsize::new(0),
        };
        let stored = match self.table.get(&candidate) {
            Some(known) => Arc::clone(known),
            None => {
                self.bytes += candidate.cost();
                let added = Arc::new(candidate);
                self.table.insert(Arc::clone(&added));
                added
            }
        };
        self.reuse(&stored);
        stored
    }

    pub(super) fn reuse(&mut self, origin: &StoredOrigin) {
        origin.uses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn release(&mut self, origin: &Arc<StoredOrigin>) {
        if origin.uses.fetch_sub(1, Ordering::Relaxed) == 1 && self.table.remove(origin) {
            self.bytes -= origin.cost();
            if self.table.capacity() > 64 && self.table.len() < self.table.capacity() / 4 {
                self.table.shrink_to_fit();
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_origin_is_kept_once_and_goes_with_its_last_use() {
        let mut origins = Origins::default();
        let origin = Origin { resource: b"resource", ..Origin::default() };
        let first = origins.acquire(origin);
        let cost = origins.bytes();
        let second = origins.acquire(origin);
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(origins.bytes(), cost);

        origins.release(&first);
        assert_eq!(origins.bytes(), cost);
        origins.release(&second);
        assert_eq!(origins.bytes(), 0);
    }
}
