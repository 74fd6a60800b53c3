//! All SQL of the order service, on MySQL (or MariaDB) and SQLite: products, orders with their items, and the outbox
//! towards audit, which is the orders table itself.
//!
//! Invariants: an order and its items are written in one transaction under a unique `request_id`. An order's audit record is
//! still to be delivered exactly while `next_attempt_at` is there: it is set with the order and goes with
//! `audited_at` or `parked_at`.

mod delete;
mod orders;
mod outbox;
mod place;
mod products;

use std::sync::LazyLock;

use include_dir::include_dir;
use shared::{
    config::database::DatabaseArgs,
    db::{Database, DbStartError, Migrations, migrator},
    names,
};
use sqlx::migrate::Migrator;

pub use self::{
    delete::Deletion,
    orders::{AuditState, Change, Order, OrderItem, Position, Status},
    outbox::{Delivered, DueAudit},
    place::{Continuation, NewOrder, Placed},
    products::Product,
};

static MYSQL: LazyLock<Migrator> =
    LazyLock::new(|| migrator(const { &include_dir!("$CARGO_MANIFEST_DIR/../../db/order/mysql") }));
static SQLITE: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(const { &include_dir!("$CARGO_MANIFEST_DIR/../../db/order/sqlite") })
});

/// The order service's database.
#[derive(Clone)]
pub struct Store {
    db: Database,
    /// For what no request asked for: the relay's polls and acknowledgements.
    quiet: Database,
}

impl Store {
    /// Connects, waiting for the database, and brings its schema up to date.
    pub async fn connect(args: &DatabaseArgs) -> Result<Self, DbStartError> {
        let migrations = Migrations::mysql_or_sqlite(&MYSQL, &SQLITE);
        let db = Database::connect(args, names::database::ORDERS, &migrations).await?;
        let quiet = db.untraced();
        Ok(Self { db, quiet })
    }

    /// The database itself, for health checks and closing.
    pub fn database(&self) -> &Database {
        &self.db
    }
}

/// The statements for 1, 2, 4, ... 64 rows of a list: shorter lists repeat their last member, so that few texts
/// are kept prepared.
fn padded_len(len: usize) -> usize {
    len.next_power_of_two()
}
