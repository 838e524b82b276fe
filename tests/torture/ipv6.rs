//! IPv6 at a running server that has nothing else: a whole call with both voices, over UDP and TCP, and the groups of
//! RFC 5118.

use crate::alive::{Alive, PATIENCE};
use crate::support::phone::audio;
use crate::support::phone::message::Message;
use crate::support::phone::{Phone, Sending, seconds};
use crate::support::world::{self, GREETING, MENU, MUSIC};
use crate::wire::Wire;
use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;
const HERE: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn start() -> Alive {
    Alive::at(HERE, (HERE, "::1/128"), |company| company)
}

#[test]
fn a_whole_call_over_ipv6() {
    let mut alive = start();
    alive.check("the start");
    let server = alive.world.sip;
    assert!(server.is_ipv6());
    let agent = Phone::start(HERE).unwrap();
    agent.register(server, "2001", "word-of-ana").unwrap();
    alive.world.wait_agent("ana", "available", seconds(5));
    let customer = Phone::start(HERE).unwrap();
    let call = customer.call(server, "9000", "600111222").unwrap();
    call.send(Sending::Silence);
    call.wait_answered(seconds(5)).unwrap();
    call.wait_tone(GREETING, seconds(5)).unwrap();
    call.wait_tone(MENU, seconds(5)).unwrap();
    call.press("2");
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    let ringing = agent.wait_ring(seconds(5)).unwrap();
    // Addresses stand in brackets where a URI or a Via holds them, and without in a description.
    for name in ["Via", "Contact"] {
        let value = ringing.header(name).unwrap();
        assert!(value.contains("[::1]:"), "{name}: {value}");
    }
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Numbered {
        leg: 2,
        hz: AGENT_HZ,
    });
    call.send(Sending::Numbered {
        leg: 1,
        hz: CUSTOMER_HZ,
    });
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    std::thread::sleep(seconds(2));
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    for (heard, leg) in [(call.heard(), 2), (talk.heard(), 1)] {
        let numbers = heard.numbers(leg);
        assert!(numbers.missing == 0 && numbers.seen > 80, "{numbers:?}");
        assert!(heard.packets.iter().all(|packet| packet.from.is_ipv6()));
    }
    let list = alive.world.wait_for("/interactions", seconds(10), |list| {
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .any(|item| item["agent"] == "ana" && !item["ended_at"].is_null())
    });
    let items = list["items"].as_array().unwrap();
    let ours = items.iter().find(|item| item["agent"] == "ana").unwrap();
    let id = ours["id"].as_str().unwrap();
    let (_, left, right) = world::channels(&alive.world.recording_file(id, 1));
    for (side, hz) in [(left, CUSTOMER_HZ), (right, AGENT_HZ)] {
        let middle = &side[side.len() / 2 - 4_000..side.len() / 2 + 4_000];
        assert!(audio::dominance(middle, hz, 8_000.0) > 0.7, "{hz} Hz");
    }
    alive.check("a whole call");
}

/// A request as the RFC's examples are: its lines, and what the answer must be.
struct Row {
    group: &'static str,
    start: &'static str,
    via: &'static str,
    more: &'static [&'static str],
    status: &'static [u16],
}

const FROM: &str = "From: <sip:600111222@[2001:db8::9:1]>;tag=81x2";
const TO: &str = "To: <sip:9000@[2001:db8::10]>";
const CONTACT: &str = "Contact: \"Caller\" <sip:caller@[2001:db8::1]>";

/// The groups that have no session description.
const ROWS: [Row; 11] = [
    Row {
        group: "4.1 a reference in every place",
        start: "REGISTER sip:[2001:db8::10] SIP/2.0",
        via: "[2001:db8::9:1]",
        more: &[FROM, TO, CONTACT],
        status: &[401],
    },
    Row {
        group: "4.2 an address without brackets",
        start: "REGISTER sip:2001:db8::10 SIP/2.0",
        via: "[2001:db8::9:1]",
        more: &[FROM, TO, CONTACT],
        status: &[400],
    },
    Row {
        group: "4.3 a port inside the brackets",
        start: "REGISTER sip:[2001:db8::10:5070] SIP/2.0",
        via: "[2001:db8::9:1]",
        more: &[FROM, TO, CONTACT],
        status: &[401],
    },
    Row {
        group: "4.4 a port outside the brackets",
        start: "REGISTER sip:[2001:db8::10]:5070 SIP/2.0",
        via: "[2001:db8::9:1]",
        more: &[FROM, TO, CONTACT],
        status: &[401],
    },
    Row {
        group: "4.5 received with brackets",
        start: "BYE sip:[2001:db8::10] SIP/2.0",
        via: "[2001:db8::9:1];received=[2001:db8::9:255]",
        more: &[FROM, TO],
        status: &[481],
    },
    Row {
        group: "4.5 received without brackets",
        start: "OPTIONS sip:[2001:db8::10] SIP/2.0",
        via: "[2001:db8::9:1];received=2001:db8::9:255",
        more: &[FROM, TO],
        status: &[200],
    },
    Row {
        group: "4.7 both families in Via and Record-Route",
        start: "OPTIONS sip:9000@[2001:db8::10] SIP/2.0",
        via: "[2001:db8::9:1];received=2001:db8::9:255,SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb1,\
              SIP/2.0/TCP [::ffff:192.0.2.2]:5060;branch=z9hG4bKb2",
        more: &[
            FROM,
            TO,
            "Record-Route: <sip:[2001:db8::9:255];lr>, <sip:192.0.2.254:5080;lr>",
        ],
        status: &[200],
    },
    Row {
        group: "4.9 an IPv4-mapped address",
        start: "OPTIONS sip:9000@[::ffff:192.0.2.10]:5080 SIP/2.0",
        via: "[::ffff:192.0.2.2]:5060",
        more: &[FROM, TO, "Contact: <sip:caller@[::ffff:192.0.2.2]:5060>"],
        status: &[200],
    },
    Row {
        group: "4.10 three colons in Via",
        start: "OPTIONS sip:user@[2001:db8::192.0.2.1] SIP/2.0",
        via: "[2001:db8::9:1];received=[2001:db8:::192.0.2.1]",
        more: &[FROM, TO],
        status: &[200, 400],
    },
    Row {
        group: "4.10 three colons in the Request-URI",
        start: "OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0",
        via: "[2001:db8::9:1]",
        more: &[FROM, TO],
        status: &[400],
    },
    Row {
        group: "a zone, which no URI may hold",
        start: "OPTIONS sip:user@[fe80::1%25lo] SIP/2.0",
        via: "[fe80::1%lo]",
        more: &[FROM, TO],
        status: &[400],
    },
];

/// Sends a request of these lines and gives its answer.
fn ask(
    wire: &mut Wire,
    group: &str,
    number: usize,
    row: (&str, &str, &[&str]),
    body: &str,
) -> Message {
    let (start, via, more) = row;
    let method = start.split(' ').next().unwrap();
    // `rport` and a branch go into the first Via, before what else stands there.
    let end = via.find(';').unwrap_or(via.len());
    let (host, rest) = via.split_at(end);
    let mut text = format!(
        "{start}\r\nVia: SIP/2.0/{0} {host};rport;branch=z9hG4bK{0}{number}{rest}\r\n",
        wire.name()
    );
    for line in more {
        write!(text, "{line}\r\n").unwrap();
    }
    write!(
        text,
        "Max-Forwards: 70\r\nCall-ID: v6-{number}-{}\r\nCSeq: 1 {method}\r\n",
        wire.name()
    )
    .unwrap();
    if !body.is_empty() {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    wire.send(text.as_bytes());
    let answer = wire.next_final(PATIENCE);
    answer.unwrap_or_else(|| panic!("{group}: no answer to\n{text}"))
}

#[test]
fn the_groups_of_rfc_5118_over_udp_and_tcp() {
    let mut alive = start();
    let wires = [
        Wire::udp(alive.world.sip, HERE, &[]),
        Wire::tcp(alive.world.sip, HERE),
    ];
    for mut wire in wires {
        for (number, row) in ROWS.iter().enumerate() {
            let Row {
                group,
                start,
                via,
                more,
                status,
            } = row;
            let answer = ask(&mut wire, group, number, (start, via, more), "");
            let got = answer.status().unwrap();
            assert!(status.contains(&got), "{group}: {answer:?}");
            if *group == "4.7 both families in Via and Record-Route" {
                let via = answer.header("via").unwrap();
                assert!(via.contains("192.0.2.1;branch=z9hG4bKb1"), "{via}");
                assert!(via.contains("[::ffff:192.0.2.2]:5060"), "{via}");
                assert!(
                    via.contains("received=::1"),
                    "the top one tells the truth: {via}"
                );
            }
            alive.check(group);
        }
        descriptions(&mut alive, &mut wire);
    }
}

/// 4.6, 4.8, 4.9: descriptions of one family, of both, and of addresses that are both.
fn descriptions(alive: &mut Alive, wire: &mut Wire) {
    let session = "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=-\r\n";
    let rows: [(&str, &str, u16, &str); 6] = [
        (
            "4.6 IP6",
            "c=IN IP6 ::1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n",
            200,
            "m=audio",
        ),
        (
            "4.8 one family each",
            "t=0 0\r\nm=audio 6000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\nm=audio 6002 RTP/AVP 0\r\nc=IN IP6 ::1\r\n",
            200,
            "m=audio 0 ",
        ),
        (
            "4.8 IP6 for the session, IP4 for video",
            "c=IN IP6 ::1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP4 192.0.2.1\r\n",
            200,
            "m=video 0 ",
        ),
        (
            "IP4 alone",
            "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n",
            488,
            "",
        ),
        (
            "4.9 IPv4-mapped",
            "c=IN IP6 ::ffff:192.0.2.10\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n",
            // It is an IPv4 address (read so by the parser's tests), and this server has none to send from.
            488,
            "",
        ),
        (
            "4.10 three colons",
            "c=IN IP6 2001:db8:::1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n",
            488,
            "",
        ),
    ];
    for (number, (group, rest, status, line)) in (100..).zip(rows) {
        let body = format!("{session}{rest}");
        let start = "INVITE sip:9000@[2001:db8::10] SIP/2.0";
        let more = [FROM, TO, CONTACT];
        let answer = ask(
            wire,
            group,
            number,
            (start, "[2001:db8::9:1]", &more),
            &body,
        );
        assert_eq!(answer.status(), Some(status), "{group}: {answer:?}");
        if status == 200 {
            assert!(answer.body.contains(line), "{group}: {answer:?}");
            assert!(answer.body.contains("c=IN IP6 ::1"), "{group}: {answer:?}");
            end(wire, number, &answer);
        }
        alive.check(group);
    }
}

/// ACK and BYE.
fn end(wire: &mut Wire, number: usize, answer: &Message) {
    for (cseq, method) in [(1, "ACK"), (2, "BYE")] {
        let text = format!(
            "{method} sip:9000@[::1] SIP/2.0\r\nVia: SIP/2.0/{0} [2001:db8::9:1];rport;branch=z9hG4bKe{0}{number}{method}\r\n\
             Max-Forwards: 70\r\n{FROM}\r\nTo: {1}\r\nCall-ID: v6-{number}-{0}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            wire.name(),
            answer.header("to").unwrap(),
        );
        wire.send(text.as_bytes());
    }
    let over = wire.next_final(PATIENCE).unwrap();
    assert_eq!((over.status(), over.cseq()), (Some(200), 2), "{over:?}");
}
