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
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<Field> {
        Query::parse(text)
            .unwrap()
            .conditions
            .into_iter()
            .map(|condition| condition.field)
            .collect()
    }

    #[test]
    fn the_empty_query_matches_all() {
        for text in ["", "  ", "{}", "{ }", " {\n} "] {
            assert!(Query::parse(text).unwrap().conditions.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn all_fields_are_known() {
        let text = r#"{name="a"&&kind=server && status!=error && duration>1ms && .a=1 && span.b.c=true && resource.service.name=~"x" && span."a b"=2.5}"#;
        let expected = [
            Field::Name,
            Field::Kind,
            Field::Status,
            Field::Duration,
            Field::Either("a".to_owned()),
            Field::Span("b.c".to_owned()),
            Field::Resource("service.name".to_owned()),
            Field::Span("a b".to_owned()),
        ];
        assert_eq!(fields(text), expected);
    }

    #[test]
    fn values_have_their_types() {
        let values = |text: &str| match Query::parse(text).unwrap().conditions.remove(0).test {
            Test::Compare(_, operand) => operand,
            other => panic!("{other:?}"),
        };
        assert_eq!(values(r#"{.a="x\"y\\z"}"#), Operand::Text("x\"y\\z".to_owned()));
        assert_eq!(values("{.a=`x\\d`}"), Operand::Text("x\\d".to_owned()));
        assert_eq!(values("{.a=-5}"), Operand::Integer(-5));
        assert_eq!(values("{.a=1.5}"), Operand::Float(1.5));
        assert_eq!(values("{.a=false}"), Operand::Boolean(false));
        assert_eq!(values("{duration>=1.5s}"), Operand::Duration(1_500_000_000));
        assert_eq!(values("{duration<1m30s}"), Operand::Duration(90_000_000_000));
        assert_eq!(values("{kind=client}"), Operand::Kind(SpanKind::Client));
        assert_eq!(values("{status=unset}"), Operand::Status(StatusCode::Unset));
    }

    #[test]
    fn an_error_says_where_it_is() {
        let table = [
            ("x", 1),
            ("{", 2),
            ("{ foo = 1 }", 3),
            ("{ name }", 8),
            ("{ name = }", 10),
            ("{ name = 5 }", 10),
            ("{ name = \"a }", 10),
            ("{ name = \"é\" || .a = 1 }", 14),
            ("{ .a = 1 && }", 13),
            ("{ .a = 1 } | count()", 12),
            ("{ .a =~ \"(\" }", 9),
            ("{ status =~ \"error\" }", 13),
            ("{ status > error }", 12),
            ("{ kind = sever }", 10),
            ("{ duration > 5 }", 14),
            ("{ . = 5 }", 3),
        ];
        for (text, column) in table {
            let error = Query::parse(text).unwrap_err();
            assert_eq!((error.line, error.column), (1, column), "{text}: {error}");
        }
        assert_eq!(Query::parse("{\n  foo = 1 }").unwrap_err().line, 2);
    }

    #[test]
    fn tags_become_conditions() {
        let query = Query::parse_tags(r#"service.name=gateway http.route="/a b" name=x"#).unwrap();
        let fields: Vec<_> =
            query.conditions.iter().map(|condition| condition.field.to_string()).collect();
        assert_eq!(fields, ["service.name", "http.route", "name"]);
        assert_eq!(Query::parse_tags("a b").unwrap_err().column, 3);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = (Query::parse(&text), Query::parse_tags(&text));
        }

        #[test]
        fn no_near_query_makes_it_panic(text in "[{}=!<>~&|.\"`a-z0-9µé\\\\ ]{0,30}") {
            let _ = (Query::parse(&text), Query::parse_tags(&text));
        }
    }
}
