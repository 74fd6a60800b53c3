//! A dashboard that was added or removed is compiled in: `include_dir` looks only when this crate is compiled.

fn main() {
    println!("cargo::rerun-if-changed=../../infra/grafana/dashboards");
}
