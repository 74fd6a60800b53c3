//! From tokens to a query; every refusal says where and what is accepted.

mod condition;

use super::{
    Comparison, Condition, Field, Operand, ParseError, Query, Term, Test,
    lexer::{Lexer, Token},
    values::{literal, status},
};

/// Parentheses within parentheses; each is a call within a call, here and when spans are asked.
const DEEPEST: usize = 32;
const FIELDS: &str = "name, kind, status, duration, traceDuration, rootName, rootServiceName, .attribute, span.attribute \
                      or resource.attribute";

/// A token ahead of what was read.
struct Parser<'a> {
    lexer: Lexer<'a>,
    at: usize,
    token: Token,
    depth: usize,
    /// A term that cannot be read restricts nothing then.
    is_unfinished: bool,
}

pub(super) fn parse(text: &str) -> Result<Query, ParseError> {
    Parser::new(text, false)?.query()
}

pub(super) fn parse_unfinished(text: &str) -> Result<Query, ParseError> {
    Parser::new(text, true)?.query()
}

pub(super) fn parse_tags(text: &str) -> Result<Query, ParseError> {
    let mut parser = Parser::new(text, false)?;
    let mut terms = Vec::new();
    while parser.token != Token::End {
        terms.push(Term::Condition(parser.tag()?));
    }
    Ok(Query { root: Term::All(terms) })
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, is_unfinished: bool) -> Result<Self, ParseError> {
        let mut lexer = Lexer::new(text);
        let (at, token) = lexer.next()?;
        Ok(Self { lexer, at, token, depth: 0, is_unfinished })
    }

    /// The token, and the next one in its place.
    fn take(&mut self) -> Result<Token, ParseError> {
        let (at, next) = self.lexer.next()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn expect(&mut self, token: &Token, expected: &str) -> Result<(), ParseError> {
        if self.token != *token {
            return Err(self.unexpected(expected));
        }
        self.take().map(drop)
    }

    fn query(&mut self) -> Result<Query, ParseError> {
        if self.token == Token::End {
            return Ok(Query::default());
        }
        self.expect(&Token::Open, "{")?;
        let root = if self.token == Token::Close { Term::default() } else { self.any()? };
        if self.is_unfinished && self.token == Token::End {
            return Ok(Query { root });
        }
        self.expect(&Token::Close, "&&, || or }")?;
        self.expect(&Token::End, "the end of the query")?;
        Ok(Query { root })
    }

    /// `a || b`; it binds less than `&&`.
    fn any(&mut self) -> Result<Term, ParseError> {
        let mut terms = vec![self.all()?];
        while self.token == Token::Or {
            self.take()?;
            terms.push(self.all()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) })
    }

    fn all(&mut self) -> Result<Term, ParseError> {
        let mut terms = vec![self.term()?];
        while self.token == Token::And {
            self.take()?;
            terms.push(self.term()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::All(terms) })
    }

    fn term(&mut self) -> Result<Term, ParseError> {
        let term = match self.token {
            Token::OpenGroup => self.group(),
            _ => self.condition().map(Term::Condition),
        };
        match term {
            Err(_) if self.is_unfinished => self.skip_term(),
            term => term,
        }
    }

    fn group(&mut self) -> Result<Term, ParseError> {
        if self.depth == DEEPEST {
            let text = format!("at most {DEEPEST} parentheses are within each other here");
            return Err(self.lexer.error(self.at, text));
        }
        self.depth += 1;
        self.take()?;
        let term = self.any()?;
        self.depth -= 1;
        self.expect(&Token::CloseGroup, "&&, || or )")?;
        Ok(term)
    }

    /// Goes on to where the next term may begin.
    fn skip_term(&mut self) -> Result<Term, ParseError> {
        let ends = [Token::And, Token::Or, Token::Close, Token::CloseGroup, Token::End];
        while !ends.contains(&self.token) {
            self.take()?;
        }
        Ok(Term::default())
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let found = match &self.token {
            Token::End => "the end".to_owned(),
            Token::Open => "{".to_owned(),
            Token::Close => "}".to_owned(),
            Token::OpenGroup => "(".to_owned(),
            Token::CloseGroup => ")".to_owned(),
            Token::And => "&&".to_owned(),
            Token::Or => "||".to_owned(),
            Token::Compare(_) | Token::Matches | Token::MatchesNot => "an operator".to_owned(),
            Token::Word(word) => format!("{word:?}"),
            Token::Text(text) => format!("the text {text:?}"),
        };
        self.lexer.error(self.at, format!("found {found}, expected {expected}"))
    }
}

#[cfg(test)]
mod tests;
