//! The question that every query API takes: GET with parameters, answered in JSON.

use serde_json::Value;

use crate::http_client::http;

/// The answer to `url` with `parameters`.
///
/// # Panics
/// When it is not a success with a JSON body; the text holds it.
pub(super) async fn ask(url: &str, parameters: &[(&str, &str)]) -> Value {
    let url = reqwest::Url::parse_with_params(url, parameters);
    let url = url.unwrap_or_else(|error| panic!("not a URL: {error}"));
    let answer = http().get(url.clone()).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("{url}: {error}"));
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    assert!(status.is_success(), "{status} from {url}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text} from {url}"))
}
