//! A statement as it is written down, and the span and the metric that running it leaves.
//!
//! Follows the OpenTelemetry semantic conventions for database client spans (stable). The span covers what the caller
//! waits for, a free connection included; `db_query_duration_seconds` covers the statement alone, and
//! `db_client_connection_wait_seconds` has the wait.

use std::time::Duration;

use tracing::{Span, field::Empty};

use super::error::DbError;
use crate::{metrics, names, telemetry};

/// One statement of a service: its text for every engine the service runs on, and the summary that names its span.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// `<OPERATION> <table>`, such as `INSERT users`: the span's name. The operation alone where there is no table.
    pub summary: &'static str,
    /// The SQL, with placeholders and never a value.
    pub text: &'static str,
    /// Whether each connection keeps it prepared. Not for texts that vary with the number of rows: they would push the
    /// others out.
    pub cached: bool,
}

impl Statement {
    /// A statement that every connection keeps prepared.
    #[must_use]
    pub const fn new(summary: &'static str, text: &'static str) -> Self {
        Self { summary, text, cached: true }
    }

    /// `db.operation.name`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.summary.split(' ').next().unwrap_or_default()
    }

    /// `db.collection.name`; `None` for COMMIT.
    #[must_use]
    pub fn collection(&self) -> Option<&'static str> {
        self.summary.split_once(' ').map(|(_, collection)| collection)
    }

    /// Repeating it changes nothing.
    pub(super) fn is_read(&self) -> bool {
        self.operation() == "SELECT"
    }
}

/// Which database spans speak of.
pub(super) struct Target {
    /// `peer.service`.
    pub(super) name: &'static str,
    /// `db.system.name`.
    pub(super) system: &'static str,
    /// `db.namespace`: the database's name, or the file's stem.
    pub(super) namespace: String,
    /// Host and port; `None` for a file.
    pub(super) address: Option<(String, u16)>,
}

impl Target {
    /// The CLIENT span of one statement; `attempt` is recorded from 2 on.
    pub(super) fn span(&self, statement: &Statement, attempt: u32) -> Span {
        tracing::info_span!(
            target: telemetry::SPAN_TARGET,
            "db",
            otel.name = statement.summary,
            otel.kind = "client",
            db.system.name = self.system,
            db.namespace = self.namespace,
            db.operation.name = statement.operation(),
            db.collection.name = statement.collection(),
            db.query.text = statement.text,
            db.response.returned_rows = Empty,
            db.response.status_code = Empty,
            server.address = self.address.as_ref().map(|(host, _)| host.as_str()),
            server.port = self.address.as_ref().map(|(_, port)| i64::from(*port)),
            peer.service = self.name,
            service.peer.name = self.name,
            tracechain.attempt = (attempt > 1).then_some(i64::from(attempt)),
        )
    }
}

/// Writes the outcome onto the span: the rows returned, or what went wrong.
pub(super) fn record_outcome(span: &Span, outcome: Result<Option<usize>, &DbError>) {
    match outcome {
        Ok(Some(rows)) => {
            let rows = i64::try_from(rows).unwrap_or(i64::MAX);
            span.record(names::attribute::DB_RESPONSE_RETURNED_ROWS, rows);
        }
        Ok(None) => {}
        Err(error) => {
            if let Some(code) = error.code() {
                span.record(names::attribute::DB_RESPONSE_STATUS_CODE, code);
            }
            telemetry::record_error(span, error.error_type(), &error.to_string());
        }
    }
}

/// Counts one run of `statement` that took `elapsed`.
pub(super) fn record_duration(statement: &Statement, elapsed: Duration, span: &Span) {
    metrics::db_query(
        statement.operation(),
        statement.collection().unwrap_or_default(),
        elapsed.as_secs_f64(),
        telemetry::span_ids(span).as_ref(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_gives_operation_and_collection() {
        let insert = Statement::new("INSERT order_items", "INSERT INTO order_items VALUES (?)");
        assert_eq!((insert.operation(), insert.collection()), ("INSERT", Some("order_items")));
        let commit = Statement::new("COMMIT", "COMMIT");
        assert_eq!((commit.operation(), commit.collection()), ("COMMIT", None));
    }
}
