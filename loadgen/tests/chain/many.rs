//! No false alarm: as many good traces as a test has time for, looked up as they are by default.

use crate::{run::Verdicts, system::System};

#[tokio::test]
async fn of_many_good_traces_none_is_blamed() {
    let system = System::start().await;
    let load = ["--closed", "--connections", "8", "--duration", "30s", "--scenario", "mixed"];

    let ended = system.load(&load, &["--verify", "--reconcile"]).await;

    let requests = ended.number("/total/requests");
    println!("{requests} traces");
    assert!(requests > 300, "{requests}");
    ended.assert_ended(0, &Verdicts::whole(requests));
    assert_eq!(ended.mismatches(), []);
}
