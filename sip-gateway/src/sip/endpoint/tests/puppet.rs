//! A peer that is no endpoint: it sends raw text and shows what comes back.

use super::kit::{Net, OFFICE, Packet, address};
use std::net::SocketAddr;
use std::time::Duration;

/// An address that is nobody's.
pub(super) const STRANGER: &str = "127.0.0.50:6000";
/// An address of the carrier's network.
pub(super) const TRUNK: &str = "127.0.0.2:6001";

/// Sends text as it is; gives what the office sent back.
pub(super) fn send(net: &mut Net, from: &str, text: &str) -> Vec<String> {
    let from: SocketAddr = from.parse().unwrap();
    net.mail.clear();
    net.post(Packet {
        from,
        to: address(OFFICE),
        bytes: text.as_bytes().to_vec().into(),
    });
    net.run(Duration::from_millis(100));
    let mail = net.mail.iter().filter(|packet| packet.to == from);
    mail.map(Packet::text).collect()
}

/// The status of the last final answer, 0 when there is none.
pub(super) fn status(answers: &[String]) -> u16 {
    let mut statuses = answers
        .iter()
        .filter_map(|text| text.get(8..11)?.parse().ok());
    statuses.rfind(|status| *status >= 200).unwrap_or(0)
}

/// A header of a message.
pub(super) fn header(text: &str, name: &str) -> Option<String> {
    let prefix = format!("{name}: ");
    text.lines()
        .find_map(|line| line.strip_prefix(&prefix))
        .map(str::to_owned)
}

/// A request, as most peers write it.
pub(super) struct Draft {
    pub(super) method: &'static str,
    pub(super) uri: String,
    pub(super) from_user: String,
    pub(super) to: String,
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) branch: String,
    pub(super) more: String,
    /// In place of the usual Contact line.
    pub(super) contact: Option<String>,
    pub(super) body: &'static str,
}

impl Draft {
    pub(super) fn new(method: &'static str) -> Self {
        Self {
            method,
            uri: "sip:9000@office.test".to_owned(),
            from_user: "+34600111222".to_owned(),
            to: "<sip:9000@office.test>".to_owned(),
            call_id: "call".to_owned(),
            cseq: 1,
            branch: format!("z9hG4bK{method}1"),
            more: String::new(),
            contact: None,
            body: if method == "INVITE" { "v=0" } else { "" },
        }
    }

    pub(super) fn text(&self, sender: &str) -> String {
        let Self {
            method,
            uri,
            from_user,
            to,
            call_id,
            cseq,
            branch,
            more,
            contact,
            body,
        } = self;
        let contact = contact
            .as_ref()
            .map_or_else(|| format!("Contact: <sip:x@{sender}>\r\n"), Clone::clone);
        let content = if body.is_empty() || more.contains("Content-Type") {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {sender};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{from_user}@office.test>;tag=theirs\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             {contact}{content}{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    pub(super) fn send(&self, net: &mut Net, from: &str) -> Vec<String> {
        send(net, from, &self.text(from))
    }
}
