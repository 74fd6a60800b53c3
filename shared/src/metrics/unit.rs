//! Units of metrics, for OTLP.

/// The unit of a metric in UCUM, told by its name, as OTLP wants it; empty where it counts things.
pub(super) fn unit(name: &str) -> &'static str {
    let base = name.strip_suffix("_total").unwrap_or(name);
    let units = [
        ("_seconds", "s"),
        ("_bytes", "By"),
        ("_cents", "{cent}"),
        ("_connections", "{connection}"),
    ];
    units.into_iter().find(|(suffix, _)| base.ends_with(suffix)).map_or("", |(_, unit)| unit)
}
