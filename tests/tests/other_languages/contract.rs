//! The contract of `POST /api/v1/process`, with hops in it.

use testbed::Service;

use crate::hop::Language;

const PROCESS: &str = include_str!("../../../loadgen/contracts/process.toml");

/// The built-in contract, where the service behind each hop hangs below the hop's CLIENT span, and that below its SERVER span.
pub(crate) fn with(hops: &[(Language, Service)]) -> String {
    hops.iter().fold(PROCESS.to_owned(), |contract, (language, behind)| {
        let (call, hop) = (call_of(*behind), language.service_name());
        let parents = format!("\nparents = [\"{call}\"]\n");
        assert_eq!(contract.matches(&parents).count(), 1, "{call} is one row's parent");
        let onward = format!("{hop}.call");
        let contract = contract.replace(&parents, &format!("\nparents = [\"{onward}\"]\n"));
        let deferred = *behind == Service::Audit;
        contract
            + &row(hop, hop, "server", &call, deferred)
            + &row(&onward, hop, "client", hop, deferred)
    })
}

fn call_of(behind: Service) -> String {
    let before = Service::ALL.into_iter().find(|service| service.next() == Some(behind));
    format!("{}.call-{behind}", before.unwrap())
}

/// What the field agrees on: kind, method and status; the name is each instrumentation's own.
fn row(id: &str, service: &str, kind: &str, parent: &str, deferred: bool) -> String {
    format!(
        r#"
[[span]]
id = "{id}"
service = "{service}"
kind = "{kind}"
name = "*POST*"
parents = ["{parent}"]
deferred = {deferred}
"#
    )
}
