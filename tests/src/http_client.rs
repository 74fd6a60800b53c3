//! The plain HTTP client that tests ask services with: no proxy of the environment, no retries, no connection kept.

use std::sync::OnceLock;
use std::time::Duration;

/// Longer than any service takes, so that a test sees the service's own deadline.
const DEADLINE: Duration = Duration::from_secs(60);

/// A client for one test: connections are not kept between requests, so none is left over from another runtime.
///
/// # Panics
/// When the TLS library cannot be set up.
#[must_use]
pub fn http() -> reqwest::Client {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    // An error means that the process has a provider already, which is as good.
    PROVIDER
        .get_or_init(|| rustls::crypto::ring::default_provider().install_default().unwrap_or(()));
    let client = reqwest::Client::builder()
        .no_proxy()
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .timeout(DEADLINE)
        .build();
    client.unwrap_or_else(|error| panic!("cannot make an HTTP client: {error}"))
}
