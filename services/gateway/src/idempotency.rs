//! The id of a request, and the `Idempotency-Key` that it may come from (IETF draft `idempotency-key-header`).
//!
//! Invariant: the id is settled before anything else asks for it, so that errors carry it, also those of a body that is not
//! even JSON. A caller's `x-request-id` is not taken: whoever repeats one would be given another request's rows without the
//! check that comes with a key.

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderValue, request::Parts};
use shared::{names::header, problem::Problem, scope::Scope};
use uuid::Uuid;

/// Namespace of the UUIDv5 (RFC 9562, section 5.5) that stands for a key which is no UUID. It never changes: the same key must
/// give the same request tomorrow.
const NAMESPACE: Uuid = uuid::uuid!("7c1f3c0e-5a0b-4f3e-9d55-2f6f0f8a6a11");
/// Characters that a key may have.
const MAX_LENGTH: usize = 255;

/// A POST whose scope has its id.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    key: Option<HeaderValue>,
}

impl Identity {
    /// What the next service is told: the key as it came.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.key.iter().map(|key| (header::IDEMPOTENCY_KEY, key.clone())).collect()
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(scope) = Scope::from_request_parts(parts, state).await;
        let mut keys = parts.headers.get_all(header::IDEMPOTENCY_KEY).iter();
        let key = keys.next().cloned();
        if keys.next().is_some() {
            return Err(refused("came more than once"));
        }
        let id = key.as_ref().map(request_id).transpose()?;
        scope.identify(id.unwrap_or_else(Uuid::now_v7));
        Ok(Self { key })
    }
}

/// A UUID in any of its forms is the id itself; any other key has its UUIDv5. The quotes of the draft's structured string do
/// not belong to the key.
fn request_id(value: &HeaderValue) -> Result<Uuid, Problem> {
    let is_accepted = |byte: &u8| matches!(byte, b' '..=b'~');
    let text = value.to_str().ok().filter(|text| text.as_bytes().iter().all(is_accepted));
    let text =
        text.ok_or_else(|| refused("has characters that are neither visible ASCII nor spaces"))?;
    if text.is_empty() || text.len() > MAX_LENGTH {
        return Err(refused(&format!("has {} characters", text.len())));
    }
    let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let key = key.filter(|key| !key.is_empty()).unwrap_or(text);
    Ok(Uuid::try_parse(key).unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, key.as_bytes())))
}

fn refused(what: &str) -> Problem {
    Problem::bad_request(format!(
        "the header Idempotency-Key {what}; accepted: 1 to {MAX_LENGTH} visible ASCII characters, spaces between them too, best a UUID"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(key: &str) -> Option<String> {
        let value = HeaderValue::from_bytes(key.as_bytes()).unwrap();
        request_id(&value).ok().map(|id| id.to_string())
    }

    #[test]
    fn a_uuid_in_any_form_is_the_request_id() {
        let expected = "018f4e6c-1a2b-7c3d-8e4f-5a6b7c8d9e0f";
        for key in [
            expected,
            "018F4E6C-1A2B-7C3D-8E4F-5A6B7C8D9E0F",
            "018f4e6c1a2b7c3d8e4f5a6b7c8d9e0f",
            "urn:uuid:018f4e6c-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
            "{018f4e6c-1a2b-7c3d-8e4f-5a6b7c8d9e0f}",
            "\"018f4e6c-1a2b-7c3d-8e4f-5a6b7c8d9e0f\"",
        ] {
            assert_eq!(id(key).as_deref(), Some(expected), "{key}");
        }
    }

    #[test]
    fn any_other_key_has_one_id_that_stays_the_same() {
        assert_eq!(id("order-42").unwrap(), id("\"order-42\"").unwrap());
        assert_ne!(id("order-42").unwrap(), id("order-43").unwrap());
        assert_eq!(id("order-42").unwrap(), "2a425f7a-5bd8-5de4-9253-ac1a04c0869c");
        assert!(id("\"").is_some() && id("\"\"").is_some());
        // Spaces count: these are two keys.
        assert_eq!(id("order 42").unwrap(), id("\"order 42\"").unwrap());
        assert_ne!(id("order 42").unwrap(), id("order  42").unwrap());
        let visible: String = ('!'..='~').collect();
        assert!(id(&visible).is_some());
    }

    #[test]
    fn what_is_empty_too_long_or_not_visible_is_refused() {
        for key in ["", "tab\there", "schlüssel", &"k".repeat(256)] {
            assert_eq!(id(key), None, "{key}");
        }
        assert!(id(&"k".repeat(255)).is_some());
    }
}
