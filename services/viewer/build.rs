//! Builds again when a page is added: rust-embed alone notices only changes of the files it knows. Debug builds read the pages
//! from disk, so there nothing has to be built.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script everything by variables"
)]

fn main() {
    let is_release = std::env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed={}", if is_release { "pages" } else { "build.rs" });
}
