//! Resident memory and processor time, as Linux counts them.

use std::{fs, time::Duration};

/// A process's name and its resident memory in KiB.
pub(crate) type Resident = (String, u64);

/// Processor time is counted in these.
const TICKS_PER_SECOND: u64 = 100;

/// The resident memory of `pid`.
pub(crate) fn of(pid: u32) -> Option<Resident> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    let role = command.split('\0').nth(1).filter(|role| !role.is_empty());
    Some((role.unwrap_or("launcher").to_owned(), line.trim().split(' ').next()?.parse().ok()?))
}

/// `pid` and its children.
pub(crate) fn family(pid: u32) -> Vec<u32> {
    let children =
        fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    std::iter::once(pid).chain(children.split(' ').filter_map(|pid| pid.parse().ok())).collect()
}

/// Processor time of `pid` so far, in user space and in the kernel.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// Prints each process and the sum.
pub(crate) fn print(what: &str, resident: &[Resident]) {
    let each: Vec<_> =
        resident.iter().map(|(name, kib)| format!("{name} {:.1}", *kib as f64 / 1024.0)).collect();
    let sum: u64 = resident.iter().map(|(_, kib)| kib).sum();
    println!("{what}: {:.1} MiB resident ({})", sum as f64 / 1024.0, each.join(", "));
}
