//! Just enough SIP for a generator: templates out, first line and headers in.

use md5::{Digest, Md5};
use std::net::SocketAddr;

pub(crate) fn extension(agent: usize) -> String {
    format!("{}", 10_000 + agent)
}

pub(crate) fn number(call: usize) -> String {
    format!("+34600{call:06}")
}

/// A message as far as a generator needs it.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    text: &'a str,
}

impl<'a> Received<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(|text| Self { text })
    }
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }
    /// Status of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        self.text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }
    /// Method of a request.
    pub(crate) fn method(&self) -> &'a str {
        self.text.split(' ').next().unwrap_or_default()
    }
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.text
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| {
                line.split_once(':')
                    .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            })
            .map(|(_, value)| value.trim())
    }
    pub(crate) fn cseq_method(&self) -> &'a str {
        self.header("CSeq")
            .and_then(|value| value.split_whitespace().nth(1))
            .unwrap_or_default()
    }
    pub(crate) fn cseq(&self) -> u32 {
        let value = self.header("CSeq").unwrap_or_default();
        let number = value.split_whitespace().next();
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    }
    /// Where the SDP wants audio.
    pub(crate) fn audio(&self) -> Option<SocketAddr> {
        let port = self
            .text
            .lines()
            .find_map(|line| line.strip_prefix("m=audio "))?
            .split(' ')
            .next()?;
        let ip = self
            .text
            .lines()
            .find_map(|line| line.strip_prefix("c=IN IP4 "))?
            .trim();
        format!("{ip}:{port}").parse().ok()
    }
    /// User of a header's URI.
    pub(crate) fn user(&self, name: &str) -> Option<&'a str> {
        let value = self.header(name)?;
        let after = value.split_once("sip:")?.1;
        after.split(['@', ';', '>']).next()
    }
    /// The URI inside a header's angle brackets.
    pub(crate) fn uri(&self, name: &str) -> Option<&'a str> {
        let value = self.header(name)?;
        Some(value.split_once('<')?.1.split_once('>')?.0)
    }
    fn lines(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'a, '_> {
        let name = name.to_owned();
        self.text
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(move |line| {
                line.split_once(':')
                    .is_some_and(|(key, _)| key.eq_ignore_ascii_case(&name))
            })
    }
}

pub(crate) fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- {port} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

pub(crate) fn invite(server: SocketAddr, own: SocketAddr, call: usize, rtp_port: u16) -> String {
    let body = sdp(rtp_port);
    let from = number(call);
    format!(
        "INVITE sip:9000@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKload{call};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:{from}@{own}>;tag=f{call}\r\nTo: <sip:9000@{server}>\r\nCall-ID: load-{call}@{own}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:{from}@{own}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// ACK or BYE inside the caller's dialog.
pub(crate) fn in_dialog(
    method: &str,
    cseq: u32,
    ok: &Received<'_>,
    own: SocketAddr,
    call: usize,
) -> String {
    let target = ok.uri("Contact").unwrap_or_default();
    let to = ok.header("To").unwrap_or_default();
    let from = number(call);
    format!(
        "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKload{call}x{cseq}{method};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{from}@{own}>;tag=f{call}\r\nTo: {to}\r\nCall-ID: load-{call}@{own}\r\n\
         CSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// BYE by the called side of an INVITE, under the tag it answered with.
pub(crate) fn bye_by_callee(invite: &Received<'_>, own: SocketAddr, tag: &str) -> String {
    let target = invite.uri("Contact").unwrap_or_default();
    let header = |name: &str| invite.header(name).unwrap_or_default();
    format!(
        "BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKbye{tag};rport\r\nMax-Forwards: 70\r\n\
         From: {};tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
        header("To"),
        header("From"),
        header("Call-ID")
    )
}

/// A response that copies what the RFC wants copied.
pub(crate) fn respond(
    request: &Received<'_>,
    status: &str,
    own: SocketAddr,
    tag: &str,
    body: &str,
) -> String {
    let mut out = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "Record-Route", "From", "Call-ID", "CSeq"] {
        for line in request.lines(name) {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    let to = request.header("To").unwrap_or_default();
    let tagged = if to.contains("tag=") || tag.is_empty() {
        to.to_owned()
    } else {
        format!("{to};tag={tag}")
    };
    out.push_str(&format!("To: {tagged}\r\nContact: <sip:{own}>\r\n"));
    if !body.is_empty() {
        out.push_str("Content-Type: application/sdp\r\n");
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    out
}

pub(crate) fn register(
    server: SocketAddr,
    own: SocketAddr,
    (agent, wave, browser): (usize, usize, bool),
    challenge: Option<&str>,
) -> String {
    let user = extension(agent);
    let domain = "cordboard.localhost";
    let uri = format!("sip:{domain}");
    let cseq = if challenge.is_some() { 2 } else { 1 };
    let authorization = challenge
        .map(|value| {
            format!(
                "Authorization: {}\r\n",
                answer(value, (&user, &format!("load-{agent}")), ("REGISTER", &uri))
            )
        })
        .unwrap_or_default();
    let _ = server;
    // A Contact that says so is offered what a browser takes, whatever brought it (RFC 7118 5).
    let transport = if browser { ";transport=ws" } else { "" };
    format!(
        "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKreg{agent}x{cseq};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:{user}@{domain}>;tag=r{agent}\r\nTo: <sip:{user}@{domain}>\r\nCall-ID: reg-{agent}-{wave}@{own}\r\n\
         CSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{own}{transport}>\r\nExpires: 3600\r\n{authorization}Content-Length: 0\r\n\r\n"
    )
}

fn hex(text: &str) -> String {
    Md5::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Digest, MD5, qop=auth (RFC 2617).
pub(crate) fn answer(
    challenge: &str,
    (user, password): (&str, &str),
    (method, uri): (&str, &str),
) -> String {
    let part = |name: &str| {
        let at = challenge.find(&format!("{name}=\""))? + name.len() + 2;
        challenge.get(at..)?.split('"').next()
    };
    let realm = part("realm").unwrap_or_default();
    let nonce = part("nonce").unwrap_or_default();
    let opaque = part("opaque")
        .map(|o| format!(", opaque=\"{o}\""))
        .unwrap_or_default();
    let ha1 = hex(&format!("{user}:{realm}:{password}"));
    let ha2 = hex(&format!("{method}:{uri}"));
    let response = hex(&format!("{ha1}:{nonce}:00000001:c0ffee:auth:{ha2}"));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
         algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c0ffee\"{opaque}"
    )
}
