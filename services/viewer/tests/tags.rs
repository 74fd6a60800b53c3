//! Which tags there are and which values they have, of what is already asked for.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::json;
use support::{get, get_json, two_traces};

#[tokio::test]
async fn tags_and_their_values_are_listed() {
    let viewer = two_traces().await;
    let names = json!([
        "db.namespace",
        "http.response.status_code",
        "http.route",
        "peer.service",
        "service.name"
    ]);
    assert_eq!(get_json(&viewer, "/api/search/tags").await, json!({"tagNames": names}));
    for name in ["service.name", "resource.service.name", ".service.name"] {
        let values = get_json(&viewer, &format!("/api/search/tag/{name}/values")).await;
        assert_eq!(values, json!({"tagValues": ["gateway", "user-service"]}), "{name}");
    }
    assert_eq!(
        get_json(&viewer, "/api/search/tag/status/values").await,
        json!({"tagValues": ["error", "unset"]})
    );
    let scopes = get_json(&viewer, "/api/v2/search/tags").await;
    assert_eq!(scopes["scopes"][1], json!({"name": "resource", "tags": ["service.name"]}));
    let intrinsics = scopes["scopes"][2]["tags"].as_array().unwrap();
    assert!(intrinsics.contains(&json!("traceDuration")), "{intrinsics:?}");
    let typed = get_json(&viewer, "/api/v2/search/tag/.http.response.status_code/values").await;
    assert_eq!(typed, json!({"tagValues": [{"type": "int", "value": "503"}]}));
}

#[tokio::test]
async fn tags_of_one_scope_and_of_matching_spans_are_listed() {
    let viewer = two_traces().await;
    let resource = json!({"name": "resource", "tags": ["service.name"]});
    let of_database = json!(["db.namespace", "peer.service"]);
    let table = [
        ("v2/search/tags?scope=resource", json!({"scopes": [resource]})),
        (
            "v2/search/tags?scope=span&q={kind=client}",
            json!({"scopes": [{"name": "span", "tags": of_database}]}),
        ),
        ("v2/search/tags?scope=event", json!({"scopes": []})),
        ("search/tags?scope=resource", json!({"tagNames": ["service.name"]})),
        ("search/tags?scope=span&limit=1&q={kind=client}", json!({"tagNames": ["db.namespace"]})),
        ("search/tags?start=1700000001", json!({"tagNames": []})),
    ];
    for (path, expected) in table {
        assert_eq!(get_json(&viewer, &format!("/api/{path}")).await, expected, "{path}");
    }
    let refused = get(&viewer, "/api/v2/search/tags?scope=other").await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("\"other\""));
}

#[tokio::test]
async fn values_are_those_of_the_spans_that_match_what_is_already_asked_for() {
    let viewer = two_traces().await;
    let both = vec!["gateway", "user-service"];
    let table = [
        ("resource.service.name", "{kind=client && .db.namespace=\"users\"}", vec!["user-service"]),
        ("resource.service.name", "{status=error}", vec!["user-service"]),
        ("resource.service.name", "{status=error || kind=client}", both.clone()),
        ("name", "{traceDuration<11ms}", vec!["GET /api/v1/users"]),
        // As Tempo has it, what is not finished restricts nothing.
        ("resource.service.name", "{status=error && .http.route=}", vec!["user-service"]),
        ("resource.service.name", "{.http.route=", both.clone()),
        ("resource.service.name", "{} | rate()", both),
        ("rootName", "{status=error}", vec!["POST /api/v1/process"]),
        ("span%253Aname", "{status=error}", vec!["POST /process"]),
        ("span:id", "{}", vec![]),
    ];
    for (tag, query, expected) in table {
        let query = query.replace('&', "%26");
        let v1 = get_json(&viewer, &format!("/api/search/tag/{tag}/values?q={query}")).await;
        assert_eq!(v1, json!({"tagValues": expected}), "{tag} of {query}");
        let path = format!("/api/v2/search/tag/{tag}/values?limit=5000&q={query}");
        let v2 = get_json(&viewer, &path).await;
        let typed: Vec<_> =
            expected.iter().map(|value| json!({"type": "string", "value": value})).collect();
        assert_eq!(v2, json!({"tagValues": typed}), "{tag} of {query}");
    }
}
