//! The values that several variables take, and their parsers, which say what is accepted.

use std::{net::IpAddr, num::NonZeroUsize, time::Duration};

/// Parses a positive number of milliseconds.
///
/// # Errors
/// Says what is accepted when `value` is anything else.
pub fn milliseconds(value: &str) -> Result<Duration, String> {
    match value.parse() {
        Ok(0) | Err(_) => Err("accepted: a whole number of milliseconds, at least 1".to_owned()),
        Ok(milliseconds) => Ok(Duration::from_millis(milliseconds)),
    }
}

/// Parses a whole number from 1 to `MAX`.
///
/// # Errors
/// Says what is accepted when `value` is anything else.
pub fn whole_number<const MAX: usize>(value: &str) -> Result<NonZeroUsize, String> {
    let number = value.parse().ok().filter(|number: &NonZeroUsize| number.get() <= MAX);
    number.ok_or_else(|| format!("accepted: a whole number from 1 to {MAX}"))
}

/// Parses `true` or `false`, in any case.
///
/// # Errors
/// Says what is accepted when `value` is anything else.
pub fn boolean(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("accepted: true, false".to_owned()),
    }
}

/// Parses the number of a port to listen on.
///
/// # Errors
/// Says what is accepted when `value` is anything else.
pub fn port(value: &str) -> Result<u16, String> {
    let accepted = "accepted: a whole number from 1 to 65535, or 0 for a free port";
    value.parse().map_err(|_| accepted.to_owned())
}

/// Parses an address to listen on.
///
/// # Errors
/// Says what is accepted when `value` is anything else.
pub fn address(value: &str) -> Result<IpAddr, String> {
    let accepted = "accepted: an IP address of this machine, such as 127.0.0.1, 0.0.0.0 or ::";
    value.parse().map_err(|_| accepted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_its_range_is_told_the_range() {
        assert_eq!(whole_number::<1024>("1").unwrap().get(), 1);
        assert_eq!(whole_number::<1024>("1024").unwrap().get(), 1024);
        for refused in ["0", "-1", "1025", "two", "1.5", " 1", "99999999999999999999999"] {
            let error = whole_number::<1024>(refused).unwrap_err();
            assert_eq!(error, "accepted: a whole number from 1 to 1024", "{refused}");
        }
    }

    #[test]
    fn a_port_and_an_address_are_told_what_is_accepted() {
        assert_eq!((port("0"), port("65535")), (Ok(0), Ok(65535)));
        assert!(port("65536").unwrap_err().contains("1 to 65535"));
        assert!(port("http").unwrap_err().contains("1 to 65535"));
        assert!(address("::1").is_ok());
        assert!(address("localhost").unwrap_err().contains("such as 127.0.0.1"));
    }
}
