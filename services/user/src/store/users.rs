//! Users.

use std::time::Instant;

use shared::db::{Attempts, DbError, Row, Statement};
use uuid::Uuid;

use super::{Store, WriteError};

// One statement whether the user is new or known. The update writes what is there already where nothing is to be
// filled: only so does RETURNING give the row back.
const UPSERT: Statement = Statement::new(
    "INSERT users",
    "INSERT INTO users (id, name, email, created_at, request_id, trace_id) \
     VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (id) DO UPDATE SET \
     name = COALESCE(users.name, excluded.name), email = COALESCE(users.email, excluded.email) \
     RETURNING id, name, email, created_at, request_id, trace_id",
);
const SELECT: Statement = Statement::new(
    "SELECT users",
    "SELECT id, name, email, created_at, request_id, trace_id FROM users WHERE id = $1",
);
const LIST: Statement = Statement::new(
    "SELECT users",
    "SELECT id, name, email, created_at, request_id, trace_id FROM users \
     WHERE created_at <= $1 AND (created_at < $1 OR id < $2) \
     ORDER BY created_at DESC, id DESC LIMIT $3",
);

/// A user as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    pub name: Option<String>,
    pub email: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// The request that created the user.
    pub request_id: Uuid,
    /// The trace that created the user.
    pub trace_id: String,
}

/// A user as a request gives it.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    pub id: i64,
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    /// Microseconds since 1970.
    pub created_at: i64,
    pub request_id: Uuid,
    pub trace_id: &'a str,
}

/// Where a list goes on: behind this (`created_at`, `id`).
pub type Position = (i64, i64);

impl Store {
    /// Creates the user, or fills what was NULL of a known one, whose existing values win.
    pub async fn upsert_user(
        &self,
        user: NewUser<'_>,
        deadline: Instant,
    ) -> Result<User, WriteError> {
        let values = user.values();
        let mut attempts = Attempts::until(deadline);
        loop {
            match self.db.fetch_one(&UPSERT, &values).await {
                Ok(row) => return Ok(self.user(&row)?),
                Err(error) if attempts.may_repeat(&error).await => {}
                Err(error) if error.violates("users", "email") => {
                    return Err(WriteError::EmailTaken);
                }
                Err(error) if error.violates("users", "request_id") => {
                    return Err(WriteError::RequestReused);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The user with this id.
    pub async fn find_user(&self, id: i64) -> Result<Option<User>, DbError> {
        let row = self.db.fetch_optional(&SELECT, &[id.into()]).await?;
        row.map(|row| self.user(&row)).transpose()
    }

    /// Users behind `after`, newest first, at most `limit`.
    pub async fn list_users(
        &self,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Vec<User>, DbError> {
        let (created_at, id) = after.unwrap_or((i64::MAX, i64::MAX));
        let values = [created_at.into(), id.into(), i64::from(limit).into()];
        let rows = self.db.fetch(&LIST, &values).await?;
        rows.iter().map(|row| self.user(row)).collect()
    }

    pub(super) fn user(&self, row: &Row) -> Result<User, DbError> {
        User::read(row).map_err(|error| self.db.error(error))
    }
}

impl<'a> NewUser<'a> {
    pub(super) fn values(&self) -> [shared::db::Value<'a>; 6] {
        [
            self.id.into(),
            self.name.into(),
            self.email.into(),
            self.created_at.into(),
            self.request_id.into(),
            self.trace_id.into(),
        ]
    }
}

impl User {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            created_at: row.get(3)?,
            request_id: row.get(4)?,
            trace_id: row.get(5)?,
        })
    }
}
