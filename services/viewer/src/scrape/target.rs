//! `SCRAPE_TARGETS`.

use reqwest::Url;

/// Where the metrics of a service are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The `service.name` of its traces; where the variable gives none, the address.
    pub service: String,
    /// Of its `/metrics`.
    pub url: Url,
}

/// Those of the variable, each address once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets(pub Vec<Target>);

/// More would be another program's work: Prometheus'.
pub(crate) const MAX_TARGETS: usize = 32;

const ACCEPTED: &str = "accepted: addresses such as order-service=http://localhost:5002/metrics, order-service=localhost:5002 or \
                        localhost:5002, separated by commas; the name is the service's in its traces, and without a path it is /metrics";

/// # Errors
/// Names the part that is not accepted, and says what is.
impl std::str::FromStr for Targets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut targets: Vec<Target> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let target: Target =
                part.parse().map_err(|refused| format!("'{part}' in it: {refused}"))?;
            if targets.iter().any(|known| known.url == target.url) {
                return Err(format!("'{part}' in it: accepted: each address once"));
            }
            targets.push(target);
        }
        if targets.len() > MAX_TARGETS {
            return Err(format!("it has {}: accepted: at most {MAX_TARGETS}", targets.len()));
        }
        Ok(Self(targets))
    }
}

/// # Errors
/// Says what is accepted.
impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (service, address) = named(text.trim());
        let url = url(address).ok_or(ACCEPTED)?;
        let service = match service {
            Some("") => return Err(ACCEPTED.to_owned()),
            Some(name) => name.to_owned(),
            None => host_and_port(&url),
        };
        Ok(Self { service, url })
    }
}

/// An address may have a `=` in its query: a name has none of the characters with which an address begins.
fn named(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, address)) if !name.contains(['/', ':', '?', '[']) => {
            (Some(name.trim()), address.trim())
        }
        _ => (None, text),
    }
}

fn url(address: &str) -> Option<Url> {
    let has_scheme = address.contains("://");
    let address = if has_scheme { address.to_owned() } else { format!("http://{address}") };
    let mut url = Url::parse(&address).ok()?;
    let is_known = matches!(url.scheme(), "http" | "https");
    // A password would be shown on the page, and an address without a port is mostly a name that was forgotten.
    let is_plain = url.username().is_empty() && url.password().is_none();
    let has_port = has_scheme || url.port().is_some();
    if !is_known || !is_plain || !has_port || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    if url.path() == "/" {
        url.set_path("/metrics");
    }
    url.set_fragment(None);
    Some(url)
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_form_is_read() {
        for (text, service, url) in [
            ("gateway=http://localhost:5000/metrics", "gateway", "http://localhost:5000/metrics"),
            (" gateway = localhost:5000 ", "gateway", "http://localhost:5000/metrics"),
            ("localhost:5000", "localhost:5000", "http://localhost:5000/metrics"),
            ("http://10.0.0.1:9100/", "10.0.0.1:9100", "http://10.0.0.1:9100/metrics"),
            (
                "a=https://shop.example/deep/metrics?x=1",
                "a",
                "https://shop.example/deep/metrics?x=1",
            ),
            ("[::1]:5003/metrics", "[::1]:5003", "http://[::1]:5003/metrics"),
            (
                "localhost:5000/m?format=text",
                "localhost:5000",
                "http://localhost:5000/m?format=text",
            ),
        ] {
            let target: Target = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((target.service.as_str(), target.url.as_str()), (service, url), "{text}");
        }
    }

    #[test]
    fn a_list_has_each_address_once_and_not_too_many() {
        let list = |text: &str| text.parse::<Targets>();
        assert_eq!(list("").unwrap(), Targets::default());
        assert_eq!(list("a=localhost:1, b=localhost:2").unwrap().0.len(), 2);
        let twice = list("a=localhost:1,b=http://localhost:1/metrics").unwrap_err();
        assert_eq!(twice, "'b=http://localhost:1/metrics' in it: accepted: each address once");
        assert!(list("localhost:1,").unwrap_err().starts_with("'' in it: accepted: addresses"));
        let many: Vec<_> = (1..=33).map(|port| format!("localhost:{port}")).collect();
        assert_eq!(list(&many.join(",")).unwrap_err(), "it has 33: accepted: at most 32");
        assert_eq!(list(&many[1..].join(",")).unwrap().0.len(), 32);
    }

    #[test]
    fn what_is_none_is_refused_with_what_is_accepted() {
        for text in [
            "",
            "gateway",
            "gateway=",
            "=http://localhost:5000",
            "gateway=localhost",
            "localhost:http",
            "gateway=ftp://localhost:5000/metrics",
            "gateway=http://user:secret@localhost:5000/metrics",
            "http://",
            "localhost:99999",
        ] {
            let refused = text.parse::<Target>().unwrap_err();
            assert!(refused.starts_with("accepted: addresses such as"), "{text}: {refused}");
        }
    }
}
