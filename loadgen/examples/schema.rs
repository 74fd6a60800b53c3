//! Prints the JSON schema of reports: `cargo run -p loadgen --example schema > loadgen/report.schema.json`.

fn main() {
    println!("{:#}", loadgen::report::Report::schema());
}
