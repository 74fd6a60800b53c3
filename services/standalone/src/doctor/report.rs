//! What a check found, in words.

use std::fmt::Write;

/// One thing that is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Problem {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is as it should be, and what was seen.
    Ok(String),
    /// It is not.
    Wrong(Vec<Problem>),
    /// This system has no such part.
    NotHere(String),
}

impl Finding {
    /// Wrong if there is a problem, else ok.
    pub(super) fn of(problems: Vec<Problem>, seen: impl Into<String>) -> Self {
        if problems.is_empty() { Self::Ok(seen.into()) } else { Self::Wrong(problems) }
    }

    pub(super) fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong(_))
    }

    /// Its lines, under the name of the check.
    pub(super) fn text(&self, check: &str) -> String {
        let mut text = String::new();
        let written = match self {
            Self::Ok(seen) => writeln!(text, "ok        {check}: {seen}"),
            Self::NotHere(why) => writeln!(text, "not here  {check}: {why}"),
            Self::Wrong(problems) => problems.iter().try_for_each(|problem| {
                writeln!(text, "WRONG     {check}: {}", problem.what)?;
                writeln!(text, "          -> {}", problem.remedy)
            }),
        };
        // A String takes whatever it is given.
        let _ = written;
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_its_own_remedy_below_it() {
        let problems =
            vec![Problem::new("a is down", "start a"), Problem::new("b is down", "start b")];

        let text = Finding::of(problems, "unused").text("things");

        assert_eq!(
            text,
            "WRONG     things: a is down\n          -> start a\n\
             WRONG     things: b is down\n          -> start b\n"
        );
        assert_eq!(
            Finding::of(Vec::new(), "2 things").text("things"),
            "ok        things: 2 things\n"
        );
    }
}
