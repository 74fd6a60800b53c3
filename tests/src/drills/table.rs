//! Rows as text: padded for a terminal as they come, and as Markdown in the end.

use std::fmt::Write as _;

use super::row::Row;

/// The columns, each with the width that a terminal gives it.
const COLUMNS: [(&str, usize); 10] = [
    ("drill", 22),
    ("load", 12),
    ("requests", 8),
    ("answered", 8),
    ("2xx / 4xx / 5xx", 18),
    ("rows expected / found", 21),
    ("traces whole / late / killed / explained", 40),
    ("spans ended / exported / failed / dropped", 41),
    ("recovery", 8),
    ("lost", 6),
];
/// Of a Markdown table: what is broken stands behind the load.
const FAULT_AT: usize = 2;

/// The line above the rows.
#[must_use]
pub fn heading() -> String {
    padded(COLUMNS.map(|(name, _)| name.to_owned()))
}

/// A row for a terminal.
#[must_use]
pub fn line(name: &str, row: &Row) -> String {
    padded(cells(name, row))
}

/// All rows, each with what was broken, for a document.
#[must_use]
pub fn markdown(rows: &[(String, String, Row)]) -> String {
    let mut names = COLUMNS.map(|(name, _)| name.to_owned()).to_vec();
    names.insert(FAULT_AT, "fault".to_owned());
    let mut text = format!("| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (name, fault, row) in rows {
        let mut cells = cells(name, row).to_vec();
        cells.insert(FAULT_AT, fault.clone());
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

fn padded(cells: [String; COLUMNS.len()]) -> String {
    let padded = cells.iter().zip(COLUMNS).map(|(cell, (_, width))| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn cells(name: &str, row: &Row) -> [String; COLUMNS.len()] {
    let report = &row.report;
    let done = report.reconciliation.done;
    let account = row.account;
    let rate = report.rate_asked.unwrap_or(report.rate_reached);
    [
        name.to_owned(),
        format!("{rate:.0}/s, {:.0} s", report.elapsed_seconds),
        report.total.requests.to_string(),
        report.total.answered.to_string(),
        list(['2', '4', '5'].map(|class| report.answers(class))),
        list([2 * done.requests, done.orders + done.audit_records]),
        list([
            report.verdict("whole"),
            report.status("202"),
            report.verdict("killed"),
            row.explained(),
        ]),
        list([account.ended, account.exported, account.failed, account.dropped]),
        row.recovery.map_or_else(|| "-".to_owned(), |took| format!("{:.1} s", took.as_secs_f64())),
        // What could not be read is not known to be there.
        report
            .reconciliation
            .error
            .as_ref()
            .map_or_else(|| format!("lost {}", row.lost()), |_| "lost ?".to_owned()),
    ]
}

fn list<const N: usize>(numbers: [u64; N]) -> String {
    numbers.map(|number| number.to_string()).join(" / ")
}
