//! A service forgets to pass the context on: the hop is named, as often as it happened, and no other trace is blamed.

use std::collections::BTreeSet;

use testbed::Service;

use crate::{
    run::{Ended, Verdicts},
    system::{CLOSED, System, VERIFY},
};

/// A service, and the hop behind it.
const HOPS: [(Service, &str, &str); 3] = [
    (Service::Gateway, "gateway → user-service", "user-service"),
    (Service::User, "user-service → order-service", "order-service"),
    (Service::Order, "order-service → audit-service", "audit-service"),
];

fn ids(ended: &Ended) -> BTreeSet<String> {
    ended.failures().into_iter().map(|(id, _)| id).collect()
}

/// A load while `service` forgets a share; how often it did is what the service has counted.
async fn assert_named(
    system: &System,
    (service, hop, next): (Service, &str, &str),
    (share, requests): (&str, u64),
    scenario: &str,
) {
    let before = system.traces();
    let fault = system.misbehave(service, &format!("drop_context={share}")).await;
    let count = requests.to_string();
    let load = ["--requests", &count, "--scenario", scenario];
    let ended = system.load(&[&CLOSED[..], &load].concat(), &VERIFY).await;
    let struck = fault.count("drop_context").await;

    assert!(struck > 0 && (share == "1" || struck < requests), "{struck} of {requests}");
    let broken = format!("{hop}: broken");
    let expected = Verdicts::of(
        [("whole", requests - struck), ("broken", struck)],
        [(broken.as_str(), struck)],
    );
    ended.assert_ended(3, &expected);
    assert!(ended.stdout.contains(&format!(" broken at {hop}\n")), "{}", ended.stdout);
    // The viewer has one more trace for each: what came behind the hop.
    let made: BTreeSet<_> = system.traces().difference(&before).cloned().collect();
    assert_eq!(made.len() as u64, requests + struck);
    let without = system.traces_with("loadgen");
    let without: BTreeSet<_> = without.difference(&system.traces_with(next)).cloned().collect();
    let without: BTreeSet<_> = without.intersection(&made).cloned().collect();
    assert_eq!(ids(&ended), without, "{hop}");
}

#[tokio::test]
async fn at_each_hop_a_share_is_named_and_counted_exactly() {
    let system = System::start().await;
    for hop in HOPS {
        assert_named(&system, hop, ("0.2", 60), "process").await;
    }
}

#[tokio::test]
async fn at_each_hop_all_requests_are_named() {
    let system = System::start().await;
    for hop in HOPS {
        assert_named(&system, hop, ("1", 20), "process").await;
        assert_named(&system, hop, ("1", 20), "register").await;
    }
}

#[tokio::test]
async fn of_two_hops_that_forget_the_first_is_named() {
    let system = System::start().await;
    let user = system.misbehave(Service::User, "drop_context").await;
    let order = system.misbehave(Service::Order, "drop_context").await;

    let ended = system.load(&[&CLOSED[..], &["--requests", "20"]].concat(), &VERIFY).await;

    assert_eq!((user.count("drop_context").await, order.count("drop_context").await), (20, 20));
    let expected = Verdicts::of([("broken", 20)], [("user-service → order-service: broken", 20)]);
    ended.assert_ended(3, &expected);
}

#[tokio::test]
async fn rows_tell_of_the_other_trace_as_well() {
    let system = System::start().await;
    let fault = system.misbehave(Service::User, "drop_context=0.3").await;

    let ended =
        system.load(&[&CLOSED[..], &["--requests", "40", "--reconcile"]].concat(), &VERIFY).await;

    let struck = fault.count("drop_context").await;
    assert!(struck > 0, "drawn for none of 40");
    assert_eq!(ended.rows(), [40; 3]);
    let kinds = ["order_in_another_trace", "audit_in_another_trace"];
    assert_eq!(ended.mismatches(), kinds.map(|kind| (kind.to_owned(), struck)));
    assert_eq!(ended.code, 3);
}

#[tokio::test]
async fn a_fault_that_has_gone_leaves_nothing_to_find() {
    let system = System::start().await;
    system.misbehave(Service::User, "drop_context").await.count("drop_context").await;
    let ended = system.load(&[&CLOSED[..], &["--requests", "20"]].concat(), &VERIFY).await;
    ended.assert_ended(0, &Verdicts::whole(20));
}

#[tokio::test]
async fn reads_that_lose_their_context_are_named_too() {
    let system = System::start().await;
    let fault = system.misbehave(Service::Gateway, "drop_context").await;

    let load = [&CLOSED[..], &["--requests", "80", "--scenario", "mixed", "--seed", "7"]].concat();
    let ended = system.load(&load, &VERIFY).await;

    assert_eq!(fault.count("drop_context").await, 80);
    let steps = ended.report["steps"].as_array().unwrap();
    let sent = |names: &[&str]| -> u64 {
        let named = |step: &&serde_json::Value| {
            names.iter().any(|name| step["name"].as_str().unwrap().starts_with(name))
        };
        steps.iter().filter(named).map(|step| step["requests"].as_u64().unwrap()).sum()
    };
    let hops = [
        ("gateway → audit-service: broken", sent(&["newest audit"])),
        ("gateway → order-service: broken", sent(&["newest orders", "an order"])),
        ("gateway → user-service: broken", sent(&["order ", "register", "a user"])),
    ];
    assert!(hops.iter().all(|(_, count)| *count > 0), "{hops:?}");
    ended.assert_ended(3, &Verdicts::of([("broken", 80)], hops));
}
