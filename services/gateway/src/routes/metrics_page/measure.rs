//! Numbers with their units, as people read them.

use std::time::{SystemTime, UNIX_EPOCH};

/// What a metric counts, told by its name, as Prometheus' naming has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    /// Seconds since 1970.
    Moment,
    Bytes,
    Cents,
    Count,
}

impl Unit {
    pub(super) fn of(name: &str) -> Self {
        let base = name.strip_suffix("_total").unwrap_or(name);
        match base.rsplit_once('_').map(|(_, last)| last) {
            Some("seconds") if base.ends_with("_time_seconds") => Self::Moment,
            Some("seconds") => Self::Seconds,
            Some("bytes") => Self::Bytes,
            Some("cents") => Self::Cents,
            _ => Self::Count,
        }
    }

    /// What stands beside the name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Moment => "a moment",
            Self::Bytes => "bytes",
            Self::Cents => "cents",
            Self::Count => "a number",
        }
    }

    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Seconds => seconds(value),
            Self::Moment => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                format!("{} ago", whole_seconds(now.as_secs_f64() - value))
            }
            Self::Bytes => bytes(value),
            Self::Cents | Self::Count => number(value),
        }
    }
}

/// Three digits that count, in the unit that suits them.
pub(super) fn seconds(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        0.0 => return "0 s".to_owned(),
        under if under < 0.001 => (value * 1e6, "µs"),
        under if under < 1.0 => (value * 1e3, "ms"),
        under if under < 600.0 => (value, "s"),
        _ => return whole_seconds(value),
    };
    format!("{} {unit}", digits(scaled))
}

fn whole_seconds(value: f64) -> String {
    // A negative time, a clock that was set back, is none.
    let total = value.max(0.0) as u64;
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

fn bytes(value: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut scaled, mut at) = (value, 0);
    while scaled.abs() >= 1024.0 && at + 1 < units.len() {
        (scaled, at) = (scaled / 1024.0, at + 1);
    }
    format!("{} {}", digits(scaled), units[at])
}

/// Whole numbers in groups of three from five digits on.
fn number(value: f64) -> String {
    if value.fract() != 0.0 || value.abs() >= 1e15 {
        return value.to_string();
    }
    let plain = format!("{}", value.abs() as u64);
    let sign = if value < 0.0 { "-" } else { "" };
    if plain.len() < 5 {
        return format!("{sign}{plain}");
    }
    let groups: Vec<_> = plain.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    format!("{sign}{}", groups.join("\u{202f}"))
}

fn digits(value: f64) -> String {
    let places = match value.abs() {
        under if under < 9.995 => 2,
        under if under < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_told_by_the_name() {
        for (name, unit) in [
            ("http_request_duration_seconds", Unit::Seconds),
            ("process_cpu_seconds_total", Unit::Seconds),
            ("process_start_time_seconds", Unit::Moment),
            ("process_resident_memory_bytes", Unit::Bytes),
            ("tracechain_order_value_cents_total", Unit::Cents),
            ("http_requests_total", Unit::Count),
        ] {
            assert_eq!(Unit::of(name), unit, "{name}");
        }
    }

    #[test]
    fn values_have_three_digits_and_a_unit_that_suits_them() {
        for (value, shown) in [
            (0.0, "0 s"),
            (0.000_012_34, "12.3 µs"),
            (0.004, "4 ms"),
            (0.123_456, "123 ms"),
            (1.5, "1.5 s"),
            (59.96, "60 s"),
            (754.0, "12 min 34 s"),
            (7260.0, "2 h 1 min"),
        ] {
            assert_eq!(seconds(value), shown);
        }
        assert_eq!(Unit::Bytes.show(12_897_485.0), "12.3 MiB");
        assert_eq!(Unit::Bytes.show(512.0), "512 B");
        for (value, shown) in [
            (9999.0, "9999"),
            (1_234_567.0, "1\u{202f}234\u{202f}567"),
            (-10_000.0, "-10\u{202f}000"),
            (0.25, "0.25"),
        ] {
            assert_eq!(Unit::Count.show(value), shown);
        }
    }
}
