//! What was asked for, in the words of those who do it and of the report.

use std::{sync::Arc, time::Duration};

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
    let total = steps.iter().filter_map(|step| step.length).sum();
    let rates = steps.iter().map(|step| step.rate).collect();
    (steps.len() > 1).then_some(RampWindows { length, total, rates })
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
            rate: mean_rate(&figures(plan)),
            arrivals,
        },
        (None, Some(stage)) => report::Load::Open { rate: stage.rate, arrivals },
    }
}

/// The requests of all stages together by the time that they last, which the rate on the half way is only where all last equally long.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn mean_rate(stages: &[Stage]) -> f64 {
    let requests: u64 = stages.iter().map(|stage| stage.requests).sum();
    let time: Duration = stages.iter().filter_map(|stage| stage.length).sum();
    requests as f64 / time.as_secs_f64()
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_ramp_asks_for_its_requests_by_its_time_and_its_last_step_is_as_long_as_it_is() {
        let flags = ["loadgen", "--ramp=10..40/2s", "--duration=5s"];
        let args = Cli::try_parse_from(flags).unwrap().run;
        let plan = Plan::new(&args.load, false).unwrap();

        let windows = ramp(&plan).unwrap();
        let asked = load(&args, &plan);

        let (length, total) = (Duration::from_secs(2), Duration::from_secs(5));
        assert_eq!(windows, RampWindows { length, total, rates: vec![10.0, 25.0, 40.0] });
        // 20 + 50 + 40 requests in 5 s, where the mean of the rates is 25.
        assert_eq!(asked.rate(), Some(22.0));
    }
}
