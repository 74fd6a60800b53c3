//! Idempotency keys (IETF draft `idempotency-key-header`): the same key stands for the same request.

use http::HeaderMap;
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::{chain, json::Members, names, problem::Problem, scope::Scope, timestamp::now_micros};

use crate::{routes::App, store::Claim};

/// What a request asks for: the same members mean another thing at another route.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'r> {
    /// Empty for `POST /process`, whose stored fingerprints are of the members alone.
    pub(crate) route: &'static str,
    pub(crate) body: &'r Members,
}

/// Claims the request's id for what is asked when a key came with it; must come before any other write.
pub(crate) async fn claim(
    app: &App,
    scope: &Scope,
    headers: &HeaderMap,
    asked: Asked<'_>,
) -> Result<(), Problem> {
    if !headers.contains_key(names::header::IDEMPOTENCY_KEY) {
        return Ok(());
    }
    let (fingerprint, trace_id) = (fingerprint(asked), chain::trace_id());
    let claim = app.store.claim_request(scope.request_id(), &fingerprint, now_micros(), &trace_id);
    match scope.within(names::database::USERS, claim).await?? {
        Claim::New | Claim::SameBody => Ok(()),
        Claim::OtherBody => Err(Problem::idempotency_key_reused(
            "this idempotency key came with another body or to another route before; send the same again or a new key",
        )),
    }
}

/// SHA-256 over the route and the caller's members in the order of their names, so that white space and order make no other request.
fn fingerprint(asked: Asked<'_>) -> [u8; 32] {
    let of_the_caller = |(name, _): &(&str, &str)| !matches!(*name, "request_id" | "user");
    let mut members: Vec<_> = asked.body.iter().filter(of_the_caller).collect();
    members.sort_by_key(|(name, _)| *name);
    let mut hash = Sha256::new_with_prefix(asked.route);
    for (name, spelling) in members {
        // What serde_json cannot hold, such as 1e400, is compared as it is spelled.
        let value = serde_json::from_str::<Value>(spelling).map(|value| value.to_string());
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.as_deref().unwrap_or(spelling).as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> [u8; 32] {
        fingerprint(Asked { route: "", body: &serde_json::from_str(body).unwrap() })
    }

    #[test]
    fn order_and_what_hops_add_make_no_other_request() {
        let body = of(r#"{"user_id": 1, "action": "a"}"#);
        assert_eq!(body, of(r#"{"action":"a", "user_id":1, "request_id":"x"}"#));
        assert_ne!(body, of(r#"{"action": "b", "user_id": 1}"#));
        assert_ne!(body, of(r#"{"user_id": 1, "action": "a", "items": []}"#));
    }

    #[test]
    fn white_space_escapes_and_order_further_in_make_no_other_request() {
        let body = of(r#"{"a":{"x":1e2,"y":["\u0061"]},"b":1}"#);
        assert_eq!(body, of("{ \"b\": 1, \"\\u0061\": {\n\"y\": [ \"a\" ], \"x\": 100.0} }"));
        assert_ne!(body, of(r#"{"a":{"x":1e3,"y":["a"]},"b":1}"#));
        assert_ne!(of(r#"{"a":1e400}"#), of(r#"{"a":1e401}"#));
    }
}
