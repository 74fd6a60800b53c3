//! What all services must do alike on every route of a kind: bodies, ids, deadlines, lists.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::request_id;
use crate::service::{Answer, Running};

/// Bytes that a body may have behind the edge.
const BODY_LIMIT: usize = 80 * 1024;

/// A route that takes a body, and one that it accepts.
#[derive(Clone, Debug)]
pub struct BodyRoute {
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// A body that is accepted, however often it comes.
    pub good: Value,
}

impl BodyRoute {
    /// A POST route.
    #[must_use]
    pub fn post(path: &str, good: Value) -> Self {
        Self { method: Method::POST, path: path.to_owned(), good }
    }

    async fn send(&self, service: &Running, media_type: &str, body: Vec<u8>) -> Answer {
        let request = service.request(self.method.clone(), &self.path);
        service.ask(request.header("content-type", media_type).body(body)).await
    }
}

/// Bodies that are no JSON object of a bearable size are refused, each with its own status and code.
///
/// # Panics
/// When one is not.
pub async fn refuses_what_is_no_json_object(service: &Running, route: &BodyRoute) {
    let (good, json) = (route.good.to_string().into_bytes(), "application/json");
    let not_json: [&[u8]; 7] = [
        b"",
        b"{",
        &good[..good.len() - 1],
        &[&good, b" x".as_slice()].concat(),
        b"{\"unknown\": \"\xff\"}",
        &[&good[..good.len() - 1], b", \"unknown\": \"\xc3\"}".as_slice()].concat(),
        b"\xef\xbb\xbf{}",
    ];
    for body in not_json {
        let answer = route.send(service, json, body.to_vec()).await;
        answer.problem(400, "malformed_json", service.service());
    }
    for body in ["[]", "[1, \"a\", null, null, null]", "\"text\"", "17", "null", "true"] {
        route.send(service, json, body.into()).await.refuses(service.service(), &[""]);
    }
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""] {
        let answer = route.send(service, media_type, good.clone()).await;
        answer.problem(415, "unsupported_media_type", service.service());
    }
    let accepted = "application/vnd.test+json; charset=utf-8";
    assert!(route.send(service, accepted, good).await.status < 300);
}

/// A body of 64 KiB and the 16 KiB that are left for what hops add is taken, one of a byte more is not, whether its length is
/// announced or not; no type is no JSON.
///
/// # Panics
/// When that is not so.
pub async fn bounds_bodies(service: &Running, route: &BodyRoute) {
    let mut body = route.good.to_string().into_bytes();
    body.resize(BODY_LIMIT, b' ');
    assert!(route.send(service, "application/json", body.clone()).await.status < 300);
    body.push(b' ');
    let answer = route.send(service, "application/json", body.clone()).await;
    let problem = answer.problem(413, "body_too_large", service.service());
    let accepted = format!("may have {BODY_LIMIT} bytes");
    assert!(problem["detail"].to_string().contains(&accepted), "{problem}");
    let first = format!("{} {} HTTP/1.1", route.method, route.path);
    let head = format!("{first}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked");
    let chunked = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    let answer = service.raw(&head, &chunked).await;
    answer.problem(413, "body_too_large", service.service());
    let answer = service.raw(&format!("{first}\r\ncontent-length: 2"), b"{}").await;
    answer.problem(415, "unsupported_media_type", service.service());
}

/// A refused request keeps the id that its header or its body gives it, and gets a new one otherwise.
///
/// # Panics
/// When that is not so.
pub async fn names_refused_requests(service: &Running, route: &BodyRoute) {
    let (of_header, of_body) = (Uuid::new_v4(), Uuid::new_v4());
    let ask = async |header: &str, body: Value| {
        let request = service.request(route.method.clone(), &route.path).json(&body);
        let answer = service.ask(request.header("x-request-id", header)).await;
        request_id(&answer.problem(422, "invalid", service.service()))
    };
    assert_eq!(ask(&of_header.to_string(), json!({})).await, of_header);
    assert_eq!(ask("mine", json!({"request_id": of_body})).await, of_body);
    let fresh = [ask("mine", json!({})).await, ask("mine", json!({"request_id": 1})).await];
    assert_ne!(fresh[0], fresh[1]);
    assert!(fresh.iter().all(|id| id.get_version_num() == 7), "{fresh:?}");
}

/// Routes and methods that are not there are told so.
///
/// # Panics
/// When one is there.
pub async fn refuses_other_routes(service: &Running, others: &[(Method, &str, &str)]) {
    for path in ["/", "/nowhere", "/process/", "/Process", "/process/1"] {
        service.get(path).await.problem(404, "not_found", service.service());
    }
    for (method, path, allow) in others {
        let answer = service.ask(service.request(method.clone(), path)).await;
        answer.problem(405, "method_not_allowed", service.service());
        assert_eq!(answer.header("allow"), Some(*allow), "{method} {path}");
    }
}

/// A deadline that has passed is a 504 of the service itself; one that is no time, or a far one, asks for nothing.
///
/// # Panics
/// When that is not so.
pub async fn keeps_deadlines(service: &Running, route: &BodyRoute) {
    let ask = async |deadline: &str| {
        let request = service.request(route.method.clone(), &route.path).json(&route.good);
        service.ask(request.header("x-deadline-ms", deadline)).await
    };
    for past in ["0", "-1", "-9223372036854775808"] {
        ask(past).await.problem(504, "timeout", service.service());
    }
    for ignored in ["soon", "1.5", "", "9223372036854775807", "99999999999999999999999"] {
        let answer = ask(ignored).await;
        assert!(answer.status < 300, "{ignored}: {answer:?}");
    }
}

/// Queries that a list does not take are 400.
///
/// # Panics
/// When one is taken.
pub async fn refuses_bad_queries(service: &Running, path: &str, filters: &[&str]) {
    let common = [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1.5",
        "limit=4294967296",
        "limit=1&limit=2",
        "after=",
        "after=x",
        "after=MS4",
        "after=%ff",
    ];
    for query in common.iter().chain(filters) {
        let answer = service.get(&format!("{path}?{query}")).await;
        answer.problem(400, "bad_request", service.service());
    }
}

/// Walks a list in pages of `limit` along its cursor, and gives the entries in the order in which they came.
///
/// # Panics
/// When an entry comes twice, a page is too long, or the walk has no end.
pub async fn walk(service: &Running, path: &str, limit: usize) -> Vec<Value> {
    let (mut entries, mut seen, mut after) = (Vec::new(), BTreeSet::new(), String::new());
    let separator = if path.contains('?') { '&' } else { '?' };
    for _ in 0..100 {
        let page = service.get(&format!("{path}{separator}limit={limit}{after}")).await.ok(200);
        let items = page["items"].as_array().cloned().unwrap_or_default();
        assert!(items.len() <= limit, "{page}");
        for item in items {
            assert!(seen.insert(item["id"].to_string()), "twice: {item}");
            entries.push(item);
        }
        let Some(next) = page["next"].as_str() else { return entries };
        after = format!("&after={next}");
    }
    panic!("{path} has no end");
}
