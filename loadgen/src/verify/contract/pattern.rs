//! Names in which `*` stands for any run of characters.

/// A name, or several.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::verify) struct Pattern {
    text: String,
    exact: bool,
}

impl Pattern {
    pub(in crate::verify) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), exact: !text.contains('*') }
    }

    /// Whether it stands for one name only.
    pub(in crate::verify) fn is_exact(&self) -> bool {
        self.exact
    }

    pub(in crate::verify) fn text(&self) -> &str {
        &self.text
    }

    pub(in crate::verify) fn fits(&self, name: &str) -> bool {
        if self.exact {
            return self.text == name;
        }
        let Some((first, rest)) = self.text.split_once('*') else { return false };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(inner) = name.strip_prefix(first).and_then(|name| name.strip_suffix(last)) else {
            return false;
        };
        // Each piece at its first place leaves the most for the others.
        let mut left = inner;
        middle.split('*').all(|piece| match left.find(piece) {
            Some(place) => {
                left = &left[place + piece.len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).fits(name)
    }

    #[test]
    fn an_exact_name_fits_itself_only() {
        assert!(fits("POST /process", "POST /process"));
        assert!(!fits("POST /process", "POST /process2"));
        assert!(Pattern::new("a").is_exact() && !Pattern::new("a*").is_exact());
    }

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "x"),
            ("*POST*", "HTTP POST"),
            ("POST *", "POST /a"),
            ("a*b*c", "a1b2bc"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("POST *", "GET /a"),
            ("*b", "abc"),
            ("ab*ba", "aba"),
            ("a*b*c", "acb"),
            ("a*é*a", "aaa"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
