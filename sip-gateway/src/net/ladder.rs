//! The SIP messages of the most recent calls, as they were on the wire, for whoever looks for a fault.
//!
//! **Owns**: which messages are kept and for how long, and what of them may be shown. **Must not know**: what they mean.
//! In memory alone: a restart forgets them. A call is kept from its INVITE on, until newer calls need the room; secrets
//! and what was typed are never given out.

mod ring;

use crate::sip::flow::Flow;
use bytes::Bytes;
use ring::Ring;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What is known of a message besides its bytes.
#[derive(Clone, Copy)]
struct Kept {
    at: Instant,
    sent: bool,
    transport: &'static str,
}

/// What is kept. Calls are named by their Call-ID.
#[derive(Default)]
pub(super) struct Ladder {
    ring: Ring<Kept>,
}

/// A question to the SIP task.
pub(super) struct Ask {
    pub(super) call_ids: Vec<String>,
    pub(super) reply: oneshot::Sender<Vec<Raw>>,
}

/// One message of an answer, not yet fit to be shown.
pub(super) struct Raw {
    call_id: String,
    age: Duration,
    kept: Kept,
    bytes: Vec<u8>,
}

/// One SIP message as it may be shown to people; it has numbers in it and is for no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Rung {
    /// Its Call-ID.
    pub call_id: String,
    /// How long ago.
    pub age: Duration,
    /// We sent it; else it came.
    pub sent: bool,
    /// As Via names it: `UDP`, `TCP`, `WSS`.
    pub transport: &'static str,
    /// Start line, headers, and a session description; what is secret or was typed is left out.
    pub text: String,
}

impl std::fmt::Debug for Rung {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Rung");
        shown.field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl Ladder {
    /// A message came or goes out.
    pub(super) fn saw(&mut self, flow: Flow, sent: bool, bytes: &Bytes, now: Instant) {
        let Some(call_id) = call_id(bytes) else {
            return;
        };
        let kept = Kept {
            at: now,
            sent,
            transport: flow.via_name(),
        };
        let begins = bytes.starts_with(b"INVITE ");
        self.ring.keep(call_id, begins, bytes, kept);
    }

    /// Gives what is kept of these calls, call by call in the order of the wire.
    pub(super) fn answer(&self, ask: Ask, now: Instant) {
        let mut found = Vec::new();
        for call_id in ask.call_ids {
            let messages = self.ring.of(call_id.as_bytes());
            found.extend(messages.map(|(kept, bytes)| Raw {
                call_id: call_id.clone(),
                age: now.saturating_duration_since(kept.at),
                kept: *kept,
                bytes: bytes.to_vec(),
            }));
        }
        // Whoever asked may have gone away.
        let _ = ask.reply.send(found);
    }
}

/// Makes answers fit to be shown; the oldest message first.
pub(super) fn shown(raw: Vec<Raw>) -> Vec<Rung> {
    let mut rungs: Vec<Rung> = raw
        .into_iter()
        .map(|raw| Rung {
            call_id: raw.call_id,
            age: raw.age,
            sent: raw.kept.sent,
            transport: raw.kept.transport,
            text: fit(&raw.bytes),
        })
        .collect();
    rungs.sort_by_key(|rung| std::cmp::Reverse(rung.age));
    rungs
}

/// The value of the Call-ID header (RFC 3261 20.8); `i` is its short form.
fn call_id(message: &[u8]) -> Option<&[u8]> {
    for line in message.split(|byte| *byte == b'\n').skip(1) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return None;
        }
        let is_it = matches!(line.first(), Some(b'C' | b'c' | b'I' | b'i'));
        let Some(colon) = line.iter().position(|byte| *byte == b':').filter(|_| is_it) else {
            continue;
        };
        let (name, value) = line.split_at_checked(colon)?;
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
            let value = value.get(1..)?.trim_ascii();
            return (!value.is_empty()).then_some(value);
        }
    }
    None
}

/// Headers that prove who somebody is, and lines of a description that open its stream: the names stay.
const SECRET_HEADERS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "www-authenticate",
    "proxy-authenticate",
];
const SECRET_LINES: [&str; 4] = ["a=crypto:", "a=ice-pwd:", "a=ice-ufrag:", "k="];
const REMOVED: &str = "(left out)";

fn fit(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
        .unwrap_or((&text, ""));
    let mut shown = String::with_capacity(text.len());
    let mut is_sdp = false;
    // A folded line belongs to the header above it.
    let mut secret = false;
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if !secret {
                push(&mut shown, line);
            }
            continue;
        }
        let name = line.split(':').next().unwrap_or_default().trim();
        secret = SECRET_HEADERS
            .iter()
            .any(|one| name.eq_ignore_ascii_case(one));
        if secret {
            push(&mut shown, &format!("{name}: {REMOVED}"));
            continue;
        }
        is_sdp |= (name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("c"))
            && line.to_ascii_lowercase().contains("application/sdp");
        push(&mut shown, line);
    }
    match (body.is_empty(), is_sdp) {
        (true, _) => {}
        // Keys that a caller presses come this way.
        (false, false) => push(&mut shown, &format!("\n{REMOVED}: {} bytes", body.len())),
        (false, true) => {
            shown.push('\n');
            for line in body.lines() {
                let secret = SECRET_LINES.iter().find(|secret| line.starts_with(*secret));
                let kept =
                    secret.map_or_else(|| line.to_owned(), |name| format!("{name}{REMOVED}"));
                push(&mut shown, &kept);
            }
        }
    }
    shown
}

/// One line; control characters of a hostile peer become marks.
fn push(text: &mut String, line: &str) {
    let marked = line.chars().map(|c| match c {
        '\t' | '\n' => c,
        c if c.is_control() => '\u{fffd}',
        c => c,
    });
    text.extend(marked);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        "127.0.0.1:5060"
            .parse::<std::net::SocketAddr>()
            .unwrap()
            .into()
    }

    fn message(start: &str, call: &str, more: &str) -> Bytes {
        Bytes::from(format!(
            "{start}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCall-ID: {call}\r\n{more}"
        ))
    }

    fn of(ladder: &Ladder, call: &str) -> Vec<Rung> {
        let (reply, mut answer) = oneshot::channel();
        let call_ids = vec![call.to_owned()];
        ladder.answer(Ask { call_ids, reply }, Instant::now());
        shown(answer.try_recv().unwrap())
    }

    #[test]
    fn a_call_is_kept_from_its_invite_on_and_nothing_else_is() {
        let mut ladder = Ladder::default();
        let now = Instant::now();
        for (start, call) in [
            ("OPTIONS sip:a SIP/2.0", "probe"),
            ("REGISTER sip:a SIP/2.0", "phone"),
            ("BYE sip:a SIP/2.0", "stray"),
            ("INVITE sip:a SIP/2.0", "one@x"),
            ("SIP/2.0 200 OK", "one@x"),
            ("ACK sip:a SIP/2.0", "one@x"),
        ] {
            let sent = start.starts_with("SIP");
            ladder.saw(flow(), sent, &message(start, call, "\r\n"), now);
        }
        ladder.saw(flow(), false, &Bytes::from_static(b"\r\n\r\n"), now);
        for other in ["probe", "phone", "stray"] {
            assert!(of(&ladder, other).is_empty(), "{other}");
        }
        let rungs = of(&ladder, "one@x");
        let starts: Vec<_> = rungs
            .iter()
            .map(|rung| (rung.text.lines().next().unwrap(), rung.sent))
            .collect();
        assert_eq!(
            starts,
            [
                ("INVITE sip:a SIP/2.0", false),
                ("SIP/2.0 200 OK", true),
                ("ACK sip:a SIP/2.0", false),
            ]
        );
        assert_eq!(rungs[0].transport, "UDP");
    }

    #[test]
    fn secrets_and_what_was_typed_are_left_out() {
        let mut ladder = Ladder::default();
        let now = Instant::now();
        let invite = message(
            "INVITE sip:9000@x SIP/2.0",
            "c",
            "Authorization: Digest username=\"2001\",\r\n response=\"deadbeef\"\r\nc: application/sdp\r\n\r\n\
             v=0\r\na=ice-pwd:topsecret\r\na=ice-ufrag:abcd\r\na=crypto:1 AES inline:key\r\na=rtpmap:0 PCMU/8000\r\n",
        );
        let info = message(
            "INFO sip:x SIP/2.0",
            "c",
            "Content-Type: application/dtmf-relay\r\n\r\nSignal=7\r\nDuration=160\r\n",
        );
        ladder.saw(flow(), false, &invite, now);
        ladder.saw(flow(), false, &info, now);
        let text: String = of(&ladder, "c").into_iter().map(|rung| rung.text).collect();
        for secret in ["deadbeef", "topsecret", "abcd", "inline", "Signal", "=7"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for kept in [
            "Authorization: (left out)",
            "a=rtpmap:0 PCMU/8000",
            "INFO sip:x",
        ] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
    }

    #[test]
    fn a_hostile_message_panics_nobody() {
        let mut ladder = Ladder::default();
        for bytes in [
            &b"INVITE \r\ni:\r\n"[..],
            b"INVITE \ni: x",
            b"INVITE \xff\r\nCall-ID: \xff\xfe\r\n\r\n\xff",
            b"\n\n\n",
            b":",
        ] {
            ladder.saw(
                flow(),
                false,
                &Bytes::copy_from_slice(bytes),
                Instant::now(),
            );
        }
        assert_eq!(of(&ladder, "x").len(), 1);
        let text = fit(b"INVITE x\r\nA: \x1b[31m\x00\r\n\r\n");
        assert!(!text.contains('\u{1b}') && !text.contains('\0'));
    }
}
