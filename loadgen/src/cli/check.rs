//! What only shows as wrong when several values are seen together, or the disk.
//!
//! Invariant: a run that is bound to fail, or to check nothing, is refused before anything is sent.

use std::{os::unix::fs::FileTypeExt as _, path::Path};

use shared::{
    config::{Invalid, telemetry::RootSampler},
    names::header::IDEMPOTENCY_KEY,
};

use super::{Cli, Command, ContractArgs, LookupArgs, RunArgs, VerificationArgs, VerifyArgs};

impl Cli {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// One line that names the flag, what it was and what is accepted.
    pub fn check(&self) -> Result<(), Invalid> {
        match &self.command {
            None => self.run.check(),
            Some(Command::Verify(args)) => args.check(),
            Some(Command::Contract(args)) => args.check(),
        }
    }
}

impl RunArgs {
    /// As [`Cli::check`].
    ///
    /// # Errors
    /// As [`Cli::check`].
    pub fn check(&self) -> Result<(), Invalid> {
        self.verification.check()?;
        if self.verification.wanted() {
            self.check_sampling()?;
        }
        if self.requests.sampled.is_some() && !self.telemetry.spans_enabled() {
            return Err(Invalid(
                "--sampled is given, but spans are switched off; accepted: OTEL_TRACES_EXPORTER other than none and \
                 OTEL_SDK_DISABLED=false, or no --sampled"
                    .to_owned(),
            ));
        }
        let own_key = self.requests.headers.iter().any(|header| header.name == IDEMPOTENCY_KEY);
        if own_key && self.requests.reconcile {
            return Err(Invalid(
                "--header has an idempotency-key, which would be the same in every request; accepted beside --reconcile: any other \
                 header"
                    .to_owned(),
            ));
        }
        self.output.report.as_deref().map_or(Ok(()), |file| writable("--report", file))
    }

    /// Refuses a verification that would find nothing wrong since it looks at nothing.
    fn check_sampling(&self) -> Result<(), Invalid> {
        const ACCEPTED: &str = "accepted beside --verify and --watch";
        let sampler = self.telemetry.otel_traces_sampler.root;
        match self.requests.sampled {
            Some(share) if share > 0.0 => Ok(()),
            Some(_) => Err(Invalid(format!("--sampled is '0', {ACCEPTED}: a share above 0"))),
            None if !self.telemetry.spans_enabled() => Ok(()),
            None if sampler == RootSampler::AlwaysOff => Err(Invalid(format!(
                "OTEL_TRACES_SAMPLER is 'always_off', {ACCEPTED}: always_on, traceidratio, or a share by --sampled"
            ))),
            None if sampler == RootSampler::TraceIdRatio
                && self.telemetry.otel_traces_sampler_arg == Some(0.0) =>
            {
                Err(Invalid(format!(
                    "OTEL_TRACES_SAMPLER_ARG is '0', {ACCEPTED}: a share above 0, or one by --sampled"
                )))
            }
            None => Ok(()),
        }
    }
}

impl VerificationArgs {
    /// Whether traces are verified: `--watch` does nothing else.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.verify || self.watch
    }

    fn check(&self) -> Result<(), Invalid> {
        let pointless = |flag| {
            Invalid(format!(
                "{flag} is given without --verify or --watch; accepted: beside one of them"
            ))
        };
        if !self.wanted() && !self.killed.is_empty() {
            return Err(pointless("--killed"));
        }
        if !self.wanted() && !self.lookup.contracts.is_empty() {
            return Err(pointless("--contract"));
        }
        let timeout = self.lookup.verify_timeout;
        if self.wanted() && self.verify_after >= timeout {
            return Err(Invalid(format!(
                "--verify-after is '{}', accepted: less than --verify-timeout, which is {}",
                humantime::format_duration(self.verify_after),
                humantime::format_duration(timeout),
            )));
        }
        self.lookup.check()
    }
}

impl VerifyArgs {
    fn check(&self) -> Result<(), Invalid> {
        if let Some(ids) = self.ids.as_deref().filter(|ids| *ids != Path::new("-")) {
            readable("--ids", ids, "a file with a trace id per line, or - for standard input")?;
        }
        self.report.as_deref().map_or(Ok(()), |file| writable("--report", file))?;
        self.lookup.check()
    }
}

impl ContractArgs {
    fn check(&self) -> Result<(), Invalid> {
        self.output.as_deref().map_or(Ok(()), |file| writable("--output", file))?;
        self.lookup.check()
    }
}

impl LookupArgs {
    fn check(&self) -> Result<(), Invalid> {
        let accepted = "a contract's TOML file";
        self.contracts.iter().try_for_each(|file| readable("--contract", file, accepted))
    }
}

fn readable(flag: &str, file: &Path, accepted: &str) -> Result<(), Invalid> {
    let is_file = |file: std::fs::File| file.metadata().map(|metadata| !metadata.is_dir());
    let wrong = match std::fs::File::open(file).and_then(is_file) {
        Ok(true) => return Ok(()),
        Ok(false) => "a folder".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Invalid(format!(
        "{flag} is '{}', which cannot be read ({wrong}); accepted: {accepted}",
        file.display()
    )))
}

/// Finds what is sure to fail without making the file: a run that is stopped leaves an older report as it was.
fn writable(flag: &str, file: &Path) -> Result<(), Invalid> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // A pipe would wait for its reader to be opened, and end for the reader when it is closed again.
    let is_pipe = std::fs::metadata(file).is_ok_and(|found| found.file_type().is_fifo());
    if is_pipe {
        return Ok(());
    }
    let existing = file.exists().then(|| std::fs::OpenOptions::new().append(true).open(file));
    let wrong = match existing {
        Some(Err(error)) => error.to_string(),
        None if !folder.is_dir() => "its folder does not exist".to_owned(),
        Some(Ok(_)) | None => return Ok(()),
    };
    Err(Invalid(format!(
        "{flag} is '{}', which cannot be written ({wrong}); accepted: a file in a folder that exists",
        file.display()
    )))
}
