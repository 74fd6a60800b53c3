//! `LOG_LEVEL`: a level, or directives of `tracing_subscriber`'s `EnvFilter`.

use tracing_subscriber::EnvFilter;

const ACCEPTED: &str = "accepted: trace, debug, info, warn (or warning), error, off, or a list of them with targets such as \
                        info,sqlx=warn";

/// Libraries whose trace and debug lines drown ours; a plain level leaves them at `info`, a directive of their own wins.
const NOISY: [&str; 10] = [
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "reqwest",
    "rustls",
    "tokio",
    "tonic",
    "tower",
    "want",
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
    let parts: Vec<String> = split_outside_braces(value)
        .map(directive)
        .collect::<Option<_>>()
        .ok_or(ACCEPTED)?;
    let directives = match parts.as_slice() {
        [level] if level == "trace" || level == "debug" => quieten(level),
        parts => parts.join(","),
    };
    EnvFilter::builder()
        .parse(&directives)
        .map_err(|error| format!("{ACCEPTED} ({error})"))?;
    Ok(LogLevel(directives))
}

fn quieten(level: &str) -> String {
    NOISY.iter().fold(level.to_owned(), |directives, target| {
        directives + "," + target + "=info"
    })
}

/// Field filters (`[span{a=1,b=2}]=debug`) have commas of their own.
fn split_outside_braces(value: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    value.split(move |c| {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
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
            ("info", "info"),
            ("INFO", "info"),
            ("WARNING", "warn"),
            ("Warn", "warn"),
            ("off", "off"),
            ("info,sqlx=WARNING", "info,sqlx=warn"),
            ("warn, [span{a=1,b=2}]=debug", "warn,[span{a=1,b=2}]=debug"),
        ] {
            assert_eq!(
                parse(given).map(|level| level.0),
                Ok(expected.to_owned()),
                "{given}"
            );
        }
    }

    #[test]
    fn debug_alone_leaves_the_libraries_at_info() {
        let level = parse("DEBUG").unwrap();
        assert!(level.directives().starts_with("debug,"));
        assert!(level.directives().contains(",hyper=info"));
        assert_eq!(
            parse("debug,h2=trace").unwrap().directives(),
            "debug,h2=trace"
        );
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for wrong in ["loud", "", "info,", "sqlx=loud", "=info", "5"] {
            assert!(
                parse(wrong)
                    .unwrap_err()
                    .starts_with("accepted: trace, debug"),
                "{wrong}"
            );
        }
    }
}
