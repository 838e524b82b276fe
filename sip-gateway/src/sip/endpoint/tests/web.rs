//! Phones in browsers (RFC 7118): reached over their connection and no other way, and never taken for a carrier.

use super::kit::{ANSWER, CARRIER, address, seconds};
use super::puppet::{Draft, header, status};
use super::streams::{LEG, Office, answer};
use crate::leg::{DeviceChange, LegEndCause};
use crate::sip::flow::{ConnectionId, Flow, Wire};
use crate::sip::message::HeaderName;
use crate::sip::port::{SipCommand, SipEvent, SipInput};
use std::net::SocketAddr;

/// The `n`th connection of a browser; it comes from where the other phones of these tests are.
fn browser(office: &mut Office, n: u64) -> Flow {
    let flow = Flow::Stream(
        Wire::Wss,
        ConnectionId(n),
        super::streams::CLIENT.parse().unwrap(),
    );
    office.by.insert(n, flow);
    flow
}

/// A REGISTER as pages send it: they do not know their address.
fn register(n: u64, more: &str) -> Draft {
    let mut draft = Draft::new("REGISTER");
    draft.uri = "sip:office.test".to_owned();
    draft.from_user = "2001".to_owned();
    draft.to = "<sip:2001@office.test>".to_owned();
    draft.branch = format!("z9hG4bKweb{n}");
    draft.call_id = format!("web{n}");
    draft.contact = Some(format!(
        "Contact: <sip:k3j5{n}@df7jal23ls0d.invalid;transport=ws>{more}\r\n"
    ));
    draft
}

#[test]
fn a_page_is_called_over_its_connection() {
    let mut office = Office::new();
    let flow = browser(&mut office, 7);
    let mut draft = register(7, ";reg-id=1;+sip.instance=\"<urn:uuid:a>\"");
    draft.more = "Supported: path, gruu, outbound\r\n".to_owned();
    let answers = office.authenticated(7, draft);
    assert_eq!(status(&answers), 200);
    assert_eq!(header(&answers[0], "Require").as_deref(), Some("outbound"));
    // We ping below SIP.
    assert_eq!(header(&answers[0], "Flow-Timer"), None);
    assert!(office.endpoint.uses(flow) && office.endpoint.is_proven(flow));
    let invite = office.dial()[0].clone();
    assert!(
        invite.starts_with("INVITE sip:k3j57@df7jal23ls0d.invalid;transport=ws SIP/2.0\r\n"),
        "{invite}"
    );
    assert!(invite.contains("Via: SIP/2.0/WSS "), "{invite}");
    let contact = header(&invite, "Contact").unwrap();
    assert!(contact.ends_with(";transport=ws>"), "{contact}");
    office.send(7, &answer(&invite, "180 Ringing", b""));
    let ack = office.send(7, &answer(&invite, "200 OK", ANSWER));
    assert!(ack[0].starts_with("ACK ") && ack[0].contains("Via: SIP/2.0/WSS "));
    let bye = office.input(SipInput::Command(SipCommand::Hangup { leg: LEG }));
    assert!(bye[0].starts_with("BYE "));
    office.send(7, &answer(&bye[0], "200 OK", b""));
    assert!(office.sent.iter().all(|(id, _)| *id == 7));
    office.wait(seconds(40));
    assert_eq!(office.endpoint.occupancy().transactions, 0);
}

#[test]
fn a_closed_tab_takes_its_registration_and_what_rings_with_it() {
    let mut office = Office::new();
    let flow = browser(&mut office, 1);
    assert_eq!(status(&office.authenticated(1, register(1, ""))), 200);
    office.dial();
    office.input(SipInput::FlowClosed { flow });
    let gone = DeviceChange::Gone { by_device: false };
    assert_eq!(office.changes(), [DeviceChange::Registered, gone]);
    let cause = LegEndCause::Unreachable;
    assert!(office.events.contains(&SipEvent::Ended { leg: LEG, cause }));
    assert!(!office.endpoint.uses(flow));
}

#[test]
fn a_tab_that_closes_in_a_call_is_told_for_its_leg() {
    let mut office = Office::new();
    let flow = browser(&mut office, 1);
    assert_eq!(status(&office.authenticated(1, register(1, ""))), 200);
    let invite = office.dial()[0].clone();
    office.send(1, &answer(&invite, "200 OK", ANSWER));
    office.input(SipInput::FlowClosed { flow });
    let lost = |event: &&SipEvent| matches!(event, SipEvent::FlowLost { leg } if *leg == LEG);
    assert_eq!(office.events.iter().filter(lost).count(), 1);
    let ended = |event: &SipEvent| matches!(event, SipEvent::Ended { .. });
    assert!(!office.events.iter().any(ended), "it may come back");
}

#[test]
fn a_restart_keeps_nothing_of_a_page_and_the_phone_beside_it() {
    let mut office = Office::new();
    office.register(1);
    browser(&mut office, 2);
    assert_eq!(status(&office.authenticated(2, register(2, ""))), 200);
    assert_eq!(office.endpoint.occupancy().bindings, 2);
    let kept = office.endpoint.take_changed_registrations(office.now);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].bindings.len(), 1);
    assert!(kept[0].bindings[0].contact.contains("@127.0.0.50"));
}

#[test]
fn a_carriers_address_counts_for_nothing_in_a_page() {
    let mut office = Office::new();
    let carrier = SocketAddr::new(address(CARRIER).ip(), 40_000);
    for (n, wire, wanted) in [(1, Wire::Tcp, 100), (2, Wire::Ws, 401), (3, Wire::Wss, 401)] {
        office
            .by
            .insert(n, Flow::Stream(wire, ConnectionId(n), carrier));
        let mut draft = Draft::new("INVITE");
        draft.branch = format!("z9hG4bKcarrier{n}");
        draft.call_id = format!("carrier{n}");
        let answers = office.send(n, &super::streams::text(&draft));
        assert!(
            answers[0].starts_with(&format!("SIP/2.0 {wanted} ")),
            "{wire:?}: {answers:?}"
        );
        let challenged = header(&answers[0], HeaderName::WwwAuthenticate.as_str());
        assert_eq!(challenged.is_some(), wanted == 401);
    }
    let calls = office.events.iter();
    let calls = calls.filter(|event| matches!(event, SipEvent::Incoming { .. }));
    assert_eq!(calls.count(), 1);
}
