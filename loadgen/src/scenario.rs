//! What is sent: the built-in scenarios `process`, `register` and `mixed`, or a TOML file of weighted steps.
//!
//! Invariants:
//! - A request follows from the seed, `--users`, the scenario's text and the request's number alone, `Idempotency-Key` and `{{uuid}}`
//!   included: the same again is a repeat, byte for byte, in the same order whatever the concurrency; anything else shares no id with it.
//! - All that can be wrong with a scenario is found at the start; making a request is appending bytes.

use http::{HeaderMap, HeaderValue};
use shared::names::header::IDEMPOTENCY_KEY;
use uuid::Uuid;

use crate::{
    cli::RequestArgs,
    load::{Prepared, Requests},
};

mod body;
mod draw;
mod file;
mod step;
mod template;

pub use step::Step;

use draw::Draws;
use file::Source;
use step::{Body, Compiled, Key, header_value};
use template::Values;

/// The first user's number is one above.
const USER_OFFSET: u64 = 1000;

/// A scenario, ready to make requests.
#[derive(Debug)]
pub struct Scenario {
    steps: Vec<Step>,
    compiled: Vec<Compiled>,
    total_weight: u64,
    users: u64,
    seed: u64,
    /// What all draws follow from.
    key: u64,
}

impl Scenario {
    /// Reads what `--scenario` names.
    ///
    /// # Errors
    /// [`shared::config::Invalid`], naming the file, the line, the step, what is wrong and what is accepted.
    pub fn load(args: &RequestArgs) -> anyhow::Result<Self> {
        let source = Source::read(&args.scenario)?;
        let compiled = source.steps(|table| Compiled::new(table, args))?;
        let steps: Vec<Step> = compiled.iter().map(|compiled| compiled.step.clone()).collect();
        distinct(&steps).map_err(|(index, wrong)| source.invalid_step(index, &wrong))?;
        // JavaScript and many readers of JSON hold integers below 2^53 only, and the seed is in the report.
        let seed = args.seed.unwrap_or_else(|| rand::random::<u64>() >> 11);
        let users = args.users.get() as u64;
        let total_weight = compiled.iter().map(|step| step.weight).sum();
        let key = key(seed, users, &source.text);
        Ok(Self { steps, compiled, total_weight, users, seed, key })
    }

    /// The steps, in the order of the file; [`Prepared::step`] counts in them.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The seed that makes this run again.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn step(&self, drawn: u64) -> (usize, &Compiled) {
        let mut above = 0;
        let hit = self.compiled.iter().position(|step| {
            above += step.weight;
            drawn < above
        });
        // `drawn` is below the sum of the weights, so there is a hit.
        let index = hit.unwrap_or_default();
        (index, &self.compiled[index])
    }
}

impl Requests for Scenario {
    fn request(&self, n: u64) -> Prepared {
        let mut draws = Draws::new(self.key, n);
        let (index, compiled) = self.step(draws.below(self.total_weight));
        let user = USER_OFFSET + 1 + draws.below(self.users);
        let values = Values { seq: n + 1, uuid: draws.uuid(), user };
        let request_id = match compiled.key {
            Key::None => None,
            Key::Uuid => Some(values.uuid),
            Key::Added => Some(draws.uuid()),
        };
        Prepared {
            step: index,
            method: compiled.step.method.clone(),
            path: compiled.path.text(&values),
            template: compiled.step.template.clone(),
            headers: compiled.headers(&values, request_id),
            body: compiled.body.bytes(&values),
            request_id,
            expected: compiled.step.expected.clone(),
        }
    }
}

impl Compiled {
    fn headers(&self, values: &Values, request_id: Option<Uuid>) -> HeaderMap {
        let mut headers = self.fixed_headers.clone();
        let filled = self.headers.iter().filter_map(|(name, template)| {
            header_value(template, values).map(|value| (name.clone(), value))
        });
        headers.extend(filled);
        if let (Key::Added, Some(id)) = (self.key, request_id) {
            let mut buffer = Uuid::encode_buffer();
            let value = HeaderValue::from_str(id.hyphenated().encode_lower(&mut buffer));
            headers.extend(value.map(|value| (IDEMPOTENCY_KEY, value)));
        }
        headers
    }
}

impl Body {
    fn bytes(&self, values: &Values) -> bytes::Bytes {
        match self {
            Self::Fixed(bytes) => bytes.clone(),
            Self::Template(template) => template.text(values).into(),
        }
    }
}

/// Another scenario or another number of users must not repeat ids under the same seed: an idempotency key with another body is refused.
fn key(seed: u64, users: u64, text: &str) -> u64 {
    let said = format!("loadgen scenario, seed {seed}, users {users}\n{text}");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, said.as_bytes()).as_u64_pair().0
}

/// Figures are told by step, so the names must differ.
fn distinct(steps: &[Step]) -> Result<(), (usize, String)> {
    for (index, step) in steps.iter().enumerate() {
        if let Some(first) = steps[..index].iter().position(|other| other.name == step.name) {
            let wrong = format!(
                "has the name '{}', as step {} has; accepted: a name of its own for each step",
                step.name,
                first + 1
            );
            return Err((index, wrong));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
