//! The `Origin` header (RFC 6454): whether a page of ours sent this.
//!
//! **Owns**: [`is_ours`], [`is_foreign`], [`is_plain`]. **Must not know**: routes, sessions. Whether the `Host` is ours is checked
//! before (`host`): a page is ours when it came from the same host and port.

use axum::http::{HeaderMap, header};

/// Whether the request says that a page of this very server sent it. A request without `Origin` does not.
#[must_use]
pub fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let single = headers.get_all(header::ORIGIN).iter().count() == 1;
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    let Some((scheme, origin)) = origin.split_once("://") else {
        return false;
    };
    let default = match scheme {
        "http" => "80",
        "https" => "443",
        _ => return false,
    };
    single && place(origin, default) == place(host, default)
}

/// Whether a page that is not ours sent it. Programs send no `Origin`; browsers do with every unsafe method and every
/// WebSocket.
#[must_use]
pub fn is_foreign(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) && !is_ours(headers)
}

/// Whether a page that came without TLS sent it. Where we speak TLS there is no such page of ours, only somebody's on
/// the way who plays us at the same name.
#[must_use]
pub fn is_plain(headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN);
    origin.is_some_and(|value| value.as_bytes().starts_with(b"http://"))
}

/// Host and port, in one form.
fn place<'a>(text: &'a str, default: &'a str) -> (String, &'a str) {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, port)
        }
        _ => (text, default),
    };
    (name.to_ascii_lowercase(), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_ours_and_others() {
        let table = [
            (Some("http://127.0.0.1:8080"), "127.0.0.1:8080", true),
            (Some("http://localhost:8080"), "LOCALHOST:8080", true),
            (Some("https://pbx.example"), "pbx.example", true),
            (Some("https://pbx.example"), "pbx.example:443", true),
            (Some("http://[::1]:8080"), "[::1]:8080", true),
            (Some("http://localhost:8081"), "localhost:8080", false),
            (Some("http://evil.example"), "127.0.0.1:8080", false),
            (
                Some("http://127.0.0.1:8080.evil.example"),
                "127.0.0.1:8080",
                false,
            ),
            (Some("ftp://127.0.0.1:8080"), "127.0.0.1:8080", false),
            (Some("null"), "127.0.0.1:8080", false),
            (Some(""), "", false),
            (None, "127.0.0.1:8080", false),
        ];
        for (origin, host, wanted) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_ours(&headers), wanted, "{origin:?} at {host}");
            assert_eq!(is_foreign(&headers), origin.is_some() && !wanted);
        }
        let mut two = HeaderMap::new();
        two.insert(header::HOST, "a".parse().unwrap());
        two.append(header::ORIGIN, "http://a".parse().unwrap());
        two.append(header::ORIGIN, "http://b".parse().unwrap());
        assert!(!is_ours(&two));
    }
}
