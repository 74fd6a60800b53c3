//! What the hook runs, on the real databases, several at once.

use std::time::Duration;

use sqlx::{Connection as _, MySqlConnection, PgConnection, Row as _};
use testbed::{Database, Engine, Process, Program, tracechain};

const DEADLINE: Duration = Duration::from_secs(60);
const APPLIED: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success";

struct Databases {
    users: Database,
    orders: Database,
    audit: Database,
}

impl Databases {
    async fn new() -> Option<Self> {
        if Engine::Postgres.is_not_run() || Engine::MySql.is_not_run() {
            return None;
        }
        let (postgres, mysql) = (testbed::postgres().await, testbed::mysql().await);
        let (users, audit) = (postgres.database().await, postgres.database().await);
        Some(Self { users, orders: mysql.database().await, audit })
    }

    fn migrate(&self, which: &str) -> Process {
        let program = Program::new(tracechain()).arg("migrate").arg(which);
        let program = program.env("USER_DATABASE_URL", &self.users.url);
        let program = program.env("ORDER_DATABASE_URL", &self.orders.url);
        program.env("AUDIT_DATABASE_URL", &self.audit.url).start()
    }

    /// How many migrations each database has had.
    async fn applied(&self) -> [i64; 3] {
        let mut users = PgConnection::connect(&self.users.url).await.unwrap();
        let mut orders = MySqlConnection::connect(&self.orders.url).await.unwrap();
        let mut audit = PgConnection::connect(&self.audit.url).await.unwrap();
        [
            sqlx::raw_sql(APPLIED).fetch_one(&mut users).await.unwrap().get(0),
            sqlx::raw_sql(APPLIED).fetch_one(&mut orders).await.unwrap().get(0),
            sqlx::raw_sql(APPLIED).fetch_one(&mut audit).await.unwrap().get(0),
        ]
    }
}

fn files(folder: &str) -> i64 {
    let entries = std::fs::read_dir(crate::yaml::workspace().join("db").join(folder)).unwrap();
    i64::try_from(entries.count()).unwrap()
}

#[tokio::test]
async fn several_that_migrate_at_once_all_succeed_and_each_migration_is_applied_once() {
    let Some(databases) = Databases::new().await else { return };
    let mut racing: Vec<Process> = (0..3).map(|_| databases.migrate("all")).collect();
    for process in &mut racing {
        let status = process.wait_exit(DEADLINE).await;
        assert!(status.success(), "{}", process.last_output());
    }
    let expected = [files("user/postgres"), files("order/mysql"), files("audit/postgres")];
    assert_eq!(databases.applied().await, expected);

    let mut again = databases.migrate("order");
    assert!(again.wait_exit(DEADLINE).await.success(), "{}", again.last_output());
    assert_eq!(databases.applied().await, expected);
    let told = again.lines().into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n");
    assert!(told.contains("orders-db (mysql) has the present schema"), "{told}");
    // The address is shown, its password is not.
    assert!(told.contains("mysql://") && told.contains(":***@"), "{told}");
    assert!(!told.contains("users-db"), "only what is named is migrated: {told}");
}

/// Arguments, variables, the exit code, and what is told.
type Refusal =
    (&'static [&'static str], &'static [(&'static str, &'static str)], i32, &'static str);

const REFUSALS: [Refusal; 7] = [
    (
        &["user"],
        &[],
        2,
        "USER_DATABASE_URL is not set: give the address of user-service's database",
    ),
    (&["all"], &[("USER_DATABASE_URL", "sqlite:users.db")], 2, "ORDER_DATABASE_URL is not set"),
    (
        &["all"],
        &[("DATABASE_URL", "sqlite:users.db")],
        2,
        "DATABASE_URL is different for every service: with `migrate all` use USER_DATABASE_URL",
    ),
    (
        &["audit"],
        &[("AUDIT_DATABASE_URL", "oracle://u:s3cret@h/d")],
        2,
        "AUDIT_DATABASE_URL (or --audit-database-url) is '(not shown)': accepted: postgres://",
    ),
    (
        &["order"],
        &[("DATABASE_URL", "postgres://u:s3cret@h/d")],
        2,
        "but orders-db runs on mysql:// or sqlite: only",
    ),
    (
        &["audit"],
        &[("DATABASE_URL", "postgres://u:s3cret@127.0.0.1:1/d"), ("DB_STARTUP_TIMEOUT_MS", "300")],
        1,
        "was not ready within 0.3 s",
    ),
    (&[], &[], 2, "<SERVICE>"),
];

#[tokio::test]
async fn a_missing_wrong_or_unreachable_address_is_told_by_the_name_of_its_variable() {
    for (arguments, variables, code, told) in REFUSALS {
        let program = Program::new(tracechain()).arg("migrate");
        let program = arguments.iter().fold(program, Program::arg);
        let program =
            variables.iter().fold(program, |program, (name, value)| program.env(name, value));
        let mut process = program.start();
        let status = process.wait_exit(DEADLINE).await;
        let said = process.last_output();
        assert_eq!(status.code(), Some(code), "{arguments:?} {variables:?}: {said}");
        let is_told = said.contains(told) && !said.contains("s3cret");
        assert!(is_told, "{arguments:?} {variables:?}: {said}");
    }
}

/// A service's own container has its `DATABASE_URL`: that is enough for its own database.
#[tokio::test]
async fn one_service_is_migrated_with_the_variable_that_it_has() {
    let database = testbed::sqlite();
    let program =
        Program::new(tracechain()).arg("migrate").arg("user").env("DATABASE_URL", &database.url);
    let mut process = program.start();
    assert!(process.wait_exit(DEADLINE).await.success(), "{}", process.last_output());
    let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
    let applied: i64 = sqlx::raw_sql(APPLIED).fetch_one(&mut connection).await.unwrap().get(0);
    assert_eq!(applied, files("user/sqlite"));
}
