//! From tokens to a query; every refusal says where and what is accepted.

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use regex::{Regex, RegexBuilder};

use super::{
    Comparison, Condition, Field, Operand, ParseError, Query, Test,
    lexer::{Lexer, Token},
};

/// A pattern's compiled size; the default of the regex crate would let one query take 10 MB.
const REGEX_BYTES: usize = 1024 * 1024;
const FIELDS: &str =
    "name, kind, status, duration, .attribute, span.attribute or resource.attribute";

pub(super) fn parse(text: &str) -> Result<Query, ParseError> {
    let mut lexer = Lexer::new(text);
    let mut conditions = Vec::new();
    let (at, first) = lexer.next()?;
    match first {
        Token::End => return Ok(Query::default()),
        Token::Open => {}
        other => return Err(unexpected(&lexer, at, &other, "{")),
    }
    let (mut at, mut token) = lexer.next()?;
    while token != Token::Close {
        conditions.push(condition(&mut lexer, at, token)?);
        match lexer.next()? {
            (_, Token::And) => (at, token) = lexer.next()?,
            (_, Token::Close) => break,
            (at, other) => return Err(unexpected(&lexer, at, &other, "&& or }")),
        }
        if token == Token::Close {
            return Err(unexpected(&lexer, at, &token, FIELDS));
        }
    }
    match lexer.next()? {
        (_, Token::End) => Ok(Query { conditions }),
        (at, other) => Err(unexpected(&lexer, at, &other, "the end of the query")),
    }
}

pub(super) fn parse_tags(text: &str) -> Result<Query, ParseError> {
    let mut lexer = Lexer::new(text);
    let mut conditions = Vec::new();
    loop {
        let name = match lexer.next()? {
            (_, Token::End) => return Ok(Query { conditions }),
            (_, Token::Word(name)) => name,
            (at, other) => return Err(unexpected(&lexer, at, &other, "a tag's name")),
        };
        match lexer.next()? {
            (_, Token::Compare(Comparison::Equal)) => {}
            (at, other) => return Err(unexpected(&lexer, at, &other, "=")),
        }
        let value = match lexer.next()? {
            (_, Token::Word(value)) => literal(&value).unwrap_or(Operand::Text(value)),
            (_, Token::Text(value)) => Operand::Text(value),
            (at, other) => return Err(unexpected(&lexer, at, &other, "a tag's value")),
        };
        conditions.push(tag(name, value));
    }
}

fn tag(name: String, value: Operand) -> Condition {
    let (field, value) = match (name.as_str(), value) {
        ("name", value) => (Field::Name, value),
        ("status", Operand::Text(word)) => {
            (Field::Status, status(&word).unwrap_or(Operand::Text(word)))
        }
        (_, value) => (Field::Either(name), value),
    };
    Condition { field, test: Test::Compare(Comparison::Equal, value) }
}

fn condition(lexer: &mut Lexer<'_>, at: usize, token: Token) -> Result<Condition, ParseError> {
    let Token::Word(word) = token else { return Err(unexpected(lexer, at, &token, FIELDS)) };
    let field = field(&word)
        .ok_or_else(|| lexer.error(at, format!("{word:?} is not a field: write {FIELDS}")))?;
    let (at, operator) = lexer.next()?;
    let test = match operator {
        Token::Compare(comparison) => {
            Test::Compare(comparison, operand(lexer, &field, comparison)?)
        }
        Token::Matches => Test::Matches(pattern(lexer, &field)?),
        Token::MatchesNot => Test::MatchesNot(pattern(lexer, &field)?),
        other => return Err(unexpected(lexer, at, &other, "= != > < >= <= =~ or !~")),
    };
    Ok(Condition { field, test })
}

pub(super) fn field(word: &str) -> Option<Field> {
    let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    match word {
        "name" | "span:name" => Some(Field::Name),
        "kind" | "span:kind" => Some(Field::Kind),
        "status" | "span:status" => Some(Field::Status),
        "duration" | "span:duration" => Some(Field::Duration),
        _ => match word.split_once('.')? {
            ("", name) => named(name).map(Field::Either),
            ("span", name) => named(name).map(Field::Span),
            ("resource", name) => named(name).map(Field::Resource),
            _ => None,
        },
    }
}

fn pattern(lexer: &mut Lexer<'_>, field: &Field) -> Result<Regex, ParseError> {
    let (at, token) = lexer.next()?;
    let Token::Text(text) = token else {
        return Err(unexpected(lexer, at, &token, "a regular expression in quotes"));
    };
    if matches!(field, Field::Kind | Field::Status | Field::Duration) {
        return Err(
            lexer.error(at, format!("{field} is not text: compare it with = != > < >= or <="))
        );
    }
    let anchored = RegexBuilder::new(&format!("^(?:{text})$")).size_limit(REGEX_BYTES).build();
    anchored.map_err(|error| lexer.error(at, format!("not a regular expression: {error}")))
}

fn operand(
    lexer: &mut Lexer<'_>,
    field: &Field,
    comparison: Comparison,
) -> Result<Operand, ParseError> {
    let (at, token) = lexer.next()?;
    let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let (operand, accepted) = match (field, &token) {
        (Field::Kind, Token::Word(word)) => {
            (kind(word), "unspecified, internal, server, client, producer or consumer")
        }
        (Field::Status, Token::Word(word)) => (status(word), "unset, ok or error"),
        (Field::Duration, Token::Word(word)) => {
            (duration(word), "a duration such as 100ms or 1.5s")
        }
        (Field::Kind | Field::Status | Field::Duration, _) => (None, "a word without quotes"),
        (_, Token::Text(text)) => (Some(Operand::Text(text.clone())), ""),
        (Field::Name, _) => (None, "a text in quotes"),
        (_, Token::Word(word)) => (literal(word), "a text in quotes, a number, true or false"),
        _ => (None, "a value"),
    };
    let operand = operand.ok_or_else(|| unexpected(lexer, at, &token, accepted))?;
    if ordered && matches!(operand, Operand::Kind(_) | Operand::Status(_) | Operand::Boolean(_)) {
        return Err(lexer.error(at, format!("{field} has no order here: use = or !=")));
    }
    Ok(operand)
}

fn kind(word: &str) -> Option<Operand> {
    SpanKind::from_str_name(&format!("SPAN_KIND_{}", word.to_ascii_uppercase())).map(Operand::Kind)
}

fn status(word: &str) -> Option<Operand> {
    StatusCode::from_str_name(&format!("STATUS_CODE_{}", word.to_ascii_uppercase()))
        .map(Operand::Status)
}

fn literal(word: &str) -> Option<Operand> {
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
fn duration(word: &str) -> Option<Operand> {
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

fn unexpected(lexer: &Lexer<'_>, at: usize, token: &Token, expected: &str) -> ParseError {
    let found = match token {
        Token::End => "the end".to_owned(),
        Token::Open => "{".to_owned(),
        Token::Close => "}".to_owned(),
        Token::And => "&&".to_owned(),
        Token::Compare(_) | Token::Matches | Token::MatchesNot => "an operator".to_owned(),
        Token::Word(word) => format!("{word:?}"),
        Token::Text(text) => format!("the text {text:?}"),
    };
    lexer.error(at, format!("found {found}, expected {expected}"))
}

#[cfg(test)]
mod tests;
