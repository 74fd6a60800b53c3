//! A proxy between two services does to trace context what careless proxies do: the hop it stands at is named each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use http::{HeaderMap, HeaderValue};
use testbed::{Relay, Service};

use crate::{
    run::{Ended, Verdicts},
    system::{CLOSED, System, VERIFY},
};

const LOAD: [&str; 2] = ["--requests", "30"];
const TIMEOUT: [&str; 2] = ["--verify-timeout", "4s"];
const SERVICES: [(Service, &str); 3] = [
    (Service::User, "user-service"),
    (Service::Order, "order-service"),
    (Service::Audit, "audit-service"),
];

/// What is done to the headers of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Carelessness {
    None,
    Strip,
    StripEveryThird,
    NewTrace,
    /// A parent that there is not.
    NewParent,
    /// The root of the trace in place of the parent.
    RootAsParent,
    Unsampled,
}

/// What a relay does, and what it has seen.
#[derive(Debug)]
struct Hand {
    does: Carelessness,
    seen: u64,
}

/// The span that each trace came to the gateway with.
type Roots = Arc<Mutex<HashMap<String, String>>>;

/// `traceparent` in its four parts.
fn context(headers: &HeaderMap) -> Option<[String; 4]> {
    let text = headers.get("traceparent")?.to_str().unwrap();
    let parts: Vec<_> = text.split('-').map(str::to_owned).collect();
    Some(parts.try_into().unwrap())
}

fn new_id(digits: usize) -> String {
    uuid::Uuid::new_v4().simple().to_string()[..digits].to_owned()
}

impl Hand {
    fn rewrite(&mut self, headers: &mut HeaderMap, roots: &Roots) {
        let Some([version, trace, parent, flags]) = context(headers) else { return };
        // Look-ups and readings are not traced.
        if flags == "00" {
            return;
        }
        self.seen += 1;
        let root = roots.lock().unwrap().entry(trace.clone()).or_insert(parent.clone()).clone();
        let (trace, parent, flags) = match self.does {
            Carelessness::None => return,
            Carelessness::StripEveryThird if !self.seen.is_multiple_of(3) => return,
            Carelessness::Strip | Carelessness::StripEveryThird => {
                headers.remove("traceparent");
                return;
            }
            Carelessness::NewTrace => (new_id(32), parent, flags),
            Carelessness::NewParent => (trace, new_id(16), flags),
            Carelessness::RootAsParent => (trace, root, flags),
            Carelessness::Unsampled => (trace, parent, "00".to_owned()),
        };
        let text = [version, trace, parent, flags].join("-");
        headers.insert("traceparent", HeaderValue::try_from(text).unwrap());
    }
}

struct Proxied {
    system: System,
    /// In front of the gateway, and of each service by its place in [`SERVICES`].
    edge: (Relay, Arc<Mutex<Hand>>),
    hands: Vec<Arc<Mutex<Hand>>>,
    _relays: Vec<Relay>,
}

async fn relay(roots: &Roots) -> (Relay, Arc<Mutex<Hand>>) {
    let hand = Arc::new(Mutex::new(Hand { does: Carelessness::None, seen: 0 }));
    let (own, roots) = (Arc::clone(&hand), Arc::clone(roots));
    let relay = Relay::start(move |headers| own.lock().unwrap().rewrite(headers, &roots)).await;
    (relay, hand)
}

impl Proxied {
    async fn start() -> Self {
        let roots = Roots::default();
        let edge = relay(&roots).await;
        let mut relays = Vec::new();
        for _ in SERVICES {
            relays.push(relay(&roots).await);
        }
        let callers = [Service::Gateway, Service::User, Service::Order];
        let system = System::with(|mut options, _| {
            for (caller, (relay, _)) in callers.into_iter().zip(&relays) {
                options = options.env(caller, "NEXT_SERVICE_URL", &relay.url());
            }
            options
        });
        let system = system.await;
        edge.0.lead_to(system.chain.url(Service::Gateway));
        for ((service, _), (relay, _)) in SERVICES.into_iter().zip(&relays) {
            relay.lead_to(system.chain.url(service));
        }
        let (relays, hands) = relays.into_iter().unzip();
        Self { system, edge, hands, _relays: relays }
    }

    /// A load while the relay in front of a service (the gateway: `None`) is careless.
    async fn load(&self, place: Option<usize>, does: Carelessness) -> Ended {
        let hand = place.map_or(&self.edge.1, |place| &self.hands[place]);
        *hand.lock().unwrap() = Hand { does, seen: 0 };
        let target = self.edge.0.url();
        let ended = self
            .system
            .begin(
                &[&LOAD[..], &CLOSED, &VERIFY, &TIMEOUT].concat(),
                &[("LOADGEN_TARGET", &target)],
            )
            .end()
            .await;
        assert_eq!(ended.number("/total/errors"), 0, "{}", ended.stdout);
        let mut hand = hand.lock().unwrap();
        assert_eq!(hand.seen, 30, "{does:?} at {place:?}");
        hand.does = Carelessness::None;
        ended
    }

    /// The same, for each service's relay; all that is struck gets this verdict at the hop.
    async fn assert_at_each_hop(&self, does: Carelessness, verdict: &str, struck: u64) {
        for (place, (_, to)) in SERVICES.into_iter().enumerate() {
            let ended = self.load(Some(place), does).await;
            let from = place.checked_sub(1).map_or("gateway", |before| SERVICES[before].1);
            let hop = format!("{from} → {to}: {verdict}");
            let counts = [("whole", 30 - struck), (verdict, struck)];
            ended.assert_ended(3, &Verdicts::of(counts, [(hop.as_str(), struck)]));
        }
    }
}

#[tokio::test]
async fn one_that_changes_nothing_is_not_seen() {
    let proxied = Proxied::start().await;
    proxied.load(None, Carelessness::None).await.assert_ended(0, &Verdicts::whole(30));
}

#[tokio::test]
async fn one_that_loses_the_context_is_found_also_when_it_does_so_now_and_then() {
    let proxied = Proxied::start().await;
    proxied.assert_at_each_hop(Carelessness::Strip, "broken", 30).await;
    proxied.assert_at_each_hop(Carelessness::StripEveryThird, "broken", 10).await;
    proxied.assert_at_each_hop(Carelessness::NewTrace, "broken", 30).await;
}

#[tokio::test]
async fn one_that_changes_the_parent_is_found() {
    let proxied = Proxied::start().await;
    proxied.assert_at_each_hop(Carelessness::NewParent, "orphaned", 30).await;
    // In front of the first service the root is not yet far away.
    proxied.assert_at_each_hop(Carelessness::RootAsParent, "wrong_parent", 30).await;
}

#[tokio::test]
async fn one_that_clears_the_sampled_flag_is_found() {
    let proxied = Proxied::start().await;
    for (place, (_, to)) in SERVICES.into_iter().enumerate() {
        let ended = proxied.load(Some(place), Carelessness::Unsampled).await;
        let from = place.checked_sub(1).map_or("gateway", |before| SERVICES[before].1);
        let hop = format!("{from} → {to}: incomplete");
        ended.assert_ended(3, &Verdicts::of([("incomplete", 30)], [(hop.as_str(), 30)]));
        let silent = format!("; {to} has no span at all");
        let failures = ended.failures();
        assert!(failures.iter().all(|(_, detail)| detail.contains(&silent)), "{failures:?}");
    }
}

#[tokio::test]
async fn one_in_front_of_the_gateway_is_found() {
    let proxied = Proxied::start().await;
    for (does, verdict, struck) in [
        (Carelessness::Strip, "broken", 30),
        (Carelessness::StripEveryThird, "broken", 10),
        (Carelessness::NewTrace, "broken", 30),
        (Carelessness::NewParent, "orphaned", 30),
        (Carelessness::Unsampled, "incomplete", 30),
    ] {
        let ended = proxied.load(None, does).await;
        let hop = format!("loadgen → gateway: {verdict}");
        let counts = [("whole", 30 - struck), (verdict, struck)];
        ended.assert_ended(3, &Verdicts::of(counts, [(hop.as_str(), struck)]));
    }
}
