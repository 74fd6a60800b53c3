//! A bad value is refused before anything is installed, in a sentence that names it.

use crate::render::template;

/// A value, and what is said of it.
const REFUSALS: &[(&str, &str)] = &[
    (
        "settings.edgeTrust=maybe",
        "at '/settings/edgeTrust': value must be one of 'continue', 'restart'",
    ),
    ("service.replica=3", "at '/service': additional properties 'replica' not allowed"),
    ("service.replicas=many", "at '/service/replicas': got string, want integer"),
    ("order.replicas=0", "at '/order/replicas': minimum: got 0, want 1"),
    (
        "otlp.endpoint=collector:4318",
        "otlp.endpoint is 'collector:4318': give http:// or https://, a host, and a port",
    ),
    (
        "otlp.protocol=grpc,otlp.endpoint=https://otlp.example.org/otlp",
        "otlp.endpoint is 'https://otlp.example.org/otlp', but gRPC has no path",
    ),
    (
        "ingress.hosts[0]=a..b",
        "ingress.hosts: 'a..b' is no name of a host: give lower-case letters",
    ),
    ("traces.url=tempo:3200", "traces.url is 'tempo:3200': give http:// or https://, a host"),
    (
        "networkPolicy.databases.user.port=null",
        "at '/networkPolicy/databases/user': missing property 'port'",
    ),
    (
        "settings.edgeTrust=restart,loadgen.enabled=true",
        "loadgen.verify: with settings.edgeTrust=restart the gateway leaves the load generator's traces",
    ),
    (
        "otlp.protocol=http/json",
        "at '/otlp/protocol': value must be one of 'http/protobuf', 'grpc'",
    ),
    ("tracing.sampler=half", "at '/tracing/sampler': value must be one of"),
    ("tracing.samplerArg=2", "at '/tracing/samplerArg': maximum: got 2, want 1"),
    ("image.digest=latest", "at '/image/digest': 'latest' does not match pattern '^(sha256:"),
    (
        "service.resources.limits.memory=64mb",
        "at '/service/resources/limits/memory': '64mb' does not match pattern",
    ),
    ("loadgen.duration=soon", "at '/loadgen/duration': 'soon' does not match pattern"),
    ("ingress.enabled=on", "at '/ingress/enabled': got string, want boolean"),
    (
        "databases.existingSecret=",
        "databases.existingSecret is empty, so there are no databases: name the Secret",
    ),
    (
        "metrics.port=5001",
        "metrics.port is 5001, which is the port of user-service: give /metrics one of its own",
    ),
    (
        "user.env.PORT=six",
        "user.env.PORT: other parts of the chart follow from this one; set it by its own value",
    ),
    (
        "gateway.autoscaling.enabled=true,gateway.autoscaling.minReplicas=20",
        "gateway.autoscaling: maxReplicas is 10 and minReplicas is 20; maxReplicas has to be at least minReplicas",
    ),
];

#[tokio::test]
async fn a_bad_value_is_refused_by_its_name_and_what_is_accepted() {
    for (value, told) in REFUSALS {
        let Some(outcome) = template(value).await else { return };
        let error = outcome.expect_err(value);
        assert!(error.contains(told), "{value}: {error}");
    }
}
