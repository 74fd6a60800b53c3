//! The headers that keep a page to itself: its own scripts and styles only, none of them inline, and no host to talk to but its own.
//!
//! nginx sends the same with the front page in the full stack (`gateway/nginx.conf`).

use std::{fmt::Write, net::Ipv6Addr};

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What goes with every page. `ports` are those of its own host that it may talk to beside the one it came from.
pub(crate) fn headers(request: &HeaderMap, ports: &[u16]) -> [(HeaderName, HeaderValue); 4] {
    let host = request.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(name);
    let policy = HeaderValue::from_str(&policy(host, ports));
    [
        // A host's name and numbers are always a header's value.
        (header::CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static("sandbox"))),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ]
}

/// Without a scheme a source means that of the page (CSP level 3, section 6.7.2.7).
fn policy(host: Option<&str>, ports: &[u16]) -> String {
    let mut sources = "'self'".to_owned();
    if let Some(host) = host {
        for port in ports {
            // Writing to a `String` does not fail.
            let _ = write!(sources, " {host}:{port}");
        }
    }
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {sources}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The name in a `Host` without its port, as a policy can say it.
///
/// It cannot say an IPv6 address (CSP level 3, section 2.3.1: `host-char`), so a page that is read at one may talk to these ports of
/// any host: its own is among them, and browsers let nothing narrower through. What is neither is none.
fn name(host: &str) -> Option<&str> {
    let bracketed = host.strip_prefix('[').and_then(|host| host.split_once(']'));
    if let Some((address, port)) = bracketed {
        let is_whole = port.is_empty() || port.starts_with(':');
        return (is_whole && address.parse::<Ipv6Addr>().is_ok()).then_some("*");
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    (!name.is_empty() && name.chars().all(known)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_talk_to_its_own_host_on_the_named_ports_and_to_nobody_else() {
        let policy = policy(name("localhost:8080"), &[3000, 4318]);
        assert!(policy.contains("connect-src 'self' localhost:3000 localhost:4318;"), "{policy}");
        assert!(
            policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
            "{policy}"
        );
    }

    #[test]
    fn at_an_ipv6_address_the_ports_are_named_without_the_host_that_cannot_be() {
        for host in ["[::1]:8080", "[::1]", "[fd00::1]:80"] {
            let policy = policy(name(host), &[3000, 4318]);
            assert!(policy.contains("connect-src 'self' *:3000 *:4318;"), "{host}: {policy}");
        }
    }

    #[test]
    fn a_host_that_would_end_the_directive_is_left_out() {
        for host in ["", ":8080", "a; script-src *", "a b", "[::1", "[evil]:80", "[::1]a", "*:80"] {
            assert_eq!(name(host), None, "{host}");
        }
        assert_eq!(
            (name("127.0.0.1:80"), name("edge.example")),
            (Some("127.0.0.1"), Some("edge.example"))
        );
    }
}
