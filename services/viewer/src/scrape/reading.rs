//! One exposition, as far as the page looks at it.

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use shared::names::metric as name;

use super::exposition::{BadLine, Sample, samples};

/// Counters and buckets of one target.
pub(crate) const MAX_SERIES: usize = 5000;
/// Bounds of one histogram, the infinite one included.
pub(crate) const MAX_BOUNDS: usize = 32;

/// Why a target's answer is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Format(#[from] BadLine),
    #[error("has more than {MAX_SERIES} series of the metrics shown here, the limit")]
    Series,
    #[error("its histogram {0} has more than {MAX_BOUNDS} bounds, the limit")]
    Bounds(&'static str),
}

/// What a series adds to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Requests(Class),
    /// A bucket of a histogram up to this bound; cumulative, as the format has them.
    Bucket(Histogram, f64),
    Span(SpanFate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Answered,
    /// 400 to 499.
    ClientError,
    ServerError,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Histogram {
    Http,
    Database,
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SpanFate {
    Ended,
    Exported,
    Failed,
    Dropped,
}

/// Values at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// When the process began, in seconds since the epoch, where it says so.
    pub(super) began: Option<f64>,
    /// Counters by a hash of name and labels: a process has hundreds, and of two reads only the same ones are compared.
    pub(super) counters: HashMap<u64, (Kind, f64)>,
    pub(super) gauges: super::Gauges,
}

impl Histogram {
    pub(super) const ALL: [Self; 3] = [Self::Http, Self::Database, Self::Wait];

    fn name(self) -> &'static str {
        match self {
            Self::Http => name::HTTP_REQUEST_DURATION,
            Self::Database => name::DB_QUERY_DURATION,
            Self::Wait => name::DB_CONNECTION_WAIT,
        }
    }
}

impl Reading {
    pub(super) fn of(text: &str) -> Result<Self, Unreadable> {
        let mut reading = Self::default();
        for sample in samples(text) {
            let sample = sample?;
            reading.note_gauge(&sample);
            let Some(kind) = kind(&sample) else { continue };
            if reading.counters.len() == MAX_SERIES {
                return Err(Unreadable::Series);
            }
            if let Kind::Span(fate) = kind {
                reading.gauges.count_span(fate, sample.value);
            }
            let counted = reading.counters.entry(identity(&sample)).or_insert((kind, 0.0));
            counted.1 += sample.value;
        }
        for histogram in Histogram::ALL {
            if reading.bounds(histogram).len() > MAX_BOUNDS {
                return Err(Unreadable::Bounds(histogram.name()));
            }
        }
        Ok(reading)
    }

    /// The bounds of a histogram, ascending, over all of its series.
    pub(super) fn bounds(&self, histogram: Histogram) -> Vec<f64> {
        let bounds = self.counters.values().filter_map(|(kind, _)| match kind {
            // By their bits in order: bounds are above zero, and floats have no order of their own.
            Kind::Bucket(of, bound) if *of == histogram => Some((bound.to_bits(), *bound)),
            _ => None,
        });
        bounds.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    fn note_gauge(&mut self, sample: &Sample<'_>) {
        let gauges = &mut self.gauges;
        match sample.name {
            name::DB_CONNECTIONS => match sample.label("state") {
                Some("used") => gauges.pool_used = Some(sample.value),
                Some("idle") => gauges.pool_idle = Some(sample.value),
                Some("max") => gauges.pool_max = Some(sample.value),
                _ => {}
            },
            name::SPANS_QUEUED => gauges.spans_queued = Some(sample.value),
            "process_resident_memory_bytes" => gauges.resident_bytes = Some(sample.value),
            "process_start_time_seconds" => self.began = Some(sample.value),
            _ => {}
        }
    }
}

fn kind(sample: &Sample<'_>) -> Option<Kind> {
    let bound = || sample.label("le")?.parse().ok().filter(|bound: &f64| *bound >= 0.0);
    if let Some(family) = sample.name.strip_suffix("_bucket") {
        let histogram = Histogram::ALL.into_iter().find(|histogram| histogram.name() == family)?;
        return Some(Kind::Bucket(histogram, bound()?));
    }
    Some(match sample.name {
        name::HTTP_REQUESTS => Kind::Requests(match sample.label("status_code")?.as_bytes() {
            [b'4', ..] => Class::ClientError,
            [b'5', ..] => Class::ServerError,
            _ => Class::Answered,
        }),
        name::SPANS_ENDED => Kind::Span(SpanFate::Ended),
        name::SPANS_EXPORTED => Kind::Span(SpanFate::Exported),
        name::SPANS_FAILED => Kind::Span(SpanFate::Failed),
        name::SPANS_DROPPED => Kind::Span(SpanFate::Dropped),
        _ => return None,
    })
}

fn identity(sample: &Sample<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    sample.name.hash(&mut hasher);
    sample.labels.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn only_what_is_looked_at_is_kept() {
        let reading = Reading::of(
            "other_total 5\nhttp_requests_total{status_code=\"503\"} 2\ndb_client_connections{state=\"used\"} 3\n\
             process_start_time_seconds 1.5\notel_sdk_spans_failed_total 4\n",
        )
        .unwrap();
        let mut kinds: Vec<_> = reading.counters.values().copied().collect();
        kinds.sort_by(|a, b| a.1.total_cmp(&b.1));
        let expected =
            [(Kind::Requests(Class::ServerError), 2.0), (Kind::Span(SpanFate::Failed), 4.0)];
        assert_eq!(kinds, expected);
        assert_eq!((reading.began, reading.gauges.pool_used), (Some(1.5), Some(3.0)));
        assert_eq!(reading.gauges.pool_max, None, "what is not there is not zero");
    }

    #[test]
    fn more_than_the_limits_is_refused_with_the_limit() {
        let mut series = String::new();
        for number in 0..=MAX_SERIES {
            writeln!(series, "http_requests_total{{endpoint=\"{number}\",status_code=\"200\"}} 1")
                .unwrap();
        }
        let refused = Reading::of(&series).unwrap_err().to_string();
        assert!(refused.contains("more than 5000 series"), "{refused}");
        let mut bounds = String::new();
        for number in 0..=MAX_BOUNDS {
            writeln!(bounds, "db_query_duration_seconds_bucket{{le=\"{number}\"}} 1").unwrap();
        }
        let refused = Reading::of(&bounds).unwrap_err().to_string();
        assert!(refused.contains("db_query_duration_seconds has more than 32 bounds"), "{refused}");
    }

    #[test]
    fn a_page_of_another_kind_is_refused_by_its_line() {
        let refused = Reading::of("<!doctype html>").unwrap_err().to_string();
        assert!(refused.starts_with("line 1 is not of Prometheus' text format"), "{refused}");
    }
}
