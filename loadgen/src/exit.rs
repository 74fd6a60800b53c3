//! How the program ends, as its exit code says it.

use std::process::ExitCode;

/// The program's exit code. Ordered by what outranks what; [`Exit::BadArguments`] never meets the others, since nothing was sent then.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Exit {
    /// 0: all as it should be.
    #[default]
    Good,
    /// 1: a threshold was missed, not one request was answered as expected, or what was found out could not be written.
    Missed,
    /// 2: bad arguments, or a target that cannot be reached; said before any load is sent.
    BadArguments,
    /// 3: a trace is not whole, rows do not agree, or that could not be found out.
    NotWhole,
}

impl Exit {
    /// How a run ends whose load was sent; `met` are the thresholds, and that anything was answered as expected.
    pub(crate) fn of_run(met: bool, traces_whole: bool, rows_agree: bool) -> Self {
        if !traces_whole || !rows_agree {
            Self::NotWhole
        } else if met {
            Self::Good
        } else {
            Self::Missed
        }
    }

    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Missed => 1,
            Self::BadArguments => 2,
            Self::NotWhole => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_outranks_a_missed_threshold() {
        let code = |met, traces, rows| Exit::of_run(met, traces, rows).code();
        assert_eq!(code(true, true, true), 0);
        assert_eq!(code(false, true, true), 1);
        assert_eq!([code(true, false, true), code(true, true, false)], [3, 3]);
        assert_eq!([code(false, false, true), code(false, true, false)], [3, 3]);
        assert!(Exit::NotWhole > Exit::Missed && Exit::Missed > Exit::Good);
    }
}
