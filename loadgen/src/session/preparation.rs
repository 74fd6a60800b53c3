//! Everything that can be wrong before anything is sent.
//!
//! Invariant: an error from here means that no load was sent.

use std::sync::Arc;

use shared::{
    config::{
        Invalid,
        telemetry::{RootSampler, TelemetryArgs},
    },
    propagation,
    telemetry::Telemetry,
};

use crate::{
    cli::RunArgs,
    load::{self, Plan, Target},
    reconcile::Reconciler,
    report::ReportFile,
    scenario::Scenario,
    verify::{backend::Backend, contract::Contracts},
};

/// Where the metrics of `--watch` are served unless `--metrics-port` says otherwise.
const WATCH_PORT: u16 = 9465;

/// What a run needs, checked.
pub(super) struct Preparation {
    pub(super) plan: Plan,
    pub(super) scenario: Arc<Scenario>,
    pub(super) target: Target,
    pub(super) report: Option<ReportFile>,
    pub(super) verification: Option<(Arc<Contracts>, Backend)>,
    pub(super) reconciler: Option<Arc<Reconciler>>,
    pub(super) telemetry: Telemetry,
    pub(super) spans: bool,
}

impl Preparation {
    /// In the order in which a user can mend it: what is written in files, then what must run.
    pub(super) async fn new(args: &RunArgs) -> anyhow::Result<Self> {
        let plan = Plan::new(&args.load, args.verification.watch)?;
        let scenario = Arc::new(Scenario::load(&args.requests)?);
        let report = args.output.report.as_deref().map(ReportFile::open).transpose()?;
        let contracts =
            args.verification.wanted().then(|| contracts(args, &scenario)).transpose()?;
        let telemetry_args = telemetry_args(args);
        let spans = telemetry_args.spans_enabled();
        propagation::install(&[propagation::Format::TraceContext], false);
        let telemetry = Telemetry::start(&telemetry_args, "loadgen")
            .map_err(|error| Invalid(format!("telemetry did not start: {error:#}")))?;
        let target = load::reach(&args.load.target).await?;
        let verification = match contracts {
            Some(contracts) => Some((contracts, backend(args).await?)),
            None => None,
        };
        let reconciler = match args.requests.reconcile {
            true => Some(Arc::new(reconciler(args).await?)),
            false => None,
        };
        Ok(Self { plan, scenario, target, report, verification, reconciler, telemetry, spans })
    }
}

/// Every contract that a step names must be there.
fn contracts(args: &RunArgs, scenario: &Scenario) -> anyhow::Result<Arc<Contracts>> {
    let contracts = Contracts::load(&args.verification.lookup.contracts)?;
    for step in scenario.steps() {
        if let Some(name) = &step.contract {
            named(&contracts, name, &step.name)?;
        }
    }
    Ok(Arc::new(contracts))
}

fn named(contracts: &Contracts, name: &str, step: &str) -> Result<(), Invalid> {
    let known = || contracts.names().join(", ");
    let wrong = || {
        format!(
            "step '{step}' has the contract '{name}', which there is not; accepted: {}, or one of your own by --contract",
            known()
        )
    };
    contracts.get(name).map(drop).ok_or_else(|| Invalid(wrong()))
}

async fn backend(args: &RunArgs) -> anyhow::Result<Backend> {
    let lookup = &args.verification.lookup;
    let backend = Backend::new(lookup.backend, &lookup.traces, &lookup.headers)?;
    backend.check().await.map_err(|error| {
        let url = backend.url();
        Invalid(format!("traces cannot be looked up at {url}: it {error}; start it, or correct --traces or --backend"))
    })?;
    Ok(backend)
}

async fn reconciler(args: &RunArgs) -> Result<Reconciler, Invalid> {
    let started = Reconciler::start(&args.load.target, args.requests.token.as_ref()).await;
    started.map_err(|error| Invalid(format!("rows cannot be reconciled: {error:#}")))
}

/// `--sampled` is a sampler; watching wants a port.
fn telemetry_args(args: &RunArgs) -> TelemetryArgs {
    let mut telemetry = args.telemetry.clone();
    if let Some(share) = args.requests.sampled {
        telemetry.otel_traces_sampler.root = RootSampler::TraceIdRatio;
        telemetry.otel_traces_sampler_arg = Some(share);
    }
    if args.verification.watch {
        telemetry.metrics_port = telemetry.metrics_port.or(Some(WATCH_PORT));
    }
    telemetry
}
