//! A service's `/metrics` at one moment, and what has moved between two.

use std::collections::BTreeMap;

use crate::http_client::http;

/// The samples of one scrape, by their text: `name{label="value",..}`, labels as the exposition has them (alphabetical).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// Scrapes the service at `url`.
    ///
    /// # Panics
    /// When it does not answer 200 with the Prometheus text form.
    pub async fn of(url: &str) -> Self {
        let answer = http().get(format!("{url}/metrics")).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{url}/metrics: {error}"));
        assert_eq!(answer.status(), 200, "{url}/metrics");
        let text = answer.text().await.unwrap_or_else(|error| panic!("{url}/metrics: {error}"));
        let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(samples.map(sample).collect())
    }

    /// One sample; 0 where it is absent.
    #[must_use]
    pub fn value(&self, sample: &str) -> f64 {
        self.0.get(sample).copied().unwrap_or_default()
    }

    /// All samples of a metric together, whatever their labels; 0 where there is none.
    #[must_use]
    pub fn sum(&self, metric: &str) -> f64 {
        self.sum_with(metric, "")
    }

    /// All samples of a metric together that have a label, written `name="value"`; 0 where there is none.
    #[must_use]
    pub fn sum_with(&self, metric: &str, label: &str) -> f64 {
        let fits = |key: &str| {
            let (name, labels) = key.split_once('{').unwrap_or((key, ""));
            name == metric && labels.contains(label)
        };
        self.0.iter().filter(|(key, _)| fits(key)).map(|(_, value)| value).sum()
    }

    /// How much each sample has moved since `before`; those that stand still are left out.
    #[must_use]
    pub fn since(&self, before: &Self) -> BTreeMap<String, f64> {
        let moved = self.0.iter().map(|(key, value)| (key.clone(), value - before.value(key)));
        moved.filter(|(_, by)| *by != 0.0).collect()
    }
}

fn sample(line: &str) -> (String, f64) {
    // A label's value may hold a space, the number never does.
    let parts = line.rsplit_once(' ').and_then(|(key, value)| Some((key, value.parse().ok()?)));
    let (key, value) = parts.unwrap_or_else(|| panic!("not a sample: {line}"));
    (key.to_owned(), value)
}
