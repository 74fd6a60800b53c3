//! Answers of this system, of others, and of none.

use http::HeaderMap;
use opentelemetry::trace::TraceId;

use super::read;
use crate::outcome::Said;

const ID: &str = "0af7651916cd43dd8448eb211c80319c";

fn id() -> TraceId {
    TraceId::from_hex(ID).expect("a trace id")
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
        .collect()
}

fn body(text: &str) -> Said {
    read(&HeaderMap::new(), text.as_bytes())
}

#[test]
fn an_answer_names_its_trace_and_the_services_of_its_chain() {
    let said = body(&format!(
        r#" {{"status":"completed","trace_id":"{ID}","user":{{"code":"no"}},
            "chain":[{{"service":"gateway","trace_id":"{ID}","span_id":"b7ad6b7169203331","duration_ms":1.5}},
                     {{"service":"user-\u0073ervice","trace_id":"{ID}"}}]}}"#
    ));

    let chain = vec![("gateway".to_owned(), id()), ("user-service".to_owned(), id())];
    assert_eq!(said, Said { trace_id: Some(id()), chain, ..Said::default() });
}

#[test]
fn a_problem_names_its_code_and_the_service_that_failed() {
    let said = body(r#"{"status":503,"code":"dependency_unavailable","service":"order-service"}"#);

    assert_eq!(said.code.as_deref(), Some("dependency_unavailable"));
    assert_eq!(said.service.as_deref(), Some("order-service"));
}

#[test]
fn headers_speak_where_the_body_does_not() {
    let sampled = format!("00-{ID}-b7ad6b7169203331-03");
    let said =
        read(&headers(&[("traceresponse", &sampled), ("idempotency-replayed", "true")]), b"<p>");

    let (trace_id, made_in) = (Some(id()), Some(id()));
    let expected =
        Said { trace_id, made_in, sampled: Some(true), replayed: true, ..Said::default() };
    assert_eq!(said, expected);
    let unsampled = format!("00-{ID}-b7ad6b7169203331-02");
    assert_eq!(read(&headers(&[("traceresponse", &unsampled)]), b"").sampled, Some(false));
}

#[test]
fn the_body_goes_before_the_header() {
    let other = "00-11111111111111111111111111111111-b7ad6b7169203331-01";
    let text = format!(r#"{{"trace_id":"{ID}"}}"#);

    let said = read(&headers(&[("traceresponse", other)]), text.as_bytes());

    // Both are kept: a row has the trace that made it.
    assert_eq!(
        (said.trace_id, said.made_in),
        (Some(id()), TraceId::from_hex(&"1".repeat(32)).ok())
    );
}

#[test]
fn members_of_another_kind_say_nothing_and_do_not_hide_the_others() {
    let said = body(&format!(
        r#"{{"trace_id":7,"code":{{"a":[1]}},"service":"audit-service","chain":[1,null,{{"service":"x"}},
            {{"service":"y","trace_id":"{ID}"}}]}}"#
    ));

    let chain = vec![("y".to_owned(), id())];
    let service = Some("audit-service".to_owned());
    assert_eq!(said, Said { service, chain, ..Said::default() });
}

#[test]
fn what_is_no_object_or_no_trace_id_says_nothing() {
    let zeros = format!(r#"{{"trace_id":"{}"}}"#, "0".repeat(32));
    let array = format!(r#"["{ID}","code","service"]"#);
    for text in ["", "null", "{", "{}}", r#"{"trace_id":"0af7"}"#, r#"{"code":""}"#, &zeros, &array]
    {
        assert_eq!(body(text), Said::default(), "{text}");
    }
    for value in ["", "00", "00-0af7-b7ad6b7169203331-01", "00-zz-1-1", "\u{e4}"] {
        assert_eq!(read(&headers(&[("traceresponse", value)]), b""), Said::default(), "{value}");
    }
}

#[test]
fn a_name_with_control_characters_is_none() {
    for bad in [r"a\nb", r"a\u001b[2Jb", r"a\u009bb", "a\u{7f}", "a\u{202e}b", r"\u0000"] {
        let said = body(&format!(
            r#"{{"code":"{bad}","service":"{bad}","chain":[{{"service":"{bad}","trace_id":"{ID}"}}]}}"#
        ));
        assert_eq!(said, Said::default(), "{bad:?}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let entries = vec![format!(r#"{{"service":"{}","trace_id":"{ID}"}}"#, "ä".repeat(1000)); 1000];
    let said =
        body(&format!(r#"{{"chain":[{}],"code":"{}"}}"#, entries.join(","), "c".repeat(500)));

    assert_eq!(said.chain.len(), 64);
    assert!(said.chain.iter().all(|(service, _)| service.chars().count() == 128));
    assert_eq!(said.code.map(|code| code.len()), Some(128));
}
