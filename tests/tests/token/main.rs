//! `API_TOKEN` on the real chain: who wants it, who passes it on, and that nothing ever tells it, nor any other secret.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod hops;
mod routes;
mod secrets;

/// The token of the chains here.
const TOKEN: &str = "s3cret-T0ken.of~the+chain/0==";

/// `Authorization` with it.
fn bearer() -> String {
    format!("Bearer {TOKEN}")
}
