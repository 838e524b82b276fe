//! The step `http`.
//!
//! **Owns**: its keys, what a URL and a header may be.
//! **Must not know**: which addresses may be reached: that is the server's settings.

use std::time::Duration;

use super::{Fields, Reader, shortened};
use crate::expression::{Part, Template};
use crate::flow::{ExitName, Http, Pos, SecretUse};
use crate::port::HttpMethod;
use crate::yaml::{Kind, Node};

/// One try, unless the step says otherwise, and at the longest.
const TIMEOUT: Duration = Duration::from_secs(3);
const LONGEST: Duration = Duration::from_secs(15);
/// All tries together.
const ALL_TRIES: Duration = Duration::from_secs(30);
/// Tries after the first.
const MOST_RETRIES: u32 = 3;
const MOST_HEADERS: usize = 20;
/// What we write ourselves, or what would cut a request in two.
const OURS: [&str; 7] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
];
const URL_HELP: &str = "write `get: \"https://shop.example/orders/{{ vars.order }}\"`: the host is fixed, values come behind it";

impl Reader<'_> {
    /// `http: { get: URL, into: VARIABLE, … }`.
    pub(super) fn http(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Http> {
        let known = [
            "get", "post", "put", "patch", "delete", "headers", "body", "secret", "timeout",
            "retries", "into", "filler", "exits",
        ];
        let fields = self.fields(node, "`http`", &known, &[])?;
        let (method, url) = self.method(&fields, pos)?;
        let headers = match fields.get("headers") {
            Some(node) => self.headers(node),
            None => Vec::new(),
        };
        let body = match fields.get("body") {
            Some(node) if method == HttpMethod::Get => {
                let help = "put the values into the URL, or write `post:`";
                self.error("F104", node.pos, "a `get` sends no body", help);
                None
            }
            Some(node) => self.given(node),
            None => None,
        };
        let secret = fields.get("secret").and_then(|node| self.secret(node));
        let into = fields.get("into");
        let into = into.and_then(|node| self.name(node, "a variable"));
        let filler = fields.get("filler").map(|node| self.sayings(node));
        let exits = self.exits(fields.get("exits"), "`http`", ExitName::HTTP, block);
        let (timeout, retries) = self.tries(&fields);
        Some(Http {
            method,
            url,
            headers,
            body,
            secret,
            timeout,
            retries,
            into,
            filler: filler.unwrap_or_default(),
            exits,
            remote: None,
        })
    }

    /// The one key that is a method, and its URL.
    fn method(&mut self, fields: &Fields<'_>, pos: Pos) -> Option<(HttpMethod, Template)> {
        let mut found = HttpMethod::ALL
            .into_iter()
            .filter_map(|method| Some((method, fields.get(method.key())?)));
        let Some((method, node)) = found.next() else {
            self.missing(pos, "`http`", "get", URL_HELP);
            return None;
        };
        if let Some((_, second)) = found.next() {
            let help = "one step asks one thing: start a new `-` line";
            self.error("F105", second.pos, "two methods stand in one `http`", help);
            return None;
        }
        Some((method, self.url(node)?))
    }

    /// A URL with values behind its host.
    pub(super) fn url(&mut self, node: &Node) -> Option<Template> {
        let url = self.template(node, "a URL", URL_HELP)?;
        match wrong_url(&url) {
            None => Some(url),
            Some(why) => {
                self.error("F104", node.pos, why, URL_HELP);
                None
            }
        }
    }

    fn headers(&mut self, node: &Node) -> Vec<(String, Template)> {
        let mut headers = Vec::new();
        for entry in self.entries(node, "headers", "write `headers: { Accept: \"…\" }`") {
            let name = self.header(&entry.key, entry.pos);
            let help = "write the header's value as text";
            let value = self.template(&entry.value, "a header's value", help);
            if let (Some(name), Some(value)) = (name, value) {
                if name.eq_ignore_ascii_case("authorization") {
                    let help = "name it under `secret:`; its value belongs to the settings";
                    let message = "what authorises us does not stand in a flow";
                    self.error("F019", entry.pos, message, help);
                }
                headers.push((name, value));
            }
        }
        if headers.len() > MOST_HEADERS {
            let help = format!("at most {MOST_HEADERS}");
            self.error("F104", node.pos, "too many headers", help);
        }
        headers
    }

    /// A name of a header that is not one of ours.
    fn header(&mut self, name: &str, pos: Pos) -> Option<String> {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let good = !name.is_empty() && name.len() <= 64 && name.chars().all(token);
        if !good || OURS.contains(&name.to_ascii_lowercase().as_str()) {
            let message = format!("`{}` cannot be set as a header", shortened(name));
            let help = "take another header; those of the connection are ours";
            self.error("F104", pos, message, help);
            return None;
        }
        Some(name.to_owned())
    }

    /// `secret: NAME`, `secret: { name: NAME, header: X-Api-Key }`.
    fn secret(&mut self, node: &Node) -> Option<SecretUse> {
        let Kind::Map(_) = &node.kind else {
            let name = self.name(node, "a secret")?;
            return Some(SecretUse { name, header: None });
        };
        let fields = self.fields(node, "`secret`", &["name", "header"], &[])?;
        let Some(name) = fields.get("name") else {
            let help = "write `name:` with a variable of type `secret`";
            self.missing(fields.pos, "`secret`", "name", help);
            return None;
        };
        let name = self.name(name, "a secret")?;
        let header = match fields.get("header") {
            Some(node) => {
                let text = self.text(node, "a header", "write its name, such as `X-Api-Key`")?;
                Some(self.header(&text, node.pos)?)
            }
            None => None,
        };
        Some(SecretUse { name, header })
    }

    /// `timeout:` of one try.
    pub(super) fn one_try(&mut self, fields: &Fields<'_>) -> Duration {
        let timeout = fields
            .get("timeout")
            .and_then(|node| self.time_up_to(node, "`timeout`", LONGEST));
        timeout.unwrap_or(TIMEOUT)
    }

    fn tries(&mut self, fields: &Fields<'_>) -> (Duration, u32) {
        let node = fields.get("timeout");
        let timeout = self.one_try(fields);
        let retries = fields.get("retries");
        let retries = retries
            .and_then(|node| self.number(node, "a count for `retries`", 0, MOST_RETRIES))
            .unwrap_or(0);
        let whole = timeout.saturating_mul(retries.saturating_add(1));
        if whole > ALL_TRIES {
            let pos = node
                .or_else(|| fields.get("retries"))
                .map_or(fields.pos, |node| node.pos);
            let help = format!("at most {} s for all tries together", ALL_TRIES.as_secs());
            self.error("F104", pos, "nobody waits so long for an answer", help);
        }
        (timeout, retries)
    }
}

/// Why a text with values is no URL that a flow may ask.
fn wrong_url(url: &Template) -> Option<String> {
    let Some(Part::Text(first)) = url.parts.first() else {
        return Some("a URL begins with `https://` and a host, not with a value".to_owned());
    };
    let rest = first
        .strip_prefix("https://")
        .or_else(|| first.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Some("a URL begins with `https://` or `http://`".to_owned());
    };
    let end = rest.find(['/', '?', '#']);
    if end.is_none() && url.parts.len() > 1 {
        return Some(
            "scheme, host and port of a URL are fixed: no value stands in them".to_owned(),
        );
    }
    let host = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']' | '_');
    if host.is_empty() || !host.chars().all(plain) {
        return Some(format!("`{}` is no host", shortened(host)));
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '#' || !c.is_ascii();
    let odd = url
        .parts
        .iter()
        .any(|part| matches!(part, Part::Text(text) if text.contains(odd)));
    odd.then(|| "a URL has no spaces, no `#` and no letters beyond ASCII".to_owned())
}
