//! What the rows say of the answers.

use std::fmt::{self, Display, Formatter};

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// Ids of each kind of mismatch that are shown to people; the JSON has all.
const SHOWN: usize = 3;

/// Answers held against the rows that they must have made. Requests are told apart by their `Idempotency-Key`.
#[derive(Clone, Debug, Default, JsonSchema, PartialEq, Serialize)]
pub struct Summary {
    /// Requests answered with 200, 201 or 202: each has one order and one audit record.
    pub done: Rows,
    /// Requests refused (4xx, or 503 that was shed) or never sent: they have no row.
    pub refused: Rows,
    /// Requests answered with another status, or not at all: each has one order and one audit record, or none of both.
    pub indeterminate: Rows,
    /// Where rows and answers do not agree.
    pub mismatches: Vec<Mismatch>,
    /// Why the rows could not be read; absent where they were. Then nothing else of this is to be relied on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Requests of one kind, and their rows.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Rows {
    /// Requests.
    pub requests: u64,
    /// Orders of these.
    pub orders: u64,
    /// Audit records of these.
    pub audit_records: u64,
}

/// Requests whose rows do not agree with their answers, all in the same way.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Mismatch {
    /// In which way.
    pub kind: Kind,
    /// How many requests.
    pub count: u64,
    /// Their ids, all of them.
    #[schemars(with = "Vec<String>")]
    pub request_ids: Vec<Uuid>,
}

/// A way in which rows and answers do not agree.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Done, and there is no order.
    OrderMissing,
    /// More than one order.
    OrderDuplicated,
    /// Refused, and there is an order.
    OrderUnexpected,
    /// The order was made in another trace than its request's.
    OrderInAnotherTrace,
    /// There is an order that is said to be audited, and no audit record.
    AuditMissing,
    /// More than one audit record.
    AuditDuplicated,
    /// Refused, and there is an audit record.
    AuditUnexpected,
    /// An audit record without an order.
    AuditWithoutOrder,
    /// The audit record was made in another trace than its request's.
    AuditInAnotherTrace,
    /// The audit record was still to be delivered when the time to wait was over.
    AuditPending,
    /// The audit record was refused by audit and will not be delivered.
    AuditParked,
}

impl Kind {
    fn told(self) -> &'static str {
        match self {
            Self::OrderMissing => "done without an order",
            Self::OrderDuplicated => "with more than one order",
            Self::OrderUnexpected => "refused, yet with an order",
            Self::OrderInAnotherTrace => "with the order in another trace",
            Self::AuditMissing => "without their audit record",
            Self::AuditDuplicated => "with more than one audit record",
            Self::AuditUnexpected => "refused, yet with an audit record",
            Self::AuditWithoutOrder => "with an audit record and no order",
            Self::AuditInAnotherTrace => "with the audit record in another trace",
            Self::AuditPending => "whose audit record is still pending",
            Self::AuditParked => "whose audit record is parked: audit refused it",
        }
    }
}

impl Summary {
    /// Of rows that could not be read.
    pub(super) fn failed(error: String) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// Whether all rows agree with all answers.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.mismatches.is_empty() && self.error.is_none()
    }
}

impl Display for Summary {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(error) = &self.error {
            return write!(out, "Rows could not be reconciled: {error}");
        }
        let Rows { requests, orders, audit_records } = self.done;
        write!(out, "{requests} answers, {orders} orders, {audit_records} audit records")?;
        for (name, rows) in [("refused", self.refused), ("indeterminate", self.indeterminate)] {
            let Rows { requests, orders, audit_records } = rows;
            if requests > 0 {
                write!(
                    out,
                    "\n  {requests} {name}: {orders} orders, {audit_records} audit records"
                )?;
            }
        }
        self.mismatches.iter().try_for_each(|mismatch| write!(out, "\n  {mismatch}"))
    }
}

impl Display for Mismatch {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.request_ids.iter().take(SHOWN).map(Uuid::to_string).collect();
        write!(out, "{} {}: {}", self.count, self.kind.told(), ids.join(", "))?;
        if self.request_ids.len() > SHOWN { write!(out, ", …") } else { Ok(()) }
    }
}
