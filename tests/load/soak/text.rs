//! SIP requests of the soak's phones, over either transport.

use std::net::SocketAddr;

/// How a phone reaches the server: its address and `UDP` or `TCP`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) own: SocketAddr,
    pub(crate) transport: &'static str,
}

/// A request; header values are whole.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) uri: String,
    pub(crate) branch: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) contact: String,
    /// Whole lines, each with its end.
    pub(crate) extra: String,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn text(&self, line: Line) -> String {
        let Line { own, transport } = line;
        let kind = if self.body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{} {} SIP/2.0\r\nVia: SIP/2.0/{transport} {own};branch=z9hG4bK{};rport\r\nMax-Forwards: 70\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {}\r\nContact: {}\r\n{}{kind}Content-Length: {}\r\n\r\n{}",
            self.method,
            self.uri,
            self.branch,
            self.from,
            self.to,
            self.call_id,
            self.cseq,
            self.method,
            self.contact,
            self.extra,
            self.body.len(),
            self.body
        )
    }

    /// ACK to a refusal of this INVITE (RFC 3261 17.1.1.3), or its CANCEL: the same branch.
    pub(crate) fn same_branch(&self, method: &'static str, to: &str) -> Self {
        Self {
            method,
            to: to.to_owned(),
            extra: String::new(),
            body: String::new(),
            ..self.clone()
        }
    }

    /// A request inside the dialog that this INVITE and that answer made.
    pub(crate) fn in_dialog(&self, method: &'static str, target: &str, to: &str) -> Self {
        let cseq = self.cseq + u32::from(method != "ACK");
        Self {
            uri: target.to_owned(),
            branch: format!("{}{method}", self.branch),
            cseq,
            ..self.same_branch(method, to)
        }
    }
}

/// Messages out of a stream: each ends where its Content-Length says.
pub(crate) fn take_message(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(buffer.get(..head)?).ok()?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    if buffer.len() < head + length {
        return None;
    }
    Some(buffer.drain(..head + length).collect())
}
