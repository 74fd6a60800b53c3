//! What happened between two reads of a target.

use std::sync::Arc;

use super::{
    fetch::NotRead,
    reading::{Class, Histogram, Kind, Reading, SpanFate},
};

/// How a read ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Up,
    /// Nobody answered in time, or with a server's error.
    #[default]
    Down,
    /// It answers, and has no metrics there.
    NotServed,
    /// It answers something else, or more than is read.
    Unreadable,
}

/// One read.
#[derive(Debug, Default)]
pub(crate) struct Point {
    /// Milliseconds since the epoch.
    pub(crate) at: u64,
    pub(crate) outcome: Outcome,
    /// `None` where there is nothing to compare with: after the first read, and where there was none.
    pub(crate) increase: Option<Box<Increase>>,
    pub(crate) gauges: Gauges,
}

/// Values of the moment; what the target does not have is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Gauges {
    pub(crate) pool_used: Option<f64>,
    pub(crate) pool_idle: Option<f64>,
    pub(crate) pool_max: Option<f64>,
    pub(crate) spans_queued: Option<f64>,
    pub(crate) resident_bytes: Option<f64>,
    /// Since its process began: ended, exported, failed, dropped.
    pub(crate) spans: Option<[f64; 4]>,
}

/// What was counted since the read before, in `seconds`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Increase {
    pub(crate) seconds: f64,
    pub(crate) requests: f64,
    pub(crate) client_errors: f64,
    pub(crate) server_errors: f64,
    /// Ended, exported, failed, dropped.
    pub(crate) spans: [f64; 4],
    /// Requests, database statements, waits for a connection; `None` where nothing was observed.
    pub(crate) histograms: [Option<Counts>; 3],
}

/// Observations by bucket, each for itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counts {
    /// Upper bounds, ascending; the last is infinite where the target keeps to the format.
    pub(crate) bounds: Arc<[f64]>,
    pub(crate) counts: Box<[u32]>,
}

impl Gauges {
    pub(super) fn count_span(&mut self, fate: SpanFate, value: f64) {
        self.spans.get_or_insert_default()[fate as usize] += value;
    }
}

/// The last good read of a target, which the next is compared with.
#[derive(Debug)]
pub(super) struct Since {
    /// When the target was first asked for.
    watched: u64,
    last: Option<(u64, Reading)>,
    bounds: [Arc<[f64]>; 3],
}

impl Since {
    pub(super) fn new(watched: u64) -> Self {
        Self { watched, last: None, bounds: Default::default() }
    }

    /// The point of a read that ended `at`, and why it failed where it did.
    pub(super) fn point(
        &mut self,
        at: u64,
        fetched: Result<Reading, NotRead>,
    ) -> (Point, Option<String>) {
        let reading = match fetched {
            Ok(reading) => reading,
            Err(error) => {
                let outcome = match &error {
                    NotRead::Down(_) => Outcome::Down,
                    NotRead::NotServed => Outcome::NotServed,
                    NotRead::Unreadable(_) => Outcome::Unreadable,
                };
                return (Point { at, outcome, ..Point::default() }, Some(error.to_string()));
            }
        };
        let increase = self.increase(at, &reading).map(Box::new);
        let point = Point { at, outcome: Outcome::Up, increase, gauges: reading.gauges };
        self.last = Some((at, reading));
        (point, None)
    }

    fn increase(&mut self, at: u64, reading: &Reading) -> Option<Increase> {
        let (from, last) = match &self.last {
            Some((from, last)) if !is_another(last, reading) => (*from, Some(last)),
            // Another process counts from zero, and all that it has counted is new.
            Some((from, _)) => (began(reading).map_or(*from, |began| began.max(*from)), None),
            None => (began(reading).filter(|began| *began >= self.watched)?, None),
        };
        let mut increase = Increase {
            seconds: at.saturating_sub(from).max(1) as f64 / 1000.0,
            ..Increase::default()
        };
        let mut buckets = Histogram::ALL.map(|histogram| (reading.bounds(histogram), Vec::new()));
        for (bounds, up_to) in &mut buckets {
            up_to.resize(bounds.len(), 0.0);
        }
        for (series, (kind, value)) in &reading.counters {
            let before =
                last.and_then(|last| last.counters.get(series)).map_or(0.0, |(_, value)| *value);
            // A counter that is lower than it was began again.
            let added = if *value >= before { value - before } else { *value };
            if !added.is_finite() {
                continue;
            }
            match *kind {
                Kind::Requests(class) => increase.count_requests(class, added),
                Kind::Span(fate) => increase.spans[fate as usize] += added,
                Kind::Bucket(histogram, bound) => {
                    let (bounds, up_to) = &mut buckets[histogram as usize];
                    if let Some(place) = bounds.iter().position(|known| *known == bound) {
                        up_to[place] += added;
                    }
                }
            }
        }
        for (place, (bounds, up_to)) in buckets.into_iter().enumerate() {
            increase.histograms[place] = self.counts(place, &bounds, &up_to);
        }
        Some(increase)
    }

    /// From cumulative buckets to each for itself; bounds that are the same are kept once.
    fn counts(&mut self, histogram: usize, bounds: &[f64], up_to: &[f64]) -> Option<Counts> {
        if up_to.iter().all(|count| *count == 0.0) {
            return None;
        }
        if *self.bounds[histogram] != *bounds {
            self.bounds[histogram] = bounds.into();
        }
        let mut below = 0.0_f64;
        let own = |count: &f64| {
            let own = (count - below).max(0.0);
            below = below.max(*count);
            // From a float to an integer Rust saturates.
            own.round() as u32
        };
        let counts = up_to.iter().map(own).collect();
        Some(Counts { bounds: Arc::clone(&self.bounds[histogram]), counts })
    }
}

impl Increase {
    fn count_requests(&mut self, class: Class, added: f64) {
        self.requests += added;
        match class {
            Class::Answered => {}
            Class::ClientError => self.client_errors += added,
            Class::ServerError => self.server_errors += added,
        }
    }
}

fn is_another(last: &Reading, reading: &Reading) -> bool {
    last.began.zip(reading.began).is_some_and(|(last, began)| (last - began).abs() > 0.5)
}

/// In milliseconds since the epoch.
fn began(reading: &Reading) -> Option<u64> {
    reading.began.map(|seconds| (seconds * 1000.0) as u64)
}

#[cfg(test)]
mod tests;
