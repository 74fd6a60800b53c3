//! Builds again when a migration is added: `include_dir!` alone notices only changes of those it knows.

fn main() {
    println!("cargo::rerun-if-changed=../../db/user");
}
