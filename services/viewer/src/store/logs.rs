//! Log records, oldest out first.

use std::{collections::VecDeque, sync::Arc};

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

use super::{StoredOrigin, origins::Origins, stats::Stats};
use crate::{TraceId, wire::Origin};

/// A record's two queue slots, its allocation and its reference counts.
const OVERHEAD: usize = 2 * size_of::<StoredLog>() + 32;
/// No record may take more than this part of the budget.
const RECORD_SHARE: usize = 8;

/// A log record as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct StoredLog {
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) origin: Arc<StoredOrigin>,
    bytes: Arc<[u8]>,
}

impl StoredLog {
    pub(crate) fn decode(&self) -> Option<LogRecord> {
        LogRecord::decode(&*self.bytes).ok()
    }
}

/// A log record and who made it.
#[derive(Clone, Debug)]
pub struct ServiceLog {
    pub service: String,
    pub record: LogRecord,
}

/// A log record to be stored, checked and still encoded.
#[derive(Debug)]
pub(crate) struct NewLog<'a> {
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) bytes: &'a [u8],
}

/// Log records of one resource and scope.
#[derive(Debug)]
pub(crate) struct LogGroup<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) records: Vec<NewLog<'a>>,
}

/// Invariant: `bytes() <= budget` whenever no insert is running.
#[derive(Debug)]
pub(super) struct Logs {
    records: VecDeque<StoredLog>,
    origins: Origins,
    records_bytes: usize,
    budget: usize,
}

impl Logs {
    pub(super) fn within(budget: usize) -> Self {
        Self { records: VecDeque::new(), origins: Origins::default(), records_bytes: 0, budget }
    }

    /// Stores the records of a group and returns how many were refused as too large.
    pub(super) fn insert(&mut self, group: &LogGroup<'_>, stats: &mut Stats) -> u64 {
        let longest = (self.budget / RECORD_SHARE).checked_sub(group.origin.len());
        let origin = self.origins.acquire(group.origin);
        let mut refused = 0;
        for log in &group.records {
            if longest.is_some_and(|longest| log.bytes.len() <= longest) {
                self.insert_record(log, &origin, stats);
            } else {
                refused += 1;
            }
        }
        self.origins.release(&origin);
        refused
    }

    fn insert_record(&mut self, log: &NewLog<'_>, origin: &Arc<StoredOrigin>, stats: &mut Stats) {
        self.origins.reuse(origin);
        let bytes = log.bytes.into();
        self.records.push_back(StoredLog {
            trace_id: log.trace_id,
            origin: Arc::clone(origin),
            bytes,
        });
        self.records_bytes += log.bytes.len() + OVERHEAD;
        stats.logs_stored += 1;
        while self.bytes() > self.budget
            && let Some(oldest) = self.records.pop_front()
        {
            self.records_bytes -= oldest.bytes.len() + OVERHEAD;
            self.origins.release(&oldest.origin);
            stats.logs_evicted += 1;
        }
        if self.records.capacity() > 64 && self.records.len() < self.records.capacity() / 2 {
            self.records.shrink_to(self.records.len() + self.records.len() / 2);
        }
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &StoredLog> {
        self.records.iter().rev()
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.records_bytes + self.origins.bytes()
    }
}
