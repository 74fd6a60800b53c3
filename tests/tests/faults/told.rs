//! Faults are loud: in the log from the start, and in `/health` of every service, which stays healthy.

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Service, http};

use crate::one_service::User;

async fn health(url: &str, path: &str) -> (u16, Value) {
    let answer = http().get(format!("{url}{path}")).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn warnings(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["level"] == "WARN" && line["faults"].is_string()).collect()
}

#[tokio::test]
async fn every_service_tells_of_its_faults_in_the_log_and_in_its_health() {
    let options = Service::ALL.into_iter().fold(ChainOptions::sqlite(), |options, service| {
        options.env(service, "FAULTS", &format!("latency=1ms:0.5,pool={}", service.name().len()))
    });
    let chain = Chain::start(options).await;

    for service in Service::ALL {
        let pool = service.name().len();
        for path in ["/health", "/health/live", "/health/ready"] {
            let (status, body) = health(&chain.url(service), path).await;
            assert_eq!((status, &body["status"]), (200, &json!("healthy")), "{service}: {body}");
            assert_eq!(body["faults"], json!({"latency": "1ms:0.5", "pool": pool}), "{service}");
        }
        let lines = chain.logs(service);
        let told = warnings(&lines);
        assert_eq!(told.len(), 1, "{service}: {told:?}");
        assert_eq!(told[0]["faults"], format!("latency=1ms:0.5,pool={pool}"), "{service}");
        let text = told[0]["message"].as_str().unwrap();
        assert!(text.contains("misbehaves on purpose"), "{service}: {text}");
    }
}

#[tokio::test]
async fn without_faults_nothing_is_told() {
    let service = User::with(&[("FAULTS", "")]).await;
    let (status, body) = health(&service.user.url(""), "/health").await;
    assert_eq!((status, body.get("faults")), (200, None), "{body}");
    let lines = service.user.process.json_lines();
    assert!(lines.iter().all(|line| line["level"] != "WARN"), "{lines:?}");
}
