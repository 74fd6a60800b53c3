//! Scenario files: `[[step]]` tables of TOML, and what is built in, which is written in the same way.
//!
//! Invariant: what is wrong with a file is told in one line that names the file, the line, the step, and what is accepted.

use std::{collections::BTreeMap, fs, ops::Range};

use serde::Deserialize;
use shared::config::Invalid;
use toml::Spanned;

const BUILT_IN: [(&str, &str); 3] = [
    ("process", include_str!("../../scenarios/process.toml")),
    ("register", include_str!("../../scenarios/register.toml")),
    ("mixed", include_str!("../../scenarios/mixed.toml")),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    step: Vec<Spanned<StepTable>>,
}

/// A step as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepTable {
    pub(super) name: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<toml::Value>,
    #[serde(default = "one")]
    pub(super) weight: u32,
    pub(super) expect: Option<Vec<u16>>,
    pub(super) contract: Option<String>,
}

fn one() -> u32 {
    1
}

/// A scenario's text and where it is from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) text: String,
    /// `None` for what is built in.
    file: Option<String>,
}

impl Source {
    /// What `--scenario` names.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn read(scenario: &str) -> Result<Self, Invalid> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(name, _)| *name == scenario) {
            return Ok(Self { text: (*text).to_owned(), file: None });
        }
        let text = fs::read_to_string(scenario).map_err(|error| {
            Invalid(format!(
                "--scenario is '{scenario}', which is neither built in nor a file that can be read ({error}); \
                 accepted: process, register, mixed, or a TOML file of steps"
            ))
        })?;
        Ok(Self { text, file: Some(scenario.to_owned()) })
    }

    /// The steps, each through `compile`, whose error is told with the step's place.
    ///
    /// # Errors
    /// What is no TOML, what has unknown or lacking members, what `compile` refuses, and a file without a step.
    pub(super) fn steps<S>(
        &self,
        compile: impl Fn(StepTable) -> Result<S, String>,
    ) -> Result<Vec<S>, Invalid> {
        let document: Document = toml::from_str(&self.text).map_err(|error| {
            // What the document lacks is on none of its lines.
            let span = error.span().filter(|span| *span != (0..0));
            let place = span.map_or_else(String::new, |span| self.line(&span));
            self.invalid(&format!("{place}{}", one_line(error.message())))
        })?;
        if document.step.is_empty() {
            return Err(self.invalid("it has no step; accepted: one [[step]] or more"));
        }
        let numbered = document.step.into_iter().zip(1..);
        let compiled = numbered.map(|(step, number)| {
            let line = self.line(&step.span());
            compile(step.into_inner()).map_err(|wrong| {
                self.invalid(&format!("{line}step {number}: {}", one_line(&wrong)))
            })
        });
        compiled.collect()
    }

    /// An error of this scenario.
    pub(super) fn invalid(&self, wrong: &str) -> Invalid {
        let file = self.file.as_deref().unwrap_or("(built in)");
        Invalid(format!("scenario {file}: {wrong}"))
    }

    /// An error of a step that was read, counted from 0.
    pub(super) fn invalid_step(&self, index: usize, wrong: &str) -> Invalid {
        let document = toml::from_str::<Document>(&self.text);
        let span = document.ok().and_then(|document| Some(document.step.get(index)?.span()));
        let line = span.map_or_else(String::new, |span| self.line(&span));
        self.invalid(&format!("{line}step {}: {wrong}", index + 1))
    }

    fn line(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or_default();
        format!("line {}: ", before.matches('\n').count() + 1)
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(", ")
}
