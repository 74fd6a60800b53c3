//! JSON bodies with placeholders.
//!
//! Invariant: what a body template becomes is JSON, whatever the values are: the template itself is, and values are digits or
//! UUIDs, which need no escape. `{{` can only stand inside a string of JSON, so a placeholder always does.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::template::{Part, Slot, Template};

/// The template of a body that a scenario file gives as a table, an array, or a string of JSON.
///
/// # Errors
/// What JSON cannot hold, with what is accepted.
pub(super) fn parse(body: &toml::Value) -> Result<Template, String> {
    match body {
        toml::Value::String(text) => parse_text(text),
        toml::Value::Table(_) | toml::Value::Array(_) => parse_text(&json(body)?.to_string()),
        other => {
            Err(format!("is '{other}'; accepted: a table, an array, or a string that holds JSON"))
        }
    }
}

fn parse_text(text: &str) -> Result<Template, String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        format!(
            "is not JSON ({error}); accepted: a table, an array, or a string that holds JSON, with placeholders inside its \
             strings (\"{{{{seq}}}}\" and \"{{{{user}}}}\" alone become numbers)"
        )
    })?;
    let mut template = Template::parse(text)?;
    for at in 0..template.0.len() {
        if matches!(template.0[at], Part::Slot(Slot::Seq | Slot::User)) {
            unquote(&mut template.0, at);
        }
    }
    template.0.retain(|part| *part != Part::Text(String::new()));
    Ok(template)
}

/// Takes the quotes off a string that is nothing but the placeholder at `at`; the name of a member keeps them.
fn unquote(parts: &mut [Part], at: usize) {
    let Some((before, [_, Part::Text(after), ..])) = parts.split_at_mut_checked(at) else { return };
    let Some(Part::Text(before)) = before.last_mut() else { return };
    // Right before a placeholder a quote opens the string, unless it is an escaped one inside it; right after, it closes it.
    let opens = before.ends_with('"') && !before.ends_with("\\\"");
    let closes = after.strip_prefix('"').is_some_and(|rest| !rest.trim_start().starts_with(':'));
    if opens && closes {
        before.pop();
        after.remove(0);
    }
}

/// What a scenario file's value is in JSON.
fn json(value: &toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Float(number) if number.is_finite() => Value::from(*number),
        toml::Value::Array(values) => values.iter().map(json).collect::<Result<_, _>>()?,
        toml::Value::Table(members) => {
            let member = |(name, value): (&String, _)| Ok((name.clone(), json(value)?));
            Value::Object(members.iter().map(member).collect::<Result<_, String>>()?)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) => {
            return Err(format!(
                "has {value}, which JSON has not; accepted: a finite number or a string"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, prelude::*};
    use serde_json::json;
    use uuid::Uuid;

    use super::{super::template::Values, *};

    const VALUES: Values = Values { seq: 12, uuid: Uuid::nil(), user: 1005 };

    fn filled(text: &str) -> Value {
        serde_json::from_str(&parse_text(text).unwrap().text(&VALUES)).unwrap()
    }

    #[test]
    fn a_string_that_is_one_number_placeholder_becomes_a_number() {
        let body =
            r#"{"a":"{{user}}", "b": ["{{seq}}" , "{{seq}}"], "c":"{{uuid}}", "d":"u{{user}}"}"#;
        let expected = json!({"a": 1005, "b": [12, 12], "c": Uuid::nil(), "d": "u1005"});
        assert_eq!(filled(body), expected);
        assert_eq!(filled(r#""{{seq}}""#), json!(12));
    }

    #[test]
    fn names_of_members_and_escaped_quotes_keep_their_quotes() {
        assert_eq!(filled(r#"{"{{seq}}" : 1}"#), json!({"12": 1}));
        assert_eq!(filled(r#"["\"{{seq}}"]"#), json!(["\"12"]));
        assert_eq!(filled(r#"["{{seq}}\""]"#), json!(["12\""]));
        assert_eq!(filled(r#"["\\\"{{seq}}"]"#), json!(["\\\"12"]));
        assert_eq!(filled(r#"["\u007b{seq}}"]"#), json!(["{{seq}}"]));
    }

    #[test]
    fn a_string_of_json_keeps_the_spelling_of_its_numbers() {
        let text = r#"{"price": 1.10, "big": 123456789012345678901234567890}"#;
        assert_eq!(parse_text(text).unwrap().fixed(), Some(text));
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for (body, said) in [
            ("nan", "accepted: a table"),
            ("[nan]", "finite number"),
            ("{ at = 2026-01-01 }", "which JSON has not"),
            ("7", "accepted: a table"),
            ("'{\"a\": {{seq}}}'", "placeholders inside its strings"),
            ("'{}{}'", "is not JSON"),
            ("{ a = '{{sec}}' }", "'{{sec}}' is not known"),
        ] {
            let table: toml::Table = format!("body = {body}").parse().unwrap();
            let error = parse(&table["body"]).unwrap_err();
            assert!(error.contains(said), "{body}: {error}");
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        "(\\{\\{(seq|user|uuid)\\}\\}|[\"\\\\{}: ]|\\PC|\n){0,6}"
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any_text().prop_map(Value::from),
            Just(Value::from("{{seq}}")),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map(any_text(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_the_template_is_the_body_is_json(body in any_json()) {
            if let Ok(template) = parse_text(&body.to_string()) {
                let text = template.text(&VALUES);
                prop_assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
            }
        }
    }
}
