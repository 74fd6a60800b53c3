//! docs/scale.md says what is computed from docs/scale-inputs.toml, and nothing else.

#[path = "../../examples/scale/display.rs"]
mod display;
#[path = "../../examples/scale/inputs.rs"]
mod inputs;
#[path = "../../examples/scale/sizing.rs"]
mod sizing;

use crate::yaml::text;

#[test]
fn the_tables_of_the_document_are_what_the_program_computes_from_the_measured_inputs() {
    let tables = sizing::tables(&text("docs/scale-inputs.toml")).unwrap();
    for table in tables.split("\n\n") {
        let is_there = text("docs/scale.md").contains(table.trim());
        assert!(
            is_there,
            "docs/scale.md lacks this; copy it from `cargo run -p testbed --example scale`:\n{table}"
        );
    }
    assert_eq!(tables.split("\n\n").count(), 3);
}

/// Twice the cost is twice the need, and a file that lacks a measurement is told by its name.
#[test]
fn the_sizing_follows_from_the_inputs() {
    let inputs = text("docs/scale-inputs.toml");
    let dearer: String = inputs
        .lines()
        .map(|line| {
            if line.starts_with("order ") && line.contains('.') {
                "order = 1000.0\n".to_owned()
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    let tables = sizing::tables(&dearer).unwrap();
    let row = tables.lines().find(|line| line.starts_with("| order-service pods |")).unwrap();
    // 1,000 requests/s of a second of processor time each, on cores that are to be 60 % busy.
    assert!(row.starts_with("| order-service pods | 1,700 | 170,000 | 1,700,000 |"), "{row}");

    let without = inputs.replace("spans_per_request", "# spans_per_request");
    let error = sizing::tables(&without).unwrap_err();
    assert!(error.contains("spans_per_request"), "{error}");
}
