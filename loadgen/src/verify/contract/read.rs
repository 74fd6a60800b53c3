//! Reading a contract's file.
//!
//! Invariant: what is wrong is told in one line that names the file, the line, the row, and what is accepted.

use std::ops::Range;

use shared::config::Invalid;
use toml::Spanned;

use super::{Contract, compile, form::Document};

/// The contract that `text` is; `file` is what messages call it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn contract(file: &str, text: &str) -> Result<Contract, Invalid> {
    let document: Document = toml::from_str(text).map_err(|error| {
        // What the document lacks is on none of its lines.
        let span = error.span().filter(|span| *span != (0..0));
        let place = span.map_or_else(String::new, |span| line(text, &span));
        let wrong = error.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
        Invalid(format!("contract {file}: {place}{wrong}"))
    })?;
    let lines = |spans: &mut dyn Iterator<Item = Range<usize>>| -> Vec<String> {
        spans.map(|span| line(text, &span)).collect()
    };
    let rows = lines(&mut document.span.iter().map(Spanned::span));
    let admits = lines(&mut document.admit.iter().map(Spanned::span));
    let spans = document.span.into_iter().map(Spanned::into_inner).collect();
    let admitted = document.admit.into_iter().map(Spanned::into_inner).collect();
    compile::contract(document.name, spans, admitted).map_err(|wrong| {
        let lines = if wrong.admit { &admits } else { &rows };
        let place = wrong.index.and_then(|index| lines.get(index)).map_or("", String::as_str);
        Invalid(format!("contract {file}: {place}{}", wrong.text))
    })
}

fn line(text: &str, span: &Range<usize>) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    format!("line {}: ", before.matches('\n').count() + 1)
}
