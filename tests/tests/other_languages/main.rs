//! Other people's instrumentation in the chain: a Flask, a Node and a Java program stand between two of our services, each traced by the official
//! instrumentation of its language alone. Every trace is whole by a contract with those hops in it, and `tracestate` and baggage come through.
//!
//! Putting one in is what the README says it is: one `NEXT_SERVICE_URL`.

#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have fails it")]

mod contract;
mod hop;
mod system;

use hop::Language::{Java, Node, Python};
use system::System;
use testbed::Service::{Audit, Order, User};

#[tokio::test]
async fn a_flask_hop_before_the_user_service_is_part_of_every_trace() {
    let Some(system) = System::start(&[(Python, User)]).await else { return };
    system.every_trace_is_whole().await;
    system.state_and_baggage_come_through().await;
}

#[tokio::test]
async fn a_node_hop_before_the_order_service_is_part_of_every_trace() {
    let Some(system) = System::start(&[(Node, Order)]).await else { return };
    system.every_trace_is_whole().await;
    system.state_and_baggage_come_through().await;
}

#[tokio::test]
async fn a_java_hop_before_the_order_service_is_part_of_every_trace() {
    let Some(system) = System::start(&[(Java, Order)]).await else { return };
    system.every_trace_is_whole().await;
    system.state_and_baggage_come_through().await;
}

#[tokio::test]
async fn hops_of_all_three_languages_are_one_trace_with_ours() {
    let Some(system) = System::start(&[(Python, User), (Node, Order), (Java, Audit)]).await else {
        return;
    };
    system.every_trace_is_whole().await;
    system.state_and_baggage_come_through().await;
}
