//! Programs that are not ours: where they are found, and what to say about one that is not here.

use std::path::{Path, PathBuf};

use crate::program::Program;
use crate::{environment, not_run};

/// A program by the names that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct External {
    /// As `infra/programs.sh` lists it where it cannot be had.
    name: &'static str,
    /// What else it is called on a `PATH`.
    others: &'static [&'static str],
    /// A variable that names the file.
    variable: Option<&'static str>,
    title: &'static str,
}

impl External {
    /// The Collector of version 0.155.
    pub const COLLECTOR: Self =
        Self::new("otelcol-tracechain", &["otelcol-contrib"], "the Collector");
    /// Loki.
    pub const LOKI: Self = Self::new("loki", &[], "Loki");
    /// Jaeger.
    pub const JAEGER: Self = Self::new("jaeger", &[], "Jaeger");
    /// Prometheus.
    pub const PROMETHEUS: Self = Self::new("prometheus", &[], "Prometheus");
    /// Prometheus' tool for rules.
    pub const PROMTOOL: Self = Self::new("promtool", &[], "promtool");
    /// nginx.
    pub const NGINX: Self = Self::new("nginx", &[], "nginx");
    /// Compose's own loader of its files, as a program: `compose-loader FILE`.
    pub const COMPOSE_LOADER: Self = Self::new("compose-loader", &[], "compose's loader");
    /// The linter of Dockerfiles.
    pub const HADOLINT: Self = Self::new("hadolint", &[], "hadolint");
    /// Helm.
    pub const HELM: Self = Self::new("helm", &[], "helm");
    /// What holds objects against Kubernetes' own schemas.
    pub const KUBERNETES_VALIDATE: Self =
        Self::new("kubernetes-validate", &[], "kubernetes-validate");
    /// The schemas of the Prometheus operator's objects: a file, not a program.
    pub const MONITORING_CRDS: Self =
        Self::new("monitoring-crds.yaml", &[], "the CRDs of the Prometheus operator");
    /// What asks a service everything that its OpenAPI document allows and forbids.
    pub const SCHEMATHESIS: Self = Self::new("schemathesis", &[], "schemathesis");
    /// The browser.
    pub const CHROMIUM: Self = Self::new("chromium", &[], "Chromium");
    /// What leads it.
    pub const CHROMEDRIVER: Self = Self::new("chromedriver", &[], "chromedriver");
    /// Tempo, which no package registry has.
    pub const TEMPO: Self =
        Self { variable: Some("TEMPO_BIN"), ..Self::new("tempo", &[], "Tempo") };

    const fn new(name: &'static str, others: &'static [&'static str], title: &'static str) -> Self {
        Self { name, others, variable: None, title }
    }

    /// Its file: what its variable names, else on the `PATH`, else in the cache, else where Debian puts what only root finds.
    #[must_use]
    pub fn find(&self) -> Option<PathBuf> {
        let named = self.variable.and_then(environment::file_of);
        let names = || std::iter::once(&self.name).chain(self.others);
        named
            .or_else(|| names().find_map(|name| environment::on_path(name)))
            .or_else(|| Some(environment::programs().join(self.name)))
            .filter(|file| file.is_file())
            .or_else(|| {
                names().map(|name| Path::new("/usr/sbin").join(name)).find(|file| file.is_file())
            })
    }

    /// Whether a test has to pass over it, because it is not here and either `TRACECHAIN_NOT_RUN` lists it or no registry has it.
    ///
    /// Says so by the name of the test. One that is missing without being listed is a failure: starting it panics with what to do.
    #[must_use]
    pub fn is_not_run(&self) -> bool {
        let is_here = || self.find().is_some();
        if self.variable.is_some() {
            let is_missing = !is_here();
            if is_missing {
                not_run::report(self.title);
            }
            return is_missing;
        }
        not_run::is_passed_over(self.name, self.title, is_here)
    }

    /// The program, about to be started.
    ///
    /// # Panics
    /// When it is not here; the text says what to do.
    #[must_use]
    pub fn program(&self) -> Program {
        let file = self.find().unwrap_or_else(|| {
            panic!(
                "{} is not here (looked for {} on the PATH and in {}): run infra/test.sh",
                self.title,
                self.name,
                environment::programs().display()
            )
        });
        Program::new(file)
    }
}
