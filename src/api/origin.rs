//! The `Origin` header: which page a browser sends a request for.
//!
//! **Owns**: [`is_ours`]. **Must not know**: routes. Browsers let any page open a WebSocket to any server, loopback
//! included, and send our cookies along; they always say which page it was, and a page cannot change what they say.

use axum::http::{HeaderMap, header};

/// Whether a browser sends this for a page of ours: its origin is the very host and port that the request went to, which
/// the guard has looked at (`host.rs`). Without the header it is no browser, or no page.
#[must_use]
pub(super) fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    // TLS may end at a proxy in front of us, so both schemes are fine.
    let page = ["http://", "https://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    page.is_some_and(|page| !page.is_empty() && page.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_of_the_same_host_and_port_is_ours() {
        let table = [
            (Some("http://localhost:8080"), Some("localhost:8080"), true),
            (Some("https://desk.example"), Some("desk.example"), true),
            (Some("HTTP://LOCALHOST:8080"), Some("localhost:8080"), false),
            (Some("http://LOCALHOST:8080"), Some("localhost:8080"), true),
            (Some("http://localhost:8081"), Some("localhost:8080"), false),
            (Some("http://127.0.0.1:8080"), Some("localhost:8080"), false),
            (Some("http://evil.example"), Some("localhost:8080"), false),
            (
                Some("http://localhost:8080.evil.example"),
                Some("localhost:8080"),
                false,
            ),
            (Some("null"), Some("null"), false),
            (Some("file://"), Some(""), false),
            (Some("http://"), Some(""), false),
            (None, Some("localhost:8080"), false),
            (Some("http://localhost:8080"), None, false),
        ];
        for (origin, host, wanted) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::ORIGIN, origin), (header::HOST, host)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            assert_eq!(is_ours(&headers), wanted, "{origin:?} {host:?}");
        }
    }
}
