//! Latencies in a histogram: 1 µs to 1 h, three significant digits.

use std::time::Duration;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::Serialize;

/// What is longer is counted as so long.
const LONGEST_MICROS: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// Latencies, in milliseconds. Each is at most 0.1 % above what was measured.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// The shortest.
    pub min_ms: f64,
    /// Their mean.
    pub mean_ms: f64,
    /// The median.
    pub p50_ms: f64,
    /// Nine of ten took at most so long.
    pub p90_ms: f64,
    /// 99 of 100 took at most so long.
    pub p99_ms: f64,
    /// 999 of 1000 took at most so long.
    #[serde(rename = "p99.9_ms")]
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// The histogram itself, ascending, without empty buckets. Buckets are those of an HdrHistogram of microseconds with three
    /// significant digits, so one is got back from this without loss.
    pub histogram: Vec<Bucket>,
}

/// One bucket of a histogram: `[upper bound in milliseconds, how many]`; the bound belongs to it.
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Bucket(pub f64, pub u64);

/// Latencies as they come. Its memory grows with the longest of them up to about 200 KB, not with their number.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    #[expect(clippy::expect_used, reason = "refused are only more than five digits")]
    pub(crate) fn new() -> Self {
        Self(Histogram::new(DIGITS).expect("three digits"))
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST_MICROS);
        // Refused are only values that an address space cannot count, which a bounded one is not.
        let _ = self.0.record(micros.clamp(1, LONGEST_MICROS));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // As above.
        let _ = self.0.add(&other.0);
    }

    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    /// The latency below or at which this share of all lies, in milliseconds; `None` without any.
    pub(crate) fn at_quantile(&self, quantile: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| milliseconds(self.0.value_at_quantile(quantile)))
    }

    /// All that is told of them; `None` without any.
    pub(crate) fn told(&self) -> Option<Latency> {
        let at = |quantile| self.at_quantile(quantile);
        Some(Latency {
            count: self.0.len(),
            min_ms: milliseconds(self.0.min()),
            mean_ms: (self.0.mean() * 1e3).round() / 1e6,
            p50_ms: at(0.5)?,
            p90_ms: at(0.9)?,
            p99_ms: at(0.99)?,
            p999_ms: at(0.999)?,
            max_ms: milliseconds(self.0.max()),
            histogram: self.buckets(),
        })
    }

    fn buckets(&self) -> Vec<Bucket> {
        let recorded = self.0.iter_recorded();
        recorded
            .map(|step| Bucket(milliseconds(step.value_iterated_to()), step.count_at_value()))
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "an hour of microseconds has 32 bits")]
fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::new();
        micros.into_iter().for_each(|micros| latencies.record(Duration::from_micros(micros)));
        latencies
    }

    #[test]
    fn percentiles_are_exact_to_three_digits() {
        let told = of((1..=1000).map(|n| n * 1000)).told().unwrap();
        let near = |got: f64, is: f64| assert!((got - is).abs() <= is / 1000.0, "{got}, not {is}");
        near(told.min_ms, 1.0);
        near(told.mean_ms, 500.5);
        near(told.p50_ms, 500.0);
        near(told.p90_ms, 900.0);
        near(told.p99_ms, 990.0);
        near(told.p999_ms, 999.0);
        near(told.max_ms, 1000.0);
        assert_eq!(told.count, 1000);
    }

    #[test]
    fn what_is_out_of_range_is_counted_at_its_ends() {
        let told = of([0, 7_200_000_000]).told().unwrap();
        assert!((told.min_ms - 0.001).abs() < 1e-9, "{}", told.min_ms);
        assert!((told.max_ms / 3_600_000.0 - 1.0).abs() < 0.001, "{}", told.max_ms);
        assert_eq!(Latencies::new().told(), None);
    }

    #[test]
    fn the_histogram_is_got_back_without_loss() {
        let told = of((0..5000).map(|n| n * n)).told().unwrap();
        let mut back = Latencies::new();
        for Bucket(upper, count) in &told.histogram {
            for _ in 0..*count {
                back.record(Duration::from_secs_f64(upper / 1e3));
            }
        }
        assert_eq!(back.told().unwrap().histogram, told.histogram);
        assert_eq!(told.histogram.iter().map(|bucket| bucket.1).sum::<u64>(), 5000);
    }

    #[test]
    fn added_up_they_are_as_if_recorded_in_one() {
        let mut first = of(1..100);
        first.add(&of(100..1_000_000));
        assert_eq!(first.told(), of(1..1_000_000).told());
    }
}
