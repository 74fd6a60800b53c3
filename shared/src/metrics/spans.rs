//! The account of spans as metrics: all five from one snapshot, so that a scrape balances as the account does.

use std::sync::Arc;

use prometheus::{
    core::{Collector, Desc},
    proto::{Counter, Gauge, Metric, MetricFamily, MetricType},
};

use crate::names::metric as name;
use crate::telemetry::Ledger;

pub(super) struct SpanCollector {
    ledger: Arc<Ledger>,
    descriptions: Vec<Desc>,
}

/// Name, help and kind, in the order of [`SpanCollector::collect`]'s values.
const FAMILIES: [(&str, &str, MetricType); 5] = [
    (name::SPANS_ENDED, "Sampled spans that ended.", MetricType::COUNTER),
    (name::SPANS_EXPORTED, "Spans that the exporter's endpoint took.", MetricType::COUNTER),
    (name::SPANS_FAILED, "Spans sent without success; some may have arrived.", MetricType::COUNTER),
    (name::SPANS_DROPPED, "Spans never sent: the queue was full.", MetricType::COUNTER),
    (name::SPANS_QUEUED, "Spans that wait for their export or are in flight.", MetricType::GAUGE),
];

impl SpanCollector {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        let description = |(name, help, _): (&str, &str, _)| {
            Desc::new(
                name.to_owned(),
                help.to_owned(),
                Vec::new(),
                std::collections::HashMap::new(),
            )
        };
        // An error is not possible: the names are constants and valid.
        let descriptions =
            FAMILIES.into_iter().filter_map(|family| description(family).ok()).collect();
        Self { ledger, descriptions }
    }
}

impl Collector for SpanCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let account = self.ledger.snapshot();
        let values =
            [account.ended, account.exported, account.failed, account.dropped, account.queued];
        FAMILIES
            .into_iter()
            .zip(values)
            .map(|((name, help, kind), value)| family(name, help, kind, value))
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 spans")]
fn family(name: &str, help: &str, kind: MetricType, value: u64) -> MetricFamily {
    let mut metric = Metric::default();
    if kind == MetricType::GAUGE {
        let mut gauge = Gauge::default();
        gauge.set_value(value as f64);
        metric.set_gauge(gauge);
    } else {
        let mut counter = Counter::default();
        counter.set_value(value as f64);
        metric.set_counter(counter);
    }
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(vec![metric]);
    family
}
