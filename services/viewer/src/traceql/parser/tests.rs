//! Queries that parse, and where those that do not go wrong.

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};

use super::*;

fn fields(text: &str) -> Vec<Field> {
    let query = Query::parse(text).unwrap();
    query.conditions().into_iter().map(|condition| condition.field.clone()).collect()
}

#[test]
fn the_empty_query_matches_all() {
    for text in ["", "  ", "{}", "{ }", " {\n} "] {
        assert!(Query::parse(text).unwrap().conditions().is_empty(), "{text:?}");
    }
}

#[test]
fn all_fields_are_known() {
    let text = r#"{name="a"&&kind=server && status!=error && duration>1ms && .a=1 && span.b.c=true && resource.service.name=~"x" && span."a b"=2.5}"#;
    let expected = [
        Field::Name,
        Field::Kind,
        Field::Status,
        Field::Duration,
        Field::Either("a".to_owned()),
        Field::Span("b.c".to_owned()),
        Field::Resource("service.name".to_owned()),
        Field::Span("a b".to_owned()),
    ];
    assert_eq!(fields(text), expected);
}

#[test]
fn values_have_their_types() {
    let values = |text: &str| match &Query::parse(text).unwrap().conditions()[0].test {
        Test::Compare(_, operand) => operand.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(values(r#"{.a="x\"y\\z"}"#), Operand::Text("x\"y\\z".to_owned()));
    assert_eq!(values("{.a=`x\\d`}"), Operand::Text("x\\d".to_owned()));
    assert_eq!(values("{.a=-5}"), Operand::Integer(-5));
    assert_eq!(values("{.a=1.5}"), Operand::Float(1.5));
    assert_eq!(values("{.a=false}"), Operand::Boolean(false));
    assert_eq!(values("{duration>=1.5s}"), Operand::Duration(1_500_000_000));
    assert_eq!(values("{duration<1m30s}"), Operand::Duration(90_000_000_000));
    assert_eq!(values("{kind=client}"), Operand::Kind(SpanKind::Client));
    assert_eq!(values("{status=unset}"), Operand::Status(StatusCode::Unset));
}

#[test]
fn an_error_says_where_it_is() {
    let table = [
        ("x", 1),
        ("{", 2),
        ("{ foo = 1 }", 3),
        ("{ name }", 8),
        ("{ name = }", 10),
        ("{ name = 5 }", 10),
        ("{ name = \"a }", 10),
        ("{ name = \"é\" | .a = 1 }", 14),
        ("{ name = \"é\" || }", 17),
        ("{ (.a = 1 }", 11),
        ("{ () }", 4),
        ("{ .a = 1) }", 9),
        ("{ traceDuration =~ \"1s\" }", 20),
        ("{ rootName = 1 }", 14),
        ("{ .a = 1 && }", 13),
        ("{ .a = 1 } | count()", 12),
        ("{ .a =~ \"(\" }", 9),
        ("{ status =~ \"error\" }", 13),
        ("{ status > error }", 12),
        ("{ kind = sever }", 10),
        ("{ duration > 5 }", 14),
        ("{ . = 5 }", 3),
    ];
    for (text, column) in table {
        let error = Query::parse(text).unwrap_err();
        assert_eq!((error.line, error.column), (1, column), "{text}: {error}");
    }
    assert_eq!(Query::parse("{\n  foo = 1 }").unwrap_err().line, 2);
}

#[test]
fn tags_become_conditions() {
    let query = Query::parse_tags(r#"service.name=gateway http.route="/a b" name=x"#).unwrap();
    let fields: Vec<_> =
        query.conditions().iter().map(|condition| condition.field.to_string()).collect();
    assert_eq!(fields, ["service.name", "http.route", "name"]);
    assert_eq!(Query::parse_tags("a b").unwrap_err().column, 3);
}

#[test]
fn every_name_of_an_intrinsic_is_a_field() {
    for name in Field::intrinsics() {
        assert_eq!(fields(&format!("{{ {name} != nil }}")).len(), 1, "{name}");
    }
}

/// As Grafana's query builder writes several values of a tag, and the whole trace's duration.
#[test]
fn what_the_query_builder_writes_is_a_query() {
    let text = r#"{(resource.service.name="a" || resource.service.name="b") && (kind=client || kind=server) && traceDuration>=1.5s && name=~"x|y"}"#;
    let names: Vec<_> = fields(text).iter().map(Field::to_string).collect();
    let expected = ["service.name", "service.name", "kind", "kind", "traceDuration", "name"];
    assert_eq!(names, expected);
}

#[test]
fn too_many_parentheses_are_refused_before_they_fill_the_stack() {
    let nested = |depth| format!("{{ {}.a = 1{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(DEEPEST)).is_ok());
    assert_eq!(Query::parse(&nested(100_000)).unwrap_err().column, 3 + DEEPEST);
    assert!(Query::parse_unfinished(&nested(100_000)).conditions().is_empty());
}

#[test]
fn of_an_unfinished_query_the_finished_terms_count() {
    for text in [
        "{ .a = 1 && .b = }",
        "{ .a = 1 && .b",
        "{ .a = 1 && }",
        "{ .a = 1",
        "{ .a = 1 && (.b = && .c) }",
        "{ .b =~ \"(\" && .a = 1 }",
    ] {
        let query = Query::parse_unfinished(text);
        let names: Vec<_> = query.conditions().iter().map(|each| each.field.to_string()).collect();
        assert_eq!(names, ["a"], "{text}");
    }
    assert!(Query::parse_unfinished("nonsense").conditions().is_empty());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        let _ = (Query::parse(&text), Query::parse_tags(&text), Query::parse_unfinished(&text));
    }

    #[test]
    fn no_near_query_makes_it_panic(text in "[{}()=!<>~&|.\"`a-z0-9µé\\\\ ]{0,30}") {
        let _ = (Query::parse(&text), Query::parse_tags(&text), Query::parse_unfinished(&text));
    }
}
