//! Exemplars: for each bucket of a histogram the last sampled span that fell into it.
//!
//! The `prometheus` crate has none, so they are kept beside it, by family, label values and bucket. Invariants: only sampled
//! spans, since others lead nowhere; bounded in series.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::telemetry::SpanIds;

/// Series beyond this get no exemplars: labels are few by design, so this is a bound against what was not foreseen.
const MAX_SERIES: usize = 2048;

pub(super) static EXEMPLARS: LazyLock<Exemplars> = LazyLock::new(Exemplars::default);

/// One observation and the span it was made in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exemplar {
    pub(super) span: SpanIds,
    pub(super) value: f64,
    pub(super) time: SystemTime,
}

/// The exemplars of one series, one place per bucket, `+Inf` last.
pub(super) type Buckets = Vec<Option<Exemplar>>;

#[derive(Default)]
pub(super) struct Exemplars(Mutex<HashMap<u64, Series>>);

struct Series {
    family: &'static str,
    labels: Vec<String>,
    buckets: Buckets,
}

impl Series {
    fn is_of<L: AsRef<str>>(&self, family: &str, labels: &[L]) -> bool {
        let same = |(own, other): (&String, &L)| own == other.as_ref();
        self.family == family
            && self.labels.len() == labels.len()
            && self.labels.iter().zip(labels).all(same)
    }
}

impl Exemplars {
    /// Keeps an observation as its bucket's exemplar, if its span is sampled. `labels` are values in the names' order.
    pub(super) fn note(
        &self,
        family: &'static str,
        bounds: &[f64],
        labels: &[&str],
        value: f64,
        span: Option<&SpanIds>,
    ) {
        let Some(span) = span.filter(|span| span.sampled).copied() else {
            return;
        };
        let bucket = bounds.partition_point(|bound| *bound < value);
        let exemplar = Exemplar { span, value, time: SystemTime::now() };
        let key = key(family, labels);
        let mut all = self.lock();
        if all.len() >= MAX_SERIES && !all.contains_key(&key) {
            return;
        }
        let series = all.entry(key).or_insert_with(|| Series {
            family,
            labels: labels.iter().map(ToString::to_string).collect(),
            buckets: vec![None; bounds.len() + 1],
        });
        // Two series of one hash: the first keeps the place.
        if series.is_of(family, labels) {
            series.buckets[bucket] = Some(exemplar);
        }
    }

    /// The exemplars of a series; empty when it has none.
    pub(super) fn of<L: AsRef<str>>(&self, family: &str, labels: &[L]) -> Buckets {
        let all = self.lock();
        let series = all.get(&key(family, labels)).filter(|series| series.is_of(family, labels));
        series.map_or_else(Vec::new, |series| series.buckets.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Series>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key<L: AsRef<str>>(family: &str, labels: &[L]) -> u64 {
    let mut hasher = DefaultHasher::new();
    family.hash(&mut hasher);
    labels.iter().for_each(|label| label.as_ref().hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
pub(super) mod tests {
    use opentelemetry::{SpanId, TraceId};

    use super::*;

    pub(crate) fn ids(number: u8, sampled: bool) -> SpanIds {
        SpanIds {
            trace_id: TraceId::from_bytes([number; 16]),
            span_id: SpanId::from_bytes([number; 8]),
            sampled,
        }
    }

    #[test]
    fn the_last_sampled_span_of_a_bucket_is_kept() {
        let exemplars = Exemplars::default();
        let bounds = [0.1, 1.0];
        for (number, value, sampled) in
            [(1, 0.05, true), (2, 0.1, true), (3, 0.2, false), (4, 7.0, true)]
        {
            exemplars.note("f", &bounds, &["a", "b"], value, Some(&ids(number, sampled)));
        }
        exemplars.note("f", &bounds, &["a", "b"], 0.01, None);
        let kept = exemplars.of("f", &["a", "b"]);
        let spans: Vec<_> = kept.iter().map(|place| place.map(|exemplar| exemplar.span)).collect();
        assert_eq!(spans, [Some(ids(2, true)), None, Some(ids(4, true))]);
        assert!(exemplars.of("f", &["a"]).is_empty());
    }

    #[test]
    fn the_map_does_not_grow_without_end() {
        let exemplars = Exemplars::default();
        for number in 0..MAX_SERIES + 10 {
            exemplars.note("f", &[1.0], &[&number.to_string()], 0.5, Some(&ids(1, true)));
        }
        assert_eq!(exemplars.lock().len(), MAX_SERIES);
        exemplars.note("f", &[1.0], &["0"], 0.5, Some(&ids(9, true)));
        assert_eq!(exemplars.of("f", &["0"])[0].unwrap().span, ids(9, true));
    }
}
