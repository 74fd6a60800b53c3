//! The trace ids that `loadgen verify` is asked about.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use opentelemetry::trace::TraceId;
use shared::config::Invalid;

use crate::cli::{VerifyArgs, trace_id};

/// What `--trace` and `--ids` name, each once, in their order.
pub(super) fn wanted(args: &VerifyArgs) -> Result<Vec<TraceId>, Invalid> {
    let mut ids = args.traces_wanted.clone();
    if let Some(path) = &args.ids {
        ids.extend(read(path)?);
    }
    let mut seen = HashSet::with_capacity(ids.len());
    ids.retain(|id| seen.insert(*id));
    if ids.is_empty() {
        let accepted = "it holds no trace id; accepted: one of 32 hex digits on each line";
        return Err(Invalid(format!("--ids: {accepted}")));
    }
    Ok(ids)
}

fn read(path: &Path) -> Result<Vec<TraceId>, Invalid> {
    if path == Path::new("-") {
        return parse(io::stdin().lock(), "standard input");
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Invalid(format!("--ids {name}: {error}")))?;
    parse(BufReader::new(file), &name)
}

/// An id a line; empty lines are nothing.
fn parse(lines: impl BufRead, name: &str) -> Result<Vec<TraceId>, Invalid> {
    let mut ids = Vec::new();
    for (index, line) in lines.lines().enumerate() {
        let at = |what: &str| Invalid(format!("--ids {name}, line {}: {what}", index + 1));
        let line = line.map_err(|error| at(&error.to_string()))?;
        let text = line.trim();
        if !text.is_empty() {
            let shown: String = text.chars().take(64).collect();
            ids.push(trace_id(text).map_err(|accepted| at(&format!("'{shown}'; {accepted}")))?);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_a_line_each() {
        let text = format!("{}\r\n\n  {}  ", "ab".repeat(16), "CD".repeat(16));
        let ids = parse(text.as_bytes(), "here").unwrap();
        assert_eq!(ids, [TraceId::from_bytes([0xab; 16]), TraceId::from_bytes([0xcd; 16])]);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        let text = format!("{}\n\nxyz\n", "ab".repeat(16));
        let error = parse(text.as_bytes(), "ids.txt").unwrap_err().to_string();
        assert_eq!(
            error,
            "--ids ids.txt, line 3: 'xyz'; accepted: a trace id of 32 hex digits, not all zero"
        );
        let not_text = parse([0xff, b'\n'].as_slice(), "ids.txt").unwrap_err().to_string();
        assert!(not_text.starts_with("--ids ids.txt, line 1: "), "{not_text}");
    }
}
