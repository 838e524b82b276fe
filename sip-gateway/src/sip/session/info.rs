//! Keys that come as INFO (the use of RFC 2976 that RFC 6086 4.1 calls legacy), from phones without RFC 4733.
//!
//! **Owns**: the reading of `application/dtmf-relay` and `application/dtmf`. **Must not know**: what a key is for.

use crate::sip::message::Request;

/// The key that an INFO carries; none when it carries something else.
pub(super) fn key_of(request: &Request) -> Option<char> {
    let kind = request.headers.content_type().ok().flatten()?;
    let text = std::str::from_utf8(&request.body).ok()?;
    if kind.is("application/dtmf-relay") {
        let signal = text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("Signal").then_some(value)
        });
        key(signal?)
    } else if kind.is("application/dtmf") {
        key(text)
    } else {
        None
    }
}

/// Phones write the key itself or its number in RFC 4733 table 3.
fn key(text: &str) -> Option<char> {
    let text = text.trim();
    match text {
        "10" => return Some('*'),
        "11" => return Some('#'),
        _ => {}
    }
    let mut all = text.chars();
    let first = all.next()?.to_ascii_uppercase();
    let is_key = first.is_ascii_digit() || matches!(first, '*' | '#' | 'A'..='D');
    (is_key && all.next().is_none()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::key_of;
    use crate::sip::message::{HeaderName, Method, Request, Uri};

    fn read(kind: &str, body: &str) -> Option<char> {
        let uri = Uri::parse("sip:a@b").unwrap();
        let mut request = Request::new(Method::Info, uri);
        request.headers.push(HeaderName::ContentType, kind);
        request.body = body.as_bytes().to_vec().into();
        key_of(&request)
    }

    #[test]
    fn keys_are_read_as_phones_write_them() {
        for (kind, body, wanted) in [
            (
                "application/dtmf-relay",
                "Signal=5\r\nDuration=160\r\n",
                Some('5'),
            ),
            (
                "Application/DTMF-Relay",
                "signal= #\nDuration= 250",
                Some('#'),
            ),
            (
                "application/dtmf-relay",
                "Duration=160\r\nSignal=10\r\n",
                Some('*'),
            ),
            (
                "application/dtmf-relay;charset=utf-8",
                "Signal=d",
                Some('D'),
            ),
            ("application/dtmf", "7", Some('7')),
            ("application/dtmf", "11\r\n", Some('#')),
            ("application/dtmf", "16", None),
            ("application/dtmf", "", None),
            ("application/dtmf-relay", "Signal=\r\n", None),
            ("application/dtmf-relay", "Signal=55\r\n", None),
            ("application/dtmf-relay", "Signal=x\r\n", None),
            ("application/dtmf-relay", "Duration=5\r\n", None),
            ("application/dtmf-relay", "\u{0}=\u{ff}", None),
            ("application/sdp", "5", None),
        ] {
            assert_eq!(read(kind, body), wanted, "{kind} {body:?}");
        }
    }
}
