//! The page of who calls whom.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Key, Service, http};

use crate::made::{CLIENT, Made, SERVER, TRACE, send, small_trace};
use crate::visit::Visit;

const TRACES: &str = "document.querySelectorAll('.traces tbody tr').length";

#[tokio::test]
async fn the_map_has_exactly_the_chains_services_databases_and_calls() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    visit.open("/map").await;
    browser.wait_for_text("#found", "No call began in the last 15 minutes").await;
    let chain = Chain::start(ChainOptions::sqlite().otlp(visit.sink.endpoint())).await;

    let trace = purchase(&chain).await;

    // Live: nobody loads the page again.
    browser.wait_for(&format!("{} === 8", links("box"))).await;
    browser.wait_for(&format!("{} === 7", links("arrow"))).await;
    visit.sink.wait_for(&trace, 14).await;
    browser.wait_for_text(".figures", "order-service").await;
    let nodes = [
        "user, caller",
        "gateway, service",
        "user-service, service",
        "order-service, service",
        "audit-service, service",
        "users-db, database",
        "orders-db, database",
        "audit-db, database",
    ];
    assert_eq!(names(&visit, "box").await, nodes.map(str::to_owned).into());
    let edges = [
        "user to gateway",
        "gateway to user-service",
        "user-service to users-db",
        "user-service to order-service",
        "order-service to orders-db",
        "order-service to audit-service",
        "audit-service to audit-db",
    ];
    assert_eq!(names(&visit, "arrow").await, edges.map(str::to_owned).into());
    // A cylinder is a path and a lid, any other node a box.
    assert_eq!(count(&visit, ".map .is-database ellipse").await, 3);
    assert_eq!(count(&visit, ".map .is-service rect").await, 4);
    let rows =
        "[...document.querySelectorAll('.figures')].map((table) => table.tBodies[0].rows.length)";
    assert_eq!(browser.run(&format!("return {rows}")).await, json!([8, 7]));
    drop(chain);
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_node_or_an_edge_leads_to_its_traces_by_pointer_and_by_keys() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    let other = Made::new("shop", "GET /other", (1, 0), SERVER, (0, 5_000));
    send(&visit.sink.endpoint(), &"2".repeat(32), &[other]).await;
    // Nobody answers it, so only the caller says that it failed.
    let down =
        Made::new("shop", "GET /bill", (1, 0), CLIENT, (0, 9_000)).with("peer.service", "bills");
    send(&visit.sink.endpoint(), &"3".repeat(32), &[down.failed()]).await;

    for (link, found) in [
        (".box[data-name^='shop,']", vec![TRACE, "2", "3"]),
        (".box[data-name^='goods-db,']", vec![TRACE]),
        (".box[data-name^='bills,']", vec!["3"]),
        (".arrow[data-name^='loadgen to shop']", vec![TRACE]),
        (".arrow[data-name^='shop to goods-db']", vec![TRACE]),
        (".arrow[data-name^='shop to bills']", vec!["3"]),
        (".figures a.failing", vec!["3"]),
    ] {
        visit.open("/map").await;
        // The middle of an arrow's bounds need not lie on the arrow; its text does.
        let place =
            if link.starts_with(".arrow") { format!("{link} text") } else { link.to_owned() };
        browser.click(&place).await;
        browser
            .wait_for(&format!("location.pathname === '/' && {TRACES} === {}", found.len()))
            .await;
        for trace in found {
            let id = if trace.len() == 1 { trace.repeat(32) } else { trace.to_owned() };
            browser
                .wait_for(&format!("document.querySelector('a[href=\"/trace/{id}\"]') !== null"))
                .await;
        }
    }
    visit.open("/map").await;
    browser.wait_for(&links("box")).await;
    browser.run("document.querySelector('.arrow[data-name^=\"shop to goods-db\"]').focus()").await;
    browser.press([Key::Enter]).await;
    browser.wait_for(&format!("location.pathname === '/' && {TRACES} === 1")).await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn what_has_the_focus_keeps_it_while_others_come_and_numbers_change() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    visit.open("/map?window=all").await;
    browser.wait_for(&links("box")).await;

    for place in [".box[data-name^='shop,']", ".figures tbody a"] {
        browser.run(&format!("document.querySelector({}).focus()", json!(place))).await;
        browser.run("window.held = document.activeElement").await;
        let before = browser.run("return document.querySelectorAll('.box').length").await;
        let id = format!("{:032x}", 16 + before.as_u64().unwrap());
        let service: &'static str = if place.starts_with(".box") { "till" } else { "bank" };
        send(
            &visit.sink.endpoint(),
            &id,
            &[
                Made::new(service, "pay", (1, 0), SERVER, (0, 5_000)),
                Made::new("shop", "GET /shop", (2, 0), SERVER, (0, 5_000)),
            ],
        )
        .await;
        browser.wait_for(&format!("document.querySelectorAll('.box').length > {before}")).await;
        browser.wait_for("document.activeElement === window.held && window.held.isConnected").await;
    }
    let said = browser
        .run("return document.querySelector('.box[data-name^=\"shop,\"]')?.textContent")
        .await;
    assert!(said.as_str().unwrap().contains("3 calls"), "{said}");

    browser.click(".title button").await;
    send(&visit.sink.endpoint(), &"9".repeat(32), &small_trace()).await;
    browser.wait_for_text("#store", "4 traces").await;
    assert_eq!(
        browser
            .run("return document.querySelector('.box[data-name^=\"shop,\"]')?.textContent")
            .await,
        said
    );
    visit.ends_quietly().await;
}

#[tokio::test]
async fn hundreds_of_services_and_names_of_markup_are_drawn_within_bounds() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    const IMAGE: &str = "<img src=x onerror=alert(1)>";
    let odd = [IMAGE, "\"a\\ \u{202e}b\n", "user", ""];
    for (number, name) in (1_u64..).zip(odd) {
        let spans = [
            Made::new("shop", "call", (1, 0), CLIENT, (0, 9_000)).with("peer.service", name),
            Made::new(name, "serve", (2, 1), SERVER, (0, 9_000)),
        ];
        send(&visit.sink.endpoint(), &format!("{number:032x}"), &spans).await;
    }
    visit.open("/map?window=all").await;
    browser.wait_for_text(".figures", IMAGE).await;
    browser.wait_for_text(".map .box title", "(no name)").await;
    browser.wait_for(&format!("[...document.querySelectorAll('.box title')].some((title) => title.textContent.startsWith({}))", json!(IMAGE))).await;
    assert_eq!(count(&visit, "main img, main script, main [onerror]").await, 0);
    // What a strange name leads to is found by it.
    browser.click(&format!(".box[data-name^='{IMAGE}']")).await;
    browser.wait_for(&format!("location.pathname === '/' && {TRACES} === 1")).await;

    let many = (0..300_u64).flat_map(|number| {
        let peer: &'static str = Box::leak(format!("service-{number:03}").into_boxed_str());
        [
            Made::new("hub", "call", (2 * number + 1, 0), CLIENT, (0, 9_000))
                .with("peer.service", peer),
            Made::new(peer, "serve", (2 * number + 2, 2 * number + 1), SERVER, (0, 9_000)),
        ]
    });
    send(&visit.sink.endpoint(), TRACE, &many.collect::<Vec<_>>()).await;
    visit.open("/map?window=all").await;
    browser.wait_for_text("#found", "Drawn are the busiest: 200").await;
    browser.wait_for(&format!("{} === 200", links("box"))).await;
    // The table has them all.
    browser.wait_for("document.querySelectorAll('.figures')[0].tBodies[0].rows.length > 300").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_long_name_is_cut_to_what_its_box_has_room_for() {
    let Some(visit) = Visit::begin().await else { return };
    let name = "payments-reconciliation-worker";
    let span = [Made::new(name, "POST /pay", (1, 0), SERVER, (0, 1_000))];
    send(&visit.sink.endpoint(), TRACE, &span).await;
    visit.open("/map").await;
    visit.browser.wait_for_text(".map .is-service .name", "payments-").await;

    let room = "const box = document.querySelector('.map .is-service'); const widthOf = (css) => box.querySelector(css).getBBox().width; \
                return widthOf('.body') - widthOf('.name')";
    let room = visit.browser.run(room).await;

    assert!(room.as_f64().unwrap() > 8.0, "{room}");
    visit.ends_quietly().await;
}

fn links(kind: &str) -> String {
    format!("document.querySelectorAll('.map a.{kind}').length")
}

async fn count(visit: &Visit, css: &str) -> u64 {
    let counted = visit
        .browser
        .run(&format!("return document.querySelectorAll({}).length", json!(css)))
        .await;
    counted.as_u64().unwrap()
}

/// What nodes or edges are called to those who listen, without their numbers.
async fn names(visit: &Visit, kind: &str) -> BTreeSet<String> {
    let script = format!(
        "return [...document.querySelectorAll('.map a.{kind}')].map((link) => link.dataset.name)"
    );
    let names = visit.browser.run(&script).await;
    names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

async fn purchase(chain: &Chain) -> String {
    let body = json!({"user_id": 1001, "action": "purchase", "items": [{"sku": "keyboard", "quantity": 1}]});
    let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
    let answer: Value = http().post(url).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["status"], "completed", "{answer}");
    answer["trace_id"].as_str().unwrap().to_owned()
}
