//! The map: what is drawn where, what each node and edge came to, and the queries that find their spans.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind::{Client, Internal, Server};
use serde_json::{Value, json};
use support::{TRACE, client, failed, get, get_json, of_service, send, span, start, text, with};
use viewer::Viewer;

/// A load generator calls a shop, which asks its database, and a bank, which is down.
async fn shop() -> Viewer {
    let viewer = start().await;
    let peer = |name: &str| vec![text("peer.service", name)];
    let database = vec![text("db.system.name", "mysql"), text("server.address", "10.0.0.7")];
    let load = with(span(TRACE, 1, 0, Client, "GET /shop"), peer("the shop"));
    let shop = vec![
        span(TRACE, 2, 1, Server, "GET /shop"),
        with(span(TRACE, 3, 2, Client, "SELECT goods"), database),
        failed(with(span(TRACE, 4, 2, Client, "POST /pay"), peer("bank"))),
    ];
    send(&viewer, vec![of_service("loadgen", vec![load]), of_service("shop \"A\\", shop)]).await;
    viewer
}

fn member<'a>(map: &'a Value, list: &str, id: &str, name: &str) -> &'a Value {
    map[list].as_array().unwrap().iter().find(|each| each[id] == name).unwrap()
}

#[tokio::test]
async fn nodes_have_their_part_and_their_numbers() {
    let map = get_json(&shop().await, "/api/map").await;
    for (id, kind, requests, error_share) in [
        ("loadgen", "caller", 1, 0.0),
        ("shop \"A\\", "service", 1, 0.0),
        ("10.0.0.7", "database", 1, 0.0),
        ("bank", "service", 1, 1.0),
    ] {
        let node = member(&map, "nodes", "id", id);
        assert_eq!(
            (&node["kind"], &node["requests"], &node["error_share"], &node["p95_ms"]),
            (&json!(kind), &json!(requests), &json!(error_share), &json!(10.0)),
            "{node}"
        );
        let [x, y] = [0, 1].map(|axis| node["place"][axis].as_f64().unwrap());
        assert!(x > 0.0 && x < map["width"].as_f64().unwrap(), "{map}");
        assert!(y > 0.0 && y < map["height"].as_f64().unwrap(), "{map}");
    }
    let [load, shop] = ["loadgen", "shop \"A\\"].map(|id| member(&map, "nodes", "id", id));
    assert!(load["place"][0].as_f64() < shop["place"][0].as_f64(), "callers come first: {map}");
}

#[tokio::test]
async fn every_query_of_the_map_finds_the_trace() {
    let viewer = shop().await;
    let map = get_json(&viewer, "/api/map?direction=down").await;
    let mut asked = 0;
    for part in ["nodes", "edges"] {
        for each in map[part].as_array().unwrap() {
            let q = each["traceql"].as_str().unwrap();
            let address = format!("http://{}/api/search", viewer.addresses().query);
            let url = reqwest::Url::parse_with_params(&address, [("q", q)]).unwrap();
            let found: Value = client().get(url).send().await.unwrap().json().await.unwrap();
            assert_eq!(found["traces"].as_array().unwrap().len(), 1, "{q}");
            asked += 1;
        }
    }
    assert_eq!(asked, 4 + 3);
    let edge = member(&map, "edges", "target", "bank");
    let expected = r#"{ resource.service.name = "shop \"A\\" && kind = client && span.peer.service = "bank" }"#;
    assert_eq!(edge["traceql"], expected);
}

#[tokio::test]
async fn a_service_that_is_down_is_called_all_the_same() {
    let graph = get_json(&shop().await, "/api/service-graph").await;
    let edge = member(&graph, "edges", "target", "bank");
    assert_eq!((&edge["requests"], &edge["error_share"]), (&json!(1), &json!(1.0)));
    // One that answers is called once, by the name that it has itself.
    let targets: Vec<_> =
        graph["edges"].as_array().unwrap().iter().map(|edge| &edge["target"]).collect();
    assert_eq!(targets, ["shop \"A\\", "10.0.0.7", "bank"]);
}

#[tokio::test]
async fn the_busiest_of_many_are_drawn_and_the_rest_is_told() {
    let viewer = start().await;
    let mut services = Vec::new();
    for number in 0..=250_u64 {
        let id = |kind: u64| (number * 2 + kind).to_be_bytes().to_vec();
        let mut call = span(TRACE, 1, 0, Client, "call");
        call.span_id = id(1);
        let mut served = span(TRACE, 1, 0, Server, "serve");
        (served.span_id, served.parent_span_id) = (id(2), id(1));
        services.push(of_service("hub", vec![call]));
        services.push(of_service(&format!("service {number}"), vec![served]));
    }
    // The one that is called most is among them, whatever its name.
    let extra = (0..9).map(|number| span([7; 16], 100 + number, 99, Server, "serve")).collect();
    services.push(of_service("zebra", extra));
    send(&viewer, services).await;

    let map = get_json(&viewer, "/api/map").await;

    let nodes = map["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 253);
    assert_eq!(nodes.iter().filter(|node| !node["place"].is_null()).count(), 200);
    assert!(!member(&map, "nodes", "id", "zebra")["place"].is_null());
    let edges = map["edges"].as_array().unwrap();
    assert_eq!(
        (edges.len(), edges.iter().filter(|edge| !edge["bends"].is_null()).count()),
        (251, 198)
    );
}

#[tokio::test]
async fn nothing_is_drawn_of_nothing_and_of_spans_that_call_nobody() {
    let viewer = start().await;
    send(&viewer, vec![of_service("alone", vec![span(TRACE, 1, 0, Internal, "work")])]).await;
    let map = get_json(&viewer, "/api/map?seconds=300").await;
    assert_eq!((&map["nodes"], &map["edges"]), (&json!([]), &json!([])));

    let refused = get(&viewer, "/api/map?direction=up").await;
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.text().await.unwrap(), "direction is \"up\": write right or down\n");
}
