//! Every rule, seen from the next service: headers in, a SERVER span under the remote parent, a CLIENT span in it, headers out.
//! The spans are real ones of tracing-opentelemetry over an SDK provider, so what travels in the context is proved to survive them.

mod baggage;
mod carrier;
mod configuration;
mod handler;
mod properties;
mod traceparent;
mod tracestate;
mod verbatim;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::subscriber::with_default;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

use super::{ALL, Propagation};

pub(super) const TRACE_ID: &str = "12345678901234567890123456789012";
pub(super) const PARENT_ID: &str = "1234567890123456";
pub(super) const NOT_SAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-00";
pub(super) const SAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// Every way a service may be set up that must make no difference to what it passes on, but for the sampled flag.
pub(super) fn each_setup(mut check: impl FnMut(&str, &dyn Fn(&HeaderMap) -> HeaderMap)) {
    let propagation = Propagation::new(&ALL, false);
    for (name, sampler) in [
        ("always_on", Sampler::AlwaysOn),
        ("always_off", Sampler::AlwaysOff),
        ("parent_based", parent_based()),
    ] {
        for activation in [true, false] {
            let name = format!("{name}, context activation {activation}");
            check(&name, &|inbound| hop(&propagation, sampler.clone(), activation, inbound));
        }
    }
}

pub(super) fn parent_based() -> Sampler {
    Sampler::ParentBased(Box::new(Sampler::AlwaysOn))
}

/// What the next service is sent.
pub(super) fn hop(
    propagation: &Propagation,
    sampler: Sampler,
    activation: bool,
    inbound: &HeaderMap,
) -> HeaderMap {
    in_client_span(sampler, activation, propagation.extract(inbound), |cx| {
        let mut outbound = HeaderMap::new();
        propagation.inject(&cx, &mut outbound);
        outbound
    })
}

/// Runs `work` with the context of a CLIENT span whose parent is a SERVER span whose parent is `parent`.
pub(super) fn in_client_span<T>(
    sampler: Sampler,
    activation: bool,
    parent: opentelemetry::Context,
    work: impl FnOnce(opentelemetry::Context) -> T,
) -> T {
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("hop"))
        .with_context_activation(activation);
    with_default(tracing_subscriber::registry().with(layer), || {
        let server = tracing::info_span!("POST /process", otel.kind = "server");
        server.set_parent(parent).expect("the span is new and the layer is there");
        let _server = server.enter();
        let client = tracing::info_span!("POST /process", otel.kind = "client");
        let _client = client.enter();
        work(tracing::Span::current().context())
    })
}

pub(super) fn headers<N: AsRef<[u8]>, V: AsRef<[u8]>>(lines: &[(N, V)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_ref()).expect("a header name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        headers.append(name, value);
    }
    headers
}

/// All lines of a header, in order.
pub(super) fn lines(headers: &HeaderMap, name: &str) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.get_all(name).iter().map(text).collect()
}

/// Trace id, span id and flags of the one `traceparent` in `headers`, which must be well formed.
pub(super) fn traceparent(headers: &HeaderMap) -> (String, String, String) {
    let found = lines(headers, "traceparent");
    let [line] = found.as_slice() else {
        panic!("one traceparent expected, found {found:?}");
    };
    let parts: Vec<&str> = line.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    assert_eq!(lengths, [2, 32, 16, 2], "{line}");
    assert!(parts.iter().all(|part| part.bytes().all(hex)), "not lowercase hex: {line}");
    assert_eq!(parts[0], "00", "{line}");
    (parts[1].into(), parts[2].into(), parts[3].into())
}
