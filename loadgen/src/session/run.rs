//! A run: load, then the end of the verification, then the rows, then the report.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use shared::telemetry::Telemetry;
use tokio_util::sync::CancellationToken;

use super::{
    observer::{Observer, Verification},
    preparation::Preparation,
    wish,
};
use crate::{
    cli::RunArgs,
    exit::Exit,
    load::{self, Live, Load, LoadSummary, Plan},
    output,
    progress::{LoadLine, Now, Progress, Traces},
    reconcile::{self, Reconciler},
    report::{self, Asked, Limits, Recorder, Report, ReportFile},
    span::Spans,
    verify::{
        expectation::Names,
        queue::{Intake, OnVerdict, Verifier},
        summary::Summary,
    },
    watch::Watch,
};

/// Runs until the load has ended or `stop`, and to the end of all that has to be found out about it.
pub(super) async fn run(args: RunArgs, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let prepared = Preparation::new(&args).await?;
    let asked = wish::asked(&args, &prepared.plan, &prepared.scenario);
    let (load, run) = Run::new(&args, prepared)?;
    let sent = run.send(load, &stop).await;
    Ok(run.finish(&args, asked, &sent).await)
}

/// What the load itself needs.
struct Sending {
    load: Load,
    plan: Plan,
    seed: u64,
}

/// What watches it.
struct Run {
    live: Arc<Live>,
    observer: Arc<Observer>,
    verifier: Option<Verifier>,
    reconciler: Option<Arc<Reconciler>>,
    telemetry: Telemetry,
    spans: bool,
    /// Whether a number of requests was asked for, and no duration.
    counted: bool,
    file: Option<ReportFile>,
    progress: Progress,
}

impl Run {
    fn new(args: &RunArgs, prepared: Preparation) -> anyhow::Result<(Sending, Self)> {
        let Preparation {
            plan,
            scenario,
            target,
            report,
            verification,
            reconciler,
            telemetry,
            spans,
        } = prepared;
        let names: Vec<String> =
            scenario.steps().iter().map(|step| step.name.to_string()).collect();
        let watch = args.verification.watch.then(|| Watch::new(names.clone()).map(Arc::new));
        let watch = watch.transpose()?;
        let verifier = verification.map(|(contracts, backend)| {
            Verifier::start(wish::lookups(args), contracts, backend, watch.clone().map(on_verdict))
        });
        let observer = Arc::new(Observer {
            recorder: Recorder::new(names, wish::ramp(&plan)),
            verification: verifier.as_ref().map(|verifier| Verification {
                intake: verifier.intake(),
                asked: wish::traces(args, &scenario),
                names: Names::default(),
            }),
            reconciler: reconciler.clone(),
            watch,
        });
        let own =
            if spans { Spans::on(&args.load.target, &args.requests.peer) } else { Spans::off() };
        let (live, seed) = (Arc::<Live>::default(), scenario.seed());
        let load = Load::new(target, scenario, Arc::clone(&observer) as _, own, Arc::clone(&live));
        let progress = Progress::new(args.output.progress);
        let (counted, file) = (args.load.requests.is_some(), report);
        let run = Self {
            live,
            observer,
            verifier,
            reconciler,
            telemetry,
            spans,
            counted,
            file,
            progress,
        };
        Ok((Sending { load, plan, seed }, run))
    }

    async fn send(
        &self,
        Sending { load, plan, seed }: Sending,
        stop: &CancellationToken,
    ) -> LoadSummary {
        let (recorder, total) = (&self.observer.recorder, plan.length());
        recorder.begin(Instant::now() + plan.warm_up());
        let mut line = LoadLine::default();
        let text = || line.text(recorder.take_recent(), self.now(total));
        let sent = tokio::select! {
            sent = load::run(load, plan, seed, stop) => sent,
            never = self.progress.run(text) => match never {},
        };
        // A number of requests is sent when the last one is answered, however long one more at this rate would have to wait.
        if !self.counted {
            recorder.end(sent.figures_from + sent.sending);
        }
        sent
    }

    fn now(&self, total: Option<Duration>) -> Now {
        Now {
            elapsed: self.live.elapsed(),
            total,
            asked: self.live.asked_rate(),
            in_flight: self.live.in_flight(),
            traces: self.verifier.as_ref().map(|verifier| traces(&verifier.intake())),
        }
    }

    async fn finish(self, args: &RunArgs, asked: Asked, sent: &LoadSummary) -> ExitCode {
        // First, so that the last spans are there when their traces are looked up.
        let account = self.telemetry.flush().await;
        let verification = match self.verifier {
            Some(verifier) => Some(verified(verifier, &self.progress).await),
            None => None,
        };
        let reconciliation = match &self.reconciler {
            Some(reconciler) => Some(reconciled(reconciler, &self.progress).await),
            None => None,
        };
        self.progress.end();
        let report = Report::new(report::Run {
            asked,
            measured: self.observer.recorder.measured(),
            unsent: sent.figures.left() + sent.warm_up.left(),
            connections: sent.connections,
            latest_release: (!args.load.closed).then_some(sent.lag),
            spans: self.spans.then_some(account),
            verification,
            reconciliation,
            limits: Limits {
                max_p99: args.output.max_p99,
                max_error_rate: args.output.max_error_rate,
            },
        });
        told(&report, self.file)
    }
}

/// First the file, which nothing that may be wrong with the terminal keeps from being written.
fn told(report: &Report, file: Option<ReportFile>) -> ExitCode {
    let written = file.map_or(Ok(()), |file| file.write(report));
    output::print(&report.to_string());
    match written {
        Ok(()) => report.exit_code.into(),
        Err(error) => {
            output::tell(&format!("error: {error:#}"));
            report.exit_code.max(Exit::Missed.code()).into()
        }
    }
}

fn on_verdict(watch: Arc<Watch>) -> OnVerdict {
    Arc::new(move |judgement| watch.verdict(judgement))
}

fn traces(intake: &Intake) -> Traces {
    let progress = intake.progress();
    Traces { expected: progress.expected, verified: progress.verified, whole: progress.whole }
}

async fn verified(verifier: Verifier, progress: &Progress) -> Summary {
    let intake = verifier.intake();
    let text = || format!("the load has ended; verifying: {}", traces(&intake));
    progress.announce(&text());
    tokio::select! {
        summary = verifier.finish() => summary,
        never = progress.run(text) => match never {},
    }
}

async fn reconciled(reconciler: &Reconciler, progress: &Progress) -> reconcile::Summary {
    progress.announce("reading the rows");
    reconciler.finish(reconcile::PATIENCE, |stage| progress.show(stage.to_string())).await
}
