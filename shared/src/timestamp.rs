//! Times: microseconds since the Unix epoch in rows, RFC 3339 in UTC in answers.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Now, in microseconds since the Unix epoch.
#[must_use]
pub fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// `micros` since the Unix epoch as RFC 3339 in UTC, such as `2026-11-21T10:00:00.123456Z`.
#[must_use]
pub fn rfc3339(micros: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// The microseconds since the Unix epoch that an RFC 3339 text stands for.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1000).ok()
}

/// Serializes microseconds since the Unix epoch as RFC 3339, for `#[serde(serialize_with)]`.
///
/// # Errors
/// Only those of the serializer.
pub fn serialize<S: serde::Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*micros))
}

#[cfg(test)]
mod tests {
    #[test]
    fn micros_become_rfc3339_in_utc() {
        assert_eq!(super::rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(super::rfc3339(1_795_255_200_123_456), "2026-11-21T10:00:00.123456Z");
        assert_eq!(
            super::parse_rfc3339("2026-11-21T10:00:00.123456Z"),
            Some(1_795_255_200_123_456)
        );
        assert_eq!(super::parse_rfc3339("yesterday"), None);
    }
}
