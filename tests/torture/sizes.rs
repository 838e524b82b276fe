//! Lengths at and around their limits, and messages with any of their parts left out: each is answered with 4xx or as
//! if nothing were odd, never with 5xx, and the next call goes through.

use crate::alive::{Alive, PATIENCE};
use crate::support::phone::seconds;
use crate::wire::{Wire, place};
use sip_gateway::sip::message::{MAX_HEADERS, MAX_MESSAGE, MAX_VALUE};
use std::time::Duration;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

/// The head of an INVITE to a number that is none of ours, one line each.
fn lines(wire: &Wire, call_id: &str) -> Vec<String> {
    let (here, name) = (wire.local(), wire.name());
    vec![
        format!("Via: SIP/2.0/{name} {here};branch=z9hG4bK{call_id};rport"),
        format!("From: <sip:600111222@{here}>;tag=s1"),
        format!("To: <sip:4711@{here}>"),
        format!("Call-ID: {call_id}"),
        "CSeq: 1 INVITE".to_owned(),
        format!("Contact: <sip:x@{here}>"),
        "Max-Forwards: 70".to_owned(),
        "Content-Type: application/sdp".to_owned(),
    ]
}

fn invite(lines: &[String], body: &str) -> Vec<u8> {
    let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "INVITE sip:4711@example.com SIP/2.0\r\n{head}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The final answer, or none when nothing came until a server that does say something has long said it.
fn outcome(
    alive: &mut Alive,
    wire: &mut Wire,
    bytes: &[u8],
    (what, is_answerable): (&str, bool),
) -> Option<u16> {
    wire.send(bytes);
    // Refusals are sent before the OPTIONS behind them is answered; the number nobody has is refused by another task.
    alive.ping(what);
    let limit = if is_answerable {
        PATIENCE
    } else {
        Duration::from_millis(60)
    };
    wire.next_final(limit)?.status()
}

/// Values of one header that are too long, or just not.
#[test]
fn every_header_in_every_length() {
    let mut alive = Alive::start();
    let names = [
        "Via",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
        "Max-Forwards",
        "Content-Type",
        "Route",
        "Record-Route",
        "Require",
        "Supported",
        "Accept",
        "Authorization",
        "Expires",
        "P-Asserted-Identity",
        "Privacy",
        "User-Agent",
        "Subject",
        "X-Other",
        "Content-Length",
    ];
    let mut n = 0;
    for name in names {
        for length in [1, MAX_VALUE - 1, MAX_VALUE, MAX_VALUE + 1, 60_000] {
            let mut wire = Wire::udp(alive.world.sip, place(400 + n % 50), &[]);
            n += 1;
            let fill = *["a", "1", ";a", ",", "\"", "<sip:a@b>,"]
                .get(usize::from(n) % 6)
                .unwrap();
            let value: String = fill.chars().cycle().take(length).collect();
            let call_id = format!("length-{n}");
            let mut head = lines(&wire, &call_id);
            head.retain(|line| !line.starts_with(&format!("{name}:")));
            head.push(format!("{name}: {value}"));
            let what = format!("{name} of {length} times {fill:?}");
            let status = outcome(
                &mut alive,
                &mut wire,
                &invite(&head, SDP),
                (&what, name != "Via"),
            );
            let refused = status.is_some_and(|status| (400..500).contains(&status));
            // Without a Via that can be read there may be nobody to answer.
            assert!(
                refused || (name == "Via" && status.is_none()),
                "{what}: {status:?}"
            );
            if length > MAX_VALUE {
                assert!(matches!(status, Some(400) | None), "{what}: {status:?}");
            }
        }
        alive.check(name);
    }
}

#[test]
fn bodies_and_numbers_of_headers_at_their_limits() {
    let mut alive = Alive::start();
    let mut n = 0;
    let mut status = |alive: &mut Alive, more: usize, body: usize, tcp: bool| {
        n += 1;
        let ip = place(500 + n);
        let mut wire = if tcp {
            Wire::tcp(alive.world.sip, ip)
        } else {
            Wire::udp(alive.world.sip, ip, &[])
        };
        let mut head = lines(&wire, &format!("limits-{n}"));
        head.extend((0..more).map(|_| "X: 1".to_owned()));
        let filler = body.saturating_sub(SDP.len());
        let body = format!("{SDP}{}", "a=x\r\n".repeat(filler / 5));
        wire.send(&invite(&head, &body));
        wire.next_final(PATIENCE).and_then(|answer| answer.status())
    };
    // Eight lines and Content-Length stand already.
    assert_eq!(status(&mut alive, MAX_HEADERS - 9, 0, false), Some(404));
    assert_eq!(status(&mut alive, MAX_HEADERS - 8, 0, false), Some(400));
    alive.check("many headers");
    for tcp in [false, true] {
        for body in [0, 1_000, 16_000, 30_000, 60_000] {
            let status = status(&mut alive, 0, body, tcp);
            // Longer descriptions than any phone writes may be refused, but are answered.
            assert!(
                matches!(status, Some(400 | 404 | 413 | 488)),
                "{body}: {status:?}"
            );
        }
        alive.check("long bodies");
    }
    // What is larger than any message ends its connection, at once where the length is told before.
    for told in [true, false] {
        let mut wire = Wire::tcp(alive.world.sip, place(560));
        let mut head = lines(&wire, &format!("too-large-{told}"));
        if told {
            head.push(format!("Content-Length: {}", MAX_MESSAGE + 1));
        } else {
            head.push("X: ".to_owned() + &"x".repeat(MAX_MESSAGE));
        }
        let text = head.join("\r\n");
        wire.send(format!("INVITE sip:4711@example.com SIP/2.0\r\n{text}\r\n\r\n").as_bytes());
        if told {
            let answer = wire.next_final(PATIENCE).unwrap();
            assert_eq!(answer.status(), Some(400));
        }
        assert!(wire.is_closed_within(PATIENCE), "{told}");
        alive.check("a message too large");
    }
}

/// Any set of header lines left out.
#[test]
fn any_header_may_be_missing() {
    let mut alive = Alive::start();
    for subset in 0_u16..256 {
        let mut wire = Wire::udp(alive.world.sip, place(600 + subset), &[]);
        let all = lines(&wire, &format!("subset-{subset}"));
        let is_in = |n: usize| subset & (1 << n) != 0;
        let kept = all.into_iter().enumerate().filter(|(n, _)| is_in(*n));
        let kept: Vec<String> = kept.map(|(_, line)| line).collect();
        let what = format!("headers {subset:08b}");
        let status = outcome(
            &mut alive,
            &mut wire,
            &invite(&kept, SDP),
            (&what, is_in(0)),
        );
        if is_in(0) {
            let status = status.unwrap_or_else(|| panic!("{what}: no answer"));
            assert!((400..500).contains(&status), "{what}: {status}");
            // Max-Forwards may be missing (RFC 3261 8.2 asks nothing of it); all others are needed.
            assert_eq!(
                status == 404,
                subset | 0b0100_0000 == 255,
                "{what}: {status}"
            );
        } else {
            assert_eq!(status, None, "{what}: nobody can be answered without Via");
        }
    }
    alive.check("missing headers");
}

/// Any set of the parameters and parts of header values left out.
#[test]
fn any_parameter_may_be_missing() {
    let mut alive = Alive::start();
    for subset in 0_u16..1_024 {
        // The addresses are used again and again, with other Call-IDs.
        let mut wire = Wire::udp(alive.world.sip, place(900 + subset), &[]);
        let part = |n: u16, text: &str| {
            if subset & (1 << n) == 0 {
                String::new()
            } else {
                text.to_owned()
            }
        };
        let here = wire.local();
        let head = [
            format!(
                "Via: {}{here}{}{}",
                part(0, "SIP/2.0/UDP "),
                part(1, &format!(";branch=z9hG4bKp{subset}")),
                part(2, ";rport")
            ),
            format!(
                "From: {}{}",
                part(3, "<sip:600111222@example.com>"),
                part(4, ";tag=p1")
            ),
            format!("To: {}", part(5, "<sip:4711@example.com>")),
            format!("Call-ID: parameters-{subset}"),
            format!("CSeq: {}{}", part(6, "1"), part(7, " INVITE")),
            format!("Contact: {}", part(8, "<sip:x@example.com>")),
            format!("Content-Type: {}", part(9, "application/sdp")),
        ];
        let what = format!("parameters {subset:010b}");
        let bytes = invite(&head, SDP);
        // Without rport the answer goes to port 5060, where nobody is in this test.
        let status = outcome_quickly(&mut alive, &mut wire, &bytes, &what);
        if let Some(status) = status {
            assert!((400..500).contains(&status), "{what}: {status}");
        }
        if subset & 0b101 == 0b101 && subset & 0b11_1110_1000 != 0b11_1110_1000 {
            assert_eq!(status, Some(400), "{what}");
        }
    }
    alive.check("missing parameters");
}

/// As [`outcome`], for refusals alone: they are sent before the OPTIONS behind them is answered.
fn outcome_quickly(alive: &mut Alive, wire: &mut Wire, bytes: &[u8], what: &str) -> Option<u16> {
    wire.send(bytes);
    alive.ping(what);
    std::iter::from_fn(|| wire.next(seconds(0)))
        .filter_map(|message| message.status())
        .find(|status| *status >= 200)
}
