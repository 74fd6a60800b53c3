//! TraceQL in tokens, each with the place where it begins.

use super::{Comparison, ParseError};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    OpenGroup,
    CloseGroup,
    And,
    Or,
    Compare(Comparison),
    Matches,
    MatchesNot,
    /// A bare word: a field, a number, a duration, `true`, `error`.
    Word(String),
    /// In double quotes (with escapes) or in backticks.
    Text(String),
    /// Past the last token.
    End,
}

/// Characters that end a bare word.
const DELIMITERS: &str = "{}()=!<>~&|,\"`";

pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// The next token and the byte where it begins.
    pub(super) fn next(&mut self) -> Result<(usize, Token), ParseError> {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start().len();
        let start = self.position;
        let rest = self.rest();
        let token = match rest.chars().next() {
            None => Token::End,
            Some('"') => Token::Text(self.quoted(start)?),
            Some('`') => Token::Text(self.raw(start)?),
            Some(_) => match symbol(rest) {
                Some((length, token)) => {
                    self.position += length;
                    token
                }
                None => Token::Word(self.word(start)?),
            },
        };
        Ok((start, token))
    }

    /// An error at a byte of the query.
    pub(super) fn error(&self, position: usize, message: impl Into<String>) -> ParseError {
        let before = &self.text[..position];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ParseError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn word(&mut self, start: usize) -> Result<String, ParseError> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| c.is_whitespace() || DELIMITERS.contains(c)).unwrap_or(rest.len());
        if end == 0 {
            let found = rest.chars().next().unwrap_or_default();
            let known = "{ }, { a && b } and { a && (b || c) } are";
            return Err(self.error(start, format!("{found:?} is not known here; {known}")));
        }
        self.position += end;
        let mut word = rest[..end].to_owned();
        // `span."a name"`: the part in quotes belongs to the name.
        if word.ends_with('.') && self.rest().starts_with('"') {
            word.push_str(&self.quoted(self.position)?);
        }
        Ok(word)
    }

    fn quoted(&mut self, start: usize) -> Result<String, ParseError> {
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.position += offset + 1;
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    // Regular expressions are written with single backslashes as often as with double ones.
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(self.error(start, "this text has no closing \""))
    }

    fn raw(&mut self, start: usize) -> Result<String, ParseError> {
        let rest = &self.rest()[1..];
        let end = rest.find('`').ok_or_else(|| self.error(start, "this text has no closing `"))?;
        self.position += end + 2;
        Ok(rest[..end].to_owned())
    }
}

fn symbol(rest: &str) -> Option<(usize, Token)> {
    let symbols = [
        ("&&", Token::And),
        ("||", Token::Or),
        ("=~", Token::Matches),
        ("!~", Token::MatchesNot),
        ("!=", Token::Compare(Comparison::NotEqual)),
        (">=", Token::Compare(Comparison::GreaterOrEqual)),
        ("<=", Token::Compare(Comparison::LessOrEqual)),
        ("=", Token::Compare(Comparison::Equal)),
        (">", Token::Compare(Comparison::Greater)),
        ("<", Token::Compare(Comparison::Less)),
        ("{", Token::Open),
        ("}", Token::Close),
        ("(", Token::OpenGroup),
        (")", Token::CloseGroup),
    ];
    symbols
        .into_iter()
        .find(|(text, _)| rest.starts_with(text))
        .map(|(text, token)| (text.len(), token))
}
