//! One field compared with one value.

use regex::{Regex, RegexBuilder};

use super::{
    Comparison, Condition, FIELDS, Field, Operand, ParseError, Parser, Test, Token, literal, status,
};
use crate::traceql::values::{duration, kind};

/// A pattern's compiled size; the default of the regex crate would let one query take 10 MB.
const REGEX_BYTES: usize = 1024 * 1024;

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Result<Condition, ParseError> {
        let Token::Word(word) = &self.token else { return Err(self.unexpected(FIELDS)) };
        let unknown =
            || self.lexer.error(self.at, format!("{word:?} is not a field: write {FIELDS}"));
        let field = Field::parse(word).ok_or_else(unknown)?;
        self.take()?;
        let test = match self.token {
            Token::Compare(comparison) => {
                self.take()?;
                self.compared(&field, comparison)?
            }
            Token::Matches => Test::Matches(self.pattern(&field)?),
            Token::MatchesNot => Test::MatchesNot(self.pattern(&field)?),
            _ => return Err(self.unexpected("= != > < >= <= =~ or !~")),
        };
        Ok(Condition { field, test })
    }

    fn compared(&mut self, field: &Field, comparison: Comparison) -> Result<Test, ParseError> {
        let is_nil = matches!(&self.token, Token::Word(word) if word == "nil");
        let test = match comparison {
            Comparison::Equal if is_nil => Test::Present(false),
            Comparison::NotEqual if is_nil => Test::Present(true),
            _ => Test::Compare(comparison, self.operand(field, comparison)?),
        };
        self.take()?;
        Ok(test)
    }

    fn pattern(&mut self, field: &Field) -> Result<Regex, ParseError> {
        self.take()?;
        let Token::Text(text) = &self.token else {
            return Err(self.unexpected("a regular expression in quotes"));
        };
        if field.is_not_text() {
            let text = format!("{field} is not text: compare it with = != > < >= or <=");
            return Err(self.lexer.error(self.at, text));
        }
        let anchored = RegexBuilder::new(&format!("^(?:{text})$")).size_limit(REGEX_BYTES).build();
        let refused =
            |error| self.lexer.error(self.at, format!("not a regular expression: {error}"));
        let pattern = anchored.map_err(refused)?;
        self.take()?;
        Ok(pattern)
    }

    fn operand(&self, field: &Field, comparison: Comparison) -> Result<Operand, ParseError> {
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let (operand, accepted) = read(field, &self.token);
        let operand = operand.ok_or_else(|| self.unexpected(accepted))?;
        if ordered && matches!(operand, Operand::Kind(_) | Operand::Status(_) | Operand::Boolean(_))
        {
            let text = format!("{field} has no order here: use = or !=");
            return Err(self.lexer.error(self.at, text));
        }
        Ok(operand)
    }

    /// `a=b`, of Tempo's older search.
    pub(super) fn tag(&mut self) -> Result<Condition, ParseError> {
        let Token::Word(name) = &self.token else { return Err(self.unexpected("a tag's name")) };
        let name = name.clone();
        self.take()?;
        self.expect(&Token::Compare(Comparison::Equal), "=")?;
        let value = match &self.token {
            Token::Word(word) => literal(word).unwrap_or_else(|| Operand::Text(word.clone())),
            Token::Text(text) => Operand::Text(text.clone()),
            _ => return Err(self.unexpected("a tag's value")),
        };
        self.take()?;
        Ok(tag(name, value))
    }
}

/// What a token means as the field's value, and what would be accepted.
fn read(field: &Field, token: &Token) -> (Option<Operand>, &'static str) {
    match (field, token) {
        (Field::Kind, Token::Word(word)) => {
            (kind(word), "unspecified, internal, server, client, producer or consumer")
        }
        (Field::Status, Token::Word(word)) => (status(word), "unset, ok or error"),
        (Field::Duration | Field::TraceDuration, Token::Word(word)) => {
            (duration(word), "a duration such as 100ms or 1.5s")
        }
        (field, _) if field.is_not_text() => (None, "a word without quotes"),
        (_, Token::Text(text)) => (Some(Operand::Text(text.clone())), ""),
        (field, _) if field.is_text() => (None, "a text in quotes"),
        (_, Token::Word(word)) => (literal(word), "a text in quotes, a number, true or false"),
        _ => (None, "a value"),
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
