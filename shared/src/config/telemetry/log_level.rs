//! `LOG_LEVEL`: a level, or directives of `tracing_subscriber`'s `EnvFilter`.

use tracing_subscriber::EnvFilter;

const ACCEPTED: &str = "accepted: trace, debug, info, warn (or warning), error, off, or a list of them with targets such as \
                        info,sqlx=warn";

/// What a level without a target does not reach, each capped unless a directive names it: libraries whose trace and debug lines
/// drown ours, and the SDK, whose warnings are the only sign of its losses and whose other lines say nothing to a user.
const CAPPED: [(&str, &str); 11] = [
    ("opentelemetry", "warn"),
    ("h2", "info"),
    ("hyper", "info"),
    ("hyper_util", "info"),
    ("mio", "info"),
    ("reqwest", "info"),
    ("rustls", "info"),
    ("tokio", "info"),
    ("tonic", "info"),
    ("tower", "info"),
    ("want", "info"),
];

/// Which log lines are written; checked, so building the filter does not fail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogLevel(String);

impl LogLevel {
    /// A filter for a layer.
    #[must_use]
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }

    /// The directives, lower-cased where they are levels.
    #[must_use]
    pub fn directives(&self) -> &str {
        &self.0
    }
}

pub(super) fn parse(value: &str) -> Result<LogLevel, String> {
    let mut parts: Vec<String> =
        value.split(',').map(directive).collect::<Option<_>>().ok_or(ACCEPTED)?;
    cap(&mut parts);
    let directives = parts.join(",");
    EnvFilter::builder().parse(&directives).map_err(|error| format!("{ACCEPTED} ({error})"))?;
    Ok(LogLevel(directives))
}

fn cap(parts: &mut Vec<String>) {
    let reached = parts.iter().rev().find(|part| !part.contains('=')).map(|level| rank(level));
    let is_named = |parts: &[String], target: &str| {
        parts.iter().any(|part| part.split('=').next() == Some(target))
    };
    for (target, level) in CAPPED {
        if reached.is_some_and(|reached| reached > rank(level)) && !is_named(parts, target) {
            parts.push(format!("{target}={level}"));
        }
    }
}

/// How much a level lets through.
fn rank(level: &str) -> usize {
    ["off", "error", "warn", "info", "debug", "trace"]
        .iter()
        .position(|name| *name == level)
        .unwrap_or_default()
}

/// A word alone must be a level: `EnvFilter` would take a misspelt one for a target and say nothing.
fn directive(part: &str) -> Option<String> {
    let part = part.trim();
    match part.rsplit_once('=') {
        Some((target, name)) if !target.is_empty() => Some(format!("{target}={}", level(name)?)),
        Some(_) => None,
        None => level(part).map(str::to_owned),
    }
}

fn level(name: &str) -> Option<&'static str> {
    match name.trim().to_ascii_lowercase().as_str() {
        "trace" => Some("trace"),
        "debug" => Some("debug"),
        "info" => Some("info"),
        "warn" | "warning" => Some("warn"),
        "error" => Some("error"),
        "off" => Some("off"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn levels_and_directives_are_taken_in_any_case() {
        for (given, expected) in [
            ("info", "info,opentelemetry=warn"),
            ("INFO", "info,opentelemetry=warn"),
            ("WARNING", "warn"),
            ("Warn", "warn"),
            ("off", "off"),
            ("info,sqlx=WARNING", "info,sqlx=warn,opentelemetry=warn"),
            ("info,opentelemetry=info", "info,opentelemetry=info"),
            ("warn, [span{a=1}]=debug", "warn,[span{a=1}]=debug"),
        ] {
            assert_eq!(parse(given).map(|level| level.0), Ok(expected.to_owned()), "{given}");
        }
    }

    #[test]
    fn a_level_alone_leaves_the_libraries_at_info() {
        let debug = parse("DEBUG,h2=trace").unwrap();
        assert!(debug.directives().starts_with("debug,h2=trace,"));
        assert!(debug.directives().contains(",hyper=info"));
        assert!(!debug.directives().contains("h2=info"));
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for wrong in ["loud", "", "info,", "sqlx=loud", "=info", "5"] {
            assert!(parse(wrong).unwrap_err().starts_with("accepted: trace, debug"), "{wrong}");
        }
    }
}
