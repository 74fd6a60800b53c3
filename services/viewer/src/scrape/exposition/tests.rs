use proptest::prelude::*;

use super::*;

fn all(text: &str) -> Result<Vec<Sample<'_>>, BadLine> {
    samples(text).collect()
}

fn one(text: &str) -> Sample<'_> {
    all(text).unwrap_or_else(|error| panic!("{text}: {error}")).pop().unwrap()
}

#[test]
fn what_our_services_serve_is_read_whole() {
    let text = "# HELP http_requests_total Requests answered.\n# TYPE http_requests_total counter\n\
                http_requests_total{endpoint=\"/orders/{id}\",method=\"GET\",status_code=\"200\"} 3\n\
                http_request_duration_seconds_bucket{endpoint=\"a,b=c\",le=\"+Inf\"} 12\n\n\
                otel_sdk_spans_queued 0\r\n# EOF\n";
    let read = all(text).unwrap();
    assert_eq!(read.len(), 3);
    assert_eq!((read[0].label("endpoint"), read[0].value), (Some("/orders/{id}"), 3.0));
    assert_eq!((read[1].label("endpoint"), read[1].label("le")), (Some("a,b=c"), Some("+Inf")));
    assert_eq!(
        (read[2].name, read[2].labels.len(), read[2].value),
        ("otel_sdk_spans_queued", 0, 0.0)
    );
}

#[test]
fn what_the_format_admits_is_read() {
    assert_eq!(one("a 1 1700000000000").value, 1.0);
    assert_eq!(one("\ta:b_c\t{ x = \"1\" , }\t2.5e-3 ").labels, [("x", Cow::Borrowed("1"))]);
    assert_eq!(one("a{} -Inf").value, f64::NEG_INFINITY);
    assert_eq!(one("a +Inf").value, f64::INFINITY);
    assert!(one("a NaN").value.is_nan());
    assert_eq!(one(r#"a{x="\\ \" \n }"} 1"#).label("x"), Some("\\ \" \n }"));
    assert_eq!(one("a{x=\"ü€\"} 1").label("x"), Some("ü€"));
    assert_eq!(all("").unwrap(), []);
}

#[test]
fn what_it_does_not_admit_is_an_error_with_its_line() {
    for (line, what) in [
        ("1a 1", "begin with a metric's name"),
        ("{a=\"1\"} 1", "begin with a metric's name"),
        ("<html>", "begin with a metric's name"),
        ("a", "not a number"),
        ("a one", "not a number"),
        ("a infinity", "not a number"),
        ("a 1 soon", "timestamp"),
        ("a 1 2 3", "behind its end"),
        ("a 1 # {trace_id=\"x\"} 1", "timestamp"),
        ("a{x=1} 1", "not in quotes"),
        ("a{x} 1", "no value"),
        ("a{=\"1\"} 1", "no name"),
        ("a{1=\"1\"} 1", "no name"),
        ("a{x=\"1} 1", "does not end"),
        ("a{x=\"1\"", "no comma"),
        ("a{x=\"1\",y", "do not end"),
        ("a{x=\"1\" y=\"2\"} 1", "no comma"),
        ("a{x=\"\\t\"} 1", "escape"),
    ] {
        let text = format!("good 1\n{line}\n");
        let error = all(&text).unwrap_err();
        assert_eq!(error.line, 2, "{line}");
        assert!(error.to_string().contains(what), "{line}: {error}");
    }
}

/// As the `prometheus` crate writes a label's value.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

proptest! {
    #[test]
    fn whatever_was_written_is_read_back(
        name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,12}",
        labels in prop::collection::vec(("[a-zA-Z_][a-zA-Z0-9_]{0,8}", "\\PC{0,12}|[\\\\\"\n{},= ]{0,6}"), 0..4),
        value in prop::num::f64::NORMAL | prop::num::f64::ZERO,
        timestamp in prop::option::of(any::<i64>()),
    ) {
        let written: Vec<_> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let timestamp = timestamp.map(|at| format!(" {at}")).unwrap_or_default();
        let line = format!("{name}{{{}}} {value}{timestamp}\n", written.join(","));
        let read = one(&line);
        prop_assert_eq!(read.name, name.as_str());
        prop_assert_eq!(read.value, value);
        let read: Vec<_> =
            read.labels.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        prop_assert_eq!(read, labels);
    }

    #[test]
    fn no_text_whatever_makes_it_panic(text in "\\PC{0,60}|[a-z{}\"=,\\\\ 0-9\n]{0,60}") {
        drop(all(&text));
    }
}
