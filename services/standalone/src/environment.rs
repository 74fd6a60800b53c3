//! The variables the launcher was started with: the environment, and below it `.env`.
//!
//! Invariant: a variable that is there but empty counts as unset, and hides one of the same name
//! in `.env`, exactly as it does in a service that is started alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;

/// Name to value, without the empty ones.
pub(crate) type Variables = BTreeMap<String, String>;

/// A snapshot taken once, before anything is started.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// What is in force.
    pub(crate) variables: Variables,
    /// Every name that occurs at all, empty or not, here or in `.env`: what children would find
    /// by themselves unless told otherwise.
    pub(crate) names: BTreeSet<String>,
}

impl Environment {
    /// Reads the environment and `.env` of the working directory.
    pub(crate) fn load() -> Result<Self, Failure> {
        let process = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let file = shared::config::read_dotenv().map_err(Failure::refused)?;
        Ok(Self::new(process, file))
    }

    pub(crate) fn new(
        process: impl IntoIterator<Item = (String, String)>,
        file: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut all: Variables = process.into_iter().collect();
        for (name, value) in file {
            all.entry(name).or_insert(value);
        }
        let names = all.keys().cloned().collect();
        all.retain(|_, value| !value.is_empty());
        Self { variables: all, names }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment =
            Environment::new(pairs(&[("A", "set")]), pairs(&[("A", "file"), ("B", "file")]));

        assert_eq!(environment.variables["A"], "set");
        assert_eq!(environment.variables["B"], "file");
    }

    #[test]
    fn an_empty_variable_is_unset_and_hides_the_one_in_the_file() {
        let environment = Environment::new(pairs(&[("A", "")]), pairs(&[("A", "file")]));

        assert!(environment.variables.is_empty());
        assert!(environment.names.contains("A"));
    }
}
