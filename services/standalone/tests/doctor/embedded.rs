//! The embedded default: a chain, and a viewer in the place of everything else.

use std::net::{Ipv4Addr, SocketAddr};

use testbed::{Chain, ChainOptions, Service, Sink};

use viewer::{Config, Viewer};

use crate::said::{Said, examine};

async fn on(chain: &Chain, traces: &str) -> Said {
    with_token(chain, traces, None).await
}

async fn with_token(chain: &Chain, traces: &str, token: Option<&str>) -> Said {
    let url = |service| chain.url(service);
    let [gateway, user, order, audit] =
        [Service::Gateway, Service::User, Service::Order, Service::Audit].map(url);
    let mut flags: Vec<(&str, &str)> = vec![
        ("edge", &gateway),
        ("gateway", &gateway),
        ("user", &user),
        ("order", &order),
        ("audit", &audit),
        ("traces", traces),
        ("wait", "10"),
    ];
    flags.extend(token.map(|token| ("token", token)));
    examine(&flags).await
}

const EMBEDDED: [&str; 4] = ["metrics, /metrics", "traces", "logs", "from a trace to its logs"];

#[tokio::test]
async fn what_the_embedded_default_has_is_ok_and_the_rest_is_named_as_not_here() {
    let sink = Sink::start().await;
    let chain = Chain::start(ChainOptions::sqlite().otlp(sink.endpoint())).await;

    let said = on(&chain, &sink.query_url()).await;

    assert_eq!(said.code, Some(0), "{}", said.text);
    assert_eq!(said.with("ok"), EMBEDDED, "{}", said.text);
    let not_here = ["metrics, one source per name", "dashboards", "Collector"];
    assert_eq!(said.with("not here"), not_here, "{}", said.text);
}

#[tokio::test]
async fn a_viewer_that_others_can_reach_is_shown_the_token() {
    let token = "s3cret";
    let config = Config {
        host: Ipv4Addr::UNSPECIFIED.into(),
        api_token: Some(shared::config::token(token).unwrap()),
        ..Config::default()
    };
    let viewer = Viewer::start(&config).await.unwrap();
    let at = |address: SocketAddr| format!("http://127.0.0.1:{}", address.port());
    let options = ChainOptions::sqlite().otlp(at(viewer.addresses().otlp_http));
    let chain = Chain::start(options.env_all("API_TOKEN", token)).await;

    let said = with_token(&chain, &at(viewer.addresses().query), Some(token)).await;

    assert_eq!(said.code, Some(0), "{}", said.text);
    assert_eq!(said.with("ok"), EMBEDDED, "{}", said.text);
}

#[tokio::test]
async fn a_hop_that_loses_the_context_is_named_and_lines_behind_it_are_missing() {
    let sink = Sink::start().await;
    let options = ChainOptions::sqlite().otlp(sink.endpoint());
    let chain = Chain::start(options.env(Service::User, "FAULTS", "drop_context")).await;

    let said = on(&chain, &sink.query_url()).await;

    assert_eq!(said.code, Some(1));
    assert_eq!(said.wrong(), ["traces", "from a trace to its logs"], "{}", said.text);
    assert!(
        said.problem("traces")
            .contains("order-service began a trace of its own when user-service called it"),
        "{}",
        said.text
    );
    assert!(
        said.problem("from a trace to its logs").contains("no log line of order-service"),
        "{}",
        said.text
    );
}
