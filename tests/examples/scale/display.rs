//! Numbers and sizes as a reader takes them in, and lines of a Markdown table.

use std::fmt::Write as _;

/// Something that there is only a whole number of, and one at least.
pub(crate) fn count(needed: f64) -> String {
    number(needed.ceil().max(1.0))
}

/// Two significant digits are more than the inputs hold; whole numbers below a hundred stay as they are.
pub(crate) fn number(value: f64) -> String {
    if value < 1.0 {
        return format!("{value:.1}");
    }
    let scale = 10_f64.powf((value.log10().floor() - 1.0).max(0.0));
    grouped(((value / scale).round() * scale).round())
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn size(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 10.0 {
        format!("{value:.1} {}", units[unit])
    } else {
        format!("{} {}", number(value), units[unit])
    }
}

pub(crate) fn line(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::{number, size};

    #[test]
    fn numbers_have_two_digits_that_count_and_groups_of_three() {
        for (value, text) in [
            (0.34, "0.3"),
            (2.0, "2"),
            (96.0, "96"),
            (1666.7, "1,700"),
            (999_999.0, "1,000,000"),
            (104_000.0, "100,000"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn sizes_are_in_powers_of_a_thousand() {
        for (bytes, text) in [
            (500.0, "500 B"),
            (6_656.0, "6.7 kB"),
            (57_500_000_000.0, "58 GB"),
            (5.7e14, "570 TB"),
            (3e17, "300 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
