//! `/`: the newest traces and what the store holds, as a page without scripts.

use std::fmt::Write;

use axum::{extract::State, response::Html};

use super::{Query, refusal::Refusal, summary::Summary};
use crate::{Stats, Store, Trace};

const TRACES: usize = 100;
const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>tracechain: traces</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ddd; }
td.number, th.number { text-align: right; }
code { font-size: .9em; }
</style>
";

pub(super) async fn home(State(query): State<Query>) -> Result<Html<String>, Refusal> {
    query.scan(page).await.map(Html)
}

fn page(store: &Store) -> String {
    let mut page = String::from(HEAD);
    page.push_str("<h1>Traces</h1>\n");
    holdings(&mut page, &store.stats());
    let traces: Vec<_> =
        store.newest(TRACES).into_iter().filter_map(|id| store.trace(id)).collect();
    if traces.is_empty() {
        page.push_str("<p>None yet. Spans are taken at the OTLP ports.</p>\n");
        return page;
    }
    page.push_str("<table>\n<tr><th>Trace<th>Root<th>Service<th class=number>Spans<th class=number>Duration\n");
    for trace in &traces {
        row(&mut page, trace);
    }
    page.push_str("</table>\n");
    page
}

fn holdings(page: &mut String, stats: &Stats) {
    // Writing to a String does not fail.
    let _ = writeln!(
        page,
        "<p>{} traces with {} spans and {} log records held, {:.1} of {:.1} MiB. \
         Since the start {} spans stored, {} traces evicted, {} late spans dropped, {} spans rejected. \
         <a href=\"/api/service-graph\">Service graph</a>, <a href=\"/api/logs\">logs</a>, <a href=\"/api/store\">store</a>.</p>",
        stats.traces_held,
        stats.spans_held,
        stats.logs_held,
        stats.bytes as f64 / 1_048_576.0,
        stats.budget_bytes as f64 / 1_048_576.0,
        stats.spans_stored,
        stats.traces_evicted,
        stats.spans_late,
        stats.spans_rejected,
    );
}

fn row(page: &mut String, trace: &Trace) {
    let Some(summary) = Summary::of(trace) else { return };
    let _ = writeln!(
        page,
        "<tr><td><a href=\"/api/traces/{id}\"><code>{id}</code></a><td>{}<td>{}<td class=number>{}<td class=number>{:.1} ms",
        escape(&summary.root_name),
        escape(&summary.root_service),
        trace.spans.len(),
        (summary.end - summary.start) as f64 / 1e6,
        id = trace.id,
    );
}

/// Names come from whoever sends spans.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
