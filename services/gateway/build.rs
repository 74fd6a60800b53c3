//! Builds again when a file of the page is added: `include_dir!` alone notices only changes of those it knows.

fn main() {
    println!("cargo::rerun-if-changed=../../gateway/www");
}
