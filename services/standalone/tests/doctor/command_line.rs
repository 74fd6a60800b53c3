//! What it says when it cannot begin, and where nothing runs.

use crate::said::examine;

#[tokio::test]
async fn a_wrong_address_ends_with_2_and_says_what_is_accepted() {
    let said = examine(&[("loki", "ftp://loki")]).await;

    assert_eq!(said.code, Some(2));
    assert!(
        said.text.contains("DOCTOR_LOKI_URL (or --loki) is 'ftp://loki': accepted: a URL"),
        "{}",
        said.text
    );
}

#[tokio::test]
async fn where_nothing_runs_every_check_says_so_at_once() {
    let nobody = "http://127.0.0.1:1";
    let flags = [
        "edge",
        "gateway",
        "user",
        "order",
        "audit",
        "traces",
        "prometheus",
        "loki",
        "grafana",
        "collector",
        "collector-metrics",
    ];

    let said = examine(&flags.map(|flag| (flag, nobody))).await;

    assert_eq!(said.code, Some(1));
    assert_eq!(said.wrong(), crate::said::CHECKS, "{}", said.text);
    assert!(
        said.problem("traces").contains("docker compose -f infra/compose.yaml up"),
        "{}",
        said.text
    );
}
