//! Which body came first with an idempotency key.

use std::time::Instant;

use shared::db::{DbError, STATEMENT_TIMEOUT, Statement};
use uuid::Uuid;

use super::Store;

const INSERT: Statement = Statement::new(
    "INSERT requests",
    "INSERT INTO requests (request_id, body_sha256, created_at, trace_id) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (request_id) DO NOTHING",
);
const SELECT: Statement =
    Statement::new("SELECT requests", "SELECT body_sha256 FROM requests WHERE request_id = $1");

/// What a request id was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Never seen before.
    New,
    /// Seen with the same body: a repeat.
    SameBody,
    /// Seen with another body: to be refused.
    OtherBody,
}

impl Store {
    /// Ties the request id to its body, lastingly and before anything else is written; `created_at` in microseconds.
    pub async fn claim_request(
        &self,
        request_id: Uuid,
        body_sha256: &[u8; 32],
        created_at: i64,
        trace_id: &str,
    ) -> Result<Claim, DbError> {
        let body: &[u8] = body_sha256;
        let row = [request_id.into(), body.into(), created_at.into(), trace_id.into()];
        let soon = Instant::now() + STATEMENT_TIMEOUT;
        if self.db.execute_until(&INSERT, &row, soon).await? == 1 {
            return Ok(Claim::New);
        }
        let row = self.db.fetch_one(&SELECT, &[request_id.into()]).await?;
        let first: Vec<u8> = row.get(0).map_err(|error| self.db.error(error))?;
        Ok(if first == body { Claim::SameBody } else { Claim::OtherBody })
    }
}
