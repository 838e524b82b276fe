//! The `Host` header: a page of another origin must not reach a server on loopback by a name of its own (DNS
//! rebinding).
//!
//! **Owns**: [`is_ours`]. **Must not know**: routes.

use std::net::{IpAddr, SocketAddr};

/// Whether a request with this `Host` may be answered. Addresses are always fine: rebinding needs a name. On a
/// listener that others reach, names are the business of the network in front; on loopback only `localhost`, names
/// below it and our own domain are.
#[must_use]
pub(super) fn is_ours(host: Option<&str>, listen: SocketAddr, domain: &str) -> bool {
    if !listen.ip().is_loopback() {
        return true;
    }
    // HTTP/1.0 has no Host; no browser sends that.
    let Some(host) = host else { return true };
    let name = name_of(host).to_ascii_lowercase();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || name == domain.to_ascii_lowercase()
}

/// The host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_loopback() {
        let loopback: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        let table = [
            (None, true),
            (Some("127.0.0.1:8080"), true),
            (Some("127.0.0.1"), true),
            (Some("[::1]:8080"), true),
            (Some("localhost:8080"), true),
            (Some("LOCALHOST"), true),
            (Some("cordboard.localhost"), true),
            (Some("pbx.example"), true),
            (Some("evil.example:8080"), false),
            (Some("localhost.evil.example"), false),
            (Some("127.0.0.1.evil.example"), false),
            (Some(""), false),
        ];
        for (host, wanted) in table {
            assert_eq!(is_ours(host, loopback, "pbx.example"), wanted, "{host:?}");
        }
        assert!(is_ours(
            Some("pbx.example"),
            "0.0.0.0:80".parse().unwrap(),
            "x"
        ));
    }
}
