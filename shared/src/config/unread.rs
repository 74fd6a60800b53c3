//! Variables that this version does not read: names of older systems, which are warned about, and names of later versions,
//! which are refused, since a protection that is set and does nothing must not pass.

use super::variable;

/// Variables that older systems of this kind read and this one does not, each with what to use instead.
const REPLACED: [(&str, &str); 12] = [
    ("AUDIT_URL", "NEXT_SERVICE_URL"),
    ("DB_HOST", "DATABASE_URL"),
    ("DB_NAME", "DATABASE_URL"),
    ("DB_PASSWORD", "DATABASE_URL"),
    ("DB_PORT", "DATABASE_URL"),
    ("DB_USER", "DATABASE_URL"),
    ("JAEGER_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("METRICS_BACKEND", "OTEL_METRICS_EXPORTER"),
    ("OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("SERVICE_NAME", "OTEL_SERVICE_NAME"),
    ("SERVICE_PORT", "PORT"),
    ("TRACING_ENABLED", "OTEL_SDK_DISABLED"),
];

/// Variables of later versions, each with what this one does not do yet.
const LATER: [(&str, &str); 1] = [("API_TOKEN", "check tokens")];

/// One line for each variable that is set, not read, and has a name here.
#[must_use]
pub fn replaced_variables() -> Vec<String> {
    let set = |name: &str| variable(name).is_some();
    REPLACED
        .iter()
        .filter(|(name, _)| set(name))
        .map(|(name, instead)| format!("{name} is set and not read here; use {instead} instead"))
        .collect()
}

/// Refuses the names of later versions: whoever sets `API_TOKEN` relies on its being checked.
///
/// `prefix` stands in front of the names (the launcher's `USER_` and such), and `value` looks a whole name up.
///
/// # Errors
/// The variable's whole name, what it would do, and to unset it.
pub fn refuse_later_variables(
    prefix: &str,
    value: impl Fn(&str) -> Option<String>,
) -> Result<(), String> {
    for (name, does) in LATER {
        let whole = format!("{prefix}{name}");
        if value(&whole).is_some() {
            return Err(format!("{whole} is set, and this version does not {does} yet; unset it"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(prefix: &str, name: &str, value: &str) -> Option<String> {
        let given = |asked: &str| (asked == name).then(|| value.to_owned());
        refuse_later_variables(prefix, given).err()
    }

    #[test]
    fn a_switch_that_would_do_nothing_is_refused_without_its_value() {
        let token = refusal("", "API_TOKEN", "s3cret").unwrap();
        assert_eq!(token, "API_TOKEN is set, and this version does not check tokens yet; unset it");
        let prefixed = refusal("ORDER_", "ORDER_API_TOKEN", "s3cret").unwrap();
        assert!(prefixed.starts_with("ORDER_API_TOKEN is set"), "{prefixed}");
    }

    #[test]
    fn other_names_pass() {
        assert_eq!(refusal("", "FAULTS", "pool=2"), None);
        assert_eq!(refusal("", "USER_API_TOKEN", "x"), None);
    }
}
