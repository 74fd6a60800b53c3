//! Contracts: what a good trace looks like, as a table of spans in TOML. The form is told at the top of `contracts/process.toml`.
//!
//! A [`Contract`] is compiled once, at the start: rows know their parents by index, and what each situation asks of each row is computed.
//!
//! Invariants: a contract's rows form no cycle, every row that is referred to is there, and `min <= max` in every situation. What is wrong
//! with a file is told before anything is sent: the file, the line, the row, and what is accepted.

use std::{collections::HashMap, fs, path::PathBuf};

use opentelemetry::trace::SpanKind;
use serde::Serialize;
use shared::config::Invalid;

mod compile;
mod derive;
mod form;
mod pattern;
mod read;
mod situation;

pub use derive::from_trace;
pub(super) use form::Status;
use form::{AdmitTable, SpanTable};
use pattern::Pattern;
pub(super) use situation::{Answer, Situation};

use super::span::{Span, Value};

const BUILT_IN: [&str; 7] = [
    include_str!("../../contracts/process.toml"),
    include_str!("../../contracts/register.toml"),
    include_str!("../../contracts/read-users.toml"),
    include_str!("../../contracts/read-user.toml"),
    include_str!("../../contracts/read-orders.toml"),
    include_str!("../../contracts/read-order.toml"),
    include_str!("../../contracts/read-audit.toml"),
];

/// Every contract that traces can be held against, by name.
#[derive(Clone, Debug)]
pub struct Contracts(HashMap<String, Contract>);

impl Contracts {
    /// The built-in contracts and those of `files`, which come in place of built-in ones with the same name.
    ///
    /// # Errors
    /// A [`shared::config::Invalid`] for a file that cannot be read, or is no contract, or has the name of another file's.
    pub fn load(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut contracts = HashMap::new();
        for text in BUILT_IN {
            let contract = read::contract("(built in)", text)?;
            contracts.insert(contract.name.clone(), contract);
        }
        let mut origin = HashMap::<String, String>::new();
        for path in files {
            let file = path.display().to_string();
            let text = fs::read_to_string(path).map_err(|error| {
                Invalid(format!("contract {file}: {error}; accepted: a TOML file that can be read"))
            })?;
            let contract = read::contract(&file, &text)?;
            if let Some(other) = origin.insert(contract.name.clone(), file.clone()) {
                let name = &contract.name;
                return Err(Invalid(format!(
                    "contract {file}: name is '{name}', which {other} has too; accepted: one file for each name"
                ))
                .into());
            }
            contracts.insert(contract.name.clone(), contract);
        }
        Ok(Self(contracts))
    }

    /// The contract with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Contract> {
        self.0.get(name)
    }

    /// All names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.0.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Adds a contract, in place of one with the same name.
    pub fn insert(&mut self, contract: Contract) {
        self.0.insert(contract.name.clone(), contract);
    }
}

/// A table of spans that a trace is held against.
#[derive(Clone, Debug, Serialize)]
pub struct Contract {
    name: String,
    #[serde(rename = "span")]
    spans: Vec<SpanTable>,
    #[serde(rename = "admit", skip_serializing_if = "Vec::is_empty")]
    admitted: Vec<AdmitTable>,
    #[serde(skip)]
    pub(super) rows: Vec<Row>,
    #[serde(skip)]
    admits: Vec<Admit>,
    #[serde(skip)]
    by_name: HashMap<String, Vec<usize>>,
    /// Rows with a name that stands for several.
    #[serde(skip)]
    by_pattern: Vec<usize>,
}

/// A row, compiled.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) service: Pattern,
    pub(super) kind: SpanKind,
    pub(super) names: Vec<Pattern>,
    /// Indexes of rows, in the order of preference.
    pub(super) parents: Vec<usize>,
    pub(super) root: bool,
    pub(super) deferred: bool,
    /// One for each [`Situation`].
    rules: Vec<Rule>,
}

/// What a situation asks of a row.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) status: Status,
    pub(super) attributes: Vec<(String, Wanted)>,
}

/// What faults add.
#[derive(Clone, Debug)]
struct Admit {
    /// `None`: of any row.
    rows: Option<Vec<usize>>,
    status: Status,
    attributes: Vec<(String, Wanted)>,
    leaf: bool,
    max: usize,
}

/// What an attribute has to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    Present,
    Equal(Value),
}

impl Contract {
    /// Its name, by which scenarios call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// It as a file, which [`Contracts::load`] reads.
    ///
    /// # Errors
    /// None that is known: every member has a form in TOML.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// Rows that a span may be one of, those that name its service first.
    pub(super) fn candidates<'a>(&'a self, span: &'a Span) -> impl Iterator<Item = usize> + 'a {
        let named = self.by_name.get(&span.name).into_iter().flatten();
        let fits = |index: &usize| self.rows[*index].fits(span);
        let all = move || named.clone().chain(&self.by_pattern).copied().filter(fits);
        let exact = move |index: &usize| self.rows[*index].service.is_exact();
        all().filter(exact).chain(all().filter(move |index| !exact(index)))
    }

    /// Whether a span of `row` is one that faults add, where it is the `number`th such, counted from 1.
    pub(super) fn admits(&self, row: usize, span: &Span, leaf: bool, number: usize) -> bool {
        self.admits.iter().any(|admit| {
            admit.rows.as_ref().is_none_or(|rows| rows.contains(&row))
                && admit.status.fits(span.error)
                && (leaf || !admit.leaf)
                && number <= admit.max
                && admit.attributes.iter().all(|(key, wanted)| wanted.fits(span.attribute(key)))
        })
    }

    /// Whether any row differs between two kinds of answers.
    pub(super) fn has(&self, answer: Answer) -> bool {
        self.spans.iter().any(|table| table.when.contains_key(&answer.variant()))
    }
}

impl Row {
    /// What `situation` asks of it.
    pub(super) fn rule(&self, situation: Situation) -> &Rule {
        &self.rules[situation.index()]
    }

    fn fits(&self, span: &Span) -> bool {
        self.kind == span.kind
            && self.names.iter().any(|name| name.fits(&span.name))
            && self.service.fits(&span.service)
    }
}

impl Wanted {
    /// Whether this is it.
    pub(super) fn fits(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (_, None) => false,
            (Self::Present, Some(_)) => true,
            (Self::Equal(wanted), Some(value)) => wanted == value,
        }
    }
}
