//! YAML as JSON values, which are easier to ask.

use std::path::{Path, PathBuf};

use serde_json::{Map, Number, Value};
use yaml_rust2::{Yaml, YamlLoader};

/// The root of the repository.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The text of a file of the repository.
pub(crate) fn text(path: &str) -> String {
    let file = workspace().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The only document of a file of the repository.
pub(crate) fn file(path: &str) -> Value {
    let mut documents = documents(&text(path));
    assert_eq!(documents.len(), 1, "{path}");
    documents.remove(0)
}

/// The documents of a text, without the empty ones.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let loaded = YamlLoader::load_from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    loaded.into_iter().map(value).filter(|document| !document.is_null()).collect()
}

fn value(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null | Yaml::BadValue | Yaml::Alias(_) => Value::Null,
        Yaml::Boolean(truth) => Value::Bool(truth),
        Yaml::Integer(number) => number.into(),
        Yaml::Real(text) => {
            text.parse().ok().and_then(Number::from_f64).map_or(Value::String(text), Value::Number)
        }
        Yaml::String(text) => Value::String(text),
        Yaml::Array(items) => items.into_iter().map(value).collect(),
        Yaml::Hash(members) => {
            let member = |(name, member): (Yaml, Yaml)| (key(name), value(member));
            Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
        }
    }
}

fn key(yaml: Yaml) -> String {
    match yaml {
        Yaml::String(text) => text,
        Yaml::Integer(number) => number.to_string(),
        other => panic!("{other:?} is no key"),
    }
}

/// The members of a list; none where it is absent.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The texts of a list.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    list(value).iter().filter_map(Value::as_str).collect()
}
