//! `infra/compose.yaml` and `infra/Dockerfile` against what they name: files, ports, variables, programs. No Docker is needed for it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod dockerfile;
mod files;
mod limits;
mod model;
mod ports;
mod variables;
