//! By how much the metrics of each service move: DESIGN section 5.

use std::collections::{BTreeMap, HashMap};

use testbed::{Scrape, Service};

use crate::purchase::TOTAL_CENTS;
use crate::service_name;

/// Held against `after`: one purchase, and nothing else, went through.
pub(crate) fn check_one_purchase(
    before: &HashMap<Service, Scrape>,
    after: &HashMap<Service, Scrape>,
) {
    for service in Service::ALL {
        let mut moved = after[&service].since(&before[&service]);
        moved.retain(|sample, _| is_exact(sample));
        let expected = expected(service);
        assert!(
            moved == expected,
            "{service} should have moved\n{expected:#?}\nand has\n{moved:#?}"
        );
        balanced(service, &after[&service]);
    }
}

/// Not how long things took, and nothing that the outbox's polls or the scrape itself move.
fn is_exact(sample: &str) -> bool {
    let families = ["http_", "db_query_", "tracechain_", "otel_sdk_"];
    let of_polls =
        sample.contains("collection=\"orders\"") && !sample.contains("operation=\"INSERT\"");
    families.iter().any(|family| sample.starts_with(family))
        && !sample.contains("_bucket{")
        && !sample.contains("_sum{")
        && !of_polls
}

fn expected(service: Service) -> BTreeMap<String, f64> {
    let endpoint = if service == Service::Gateway { "/api/v1/process" } else { "/process" };
    let served = format!("{{endpoint=\"{endpoint}\",method=\"POST\",status_code=\"200\"}}");
    let mut expected = vec![
        (format!("http_requests_total{served}"), 1.0),
        (format!("http_request_duration_seconds_count{served}"), 1.0),
        ("otel_sdk_spans_ended_total".to_owned(), spans(service)),
        ("otel_sdk_spans_exported_total".to_owned(), spans(service)),
    ];
    if let Some(next) = service.next() {
        let peer = service_name(next);
        let labels = format!(
            "endpoint=\"/process\",method=\"POST\",peer_service=\"{peer}\",status_code=\"200\""
        );
        expected.push((format!("http_client_request_duration_seconds_count{{{labels}}}"), 1.0));
    }
    expected.extend(statements(service).iter().map(|(operation, collection)| {
        let labels = format!("collection=\"{collection}\",operation=\"{operation}\"");
        (format!("db_query_duration_seconds_count{{{labels}}}"), 1.0)
    }));
    expected.extend(business(service).map(|(sample, by)| (sample.to_owned(), by)));
    expected.into_iter().collect()
}

fn spans(service: Service) -> f64 {
    match service {
        Service::Gateway | Service::Audit => 2.0,
        Service::User => 3.0,
        Service::Order => 7.0,
    }
}

fn statements(service: Service) -> &'static [(&'static str, &'static str)] {
    match service {
        Service::Gateway => &[],
        Service::User => &[("INSERT", "users")],
        Service::Order => &[
            ("SELECT", "products"),
            ("INSERT", "orders"),
            ("INSERT", "order_items"),
            ("COMMIT", ""),
        ],
        Service::Audit => &[("INSERT", "audit_logs")],
    }
}

fn business(service: Service) -> impl Iterator<Item = (&'static str, f64)> {
    let samples = match service {
        Service::Gateway => {
            vec![("tracechain_requests_processed_total{outcome=\"completed\"}", 1.0)]
        }
        Service::Order => vec![
            ("tracechain_orders_total{currency=\"EUR\",status=\"created\"}", 1.0),
            (
                "tracechain_order_value_cents_total{currency=\"EUR\",status=\"created\"}",
                TOTAL_CENTS as f64,
            ),
            ("tracechain_outbox_delivered_total", 1.0),
        ],
        Service::User | Service::Audit => Vec::new(),
    };
    samples.into_iter()
}

/// The account of spans closes at any moment.
fn balanced(service: Service, scrape: &Scrape) {
    let of = |name: &str| scrape.value(&format!("otel_sdk_spans_{name}"));
    let accounted = of("exported_total") + of("failed_total") + of("dropped_total") + of("queued");
    assert_eq!(of("ended_total"), accounted, "{service}: {scrape:?}");
    assert_eq!((of("failed_total"), of("dropped_total")), (0.0, 0.0), "{service}");
}
