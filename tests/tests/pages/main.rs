//! The viewer's pages in a real Chromium: what a user sees of real traffic and of traces made for the purpose, by pointer and by
//! keys, narrow and wide, while the viewer comes and goes.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod accessibility;
mod broken;
mod compare;
mod dates;
mod file;
mod hostile;
mod keyboard;
mod large;
mod logs;
mod long_names;
mod made;
mod map;
mod metrics;
mod restart;
mod screenshots;
mod search;
mod traffic;
mod values;
mod visit;
mod zoom;
