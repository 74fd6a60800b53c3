//! The target's lists of orders and audit records, a page at a time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use http::{StatusCode, Uri, header};
use reqwest::{Client, RequestBuilder, Response, Url, redirect};
use serde::{Deserialize, de::DeserializeOwned};
use shared::timestamp;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use uuid::Uuid;

use crate::cli::Token;

/// How far the clocks of the target's services may be apart.
const MARGIN_MICROS: i64 = 60_000_000;
/// One page may take so long.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A target that is overloaded by what was just sent gets so long to answer again.
const RETRIES: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(250);
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
    client: Client,
    target: String,
    token: Option<Token>,
}

impl Lists {
    pub(super) fn new(target: &Uri, token: Option<&Token>) -> anyhow::Result<Self> {
        // An error means that the process has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .context("no HTTP client for --reconcile")?;
        let target = target.to_string().trim_end_matches('/').to_owned();
        Ok(Self { client, target, token: token.cloned() })
    }

    /// The target's time, in microseconds since the Unix epoch and early enough for any of its services: that of its `Date` header, or of
    /// its newest row.
    pub(super) async fn now(&self) -> anyhow::Result<i64> {
        let orders = self.time_of::<OrderRow>().await?;
        let audit_records = self.time_of::<AuditRow>().await?;
        let now = [orders, audit_records].into_iter().flatten().min();
        Ok(now.map_or(i64::MIN, |now| now - MARGIN_MICROS))
    }

    async fn time_of<R: Row>(&self) -> anyhow::Result<Option<i64>> {
        let url = self.url::<R>(&[("limit", "1")])?;
        let response = self.get_once(&url).await?;
        let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
        let date = date.map(|date| date.unix_timestamp() * 1_000_000);
        let page: Page<R> = parsed(response, &url).await?;
        let newest = page.items.first().and_then(|row| timestamp::parse_rfc3339(row.written_at()));
        Ok([date, newest].into_iter().flatten().min())
    }

    /// The next page of rows; `None` behind the last one, or behind the last that is not from before `since`.
    pub(super) async fn page<R: Row>(
        &self,
        since: i64,
        at: &mut Cursor,
    ) -> anyhow::Result<Option<Vec<R>>> {
        let url = match at {
            None => self.url::<R>(&[("limit", LIMIT)])?,
            Some(Place::After(after)) => self.url::<R>(&[("limit", LIMIT), ("after", after)])?,
            Some(Place::End) => return Ok(None),
        };
        let page: Page<R> = self.get(&url).await?;
        let oldest = page.items.last().and_then(|row| timestamp::parse_rfc3339(row.written_at()));
        let more = oldest.is_some_and(|oldest| oldest >= since);
        let next = page.next.filter(|_| more);
        *at = Some(next.map_or(Place::End, Place::After));
        Ok(Some(page.items))
    }

    /// All rows of one request.
    pub(super) async fn rows_of(&self, id: Uuid) -> anyhow::Result<(Vec<OrderRow>, Vec<AuditRow>)> {
        let id = id.to_string();
        let orders: Page<OrderRow> =
            self.get(&self.url::<OrderRow>(&[("request_id", &id)])?).await?;
        let audit_records: Page<AuditRow> =
            self.get(&self.url::<AuditRow>(&[("request_id", &id)])?).await?;
        Ok((orders.items, audit_records.items))
    }

    fn url<R: Row>(&self, query: &[(&str, &str)]) -> anyhow::Result<Url> {
        let url = format!("{}{}", self.target, R::PATH);
        Url::parse_with_params(&url, query).with_context(|| format!("{url} is no address"))
    }

    /// Tries again what may pass.
    async fn get<T: DeserializeOwned>(&self, url: &Url) -> anyhow::Result<T> {
        let end = Instant::now() + RETRIES;
        loop {
            match self.request(url).send().await {
                Ok(response) if !may_pass(response.status()) => {
                    return parsed(answered(response, url)?, url).await;
                }
                tried if Instant::now() >= end => return parsed(checked(tried, url)?, url).await,
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn get_once(&self, url: &Url) -> anyhow::Result<Response> {
        checked(self.request(url).send().await, url)
    }

    /// Not sampled: a look-up is none of the target's work, and its trace would be one that nobody verifies.
    fn request(&self, url: &Url) -> RequestBuilder {
        let ids = (rand::random::<u128>() | 1, rand::random::<u64>() | 1);
        let traceparent = format!("00-{:032x}-{:016x}-00", ids.0, ids.1);
        let request = self.client.get(url.clone()).header("traceparent", traceparent);
        match &self.token {
            Some(Token(token)) => request.header(header::AUTHORIZATION, token.clone()),
            None => request,
        }
    }
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

fn checked(response: reqwest::Result<Response>, url: &Url) -> anyhow::Result<Response> {
    let response = response.map_err(reqwest::Error::without_url);
    answered(response.with_context(|| format!("GET {url} got no answer"))?, url)
}

fn answered(response: Response, url: &Url) -> anyhow::Result<Response> {
    let advice = match response.status() {
        StatusCode::OK => return Ok(response),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "give a token that may read it: --token"
        }
        StatusCode::NOT_FOUND => "the target has no such list; --reconcile needs the gateway's",
        _ => "its log says why",
    };
    bail!("GET {url} answered {}; {advice}", response.status())
}

async fn parsed<T: DeserializeOwned>(response: Response, url: &Url) -> anyhow::Result<T> {
    let body = response.bytes().await.map_err(reqwest::Error::without_url);
    let body = body.with_context(|| format!("the answer of GET {url} broke off"))?;
    serde_json::from_slice(&body)
        .map_err(|error| anyhow!("the answer of GET {url} is no list of rows: {error}"))
}
