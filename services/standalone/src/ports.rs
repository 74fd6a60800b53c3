//! Ports: which are used, by which variable, and whether they can be had.

use std::collections::BTreeMap;
use std::net::{IpAddr, TcpListener};

use shared::server::cannot_listen;

use crate::failure::Failure;

/// One port that a child will listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortUse {
    /// The address it listens on.
    pub host: IpAddr,
    /// The port number.
    pub port: u16,
    /// The variable that moves it elsewhere.
    pub variable: String,
}

/// Makes sure that every port can be had, by having each for a moment.
///
/// # Errors
/// One sentence that names the port and its variable.
pub(crate) fn check<'a>(uses: impl IntoIterator<Item = &'a PortUse>) -> Result<(), Failure> {
    let mut seen: BTreeMap<u16, &PortUse> = BTreeMap::new();
    for wanted in uses {
        if let Some(other) = seen.insert(wanted.port, wanted) {
            return Err(same_port(other, wanted));
        }
        can_be_had(wanted)?;
    }
    Ok(())
}

fn same_port(one: &PortUse, other: &PortUse) -> Failure {
    Failure::refused(format!(
        "{} and {} both ask for port {}: give one of them another number",
        one.variable, other.variable, one.port
    ))
}

fn can_be_had(wanted: &PortUse) -> Result<(), Failure> {
    let PortUse { host, port, variable } = wanted;
    let Err(error) = TcpListener::bind((*host, *port)) else {
        return Ok(());
    };
    Err(Failure::failed(cannot_listen((*host, *port).into(), variable, &error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(port: u16, variable: &str) -> PortUse {
        PortUse { host: IpAddr::from([127, 0, 0, 1]), port, variable: variable.to_owned() }
    }

    #[test]
    fn a_taken_port_is_one_sentence_with_port_and_variable() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = holder.local_addr().unwrap().port();

        let failure = check(&[wanted(port, "USER_PORT")]).unwrap_err();

        assert_eq!(failure.exit_code, 1);
        assert_eq!(
            failure.sentence,
            format!(
                "port {port} on 127.0.0.1 is taken by another program: stop that one, or set USER_PORT to a free port"
            )
        );
    }

    #[test]
    fn two_variables_with_one_port_are_a_configuration_error() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

        let failure = check(&[wanted(free, "USER_PORT"), wanted(free, "ORDER_PORT")]).unwrap_err();

        assert_eq!(failure.exit_code, 2);
        assert!(failure.sentence.contains("USER_PORT and ORDER_PORT"), "{}", failure.sentence);
    }

    #[test]
    fn a_host_of_another_machine_is_explained() {
        let mut elsewhere = wanted(5001, "USER_PORT");
        elsewhere.host = IpAddr::from([192, 0, 2, 1]);

        let failure = check(&[elsewhere]).unwrap_err();

        assert!(
            failure.sentence.contains("HOST must be an address of this machine"),
            "{}",
            failure.sentence
        );
    }
}
