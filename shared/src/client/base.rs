//! The address of a service, as configuration gives it.

use anyhow::Context as _;
use reqwest::Url;

/// Checks the URL of a service: what a `Config` parses its URLs with.
///
/// # Errors
/// Says what is accepted when `text` is anything else than an http or https URL.
pub fn base_url(text: &str) -> Result<String, String> {
    service_url(text).map(String::from).map_err(|error| error.to_string())
}

/// A base URL that paths can be joined to; a missing scheme is taken as http.
pub(super) fn service_url(text: &str) -> anyhow::Result<Url> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&format!("{}/", with_scheme.trim_end_matches('/')))
        .context("accepted: http://host:port or https://host:port")?;
    // What else it could hold would stand in the `url.full` of every span.
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https") && url.has_host() && bare,
        "accepted: http://host:port or https://host:port, without user, password or query"
    );
    Ok(url)
}
