//! Values as a query writes them.

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};

use super::Operand;

pub(super) fn kind(word: &str) -> Option<Operand> {
    SpanKind::from_str_name(&format!("SPAN_KIND_{}", word.to_ascii_uppercase())).map(Operand::Kind)
}

pub(super) fn status(word: &str) -> Option<Operand> {
    StatusCode::from_str_name(&format!("STATUS_CODE_{}", word.to_ascii_uppercase()))
        .map(Operand::Status)
}

pub(super) fn literal(word: &str) -> Option<Operand> {
    match word {
        "true" => Some(Operand::Boolean(true)),
        "false" => Some(Operand::Boolean(false)),
        _ => {
            let integer = word.parse().ok().map(Operand::Integer);
            let starts_as_number =
                word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
            let float = || word.parse().ok().filter(|_| starts_as_number).map(Operand::Float);
            integer.or_else(float).or_else(|| duration(word))
        }
    }
}

/// Go's durations: `1h30m`, `1.5s`, `100ms`, `10us`, `10µs`, `5ns`.
pub(super) fn duration(word: &str) -> Option<Operand> {
    nanoseconds(word).map(Operand::Duration)
}

pub(crate) fn nanoseconds(mut rest: &str) -> Option<u64> {
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit_length =
            after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_length);
        let factor = match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    // A float this large saturates, which is longer than any span.
    Some(total.round() as u64)
}
