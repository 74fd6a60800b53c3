use super::*;

fn plan(given: &[(&str, &str)]) -> Result<Plan, Failure> {
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Plan::new(&Environment::new(given, []), Path::new("tracechain"))
}

fn child<'a>(plan: &'a Plan, name: &str) -> &'a ChildSpec {
    plan.children.iter().find(|child| child.name == name).unwrap()
}

#[test]
fn without_any_variable_everything_has_its_documented_place() {
    let plan = plan(&[]).unwrap();

    let names: Vec<&str> = plan.children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["viewer", "audit", "order", "user", "gateway"]);
    let gateway = &child(&plan, "gateway").variables;
    assert_eq!(gateway["PORT"], "5000");
    assert_eq!(gateway["EDGE_PORT"], "8080");
    assert_eq!(gateway["NEXT_SERVICE_URL"], "http://127.0.0.1:5001");
    assert_eq!(gateway["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://127.0.0.1:4318");
    assert!(!gateway.contains_key("DATABASE_URL"));
    assert_eq!((&*gateway["VIEWER_PORT"], &*gateway["VIEWER_OTLP_HTTP_PORT"]), ("3000", "4318"));
    let order = &child(&plan, "order").variables;
    assert_eq!(order["DATABASE_URL"], "sqlite:.tracechain/order.db");
    assert_eq!(order["NEXT_SERVICE_URL"], "http://127.0.0.1:5003");
    let viewer = child(&plan, "viewer");
    assert!(!viewer.variables.contains_key("OTEL_EXPORTER_OTLP_ENDPOINT"));
    assert_eq!(viewer.ready_url, "http://127.0.0.1:3000/ready");
    let ports: Vec<u16> =
        plan.children.iter().flat_map(|child| &child.ports).map(|port| port.port).collect();
    assert_eq!(ports, [3000, 3200, 4317, 4318, 5003, 5002, 5001, 5000, 8080]);
}

#[test]
fn a_moved_port_moves_every_address_that_leads_there() {
    let plan =
        plan(&[("USER_PORT", "6001"), ("VIEWER_OTLP_HTTP_PORT", "6318"), ("EDGE_PORT", "6080")])
            .unwrap();

    let gateway = &child(&plan, "gateway").variables;
    assert_eq!(gateway["NEXT_SERVICE_URL"], "http://127.0.0.1:6001");
    assert_eq!(gateway["USER_SERVICE_URL"], "http://127.0.0.1:6001");
    assert_eq!(gateway["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://127.0.0.1:6318");
    assert_eq!(gateway["VIEWER_OTLP_HTTP_PORT"], "6318");
    assert_eq!(child(&plan, "user").variables["PORT"], "6001");
    assert_eq!(
        child(&plan, "viewer").variables["CORS_ORIGINS"],
        "http://localhost:6080,http://127.0.0.1:6080,http://[::1]:6080,\
         http://localhost:5000,http://127.0.0.1:5000,http://[::1]:5000"
    );
    assert!(plan.announcement.contains("curl -X POST http://localhost:6080/api/v1/process"));
}

#[test]
fn the_viewer_shows_the_metrics_of_those_it_is_started_with_wherever_they_are() {
    let targets = |given: &[(&str, &str)]| {
        child(&plan(given).unwrap(), "viewer").variables["SCRAPE_TARGETS"].clone()
    };
    assert_eq!(
        targets(&[("ORDER_PORT", "6002"), ("AUDIT_HOST", "::")]),
        "gateway=http://127.0.0.1:5000/metrics,user-service=http://127.0.0.1:5001/metrics,\
         order-service=http://127.0.0.1:6002/metrics,audit-service=http://[::1]:5003/metrics"
    );
    assert_eq!(targets(&[("SCRAPE_TARGETS", "localhost:9100")]), "localhost:9100");
    assert!(targets(&[("OTEL_SERVICE_NAME", "")]).parse::<viewer::Targets>().is_ok());
}

#[test]
fn a_page_of_another_address_of_this_machine_may_ask_the_viewer() {
    let plan = plan(&[("HOST", "192.168.1.5")]).unwrap();
    let origins = &child(&plan, "viewer").variables["CORS_ORIGINS"];
    assert!(
        origins.contains("http://192.168.1.5:8080,") && origins.contains("http://[::1]:5000"),
        "{origins}"
    );
}

#[test]
fn the_laboratory_is_open_unless_somebody_says_otherwise_or_a_token_guards_the_system() {
    let open = |given: &[(&str, &str)], name| {
        let plan = plan(given);
        child(&plan.unwrap(), name).variables.get("LAB").cloned()
    };
    for name in ["gateway", "user", "order", "audit"] {
        assert_eq!(open(&[], name).as_deref(), Some("true"), "{name}");
        assert_eq!(open(&[("LAB", "false")], name).as_deref(), Some("false"), "{name}");
    }
    assert_eq!(open(&[("ORDER_LAB", "false")], "order").as_deref(), Some("false"));
    assert_eq!(open(&[("ORDER_LAB", "false")], "user").as_deref(), Some("true"));
    assert_eq!(open(&[], "viewer"), None);
    assert_eq!(open(&[("SHOP_API_TOKEN", "somebody else's")], "user").as_deref(), Some("true"));
    for guarded in ["API_TOKEN", "GATEWAY_API_TOKEN"] {
        assert_eq!(open(&[(guarded, "s3cret")], "user"), None, "{guarded}");
        let asked_for = [(guarded, "s3cret"), ("LAB", "true")];
        assert_eq!(open(&asked_for, "user").as_deref(), Some("true"), "{guarded}");
    }
}

#[test]
fn a_hop_put_in_between_leaves_the_reads_alone() {
    let plan = plan(&[("GATEWAY_NEXT_SERVICE_URL", "http://127.0.0.1:9000")]).unwrap();

    let gateway = &child(&plan, "gateway").variables;
    assert_eq!(gateway["NEXT_SERVICE_URL"], "http://127.0.0.1:9000");
    assert_eq!(gateway["USER_SERVICE_URL"], "http://127.0.0.1:5001");
}

#[test]
fn with_a_collector_no_viewer_is_started() {
    let plan = plan(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]).unwrap();

    assert!(plan.children.iter().all(|child| child.name != "viewer"));
    assert!(
        plan.announcement.contains("traces to  http://collector:4318"),
        "{}",
        plan.announcement
    );
}

#[test]
fn a_collector_for_one_service_alone_leaves_the_viewer_to_the_others() {
    let plan = plan(&[("USER_OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]).unwrap();

    let endpoint = |name| child(&plan, name).variables["OTEL_EXPORTER_OTLP_ENDPOINT"].as_str();
    assert_eq!(endpoint("user"), "http://collector:4318");
    assert_eq!(endpoint("order"), "http://127.0.0.1:4318");
}

#[test]
fn grpc_goes_to_the_receiver_that_speaks_it() {
    let plan = plan(&[("ORDER_OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).unwrap();

    let endpoint = |name| child(&plan, name).variables["OTEL_EXPORTER_OTLP_ENDPOINT"].as_str();
    assert_eq!(endpoint("order"), "http://127.0.0.1:4317");
    assert_eq!(endpoint("audit"), "http://127.0.0.1:4318");
}

#[test]
fn a_host_for_all_addresses_is_reached_on_loopback() {
    let plan = plan(&[("HOST", "0.0.0.0"), ("AUDIT_HOST", "::")]).unwrap();

    assert_eq!(child(&plan, "user").variables["HOST"], "0.0.0.0");
    assert_eq!(child(&plan, "user").variables["NEXT_SERVICE_URL"], "http://127.0.0.1:5002");
    assert_eq!(child(&plan, "order").variables["NEXT_SERVICE_URL"], "http://[::1]:5003");
    assert!(
        plan.announcement.contains("gateway    http://localhost:5000"),
        "{}",
        plan.announcement
    );
}

#[test]
fn another_childs_variables_and_empty_ones_cannot_come_back_through_the_file() {
    let plan =
        plan(&[("USER_DATABASE_URL", "postgres://u:secret@h/d"), ("LOG_LEVEL", "")]).unwrap();

    let order = child(&plan, "order");
    assert!(order.emptied.contains("USER_DATABASE_URL") && order.emptied.contains("LOG_LEVEL"));
    assert_eq!(child(&plan, "user").variables["DATABASE_URL"], "postgres://u:secret@h/d");
}

#[test]
fn wrong_values_name_the_variable_the_value_and_what_is_accepted() {
    let cases = [
        ("USER_PORT", "abc", "USER_PORT is 'abc': a port is a number from 1 to 65535"),
        ("EDGE_PORT", "0", "EDGE_PORT is '0': a port"),
        ("GATEWAY_EDGE_PORT", "70000", "GATEWAY_EDGE_PORT is '70000': a port"),
        ("VIEWER_PORT", "-1", "VIEWER_PORT is '-1': a port"),
        ("AUDIT_METRICS_PORT", "x", "AUDIT_METRICS_PORT is 'x': a port"),
        ("HOST", "nowhere", "is 'nowhere': an IP address"),
        ("DRAIN_TIMEOUT_MS", "soon", "DRAIN_TIMEOUT_MS is 'soon': accepted"),
        ("USER_HOST", "here", "USER_HOST is 'here': an IP address"),
    ];
    for (name, value, expected) in cases {
        let failure = plan(&[(name, value)]).err().unwrap();
        assert_eq!(failure.exit_code, 2, "{name}");
        assert!(failure.sentence.contains(expected), "{}", failure.sentence);
    }
}

#[test]
fn a_child_gets_five_seconds_over_its_own_drain_timeout() {
    let plan = plan(&[("DRAIN_TIMEOUT_MS", "2000"), ("ORDER_DRAIN_TIMEOUT_MS", "4000")]).unwrap();

    assert_eq!(child(&plan, "user").stop_within, Duration::from_secs(7));
    assert_eq!(child(&plan, "order").stop_within, Duration::from_secs(9));
}
