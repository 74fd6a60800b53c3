//! The links from one data source to another, followed as Grafana would on a click.

use testbed::until;
use yaml_rust2::Yaml;

use crate::DEADLINE;
use crate::panels::ask;
use crate::provisioned::{data_source, text};
use crate::system::System;

/// Follows each.
pub(crate) async fn lead_somewhere(system: &System) {
    let trace_id = system.request().await;
    for service in ["gateway", "user-service", "order-service", "audit-service"] {
        from_a_span_to_its_log_lines(system, service, &trace_id).await;
        from_a_span_to_metrics(system, service).await;
    }
    from_a_log_line_to_its_trace(system, &trace_id).await;
    from_a_point_to_a_trace(system).await;
}

/// The tags of a span as Grafana makes matchers of them: only `service.name` is mapped.
fn filled(query: &str, mapping: &Yaml, service: &str, trace_id: &str) -> String {
    assert_eq!(text(&mapping[0]["key"]), "service.name");
    let matchers = format!("{}=\"{service}\"", text(&mapping[0]["value"]));
    let query = query.replace("${__tags}", &matchers).replace("$__tags", &matchers);
    let query = query.replace("${__span.traceId}", trace_id);
    assert!(!query.contains('$'), "{query}");
    query
}

async fn from_a_span_to_its_log_lines(system: &System, service: &str, trace_id: &str) {
    let link = data_source("tempo")["tracesToLogsV2"].clone();
    assert_eq!(link["customQuery"], Yaml::Boolean(true));
    let query = filled(&text(&link["query"]), &link["tags"], service, trace_id);

    let lines = until(DEADLINE, async || {
        Some(system.loki.records(&query).await).filter(|records| !records.is_empty())
    });

    for record in lines.await.unwrap_or_else(|| panic!("nothing in Loki for {query}")) {
        assert_eq!(record.fields["trace_id"], trace_id);
        assert_eq!(record.fields["service_name"], service);
    }
}

async fn from_a_span_to_metrics(system: &System, service: &str) {
    let link = data_source("tempo")["tracesToMetrics"].clone();
    let queries: Vec<_> = link["queries"].clone().into_iter().collect();
    assert!(queries.len() > 1);
    for query in queries {
        let query = filled(&text(&query["query"]), &link["tags"], service, "");
        if query.contains("traces_") && system.tempo.is_none() {
            println!("not run without Tempo: {query}");
            continue;
        }
        let found = until(DEADLINE, async || {
            Some(system.prometheus.query(&query).await).filter(|series| !series.is_empty())
        });
        assert!(found.await.is_some(), "{query} has no data");
    }
}

/// The field that is made into a link is one that the lines have, and what stands in it is found in Tempo.
async fn from_a_log_line_to_its_trace(system: &System, trace_id: &str) {
    let field = data_source("loki")["derivedFields"][0].clone();
    assert_eq!(text(&field["matcherType"]), "label");
    assert_eq!(text(&field["url"]), "${__value.raw}");
    let query = format!("{{service_name=\"gateway\"}} | trace_id=\"{trace_id}\"");
    let records = system.loki.records(&query).await;
    let value = &records[0].fields[&text(&field["matcherRegex"])];

    assert_eq!(value, trace_id);
    if let Some(tempo) = &system.tempo {
        let path = format!("/api/traces/{value}");
        let found = until(DEADLINE, async || ask(&tempo.url(), &path, &[]).await.ok());
        assert!(found.await.is_some(), "{value} is not in Tempo");
    }
}

/// Every label that is declared to hold a trace id occurs in an exemplar of the metric that has it.
async fn from_a_point_to_a_trace(system: &System) {
    let declared = data_source("prometheus")["exemplarTraceIdDestinations"].clone();
    let names: Vec<String> = declared.into_iter().map(|one| text(&one["name"])).collect();
    assert_eq!(names, ["trace_id", "traceID"]);
    let metrics = ["http_request_duration_seconds_bucket", "traces_spanmetrics_latency_bucket"];
    for (name, metric) in names.iter().zip(metrics) {
        if metric.starts_with("traces_") && system.tempo.is_none() {
            println!("not run without Tempo: exemplars of {metric}");
            continue;
        }
        let range = [("query", metric), ("start", "0"), ("end", "9999999999")];
        let found = until(DEADLINE, async || {
            let body = system.prometheus.get("/api/v1/query_exemplars", &range).await;
            let series = body["data"].as_array().cloned().unwrap_or_default();
            let mut exemplars = series.iter().flat_map(|one| one["exemplars"].as_array().unwrap());
            exemplars.any(|exemplar| exemplar["labels"][name].is_string()).then_some(())
        });
        assert!(found.await.is_some(), "no exemplar of {metric} has {name}");
    }
}
