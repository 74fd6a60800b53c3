//! The bounds of what a request may hold, for the rules and for the document at `/openapi.json` alike.
//!
//! Lengths count characters (Unicode scalar values), as JSON Schema does.

/// Integers that every JSON reader holds exactly: 2^53 - 1.
pub(crate) const MAX_USER_ID: i64 = (1 << 53) - 1;
pub(crate) const MAX_ITEMS: usize = 50;
/// Units of one item.
pub(crate) const MAX_QUANTITY: i64 = 1_000_000;

/// The rule for a text of `MIN` to `MAX` characters.
pub(crate) fn characters<const MIN: usize, const MAX: usize>(text: &str, _: &()) -> garde::Result {
    let count = text.chars().count();
    accept((MIN..=MAX).contains(&count), || {
        format!("has {count} characters; accepted: {MIN} to {MAX}")
    })
}

/// The rule for an integer from `MIN` to `MAX`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature of a garde rule")]
pub(crate) fn between<const MIN: i64, const MAX: i64>(value: &i64, _: &()) -> garde::Result {
    accept((MIN..=MAX).contains(value), || format!("is {value}; accepted: {MIN} to {MAX}"))
}

/// The rule for a list of at most `MAX` entries.
pub(crate) fn at_most<const MAX: usize, T>(list: &[T], _: &()) -> garde::Result {
    accept(list.len() <= MAX, || format!("has {} entries; accepted: at most {MAX}", list.len()))
}

/// The rule for an e-mail address: 3 to 254 characters, one `@`, a dot in the domain, no spaces or control characters.
///
/// Whether the address exists only a message to it can tell, so nothing finer is checked.
pub(crate) fn email(text: &str, context: &()) -> garde::Result {
    characters::<3, 254>(text, context)?;
    let plain = |c: char| c != '@' && !c.is_whitespace() && !c.is_control();
    let is_address = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && name.chars().chain(domain.chars()).all(plain)
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty())
    });
    accept(is_address, || {
        "is no e-mail address; accepted: name@example.org without spaces".to_owned()
    })
}

/// A rule for a value that may be left out.
pub(crate) fn optional<T: ?Sized, O: AsRef<T>>(
    rule: impl Fn(&T, &()) -> garde::Result,
) -> impl Fn(&Option<O>, &()) -> garde::Result {
    move |value, context| value.as_ref().map_or(Ok(()), |value| rule(value.as_ref(), context))
}

fn accept(accepted: bool, otherwise: impl FnOnce() -> String) -> garde::Result {
    if accepted { Ok(()) } else { Err(garde::Error::new(otherwise())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert!(characters::<1, 3>("äöü", &()).is_ok());
        assert!(characters::<1, 3>("", &()).is_err());
        assert!(characters::<1, 3>("abcd", &()).is_err());
    }

    #[test]
    fn an_address_has_one_at_sign_a_dot_behind_it_and_no_spaces() {
        for accepted in ["a@b.c", "ü@example.org", "first.last+tag@example.org"] {
            assert!(email(accepted, &()).is_ok(), "{accepted}");
        }
        let long = format!("{}@b.c", "a".repeat(251));
        for refused in [
            "@b.c", "a@", "a@b", "a@.c", "a@b.", "a@@b.c", "a@b@c.d", "a b@c.d", "a@b.c\n", "abc",
            &long,
        ] {
            assert!(email(refused, &()).is_err(), "{refused}");
        }
    }
}
