//! The pages for people: one shell for every address, and the scripts, styles and pictures that it names.
//!
//! Invariant: nothing is served that a policy without `unsafe-inline` would not run, and nothing comes from another host.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(RustEmbed)]
#[folder = "pages"]
struct Files;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/", get(shell))
        .route("/charts", get(shell))
        .route("/compare", get(shell))
        .route("/logs", get(shell))
        .route("/map", get(shell))
        .route("/trace", get(shell))
        .route("/trace/{id}", get(shell))
        .route("/pages/{*path}", get(asset))
}

/// The same for all: the script looks at the address.
async fn shell(headers: HeaderMap) -> Response {
    answer("shell.html", &headers)
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    answer(&path, &headers)
}

fn answer(path: &str, headers: &HeaderMap) -> Response {
    let (Some(file), Some(content_type)) = (Files::get(path), content_type(path)) else {
        return (StatusCode::NOT_FOUND, "there is no such page\n").into_response();
    };
    let tag = entity_tag(&file);
    let mut response = if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], file.data).into_response()
    };
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // Asked again each time, so that pages and program are always of one version.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert(header::ETAG, tag);
    response
}

fn entity_tag(file: &EmbeddedFile) -> HeaderValue {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_and_no_code_between_its_tags() {
        for path in Files::iter() {
            let file = Files::get(&path).unwrap();
            assert!(content_type(&path).is_some(), "{path} has no content type");
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "//cdn"]
            {
                assert!(!text.contains(forbidden), "{path} has {forbidden}");
            }
        }
    }

    #[test]
    fn what_the_shell_names_is_there() {
        let shell = String::from_utf8(Files::get("shell.html").unwrap().data.into_owned()).unwrap();
        let named: Vec<_> = shell.split("\"/pages/").skip(1).collect();
        assert!(named.len() >= 4, "{shell}");
        for rest in named {
            let path = rest.split('"').next().unwrap();
            assert!(Files::get(path).is_some(), "{path} is not there");
        }
    }
}
