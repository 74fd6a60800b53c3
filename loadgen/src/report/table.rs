//! The report as people read it.

use std::fmt::{self, Display, Formatter};

use super::{Figures, Latency, Load, RampStep, Report, Spans, Step, Threshold, picture};
use crate::output::printable;

/// Width of the names in front.
const NAME: usize = 11;

/// Milliseconds after their time that requests may leave without a word.
const TOLD_MS: f64 = 20.0;

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.head(out)?;
        self.counts(out)?;
        self.latencies(out)?;
        self.ramp_steps(out)?;
        if let Some(spans) = &self.spans {
            writeln!(out)?;
            named(out, "Spans", spans)?;
        }
        self.proofs(out)?;
        let useless = !super::is_of_use(&self.total, &self.thresholds);
        if !self.thresholds.is_empty() || useless {
            writeln!(out)?;
        }
        self.thresholds.iter().try_for_each(|threshold| named(out, "Threshold", threshold))?;
        match (useless, self.total.requests) {
            (false, _) => Ok(()),
            (true, 0) => named(out, "Failed", "nothing was measured: not one request was sent"),
            (true, 1) => named(out, "Failed", "the only request was not answered as expected"),
            (true, due) => {
                named(out, "Failed", format!("not one of {due} requests was answered as expected"))
            }
        }
    }
}

impl Report {
    /// What was proven beyond the figures: traces and rows.
    fn proofs(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.verification.is_some() || self.reconciliation.is_some() {
            writeln!(out)?;
        }
        if let Some(verification) = &self.verification {
            writeln!(out, "{verification}")?;
        }
        if let Some(reconciliation) = &self.reconciliation {
            writeln!(out, "{reconciliation}")?;
        }
        Ok(())
    }

    fn head(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let asked = &self.asked;
        let (target, scenario, seed) = (&asked.target, &asked.scenario, asked.seed);
        writeln!(out, "{target}, scenario {scenario}, seed {seed}, from {}", asked.started_at)?;
        write!(out, "{}, ", asked.load)?;
        match (asked.duration_seconds, asked.requests) {
            (Some(duration), _) => write!(out, "{} s, ", plain(duration))?,
            (None, Some(requests)) => write!(out, "{requests} requests, ")?,
            (None, None) => {}
        }
        writeln!(out, "at most {} connections\n", asked.connections)
    }

    fn counts(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let total = &self.total;
        let asked = self.rate_asked.map(|asked| format!("{}/s asked, ", rate(asked)));
        let (elapsed, asked) = (self.elapsed_seconds, asked.unwrap_or_default());
        let reached = rate(self.rate_reached);
        let rate = format!("in {elapsed:.2} s, {asked}{reached}/s reached");
        named(out, "Requests", format!("{} {rate}", total.requests))?;
        if self.warm_up_requests > 0 {
            let warm_up = self.warm_up_requests;
            named(out, "", format!("{warm_up} more of the warm-up, in no other figure"))?;
        }
        if self.unsent_requests > 0 {
            let unsent = self.unsent_requests;
            named(out, "", format!("{unsent} more were not sent: the run was stopped"))?;
        }
        let share = total.error_rate * 100.0;
        named(out, "Errors", format!("{} ({share:.2} %)", total.errors))?;
        named_counts(out, "Statuses", &total.statuses)?;
        named_counts(out, "Codes", &total.codes)?;
        named_counts(out, "No answer", &total.failures)?;
        if total.not_started > 0 {
            let text = "no connection was free in time";
            named(out, "Not started", format!("{}: {text}", total.not_started))?;
        }
        named(out, "Bytes", bytes(total.bytes))?;
        match self.latest_release_ms.filter(|late| *late > TOLD_MS) {
            Some(late) => named(
                out,
                "Late",
                format!("by up to {late:.0} ms: this machine was too busy to send in time"),
            ),
            None => Ok(()),
        }
    }

    fn latencies(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let from = match self.asked.load {
            Load::Closed => "the sending",
            Load::Open { .. } | Load::Ramp { .. } => "the scheduled start",
        };
        writeln!(out, "\nLatency in ms, from {from}")?;
        let steps = self.steps.iter().filter(|_| self.steps.len() > 1);
        let name = |step: &Step| step.name.chars().count();
        let width = steps.clone().map(name).max().unwrap_or_default().max(NAME);
        let columns = ["requests", "errors", "min", "mean", "p50", "p90", "p99", "p99.9", "max"];
        row(out, width, "", &columns.map(str::to_owned))?;
        for step in steps {
            row(out, width, &printable(&step.name), &cells(&step.figures))?;
        }
        row(out, width, "total", &cells(&self.total))?;
        let Some(Latency { histogram, .. }) = &self.total.latency else {
            return Ok(());
        };
        writeln!(out)?;
        picture::lines(histogram).iter().try_for_each(|line| writeln!(out, "  {line}"))
    }

    fn ramp_steps(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.ramp.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nRamp")?;
        let columns = ["reached/s", "requests", "errors", "p50 ms", "p99 ms"];
        row(out, NAME, "    asked/s", &columns.map(str::to_owned))?;
        for step in &self.ramp {
            let RampStep { rate_asked, rate_reached, requests, errors, p50_ms, p99_ms, .. } = step;
            let latency = |latency: &Option<f64>| latency.map_or_else(absent, milliseconds);
            let (reached, requests) = (rate(*rate_reached), requests.to_string());
            let cells = [reached, requests, errors.to_string(), latency(p50_ms), latency(p99_ms)];
            row(out, NAME, &format!("{:>NAME$}", rate(*rate_asked)), &cells)?;
        }
        Ok(())
    }
}

fn named(out: &mut Formatter<'_>, name: &str, text: impl Display) -> fmt::Result {
    writeln!(out, "{name:NAME$} {text}")
}

fn named_counts<'a>(
    out: &mut Formatter<'_>,
    name: &str,
    counts: impl IntoIterator<Item = (&'a String, &'a u64)>,
) -> fmt::Result {
    let counts: Vec<_> =
        counts.into_iter().map(|(what, times)| format!("{}: {times}", printable(what))).collect();
    if counts.is_empty() { Ok(()) } else { named(out, name, counts.join(" · ")) }
}

fn row(out: &mut Formatter<'_>, width: usize, name: &str, cells: &[String]) -> fmt::Result {
    write!(out, "{name:width$}")?;
    cells.iter().try_for_each(|cell| write!(out, " {cell:>9}"))?;
    writeln!(out)
}

fn cells(figures: &Figures) -> Vec<String> {
    let latency = figures.latency.as_ref().map(|latency| {
        let Latency { min_ms, mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms, .. } = *latency;
        [min_ms, mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(milliseconds)
    });
    let counts = [figures.requests.to_string(), figures.errors.to_string()];
    let latency = latency.unwrap_or_else(|| std::array::from_fn(|_| absent()));
    counts.into_iter().chain(latency).collect()
}

fn absent() -> String {
    "-".to_owned()
}

/// Three significant digits, which is what is known.
pub(super) fn milliseconds(milliseconds: f64) -> String {
    match milliseconds {
        below if below < 0.9995 => format!("{below:.3}"),
        below if below < 9.995 => format!("{below:.2}"),
        below if below < 99.95 => format!("{below:.1}"),
        other => format!("{other:.0}"),
    }
}

/// Requests per second: small ones with three significant digits, so that none reads as 0.
pub(crate) fn rate(rate: f64) -> String {
    if !(f64::MIN_POSITIVE..0.9995).contains(&rate) {
        return format!("{rate:.1}");
    }
    // At least 3 and, of what is told here, not more than a few hundred.
    let decimals = 2 - rate.log10().floor() as i32;
    format!("{rate:.*}", usize::try_from(decimals).unwrap_or_default())
}

#[expect(clippy::cast_precision_loss, reason = "told in three digits")]
fn bytes(bytes: u64) -> String {
    let scaled = |unit: f64, name| format!("{:.1} {name}", bytes as f64 / unit);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => scaled(1e3, "kB"),
        1_000_000..1_000_000_000 => scaled(1e6, "MB"),
        _ => scaled(1e9, "GB"),
    }
}

/// Without a needless `.0`.
fn plain(number: f64) -> String {
    number.to_string()
}

impl Display for Load {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { rate, arrivals } => {
                write!(out, "Open loop, {arrivals} arrivals, {}/s", plain(*rate))
            }
            Self::Ramp { from, to, step_seconds, arrivals, .. } => {
                let (from, to, step) = (plain(*from), plain(*to), plain(*step_seconds));
                write!(
                    out,
                    "Open loop, {arrivals} arrivals, {from}/s to {to}/s in steps of {step} s"
                )
            }
            Self::Closed => write!(out, "Closed loop"),
        }
    }
}

impl Display for Spans {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { ended, exported, failed, dropped, queued } = self;
        write!(out, "{ended} ended, {exported} exported, {failed} failed, {dropped} dropped")?;
        if *queued > 0 { write!(out, ", {queued} still queued") } else { Ok(()) }
    }
}

impl Display for Threshold {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (name, unit) = match self.name.as_str() {
            "max_p99_ms" => ("p99", " ms"),
            _ => ("error rate", ""),
        };
        let told =
            |value| if unit.is_empty() { format!("{value:.4}") } else { milliseconds(value) };
        let got = self.got.map_or_else(|| "nothing".to_owned(), |got| told(got) + unit);
        let verdict = if self.missed { "missed" } else { "met" };
        write!(out, "{name} at most {}{unit}: got {got}, {verdict}", plain(self.asked))
    }
}

#[cfg(test)]
mod tests;
