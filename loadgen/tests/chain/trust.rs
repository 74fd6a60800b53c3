//! A gateway that trusts no caller begins a trace of its own, and says so.

use testbed::Service;

use crate::{run::Verdicts, system::System};

const LOAD: [&str; 8] =
    ["--requests", "20", "--closed", "--connections", "4", "--verify", "--verify-after", "500ms"];

#[tokio::test]
async fn a_gateway_that_restarts_traces_is_named_unless_the_caller_has_none() {
    let system =
        System::with(|options, _| options.env(Service::Gateway, "EDGE_TRUST", "restart")).await;

    let ended = system.load(&LOAD, &[]).await;
    let expected = Verdicts::of([("broken", 20)], [("loadgen → gateway: broken", 20)]);
    ended.assert_ended(3, &expected);

    // Without a trace of our own it is the gateway's that is looked up.
    let ended = system.begin(&LOAD, &[("OTEL_TRACES_EXPORTER", "none")]).end().await;
    ended.assert_ended(0, &Verdicts::whole(20));
}
