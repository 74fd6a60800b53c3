//! From the registry to OTLP: cumulative points with their start, histograms with counts per bucket, exemplars, units.

use std::time::SystemTime;

use opentelemetry_proto::{
    tonic::{
        collector::metrics::v1::ExportMetricsServiceRequest,
        common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
        metrics::v1::{
            AggregationTemporality, Exemplar as ProtoExemplar, Gauge, Histogram,
            HistogramDataPoint, Metric as ProtoMetric, NumberDataPoint, ResourceMetrics,
            ScopeMetrics, Sum, exemplar, metric::Data, number_data_point,
        },
        resource::v1::Resource as ProtoResource,
    },
    transform::common::tonic::ResourceAttributesWithSchema,
};
use opentelemetry_sdk::Resource;
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::{
    START,
    exemplars::{Buckets, EXEMPLARS, Exemplar},
    openmetrics, unit,
};

/// Makes OTLP requests of what the registry gathers.
pub(super) struct Bridge {
    resource: ProtoResource,
}

impl Bridge {
    pub(super) fn new(resource: &Resource) -> Self {
        let attributes = ResourceAttributesWithSchema::from(resource).attributes.0;
        Self { resource: ProtoResource { attributes, ..ProtoResource::default() } }
    }

    /// Everything as it stands now.
    pub(super) fn request(&self) -> ExportMetricsServiceRequest {
        let times = Times { start: nanos(*START), now: nanos(SystemTime::now()) };
        let families = super::registry().gather();
        let metrics = families.iter().filter_map(|family| metric(family, &times)).collect();
        let scope = InstrumentationScope {
            name: crate::names::service::NAMESPACE.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_metrics =
            vec![ScopeMetrics { scope: Some(scope), metrics, schema_url: String::new() }];
        let resource_metrics = ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics,
            schema_url: String::new(),
        };
        ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }
    }
}

struct Times {
    start: u64,
    now: u64,
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// `None` for the kinds that nothing here records.
fn metric(family: &MetricFamily, times: &Times) -> Option<ProtoMetric> {
    let cumulative = AggregationTemporality::Cumulative.into();
    let points = |value: fn(&Metric) -> f64| {
        family.get_metric().iter().map(|metric| number(metric, value(metric), times)).collect()
    };
    let data = match family.get_field_type() {
        MetricType::COUNTER => Data::Sum(Sum {
            data_points: points(|metric| metric.get_counter().get_value()),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        MetricType::GAUGE => {
            Data::Gauge(Gauge { data_points: points(|metric| metric.get_gauge().get_value()) })
        }
        MetricType::HISTOGRAM => {
            let point = |metric| {
                let exemplars = openmetrics::exemplars_of(&EXEMPLARS, family.name(), metric);
                histogram(metric, &exemplars, times)
            };
            let data_points = family.get_metric().iter().map(point).collect();
            Data::Histogram(Histogram { data_points, aggregation_temporality: cumulative })
        }
        MetricType::SUMMARY | MetricType::UNTYPED => return None,
    };
    Some(ProtoMetric {
        name: family.name().to_owned(),
        description: family.help().to_owned(),
        unit: unit::unit(family.name()).to_owned(),
        data: Some(data),
        ..ProtoMetric::default()
    })
}

fn number(metric: &Metric, value: f64, times: &Times) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(metric.get_label()),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

/// Prometheus counts up to a bound, OTLP between two.
fn histogram(metric: &Metric, exemplars: &Buckets, times: &Times) -> HistogramDataPoint {
    let gathered = metric.get_histogram();
    let finite = gathered.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
    let (explicit_bounds, cumulative): (Vec<f64>, Vec<u64>) =
        finite.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count())).unzip();
    let ends = cumulative.iter().copied().chain([gathered.get_sample_count()]);
    let starts = std::iter::once(0).chain(cumulative.iter().copied());
    HistogramDataPoint {
        attributes: attributes(metric.get_label()),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: gathered.get_sample_count(),
        sum: Some(gathered.get_sample_sum()),
        bucket_counts: ends.zip(starts).map(|(end, start)| end.saturating_sub(start)).collect(),
        explicit_bounds,
        exemplars: exemplars.iter().flatten().map(proto_exemplar).collect(),
        ..HistogramDataPoint::default()
    }
}

fn proto_exemplar(exemplar: &Exemplar) -> ProtoExemplar {
    ProtoExemplar {
        time_unix_nano: nanos(exemplar.time),
        span_id: exemplar.span.span_id.to_bytes().to_vec(),
        trace_id: exemplar.span.trace_id.to_bytes().to_vec(),
        value: Some(exemplar::Value::AsDouble(exemplar.value)),
        ..ProtoExemplar::default()
    }
}

fn attributes(labels: &[LabelPair]) -> Vec<KeyValue> {
    let pair = |label: &LabelPair| KeyValue {
        key: label.name().to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(label.value().to_owned())),
        }),
        ..KeyValue::default()
    };
    labels.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, HistogramVec, IntCounter, Registry};

    use super::*;

    const TIMES: Times = Times { start: 1, now: 2 };

    #[test]
    fn a_histogram_counts_between_its_bounds() {
        let registry = Registry::new();
        let options = HistogramOpts::new("took_seconds", "Took.").buckets(vec![0.1, 1.0]);
        let took = HistogramVec::new(options, &["path"]).unwrap();
        registry.register(Box::new(took.clone())).unwrap();
        for value in [0.05, 0.1, 0.5, 5.0, 6.0, 7.0] {
            took.with_label_values(&["/"]).observe(value);
        }

        let metric = metric(&registry.gather()[0], &TIMES).unwrap();
        assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("took_seconds", "s"));
        let Some(Data::Histogram(histogram)) = metric.data else { panic!("{metric:?}") };
        assert_eq!(histogram.aggregation_temporality, AggregationTemporality::Cumulative as i32);
        let point = &histogram.data_points[0];
        assert_eq!(
            (point.explicit_bounds.as_slice(), point.bucket_counts.as_slice()),
            ([0.1, 1.0].as_slice(), [2, 1, 3].as_slice())
        );
        assert_eq!((point.count, point.start_time_unix_nano, point.time_unix_nano), (6, 1, 2));
        assert_eq!(point.attributes[0].key, "path");
    }

    #[test]
    fn a_counter_is_a_monotonic_cumulative_sum() {
        let registry = Registry::new();
        let value = IntCounter::new("order_value_cents_total", "Cents.").unwrap();
        registry.register(Box::new(value.clone())).unwrap();
        value.inc_by(7);

        let metric = metric(&registry.gather()[0], &TIMES).unwrap();
        assert_eq!(metric.unit, "{cent}");
        let Some(Data::Sum(sum)) = metric.data else { panic!("{metric:?}") };
        assert!(sum.is_monotonic);
        assert_eq!(sum.data_points[0].value, Some(number_data_point::Value::AsDouble(7.0)));
    }
}
