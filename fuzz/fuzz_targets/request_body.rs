//! Request bodies of any bytes: as what a service reads, as members that are passed on, as a page's cursor and as faults.
#![no_main]

use garde::Validate;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use shared::{
    faults::Faults,
    json::{self, Members},
    page::PageQuery,
};
use uuid::Uuid;

/// A body of every kind of member that the services read.
#[derive(Deserialize, Validate)]
#[expect(dead_code, reason = "it is read to be checked")]
struct Body {
    #[garde(range(min = 1, max = 9_007_199_254_740_991))]
    user_id: i64,
    #[garde(length(chars, min = 1, max = 64))]
    action: String,
    #[garde(inner(length(chars, min = 1, max = 200)))]
    user_name: Option<String>,
    #[garde(length(max = 50), dive)]
    items: Option<Vec<Item>>,
    #[garde(skip)]
    request_id: Option<Uuid>,
}

#[derive(Deserialize, Validate)]
struct Item {
    #[garde(length(chars, min = 1, max = 64))]
    sku: String,
    #[garde(range(min = 1, max = 1_000_000))]
    quantity: i64,
}

fuzz_target!(|bytes: &[u8]| {
    if let Err(problem) = json::parse::<Body>(bytes) {
        let _ = format!("{problem:?}");
    }
    if let Ok(members) = Members::parse(bytes) {
        let passed_on = members.to_string();
        let again = Members::parse(passed_on.as_bytes()).expect("what is passed on is JSON");
        assert_eq!(again.to_string(), passed_on);
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = PageQuery { limit: None, after: Some(text.to_owned()) }.cursor::<Uuid>();
        if let Ok(faults) = text.parse::<Faults>() {
            let written = faults.to_string();
            let again: Faults = written.parse().expect("faults can be read as they are written");
            assert_eq!(again.to_string(), written);
        }
    }
});
