//! Faults as the variable says them, read and written.

use std::{fmt, str::FromStr, time::Duration};

use super::{Chance, Faults, STATUSES, Share};

pub(super) const LATENCY: &str = "latency";
pub(super) const ERROR: &str = "error";
pub(super) const DROP_CONTEXT: &str = "drop_context";
pub(super) const DB_LATENCY: &str = "db_latency";
pub(super) const POOL: &str = "pool";
pub(super) const DROP_SPANS: &str = "drop_spans";
pub(super) const DOWN: &str = "down";

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(60);
const LARGEST_POOL: usize = 1000;

/// Why a fault is refused.
#[derive(Debug, PartialEq)]
pub(super) enum Refused {
    /// There is no fault of this name.
    Name,
    /// The same fault stands there twice.
    Twice,
    /// The value, and what is accepted in its place.
    Value(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(
                f,
                "accepted: {LATENCY}, {ERROR}, {DROP_CONTEXT}, {DB_LATENCY}, {POOL}, {DROP_SPANS}, {DOWN}, as in \
                 latency=200ms:0.1,error=503:0.05,drop_context=0.01,db_latency=50ms:0.1,pool=2,drop_spans=0.01,down=0.01"
            ),
            Self::Twice => f.write_str("accepted: each fault once"),
            Self::Value(accepted) => write!(f, "accepted: {accepted}"),
        }
    }
}

/// The value of `FAULTS`; an empty one is none.
///
/// # Errors
/// The part that is not accepted, and what is.
impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        if text.trim().is_empty() {
            return Ok(faults);
        }
        for part in text.split(',').map(str::trim) {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim())),
                None => (part, None),
            };
            faults.add(name, value).map_err(|refused| format!("'{part}' in it: {refused}"))?;
        }
        Ok(faults)
    }
}

impl Faults {
    /// Adds the fault `name`; one without `value` takes no more than a share, and strikes always.
    pub(super) fn add(&mut self, name: &str, value: Option<&str>) -> Result<(), Refused> {
        match name {
            LATENCY => once(&mut self.latency, || duration_chance(LATENCY, value)),
            ERROR => once(&mut self.error, || status_chance(value)),
            DROP_CONTEXT => once(&mut self.drop_context, || share_alone(DROP_CONTEXT, value)),
            DB_LATENCY => once(&mut self.db_latency, || duration_chance(DB_LATENCY, value)),
            POOL => once(&mut self.pool, || connections(value)),
            DROP_SPANS => once(&mut self.drop_spans, || share_alone(DROP_SPANS, value)),
            DOWN => once(&mut self.down, || share_alone(DOWN, value)),
            _ => Err(Refused::Name),
        }
    }

    /// Each fault that is on, with its value in full.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, String)> {
        let duration = |chance: Chance<Duration>| {
            format!("{}:{}", humantime::format_duration(chance.what), chance.share.0)
        };
        let share = |Share(share): Share| share.to_string();
        [
            (LATENCY, self.latency.map(duration)),
            (ERROR, self.error.map(|chance| format!("{}:{}", chance.what, chance.share.0))),
            (DROP_CONTEXT, self.drop_context.map(share)),
            (DB_LATENCY, self.db_latency.map(duration)),
            (POOL, self.pool.map(|connections| connections.to_string())),
            (DROP_SPANS, self.drop_spans.map(share)),
            (DOWN, self.down.map(share)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

impl fmt::Display for Faults {
    /// As the variable would say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.parts().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&parts.join(","))
    }
}

fn once<T>(
    place: &mut Option<T>,
    value: impl FnOnce() -> Result<T, Refused>,
) -> Result<(), Refused> {
    if place.is_some() {
        return Err(Refused::Twice);
    }
    *place = Some(value()?);
    Ok(())
}

fn duration_chance(name: &str, value: Option<&str>) -> Result<Chance<Duration>, Refused> {
    let parsed = value.and_then(|value| {
        chance(value, |text| {
            let duration = humantime::parse_duration(text).ok()?;
            (SHORTEST..=LONGEST).contains(&duration).then_some(duration)
        })
    });
    parsed.ok_or_else(|| {
        Refused::Value(format!(
            "{name}=DURATION or {name}=DURATION:SHARE, the duration 1ms to 60s, the share above 0 and at most 1, \
             such as {name}=200ms:0.1"
        ))
    })
}

fn status_chance(value: Option<&str>) -> Result<Chance<u16>, Refused> {
    let known = |text: &str| text.parse().ok().filter(|status| STATUSES.contains(status));
    value.and_then(|value| chance(value, known)).ok_or_else(|| {
        let statuses = STATUSES.map(|status| status.to_string()).join(", ");
        Refused::Value(format!(
            "{ERROR}=STATUS or {ERROR}=STATUS:SHARE, the status one of {statuses}, the share above 0 and at most 1, \
             such as {ERROR}=503:0.05"
        ))
    })
}

fn share_alone(name: &str, value: Option<&str>) -> Result<Share, Refused> {
    let accepted = || {
        Refused::Value(format!(
            "{name} or {name}=SHARE, the share above 0 and at most 1, such as {name}=0.01"
        ))
    };
    value.map_or(Some(Share::ALL), share).ok_or_else(accepted)
}

fn connections(value: Option<&str>) -> Result<usize, Refused> {
    let number = value.and_then(|value| value.parse().ok());
    number.filter(|number| (1..=LARGEST_POOL).contains(number)).ok_or_else(|| {
        Refused::Value(format!(
            "{POOL}=CONNECTIONS, a whole number from 1 to {LARGEST_POOL}, without a share"
        ))
    })
}

fn chance<T>(value: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Chance<T>> {
    let (what, share) = match value.split_once(':') {
        Some((what, text)) => (what, share(text)?),
        None => (value, Share::ALL),
    };
    Some(Chance { what: parse(what.trim())?, share })
}

fn share(text: &str) -> Option<Share> {
    let share: f64 = text.trim().parse().ok()?;
    (share > 0.0 && share <= 1.0).then_some(Share(share))
}
