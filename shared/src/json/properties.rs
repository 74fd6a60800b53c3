//! What holds for every body, not only for those that somebody thought of.

use garde::Validate;
use proptest::{collection::vec, prelude::*, sample};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Members, parse};

#[derive(Debug, Deserialize, Validate)]
struct Body {
    #[garde(range(min = 1))]
    user_id: i64,
    #[garde(length(chars, min = 1, max = 64))]
    action: Option<String>,
    #[garde(dive)]
    items: Option<Vec<Item>>,
}

#[derive(Debug, Deserialize, Validate)]
struct Item {
    #[garde(range(min = 1, max = 9))]
    quantity: i64,
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 4, |inner| {
        let name = prop_oneof![
            sample::select(vec!["user_id", "action", "items", "quantity"]).prop_map(str::to_owned),
            any::<String>(),
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..5).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_as_a_body_make_it_panic(body in vec(any::<u8>(), 0..200)) {
        let _ = (parse::<Body>(&body).is_ok(), Members::parse(&body).is_ok());
    }

    #[test]
    fn json_is_never_malformed_and_each_pointer_leads_to_a_member_or_to_where_one_lacks(body in any_json()) {
        let text = body.to_string();
        let Err(problem) = parse::<Body>(text.as_bytes()) else { return Ok(()) };
        let said = serde_json::to_value(problem.body("", String::new(), uuid::Uuid::nil()))
            .expect("a problem is JSON");
        prop_assert_eq!(&said["code"], "invalid", "{}", text);
        for error in said["errors"].as_array().expect("what is invalid is told") {
            let pointer = error["pointer"].as_str().expect("a pointer is text");
            let around = pointer.rsplit_once('/').map_or("", |(around, _)| around);
            prop_assert!(body.pointer(around).is_some(), "{} in {}", pointer, text);
        }
    }

    #[test]
    fn members_are_passed_on_as_they_are(body in any_json()) {
        let text = body.to_string();
        let Ok(members) = Members::parse(text.as_bytes()) else {
            prop_assert!(!body.is_object());
            return Ok(());
        };
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
        prop_assert_eq!(read(&members.to_string()), read(&text));
    }
}
