//! The target's lists of orders and audit records, a page at a time.

use std::time::Instant;

use anyhow::Context as _;
use http::Uri;
use reqwest::Url;
use serde::{Deserialize, de::DeserializeOwned};
use shared::timestamp;
use uuid::Uuid;

use super::ask::Asker;
use crate::cli::Token;

/// How far the clocks of the target's services may be apart.
const MARGIN_MICROS: i64 = 60_000_000;
/// Entries on a page, at most.
const LIMIT: &str = "200";

/// What is read of an order.
#[derive(Debug, Deserialize)]
pub(super) struct OrderRow {
    pub(super) request_id: Uuid,
    pub(super) trace_id: String,
    pub(super) audit: AuditState,
    created_at: String,
}

/// Where an order's audit record stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuditState {
    Pending,
    Recorded,
    Parked,
}

/// What is read of an audit record.
#[derive(Debug, Deserialize)]
pub(super) struct AuditRow {
    pub(super) request_id: Uuid,
    pub(super) trace_id: String,
    recorded_at: String,
}

/// A row of a list, newest first.
pub(super) trait Row: DeserializeOwned {
    const PATH: &str;
    /// RFC 3339.
    fn written_at(&self) -> &str;
}

impl Row for OrderRow {
    const PATH: &str = "/api/v1/orders";
    fn written_at(&self) -> &str {
        &self.created_at
    }
}

impl Row for AuditRow {
    const PATH: &str = "/api/v1/audit";
    fn written_at(&self) -> &str {
        &self.recorded_at
    }
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// Where a list is to be read on.
pub(super) type Cursor = Option<Place>;

/// What comes after a page.
#[derive(Debug)]
pub(super) enum Place {
    After(String),
    End,
}

/// The lists.
#[derive(Debug)]
pub(super) struct Lists {
    asker: Asker,
    target: String,
}

impl Lists {
    pub(super) fn new(target: &Uri, token: Option<&Token>) -> anyhow::Result<Self> {
        let target = target.to_string().trim_end_matches('/').to_owned();
        Ok(Self { asker: Asker::new(token)?, target })
    }

    /// The target's time, in microseconds since the Unix epoch and early enough for any of its services: that of its `Date` header, or of
    /// its newest row.
    pub(super) async fn now(&self, until: Instant) -> anyhow::Result<i64> {
        let orders = self.time_of::<OrderRow>(until).await?;
        let audit_records = self.time_of::<AuditRow>(until).await?;
        let now = [orders, audit_records].into_iter().flatten().min();
        Ok(now.map_or(i64::MIN, |now| now - MARGIN_MICROS))
    }

    async fn time_of<R: Row>(&self, until: Instant) -> anyhow::Result<Option<i64>> {
        let url = self.url::<R>(&[("limit", "1")])?;
        let answer = self.asker.ask::<Page<R>>(&url, until).await?;
        let date = answer.date.map(|date| date.unix_timestamp() * 1_000_000);
        let newest = answer.body.items.first();
        let newest = newest.and_then(|row| timestamp::parse_rfc3339(row.written_at()));
        Ok([date, newest].into_iter().flatten().min())
    }

    /// The next page of rows; `None` behind the last one, or behind the last that is not from before `since`.
    pub(super) async fn page<R: Row>(
        &self,
        since: i64,
        at: &mut Cursor,
        until: Instant,
    ) -> anyhow::Result<Option<Vec<R>>> {
        let url = match at {
            None => self.url::<R>(&[("limit", LIMIT)])?,
            Some(Place::After(after)) => self.url::<R>(&[("limit", LIMIT), ("after", after)])?,
            Some(Place::End) => return Ok(None),
        };
        let page: Page<R> = self.asker.ask(&url, until).await?.body;
        let oldest = page.items.last().and_then(|row| timestamp::parse_rfc3339(row.written_at()));
        let more = oldest.is_some_and(|oldest| oldest >= since);
        let next = page.next.filter(|_| more);
        *at = Some(next.map_or(Place::End, Place::After));
        Ok(Some(page.items))
    }

    /// All rows of one request.
    pub(super) async fn rows_of(
        &self,
        id: Uuid,
        until: Instant,
    ) -> anyhow::Result<(Vec<OrderRow>, Vec<AuditRow>)> {
        Ok((self.of_request(id, until).await?, self.of_request(id, until).await?))
    }

    async fn of_request<R: Row>(&self, id: Uuid, until: Instant) -> anyhow::Result<Vec<R>> {
        let url = self.url::<R>(&[("request_id", &id.to_string())])?;
        let page: Page<R> = self.asker.ask(&url, until).await?.body;
        Ok(page.items)
    }

    fn url<R: Row>(&self, query: &[(&str, &str)]) -> anyhow::Result<Url> {
        let url = format!("{}{}", self.target, R::PATH);
        Url::parse_with_params(&url, query).with_context(|| format!("{url} is no address"))
    }
}
