//! From SQL to trace: the comment by which a statement in a server's list or log of statements leads to its span.
//!
//! Follows the specification of sqlcommenter: `/*traceparent='00-<trace id>-<span id>-<flags>'*/` behind the statement, the ids
//! being those of the database span itself (W3C Trace Context, the sampled flag as it is).
//!
//! Invariant: nothing that a client sent is in the comment, only ids that were parsed or made here.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};
use tracing::Span;

use super::{
    engine::{Engine, fixed},
    statement::Statement,
};
use crate::telemetry::{self, SpanIds};

/// Whether statements carry comments.
pub(super) struct Comments {
    on: bool,
}

impl Comments {
    /// SQLite has neither a list nor a log that one could start from.
    pub(super) fn new(wanted: bool, engine: Engine) -> Self {
        Self { on: wanted && engine != Engine::Sqlite }
    }

    /// What is sent for a statement, and whether the connection is to keep it prepared. A text with ids comes once: kept, it
    /// would push the others out, so it is prepared for this one run, at the price of one more round trip.
    pub(super) fn text_of(&self, statement: &Statement, span: &Span) -> (SqlStr, bool) {
        match telemetry::span_ids(span).filter(|_| self.on) {
            Some(ids) => (commented(statement.text, ids), false),
            None => (fixed(statement.text), statement.cached),
        }
    }
}

fn commented(text: &str, SpanIds { trace_id, span_id, sampled }: SpanIds) -> SqlStr {
    let flags = u8::from(sampled);
    // The text is the program's own, and the ids are hexadecimal digits.
    AssertSqlSafe(format!("{text} /*traceparent='00-{trace_id}-{span_id}-{flags:02x}'*/"))
        .into_sql_str()
}

#[cfg(test)]
mod tests {
    use opentelemetry::{SpanId, TraceId};

    use super::*;

    fn ids(sampled: bool) -> SpanIds {
        let (trace_id, span_id) = (TraceId::from(0xab), SpanId::from(0xcd));
        SpanIds { trace_id, span_id, sampled }
    }

    #[test]
    fn the_comment_ends_the_statement_and_tells_whether_the_trace_is_recorded() {
        for (sampled, flags) in [(true, "01"), (false, "00")] {
            let text = commented("SELECT 1", ids(sampled));
            let expected = format!("00-{:032x}-{:016x}-{flags}", 0xab, 0xcd);
            assert_eq!(text.as_str(), format!("SELECT 1 /*traceparent='{expected}'*/"));
        }
    }

    #[test]
    fn without_a_span_or_a_wish_the_statement_stays_as_it_is_and_is_kept() {
        let statement = Statement::new("SELECT notes", "SELECT 1");
        for comments in [
            Comments::new(true, Engine::Postgres),
            Comments::new(false, Engine::MySql),
            Comments::new(true, Engine::Sqlite),
        ] {
            let (text, cached) = comments.text_of(&statement, &Span::none());
            assert_eq!((text.as_str(), cached), ("SELECT 1", true));
        }
    }
}
