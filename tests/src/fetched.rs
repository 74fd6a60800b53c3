//! What is no program, but fetched beside the programs: the instrumentation of other languages.

use std::path::PathBuf;

use crate::{environment, not_run};

/// A folder that `infra/programs.sh` fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    name: &'static str,
    title: &'static str,
}

impl Fetched {
    /// A virtual environment with Flask and OpenTelemetry's distribution for Python.
    pub const PYTHON_HOP: Self =
        Self { name: "hop-python", title: "OpenTelemetry's instrumentation for Python" };
    /// A folder with OpenTelemetry's automatic instrumentation for Node.
    pub const NODE_HOP: Self =
        Self { name: "hop-node", title: "OpenTelemetry's instrumentation for Node" };
    /// A folder with OpenTelemetry's agent for Java.
    pub const JAVA_HOP: Self = Self { name: "hop-java", title: "OpenTelemetry's agent for Java" };

    /// Whether a test has to pass over it, because `TRACECHAIN_NOT_RUN` lists it; says so.
    #[must_use]
    pub fn is_not_run(&self) -> bool {
        not_run::is_passed_over(self.name, self.title, || self.place().is_dir())
    }

    /// The folder.
    ///
    /// # Panics
    /// When it is not here; the text says what to do.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let place = self.place();
        assert!(
            place.is_dir(),
            "{} is not here ({}): run infra/test.sh, which fetches it",
            self.title,
            place.display()
        );
        place
    }

    fn place(&self) -> PathBuf {
        let on_path = environment::folder_on_path(self.name);
        on_path.unwrap_or_else(|| environment::programs().join(self.name))
    }
}
