//! SIP text as the test phone reads and writes it: start line, headers in order, body. **Owns**: nothing clever. It is
//! an independent reading of RFC 3261, so it uses none of the product's code.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;

/// A request or response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// `INVITE sip:9000@127.0.0.1 SIP/2.0` or `SIP/2.0 200 OK`.
    pub(crate) start: String,
    /// Names as they came, values trimmed and unfolded.
    pub(crate) headers: Vec<(String, String)>,
    /// What follows the blank line.
    pub(crate) body: String,
}

/// Compact names of RFC 3261 7.3.3 and their long ones.
const COMPACT: [(&str, &str); 9] = [
    ("i", "call-id"),
    ("m", "contact"),
    ("e", "content-encoding"),
    ("l", "content-length"),
    ("c", "content-type"),
    ("f", "from"),
    ("s", "subject"),
    ("t", "to"),
    ("v", "via"),
];

fn long_name(name: &str) -> String {
    let lower = name.trim().to_ascii_lowercase();
    let known = COMPACT.iter().find(|(short, _)| *short == lower);
    known.map_or(lower.as_str(), |(_, long)| long).to_owned()
}

impl Message {
    /// Reads one datagram; none when it is not SIP (a keep-alive, say).
    pub(crate) fn parse(datagram: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(datagram);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        if !start.starts_with("SIP/2.0 ") && !start.ends_with(" SIP/2.0") {
            return None;
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.last_mut()?;
                let _ = write!(value, " {}", line.trim());
            } else {
                let (name, value) = line.split_once(':')?;
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Some(Self {
            start,
            headers,
            body: body.to_owned(),
        })
    }

    /// A message without headers.
    pub(crate) fn new(start: impl Into<String>) -> Self {
        Self {
            start: start.into(),
            ..Self::default()
        }
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a body and its type.
    #[must_use]
    pub(crate) fn with_sdp(mut self, sdp: &str) -> Self {
        sdp.clone_into(&mut self.body);
        self.with("Content-Type", "application/sdp")
    }

    /// A response to `self`, a request, with what RFC 3261 8.2.6.2 copies; `tag` goes into To where none is.
    pub(crate) fn response(&self, status: u16, reason: &str, tag: &str) -> Self {
        let mut response = Self::new(format!("SIP/2.0 {status} {reason}"));
        for (name, value) in &self.headers {
            match long_name(name).as_str() {
                "via" | "from" | "call-id" | "cseq" | "record-route" => {
                    response.headers.push((name.clone(), value.clone()));
                }
                "to" if status > 100 && parameter(value, "tag").is_none() => {
                    response
                        .headers
                        .push((name.clone(), format!("{value};tag={tag}")));
                }
                "to" => response.headers.push((name.clone(), value.clone())),
                _ => {}
            }
        }
        response
    }

    /// The bytes, Content-Length included.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(
            text,
            "Content-Length: {}\r\n\r\n{}",
            self.body.len(),
            self.body
        );
        text.into_bytes()
    }

    /// First value of a header, by its long name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let wanted = name.to_ascii_lowercase();
        self.headers
            .iter()
            .find(|(name, _)| long_name(name) == wanted)
            .map(|(_, value)| value.as_str())
    }

    /// Status of a response; none for a request.
    pub(crate) fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// Method: of the start line for a request, of CSeq for a response.
    pub(crate) fn method(&self) -> &str {
        let text = match self.status() {
            None => self.start.split(' ').next(),
            Some(_) => self
                .header("cseq")
                .and_then(|value| value.split_whitespace().nth(1)),
        };
        text.unwrap_or_default()
    }

    /// Number of CSeq.
    pub(crate) fn cseq(&self) -> u32 {
        let text = self
            .header("cseq")
            .and_then(|value| value.split_whitespace().next());
        text.and_then(|number| number.parse().ok())
            .unwrap_or_default()
    }

    /// Branch of the topmost Via.
    pub(crate) fn branch(&self) -> String {
        let via = self.header("via").unwrap_or_default();
        let top = via.split(',').next().unwrap_or_default();
        parameter(top, "branch").unwrap_or_default()
    }

    /// Tag of From or To.
    pub(crate) fn tag(&self, header: &str) -> Option<String> {
        self.header(header)
            .and_then(|value| parameter(value, "tag"))
    }

    /// Call-ID.
    pub(crate) fn call_id(&self) -> String {
        self.header("call-id").unwrap_or_default().to_owned()
    }
}

/// The URI of a header value: what stands between `<` and `>`, or up to `;`.
pub(crate) fn uri_of(value: &str) -> String {
    if let Some((_, rest)) = value.split_once('<') {
        return rest.split('>').next().unwrap_or_default().to_owned();
    }
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// User part of a SIP URI.
pub(crate) fn user_of(uri: &str) -> String {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split_once('@')
        .map_or(String::new(), |(user, _)| user.to_owned())
}

/// Address of a SIP URI whose host is a number; port 5060 by default.
pub(crate) fn address_of(uri: &str) -> Option<SocketAddr> {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split([';', '?']).next()?;
    host.parse()
        .ok()
        .or_else(|| format!("{host}:5060").parse().ok())
}

/// A parameter of a header value: `;name=value`, after the URI.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    let after_uri = value.rsplit_once('>').map_or(value, |(_, rest)| rest);
    after_uri.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key.trim().eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts of a challenge or of credentials: `Digest realm="x", nonce="y"`; quotes removed, names lower case.
pub(crate) fn digest_parts(value: &str) -> BTreeMap<String, String> {
    let rest = value.trim().strip_prefix("Digest").unwrap_or(value);
    let mut parts = BTreeMap::new();
    let mut quoted = false;
    let is_end = |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    for part in rest.split(is_end) {
        if let Some((name, value)) = part.split_once('=') {
            parts.insert(
                name.trim().to_ascii_lowercase(),
                value.trim().trim_matches('"').to_owned(),
            );
        }
    }
    parts
}
