//! Idempotency keys (IETF draft `idempotency-key-header`): the same key stands for the same request.

use http::HeaderMap;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use shared::{chain, names, problem::Problem, scope::Scope, timestamp::now_micros};

use crate::{routes::App, store::Claim};

/// Claims the request's id for this body when a key came with it; must come before any other write.
pub(crate) async fn claim(
    app: &App,
    scope: &Scope,
    headers: &HeaderMap,
    body: &Map<String, Value>,
) -> Result<(), Problem> {
    if !headers.contains_key(names::header::IDEMPOTENCY_KEY) {
        return Ok(());
    }
    let (fingerprint, trace_id) = (fingerprint(body), chain::trace_id());
    let claim = app.store.claim_request(scope.request_id(), &fingerprint, now_micros(), &trace_id);
    match scope.within(names::database::USERS, claim).await?? {
        Claim::New | Claim::SameBody => Ok(()),
        Claim::OtherBody => Err(Problem::idempotency_key_reused(
            "this idempotency key came with another body before; send the same body again or a new key",
        )),
    }
}

/// SHA-256 over the caller's members in the order of their names, so that white space and order make no other request.
fn fingerprint(body: &Map<String, Value>) -> [u8; 32] {
    let mut members: Vec<_> =
        body.iter().filter(|(name, _)| !matches!(name.as_str(), "request_id" | "user")).collect();
    members.sort_by_key(|(name, _)| name.as_str());
    let mut hash = Sha256::new();
    for (name, value) in members {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.to_string().as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: &Value) -> [u8; 32] {
        fingerprint(body.as_object().unwrap())
    }

    #[test]
    fn order_and_what_hops_add_make_no_other_request() {
        let body = of(&json!({"user_id": 1, "action": "a"}));
        assert_eq!(body, of(&json!({"action": "a", "user_id": 1, "request_id": "x"})));
        assert_ne!(body, of(&json!({"action": "b", "user_id": 1})));
        assert_ne!(body, of(&json!({"user_id": 1, "action": "a", "items": []})));
    }
}
