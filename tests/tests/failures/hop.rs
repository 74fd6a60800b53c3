//! A chain one of whose hops fails as a test says, and what the answer and the spans must then look like.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind::{Client, Server};
use testbed::{Chain, ChainOptions, Proxy, Reply, SeenSpan, Service, Sink, Upstream};

use crate::{
    asking::{self, Answer},
    traces::{exceptions, named, one_tree, only, table},
};

pub(crate) const TIMEOUT: Duration = Duration::from_millis(1500);
const PROCESS: &str = "POST /process";
const SERVER_SPANS: [&str; 2] = ["POST /api/v1/process", PROCESS];

/// A chain in which `caller` calls an upstream of the test, through a proxy.
pub(crate) struct Hop {
    pub(crate) caller: &'static str,
    callee: &'static str,
    /// Spans of the trace beside the tries of the hop.
    others: usize,
    pub(crate) chain: Chain,
    pub(crate) sink: Sink,
    pub(crate) upstream: Upstream,
    pub(crate) proxy: Proxy,
}

/// How a hop is to fail.
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    /// `error.type` of each try; `None` where the try itself went well.
    pub(crate) tries: Vec<Option<&'static str>>,
    /// Whether the hop's caller failed by itself rather than passing an error up.
    pub(crate) is_own: bool,
    pub(crate) arrived: usize,
}

impl Failure {
    pub(crate) fn bad_gateway(try_error: Option<&'static str>) -> Self {
        Self { status: 502, code: "bad_gateway", tries: vec![try_error], is_own: true, arrived: 1 }
    }
}

impl Hop {
    /// The hop that `caller` makes.
    async fn of(caller: Service) -> Self {
        let (sink, upstream) = (Sink::start().await, Upstream::start(|_| Reply::Close).await);
        let proxy = Proxy::to(upstream.port()).await;
        let options = ChainOptions::sqlite()
            .otlp(sink.endpoint())
            .env_all("REQUEST_TIMEOUT_MS", &TIMEOUT.as_millis().to_string())
            .env(caller, "NEXT_SERVICE_URL", &proxy.url());
        let chain = Chain::start(options).await;
        let (caller, callee, others) = match caller {
            Service::Gateway => ("gateway", "user-service", 1),
            _ => ("user-service", "order-service", 4),
        };
        Self { caller, callee, others, chain, sink, upstream, proxy }
    }

    /// Both hops whose failure ends the request.
    pub(crate) async fn both() -> [Self; 2] {
        [Self::of(Service::Gateway).await, Self::of(Service::User).await]
    }

    /// One request fails as `expected`; how long it took.
    pub(crate) async fn fails(&self, expected: Failure) -> Duration {
        let (before, started) = (self.arrived(), Instant::now());
        let answer = asking::process(&self.chain, 1001).await;
        let took = started.elapsed();
        answer.assert_problem(expected.status, expected.code, self.callee);
        assert_eq!(self.arrived() - before, expected.arrived, "{}", self.callee);
        self.assert_spans(&answer, &expected).await;
        took
    }

    /// Requests that came to the upstream, health probes aside.
    pub(crate) fn arrived(&self) -> usize {
        self.upstream.requests().iter().filter(|received| received.path == "/process").count()
    }

    pub(crate) async fn assert_spans(&self, answer: &Answer, expected: &Failure) {
        let count = self.others + expected.tries.len();
        let spans = one_tree(&self.sink, answer.text("trace_id"), count).await;
        self.assert_tries(&spans, expected);
        let server =
            only(&spans, self.caller, Server, SERVER_SPANS[usize::from(self.caller != "gateway")]);
        let own =
            if expected.is_own { expected.code.to_owned() } else { expected.status.to_string() };
        assert_failed(server, Some(&own), usize::from(expected.is_own), &spans);
        if self.caller != "gateway" {
            // The gateway passes up what another told: an error, and no exception of its own.
            let passed_up = expected.status.to_string();
            assert_failed(only(&spans, "gateway", Client, PROCESS), Some(&passed_up), 0, &spans);
            assert_failed(
                only(&spans, "gateway", Server, SERVER_SPANS[0]),
                Some(&passed_up),
                0,
                &spans,
            );
        }
    }

    /// The tries are siblings below the caller's SERVER span, counted from the second on.
    fn assert_tries(&self, spans: &[SeenSpan], expected: &Failure) {
        let tries = named(spans, self.caller, Client, PROCESS);
        assert_eq!(tries.len(), expected.tries.len(), "{}", table(spans));
        for (number, (seen, error_type)) in (0..).zip(tries.iter().zip(&expected.tries)) {
            assert_eq!(seen.int("http.request.resend_count"), (number > 0).then_some(number));
            assert_eq!(seen.parent, tries[0].parent, "{}", table(spans));
            assert_eq!(seen.text("peer.service").as_deref(), Some(self.callee));
            // A status is an answer: nothing was thrown.
            let threw = error_type.is_some_and(|error| error.parse::<u16>().is_err());
            assert_failed(seen, *error_type, usize::from(threw), spans);
        }
    }
}

fn assert_failed(seen: &SeenSpan, error_type: Option<&str>, thrown: usize, spans: &[SeenSpan]) {
    let found = (seen.failed, seen.text("error.type"), exceptions(seen));
    let expected = (error_type.is_some(), error_type.map(str::to_owned), thrown);
    assert_eq!(found, expected, "{} {} in {}", seen.service, seen.name, table(spans));
}
