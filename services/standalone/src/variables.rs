//! Who gets which variable.
//!
//! `USER_X`, `ORDER_X`, `AUDIT_X`, `GATEWAY_X` and `VIEWER_X` reach that child alone as `X`, if `X`
//! is a name that it reads: `USER_ID` or `USER_SERVICE_URL` are names of their own.

use crate::environment::{Environment, Variables};
use crate::failure::Failure;
use crate::services::Service;

/// These mean something different in every process.
const PER_PROCESS: [&str; 5] =
    ["DATABASE_URL", "METRICS_PORT", "NEXT_SERVICE_URL", "OTEL_SERVICE_NAME", "PORT"];

/// Refuses what cannot be meant for every child at once.
pub(crate) fn refuse_per_process(environment: &Environment) -> Result<(), Failure> {
    let mut complaints: Vec<String> = PER_PROCESS
        .iter()
        .filter(|name| environment.variables.contains_key(**name))
        .map(|name| {
            format!("{name} is different in every service: set {} instead", prefixed_forms(name))
        })
        .collect();
    if names_the_service(environment) {
        complaints.push(
            "OTEL_RESOURCE_ATTRIBUTES has a service.name, which is different in every service: take it out".to_owned(),
        );
    }
    if complaints.is_empty() { Ok(()) } else { Err(Failure::refused(complaints.join("\n"))) }
}

/// One line for each variable with a service's prefix that no service reads: mostly a name that was mistyped.
pub(crate) fn warnings(environment: &Environment) -> Vec<String> {
    let names = environment.variables.keys();
    names.filter_map(|name| warning(name)).collect()
}

fn warning(variable: &str) -> Option<String> {
    if is_whole(variable) || owner(variable).is_some() {
        return None;
    }
    let mut services = Service::START_ORDER.into_iter();
    let service = services.find(|service| variable.starts_with(service.prefix()))?;
    let (name, short) = (service.name(), variable.strip_prefix(service.prefix())?);
    Some(format!(
        "{variable} has no effect: {name} reads no {short}; `tracechain {name} --help` shows what it reads"
    ))
}

fn names_the_service(environment: &Environment) -> bool {
    environment.variables.get("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|attributes| {
        attributes
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .any(|(key, _)| key.trim() == "service.name")
    })
}

fn prefixed_forms(name: &str) -> String {
    let forms: Vec<String> = Service::START_ORDER
        .iter()
        .rev()
        .filter(|service| service.reads(name) && !is_whole(&own_form(**service, name)))
        .map(|service| own_form(*service, name))
        .collect();
    forms.join(", ")
}

/// The name under which `variable` reaches `service` alone.
pub(crate) fn own_form(service: Service, variable: &str) -> String {
    format!("{}{variable}", service.prefix())
}

/// The name that gives `service` its `variable` now, since that is the one to change.
pub(crate) fn form_in_use(service: Service, variable: &str, environment: &Environment) -> String {
    let own = own_form(service, variable);
    if environment.variables.contains_key(&own) { own } else { variable.to_owned() }
}

/// What `service` gets: what everyone gets, and over it what is for it alone.
pub(crate) fn of(service: Service, environment: &Environment) -> Variables {
    let mut own = Variables::new();
    let mut result = Variables::new();
    for (name, value) in &environment.variables {
        match owner(name) {
            None => drop(result.insert(name.clone(), value.clone())),
            Some((only, short)) if only == service => {
                drop(own.insert(short.to_owned(), value.clone()))
            }
            Some(_) => {}
        }
    }
    result.extend(own);
    result
}

/// The one child that a prefixed variable is for, and its name there.
fn owner(variable: &str) -> Option<(Service, &str)> {
    if is_whole(variable) {
        return None;
    }
    Service::START_ORDER.into_iter().find_map(|service| {
        let short = variable.strip_prefix(service.prefix())?;
        service.reads(short).then_some((service, short))
    })
}

/// Names that look prefixed and are not: some process reads them as they stand.
fn is_whole(variable: &str) -> bool {
    Service::START_ORDER.iter().any(|service| service.reads(variable))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(given: &[(&str, &str)]) -> Environment {
        Environment::new(
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
            [],
        )
    }

    #[test]
    fn a_prefixed_variable_reaches_its_child_alone_and_wins() {
        let given = environment(&[("LOG_LEVEL", "info"), ("ORDER_LOG_LEVEL", "debug")]);

        assert_eq!(of(Service::Order, &given)["LOG_LEVEL"], "debug");
        assert_eq!(of(Service::User, &given)["LOG_LEVEL"], "info");
        assert!(!of(Service::User, &given).contains_key("ORDER_LOG_LEVEL"));
    }

    #[test]
    fn an_empty_prefixed_variable_leaves_the_plain_one_in_force() {
        let given = environment(&[("LOG_LEVEL", "info"), ("ORDER_LOG_LEVEL", "")]);

        assert_eq!(of(Service::Order, &given)["LOG_LEVEL"], "info");
    }

    #[test]
    fn names_that_only_look_prefixed_reach_everyone_unchanged() {
        let names =
            ["USER", "USER_ID", "USER_SERVICE_URL", "VIEWER_PORT", "GATEWAY_INTERFACE", "HOME"];
        let given = environment(&names.map(|name| (name, "1")));

        for service in Service::START_ORDER {
            let got = of(service, &given);
            assert!(names.iter().all(|name| got.contains_key(*name)), "{got:?}");
        }
    }

    #[test]
    fn standard_telemetry_names_take_a_prefix_too() {
        let given = environment(&[
            ("AUDIT_OTEL_SERVICE_NAME", "books"),
            ("GATEWAY_USER_SERVICE_URL", "http://u"),
        ]);

        assert_eq!(of(Service::Audit, &given)["OTEL_SERVICE_NAME"], "books");
        assert_eq!(of(Service::Gateway, &given)["USER_SERVICE_URL"], "http://u");
        assert!(refuse_per_process(&given).is_ok());
    }

    #[test]
    fn every_per_process_variable_is_refused_with_the_names_to_use() {
        for name in PER_PROCESS {
            let failure = refuse_per_process(&environment(&[(name, "x")])).unwrap_err();

            assert_eq!(failure.exit_code, 2);
            assert!(failure.sentence.starts_with(name), "{}", failure.sentence);
            assert!(failure.sentence.contains(&format!("USER_{name}")), "{}", failure.sentence);
        }
        assert!(refuse_per_process(&environment(&[("PORT", "")])).is_ok());
    }

    #[test]
    fn a_prefixed_name_that_nobody_reads_is_warned_about_and_no_other() {
        let given = environment(&[
            ("GATEWAY_FOO", "1"),
            ("USER_DATABSE_URL", "sqlite:a.db"),
            ("USER_DATABASE_URL", "sqlite:b.db"),
            ("VIEWER_PORT", "1"),
            ("USER_SERVICE_URL", "http://u"),
            ("ORDER_OTEL_SERVICE_NAME", "shop"),
            ("AUDIT_FOO", ""),
            ("USER", "me"),
        ]);

        let said = warnings(&given);

        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("GATEWAY_FOO has no effect: gateway reads no FOO"), "{said:?}");
        assert!(said[1].starts_with("USER_DATABSE_URL has no effect"), "{said:?}");
    }

    #[test]
    fn faults_and_the_laboratory_are_for_one_service_or_for_all_that_can_have_them() {
        let given = environment(&[
            ("USER_FAULTS", "drop_context=0.01"),
            ("FAULTS", "latency=1ms"),
            ("ORDER_LAB", "true"),
            ("VIEWER_FAULTS", "drop_spans"),
        ]);

        let all = Service::START_ORDER.map(|service| of(service, &given));
        let [viewer, audit, order, user, gateway] = all;
        assert_eq!(user["FAULTS"], "drop_context=0.01");
        for other in [&audit, &order, &gateway] {
            assert_eq!(other["FAULTS"], "latency=1ms");
        }
        for other in [&viewer, &audit, &user, &gateway] {
            assert!(!other.contains_key("LAB"));
        }
        assert_eq!(order["LAB"], "true");
        let said = warnings(&given);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("VIEWER_FAULTS has no effect"), "{said:?}");
    }

    #[test]
    fn a_service_name_for_all_is_refused_in_the_resource_attributes_too() {
        let given = environment(&[("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=all")]);

        assert!(refuse_per_process(&given).unwrap_err().sentence.contains("service.name"));
    }
}
