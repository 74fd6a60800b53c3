//! Services, databases and hops that are away for a while.

use testbed::drills::Row;

use crate::clean_row;

/// No trace has suffered, and no span is missing.
fn all_is_traced(row: &Row) {
    assert_eq!(row.report.verdict("whole"), row.report.verification.expected, "{row:#?}");
    assert_eq!((row.stored, row.account.astray()), (Some(row.account.ended), 0), "{row:#?}");
}

#[tokio::test]
async fn nothing_is_lost_when_services_are_restarted_one_by_one() {
    let Some(row) = clean_row("rolling-restart").await else { return };
    all_is_traced(&row);
}

#[tokio::test]
async fn nothing_is_lost_when_users_db_is_restarted() {
    let Some(row) = clean_row("users-db-restart").await else { return };
    all_is_traced(&row);
}

#[tokio::test]
async fn nothing_is_lost_when_orders_db_is_restarted() {
    let Some(row) = clean_row("orders-db-restart").await else { return };
    all_is_traced(&row);
}

#[tokio::test]
async fn nothing_is_lost_when_audit_db_is_restarted() {
    let Some(row) = clean_row("audit-db-restart").await else { return };
    all_is_traced(&row);
}

#[tokio::test]
async fn nothing_is_lost_while_users_db_is_away() {
    let Some(row) = clean_row("users-db-outage").await else { return };
    all_is_traced(&row);
    assert!(row.report.status("503") > 0, "{row:#?}");
}

#[tokio::test]
async fn nothing_is_lost_while_orders_db_is_away() {
    let Some(row) = clean_row("orders-db-outage").await else { return };
    all_is_traced(&row);
    assert!(row.report.status("503") > 0, "{row:#?}");
}

#[tokio::test]
async fn no_request_fails_while_audit_db_is_away() {
    let Some(row) = clean_row("audit-db-outage").await else { return };
    all_is_traced(&row);
    assert!(row.report.status("202") > 0, "{row:#?}");
}

#[tokio::test]
async fn no_request_fails_while_audit_service_is_away() {
    let Some(row) = clean_row("audit-down").await else { return };
    all_is_traced(&row);
    assert!(row.report.status("202") > 0, "{row:#?}");
}

#[tokio::test]
async fn nothing_is_lost_while_user_service_hangs() {
    let Some(row) = clean_row("user-hangs").await else { return };
    all_is_traced(&row);
    assert!(row.report.status("504") > 0, "{row:#?}");
}

#[tokio::test]
async fn nothing_is_lost_while_order_service_hangs() {
    let Some(row) = clean_row("order-hangs").await else { return };
    all_is_traced(&row);
    assert!(row.report.status("504") > 0, "{row:#?}");
}

#[tokio::test]
async fn no_request_fails_while_audit_service_hangs() {
    let Some(row) = clean_row("audit-hangs").await else { return };
    all_is_traced(&row);
    assert!(row.report.status("202") > 0, "{row:#?}");
}

#[tokio::test]
async fn nothing_is_lost_or_half_written_while_the_disk_is_full() {
    let Some(row) = clean_row("full-disk").await else { return };
    all_is_traced(&row);
    assert!(row.report.answers('5') > 0, "{row:#?}");
}
