//! Reads have contracts of their own: a hop that lost its context is found there too, though what is left is one tree.

use loadgen::verify::{
    expectation::{Expectation, Kind},
    verdict::Verdict,
};

use crate::{assert_judged, assert_whole, expected, hop, judged, made::Made};

/// A contract, the route at the edge, the service behind it with its route, and its table.
const READS: [(&str, &str, &str, &str, &str); 5] = [
    ("read-users", "/api/v1/users", "user-service", "/users", "users"),
    ("read-user", "/api/v1/users/{id}", "user-service", "/users/{id}", "users"),
    ("read-orders", "/api/v1/orders", "order-service", "/orders", "orders"),
    ("read-order", "/api/v1/orders/{id}", "order-service", "/orders/{id}", "orders"),
    ("read-audit", "/api/v1/audit", "audit-service", "/audit", "audit_logs"),
];

/// A read's trace, and what is expected of it: its answer has no chain.
fn read(
    (contract, edge, service, route, table): (&str, &str, &str, &str, &str),
) -> (Expectation, Made) {
    let text = format!(
        "loadgen CLIENT GET {edge}\n  gateway SERVER GET {edge}\n    gateway CLIENT GET {route}\n      \
         {service} SERVER GET {route}\n        {service} CLIENT SELECT {table}\n"
    );
    let expectation = Expectation { has_chain: false, ..expected(contract, Kind::Completed) };
    (expectation, Made::new(&text, 200))
}

#[test]
fn every_read_is_whole_by_its_own_contract_and_by_no_other() {
    for (index, of) in READS.into_iter().enumerate() {
        let (expectation, made) = read(of);
        assert_whole(&expectation, &made.0);
        for other in READS.into_iter().enumerate().filter(|(other, _)| *other != index) {
            let verdict = judged(&read(other.1).0, &made.0).verdict;
            assert!(!verdict.is_good(), "{} by {}: {verdict}", of.0, other.1.0);
        }
    }
}

#[test]
fn a_read_that_lost_its_context_at_the_gateway_is_broken_there() {
    for of in READS {
        let (expectation, made) = read(of);
        let (_, _, service, route, _) = of;
        let cut = made.cut(&format!("{service} SERVER GET {route}"));
        let detail = format!(
            "nothing is there of {service} SERVER GET {route} below gateway CLIENT GET {route}, nor of what follows it"
        );
        let judgement = judged(&expectation, &cut.0);
        assert_judged(&judgement, Verdict::Broken, hop("gateway", service), &detail, true);
    }
}

#[test]
fn a_read_without_its_statement_or_with_two_is_not_whole() {
    for of in READS {
        let (expectation, made) = read(of);
        let (_, _, service, route, table) = of;
        let statement = format!("{service} CLIENT SELECT {table}");
        let verdict = judged(&expectation, &made.clone().without(&statement).0).verdict;
        assert_eq!(verdict, Verdict::Incomplete);
        let twice = made.with(&format!("{service} SERVER GET {route}"), &statement);
        assert_eq!(judged(&expectation, &twice.0).verdict, Verdict::Extra);
    }
}

#[test]
fn a_read_that_is_not_found_has_the_rules_for_problems() {
    let (expectation, made) = read(READS[3]);
    let reaches = Some("order-service".into());
    let not_found = Expectation { answer: Kind::Problem { reaches }, ..expectation };
    assert_whole(&not_found, &made.0);
    let cut = made.cut("order-service SERVER GET /orders/{id}");
    // The call alone is enough: the body's trace id tells of a hop that lost its context.
    assert_whole(&not_found, &cut.0);
    let elsewhere = hop("loadgen", "gateway").map(Box::new);
    let judgement = judged(&Expectation { broken: elsewhere, ..not_found }, &cut.0);
    assert_eq!(judgement.verdict, Verdict::Broken);
    assert_eq!(judgement.hop, hop("gateway", "order-service"));
}
