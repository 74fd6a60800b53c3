//! Latencies in a histogram: 1 µs to 1 h, three significant digits; the shortest, the longest and the mean exactly.

use std::time::Duration;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::Serialize;

/// What is longer is counted as so long.
const LONGEST_MICROS: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// Latencies, in milliseconds. Shortest, mean and longest are exact; the others are at most 0.1 % above what was measured.
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
pub(crate) struct Latencies {
    histogram: Histogram<u64>,
    sum: Duration,
    shortest: Duration,
    longest: Duration,
}

impl Latencies {
    #[expect(clippy::expect_used, reason = "refused are only more than five digits")]
    pub(crate) fn new() -> Self {
        let histogram = Histogram::new(DIGITS).expect("three digits");
        let (sum, shortest, longest) = (Duration::ZERO, Duration::MAX, Duration::ZERO);
        Self { histogram, sum, shortest, longest }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST_MICROS);
        // Refused are only values that an address space cannot count, which a bounded one is not.
        let _ = self.histogram.record(micros.clamp(1, LONGEST_MICROS));
        self.sum = self.sum.saturating_add(latency);
        self.shortest = self.shortest.min(latency);
        self.longest = self.longest.max(latency);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // As above.
        let _ = self.histogram.add(&other.histogram);
        self.sum = self.sum.saturating_add(other.sum);
        self.shortest = self.shortest.min(other.shortest);
        self.longest = self.longest.max(other.longest);
    }

    pub(crate) fn clear(&mut self) {
        self.histogram.reset();
        (self.sum, self.shortest, self.longest) = (Duration::ZERO, Duration::MAX, Duration::ZERO);
    }

    /// The latency below or at which this share of all lies, in milliseconds; `None` without any.
    pub(crate) fn at_quantile(&self, quantile: f64) -> Option<f64> {
        // A bucket's bound may lie beyond the longest.
        let (shortest, longest) = (exact(self.shortest), exact(self.longest));
        let at = |histogram: &Histogram<u64>| histogram.value_at_quantile(quantile);
        (!self.histogram.is_empty())
            .then(|| milliseconds(at(&self.histogram)).clamp(shortest, longest))
    }

    /// All that is told of them; `None` without any.
    pub(crate) fn told(&self) -> Option<Latency> {
        let at = |quantile| self.at_quantile(quantile);
        Some(Latency {
            count: self.histogram.len(),
            min_ms: exact(self.shortest),
            mean_ms: self.mean(),
            p50_ms: at(0.5)?,
            p90_ms: at(0.9)?,
            p99_ms: at(0.99)?,
            p999_ms: at(0.999)?,
            max_ms: exact(self.longest),
            histogram: self.buckets(),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn mean(&self) -> f64 {
        let mean = self.sum.as_secs_f64() * 1e3 / self.histogram.len() as f64;
        (mean * 1e6).round() / 1e6
    }

    fn buckets(&self) -> Vec<Bucket> {
        let recorded = self.histogram.iter_recorded();
        recorded
            .map(|step| Bucket(milliseconds(step.value_iterated_to()), step.count_at_value()))
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "an hour of microseconds has 32 bits")]
fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1e3
}

/// To the nanosecond.
fn exact(latency: Duration) -> f64 {
    (latency.as_secs_f64() * 1e9).round() / 1e6
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
        let [Bucket(first, 1), Bucket(last, 1)] = told.histogram[..] else { panic!("{told:?}") };
        assert!((first - 0.001).abs() < 1e-9, "{first}");
        assert!((last / 3_600_000.0 - 1.0).abs() < 0.001, "{last}");
        assert_eq!(Latencies::new().told(), None);
    }

    #[test]
    fn the_shortest_the_mean_and_the_longest_are_exact_and_all_others_between() {
        let told = of([8_001, 12_345]).told().unwrap();
        assert_eq!([told.min_ms, told.mean_ms, told.max_ms], [8.001, 10.173, 12.345]);
        let mut one = Latencies::new();
        one.record(Duration::from_nanos(8_000_700));
        let told = one.told().unwrap();
        let Latency { min_ms, mean_ms, p50_ms, p99_ms, max_ms, .. } = told;
        assert_eq!([min_ms, mean_ms, p50_ms, p99_ms, max_ms], [8.0007; 5]);
        one.clear();
        one.record(Duration::from_millis(9));
        assert_eq!(one.told().unwrap().min_ms, 9.0);
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
