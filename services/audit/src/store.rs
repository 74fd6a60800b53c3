//! All SQL of the audit service, on Postgres and SQLite: audit_logs.
//!
//! Invariant: one record per request id, however often and from however many sides it is delivered.

use std::{borrow::Cow, sync::LazyLock, time::Instant};

use include_dir::include_dir;
use shared::{
    config::database::DatabaseArgs,
    db::{Attempts, Database, DbError, DbStartError, Migrations, Row, Statement, migrator},
    names,
};
use sqlx::migrate::Migrator;
use uuid::Uuid;

static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(const { &include_dir!("$CARGO_MANIFEST_DIR/../../db/audit/postgres") })
});
static SQLITE: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(const { &include_dir!("$CARGO_MANIFEST_DIR/../../db/audit/sqlite") })
});

macro_rules! columns {
    () => {
        "id, request_id, order_id, user_id, action, total_cents, currency, recorded_at, trace_id"
    };
}

// The update changes nothing: only so does RETURNING give back the record that was there first.
const INSERT: Statement = Statement::new(
    "INSERT audit_logs",
    concat!(
        "INSERT INTO audit_logs (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (request_id) DO UPDATE SET request_id = audit_logs.request_id RETURNING ",
        columns!()
    ),
);
const LIST: Statement = Statement::new(
    "SELECT audit_logs",
    concat!(
        "SELECT ",
        columns!(),
        " FROM audit_logs WHERE recorded_at <= $1 AND (recorded_at < $1 OR id < $2) \
         ORDER BY recorded_at DESC, id DESC LIMIT $3"
    ),
);
const LIST_OF_TRACE: Statement = Statement::new(
    "SELECT audit_logs",
    concat!(
        "SELECT ",
        columns!(),
        " FROM audit_logs WHERE trace_id = $4 \
         AND recorded_at <= $1 AND (recorded_at < $1 OR id < $2) \
         ORDER BY recorded_at DESC, id DESC LIMIT $3"
    ),
);
const SELECT_OF_REQUEST: Statement = Statement::new(
    "SELECT audit_logs",
    concat!("SELECT ", columns!(), " FROM audit_logs WHERE request_id = $1"),
);

/// The audit service's database.
#[derive(Clone)]
pub struct Store {
    db: Database,
}

/// One audit record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLog {
    /// A UUIDv7.
    pub id: Uuid,
    pub request_id: Uuid,
    pub order_id: Uuid,
    pub user_id: i64,
    /// On Postgres U+0000, which its text cannot hold, is stored as U+2400.
    pub action: String,
    pub total_cents: i64,
    pub currency: String,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    pub trace_id: String,
}

/// What is stored under a request id, and whether it had been before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub log: AuditLog,
    /// An earlier delivery had written it, maybe under another id and time.
    pub replayed: bool,
}

/// What a list shows; `after` is the (`recorded_at`, `id`) that it goes on behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    pub after: Option<(i64, Uuid)>,
    pub request_id: Option<Uuid>,
    pub trace_id: Option<&'a str>,
}

impl Store {
    /// Connects, waiting for the database, and brings its schema up to date.
    pub async fn connect(args: &DatabaseArgs) -> Result<Self, DbStartError> {
        let migrations = Migrations::postgres_or_sqlite(&POSTGRES, &SQLITE);
        let db = Database::connect(args, names::database::AUDIT, &migrations).await?;
        Ok(Self { db })
    }

    /// The database itself, for health checks and closing.
    pub fn database(&self) -> &Database {
        &self.db
    }

    /// Writes the record unless its request has one, and returns what is there, in one round trip.
    pub async fn insert_audit(
        &self,
        new: &AuditLog,
        deadline: Instant,
    ) -> Result<Recorded, DbError> {
        let action = self.storable(&new.action);
        let values = [
            new.id.into(),
            new.request_id.into(),
            new.order_id.into(),
            new.user_id.into(),
            action.as_ref().into(),
            new.total_cents.into(),
            new.currency.as_str().into(),
            new.recorded_at.into(),
            new.trace_id.as_str().into(),
        ];
        let mut attempts = Attempts::until(deadline);
        loop {
            match self.db.fetch_one(&INSERT, &values).await {
                Ok(row) => {
                    let log = self.read(&row)?;
                    return Ok(Recorded { replayed: log.id != new.id, log });
                }
                Err(error) if attempts.may_repeat(&error).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Records that match, newest first, at most `limit`.
    pub async fn list_audit(
        &self,
        limit: u32,
        filter: Filter<'_>,
    ) -> Result<Vec<AuditLog>, DbError> {
        let (recorded_at, id) = filter.after.unwrap_or((i64::MAX, Uuid::max()));
        let page = [recorded_at.into(), id.into(), i64::from(limit).into()];
        let rows = match (filter.request_id, filter.trace_id) {
            (Some(request), _) => self.db.fetch(&SELECT_OF_REQUEST, &[request.into()]).await?,
            (None, None) => self.db.fetch(&LIST, &page).await?,
            (None, Some(trace)) => {
                let [recorded_at, id, limit] = page;
                self.db.fetch(&LIST_OF_TRACE, &[recorded_at, id, limit, trace.into()]).await?
            }
        };
        let logs: Result<Vec<_>, _> = rows.iter().map(|row| self.read(row)).collect();
        // A request has one record at most, so what else was asked of it is looked at here.
        Ok(logs?.into_iter().filter(|log| filter.admits(log)).collect())
    }

    fn read(&self, row: &Row) -> Result<AuditLog, DbError> {
        AuditLog::read(row).map_err(|error| self.db.error(error))
    }

    fn storable<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.db.system() == "postgresql" && text.contains('\0') {
            Cow::Owned(text.replace('\0', "\u{2400}"))
        } else {
            Cow::Borrowed(text)
        }
    }
}

impl Filter<'_> {
    fn admits(&self, log: &AuditLog) -> bool {
        self.after.is_none_or(|after| (log.recorded_at, log.id) < after)
            && self.trace_id.is_none_or(|trace| trace == log.trace_id)
    }
}

impl AuditLog {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.get(0)?,
            request_id: row.get(1)?,
            order_id: row.get(2)?,
            user_id: row.get(3)?,
            action: row.get(4)?,
            total_cents: row.get(5)?,
            currency: row.get(6)?,
            recorded_at: row.get(7)?,
            trace_id: row.get(8)?,
        })
    }
}
