//! Several processes of each service on shared real databases, behind a stock nginx that knows nothing of tracing: one of each is killed under
//! load, and nothing is lost. What is true of two processes on one machine is what lets the chain run on many.

#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have fails it")]

mod balancer;
mod load;
mod system;

use load::Load;
use system::System;
use testbed::Service;

/// How many requests have been taken when one of each is killed.
const KILLS: [(Service, f64); 3] =
    [(Service::User, 100.0), (Service::Order, 200.0), (Service::Audit, 300.0)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_processes_of_each_service_is_killed_under_load_and_nothing_is_lost() {
    let Some(mut system) = System::start().await else { return };
    let load = Load::start(&system);

    for (service, requests) in KILLS {
        system.wait_taken(requests).await;
        system.kill_one(service).await;
    }
    let ended = load.end().await;

    ended.assert_nothing_lost();
    system.assert_all_took_part().await;
}
