//! Faults in JSON: what `/health` and `GET /faults` show, and what `PUT /faults` takes.
//!
//! An object with the variable's names as members, each with the value that stands behind its `=`: numbers where that is one
//! (`"pool": 2`), texts otherwise (`"latency": "200ms:0.1"`). What is shown can be sent back as it is.

use serde_json::{Map, Value};

use super::Faults;
use crate::problem::{FieldError, Problem};

/// The member that holds the faults.
const FAULTS: &str = "faults";

impl Faults {
    /// The faults that are on.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let value = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        self.parts().map(|(name, text)| (name.to_owned(), value(text))).collect()
    }

    /// Reads `{"faults": TEXT}` with the variable's text, `{"faults": {..}}`, or the inner object alone.
    ///
    /// # Errors
    /// 422 with a JSON pointer per member that is not accepted.
    pub(super) fn from_document(document: &Map<String, Value>) -> Result<Self, Problem> {
        match document.get(FAULTS) {
            None => Self::from_members("", document),
            Some(_) if document.len() > 1 => Err(Problem::invalid_field(
                "",
                "accepted: the member faults alone, or a member for each fault",
            )),
            Some(Value::Null) => Ok(Self::default()),
            Some(Value::String(text)) => {
                text.parse().map_err(|refused: String| Problem::invalid_field("/faults", refused))
            }
            Some(Value::Object(members)) => Self::from_members("/faults", members),
            Some(_) => Err(Problem::invalid_field(
                "/faults",
                "accepted: a text as in the variable FAULTS, or an object with a member for each fault",
            )),
        }
    }

    fn from_members(pointer: &str, members: &Map<String, Value>) -> Result<Self, Problem> {
        let (mut faults, mut errors) = (Self::default(), Vec::new());
        for (name, value) in members {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if let Err(refused) = faults.add(name, Some(text.trim())) {
                let name = name.replace('~', "~0").replace('/', "~1");
                errors.push(FieldError {
                    pointer: format!("{pointer}/{name}"),
                    detail: refused.to_string(),
                });
            }
        }
        if errors.is_empty() { Ok(faults) } else { Err(Problem::invalid_fields(errors)) }
    }
}
