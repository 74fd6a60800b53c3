//! Attribute values, from protobuf and from OTLP's JSON, in the one form that contracts read.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use serde_json::{Map, Value as Json};

use crate::verify::span::Value;

/// A value as protobuf has it.
pub(super) fn of_protobuf(value: any_value::Value) -> Value {
    match value {
        any_value::Value::StringValue(text) => Value::Text(text),
        any_value::Value::BoolValue(value) => Value::Bool(value),
        any_value::Value::IntValue(value) => Value::Integer(value),
        any_value::Value::DoubleValue(value) => Value::Float(value),
        other => Value::Text(protobuf_json(other).to_string()),
    }
}

fn protobuf_json(value: any_value::Value) -> Json {
    let element = |value: AnyValue| value.value.map_or(Json::Null, protobuf_json);
    match value {
        any_value::Value::StringValue(text) => text.into(),
        any_value::Value::BoolValue(value) => value.into(),
        any_value::Value::IntValue(value) => value.into(),
        any_value::Value::DoubleValue(value) => value.into(),
        any_value::Value::BytesValue(bytes) => STANDARD.encode(bytes).into(),
        any_value::Value::ArrayValue(list) => list.values.into_iter().map(element).collect(),
        any_value::Value::KvlistValue(list) => {
            let members = list.values.into_iter();
            Json::Object(
                members
                    .map(|member| (member.key, member.value.map_or(Json::Null, element)))
                    .collect(),
            )
        }
        // An index into a table that traces do not have.
        _ => Json::Null,
    }
}

/// A value as OTLP's JSON has it: an object with one member that names the type. `None`: no value.
pub(super) fn of_json(value: &Map<String, Json>) -> Option<Value> {
    let (kind, value) = value.iter().find(|(_, value)| !value.is_null())?;
    Some(match (kind.as_str(), value) {
        ("stringValue", Json::String(text)) => Value::Text(text.clone()),
        ("boolValue", Json::Bool(value)) => Value::Bool(*value),
        ("intValue", value) => integer(value).map_or_else(|| text(value), Value::Integer),
        ("doubleValue", value) => double(value).map_or_else(|| text(value), Value::Float),
        (kind, value) => Value::Text(plain(kind, value).to_string()),
    })
}

fn plain(kind: &str, value: &Json) -> Json {
    let values = || value.get("values").and_then(Json::as_array).into_iter().flatten();
    match kind {
        "arrayValue" => values().map(plain_any).collect(),
        "kvlistValue" => {
            let member = |member: &Json| {
                let key = member.get("key").and_then(Json::as_str).unwrap_or_default();
                (key.to_owned(), member.get("value").map_or(Json::Null, plain_any))
            };
            Json::Object(values().map(member).collect())
        }
        "intValue" => integer(value).map_or_else(|| value.clone(), Json::from),
        "doubleValue" => double(value).map_or_else(|| value.clone(), Json::from),
        _ => value.clone(),
    }
}

fn plain_any(value: &Json) -> Json {
    let typed = value.as_object().and_then(|members| members.iter().next());
    typed.map_or(Json::Null, |(kind, value)| plain(kind, value))
}

/// 64-bit numbers stand as text in protobuf's JSON, and as numbers in what some write.
fn integer(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn double(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn text(value: &Json) -> Value {
    Value::Text(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValue, KeyValueList};
    use serde_json::json;

    use super::*;

    fn any(value: any_value::Value) -> AnyValue {
        AnyValue { value: Some(value) }
    }

    fn json(value: &Json) -> Option<Value> {
        of_json(value.as_object().unwrap())
    }

    #[test]
    fn a_list_and_a_map_are_the_same_json_text_from_either_form() {
        let list = any_value::Value::ArrayValue(ArrayValue {
            values: vec![
                any(any_value::Value::StringValue("a".into())),
                any(any_value::Value::IntValue(2)),
            ],
        });
        let from_json =
            json!({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "2"}]}});
        let expected = Value::Text(r#"["a",2]"#.to_owned());
        assert_eq!(of_protobuf(list.clone()), expected);
        assert_eq!(json(&from_json), Some(expected));

        let member = KeyValue { key: "k".into(), value: Some(any(list)), ..KeyValue::default() };
        let map = any_value::Value::KvlistValue(KeyValueList { values: vec![member] });
        let from_json = json!({"kvlistValue": {"values": [{"key": "k", "value": from_json}]}});
        let expected = Value::Text(r#"{"k":["a",2]}"#.to_owned());
        assert_eq!(of_protobuf(map), expected);
        assert_eq!(json(&from_json), Some(expected));
    }

    #[test]
    fn json_numbers_are_read_as_text_and_as_numbers() {
        for value in [json!({"intValue": "-7"}), json!({"intValue": -7})] {
            assert_eq!(json(&value), Some(Value::Integer(-7)));
        }
        assert_eq!(json(&json!({"doubleValue": 1.5})), Some(Value::Float(1.5)));
        assert!(
            matches!(json(&json!({"doubleValue": "NaN"})), Some(Value::Float(value)) if value.is_nan())
        );
        assert_eq!(json(&json!({"boolValue": true})), Some(Value::Bool(true)));
        assert_eq!(json(&json!({})), None);
        assert_eq!(json(&json!({"arrayValue": {}})), Some(Value::Text("[]".to_owned())));
    }
}
