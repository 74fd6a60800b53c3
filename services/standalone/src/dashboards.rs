//! The dashboards that Grafana is provisioned with, as far as their queries go. They are part of the program, so that
//! `tracechain doctor` asks what the dashboards of its own version ask, wherever it runs.
//!
//! Invariant: a query is asked as Grafana would on opening the dashboard: every variable has its default.

use include_dir::{Dir, include_dir};
use serde_json::Value;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../infra/grafana/dashboards");

/// The shortest that Grafana makes of `$__rate_interval`: four scrapes.
const RATE_INTERVAL: &str = "1m";
/// A time range that somebody may have chosen.
const RANGE: &str = "15m";

/// What answers a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// PromQL.
    Prometheus,
    /// LogQL.
    Loki,
    /// TraceQL.
    Tempo,
}

/// One query of one panel.
#[derive(Clone, Debug)]
pub struct Query {
    /// The title of its dashboard.
    pub dashboard: String,
    /// The title of its panel.
    pub panel: String,
    /// What answers it.
    pub source: Source,
    /// With every variable filled in.
    pub text: String,
    /// What the panel says where nothing comes back, if that is nothing wrong.
    pub empty_means: Option<String>,
}

impl Query {
    /// Whether there is nothing to answer with but what Tempo is asked or makes itself.
    #[must_use]
    pub fn needs_tempo(&self) -> bool {
        let made = ["traces_spanmetrics_", "traces_service_graph_", "tempo_"];
        self.source == Source::Tempo || made.iter().any(|name| self.text.contains(name))
    }
}

/// The parsed dashboards, by the name of their file.
///
/// # Panics
/// When one is not JSON, which a test of this crate rules out.
#[must_use]
pub fn dashboards() -> Vec<(String, Value)> {
    let parse = |file: &include_dir::File<'_>| {
        let name = file.path().display().to_string();
        let json = serde_json::from_slice(file.contents());
        let json = json.unwrap_or_else(|error| panic!("{name} is not JSON: {error}"));
        (name, json)
    };
    FILES.files().map(parse).collect()
}

/// Every query of every panel.
#[must_use]
pub fn queries() -> Vec<Query> {
    dashboards().iter().flat_map(|(_, dashboard)| queries_of(dashboard)).collect()
}

fn queries_of(dashboard: &Value) -> Vec<Query> {
    let variables = variables(dashboard);
    let panels = list(&dashboard["panels"]);
    let of_panel = |panel: &Value| {
        let query = |target: &Value| query(dashboard, panel, target, &variables);
        list(&panel["targets"]).map(query).collect::<Vec<_>>()
    };
    panels.flat_map(of_panel).collect()
}

fn query(
    dashboard: &Value,
    panel: &Value,
    target: &Value,
    variables: &[(String, String)],
) -> Query {
    let (source, raw) = source(panel, target);
    let filled = variables
        .iter()
        .fold(raw, |text, (name, value)| text.replace(&format!("${name}"), value.as_str()));
    Query {
        dashboard: text(&dashboard["title"]),
        panel: text(&panel["title"]),
        source,
        text: filled,
        empty_means: panel["fieldConfig"]["defaults"]["noValue"].as_str().map(str::to_owned),
    }
}

/// The service graph is drawn by Tempo's data source, out of Prometheus.
fn source(panel: &Value, target: &Value) -> (Source, String) {
    match (panel["datasource"]["uid"].as_str(), target["queryType"].as_str()) {
        (Some("tempo"), Some("serviceMap")) => {
            (Source::Prometheus, "traces_service_graph_request_total".to_owned())
        }
        (Some("tempo"), _) => (Source::Tempo, text(&target["query"])),
        (Some("loki"), _) => (Source::Loki, text(&target["expr"])),
        _ => (Source::Prometheus, text(&target["expr"])),
    }
}

/// Name and default of each variable, Grafana's own among them, longer names before those they begin with.
fn variables(dashboard: &Value) -> Vec<(String, String)> {
    let default = |variable: &Value| {
        let chosen = text(&variable["current"]["value"]);
        let value = if chosen == "$__all" { text(&variable["allValue"]) } else { chosen };
        (text(&variable["name"]), value)
    };
    let own = [("__rate_interval", RATE_INTERVAL), ("__range", RANGE)];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut all: Vec<_> =
        own.into_iter().chain(list(&dashboard["templating"]["list"]).map(default)).collect();
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    all
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_four_dashboards_are_here_each_with_an_environment_and_ids_of_its_own() {
        let dashboards = dashboards();

        let titles: BTreeSet<_> = dashboards.iter().map(|(_, file)| text(&file["title"])).collect();
        let expected = ["End-to-end tracing", "SLI/SLO", "Services", "Telemetry pipeline"];
        assert_eq!(titles, expected.map(str::to_owned).into());
        for (name, dashboard) in &dashboards {
            let ids: Vec<_> =
                list(&dashboard["panels"]).map(|panel| panel["id"].as_u64()).collect();
            let counted: Vec<_> = (1..=ids.len() as u64).map(Some).collect();
            assert_eq!(ids, counted, "{name}");
            assert!(
                list(&dashboard["templating"]["list"])
                    .any(|variable| variable["name"] == "environment"
                        && variable["label"] == "deployment.environment.name"),
                "{name}"
            );
        }
    }

    #[test]
    fn panels_stand_side_by_side_and_none_over_another() {
        for (name, dashboard) in dashboards() {
            let mut taken = BTreeSet::new();
            for panel in list(&dashboard["panels"]) {
                let [x, y, w, h] =
                    ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
                assert!(x + w <= 24, "{name}: {}", panel["title"]);
                for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                    assert!(taken.insert(place), "{name}: {} at {place:?}", panel["title"]);
                }
            }
        }
    }

    #[test]
    fn every_query_has_its_variables_filled_in_and_asks_for_the_environment() {
        let queries = queries();

        assert!(queries.len() > 50, "{}", queries.len());
        for query in queries {
            assert!(!query.text.is_empty() && !query.text.contains('$'), "{query:?}");
            let environment = ["deployment_environment_name=~", "deployment.environment.name=~"];
            let asks = environment.iter().any(|name| query.text.contains(name));
            assert!(asks || query.text == "traces_service_graph_request_total", "{query:?}");
        }
    }

    #[test]
    fn every_data_source_of_a_panel_or_variable_is_one_that_is_provisioned() {
        let known = ["prometheus", "loki", "tempo"];
        for (name, dashboard) in dashboards() {
            let variables = list(&dashboard["templating"]["list"]);
            let sources =
                list(&dashboard["panels"]).chain(variables).map(|entry| &entry["datasource"]);
            for source in sources.filter(|source| !source.is_null()) {
                assert_eq!(source["uid"], source["type"], "{name}");
                assert!(known.iter().any(|uid| source["uid"] == *uid), "{name}: {source}");
            }
        }
    }
}
