//! What `--watch` (and any other run with a metrics port) serves to Prometheus.
//!
//! Invariant: as everywhere, labels stand in alphabetical order and a name has one source.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, core::Collector};

use crate::{
    outcome::{End, Outcome},
    report::{has_latency, why_name},
    verify::verdict::{Judgement, Verdict},
};

const REQUESTS: &str = "loadgen_requests_total";
const DURATION: &str = "loadgen_request_duration_seconds";
const TRACES: &str = "loadgen_traces_verified_total";

/// As those of the services' own HTTP durations, so that both can be laid over each other.
const BOUNDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The metrics of this program.
#[derive(Clone, Debug)]
pub struct Watch {
    steps: Vec<String>,
    requests: IntCounterVec,
    duration: HistogramVec,
    traces: IntCounterVec,
}

impl Watch {
    /// Registers the metrics in the registry of this process, which the metrics port serves. `steps` are the names of the scenario's
    /// steps, in the order of [`Outcome::step`].
    ///
    /// # Errors
    /// They are registered already.
    pub fn new(steps: Vec<String>) -> prometheus::Result<Self> {
        let requests = "Requests that were due, by how they ended.";
        let requests =
            IntCounterVec::new(Opts::new(REQUESTS, requests), &["outcome", "status_code", "step"])?;
        let duration =
            "Time from the scheduled start to the whole answer, or to the end of the patience.";
        let duration = HistogramOpts::new(DURATION, duration).buckets(BOUNDS.to_vec());
        let duration = HistogramVec::new(duration, &["status_code", "step"])?;
        let traces = "Traces verified, by verdict and by the hop to blame.";
        let traces = IntCounterVec::new(Opts::new(TRACES, traces), &["hop", "verdict"])?;
        let watch = Self { steps, requests, duration, traces };
        watch.register()?;
        watch.begin_at_zero();
        Ok(watch)
    }

    /// Counts a request that has ended.
    pub fn request(&self, outcome: &Outcome) {
        let step = self.steps.get(outcome.step).map_or("unknown", String::as_str);
        let mut status = String::new();
        let (told, status) = match &outcome.end {
            End::Answered(answer) => {
                status.push_str(&answer.status.to_string());
                (if answer.expected { "expected" } else { "unexpected" }, status.as_str())
            }
            End::Failed(why) => (why_name(*why), ""),
            End::NotStarted => ("not_started", ""),
        };
        self.requests.with_label_values(&[told, status, step]).inc();
        if has_latency(outcome) {
            let status = if status.is_empty() { told } else { status };
            let seconds = outcome.latency.as_secs_f64();
            self.duration.with_label_values(&[status, step]).observe(seconds);
        }
    }

    /// Counts a verdict.
    pub fn verdict(&self, judgement: &Judgement) {
        let hop = judgement.hop.as_ref().map(ToString::to_string).unwrap_or_default();
        self.traces.with_label_values(&[hop.as_str(), judgement.verdict.name()]).inc();
    }

    fn register(&self) -> prometheus::Result<()> {
        let collectors: [Box<dyn Collector>; 3] = [
            Box::new(self.requests.clone()),
            Box::new(self.duration.clone()),
            Box::new(self.traces.clone()),
        ];
        collectors
            .into_iter()
            .try_for_each(|collector| shared::metrics::registry().register(collector))
    }

    /// So that the first increase is seen.
    fn begin_at_zero(&self) {
        for verdict in Verdict::ALL {
            self.traces.with_label_values(&["", verdict.name()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus::{Encoder as _, TextEncoder};

    use super::*;
    use crate::{
        outcome::NoAnswer,
        report::made::{answered, ended},
        verify::verdict::Hop,
    };

    /// The lines of these metrics, but for buckets and comments.
    fn lines() -> Vec<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&shared::metrics::registry().gather(), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("loadgen_"));
        lines.filter(|line| !line.contains("_bucket")).map(str::to_owned).collect()
    }

    #[test]
    fn requests_and_verdicts_are_served() {
        let watch = Watch::new(vec!["process".to_owned()]).unwrap();
        assert!(
            lines()
                .contains(&r#"loadgen_traces_verified_total{hop="",verdict="whole"} 0"#.to_owned())
        );

        watch.request(&answered(0, 200, Duration::from_millis(500)));
        watch.request(&answered(0, 503, Duration::from_millis(250)));
        watch.request(&ended(0, Duration::from_secs(10), End::Failed(NoAnswer::Timeout)));
        watch.request(&ended(0, Duration::from_secs(1), End::Failed(NoAnswer::Connect)));
        let hop = Hop { from: "user-service".to_owned(), to: "order-service".to_owned() };
        let detail = "a new trace".to_owned();
        watch.verdict(&Judgement { verdict: Verdict::Broken, hop: Some(hop), detail, open: false });

        let lines = lines();
        for line in [
            r#"loadgen_requests_total{outcome="expected",status_code="200",step="process"} 1"#,
            r#"loadgen_requests_total{outcome="unexpected",status_code="503",step="process"} 1"#,
            r#"loadgen_requests_total{outcome="timeout",status_code="",step="process"} 1"#,
            r#"loadgen_requests_total{outcome="connect",status_code="",step="process"} 1"#,
            r#"loadgen_request_duration_seconds_sum{status_code="200",step="process"} 0.5"#,
            r#"loadgen_request_duration_seconds_count{status_code="timeout",step="process"} 1"#,
            r#"loadgen_traces_verified_total{hop="user-service → order-service",verdict="broken"} 1"#,
        ] {
            assert!(lines.iter().any(|got| got == line), "no {line} in {lines:#?}");
        }
        assert_eq!(
            lines.iter().filter(|line| line.contains(r#"status_code="connect""#)).count(),
            0
        );
        assert!(Watch::new(Vec::new()).is_err(), "a name has one source");
    }
}
