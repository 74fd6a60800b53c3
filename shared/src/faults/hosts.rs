//! Who may ask for the laboratory: requests that name this machine, not some site whose name was pointed at it.
//!
//! A page of a foreign site may not read or change the faults, because browsers keep origins apart. DNS rebinding gets around that: the
//! site's own name suddenly means 127.0.0.1, and its page is then of one origin with this port. What stays is the name, in `Host`.

use std::net::IpAddr;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header, uri::Authority};

use crate::problem::Problem;

/// The names under which a process serves its laboratory: `localhost`, the loopback addresses, the address that it listens on (any
/// address where it listens on all), and its service's name, which is its host's in a container network.
#[derive(Clone, Copy, Debug)]
pub struct OwnHosts {
    service: &'static str,
    listening: IpAddr,
}

impl OwnHosts {
    /// Of the service `service`, which listens on the address `listening`.
    #[must_use]
    pub fn new(service: &'static str, listening: IpAddr) -> Self {
        Self { service, listening }
    }

    /// Answers 421 `misdirected` in the place of `router` to whoever names another host (RFC 9110, section 15.5.20).
    pub fn guard(self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self, check))
    }

    fn refuse(self, headers: &HeaderMap) -> Option<Problem> {
        let mut named = headers.get_all(header::HOST).iter();
        let host = named.next().and_then(|host| host.to_str().ok());
        let authority = host.and_then(|host| host.parse::<Authority>().ok());
        if named.next().is_none()
            && authority.is_some_and(|authority| self.admits(authority.host()))
        {
            return None;
        }
        Some(Problem::misdirected(format!(
            "the laboratory answers only to requests whose Host is localhost, a loopback address, {} or {}; use one of them",
            self.service, self.listening
        )))
    }

    fn admits(self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match bare.parse::<IpAddr>() {
            Ok(address) => {
                address.is_loopback()
                    || self.listening.is_unspecified()
                    || address == self.listening
            }
            Err(_) => {
                host.eq_ignore_ascii_case("localhost") || host.eq_ignore_ascii_case(self.service)
            }
        }
    }
}

async fn check(State(hosts): State<OwnHosts>, request: Request, next: Next) -> Response {
    match hosts.refuse(request.headers()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_admitted(listening: &str, hosts: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        let own = OwnHosts::new("order-service", listening.parse().unwrap());
        own.refuse(&headers).is_none()
    }

    #[test]
    fn this_machine_is_admitted_by_each_of_its_names() {
        for host in [
            "localhost:5002",
            "LOCALHOST",
            "127.0.0.1:5002",
            "[::1]:5002",
            "127.0.0.2",
            "order-service:5002",
        ] {
            assert!(is_admitted("127.0.0.1", &[host]), "{host}");
        }
        assert!(is_admitted("192.168.1.5", &["192.168.1.5:5002"]));
        // An address cannot be pointed elsewhere, as a name can.
        assert!(is_admitted("0.0.0.0", &["192.168.1.5"]) && is_admitted("::", &["[fd00::5]:80"]));
    }

    #[test]
    fn a_name_that_anyone_could_point_here_is_refused() {
        for host in [
            "evil.example:5002",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "order-service.evil.example",
            "user-service",
            "192.168.1.5",
            "",
            "a@localhost, b",
        ] {
            assert!(!is_admitted("127.0.0.1", &[host]), "{host}");
        }
        assert!(!is_admitted("127.0.0.1", &[]), "no host is none of ours");
        assert!(!is_admitted("127.0.0.1", &["localhost", "evil.example"]), "two are one too many");
        let detail = OwnHosts::new("order-service", "127.0.0.1".parse().unwrap());
        let problem = detail.refuse(&HeaderMap::new()).unwrap();
        assert_eq!((problem.status().as_u16(), problem.code()), (421, "misdirected"));
    }
}
