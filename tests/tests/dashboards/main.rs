//! The dashboards and correlations that Grafana is provisioned with, asked of the real Prometheus, Loki and, where there is one, Tempo.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod correlations;
mod panels;
mod provisioned;
mod system;

use std::time::Duration;

/// Long enough for Tempo's generator, two scrapes and an evaluation on a loaded machine, one after the other.
const DEADLINE: Duration = Duration::from_secs(180);

/// One system for both: to start it is what takes the time.
#[tokio::test]
async fn every_panel_and_every_correlation_has_data_after_traffic() {
    let Some(system) = system::System::start().await else { return };

    panels::have_data(&system).await;
    correlations::lead_somewhere(&system).await;
}
