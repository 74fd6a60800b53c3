//! Every drill of `infra/drills.sh` at small scale, by the same code: what is counted is asserted, not how long anything took.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod backends;
mod kills;
mod outages;
mod program;
mod traffic;

use testbed::drills::{Drill, Outcome, Row, Scale};

/// Runs a drill; `None` where it has to be passed over, which has been said then.
async fn row(name: &str) -> Option<Row> {
    let drill = Drill::named(name).unwrap();
    match drill.run(&Scale::small()).await.unwrap() {
        Outcome::Done(row) => Some(*row),
        Outcome::NotRun(reason) => {
            println!("not run: {name}: {reason}");
            None
        }
    }
}

/// A row in which nothing is wrong and nothing had to be explained: all traces are whole, but for those of whoever was killed.
async fn clean_row(name: &str) -> Option<Row> {
    let row = row(name).await?;
    assert!(row.complaints().is_empty(), "{:?}\n{row:#?}", row.complaints());
    assert_eq!((row.lost(), row.explained()), (0, 0), "{row:#?}");
    let done = row.report.reconciliation.done;
    assert!(done.requests > 0, "{row:#?}");
    assert_eq!([done.orders, done.audit_records], [done.requests; 2], "{row:#?}");
    Some(row)
}

/// What came of requests while something was broken.
fn in_vain(row: &Row) -> u64 {
    row.report.total.requests - row.report.answers('2')
}
