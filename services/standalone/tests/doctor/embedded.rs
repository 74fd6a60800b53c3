//! The embedded default: a chain, and a viewer in the place of everything else.

use testbed::{Chain, ChainOptions, Service, Sink};

use crate::said::{Said, examine};

async fn on(chain: &Chain, traces: &str) -> Said {
    let url = |service| chain.url(service);
    let [gateway, user, order, audit] =
        [Service::Gateway, Service::User, Service::Order, Service::Audit].map(url);
    examine(&[
        ("edge", &gateway),
        ("gateway", &gateway),
        ("user", &user),
        ("order", &order),
        ("audit", &audit),
        ("traces", traces),
        ("wait", "10"),
    ])
    .await
}

#[tokio::test]
async fn what_the_embedded_default_has_is_ok_and_the_rest_is_named_as_not_here() {
    let sink = Sink::start().await;
    let chain = Chain::start(ChainOptions::sqlite().otlp(sink.endpoint())).await;

    let said = on(&chain, &sink.query_url()).await;

    assert_eq!(said.code, Some(0), "{}", said.text);
    let here = ["metrics, /metrics", "traces", "logs", "from a trace to its logs"];
    assert_eq!(said.with("ok"), here, "{}", said.text);
    let not_here = ["metrics, one source per name", "dashboards", "Collector"];
    assert_eq!(said.with("not here"), not_here, "{}", said.text);
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
