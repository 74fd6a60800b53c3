//! What was asked for, in the words of those who do it and of the report.

use std::sync::Arc;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    cli::{Arrivals, RunArgs},
    load::{
        Plan,
        plan::{Pace, Stage},
    },
    report::{self, Asked, RampWindows},
    scenario::{Scenario, Step},
    verify::{expectation, queue::Settings},
};

/// As the report tells it.
pub(super) fn asked(args: &RunArgs, plan: &Plan, scenario: &Scenario) -> Asked {
    let counted = args.load.requests.map(|requests| requests.get() as u64);
    let figures = plan.length().map(|length| length.saturating_sub(plan.warm_up()));
    Asked {
        target: args.load.target.to_string().trim_end_matches('/').to_owned(),
        scenario: args.requests.scenario.clone(),
        seed: scenario.seed(),
        users: args.requests.users.get() as u64,
        load: load(args, plan),
        connections: plan.connections as u64,
        duration_seconds: figures.filter(|_| counted.is_none()).map(|length| length.as_secs_f64()),
        requests: counted,
        warm_up_seconds: plan.warm_up().as_secs_f64(),
        timeout_seconds: plan.timeout.as_secs_f64(),
        // RFC 3339 ends with the year 9999.
        started_at: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
    }
}

/// How traces are looked up.
pub(super) fn lookups(args: &RunArgs) -> Settings {
    let verification = &args.verification;
    Settings {
        after: verification.verify_after,
        timeout: verification.lookup.verify_timeout,
        concurrency: verification.lookup.verify_concurrency.get(),
        killed: verification.killed.clone(),
    }
}

/// What the traces of each step are held against.
pub(super) fn traces(args: &RunArgs, scenario: &Scenario) -> Vec<expectation::Asked> {
    let caller = args.telemetry.otel_service_name.as_deref().unwrap_or("loadgen");
    let (caller, peer): (Arc<str>, Arc<str>) = (caller.into(), args.requests.peer.as_str().into());
    let asked = |step: &Step| expectation::Asked {
        contract: step.contract.clone(),
        keyed: step.keyed,
        caller: Arc::clone(&caller),
        peer: Arc::clone(&peer),
    };
    scenario.steps().iter().map(asked).collect()
}

/// The steps of a ramp; `None` at one rate.
pub(super) fn ramp(plan: &Plan) -> Option<RampWindows> {
    let steps = figures(plan);
    let length = steps.first()?.length?;
    (steps.len() > 1)
        .then(|| RampWindows { length, rates: steps.iter().map(|step| step.rate).collect() })
}

fn load(args: &RunArgs, plan: &Plan) -> report::Load {
    let arrivals = match args.load.arrivals {
        Arrivals::Constant => "constant",
        Arrivals::Poisson => "poisson",
    };
    let arrivals = arrivals.to_owned();
    match (args.load.ramp, figures(plan).first()) {
        (_, None) => report::Load::Closed,
        (Some(ramp), _) => report::Load::Ramp {
            from: ramp.from,
            to: ramp.to,
            step_seconds: ramp.step.as_secs_f64(),
            arrivals,
        },
        (None, Some(stage)) => report::Load::Open { rate: stage.rate, arrivals },
    }
}

/// The stages of an open loop without the warm-up.
fn figures(plan: &Plan) -> Vec<Stage> {
    match &plan.pace {
        Pace::Open { stages, .. } => {
            stages.iter().filter(|stage| !stage.warm_up).copied().collect()
        }
        Pace::Closed { .. } => Vec::new(),
    }
}
