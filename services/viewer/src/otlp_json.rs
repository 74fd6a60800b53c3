//! OTLP/JSON to OTLP/protobuf, one item at a time.
//!
//! opentelemetry-proto reads a span's JSON as the specification has it (hex ids, numbers for enums, 64-bit integers as
//! strings or numbers), but knows neither `null` for a default, nor left-out `values` and `key`, nor `NaN` as a string;
//! `normalise` settles these. Items are encoded as they are read, so a body of empty objects stays small.

use std::{fmt, marker::PhantomData};

use opentelemetry_proto::tonic::{
    common::v1::InstrumentationScope, logs::v1::LogRecord, metrics::v1::Metric,
    resource::v1::Resource, trace::v1::Span,
};
use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, value::RawValue};

use crate::{
    ingest::{MAX_ITEM_BYTES, Signal},
    wire::Malformed,
};

/// The export request in protobuf.
pub(crate) fn to_protobuf(signal: Signal, body: &[u8]) -> Result<Vec<u8>, Malformed> {
    let parsed = match signal {
        Signal::Traces => parse::<Span>(body),
        Signal::Logs => parse::<LogRecord>(body),
        Signal::Metrics => parse::<Metric>(body),
    };
    parsed.map_err(|error| Malformed::Json(error.to_string()))
}

fn parse<T: Message + DeserializeOwned>(body: &[u8]) -> serde_json::Result<Vec<u8>> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let request: Request<T> = object(&mut json)?;
    json.end()?;
    Ok(request.resources.0)
}

/// Reads a JSON object; serde by itself would also take an array of the members' values.
fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }

    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// Something that is encoded as soon as it is read.
trait Encoded: Sized {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error>;
}

#[derive(Deserialize)]
#[serde(bound = "T: Message + DeserializeOwned")]
struct Request<T> {
    #[serde(
        default = "Repeated::empty",
        alias = "resourceSpans",
        alias = "resourceLogs",
        alias = "resourceMetrics"
    )]
    resources: Repeated<ResourceGroup<T>, 1>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Message + DeserializeOwned")]
struct ResourceGroup<T> {
    #[serde(default)]
    resource: Option<Box<RawValue>>,
    #[serde(
        default = "Repeated::empty",
        alias = "scopeSpans",
        alias = "scopeLogs",
        alias = "scopeMetrics"
    )]
    scopes: Repeated<ScopeGroup<T>, 2>,
    #[serde(default)]
    schema_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Message + DeserializeOwned")]
struct ScopeGroup<T> {
    #[serde(default)]
    scope: Option<Box<RawValue>>,
    #[serde(default = "Repeated::empty", alias = "spans", alias = "logRecords", alias = "metrics")]
    items: Repeated<Item<T>, 2>,
    #[serde(default)]
    schema_url: Option<String>,
}

struct Item<T>(PhantomData<T>);

impl<T: Message + DeserializeOwned> Encoded for ResourceGroup<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let group: Self = object(deserializer)?;
        layer::<Resource, D::Error>(group.resource, group.scopes.0, group.schema_url)
    }
}

impl<T: Message + DeserializeOwned> Encoded for ScopeGroup<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let group: Self = object(deserializer)?;
        layer::<InstrumentationScope, D::Error>(group.scope, group.items.0, group.schema_url)
    }
}

impl<T: Message + DeserializeOwned> Encoded for Item<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        message::<T, D::Error>(&Box::<RawValue>::deserialize(deserializer)?)
    }
}

/// Both layers of the envelope: field 1 the owner, field 2 its items (already framed), field 3 the schema URL.
fn layer<M: Message + DeserializeOwned, E: serde::de::Error>(
    owner: Option<Box<RawValue>>,
    items: Vec<u8>,
    schema_url: Option<String>,
) -> Result<Vec<u8>, E> {
    let mut bytes = Vec::with_capacity(items.len());
    if let Some(owner) = owner {
        frame(1, &message::<M, E>(&owner)?, &mut bytes);
    }
    bytes.extend_from_slice(&items);
    if let Some(url) = schema_url.filter(|url| !url.is_empty()) {
        frame(3, url.as_bytes(), &mut bytes);
    }
    Ok(bytes)
}

fn message<M: Message + DeserializeOwned, E: serde::de::Error>(
    json: &RawValue,
) -> Result<Vec<u8>, E> {
    let length = json.get().len();
    if length > MAX_ITEM_BYTES {
        return Err(E::custom(format!(
            "an item of {length} bytes is larger than {MAX_ITEM_BYTES}"
        )));
    }
    let mut value: Value = serde_json::from_str(json.get()).map_err(E::custom)?;
    if !value.is_object() {
        return Err(E::custom("an item that is not an object"));
    }
    normalise(&mut value);
    serde_json::from_value::<M>(value).map(|message| message.encode_to_vec()).map_err(E::custom)
}

fn frame(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Writes out what protobuf's JSON mapping lets a sender leave out.
fn normalise(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            for name in ["arrayValue", "kvlistValue"] {
                if let Some(Value::Object(list)) = members.get_mut(name) {
                    list.entry("values").or_insert_with(|| Value::Array(Vec::new()));
                }
            }
            if members.len() == 1 && matches!(members.get("value"), Some(Value::Object(_))) {
                members.insert("key".to_owned(), Value::String(String::new()));
            }
            if let Some(Value::String(text)) = members.get("doubleValue") {
                let number =
                    text.parse().ok().and_then(serde_json::Number::from_f64).map(Value::Number);
                let (name, value) = match number {
                    Some(number) => ("doubleValue", number),
                    // JSON has no NaN: such a value is kept as the text that it came as.
                    None => ("stringValue", Value::String(text.clone())),
                };
                members.remove("doubleValue");
                members.insert(name.to_owned(), value);
            }
            members.values_mut().for_each(normalise);
        }
        _ => {}
    }
}

/// A JSON array whose elements are encoded one after the other as field `TAG`.
struct Repeated<T, const TAG: u32>(Vec<u8>, PhantomData<T>);

impl<T, const TAG: u32> Repeated<T, TAG> {
    fn empty() -> Self {
        Self(Vec::new(), PhantomData)
    }
}

impl<'de, T: Encoded, const TAG: u32> Deserialize<'de> for Repeated<T, TAG> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(RepeatedVisitor::<T, TAG>(PhantomData))
            .map(|bytes| Self(bytes, PhantomData))
    }
}

struct RepeatedVisitor<T, const TAG: u32>(PhantomData<T>);

impl<'de, T: Encoded, const TAG: u32> Visitor<'de> for RepeatedVisitor<T, TAG> {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Vec<u8>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::new();
        while let Some(element) = elements.next_element::<Element<T>>()? {
            frame(TAG, &element.0, &mut bytes);
        }
        Ok(bytes)
    }
}

struct Element<T>(Vec<u8>, PhantomData<T>);

impl<'de, T: Encoded> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(|bytes| Self(bytes, PhantomData))
    }
}
