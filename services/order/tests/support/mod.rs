//! What the store's tests share.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use order_service::store::{Continuation, NewOrder, OrderItem, Store};
use shared::{config::database::DatabaseArgs, timestamp::now_micros};
use testbed::{Database, Engine};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};
use uuid::Uuid;

/// A database of the test's own; `None` for an engine that is listed as not to be had.
pub(crate) async fn database(engine: Engine) -> Option<Database> {
    if engine.is_not_run() {
        return None;
    }
    Some(match engine {
        Engine::MySql => testbed::mysql().await.database().await,
        Engine::MariaDb => testbed::mariadb().await.database().await,
        Engine::Sqlite => testbed::sqlite(),
        Engine::Postgres => panic!("the order service does not run on Postgres"),
    })
}

/// Connects as one process does.
pub(crate) async fn connect(url: &str) -> Store {
    let args = DatabaseArgs {
        database_url: url.parse().unwrap(),
        // More than one on SQLite too: its writers have to get in each other's way.
        db_pool_size: std::num::NonZeroUsize::new(4),
        db_startup_timeout_ms: Duration::from_secs(30),
    };
    Store::connect(&args).await.unwrap()
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// An order of `items` lines whose audit record is due at once.
pub(crate) fn order(items: i64) -> NewOrder {
    let now = now_micros();
    let item = |number| OrderItem {
        sku: format!("sku-{number}"),
        quantity: number + 1,
        unit_price_cents: 100,
    };
    NewOrder {
        id: Uuid::now_v7(),
        request_id: Uuid::new_v4(),
        user_id: 1001,
        action: "purchase".to_owned(),
        items: (0..items).map(item).collect(),
        total_cents: 100 * items * (items + 1) / 2,
        currency: "EUR".to_owned(),
        created_at: now,
        trace_id: Uuid::new_v4().simple().to_string(),
        next_attempt_at: now,
        audit_body: b"{\"user_id\":1001}".to_vec(),
        continuation: Continuation {
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            tracestate: Some("vendor=a b".to_owned()),
            baggage: None,
        },
    }
}

/// The spans of the database layer, with their fields as text, in the order of their start.
#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<Vec<(u64, Fields)>>>);

pub(crate) type Fields = HashMap<&'static str, String>;

impl Spans {
    pub(crate) fn taken(&self) -> Vec<Fields> {
        let spans = std::mem::take(&mut *self.0.lock().unwrap());
        spans.into_iter().map(|(_, fields)| fields).collect()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut AsText(&mut fields));
        self.0.lock().unwrap().push((id.into_u64(), fields));
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        if let Some((_, fields)) = spans.iter_mut().rev().find(|(known, _)| *known == id.into_u64())
        {
            values.record(&mut AsText(fields));
        }
    }
}

struct AsText<'a>(&'a mut Fields);

impl Visit for AsText<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name(), format!("{value} as i64"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}
