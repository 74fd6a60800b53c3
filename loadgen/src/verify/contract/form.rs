//! A contract as its file has it.

use std::collections::BTreeMap;

use opentelemetry::trace::SpanKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use toml::Spanned;

use super::{Value, Wanted};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) name: String,
    #[serde(default)]
    pub(super) span: Vec<Spanned<SpanTable>>,
    #[serde(default)]
    pub(super) admit: Vec<Spanned<AdmitTable>>,
}

/// `[[span]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpanTable {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) kind: Kind,
    pub(super) name: Names,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parents: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) deferred: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<String, Wanted>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) when: BTreeMap<Variant, Override>,
}

/// `when.V`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Override {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<String, Wanted>,
}

/// `[[admit]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdmitTable {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<String, Wanted>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) leaf: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<u32>,
}

/// The variants. Their order is that in which they are applied.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Variant {
    Completed,
    Resumed,
    Pending,
    Replayed,
    Keyed,
    Unkeyed,
    Root,
}

/// Which statuses.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::verify) enum Status {
    Ok,
    Error,
    Any,
}

impl Status {
    pub(in crate::verify) fn fits(self, error: bool) -> bool {
        match self {
            Self::Ok => !error,
            Self::Error => error,
            Self::Any => true,
        }
    }
}

/// A span's kind.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Server,
    Client,
    Internal,
    Producer,
    Consumer,
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Internal => Self::Internal,
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
        }
    }
}

impl From<&SpanKind> for Kind {
    fn from(kind: &SpanKind) -> Self {
        match kind {
            SpanKind::Server => Self::Server,
            SpanKind::Client => Self::Client,
            SpanKind::Internal => Self::Internal,
            SpanKind::Producer => Self::Producer,
            SpanKind::Consumer => Self::Consumer,
        }
    }
}

/// One name or several.
#[derive(Clone, Debug)]
pub(super) struct Names(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const ACCEPTED: &str = "accepted as name: a text, or a list of texts";
        let text = |value| match value {
            toml::Value::String(text) => Ok(text),
            _ => Err(D::Error::custom(ACCEPTED)),
        };
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Array(names) if !names.is_empty() => {
                names.into_iter().map(text).collect::<Result<_, _>>().map(Self)
            }
            one => Ok(Self(vec![text(one)?])),
        }
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match toml::Value::deserialize(deserializer)? {
            toml::Value::Boolean(true) => Self::Present,
            toml::Value::String(text) => Self::Equal(Value::Text(text)),
            toml::Value::Integer(number) => Self::Equal(Value::Integer(number)),
            toml::Value::Float(number) => Self::Equal(Value::Float(number)),
            _ => {
                return Err(D::Error::custom(
                    "accepted as an attribute: a text, a number, or true for any value",
                ));
            }
        })
    }
}

impl Serialize for Wanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Present | Self::Equal(Value::Bool(_)) => serializer.serialize_bool(true),
            Self::Equal(Value::Text(text)) => serializer.serialize_str(text),
            Self::Equal(Value::Integer(number)) => serializer.serialize_i64(*number),
            Self::Equal(Value::Float(number)) => serializer.serialize_f64(*number),
        }
    }
}
