//! The front page with its modules and styles, and the document about the routes.
//!
//! Part of the program, so that the page is there wherever it runs. In the full stack nginx serves the same files; the one that
//! differs is `settings.json`, which says there what it is in the file, and here what this process knows.

use axum::{
    Json as JsonAnswer, Router,
    body::Bytes,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, header};
use include_dir::{Dir, DirEntry, File, include_dir};
use serde_json::json;
use shared::names::service;

use crate::{Config, security};

static WWW: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../gateway/www");
const INDEX: &str = "index.html";
const SETTINGS: &str = "settings.json";

/// `/`, `/index`, and every file of the page at its own path.
pub(super) fn routes(config: &Config) -> Router {
    let ports = [config.viewer_port, config.viewer_otlp_http_port];
    let mut router = Router::new();
    for file in files(&WWW) {
        let path = file.path().to_string_lossy();
        if path == SETTINGS {
            continue;
        }
        let serve = get(move |headers: HeaderMap| async move { answer(file, &headers, ports) });
        if path == INDEX {
            router = router.route("/", serve.clone()).route("/index", serve.clone());
        }
        router = router.route(&format!("/{path}"), serve);
    }
    let settings = settings(config);
    router.route(&format!("/{SETTINGS}"), get(move || async move { JsonAnswer(settings.clone()) }))
}

/// What the page has to know of where it runs; `gateway/www/settings.json` says the same for the full stack.
fn settings(config: &Config) -> serde_json::Value {
    json!({
        "peer_service": service::GATEWAY,
        "shown_by": ["viewer", "grafana"],
        "shown_on_port": config.viewer_port,
        "otlp_port": config.viewer_otlp_http_port,
        "lab": config.process.server.laboratory.lab,
    })
}

fn files(folder: &'static Dir<'static>) -> Vec<&'static File<'static>> {
    let each = folder.entries().iter().map(|entry| match entry {
        DirEntry::Dir(folder) => files(folder),
        DirEntry::File(file) => vec![file],
    });
    each.flatten().collect()
}

fn answer(file: &'static File<'static>, headers: &HeaderMap, ports: [u16; 2]) -> Response {
    let media_type = media_type(&file.path().to_string_lossy());
    // Asked for anew each time: a page and its modules always belong to one version.
    let described = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let answer = (described, file.contents());
    if media_type.starts_with("text/html") {
        return (security::headers(headers, &ports), answer).into_response();
    }
    answer.into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

/// A JSON document.
pub(super) async fn json(document: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_has_a_media_type() {
        let names: Vec<_> =
            files(&WWW).iter().map(|file| file.path().to_string_lossy().into_owned()).collect();
        assert!(
            names.iter().any(|name| name == INDEX) && names.iter().any(|name| name == SETTINGS)
        );
        for name in names {
            assert_ne!(media_type(&name), "application/octet-stream", "{name}");
        }
    }
}
