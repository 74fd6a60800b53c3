//! A histogram's series: what lies between its bounds, its percentiles, and its bars.

use std::fmt::Write;

use prometheus::proto::Histogram;

use super::{measure::Unit, text::escaped};

const BAR_WIDTH: usize = 8;
const HEIGHT: f64 = 28.0;

/// A series' buckets, each with what fell into it alone.
#[derive(Debug)]
pub(super) struct Distribution {
    /// Upper bound and count; what is above the last bound stands last, with an infinite one.
    buckets: Vec<(f64, u64)>,
    pub(super) count: u64,
    sum: f64,
}

impl Distribution {
    pub(super) fn of(histogram: &Histogram) -> Self {
        let (mut buckets, mut below) = (Vec::new(), 0);
        let finite =
            histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
        for bucket in finite {
            let cumulative = bucket.cumulative_count();
            // Observations go on while the buckets are read.
            buckets.push((bucket.upper_bound(), cumulative.saturating_sub(below)));
            below = cumulative.max(below);
        }
        let count = histogram.get_sample_count().max(below);
        buckets.push((f64::INFINITY, count - below));
        Self { buckets, count, sum: histogram.get_sample_sum() }
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The percentile as Prometheus' `histogram_quantile` has it: straight between the bounds of the bucket that it falls into.
    pub(super) fn percentile(&self, share: f64) -> Option<Percentile> {
        if self.count == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rank within a count")]
        let (rank, mut below, mut lower) = (share * self.count as f64, 0.0, 0.0);
        for (upper, count) in &self.buckets {
            #[expect(clippy::cast_precision_loss, reason = "a rank within a count")]
            let count = *count as f64;
            if upper.is_infinite() {
                break;
            }
            if count > 0.0 && below + count >= rank {
                return Some(Percentile::At(lower + (upper - lower) * (rank - below) / count));
            }
            (below, lower) = (below + count, *upper);
        }
        Some(Percentile::Above(lower))
    }

    /// The bars as SVG, with the same in words.
    pub(super) fn bars(&self, unit: Unit) -> String {
        let most = self.buckets.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        let (mut bars, mut words) = (String::new(), Vec::new());
        let mut lower = 0.0;
        for (place, (upper, count)) in self.buckets.iter().enumerate() {
            let range = if upper.is_finite() {
                format!("up to {}", unit.show(*upper))
            } else {
                format!("above {}", unit.show(lower))
            };
            lower = *upper;
            if *count == 0 {
                continue;
            }
            let said = format!("{count} {range}");
            bar(&mut bars, place, *count, most, &said);
            words.push(said);
        }
        let width = self.buckets.len() * BAR_WIDTH;
        format!(
            "<svg class=\"bars\" role=\"img\" aria-label=\"{}\" width=\"{width}\" height=\"{HEIGHT}\" viewBox=\"0 0 {width} {HEIGHT}\">\
             <rect class=\"floor\" x=\"0\" y=\"{}\" width=\"{width}\" height=\"1\"/>{bars}</svg>",
            escaped(&if words.is_empty() { "none".to_owned() } else { words.join(", ") }),
            HEIGHT - 1.0
        )
    }
}

fn bar(bars: &mut String, place: usize, count: u64, most: u64, said: &str) {
    #[expect(clippy::cast_precision_loss, reason = "a height in pixels")]
    let height = (count as f64 / most as f64 * (HEIGHT - 1.0)).max(1.0);
    // Writing to a `String` does not fail.
    let _ = write!(
        bars,
        "<rect x=\"{}\" y=\"{:.1}\" width=\"{}\" height=\"{height:.1}\"><title>{}</title></rect>",
        place * BAR_WIDTH,
        HEIGHT - 1.0 - height,
        BAR_WIDTH - 1,
        escaped(said)
    );
}

/// Where a percentile lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Percentile {
    At(f64),
    /// Above the last bound, which is all that is known.
    Above(f64),
}

impl Percentile {
    pub(super) fn show(self, unit: Unit) -> String {
        match self {
            Self::At(value) => unit.show(value),
            Self::Above(bound) => format!("> {}", unit.show(bound)),
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, core::Collector};

    use super::*;

    fn observed(values: &[f64]) -> Distribution {
        let options = HistogramOpts::new("time_seconds", "Time").buckets(vec![0.1, 0.2, 0.4]);
        let histogram = prometheus::Histogram::with_opts(options).unwrap();
        values.iter().for_each(|value| histogram.observe(*value));
        Distribution::of(histogram.collect()[0].get_metric()[0].get_histogram())
    }

    #[test]
    fn a_percentile_lies_straight_between_the_bounds_of_its_bucket() {
        let one_each = observed(&[0.05, 0.15, 0.3, 0.35]);
        let Some(Percentile::At(half)) = one_each.percentile(0.5) else { panic!("{one_each:?}") };
        assert!((half - 0.2).abs() < 1e-9, "{half}");
        let Some(Percentile::At(high)) = one_each.percentile(0.75) else { panic!("{one_each:?}") };
        assert!((high - 0.3).abs() < 1e-9, "{high}");
    }

    #[test]
    fn above_the_last_bound_only_that_bound_is_known() {
        let slow = observed(&[0.05, 7.0, 8.0]);
        assert_eq!(slow.percentile(0.99), Some(Percentile::Above(0.4)));
        assert_eq!(slow.percentile(0.99).unwrap().show(Unit::Seconds), "> 400 ms");
    }

    #[test]
    fn nothing_observed_has_neither_mean_nor_percentile() {
        let none = observed(&[]);
        assert_eq!((none.mean(), none.percentile(0.5)), (None, None));
        assert!(none.bars(Unit::Seconds).contains("aria-label=\"none\""));
    }

    #[test]
    fn the_bars_say_in_words_what_they_show() {
        let bars = observed(&[0.05, 0.06, 9.0]).bars(Unit::Seconds);
        assert!(bars.contains("aria-label=\"2 up to 100 ms, 1 above 400 ms\""), "{bars}");
        assert_eq!(bars.matches("<title>").count(), 2, "{bars}");
    }
}
