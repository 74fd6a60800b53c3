use super::*;

#[derive(Debug, serde::Deserialize, Validate)]
struct Order {
    #[garde(range(min = 1))]
    user_id: i64,
    #[serde(default)]
    #[garde(dive)]
    items: Vec<Item>,
}

#[derive(Debug, serde::Deserialize, Validate)]
struct Item {
    #[garde(range(min = 1))]
    quantity: i64,
}

fn pointers(body: &str) -> (u16, Vec<String>) {
    let problem = parse::<Order>(body.as_bytes()).unwrap_err();
    let body = problem.body("s", String::new(), uuid::Uuid::nil());
    (body.status, body.errors.into_iter().map(|error| error.pointer).collect())
}

#[test]
fn a_coded_body_is_refused_before_it_is_read() {
    let headers = |coding: &str| -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_ENCODING, coding.parse().unwrap())])
    };
    for coding in ["gzip", "identity, gzip", "br"] {
        let problem = expect_plain(&headers(coding)).unwrap_err();
        assert_eq!((problem.status().as_u16(), problem.code()), (415, "unsupported_media_type"));
    }
    assert!(expect_plain(&headers("Identity")).is_ok());
    assert!(expect_plain(&HeaderMap::new()).is_ok());
}

#[test]
fn a_text_that_is_not_utf_8_is_not_json_though_nobody_reads_it() {
    let error = parse::<Order>(b"{\"user_id\": 1, \"other\": \"\xff\"}").unwrap_err();
    assert_eq!(error.code(), "malformed_json");
}

#[test]
fn a_value_of_another_type_is_told_by_its_kind_and_not_repeated() {
    for (body, told) in [
        (r#"{"user_id": "ada@example.org"}"#, "/user_id: invalid type: string, expected i64"),
        (r#"{"user_id": "a\", expected \"b"}"#, "/user_id: invalid type: string, expected i64"),
        (r#"{"user_id": 1.5}"#, "/user_id: invalid type: floating point, expected i64"),
        (r#"{"user_id": null}"#, "/user_id: invalid type: null, expected i64"),
    ] {
        let problem = parse::<Order>(body.as_bytes()).unwrap_err();
        let body = problem.body("s", String::new(), uuid::Uuid::nil());
        assert_eq!(body.detail, told);
    }
    let whole = parse::<Order>(b"[]").unwrap_err();
    let detail = whole.body("s", String::new(), uuid::Uuid::nil()).detail;
    assert!(detail.starts_with("the body: "), "{detail}");
}

#[test]
fn each_fault_has_its_status_and_pointer() {
    let cases: [(&str, u16, &[&str]); 13] = [
        ("{", 400, &[]),
        ("{\"user_id\": \"1\"", 400, &[]),
        ("\u{feff}{\"user_id\": 1}", 400, &[]),
        ("[1, []]", 422, &[""]),
        ("[\"1\"]", 422, &[""]),
        ("{\"user_id\": \"\\ud800\"}", 422, &["/user_id"]),
        ("{\"user_id\": 1} x", 400, &[]),
        ("", 400, &[]),
        ("{}", 422, &["/user_id"]),
        ("[]", 422, &[""]),
        ("{\"user_id\": \"1\"}", 422, &["/user_id"]),
        (
            "{\"user_id\": 0, \"items\": [{\"quantity\": 0}]}",
            422,
            &["/user_id", "/items/0/quantity"],
        ),
        ("{\"user_id\": 1, \"items\": [{}]}", 422, &["/items/0/quantity"]),
    ];
    for (body, status, expected) in cases {
        let (found, mut found_pointers) = pointers(body);
        found_pointers.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(
            (found, found_pointers),
            (status, expected.iter().map(ToString::to_string).collect()),
            "{body}"
        );
    }
}
