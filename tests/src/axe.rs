//! axe-core, the rules of WCAG as a script, as `infra/test.sh` keeps it beside the programs. It is never part of the repository.

use std::path::PathBuf;

use crate::{environment, not_run};

const FILE: &str = "axe.min.js";

/// What a test runs in a page before it asks for violations.
#[derive(Clone, Copy, Debug)]
pub struct Axe;

impl Axe {
    /// Whether a test has to pass over it, because `TRACECHAIN_NOT_RUN` lists it; says so.
    #[must_use]
    pub fn is_not_run() -> bool {
        not_run::is_passed_over(FILE, "axe-core", || file().is_file())
    }

    /// The script.
    ///
    /// # Panics
    /// When it is not here; the text says what to do.
    #[must_use]
    pub fn source() -> String {
        let file = file();
        std::fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!("{}: {error}: run infra/test.sh, which fetches axe-core", file.display())
        })
    }
}

fn file() -> PathBuf {
    environment::on_path(FILE).unwrap_or_else(|| environment::programs().join(FILE))
}
