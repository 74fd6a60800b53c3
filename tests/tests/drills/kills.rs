//! `kill -9`.

use testbed::drills::Row;

use crate::{clean_row, in_vain, row};

/// Traces are whole or lack only what the killed process had.
fn nothing_but_the_dead_is_missing(row: &Row) {
    let (whole, killed) = (row.report.verdict("whole"), row.report.verdict("killed"));
    assert_eq!(whole + killed, row.report.verification.expected, "{row:#?}");
    assert!(whole > 0, "{row:#?}");
}

#[tokio::test]
async fn a_killed_gateway_comes_back_and_nothing_is_lost() {
    let Some(row) = clean_row("kill-gateway").await else { return };
    nothing_but_the_dead_is_missing(&row);
    assert!(in_vain(&row) > 0, "nobody has noticed: {row:#?}");
}

#[tokio::test]
async fn a_killed_user_service_comes_back_and_nothing_is_lost() {
    let Some(row) = clean_row("kill-user").await else { return };
    nothing_but_the_dead_is_missing(&row);
    assert!(in_vain(&row) > 0, "nobody has noticed: {row:#?}");
}

#[tokio::test]
async fn a_killed_order_service_comes_back_and_nothing_is_lost() {
    let Some(row) = clean_row("kill-order").await else { return };
    nothing_but_the_dead_is_missing(&row);
    assert!(in_vain(&row) > 0, "nobody has noticed: {row:#?}");
}

#[tokio::test]
async fn what_a_killed_audit_service_has_missed_is_delivered_later() {
    let Some(row) = clean_row("kill-audit").await else { return };
    nothing_but_the_dead_is_missing(&row);
    assert!(row.report.status("202") > 0, "nobody has noticed: {row:#?}");
}

#[tokio::test]
async fn a_killed_viewer_costs_traces_and_no_request() {
    let Some(row) = row("kill-viewer").await else { return };
    assert_eq!((row.complaints(), row.lost()), (vec![], 0), "{row:#?}");
    assert_eq!(row.explained(), row.report.not_whole(), "{row:#?}");
    assert!(row.report.verdict("whole") > 0, "what came after it is whole: {row:#?}");
    assert_eq!(in_vain(&row), 0, "{row:#?}");
}

#[tokio::test]
async fn services_whose_launcher_is_killed_finish_and_leave_and_nothing_is_lost() {
    let Some(row) = clean_row("kill-launcher").await else { return };
    assert_eq!(row.report.verdict("whole"), row.report.verification.expected, "{row:#?}");
    assert_eq!(row.account.astray(), 0, "{row:#?}");
}
