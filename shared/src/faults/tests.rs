use std::time::Instant;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::*;

/// As the design has it.
const EVERYTHING: &str = "latency=200ms:0.1,error=503:0.05,drop_context=0.01,db_latency=50ms:0.1,pool=2,drop_spans=0.01,down=0.01";

fn faults(text: &str) -> Faults {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn document(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn scope(milliseconds: u64) -> Scope {
    Scope::new("order-service", Duration::from_millis(milliseconds), &HeaderMap::new())
}

#[test]
fn every_fault_is_read_with_its_share() {
    let chance =
        |what, share| Some(Chance { what: Duration::from_millis(what), share: Share(share) });
    let expected = Faults {
        latency: chance(200, 0.1),
        error: Some(Chance { what: 503, share: Share(0.05) }),
        drop_context: Some(Share(0.01)),
        db_latency: chance(50, 0.1),
        pool: Some(2),
        drop_spans: Some(Share(0.01)),
        down: Some(Share(0.01)),
    };
    assert_eq!(faults(EVERYTHING), expected);
    assert_eq!(expected.to_string(), EVERYTHING);
}

#[test]
fn a_share_that_is_left_out_is_everyone() {
    for (given, whole) in [
        ("latency=200ms", "latency=200ms:1"),
        ("error=500", "error=500:1"),
        ("drop_context", "drop_context=1"),
        ("db_latency=1m", "db_latency=1m:1"),
        ("drop_spans", "drop_spans=1"),
        ("down", "down=1"),
    ] {
        assert_eq!(faults(given), faults(whole), "{given}");
        assert_eq!(faults(given).to_string(), whole);
    }
}

#[test]
fn nothing_is_no_fault_and_spaces_mean_nothing() {
    assert!(faults("").is_empty() && faults("  ").is_empty());
    assert_eq!(
        faults(" latency = 1s 500ms : 0.5 , pool = 2 "),
        faults("latency=1500ms:0.5,pool=2")
    );
    assert_eq!(faults("latency=1500ms").to_string(), "latency=1s 500ms:1");
}

#[test]
fn a_bad_value_is_told_by_its_part_and_what_is_accepted() {
    let duration = "DURATION or ";
    let cases = [
        ("latency", duration),
        ("latency=", duration),
        ("latency=200", duration),
        ("latency=fast:0.1", duration),
        ("latency=0ms", duration),
        ("latency=999us", duration),
        ("latency=61s", duration),
        ("latency=-1s", duration),
        ("latency=200ms:", duration),
        ("latency=200ms:0", duration),
        ("latency=200ms:1.1", duration),
        ("latency=200ms:-0.1", duration),
        ("latency=200ms:NaN", duration),
        ("latency=200ms:10%", duration),
        ("latency=200ms:0.1:0.1", duration),
        ("db_latency=soon", "db_latency=DURATION"),
        ("error", "one of 400, 404, 409, 413, 415, 422, 500, 502, 503, 504"),
        ("error=200", "one of 400"),
        ("error=418", "one of 400"),
        ("error=503:2", "one of 400"),
        ("error=broken", "one of 400"),
        ("drop_context=0", "drop_context=SHARE"),
        ("drop_context=yes", "drop_context=SHARE"),
        ("drop_context=0.1:0.1", "drop_context=SHARE"),
        ("drop_spans=inf", "drop_spans=SHARE"),
        ("down=true", "down=SHARE"),
        ("pool", "a whole number from 1 to 1000"),
        ("pool=0", "a whole number from 1 to 1000"),
        ("pool=1001", "a whole number from 1 to 1000"),
        ("pool=2:0.5", "a whole number from 1 to 1000"),
        ("slow=1s", "latency, error, drop_context, db_latency, pool, drop_spans, down"),
        ("Latency=1s", "latency, error"),
        ("=1s", "latency, error"),
    ];
    for (part, accepted) in cases {
        let error =
            format!("drop_spans=0.5,{part}").replace("drop_spans=0.5,drop_spans", "drop_spans");
        let error = error.parse::<Faults>().unwrap_err();
        let begin = format!("'{part}' in it: accepted: ");
        assert!(error.starts_with(&begin) && error.contains(accepted), "{part}: {error}");
    }
    for (text, part) in [("pool=2,", ""), (",pool=2", ""), ("pool=2;error=500", "pool=2;error=500")]
    {
        let error = text.parse::<Faults>().unwrap_err();
        assert!(error.starts_with(&format!("'{part}' in it: ")), "{text}: {error}");
    }
    let twice = "pool=2,error=500,pool=3".parse::<Faults>().unwrap_err();
    assert_eq!(twice, "'pool=3' in it: accepted: each fault once");
}

#[test]
fn the_document_shows_what_the_text_says_and_is_read_back() {
    let all = faults(EVERYTHING);
    let shown = json!({
        "latency": "200ms:0.1", "error": "503:0.05", "drop_context": 0.01, "db_latency": "50ms:0.1", "pool": 2,
        "drop_spans": 0.01, "down": 0.01,
    });
    assert_eq!(Value::from(all.document()), shown);
    for body in [json!({"faults": EVERYTHING}), json!({"faults": shown}), shown.clone()] {
        assert_eq!(Faults::from_document(&document(&body)).unwrap(), all, "{body}");
    }
    let numbers = document(&json!({"error": 500, "drop_context": 1, "pool": "3"}));
    assert_eq!(Faults::from_document(&numbers).unwrap(), faults("error=500,drop_context=1,pool=3"));
    for off in [json!({}), json!({"faults": ""}), json!({"faults": {}}), json!({"faults": null})] {
        assert!(Faults::from_document(&document(&off)).unwrap().is_empty(), "{off}");
    }
}

#[test]
fn a_document_is_refused_with_a_pointer_to_every_bad_member() {
    let cases: [(Value, &[&str]); 8] = [
        (json!({"faults": "latency=soon"}), &["/faults"]),
        (json!({"faults": 1}), &["/faults"]),
        (json!({"faults": []}), &["/faults"]),
        (
            json!({"faults": {"pool": 0, "slow": 1, "error": 503}}),
            &["/faults/pool", "/faults/slow"],
        ),
        (json!({"latency": {"duration": "1s"}}), &["/latency"]),
        (json!({"latency": true, "drop_context": null}), &["/drop_context", "/latency"]),
        (json!({"faults": "pool=2", "pool": 2}), &[""]),
        (json!({"fa/ul~ts": "pool=2"}), &["/fa~1ul~0ts"]),
    ];
    for (body, expected) in cases {
        let problem = Faults::from_document(&document(&body)).unwrap_err();
        let problem = problem.body("s", String::new(), uuid::Uuid::nil());
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!((problem.status, pointers.as_slice()), (422, expected), "{body}");
        assert!(
            problem.errors.iter().all(|error| error.detail.contains("accepted:")),
            "{problem:?}"
        );
    }
}

#[test]
fn every_status_is_answered_as_itself() {
    for status in STATUSES {
        assert_eq!(problem(status).status().as_u16(), status);
    }
    assert_eq!((problem(500).code(), problem(503).code()), ("internal_error", "unavailable"));
}

#[test]
fn a_share_strikes_about_that_often_and_the_whole_always() {
    let struck = |share| (0..10_000).filter(|_| Share::strikes(share, "test")).count();
    assert_eq!((struck(None), struck(Some(Share(1.0)))), (0, 10_000));
    let tenth = struck(Some(Share(0.1)));
    // Ten standard deviations either way.
    assert!((700..=1300).contains(&tenth), "{tenth}");
}

#[tokio::test]
async fn latency_is_waited_for_and_ends_at_the_deadline_with_504() {
    let begun = Instant::now();
    assert!(faults("latency=30ms").meet(&scope(10_000)).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_millis(30));

    let begun = Instant::now();
    let problem = faults("latency=20s,error=500").meet(&scope(30)).await.unwrap_err();
    assert_eq!((problem.status().as_u16(), problem.code()), (504, "timeout"));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn what_has_no_such_fault_goes_on() {
    let others = faults("drop_context,db_latency=1s,pool=1,drop_spans,down");
    assert!(others.meet(&scope(1_000)).await.is_ok());
    assert!(others.drops_context() && others.drops_span() && others.hangs_up());
    assert_eq!((others.database_delay(), others.pool()), (Some(Duration::from_secs(1)), Some(1)));
    let none = Faults::default();
    assert!(!none.drops_context() && !none.drops_span() && !none.hangs_up());
    assert!(none.database_delay().is_none());
    assert_eq!(none.pool(), None);
}
