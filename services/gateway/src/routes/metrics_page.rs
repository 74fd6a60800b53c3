//! `GET /view_metrics`: the registry's current values for people. Complete without scripts; `view_metrics.js` filters it and
//! keeps it current.
//!
//! Invariant: whatever a label or a help text holds is escaped here, in [`text`], and nowhere else.

use axum::{Router, routing::get};
use http::{HeaderMap, header};
use shared::{config::telemetry::TelemetryArgs, metrics};

use crate::security;

mod family;
mod histogram;
mod measure;
mod source;
mod text;

/// The route. Where the values go beside this page is known from the start.
pub(super) fn routes(telemetry: &TelemetryArgs) -> Router {
    let source = source::source(telemetry);
    let page = move |headers: HeaderMap| async move {
        let described = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (security::headers(&headers, &[]), described, page(&source))
    };
    Router::new().route("/view_metrics", get(page))
}

fn page(source: &str) -> String {
    let mut families = metrics::registry().gather();
    families.sort_by(|one, other| one.name().cmp(other.name()));
    let sections: String = families.iter().map(family::section).collect();
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Metrics of the gateway · tracechain</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/view_metrics.js"></script>
</head>
<body class="metrics">
<header class="top"><a class="brand" href="/">tracechain</a><nav aria-label="Pages"><a href="/">Send a request</a></nav></header>
<main>
<h1>Metrics of the gateway</h1>
<p id="source">{source}</p>
<form id="controls" class="controls" role="search" hidden>
<label class="grow">Filter <input id="filter" type="search" autocomplete="off" placeholder="a name, a label or a help text"></label>
<label>Series by <select id="order"><option value="labels">label</option><option value="value">value, largest first</option></select></label>
<label class="check"><input id="refresh" type="checkbox" checked> Refresh every 2 s</label>
</form>
<p id="state" role="status">{count} metrics.</p>
<div id="families">
{sections}</div>
</main>
</body>
</html>
"#,
        count = families.len()
    )
}
