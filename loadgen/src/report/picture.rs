//! A histogram as a picture of text.

use super::{latency::Bucket, table::milliseconds};

/// Characters of the longest bar.
const WIDTH: u64 = 40;
/// A bucket's bound is at most so far above what it holds; 5 ms belong to `≤ 5 ms`.
const TOLERANCE: f64 = 1.001;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// One line for each of the bounds 1, 2, 5, 10, .. ms (and below 1 ms so, too) from the shortest latency to the longest.
pub(super) fn lines(buckets: &[Bucket]) -> Vec<String> {
    let bars = bars(buckets);
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let bound = bars.iter().map(|(bound, _)| milliseconds(*bound).len()).max().unwrap_or_default();
    let digits = bars.iter().map(|(_, count)| count.to_string().len()).max().unwrap_or_default();
    let line = |(upper, count): &(f64, u64)| {
        let upper = milliseconds(*upper);
        format!("≤ {upper:>bound$} ms {count:>digits$} {}", bar(*count, most)).trim_end().to_owned()
    };
    bars.iter().map(line).collect()
}

fn bars(buckets: &[Bucket]) -> Vec<(f64, u64)> {
    let mut bars: Vec<(f64, u64)> = Vec::new();
    let mut rest = buckets.iter().peekable();
    for upper in bounds() {
        let mut count = 0;
        while let Some(bucket) = rest.next_if(|bucket| bucket.0 <= upper * TOLERANCE) {
            count += bucket.1;
        }
        if count > 0 || !bars.is_empty() {
            bars.push((upper, count));
        }
        if rest.peek().is_none() {
            break;
        }
    }
    bars
}

/// From a microsecond to beyond an hour.
fn bounds() -> impl Iterator<Item = f64> {
    let decades = (0..10).map(|exponent| 10_f64.powi(exponent));
    decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * decade / 1e3))
}

/// A share that is there is seen, however small.
fn bar(count: u64, most: u64) -> String {
    let eighths = (count * WIDTH * 8).div_ceil(most);
    let whole = usize::try_from(eighths / 8).unwrap_or_default();
    let part = usize::try_from(eighths % 8).unwrap_or_default();
    "█".repeat(whole) + EIGHTHS[part]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_between_the_shortest_and_the_longest_has_its_line() {
        let buckets =
            [Bucket(0.4, 1), Bucket(0.9, 99), Bucket(5.003, 200), Bucket(5.5, 2), Bucket(45.0, 50)];
        assert_eq!(
            lines(&buckets),
            [
                "≤ 0.500 ms   1 ▎",
                "≤  1.00 ms  99 ███████████████████▉",
                "≤  2.00 ms   0",
                "≤  5.00 ms 200 ████████████████████████████████████████",
                "≤  10.0 ms   2 ▌",
                "≤  20.0 ms   0",
                "≤  50.0 ms  50 ██████████",
            ]
        );
    }

    #[test]
    fn nothing_has_no_picture_and_an_hour_has_one() {
        assert!(lines(&[]).is_empty());
        assert_eq!(lines(&[Bucket(3_600_000.0, 1)]).len(), 1);
    }
}
