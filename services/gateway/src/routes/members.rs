//! What the gateway adds to a caller's JSON object; the caller's own members stay as they are spelled.

use serde_json::json;
use shared::{json::Members, problem::Problem};
use uuid::Uuid;

const REQUEST_ID: &str = "request_id";

/// The object `body` with `request_id` as its last member; one that the caller sent is replaced, since whoever may choose it
/// could claim another request's rows.
///
/// # Errors
/// 422 when `body` is not a JSON object.
pub(super) fn with_request_id(body: &[u8], request_id: Uuid) -> Result<String, Problem> {
    let not_an_object = |_| Problem::invalid_field("", "accepted: an object");
    let mut members = Members::parse(body).map_err(not_an_object)?;
    members.set(REQUEST_ID, &json!(request_id));
    Ok(members.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_spelling() {
        let body = br#" { "z": 1.10, "a" : [ 1e400, 12345678901234567890123 ], "\u0061b": null } "#;
        let sent = with_request_id(body, Uuid::nil()).unwrap();
        let id = Uuid::nil();
        assert_eq!(
            sent,
            format!(
                r#"{{"z":1.10,"a":[ 1e400, 12345678901234567890123 ],"ab":null,"request_id":"{id}"}}"#
            )
        );
    }

    #[test]
    fn a_request_id_of_the_caller_is_replaced() {
        let sent = with_request_id(br#"{"request_id":"mine","a":1}"#, Uuid::nil()).unwrap();
        assert_eq!(sent, format!(r#"{{"a":1,"request_id":"{}"}}"#, Uuid::nil()));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(with_request_id(b"[1]", Uuid::nil()).unwrap_err().code(), "invalid");
    }
}
