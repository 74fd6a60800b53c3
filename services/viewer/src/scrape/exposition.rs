//! The Prometheus text format 0.0.4, read strictly.
//!
//! There are crates for it: prometheus-parse passes over every sample with a brace in a label's value, and `/orders/{id}` is one, without
//! a word; openmetrics-parser is under the LGPL. Here a line that is none is an error that names it, and nothing is passed over.

use std::borrow::Cow;

/// One line with a value. A timestamp, where there is one, is checked and left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample<'t> {
    pub(super) name: &'t str,
    pub(super) labels: Vec<(&'t str, Cow<'t, str>)>,
    pub(super) value: f64,
}

/// A line that the format does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not of Prometheus' text format: {what}")]
pub(super) struct BadLine {
    line: usize,
    what: &'static str,
}

impl Sample<'_> {
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }
}

/// The samples of `text`, in its order.
pub(super) fn samples(text: &str) -> impl Iterator<Item = Result<Sample<'_>, BadLine>> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = line.trim_matches([' ', '\t', '\r']);
        let is_comment = line.is_empty() || line.starts_with('#');
        (!is_comment).then(|| sample(line).map_err(|what| BadLine { line: index + 1, what }))
    })
}

fn sample(line: &str) -> Result<Sample<'_>, &'static str> {
    let end = line.find(|c: char| !is_name(c) && c != ':').unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("it does not begin with a metric's name");
    }
    let rest = rest.trim_start_matches(BLANKS);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inner) => labels(inner)?,
        None => (Vec::new(), rest),
    };
    Ok(Sample { name, labels, value: value(rest)? })
}

const BLANKS: [char; 2] = [' ', '\t'];

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

type Labels<'t> = Vec<(&'t str, Cow<'t, str>)>;

/// The labels behind the opening brace, and what stands behind the closing one.
fn labels(mut rest: &str) -> Result<(Labels<'_>, &str), &'static str> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches(BLANKS);
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((labels, behind));
        }
        let end = rest.find(|c| !is_name(c)).ok_or("its labels do not end")?;
        let (name, behind) = rest.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("a label has no name");
        }
        let behind = behind.trim_start_matches(BLANKS).strip_prefix('=');
        let behind = behind.ok_or("a label has no value")?.trim_start_matches(BLANKS);
        let (value, behind) = quoted(behind)?;
        labels.push((name, value));
        rest = behind.trim_start_matches(BLANKS);
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None if rest.starts_with('}') => {}
            None => return Err("between two labels there is no comma"),
        }
    }
}

fn quoted(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    let inner = text.strip_prefix('"').ok_or("a label's value is not in quotes")?;
    let (mut plain, mut escaped) = (String::new(), false);
    let mut from = 0;
    for (at, c) in inner.char_indices() {
        if escaped {
            plain.push(match c {
                'n' => '\n',
                '\\' | '"' => c,
                _ => return Err("a label's value has an escape that is none"),
            });
            (escaped, from) = (false, at + c.len_utf8());
        } else if c == '\\' {
            plain.push_str(&inner[from..at]);
            escaped = true;
        } else if c == '"' {
            let tail = &inner[from..at];
            let value =
                if plain.is_empty() { Cow::Borrowed(tail) } else { Cow::Owned(plain + tail) };
            return Ok((value, &inner[at + 1..]));
        }
    }
    Err("a label's value does not end")
}

fn value(rest: &str) -> Result<f64, &'static str> {
    let mut words = rest.split(BLANKS).filter(|word| !word.is_empty());
    let value = words.next().and_then(number).ok_or("its value is not a number")?;
    match words.next() {
        Some(timestamp) if timestamp.parse::<i64>().is_err() => {
            Err("behind its value there is something else than a timestamp")
        }
        _ if words.next().is_some() => Err("it goes on behind its end"),
        _ => Ok(value),
    }
}

/// As Go writes numbers: `+Inf`, `-Inf` and `NaN` too.
fn number(text: &str) -> Option<f64> {
    // Rust reads `infinity` as well, which the format has in no spelling.
    let is_written =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (is_written && !text.to_ascii_lowercase().contains("infinity"))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests;
