//! Registrations: a new user with a random id, and the row that says so.

use std::time::Instant;

use shared::db::{Attempts, DbError, Statement, Transaction};
use uuid::Uuid;

use super::{NewUser, Store, User, WriteError};

const INSERT_USER: Statement = Statement::new(
    "INSERT users",
    "INSERT INTO users (id, name, email, created_at, request_id, trace_id) \
     VALUES ($1, $2, $3, $4, $5, $6)",
);
const INSERT: Statement = Statement::new(
    "INSERT registrations",
    "INSERT INTO registrations (request_id, user_id, first_name, last_name, created_at, trace_id) \
     VALUES ($1, $2, $3, $4, $5, $6)",
);
const SELECT: Statement = Statement::new(
    "SELECT registrations",
    "SELECT users.id, users.name, users.email, users.created_at, users.request_id, users.trace_id \
     FROM registrations JOIN users ON users.id = registrations.user_id \
     WHERE registrations.request_id = $1",
);

/// A registration as a request gives it.
#[derive(Clone, Copy, Debug)]
pub struct NewRegistration<'a> {
    /// For the user: 2^40 < id < 2^53, at random.
    pub user_id: i64,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub email: &'a str,
    /// Microseconds since 1970.
    pub created_at: i64,
    pub request_id: Uuid,
    pub trace_id: &'a str,
}

/// A registered user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    pub user: User,
    /// An earlier request with the same id had written it.
    pub replayed: bool,
}

impl Store {
    /// Writes user and registration together. A repeat with the same request id gets what the first one wrote.
    pub async fn register(
        &self,
        new: NewRegistration<'_>,
        deadline: Instant,
    ) -> Result<Registration, WriteError> {
        let name = format!("{} {}", new.first_name, new.last_name);
        let mut attempts = Attempts::until(deadline);
        loop {
            let error = match self.try_register(new, &name, attempts.number()).await {
                Ok(()) => return Ok(new.registered(name)),
                Err(error) => error,
            };
            if attempts.may_repeat(&error).await {
                continue;
            }
            if !matches!(error.kind(), shared::db::DbErrorKind::Unique(_)) {
                return Err(error.into());
            }
            // Whichever constraint spoke first: with this request id it is a repeat.
            return match self.find_registration(new.request_id).await? {
                Some(user) => Ok(Registration { user, replayed: true }),
                None if error.violates("users", "email") => Err(WriteError::EmailTaken),
                None if error.violates("users", "request_id") => Err(WriteError::RequestReused),
                None => Err(error.into()),
            };
        }
    }

    async fn try_register(
        &self,
        new: NewRegistration<'_>,
        name: &str,
        attempt: u32,
    ) -> Result<(), DbError> {
        let mut transaction = self.db.begin(attempt);
        match new.insert(name, &mut transaction).await {
            Ok(()) => transaction.commit().await,
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        }
    }

    async fn find_registration(&self, request_id: Uuid) -> Result<Option<User>, DbError> {
        let row = self.db.fetch_optional(&SELECT, &[request_id.into()]).await?;
        row.map(|row| self.user(&row)).transpose()
    }
}

impl NewRegistration<'_> {
    async fn insert(self, name: &str, transaction: &mut Transaction) -> Result<(), DbError> {
        let user = NewUser {
            id: self.user_id,
            name: Some(name),
            email: Some(self.email),
            created_at: self.created_at,
            request_id: self.request_id,
            trace_id: self.trace_id,
        };
        transaction.execute(&INSERT_USER, &user.values()).await?;
        let registration = [
            self.request_id.into(),
            self.user_id.into(),
            self.first_name.into(),
            self.last_name.into(),
            self.created_at.into(),
            self.trace_id.into(),
        ];
        transaction.execute(&INSERT, &registration).await.map(drop)
    }

    fn registered(self, name: String) -> Registration {
        let user = User {
            id: self.user_id,
            name: Some(name),
            email: Some(self.email.to_owned()),
            created_at: self.created_at,
            request_id: self.request_id,
            trace_id: self.trace_id.to_owned(),
        };
        Registration { user, replayed: false }
    }
}
