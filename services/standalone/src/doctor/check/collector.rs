//! Is the Collector well, and does everything that it takes get through?

use std::collections::BTreeMap;

use super::no_answer;
use crate::doctor::patient::Patient;
use crate::doctor::report::{Finding, Problem};

/// From this share on a queue is not merely working.
const FULL: f64 = 0.5;

/// Its own metrics that tell of loss, and of its queues: the samples of each name added up by exporter or receiver.
pub(super) type Counts = BTreeMap<String, f64>;

/// What it counts now; `None` where it cannot be asked.
pub(super) async fn counts(patient: &Patient) -> Option<Counts> {
    let url = patient.collector_metrics.as_ref().ok()?;
    let answer = patient.ask.get(&format!("{url}/metrics"), &[]).await.ok()?;
    (answer.status == 200).then(|| answer.body.lines().filter_map(sample).collect())
}

/// Health, what it refused or lost since `before`, and how full its queues are.
pub(super) async fn health(patient: &Patient, before: Option<Counts>) -> Finding {
    let (url, metrics) = match (&patient.collector, &patient.collector_metrics) {
        (Ok(url), Ok(metrics)) => (url, metrics),
        (Err(why), _) | (_, Err(why)) => return Finding::NotHere(why.clone()),
    };
    let mut problems = Vec::new();
    match patient.ask.get(&format!("{url}/"), &[]).await {
        Ok(answer) if answer.status == 200 => {}
        Ok(answer) => problems.push(no_answer("otel-collector", url, &answer.refused())),
        Err(refused) => problems.push(no_answer("otel-collector", url, &refused)),
    }
    let seen = match counts(patient).await {
        None => {
            problems.push(Problem::new(
                format!("the Collector's own metrics at {metrics}/metrics do not answer"),
                "service.telemetry.metrics in infra/otel-collector.yaml has their port; without them nobody sees what it refuses",
            ));
            String::new()
        }
        Some(now) => {
            problems.extend(lost(&before.unwrap_or_default(), &now));
            problems.extend(full(&now));
            format!(
                "healthy, queues at most {:.0} % full, refused and lost since its start: {}",
                fullest(&now) * 100.0,
                total_lost(&now)
            )
        }
    };
    Finding::of(problems, seen)
}

fn lost(before: &Counts, now: &Counts) -> Vec<Problem> {
    let grown = now.iter().filter(|(name, count)| {
        is_loss(name) && **count > before.get(*name).copied().unwrap_or_default()
    });
    grown
        .map(|(name, count)| {
            Problem::new(
                format!("{name} rises: it is {count} now"),
                "a backend refuses (the Collector's log names it), its queue is full, or its memory limit is reached: see CollectorRefuses and CollectorLoses in infra/prometheus/alert-rules.yaml",
            )
        })
        .collect()
}

fn full(now: &Counts) -> Vec<Problem> {
    let queues = shares(now).filter(|(_, share)| *share > FULL);
    queues
        .map(|(labels, share)| {
            Problem::new(
                format!("the queue {labels} is {:.0} % full", share * 100.0),
                "the backend behind it is away or too slow: ask its /ready. What is queued is on disk and goes out later; a full queue refuses",
            )
        })
        .collect()
}

fn shares(now: &Counts) -> impl Iterator<Item = (&str, f64)> {
    now.iter().filter_map(|(name, size)| {
        let labels = name.strip_prefix("otelcol_exporter_queue_size")?;
        let capacity = now.get(&format!("otelcol_exporter_queue_capacity{labels}"))?;
        Some((labels, size / capacity))
    })
}

fn fullest(now: &Counts) -> f64 {
    shares(now).map(|(_, share)| share).fold(0.0, f64::max)
}

fn total_lost(now: &Counts) -> f64 {
    now.iter().filter(|(name, _)| is_loss(name)).map(|(_, count)| count).sum()
}

fn is_loss(name: &str) -> bool {
    [
        "otelcol_receiver_refused_",
        "otelcol_receiver_failed_",
        "otelcol_exporter_send_failed_",
        "otelcol_exporter_enqueue_failed_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// A sample by its text, `name{labels}`.
fn sample(line: &str) -> Option<(String, f64)> {
    let (name, value) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
    Some((name.to_owned(), value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &str) -> Counts {
        lines.lines().filter_map(sample).collect()
    }

    #[test]
    fn only_what_is_lost_from_now_on_is_wrong() {
        let before =
            counted("otelcol_exporter_send_failed_spans{exporter=\"tempo\"} 7\n# HELP x y");
        let now = counted("otelcol_exporter_send_failed_spans{exporter=\"tempo\"} 8");

        assert_eq!(lost(&before, &before), []);
        assert_eq!(total_lost(&before), 7.0);
        assert!(lost(&before, &now)[0].what.contains("it is 8 now"));
    }

    #[test]
    fn a_queue_is_full_by_its_own_capacity() {
        let now = counted(
            "otelcol_exporter_queue_size{exporter=\"a\"} 51\notelcol_exporter_queue_capacity{exporter=\"a\"} 100\n\
             otelcol_exporter_queue_size{exporter=\"b\"} 51\notelcol_exporter_queue_capacity{exporter=\"b\"} 1000",
        );

        let full = full(&now);

        assert_eq!(full.len(), 1);
        assert!(full[0].what.contains("exporter=\"a\"} is 51 % full"), "{full:?}");
    }
}
