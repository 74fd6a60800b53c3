//! Which failures may be tried again: those where the request certainly never reached the callee.

use reqwest_middleware::{Error, Result};
use reqwest_retry::{Retryable, RetryableStrategy};

/// Only a connection that was not made, or one that the server closed without reading the request, is safe to repeat: a
/// connection that broke later may well have been answered.
pub(super) struct NeverSent;

impl RetryableStrategy for NeverSent {
    fn handle(&self, result: &Result<reqwest::Response>) -> Option<Retryable> {
        let Err(Error::Reqwest(error)) = result else { return None };
        (error.is_connect() || was_canceled(error)).then_some(Retryable::Transient)
    }
}

fn was_canceled(error: &reqwest::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(current) = source {
        if current.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled) {
            return true;
        }
        source = current.source();
    }
    false
}
