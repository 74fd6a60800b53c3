//! The members of a JSON object, in the sender's order and spelling.
//!
//! A map would sort them, and numbers would be written anew: `1e15` grows to eighteen characters, and what a double cannot
//! hold is lost. What a hop does not know is not its to change.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// The members of a JSON object; its `Display` is the object's JSON text.
///
/// Invariant: a text is never longer than the one that it was parsed from, but for what was [set](Self::set).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// The members of the object that `bytes` hold.
    ///
    /// # Errors
    /// When `bytes` are not a JSON object (RFC 8259, section 4).
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Makes `value` the only member of this name, the last of all.
    pub fn set(&mut self, name: &str, value: &Value) {
        self.remove(name);
        self.0.push((name.to_owned(), value.to_string()));
    }

    /// Takes every member of this name away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    /// Each member's name, and its value as JSON text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Display for Members {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "{";
        for (name, value) in self.iter() {
            write!(formatter, "{separator}{}:{value}", Value::from(name))?;
            separator = ",";
        }
        formatter.write_str(if self.0.is_empty() { "{}" } else { "}" })
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            members.push((name, value.get().to_owned()));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_keep_their_order_and_spelling() {
        let body = br#" { "z": 1e15, "a" : [ 1e400, 12345678901234567890123 ], "\u0061b": null } "#;
        let text = Members::parse(body).unwrap().to_string();
        assert_eq!(text, r#"{"z":1e15,"a":[ 1e400, 12345678901234567890123 ],"ab":null}"#);
    }

    #[test]
    fn a_member_that_is_set_takes_the_place_of_all_of_its_name() {
        let mut members = Members::parse(br#"{"a":1,"b":2,"a":3}"#).unwrap();
        members.set("a", &json!({"id": 1}));
        assert_eq!(members.to_string(), r#"{"b":2,"a":{"id":1}}"#);
        members.remove("a");
        members.remove("b");
        assert_eq!(members.to_string(), "{}");
    }

    #[test]
    fn a_text_never_grows() {
        let bodies = [
            r#"{"\u0001\n\"\\/":"\u0001\n\"\\/","ä🦀":"ä🦀","":1E+2}"#,
            "{\"\u{7f}\u{2028}\":-0.0,\"e\":1e-7,\"\\u00e4\":[]}",
        ];
        for body in bodies {
            let text = Members::parse(body.as_bytes()).unwrap().to_string();
            assert!(text.len() <= body.len(), "{body} became {text}");
            assert_eq!(Members::parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["[1]", "1", "{", "{\"a\":}", ""] {
            assert!(Members::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
