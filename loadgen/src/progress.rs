//! The live progress line, on standard error: standard output is the report's alone.
//!
//! Invariant: it only looks; a run without it does the same.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io::IsTerminal as _,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli, output, reconcile,
    report::{self, Recent},
};

/// On a terminal.
const TICK: Duration = Duration::from_secs(1);
/// Where it is none, and lines stay.
const PLAIN_TICK: Duration = Duration::from_secs(5);
/// Looks that percentiles are taken over: those of one alone jump.
const LOOKS: usize = 5;

/// Where progress is shown.
#[derive(Debug)]
pub(crate) struct Progress(Surface);

#[derive(Debug)]
enum Surface {
    Quiet,
    Line(ProgressBar),
    /// With the time of the last line.
    Plain(Mutex<Option<Instant>>),
}

impl Progress {
    pub(crate) fn new(when: cli::Progress) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self(match (when, terminal) {
            (cli::Progress::Never, _) | (cli::Progress::Auto, false) => Surface::Quiet,
            (cli::Progress::Auto | cli::Progress::Always, true) => Surface::Line(line()),
            (cli::Progress::Always, false) => Surface::Plain(Mutex::default()),
        })
    }

    /// Shows what `text` says, again and again, until it is dropped: to be raced with what it tells of.
    pub(crate) async fn run(&self, mut text: impl FnMut() -> String) -> Infallible {
        let every = if let Surface::Plain(_) = self.0 { PLAIN_TICK } else { TICK };
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // Also where nobody looks: what is recent is then not heaped up.
            self.show(text());
        }
    }

    /// Shows a line at once: something else begins.
    pub(crate) fn announce(&self, text: &str) {
        if let Surface::Plain(last) = &self.0 {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.show(text.to_owned());
    }

    /// Shows a line, unless it is too early for another one that stays.
    pub(crate) fn show(&self, text: String) {
        match &self.0 {
            Surface::Quiet => {}
            Surface::Line(bar) => {
                bar.set_message(text);
                bar.tick();
            }
            Surface::Plain(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                // Ticks come a little early or late.
                if last.is_none_or(|last| last.elapsed() > PLAIN_TICK * 9 / 10) {
                    *last = Some(Instant::now());
                    output::tell(&text);
                }
            }
        }
    }

    /// Takes the line away, so that the report stands alone.
    pub(crate) fn end(self) {
        if let Surface::Line(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}

fn line() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{spinner} {wide_msg}") {
        Ok(style) => bar.with_style(style),
        // The template is a constant; without it the line looks a little different.
        Err(_) => bar,
    }
}

/// Where a load stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Now {
    pub(crate) elapsed: Duration,
    /// How long it will last; `None` where that is not known.
    pub(crate) total: Option<Duration>,
    /// Requests per second asked for; `None` in a closed loop.
    pub(crate) asked: Option<f64>,
    pub(crate) in_flight: u64,
    pub(crate) traces: Option<Traces>,
}

/// How far the verification is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traces {
    /// Traces that have no verdict yet are expected, too.
    pub(crate) expected: u64,
    pub(crate) verified: u64,
    pub(crate) whole: u64,
}

/// The line of a load: what it shows of one look depends on the last ones.
#[derive(Debug, Default)]
pub(crate) struct LoadLine {
    last: Duration,
    looks: VecDeque<Recent>,
    errors: u64,
}

impl LoadLine {
    /// What has ended since the last look, and where the load stands.
    pub(crate) fn text(&mut self, recent: Recent, now: Now) -> String {
        let since = now.elapsed.saturating_sub(self.last);
        self.last = now.elapsed;
        self.errors += recent.errors;
        let rate = shown(per_second(recent.answered, since));
        self.looks.push_back(recent);
        if self.looks.len() > LOOKS {
            self.looks.pop_front();
        }
        let elapsed = now.elapsed.as_secs();
        let total = now.total.map_or_else(String::new, |total| format!("/{}", total.as_secs()));
        let asked = now.asked.map_or_else(String::new, |asked| format!(" of {}/s", shown(asked)));
        let (errors, in_flight) = (self.errors, now.in_flight);
        let latency = self.latency();
        let traces = now.traces.map_or_else(String::new, |traces| format!(" · {traces}"));
        format!(
            "{elapsed}{total} s · {rate}/s{asked} · {errors} errors{latency} · {in_flight} in flight{traces}"
        )
    }

    fn latency(&self) -> String {
        let mut lately = Recent::default();
        self.looks.iter().for_each(|look| lately.add(look));
        match (lately.at_quantile(0.5), lately.at_quantile(0.99)) {
            (Some(p50), Some(p99)) => format!(" · p50 {p50:.1} ms · p99 {p99:.1} ms"),
            _ => String::new(),
        }
    }
}

impl std::fmt::Display for Traces {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { expected, verified, whole } = self;
        write!(out, "{whole} of {expected} traces whole")?;
        match verified - whole.min(verified) {
            0 => Ok(()),
            bad => write!(out, ", {bad} not"),
        }
    }
}

impl std::fmt::Display for reconcile::Stage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reading { orders, audit_records } => {
                write!(out, "reading rows: {orders} orders, {audit_records} audit records")
            }
            Self::Waiting { requests } => {
                write!(out, "waiting for the rows of {requests} requests")
            }
        }
    }
}

/// Without decimals, but where nothing else would be left.
fn shown(rate: f64) -> String {
    if (f64::MIN_POSITIVE..0.9995).contains(&rate) {
        report::rate(rate)
    } else {
        format!("{rate:.0}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown in a few digits")]
fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        Recorder,
        made::{answered, problem},
    };

    #[test]
    fn the_line_tells_rate_errors_latency_and_traces() {
        let recorder = Recorder::new(vec!["process".to_owned()], None);
        let mut line = LoadLine::default();
        (0..99).for_each(|_| recorder.record(&answered(0, 200, Duration::from_millis(2))));
        recorder.record(&problem(0, 503, "overloaded", Duration::from_millis(40)));
        let traces = Some(Traces { expected: 100, verified: 41, whole: 40 });
        let (elapsed, total) = (Duration::from_millis(500), Some(Duration::from_secs(30)));
        let now = Now { elapsed, total, asked: Some(200.0), in_flight: 3, traces };
        assert_eq!(
            line.text(recorder.take_recent(), now),
            "0/30 s · 200/s of 200/s · 1 errors · p50 2.0 ms · p99 2.0 ms · 3 in flight · 40 of 100 traces whole, 1 not"
        );
    }

    #[test]
    fn a_rate_is_of_the_last_look_and_percentiles_of_the_last_five() {
        let recorder = Recorder::new(vec!["process".to_owned()], None);
        let mut line = LoadLine::default();
        let mut text = |second, millis| {
            recorder.record(&answered(0, 200, Duration::from_millis(millis)));
            let now = Now { elapsed: Duration::from_secs(second), ..Now::default() };
            line.text(recorder.take_recent(), now)
        };
        assert_eq!(
            text(1, 100),
            "1 s · 1/s · 0 errors · p50 100.0 ms · p99 100.0 ms · 0 in flight"
        );
        for second in 2..=5 {
            assert!(text(second, 1).contains("p99 100.0 ms"));
        }
        assert_eq!(text(6, 1), "6 s · 1/s · 0 errors · p50 1.0 ms · p99 1.0 ms · 0 in flight");
    }

    #[test]
    fn a_line_that_is_not_wanted_is_quiet() {
        assert!(matches!(Progress::new(cli::Progress::Never).0, Surface::Quiet));
    }
}
