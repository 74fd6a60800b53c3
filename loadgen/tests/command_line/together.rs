//! Flags that contradict each other, or need each other.

use super::{refused, refused_in};

const HEX: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn flags_that_contradict_each_other_are_refused_by_both_names() {
    for (args, one, other) in [
        (&["--closed", "--rate=5"][..], "--closed", "--rate"),
        (&["--closed", "--arrivals=poisson"], "--closed", "--arrivals"),
        (&["--closed", "--ramp=1..2/1s"], "--closed", "--ramp"),
        (&["--rate=5", "--ramp=1..2/1s"], "--rate", "--ramp"),
        (&["--requests=5", "--ramp=1..2/1s"], "--requests", "--ramp"),
        (&["--requests=5", "--duration=1s"], "--requests", "--duration"),
        (&["--watch", "--closed"], "--watch", "--closed"),
        (&["--watch", "--ramp=1..2/1s"], "--watch", "--ramp"),
        (&["--watch", "--duration=1s"], "--watch", "--duration"),
        (&["--watch", "--requests=1"], "--watch", "--requests"),
        (&["--watch", "--warm-up=1s"], "--watch", "--warm-up"),
        (&["--watch", "--reconcile"], "--watch", "--reconcile"),
    ] {
        let said = refused(args);
        assert!(said.contains(one) && said.contains(other), "{args:?}: {said}");
        assert!(said.contains("cannot be used with"), "{args:?}: {said}");
    }
}

#[test]
fn what_says_how_to_verify_is_refused_where_nothing_is_verified() {
    let said = refused(&["--killed", "order-service"]);
    assert_eq!(said, "--killed is given without --verify or --watch; accepted: beside one of them");
    assert!(
        refused(&["--contract", "own.toml"]).starts_with("--contract is given without --verify")
    );
}

#[test]
fn the_first_look_up_comes_before_the_last() {
    for verify in ["--verify", "--watch"] {
        let said = refused(&[verify, "--verify-after=30s"]);
        assert_eq!(
            said,
            "--verify-after is '30s', accepted: less than --verify-timeout, which is 30s"
        );
    }
    let said = refused(&["--verify", "--verify-timeout=1500ms"]);
    assert!(
        said.ends_with("is '2s', accepted: less than --verify-timeout, which is 1s 500ms"),
        "{said}"
    );
}

#[test]
fn a_verification_of_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(&["--verify", "--sampled=0"]);
    assert_eq!(said, "--sampled is '0', accepted beside --verify and --watch: a share above 0");
    for (variables, name) in [
        (&[("OTEL_TRACES_SAMPLER", "always_off")][..], "OTEL_TRACES_SAMPLER is 'always_off'"),
        (
            &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")],
            "OTEL_TRACES_SAMPLER_ARG is '0'",
        ),
    ] {
        let said = refused_in(folder.path(), &["--watch"], variables);
        assert!(said.starts_with(name) && said.contains("accepted beside"), "{said}");
    }
    let said = refused_in(folder.path(), &["--sampled=0.5"], &[("OTEL_TRACES_EXPORTER", "none")]);
    assert!(
        said.starts_with("--sampled is given, but spans are switched off; accepted:"),
        "{said}"
    );
}

#[test]
fn one_idempotency_key_for_all_requests_is_refused_beside_reconcile() {
    let said = refused(&["--reconcile", "-H", "Idempotency-Key: same"]);
    assert!(said.starts_with("--header has an idempotency-key"), "{said}");
}

#[test]
fn the_subcommands_need_a_trace() {
    assert!(refused(&["verify"]).contains("required arguments were not provided"));
    assert!(refused(&["contract"]).contains("required arguments were not provided"));
    let said = refused(&["verify", "--trace", HEX, "--ids", "nowhere"]);
    assert!(said.starts_with("--ids is 'nowhere', which cannot be read (No such file"), "{said}");
}

#[test]
fn a_header_that_is_the_load_s_own_business_is_refused() {
    for name in ["traceparent", "Expect", "content-length", "transfer-encoding"] {
        let said = refused(&["-H", &format!("{name}: x")]);
        assert!(said.contains("is set by loadgen itself; accepted: any other header"), "{said}");
    }
}
