//! A free port for everything that `tracechain` starts, by the variable that places it.

use crate::ports::Port;

/// The ports of one system; free for others again when it is dropped.
#[derive(Debug)]
pub struct SystemPorts([Port; Self::VARIABLES.len()]);

impl SystemPorts {
    /// The variables that place every port of the system.
    pub const VARIABLES: [&str; 9] = [
        "GATEWAY_PORT",
        "EDGE_PORT",
        "USER_PORT",
        "ORDER_PORT",
        "AUDIT_PORT",
        "VIEWER_PORT",
        "VIEWER_QUERY_PORT",
        "VIEWER_OTLP_GRPC_PORT",
        "VIEWER_OTLP_HTTP_PORT",
    ];

    /// Reserves them all.
    ///
    /// # Panics
    /// As [`Port::reserve`].
    #[must_use]
    pub fn reserve() -> Self {
        Self(Self::VARIABLES.map(|_| Port::reserve()))
    }

    /// What `variable` is set to.
    ///
    /// # Panics
    /// When no port has that variable.
    #[must_use]
    pub fn number(&self, variable: &str) -> u16 {
        let place = Self::VARIABLES.iter().position(|known| *known == variable);
        let place = place.unwrap_or_else(|| panic!("{variable} places no port"));
        self.0[place].number()
    }

    /// An address below that port.
    #[must_use]
    pub fn url(&self, variable: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.number(variable))
    }

    /// Each variable with its port.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        Self::VARIABLES.into_iter().zip(self.0.iter().map(|port| port.number().to_string()))
    }
}
