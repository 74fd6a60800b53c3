//! Why the launcher gives up: one sentence for the user and the exit code that goes with it.

/// A refusal or failure of the launcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was wrong and what to do, complete as it stands.
    pub sentence: String,
    /// 2 for a configuration that cannot work, 1 for everything else.
    pub exit_code: u8,
}

impl Failure {
    /// The configuration cannot work: trying again without changing it is pointless.
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit_code: 2 }
    }

    /// Something went wrong that the configuration does not decide.
    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit_code: 1 }
    }
}
