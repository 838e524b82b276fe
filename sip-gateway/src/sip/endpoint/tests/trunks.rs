//! Our registration with a carrier: a scripted registrar, hours of virtual time.

use super::kit::{Net, OFFICE, Packet, address, dial_to, office_accounts, seconds};
use super::puppet::{Draft, STRANGER, header, status};
use crate::leg::{
    Accounts, CallSource, Credentials, DialTarget, LegId, Trunk, TrunkRegister, TrunkState,
};
use crate::sip::port::{SipCommand, SipEvent};
use bytes::Bytes;
use std::net::SocketAddr;
use std::time::Duration;

const REGISTRAR: &str = "127.0.0.77:5060";
const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n";

fn registering(password: &str) -> Accounts {
    let mut accounts = office_accounts();
    accounts.trunks.push(Trunk {
        name: "line".to_owned(),
        from: Vec::new(),
        register: Some(TrunkRegister {
            address_of_record: "sip:account77@carrier.test".to_owned(),
            registrar: REGISTRAR.parse().unwrap(),
            credentials: Credentials {
                username: "account77".to_owned(),
                password: password.to_owned(),
            },
            expires: seconds(3_600),
        }),
    });
    accounts
}

/// An office that has just been told to register.
fn office() -> Net {
    let mut net = Net::new(1);
    net.command(OFFICE, SipCommand::SetAccounts(registering("secret77")));
    net
}

/// The next REGISTER within this time; repeats of one are one.
fn asked(net: &mut Net, within: Duration) -> Option<String> {
    let registrar: SocketAddr = REGISTRAR.parse().unwrap();
    let end = net.now + within;
    while net.now < end {
        net.mail.clear();
        net.run(Duration::from_millis(100));
        let found = net.mail.iter().find(|packet| packet.to == registrar);
        if let Some(packet) = found {
            return Some(packet.text());
        }
    }
    None
}

fn reply(net: &mut Net, request: &str, status: &str, more: &str) {
    let copied: String = request
        .lines()
        .filter(|line| {
            ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
                .iter()
                .any(|name| line.starts_with(name))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    let copied = copied.replacen("carrier.test>\r\nCall", "carrier.test>;tag=r\r\nCall", 1);
    let text = format!("SIP/2.0 {status}\r\n{copied}{more}Content-Length: 0\r\n\r\n");
    net.post(Packet {
        from: REGISTRAR.parse().unwrap(),
        to: address(OFFICE),
        bytes: Bytes::from(text.into_bytes()),
    });
    net.run(Duration::from_millis(10));
}

/// Through the challenge, with this lifetime.
fn registered(net: &mut Net, expires: u32) -> String {
    let first = asked(net, seconds(2)).unwrap();
    assert_eq!(header(&first, "Authorization"), None);
    reply(net, &first, "401 Unauthorized", CHALLENGE);
    let second = asked(net, seconds(1)).unwrap();
    accept(net, &second, expires, "");
    second
}

fn accept(net: &mut Net, request: &str, expires: u32, more: &str) {
    let contact = header(request, "Contact").unwrap();
    let more = format!("Contact: {contact};expires={expires}\r\n{more}");
    reply(net, request, "200 OK", &more);
}

fn states(net: &Net) -> Vec<TrunkState> {
    let states = net.events[OFFICE].iter().filter_map(|event| match event {
        SipEvent::Trunk { trunk, state } => {
            assert_eq!(trunk, "line");
            Some(*state)
        }
        _ => None,
    });
    states.collect()
}

fn cseq(request: &str) -> u32 {
    let text = header(request, "CSeq").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn it_registers_with_digest_and_refreshes_before_what_was_granted_ends() {
    let mut net = office();
    let request = registered(&mut net, 120);
    assert!(request.starts_with("REGISTER sip:carrier.test SIP/2.0\r\n"));
    let proof = header(&request, "Authorization").unwrap();
    assert!(proof.contains("username=\"account77\""), "{proof}");
    assert!(!request.contains("secret77"));
    let contact = header(&request, "Contact").unwrap();
    assert!(
        contact.starts_with("<sip:account77@127.0.0.1:5060;line="),
        "{contact}"
    );
    assert_eq!(states(&net), [TrunkState::Asking, TrunkState::Registered]);
    // Not the 3600 s that were asked for: the 120 s that were granted.
    let began = net.now;
    for round in 0..3 {
        let refresh = asked(&mut net, seconds(119)).unwrap();
        let after = net.now - began;
        assert!(after >= seconds(55) * (round + 1), "{after:?}");
        reply(&mut net, &refresh, "401 Unauthorized", CHALLENGE);
        let proven = asked(&mut net, seconds(1)).unwrap();
        assert!(cseq(&proven) > cseq(&refresh));
        assert_eq!(header(&proven, "Call-ID"), header(&request, "Call-ID"));
        assert_eq!(header(&proven, "Contact"), Some(contact.clone()));
        accept(&mut net, &proven, 120, "");
    }
    assert_eq!(states(&net).len(), 2, "a refresh is no news");
}

#[test]
fn a_stale_nonce_and_a_lifetime_too_short_are_asked_again_and_nothing_for_ever() {
    let mut net = office();
    let first = asked(&mut net, seconds(2)).unwrap();
    reply(
        &mut net,
        &first,
        "423 Interval Too Brief",
        "Min-Expires: 7200\r\n",
    );
    let longer = asked(&mut net, seconds(1)).unwrap();
    assert_eq!(header(&longer, "Expires").as_deref(), Some("7200"));
    reply(&mut net, &longer, "401 Unauthorized", CHALLENGE);
    let proven = asked(&mut net, seconds(1)).unwrap();
    let stale = CHALLENGE.replace("nonce=\"n1\"", "stale=TRUE, nonce=\"n2\"");
    reply(&mut net, &proven, "401 Unauthorized", &stale);
    let again = asked(&mut net, seconds(1)).unwrap();
    let proof = header(&again, "Authorization").unwrap();
    assert!(proof.contains("nonce=\"n2\""), "{proof}");
    // A registrar that never has enough is left alone after five requests.
    let mut requests = 4;
    let mut last = again;
    loop {
        reply(&mut net, &last, "401 Unauthorized", &stale);
        match asked(&mut net, seconds(2)) {
            Some(next) => (requests, last) = (requests + 1, next),
            None => break,
        }
    }
    assert_eq!(requests, 5);
    assert_eq!(states(&net), [TrunkState::Asking, TrunkState::Refused(401)]);
}

#[test]
fn pauses_grow_are_spread_and_heed_what_the_carrier_says() {
    let mut net = office();
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let request = asked(&mut net, seconds(400)).unwrap();
        reply(&mut net, &request, "500 Server Internal Error", "");
        let refused = net.now;
        let mut probe = None;
        while probe.is_none() {
            probe = asked(&mut net, seconds(400));
        }
        pauses.push((net.now - refused).as_secs_f64());
        let request = probe.unwrap();
        reply(&mut net, &request, "500 Server Internal Error", "");
    }
    assert!((2.0..2.8).contains(&pauses[0]), "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause < 376.0), "{pauses:?}");
    assert!(pauses.iter().rev().take(3).all(|pause| *pause >= 300.0));
    assert_eq!(states(&net), [TrunkState::Asking, TrunkState::Refused(500)]);

    let mut net = office();
    let request = asked(&mut net, seconds(2)).unwrap();
    reply(
        &mut net,
        &request,
        "503 Service Unavailable",
        "Retry-After: 40 (soon)\r\n",
    );
    assert_eq!(asked(&mut net, seconds(39)), None);
    let request = asked(&mut net, seconds(3)).unwrap();
    // A wrong password is not tried every few seconds.
    reply(&mut net, &request, "403 Forbidden", "");
    assert_eq!(asked(&mut net, seconds(59)), None);
    assert!(asked(&mut net, seconds(20)).is_some());
}

#[test]
fn without_any_answer_it_asks_on() {
    let mut net = office();
    assert!(asked(&mut net, seconds(1)).is_some());
    net.run(seconds(34));
    assert_eq!(states(&net), [TrunkState::Asking, TrunkState::Refused(0)]);
    assert!(asked(&mut net, seconds(5)).is_some());
}

#[test]
fn a_call_to_the_registered_contact_is_the_trunks_and_no_other_is() {
    let mut net = office();
    let request = registered(&mut net, 3_600);
    let contact = header(&request, "Contact").unwrap();
    let contact = contact.trim_matches(['<', '>']).to_owned();
    let sources = |net: &Net| -> Vec<CallSource> {
        let calls = net.events[OFFICE].iter().filter_map(|event| match event {
            SipEvent::Incoming { call, .. } => Some(call.source.clone()),
            _ => None,
        });
        calls.collect()
    };
    let mut number = 0;
    let mut invite = |net: &mut Net, from: &str, uri: &str, user: &str| {
        number += 1;
        let mut draft = Draft::new("INVITE");
        draft.uri = uri.to_owned();
        draft.from_user = user.to_owned();
        draft.call_id = format!("call-{number}");
        draft.branch = format!("z9hG4bK{number}");
        status(&draft.send(net, from))
    };
    let line = CallSource::Trunk("line".to_owned());
    // From another machine of the carrier, and from the registrar itself.
    assert_eq!(invite(&mut net, STRANGER, &contact, "+34600111222"), 0);
    assert_eq!(
        invite(&mut net, REGISTRAR, "sip:9000@office.test", "+34600111222"),
        0
    );
    assert_eq!(sources(&net), [line.clone(), line.clone()]);
    // Almost the Contact is not enough, nor is ours without its name.
    let (rest, name) = contact.split_once(";line=").unwrap();
    for wrong in [
        rest.to_owned(),
        format!("{rest};line="),
        format!("{rest};line"),
        format!("{rest};line={}", &name[1..]),
        format!("{rest};line={}0", &name[..name.len() - 1]),
        format!("{rest};LINES={name}"),
    ] {
        if wrong != contact {
            let answer = invite(&mut net, STRANGER, &wrong, "+34600111222");
            assert!(matches!(answer, 400 | 401), "{wrong}: {answer}");
        }
    }
    // Nobody is an agent by it.
    assert_eq!(invite(&mut net, STRANGER, &contact, "2001"), 401);
    assert_eq!(invite(&mut net, REGISTRAR, &contact, "2001"), 401);
    assert_eq!(sources(&net).len(), 2);
    // Given up, it opens nothing any more.
    net.command(OFFICE, SipCommand::LeaveTrunks);
    let bye = asked(&mut net, seconds(1)).unwrap();
    accept(&mut net, &bye, 0, "");
    assert_eq!(invite(&mut net, STRANGER, &contact, "+34600111222"), 401);
}

#[test]
fn at_the_end_it_takes_its_contact_back_and_comes_back_no_more() {
    let mut net = office();
    registered(&mut net, 3_600);
    net.command(OFFICE, SipCommand::LeaveTrunks);
    let leaving = asked(&mut net, seconds(1)).unwrap();
    assert_eq!(header(&leaving, "Expires").as_deref(), Some("0"));
    reply(&mut net, &leaving, "401 Unauthorized", CHALLENGE);
    let proven = asked(&mut net, seconds(1)).unwrap();
    assert_eq!(header(&proven, "Expires").as_deref(), Some("0"));
    assert!(header(&proven, "Authorization").is_some());
    reply(&mut net, &proven, "200 OK", "");
    assert_eq!(states(&net).last(), Some(&TrunkState::Gone));
    // A saved company file brings nothing back.
    net.command(OFFICE, SipCommand::SetAccounts(registering("other")));
    assert_eq!(asked(&mut net, seconds(4_000)), None);
    assert_eq!(net.endpoints[OFFICE].occupancy().registrations, 0);
    net.assert_clean("left");
}

#[test]
fn a_saved_company_file_changes_only_what_changed() {
    let mut net = office();
    let request = registered(&mut net, 3_600);
    net.command(OFFICE, SipCommand::SetAccounts(registering("secret77")));
    assert_eq!(asked(&mut net, seconds(60)), None, "nothing has changed");
    net.command(OFFICE, SipCommand::SetAccounts(registering("new word")));
    let mut seen = Vec::new();
    while let Some(request) = asked(&mut net, seconds(2)) {
        seen.push(header(&request, "Expires").unwrap());
        accept(&mut net, &request, 3_600, "");
    }
    seen.sort();
    assert_eq!(
        seen,
        ["0", "3600"],
        "the old one is taken back, the new one asked for"
    );
    // The trunk is taken out: nothing is left.
    net.command(OFFICE, SipCommand::SetAccounts(office_accounts()));
    let leaving = asked(&mut net, seconds(1)).unwrap();
    assert_ne!(header(&leaving, "Contact"), header(&request, "Contact"));
    reply(&mut net, &leaving, "200 OK", "");
    assert_eq!(states(&net).last(), Some(&TrunkState::Gone));
    assert_eq!(net.endpoints[OFFICE].occupancy().registrations, 0);
}

#[test]
fn calls_out_carry_the_routes_that_the_registrar_asked_for() {
    let mut net = office();
    let first = asked(&mut net, seconds(2)).unwrap();
    let routes = "Service-Route: <sip:edge1.carrier.test;lr>, <sip:edge2.carrier.test;lr>\r\n";
    accept(&mut net, &first, 3_600, routes);
    let dial = |net: &mut Net, trunk: &str, leg: u64| {
        net.mail.clear();
        let uri = format!("sip:+34911222333@{REGISTRAR}");
        let trunk = trunk.to_owned();
        let dial = dial_to(DialTarget::Trunk { trunk, uri }, "+34910000000", None);
        net.command(
            OFFICE,
            SipCommand::Dial {
                leg: LegId(leg),
                dial,
                destination: Some(REGISTRAR.parse().unwrap()),
                sdp: Bytes::from_static(b"v=0").into(),
            },
        );
        net.run(Duration::from_millis(50));
        let invite = net.mail.iter().map(Packet::text);
        invite
            .into_iter()
            .find(|text| text.starts_with("INVITE"))
            .unwrap()
    };
    let invite = dial(&mut net, "line", 1_000);
    assert_eq!(
        header(&invite, "Route").as_deref(),
        Some("<sip:edge1.carrier.test;lr>, <sip:edge2.carrier.test;lr>")
    );
    assert_eq!(header(&dial(&mut net, "carrier", 1_002), "Route"), None);
}
