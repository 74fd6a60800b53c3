//! Nothing that the system emits holds a secret or what is personal: log lines at TRACE, spans, log records, metrics, pages, problems.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Engine, Service, Sink, http, until};

use crate::{TOKEN, bearer};

const DEADLINE: Duration = Duration::from_secs(60);
const OTLP_SECRET: &str = "0tlp-s3cret";
/// The libraries too, which a level alone does not reach.
const EVERYTHING: &str = "trace,h2=trace,hyper=trace,hyper_util=trace,mio=trace,opentelemetry=trace,reqwest=trace,rustls=trace,tokio=trace,\
    tonic=trace,tower=trace,want=trace";
const GUESSED: &str = "gu3ssed-t0ken";
const PERSONAL: [&str; 5] = [
    "Zebulonia",
    "Quackenbush",
    "zebulonia@quackenbush.example",
    "other@quackenbush.example",
    "%40quackenbush",
];

/// The passwords in the databases' addresses.
fn passwords(chain: &Chain) -> Vec<String> {
    let urls = [Service::User, Service::Order, Service::Audit]
        .map(|service| chain.database(service).url.clone());
    let password = |url: &String| {
        Some(url.split_once("://")?.1.split_once('@')?.0.split_once(':')?.1.to_owned())
    };
    urls.iter().filter_map(password).filter(|password| !password.is_empty()).collect()
}

/// Requests of every kind, good and bad, with everything in them that must not be told; the answers that are problems.
async fn requests(chain: &Chain) -> Vec<String> {
    let gateway = chain.url(Service::Gateway);
    let [first, last, email, other, _] = PERSONAL;
    let name = format!("{first} {last}");
    let bodies = [
        ("/api/v1/process", json!({"user_id": 1, "action": "purchase", "user_name": name, "user_email": email}).to_string()),
        ("/api/v1/register", json!({"first_name": first, "last_name": last, "email": other}).to_string()),
        ("/api/v1/register", json!({"first_name": first, "last_name": last, "email": email}).to_string()),
        ("/api/v1/process", json!({"user_id": 2, "action": "purchase", "user_email": email}).to_string()),
        ("/api/v1/process", json!({"user_id": email, "action": "a"}).to_string()),
        ("/api/v1/process", json!({"user_id": 1, "action": "a", "user_name": [name]}).to_string()),
        ("/api/v1/process", json!({"user_id": 1, "action": "a", "items": name}).to_string()),
        ("/api/v1/process", json!({"user_id": 1, "action": "a", "items": [{"sku": "a", "quantity": email}]}).to_string()),
        ("/api/v1/process", json!({"user_id": 0, "action": "a", "user_email": format!("{email}@"), "user_name": name}).to_string()),
        ("/api/v1/process", format!("{{\"user_name\": \"{name}\", \"user_email\": \"{email}\", }}")),
    ];
    let mut problems = Vec::new();
    for (path, body) in bodies {
        for authorization in [bearer(), format!("Bearer {GUESSED}")] {
            let request =
                http().post(format!("{gateway}{path}")).header("content-type", "application/json");
            let answer = request
                .header("authorization", authorization)
                .body(body.clone())
                .send()
                .await
                .unwrap();
            let failed = answer.status().is_client_error() || answer.status().is_server_error();
            let text = answer.text().await.unwrap();
            problems.extend(failed.then_some(text));
        }
    }
    for path in ["/api/v1/users", "/api/v1/orders", "/api/v1/audit"] {
        let request = http().get(format!("{gateway}{path}")).header("authorization", bearer());
        assert_eq!(request.send().await.unwrap().status(), 200, "{path}");
    }
    problems
}

/// Metrics, pages and health of every service.
async fn shown(chain: &Chain) -> Vec<String> {
    let mut texts = Vec::new();
    for service in Service::ALL {
        for path in ["/metrics", "/health", "/health/ready", "/view_metrics", "/openapi.json"] {
            let answer = http().get(format!("{}{path}", chain.url(service))).send().await.unwrap();
            texts.push(answer.text().await.unwrap());
        }
    }
    texts
}

/// The spans and log records that reached the backend, as its own API tells them.
async fn received(sink: &Sink) -> Vec<String> {
    let ask = async |path: &str| {
        http()
            .get(format!("{}{path}", sink.query_url()))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let found: Value = serde_json::from_str(&ask("/api/search?limit=200").await).unwrap();
    let mut texts = vec![ask("/api/logs?limit=1000").await];
    for trace in found["traces"].as_array().unwrap() {
        texts.push(ask(&format!("/api/traces/{}", trace["traceID"].as_str().unwrap())).await);
    }
    texts
}

async fn nothing_is_told(options: ChainOptions, grpc: bool) {
    if options.is_not_run() {
        return;
    }
    let sink = Sink::start().await;
    let (endpoint, protocol) =
        if grpc { (sink.grpc_endpoint(), "grpc") } else { (sink.endpoint(), "http/protobuf") };
    let options = options
        .otlp(endpoint)
        .env_all("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        .env_all(
            "OTEL_EXPORTER_OTLP_HEADERS",
            &format!("authorization=Bearer%20{OTLP_SECRET},x-key={OTLP_SECRET}"),
        )
        .env_all("API_TOKEN", TOKEN)
        .env_all("LOG_LEVEL", EVERYTHING)
        .env_all("OTEL_BSP_SCHEDULE_DELAY", "20")
        .env_all("OTEL_BLRP_SCHEDULE_DELAY", "20");
    let mut chain = Chain::start(options).await;
    let mut secrets = passwords(&chain);
    secrets.extend([TOKEN, OTLP_SECRET, GUESSED].map(str::to_owned));
    secrets.extend(PERSONAL.map(str::to_owned));

    let mut texts = requests(&chain).await;
    assert!(texts.len() >= 10, "{texts:?}");
    texts.extend(shown(&chain).await);
    for service in Service::ALL {
        let stopped = chain.stop(service).await.unwrap();
        let lines = stopped.lines();
        assert!(lines.iter().any(|line| line.text.contains("TRACE")), "{service} logs at TRACE");
        texts.extend(lines.into_iter().map(|line| line.text));
    }
    let arrived =
        until(DEADLINE, async || Some(received(&sink).await).filter(|texts| texts.len() > 8)).await;
    texts.extend(arrived.expect("the traces have not arrived"));

    for text in &texts {
        for secret in &secrets {
            assert!(
                !text.contains(secret),
                "`{secret}` is told: {}",
                text.chars().take(2000).collect::<String>()
            );
        }
    }
}

#[tokio::test]
async fn no_secret_and_nothing_personal_is_told_on_servers_with_otlp_over_http() {
    nothing_is_told(ChainOptions::servers(Engine::MariaDb), false).await;
}

#[tokio::test]
async fn no_secret_and_nothing_personal_is_told_on_files_with_otlp_over_grpc() {
    nothing_is_told(ChainOptions::sqlite(), true).await;
}
