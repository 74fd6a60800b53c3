//! Computes the sizing of docs/scale.md from docs/scale-inputs.toml and prints it:
//!
//!     cargo run -p testbed --example scale
//!
//! A test holds the document against it.

mod display;
mod inputs;
mod sizing;

fn main() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scale-inputs.toml");
    match std::fs::read_to_string(file).map_err(|error| error.to_string()) {
        Ok(text) => match sizing::tables(&text) {
            Ok(tables) => print!("{tables}"),
            Err(error) => eprintln!("{file}: {error}; infra/measure-scale.sh makes it anew"),
        },
        Err(error) => eprintln!("{file}: {error}; infra/measure-scale.sh makes it"),
    }
}
