//! Texts with placeholders: parsed once, then filled in for every request by appending.

use std::fmt;

use uuid::Uuid;

/// What stands for a placeholder in one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    pub(super) seq: u64,
    pub(super) uuid: Uuid,
    pub(super) user: u64,
}

impl Values {
    /// Some values, to see at the start whether what a template becomes is valid: every value has the same characters.
    pub(super) const EXAMPLE: Self = Self { seq: 1, uuid: Uuid::nil(), user: 1001 };
}

/// A placeholder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Slot {
    Seq,
    Uuid,
    User,
}

impl Slot {
    const ALL: [(&str, Self); 3] = [("seq", Self::Seq), ("uuid", Self::Uuid), ("user", Self::User)];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, slot)| *slot)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Seq => "seq",
            Self::Uuid => "uuid",
            Self::User => "user",
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Text(String),
    Slot(Slot),
}

/// A parsed text. Texts and placeholders alternate as they came; no text is empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Template(pub(super) Vec<Part>);

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// A placeholder that is not known or has no end, with what is accepted.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, from_name)) = rest.split_once("{{") {
            parts.push(Part::Text(before.to_owned()));
            let Some((name, after)) = from_name.split_once("}}") else {
                return Err(refused(&format!("'{{{{{}' has no '}}}}'", start_of(from_name))));
            };
            let slot = Slot::named(name.trim());
            let unknown = || refused(&format!("'{{{{{}}}}}' is not known", start_of(name)));
            parts.push(Part::Slot(slot.ok_or_else(unknown)?));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }

    /// The text of a template without placeholders.
    pub(super) fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The placeholder of a template that is nothing else.
    pub(super) fn only(&self) -> Option<Slot> {
        match self.0.as_slice() {
            [Part::Slot(slot)] => Some(*slot),
            _ => None,
        }
    }

    /// Appends the text with its placeholders filled in.
    pub(super) fn write(&self, out: &mut impl fmt::Write, values: &Values) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => out.write_str(text),
            Part::Slot(Slot::Seq) => write!(out, "{}", values.seq),
            Part::Slot(Slot::User) => write!(out, "{}", values.user),
            Part::Slot(Slot::Uuid) => {
                out.write_str(values.uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        })
    }

    /// The text with its placeholders filled in.
    pub(super) fn text(&self, values: &Values) -> String {
        let mut text = String::with_capacity(128);
        // Writing to a `String` does not fail.
        let _ = self.write(&mut text, values);
        text
    }

    /// The text with placeholders as `{seq}`: of low cardinality, whatever the values are.
    pub(super) fn shown(&self) -> String {
        let shown = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Slot(slot) => format!("{{{}}}", slot.name()),
        };
        self.0.iter().map(shown).collect()
    }
}

fn refused(what: &str) -> String {
    format!("{what}; accepted: {{{{seq}}}}, {{{{uuid}}}}, {{{{user}}}}")
}

/// Enough of a text to be found again.
fn start_of(text: &str) -> String {
    text.chars().take_while(|c| !c.is_control()).take(20).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: Values = Values { seq: 12, uuid: Uuid::nil(), user: 1005 };

    #[test]
    fn placeholders_are_filled_in_wherever_they_stand() {
        let template = Template::parse("/u/{{user}}/{{ seq }}-{{uuid}}{{seq}}?x=}}").unwrap();
        let nil = Uuid::nil();
        assert_eq!(template.text(&VALUES), format!("/u/1005/12-{nil}12?x=}}}}"));
        assert_eq!(template.shown(), "/u/{user}/{seq}-{uuid}{seq}?x=}}");
    }

    #[test]
    fn a_text_without_placeholders_is_fixed_and_a_lone_placeholder_is_only_that() {
        assert_eq!(Template::parse("a}b{c").unwrap().fixed(), Some("a}b{c"));
        assert_eq!(Template::parse("").unwrap().fixed(), Some(""));
        assert_eq!(Template::parse("{{uuid}}").unwrap().only(), Some(Slot::Uuid));
        assert_eq!(Template::parse("{{uuid}} ").unwrap().only(), None);
    }

    #[test]
    fn a_placeholder_that_is_not_known_or_has_no_end_is_refused_with_what_is_accepted() {
        assert_eq!(
            Template::parse("a{{sequence}}").unwrap_err(),
            "'{{sequence}}' is not known; accepted: {{seq}}, {{uuid}}, {{user}}"
        );
        assert_eq!(
            Template::parse("{{seq").unwrap_err(),
            "'{{seq' has no '}}'; accepted: {{seq}}, {{uuid}}, {{user}}"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic_and_what_is_not_a_placeholder_stays(
            text in "(\\{\\{|\\}\\}|seq|uuid|user|\\PC|\n){0,12}"
        ) {
            if let Ok(template) = Template::parse(&text) {
                prop_assert_eq!(template.fixed().is_some(), !text.contains("{{"));
                if let Some(fixed) = template.fixed() {
                    prop_assert_eq!(fixed, text);
                }
                let _ = template.text(&VALUES);
            }
        }
    }
}
