//! How fast the chain is with telemetry on and off, on the embedded databases and on real ones, what the same
//! statements reach without the services, and how much memory the processes hold. Run it by `infra/bench.sh`; with the argument
//! `db-comments` it compares `DB_COMMENTS=on` with off instead, on real databases.
//!
//! Everything is measured in one run, in alternating rounds, because the machine's own speed changes: compare the ratios.

mod load;
mod memory;
mod statements;
mod system;

use std::time::Duration;

use system::{Databases, System, Variables};

const CONNECTIONS: usize = 32;
const WARM_UP: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const TELEMETRY: [(&str, Variables); 2] = [
    ("telemetry on", &[]),
    (
        "telemetry off",
        &[("OTEL_SDK_DISABLED", "true"), ("OTEL_METRICS_EXPORTER", "none"), ("LOG_LEVEL", "warn")],
    ),
];
const DB_COMMENTS: [(&str, Variables); 2] =
    [("DB_COMMENTS on", &[("DB_COMMENTS", "on")]), ("DB_COMMENTS off", &[])];

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(bench());
}

async fn bench() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "{CONNECTIONS} connections, {ROUNDS} rounds of {} s each, median; latency at the client",
        seconds().as_secs()
    );
    if std::env::args().any(|argument| argument == "db-comments") {
        for servers in Databases::servers().await {
            compare(&servers.name, &servers, DB_COMMENTS).await;
        }
        return;
    }
    embedded_memory().await;
    compare("embedded (SQLite)", &Databases::embedded(), TELEMETRY).await;
    for servers in Databases::servers().await {
        compare(&servers.name, &servers, TELEMETRY).await;
        let alone = statements::per_second(&servers, CONNECTIONS, seconds()).await;
        println!("{:<36} {alone:>8.0} /s", format!("{}, the statements alone", servers.name));
    }
}

/// Seconds of a round: `BENCH_SECONDS`, 10 unless set.
#[expect(clippy::disallowed_methods, reason = "a bench has no other configuration")]
fn seconds() -> Duration {
    let set = std::env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(set.unwrap_or(10))
}

async fn embedded_memory() {
    let system = System::start(&Databases::embedded(), &[]).await;
    load::requests(system.edge(), CONNECTIONS, 500).await;
    memory::print("embedded, after 500 requests", &system.resident());
}

/// `ways` are on and off.
async fn compare(name: &str, databases: &Databases, ways: [(&str, Variables); 2]) {
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (rates, (_, variables)) in rates.iter_mut().zip(ways) {
            rates.push(round(databases, variables).await);
        }
    }
    let [on, off] = rates.map(median);
    for ((way, _), rate) in ways.into_iter().zip([&on, &off]) {
        let load::Rate { per_second, p50, p99, cpu_per_request } = rate;
        println!(
            "{:<36} {per_second:>8.0} /s   p50 {p50:?}   p99 {p99:?}   CPU {cpu_per_request:?} per request",
            format!("{name}, {way}")
        );
    }
    println!("{:<36} {:>8.2}", format!("{name}, on / off"), on.per_second / off.per_second);
}

async fn round(databases: &Databases, variables: Variables) -> load::Rate {
    let system = System::start(databases, variables).await;
    load::for_a_while(system.edge(), CONNECTIONS, WARM_UP).await;
    let before = system.cpu_time();
    let mut rate = load::for_a_while(system.edge(), CONNECTIONS, seconds()).await;
    let used = system.cpu_time().saturating_sub(before);
    rate.cpu_per_request = used.div_f64(rate.per_second * seconds().as_secs_f64());
    rate
}

fn median(mut rates: Vec<load::Rate>) -> load::Rate {
    rates.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    rates.swap_remove(rates.len() / 2)
}
