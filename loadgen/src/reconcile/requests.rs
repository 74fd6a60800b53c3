//! The requests of a run, each with what its rows have shown so far. Pure.

use std::{collections::BTreeMap, num::Saturating};

use opentelemetry::trace::TraceId;
use uuid::Uuid;

use super::{
    lists::{AuditRow, AuditState, OrderRow},
    summary::{Kind, Mismatch, Rows, Summary},
};
use crate::outcome::{Answer, End, Outcome};

/// What must be there of a request. Of two requests with the same key, the later of these counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Class {
    /// No row.
    Refused,
    /// One order and one audit record, or none.
    Indeterminate,
    /// One order and one audit record.
    Done,
}

/// A request that carried a key, and how it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    id: Uuid,
    /// What its rows must have; all zero where that is not known.
    trace_id: TraceId,
    class: Class,
}

impl Noted {
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let id = outcome.sent.request_id?;
        let class = class(&outcome.end);
        let trace_id = trace_id(outcome).unwrap_or(TraceId::INVALID);
        Some(Self { id, trace_id, class })
    }
}

fn class(end: &End) -> Class {
    match end {
        End::NotStarted => Class::Refused,
        End::Failed(_) => Class::Indeterminate,
        End::Answered(answer) => match answer.status {
            200..=202 => Class::Done,
            400..=499 => Class::Refused,
            503 if is_shed(answer) => Class::Refused,
            _ => Class::Indeterminate,
        },
    }
}

/// 503 because the service had too much to do, or was starting or stopping: it has done nothing.
fn is_shed(answer: &Answer) -> bool {
    let code = answer.said.as_ref().and_then(|said| said.code.as_deref());
    matches!(code, Some("overloaded" | "unavailable"))
}

/// A replay has the rows of the request that it repeats, whose trace the answer names.
fn trace_id(outcome: &Outcome) -> Option<TraceId> {
    let said = match &outcome.end {
        End::Answered(answer) => answer.said.as_ref(),
        End::Failed(_) | End::NotStarted => None,
    };
    let sent = outcome.sent.root.map(|root| root.trace_id);
    match said {
        Some(said) if said.replayed => said.trace_id,
        said => sent.or_else(|| said?.trace_id),
    }
}

#[derive(Debug)]
struct Request {
    noted: Noted,
    orders: Saturating<u8>,
    audit_records: Saturating<u8>,
    state: AuditState,
    order_elsewhere: bool,
    audit_elsewhere: bool,
}

/// All requests, found by their id.
#[derive(Debug)]
pub(super) struct Requests(Vec<Request>);

impl Requests {
    pub(super) fn new(mut noted: Vec<Noted>) -> Self {
        // The one that counts first, since the first of each id is kept.
        noted.sort_unstable_by_key(|noted| (noted.id, std::cmp::Reverse(noted.class)));
        noted.dedup_by_key(|noted| noted.id);
        Self(noted.into_iter().map(Request::new).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn id(&self, index: usize) -> Uuid {
        self.0[index].noted.id
    }

    /// Books an order, unless it is another's.
    pub(super) fn has_order(&mut self, row: &OrderRow) {
        if let Some(request) = self.find(row.request_id) {
            request.has_order(row);
        }
    }

    /// Books an audit record, unless it is another's.
    pub(super) fn has_audit_record(&mut self, row: &AuditRow) {
        if let Some(request) = self.find(row.request_id) {
            request.has_audit_record(row);
        }
    }

    /// Forgets what is known of a request's rows, and books these, which are all that there are.
    pub(super) fn look(&mut self, index: usize, orders: &[OrderRow], audit_records: &[AuditRow]) {
        let request = &mut self.0[index];
        *request = Request::new(request.noted);
        orders.iter().for_each(|row| request.has_order(row));
        audit_records.iter().for_each(|row| request.has_audit_record(row));
    }

    /// The requests whose rows do not agree, as far as they are known.
    pub(super) fn open(&self) -> Vec<usize> {
        (0..self.0.len()).filter(|index| self.is_open(*index)).collect()
    }

    pub(super) fn is_open(&self, index: usize) -> bool {
        self.0[index].mismatches().next().is_some()
    }

    pub(super) fn is_pending(&self, index: usize) -> bool {
        self.0[index].is_pending()
    }

    pub(super) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        let mut mismatches: BTreeMap<Kind, Vec<Uuid>> = BTreeMap::new();
        for request in &self.0 {
            let rows = match request.noted.class {
                Class::Done => &mut summary.done,
                Class::Refused => &mut summary.refused,
                Class::Indeterminate => &mut summary.indeterminate,
            };
            request.add_to(rows);
            for kind in request.mismatches() {
                mismatches.entry(kind).or_default().push(request.noted.id);
            }
        }
        let mismatch = |(kind, request_ids): (Kind, Vec<Uuid>)| Mismatch {
            kind,
            count: request_ids.len() as u64,
            request_ids,
        };
        Summary { mismatches: mismatches.into_iter().map(mismatch).collect(), ..summary }
    }

    fn find(&mut self, id: Uuid) -> Option<&mut Request> {
        let index = self.0.binary_search_by_key(&id, |request| request.noted.id).ok()?;
        self.0.get_mut(index)
    }
}

impl Request {
    fn new(noted: Noted) -> Self {
        Self {
            noted,
            orders: Saturating(0),
            audit_records: Saturating(0),
            state: AuditState::Recorded,
            order_elsewhere: false,
            audit_elsewhere: false,
        }
    }

    fn has_order(&mut self, row: &OrderRow) {
        self.orders += 1;
        self.state = row.audit;
        self.order_elsewhere |= self.is_elsewhere(&row.trace_id);
    }

    fn has_audit_record(&mut self, row: &AuditRow) {
        self.audit_records += 1;
        self.audit_elsewhere |= self.is_elsewhere(&row.trace_id);
    }

    fn is_elsewhere(&self, trace_id: &str) -> bool {
        let is = self.noted.trace_id;
        is != TraceId::INVALID && TraceId::from_hex(trace_id).ok() != Some(is)
    }

    fn is_pending(&self) -> bool {
        self.orders.0 > 0 && self.state == AuditState::Pending
    }

    fn add_to(&self, rows: &mut Rows) {
        rows.requests += 1;
        rows.orders += u64::from(self.orders.0);
        rows.audit_records += u64::from(self.audit_records.0);
    }

    fn mismatches(&self) -> impl Iterator<Item = Kind> {
        let (orders, audit_records) = (self.orders.0, self.audit_records.0);
        let class = self.noted.class;
        let (refused, done) = (class == Class::Refused, class == Class::Done);
        let lacking = !refused && audit_records == 0 && (done || orders > 0);
        let state = (!refused && orders > 0).then_some(self.state);
        let (pending, parked) =
            (state == Some(AuditState::Pending), state == Some(AuditState::Parked));
        let kinds = [
            (Kind::OrderMissing, done && orders == 0),
            (Kind::OrderDuplicated, !refused && orders > 1),
            (Kind::OrderUnexpected, refused && orders > 0),
            (Kind::OrderInAnotherTrace, !refused && self.order_elsewhere),
            (Kind::AuditMissing, lacking && !pending && !parked),
            (Kind::AuditDuplicated, !refused && audit_records > 1),
            (Kind::AuditUnexpected, refused && audit_records > 0),
            (Kind::AuditWithoutOrder, !refused && !done && orders == 0 && audit_records > 0),
            (Kind::AuditInAnotherTrace, !refused && self.audit_elsewhere),
            (Kind::AuditPending, pending),
            (Kind::AuditParked, parked),
        ];
        kinds.into_iter().filter_map(|(kind, is)| is.then_some(kind))
    }
}

#[cfg(test)]
mod tests;
