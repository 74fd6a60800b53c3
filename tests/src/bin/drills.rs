//! Runs the drills one after the other and prints a row for each: what `infra/drills.sh` calls.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use testbed::drills::{Drill, Outcome, Row, Scale, heading, line, markdown};
use tokio::task::LocalSet;

const AFTER_HELP: &str = "\
Each drill starts a system of its own (services, databases, viewer, where it is about it the Collector, all on free ports), has loadgen
load and judge it, and prints a row. `lost` are requests that were answered 200, 201 or 202 and are not in the databases in the end.
Of the traces, `late` were answered 202 and completed afterwards, `killed` lack only spans of whoever was killed, `explained` are not
whole for a reason that somebody counted: spans that failed or were dropped, contexts that were dropped, the viewer's own end.

Exit codes:
  0  nothing is lost, and every trace is whole or has its reason; what could not be run is named
  1  something is lost or broken, or a drill could not be run to its end
  2  bad arguments";

/// Breaks a running system in every way it promises to survive, and counts what is lost.
#[derive(Debug, Parser)]
#[command(name = "drills", after_help = AFTER_HELP)]
struct Cli {
    /// Only name the drills.
    #[arg(long)]
    list: bool,
    /// Run only this one; repeatable.
    #[arg(long, value_name = "NAME", value_parser = drill)]
    only: Vec<Drill>,
    /// How long load is sent in each drill at least, such as 30s; longer where what is broken needs it.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    duration: Duration,
    /// Requests per second of a steady load.
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
}

/// What came of all drills.
#[derive(Default)]
struct Summary {
    rows: Vec<(String, String, Row)>,
    not_run: Vec<String>,
    bad: Vec<String>,
}

fn drill(name: &str) -> Result<Drill, String> {
    Drill::named(name).ok_or_else(|| "there is no such drill; --list names them".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = humantime::parse_duration(text).ok().filter(|duration| !duration.is_zero());
    parsed.ok_or_else(|| "accepted: a duration such as 30s or 2m".to_owned())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let scale = Scale { rate: cli.rate, duration: cli.duration, ..Scale::full() };
    let drills = if cli.only.is_empty() { Drill::ALL.to_vec() } else { cli.only };
    if cli.list {
        for drill in drills {
            println!("{:<24}{}", drill.name(), drill.fault(&scale));
        }
        return ExitCode::SUCCESS;
    }
    match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime.block_on(LocalSet::new().run_until(run(&drills, scale))),
        Err(error) => {
            eprintln!("error: the runtime does not start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(drills: &[Drill], scale: Scale) -> ExitCode {
    println!("{}", heading());
    let mut summary = Summary::default();
    for (number, drill) in drills.iter().enumerate() {
        let (name, fault) = (drill.name(), drill.fault(&scale));
        eprintln!("[{}/{}] {name}: {fault}", number + 1, drills.len());
        let started = Instant::now();
        let outcome = one(*drill, scale).await;
        summary.add(name, fault, outcome);
        eprintln!("       {:.0} s", started.elapsed().as_secs_f64());
    }
    summary.print();
    if summary.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the testbed cannot start panics; that ends the drill and no other, and nothing of it is left.
async fn one(drill: Drill, scale: Scale) -> anyhow::Result<Outcome> {
    let task = tokio::task::spawn_local(async move { drill.run(&scale).await });
    task.await.map_err(|_| anyhow::anyhow!("it ended in a panic; the text is above"))?
}

impl Summary {
    fn add(&mut self, name: String, fault: String, outcome: anyhow::Result<Outcome>) {
        match outcome {
            Ok(Outcome::Done(row)) => {
                println!("{}", line(&name, &row));
                let codes = &row.report.total.codes;
                if !codes.is_empty() {
                    eprintln!("       problems: {codes:?}");
                }
                let complaints = row.complaints();
                for complaint in &complaints {
                    println!("  ! {complaint}");
                }
                if !complaints.is_empty() {
                    self.bad.push(format!("{name}: {}", complaints.join("; ")));
                }
                self.rows.push((name, fault, *row));
            }
            Ok(Outcome::NotRun(reason)) => {
                println!("{name:<22}  not run: {reason}");
                self.not_run.push(format!("{name}: {reason}"));
            }
            Err(error) => {
                println!("{name:<22}  ! {error:#}");
                self.bad.push(format!("{name}: {error:#}"));
            }
        }
    }

    fn print(&self) {
        println!("\n{}", markdown(&self.rows));
        for reason in &self.not_run {
            println!("not run: {reason}");
        }
        for reason in &self.bad {
            println!("bad: {reason}");
        }
        let lost: u64 = self.rows.iter().map(|(_, _, row)| row.lost()).sum();
        println!(
            "{} drills, {} bad, {} not run, {lost} lost",
            self.rows.len(),
            self.bad.len(),
            self.not_run.len()
        );
    }
}
