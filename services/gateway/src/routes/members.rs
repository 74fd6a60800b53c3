//! The members of a caller's JSON object, in the caller's order and spelling.
//!
//! A map would sort them, and numbers would lose what a double cannot hold; what the gateway does not know is not its to change.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use shared::problem::Problem;
use uuid::Uuid;

const REQUEST_ID: &str = "request_id";

struct Members<'b>(Vec<(String, &'b RawValue)>);

/// The object `body` with `request_id` as its last member; one that the caller sent is replaced, since whoever may choose it
/// could claim another request's rows.
///
/// # Errors
/// 422 when `body` is not a JSON object.
pub(super) fn with_request_id(body: &[u8], request_id: Uuid) -> Result<String, Problem> {
    let not_an_object = |_| Problem::invalid_field("", "accepted: an object");
    let Members(members) = serde_json::from_slice(body).map_err(not_an_object)?;
    let mut text = String::with_capacity(body.len() + 64);
    text.push('{');
    for (name, value) in members.iter().filter(|(name, _)| name != REQUEST_ID) {
        text.push_str(&format!("{}:{},", serde_json::Value::from(name.as_str()), value.get()));
    }
    text.push_str(&format!("\"{REQUEST_ID}\":\"{request_id}\"}}"));
    Ok(text)
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
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
