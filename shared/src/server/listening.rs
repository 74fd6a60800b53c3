//! Ports, and in one sentence why one cannot be had.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use tokio::net::TcpListener;

/// Listens on `address`, whose port `variable` gives.
///
/// # Errors
/// As [`refusal`] has it.
pub async fn listen(address: SocketAddr, variable: &str) -> anyhow::Result<TcpListener> {
    let listening = TcpListener::bind(address).await;
    listening.map_err(|error| anyhow::anyhow!(refusal(address, variable, &error)))
}

/// Why nothing can listen on `address`, and what to do; `variable` gives its port, `HOST` the rest.
#[must_use]
pub fn refusal(address: SocketAddr, variable: &str, error: &io::Error) -> String {
    let (host, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} on {host} is taken by another program: stop that one, or set {variable} to a free port"
        ),
        ErrorKind::PermissionDenied => format!(
            "port {port} on {host} may not be used by this user: set {variable} to a port above 1023"
        ),
        _ => format!(
            "port {port} ({variable}) cannot be opened on {host}: {error}; HOST must be an address of this machine, such as 127.0.0.1"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_of_another_machine_is_told_by_its_variable() {
        let error = listen("203.0.113.7:0".parse().unwrap(), "PORT").await.unwrap_err().to_string();
        assert!(error.starts_with("port 0 (PORT) cannot be opened on 203.0.113.7: "), "{error}");
        assert!(error.ends_with("HOST must be an address of this machine, such as 127.0.0.1"));
    }

    #[tokio::test]
    async fn a_taken_port_is_told_with_what_to_do() {
        let taken = listen("127.0.0.1:0".parse().unwrap(), "PORT").await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = listen(address, "EDGE_PORT").await.unwrap_err().to_string();
        assert!(error.contains("is taken by another program: stop that one, or set EDGE_PORT"));
    }
}
