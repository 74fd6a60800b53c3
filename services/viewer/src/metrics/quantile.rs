//! Quantiles of a histogram.

use crate::scrape::Counts;

/// Observations of several points together.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed(Option<Counts>);

impl Observed {
    pub(super) fn add(&mut self, counts: &Counts) {
        match &mut self.0 {
            Some(sum) if sum.bounds == counts.bounds => {
                for (sum, count) in sum.counts.iter_mut().zip(&counts.counts) {
                    *sum = sum.saturating_add(*count);
                }
            }
            // Buckets of other bounds, as a new version may have, cannot be added to: the newer ones count.
            place => *place = Some(counts.clone()),
        }
    }

    /// The value below which this share of the observations is; `None` without any.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let Counts { bounds, counts } = self.0.as_ref()?;
        let total: f64 = counts.iter().copied().map(f64::from).sum();
        let rank = share * total;
        let (mut below, mut lower) = (0.0, 0.0);
        for (bound, count) in bounds.iter().zip(counts) {
            let count = f64::from(*count);
            if count > 0.0 && below + count >= rank {
                let part = (rank - below) / count;
                return Some(if bound.is_finite() {
                    lower + (bound - lower) * part
                } else {
                    lower
                });
            }
            (below, lower) = (below + count, *bound);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(bounds: &[f64], counts: &[u32]) -> Observed {
        Observed(Some(Counts { bounds: bounds.into(), counts: counts.into() }))
    }

    const BOUNDS: [f64; 4] = [0.1, 0.2, 0.4, f64::INFINITY];

    #[test]
    fn within_a_bucket_it_is_in_proportion() {
        let ten = observed(&BOUNDS, &[0, 10, 0, 0]);
        assert!((ten.quantile(0.5).unwrap() - 0.15).abs() < 1e-9);
        assert!((ten.quantile(1.0).unwrap() - 0.2).abs() < 1e-9);
        let spread = observed(&BOUNDS, &[50, 40, 10, 0]);
        assert!((spread.quantile(0.95).unwrap() - 0.3).abs() < 1e-9);
        assert!((spread.quantile(0.25).unwrap() - 0.05).abs() < 1e-9);
    }

    #[test]
    fn beyond_the_last_bound_it_is_that_bound_and_of_nothing_it_is_none() {
        assert_eq!(observed(&BOUNDS, &[1, 0, 0, 9]).quantile(0.99), Some(0.4));
        assert_eq!(observed(&BOUNDS, &[0; 4]).quantile(0.5), None);
        assert_eq!(Observed::default().quantile(0.5), None);
    }

    #[test]
    fn points_add_up_and_other_bounds_begin_anew() {
        let mut sum = observed(&BOUNDS, &[1, 0, 0, 0]);
        sum.add(&Counts { bounds: BOUNDS.into(), counts: [0, 0, 3, 0].into() });
        assert_eq!(*sum.0.as_ref().unwrap().counts, [1, 0, 3, 0]);
        sum.add(&Counts { bounds: [1.0].into(), counts: [2].into() });
        assert_eq!(*sum.0.as_ref().unwrap().counts, [2]);
    }
}
