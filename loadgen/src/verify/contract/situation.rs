//! What is known of a request, and which variants of a contract therefore hold.

use super::form::Variant;

/// What a trace's request was and what it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Situation {
    pub(in crate::verify) answer: Answer,
    /// Whether an `Idempotency-Key` was sent; `None` where that is not known.
    pub(in crate::verify) keyed: Option<bool>,
    /// Whether the caller's own span is exported, and so must be there.
    pub(in crate::verify) root: bool,
}

/// Which of the variants by answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Answer {
    Completed,
    Resumed,
    Pending,
    Replayed,
}

impl Answer {
    pub(in crate::verify) const ALL: [Self; 4] =
        [Self::Completed, Self::Resumed, Self::Pending, Self::Replayed];

    pub(super) fn variant(self) -> Variant {
        match self {
            Self::Completed => Variant::Completed,
            Self::Resumed => Variant::Resumed,
            Self::Pending => Variant::Pending,
            Self::Replayed => Variant::Replayed,
        }
    }
}

const KEYED: [Option<bool>; 3] = [Some(true), Some(false), None];

impl Situation {
    /// All of them, in the order of [`Situation::index`].
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let roots = |answer, keyed| [false, true].map(|root| Self { answer, keyed, root });
        let keys = move |answer| KEYED.into_iter().flat_map(move |keyed| roots(answer, keyed));
        Answer::ALL.into_iter().flat_map(keys)
    }

    pub(super) fn index(self) -> usize {
        let keyed = match self.keyed {
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        };
        (self.answer as usize * KEYED.len() + keyed) * 2 + usize::from(self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_situation_s_index_is_its_place() {
        let indexes: Vec<_> = Situation::all().map(Situation::index).collect();
        assert_eq!(indexes, (0..24).collect::<Vec<_>>());
    }
}
