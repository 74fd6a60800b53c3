//! `GET /audit`: pages and filters.

use serde_json::json;
use testbed::conduct;
use uuid::Uuid;

use crate::audit_service::{Audit, ENGINES, record};

#[tokio::test]
async fn a_walk_sees_every_record_once_and_the_newest_first() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        assert!(audit.records().await.is_empty());
        let mut recorded = Vec::new();
        for _ in 0..5 {
            let shown = audit.service.post("/process", &record()).await.ok(200);
            recorded.insert(0, shown["audit"]["id"].clone());
        }
        for limit in [1, 2, 3, 5, 200] {
            let records = conduct::walk(&audit.service, "/audit", limit).await;
            let seen: Vec<_> = records.iter().map(|record| record["id"].clone()).collect();
            assert_eq!(seen, recorded, "{engine}");
        }
        // A last page may be full.
        for limit in [5, 6] {
            let path = format!("/audit?limit={limit}&unknown=1");
            let page = audit.service.get(&path).await.ok(200);
            assert_eq!(page["items"].as_array().unwrap().len(), 5);
            assert!(page.get("next").is_none(), "{engine} {limit}");
        }
    }
}

#[tokio::test]
async fn records_are_found_by_request_and_by_trace() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        let first = audit.service.post("/process", &record()).await;
        let trace = &first.trace_id;
        // A second record of the same trace, and one of another.
        let request = audit.service.request(http::Method::POST, "/process").json(&record());
        let traceparent = format!("00-{trace}-00f067aa0ba902b7-01");
        let second = request.header("traceparent", traceparent).send().await.unwrap();
        assert_eq!(second.status(), 200);
        audit.service.post("/process", &record()).await.ok(200);
        let find = async |query: String| {
            conduct::walk(&audit.service, &format!("/audit?{query}"), 1).await
        };
        for trace in [trace.clone(), trace.to_uppercase()] {
            let records = find(format!("trace_id={trace}")).await;
            assert_eq!(records.len(), 2, "{engine}");
            assert!(records.iter().all(|record| record["trace_id"] == first.trace_id));
        }
        let id = first.json()["request_id"].as_str().unwrap().to_owned();
        for query in [format!("request_id={id}"), format!("request_id={id}&trace_id={trace}")] {
            let records = find(query).await;
            assert_eq!((records.len(), &records[0]["request_id"]), (1, &json!(id)), "{engine}");
        }
        let (other_request, other_trace) = (Uuid::new_v4(), "0af7651916cd43dd8448eb211c80319c");
        for query in [
            format!("request_id={other_request}"),
            format!("trace_id={other_trace}"),
            format!("request_id={id}&trace_id={other_trace}"),
        ] {
            assert!(find(query).await.is_empty(), "{engine}");
        }
    }
}
