//! `baggage`: the grammar, encoding and limits of W3C Baggage.

use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;

use super::super::{ALL, Propagation, with_baggage};
use super::{NOT_SAMPLED, each_setup, headers, lines, traceparent};

/// What comes in, line by line, and what goes out.
const ROWS: &[(&str, &[&str], &str)] = &[
    (
        "the specification's example",
        &["key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue"],
        "key1=value1;property1;property2,key2=value2,key3=value3;propertyKey=propertyValue",
    ),
    (
        "several lines are one list",
        &["userId=alice", "serverNode=DF%2028,isProduction=false"],
        "isProduction=false,serverNode=DF%2028,userId=alice",
    ),
    (
        "white space around values",
        &["userId =   alice", "\tserverNode = DF%2028 , isProduction = false "],
        "isProduction=false,serverNode=DF%2028,userId=alice",
    ),
    ("no value", &["a="], "a="),
    ("equals signs in a value", &["a=b=c=="], "a=b%3Dc%3D%3D"),
    ("an encoded percent sign stays one", &["a=100%25,b=%2541"], "a=100%25,b=%2541"),
    ("an encoded comma, semicolon and quote", &["a=%2C%3B%22%5C"], "a=%2C%3B%22%5C"),
    ("UTF-8", &["a=%C3%A9"], "a=%C3%A9"),
    ("what is not UTF-8 becomes U+FFFD", &["a=x%FFy"], "a=x%EF%BF%BDy"),
    ("an encoded space at the end belongs to the value", &["a=x%20"], "a=x%20"),
    ("properties stay encoded", &["a=1;p=%2C;q=%3B"], "a=1;p=%2C;q=%3B"),
    ("a property without value, and one with =", &["a=1;secret;p=x=y"], "a=1;secret;p=x=y"),
    ("a percent sign in a key is no encoding", &["a%41=1"], "a%41=1"),
    ("a repeated key keeps the first", &["a=1,a=2", "a=3"], "a=1"),
    ("members without key or equals sign are left out alone", &["=1,b,a=1,,;p,c d=2"], "a=1"),
];

#[test]
fn members_pass_as_the_specification_has_it() {
    each_setup(|setup, hop| {
        for (row, baggage, expected) in ROWS {
            let mut inbound = headers(&[("traceparent", NOT_SAMPLED)]);
            for line in *baggage {
                inbound.append("baggage", line.parse().expect("a header value"));
            }
            assert_eq!(lines(&hop(&inbound), "baggage"), [*expected], "{row} ({setup})");
        }
    });
}

#[test]
fn what_goes_out_is_read_as_the_same_by_the_next() {
    let propagation = Propagation::new(&ALL, false);
    for (row, _, line) in ROWS {
        let mut outbound = http::HeaderMap::new();
        propagation.inject(&propagation.extract(&headers(&[("baggage", line)])), &mut outbound);
        assert_eq!(lines(&outbound, "baggage"), [*line], "{row}");
    }
}

#[test]
fn a_handler_finds_the_decoded_value() {
    let cx = Propagation::new(&ALL, false).extract(&headers(&[("baggage", "node=DF%2028;p=1")]));
    let (value, properties) = cx.baggage().get_with_metadata("node").expect("the member");
    assert_eq!(value.as_str(), "DF 28");
    assert_eq!(properties.as_str(), "p=1");
}

#[test]
fn baggage_is_kept_when_the_traceparent_is_invalid() {
    each_setup(|setup, hop| {
        let outbound = hop(&headers(&[("traceparent", "garbage"), ("baggage", "a=1")]));
        assert_eq!(lines(&outbound, "baggage"), ["a=1"], "{setup}");
        assert_eq!(traceparent(&outbound).0.len(), 32, "{setup}");
    });
}

#[test]
fn a_line_that_is_not_ascii_is_left_out_and_the_others_stay() {
    each_setup(|setup, hop| {
        let outbound =
            hop(&headers(&[("baggage", &b"a=1"[..]), ("baggage", b"b=\xff"), ("baggage", b"c=3")]));
        assert_eq!(lines(&outbound, "baggage"), ["a=1,c=3"], "{setup}");
    });
}

#[test]
fn empty_baggage_is_no_header() {
    each_setup(|setup, hop| {
        for line in ["", ",", "garbage"] {
            assert!(
                !hop(&headers(&[("baggage", line)])).contains_key("baggage"),
                "{line:?} ({setup})"
            );
        }
    });
}

#[test]
fn sixty_four_members_pass_and_the_sixty_fifth_does_not() {
    for (sent, passed) in [(64, 64), (65, 64), (500, 64)] {
        let line: Vec<String> = (0..sent).map(|n| format!("k{n:03}=v")).collect();
        assert_eq!(pass(&line.join(",")), line[..passed].join(","), "{sent} sent");
    }
}

#[test]
fn eight_thousand_one_hundred_and_ninety_two_bytes_pass_and_one_more_does_not() {
    let fits = format!("a={},b=1", "x".repeat(8192 - 6));
    assert_eq!((fits.len(), pass(&fits)), (8192, fits.clone()));
    let over = format!("a={},b=12", "x".repeat(8192 - 6));
    assert_eq!(pass(&over), over[..8188], "the member that does not fit is left out");
    assert_eq!(pass(&format!("a={},b=1", "x".repeat(9000))), "b=1");
}

fn pass(line: &str) -> String {
    let propagation = Propagation::new(&ALL, false);
    let mut outbound = http::HeaderMap::new();
    propagation.inject(&propagation.extract(&headers(&[("baggage", line)])), &mut outbound);
    lines(&outbound, "baggage").concat()
}

#[test]
fn a_member_of_ours_overwrites_the_callers_and_leaves_the_others() {
    let propagation = Propagation::new(&ALL, false);
    let inbound = headers(&[("traceparent", NOT_SAMPLED), ("baggage", "a=1;p,user.id=999;forged")]);
    let cx = with_baggage(&propagation.extract(&inbound), "user.id", "1001".into());
    let mut outbound = http::HeaderMap::new();

    propagation.inject(&cx, &mut outbound);

    assert_eq!(lines(&outbound, "baggage"), ["a=1;p,user.id=1001"]);
    assert_eq!(traceparent(&outbound).0, super::TRACE_ID);
}

#[test]
fn a_member_of_ours_finds_room_in_full_baggage() {
    let propagation = Propagation::new(&ALL, false);
    let many: Vec<String> = (0..64).map(|n| format!("k{n:03}=v")).collect();
    let forged = format!("user.id=9,z={}", "x".repeat(8192 - 12));
    for (row, line) in [("64 members", many.join(",")), ("8192 bytes with ours forged", forged)] {
        let full = propagation.extract(&headers(&[("baggage", line)]));
        let cx = with_baggage(&full, "user.id", "1001".into());
        let mut outbound = http::HeaderMap::new();
        propagation.inject(&cx, &mut outbound);

        let sent = lines(&outbound, "baggage").concat();
        let ours: Vec<&str> = sent.split(',').filter(|m| m.starts_with("user.id=")).collect();
        assert_eq!(ours, ["user.id=1001"], "{row}");
        assert!(sent.len() <= 8192 && sent.split(',').count() <= 64, "{row}");
    }
}

#[test]
fn a_key_that_is_no_token_adds_nothing() {
    for key in ["", "a b", "a=b", "a,b", "é"] {
        let cx = with_baggage(&Context::new(), key, "1".into());
        assert!(cx.baggage().is_empty(), "{key:?}");
    }
}

#[test]
fn properties_set_through_the_api_cannot_break_the_header() {
    let cx = Context::new().with_baggage([opentelemetry::baggage::KeyValueMetadata::new(
        "a",
        "1",
        "p,b=2\r\nx: y",
    )]);
    let mut outbound = http::HeaderMap::new();
    Propagation::new(&ALL, false).inject(&cx, &mut outbound);
    assert_eq!(lines(&outbound, "baggage"), ["a=1"]);
}
