//! Every query of every panel.

use std::time::Instant;

use serde_json::Value;
use standalone::dashboards::{self, Query, Source};
use testbed::http;

use crate::DEADLINE;
use crate::system::System;

/// These are empty where nothing is wrong, and nothing is wrong here.
const EMPTY: [&str; 1] = ["Names with two sources"];
/// Alerts need longer than a test to fire; each is proven by promtool.
const EITHER: [&str; 1] = ["Alerts"];

/// Asks all until each has data.
pub(crate) async fn have_data(system: &System) {
    let (mut left, without): (Vec<_>, Vec<_>) = dashboards::queries()
        .into_iter()
        .partition(|query| system.tempo.is_some() || !query.needs_tempo());
    for Query { dashboard, panel, .. } in &without {
        println!("not run without Tempo: `{panel}` of {dashboard}");
    }
    let end = Instant::now() + DEADLINE;
    while !left.is_empty() {
        let mut empty = Vec::new();
        for query in left {
            let found = found(system, &query).await.unwrap_or_else(|error| {
                panic!("`{}` of {}: {error}: {}", query.panel, query.dashboard, query.text)
            });
            let is_empty = EMPTY.contains(&query.panel.as_str());
            assert!(!is_empty || found == 0, "`{}` has {found}", query.panel);
            if found == 0 && !is_empty && !EITHER.contains(&query.panel.as_str()) {
                empty.push(query);
            }
        }
        left = empty;
        assert!(left.is_empty() || Instant::now() < end, "no data: {left:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    variables_have_values(system).await;
}

/// How much a query finds. A value that is not a number is none.
async fn found(system: &System, query: &Query) -> Result<usize, String> {
    let text = [("query", query.text.as_str())];
    match query.source {
        Source::Prometheus => {
            let body = ask(&system.prometheus.url(), "/api/v1/query", &text).await?;
            let samples = body["data"]["result"].as_array().unwrap();
            Ok(samples.iter().filter(|sample| sample["value"][1] != "NaN").count())
        }
        Source::Loki => {
            let body = ask(&system.loki.url(), "/loki/api/v1/query_range", &text).await?;
            Ok(body["data"]["result"].as_array().unwrap().len())
        }
        Source::Tempo => {
            let tempo = system.tempo.as_ref().unwrap().url();
            let body = ask(&tempo, "/api/search", &[("q", &query.text)]).await?;
            Ok(body["traces"].as_array().map_or(0, Vec::len))
        }
    }
}

/// The lists that the variables at the top of a dashboard offer.
async fn variables_have_values(system: &System) {
    for (file, dashboard) in dashboards::dashboards() {
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            let query = &variable["query"];
            let (url, path) = match (query["label"].as_str(), query["query"].as_str()) {
                (Some(label), _) => {
                    (system.loki.url(), format!("/loki/api/v1/label/{label}/values"))
                }
                (_, Some(query)) => (system.prometheus.url(), label_values(query)),
                // A list that stands in the file.
                _ => continue,
            };
            let body = ask(&url, &path, &[]).await.unwrap();
            assert!(!body["data"].as_array().unwrap().is_empty(), "{file}: {}", variable["name"]);
        }
    }
}

/// `label_values(metric, label)` as Grafana asks for it.
fn label_values(query: &str) -> String {
    let arguments = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    let (metric, label) = arguments.unwrap().split_once(", ").unwrap();
    format!("/api/v1/label/{label}/values?match[]={metric}")
}

/// The answer, or the text of the refusal.
pub(crate) async fn ask(
    url: &str,
    path: &str,
    parameters: &[(&str, &str)],
) -> Result<Value, String> {
    let url = reqwest::Url::parse_with_params(&format!("{url}{path}"), parameters).unwrap();
    let answer = http().get(url).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    if status.is_success() { Ok(serde_json::from_str(&text).unwrap()) } else { Err(text) }
}
