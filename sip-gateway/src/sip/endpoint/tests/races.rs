//! Messages that cross each other or get lost at the worst moment.

use super::kit::{CARRIER, Net, OFFICE, Packet, address, seconds};
use crate::leg::{LegEndCause, LegId};
use crate::sip::port::SipCommand;
use std::time::Duration;

fn ringing() -> (Net, LegId, LegId) {
    let mut net = Net::new(1);
    let caller = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let called = net.incoming_leg(OFFICE);
    (net, caller, called)
}

fn talking() -> (Net, LegId, LegId) {
    let (mut net, caller, called) = ringing();
    net.answer(OFFICE, called);
    net.run(seconds(1));
    (net, caller, called)
}

#[test]
fn cancel_ends_a_ringing_call() {
    let (mut net, caller, called) = ringing();
    net.ring(OFFICE, called);
    net.run(seconds(1));
    net.hang_up(CARRIER, caller);
    net.run(seconds(1));
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Local]);
    assert_eq!(net.ends(OFFICE, called), [LegEndCause::Cancelled]);
    let kinds = ["CANCEL", "200 CANCEL", "487 INVITE", "ACK"];
    let sent: Vec<String> = net
        .trace
        .iter()
        .skip(3)
        .map(|(_, packet)| packet.kind())
        .collect();
    assert_eq!(sent, kinds);
    // The two answers carry one To tag (RFC 3261 9.2).
    let tag_of = |kind: &str| {
        let packet = net
            .trace
            .iter()
            .find(|(_, packet)| packet.kind() == kind)
            .unwrap();
        let text = packet.1.text();
        text.lines()
            .find(|line| line.starts_with("To:"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(tag_of("200 CANCEL"), tag_of("487 INVITE"));
    net.assert_clean("cancel");
}

/// RFC 3326: a phone that is told so shows no missed call.
#[test]
fn a_cancel_says_that_somebody_else_has_the_call_when_that_is_why() {
    for elsewhere in [true, false] {
        let (mut net, caller, called) = ringing();
        net.ring(OFFICE, called);
        net.run(seconds(1));
        if elsewhere {
            net.command(CARRIER, SipCommand::TakenElsewhere { leg: caller });
        } else {
            net.hang_up(CARRIER, caller);
        }
        net.run(seconds(1));
        assert_eq!(net.ends(OFFICE, called), [LegEndCause::Cancelled]);
        let is_cancel = |packet: &&(u128, Packet)| packet.1.kind() == "CANCEL";
        let cancel = net.trace.iter().find(is_cancel).unwrap().1.text();
        let reason = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";
        assert_eq!(cancel.contains(reason), elsewhere, "{cancel}");
        net.assert_clean("cancel with a reason");
    }
}

#[test]
fn cancel_waits_for_the_first_provisional() {
    let mut net = Net::new(1);
    net.delay = 300..301;
    let caller = net.dial(CARRIER, OFFICE, None);
    net.run(Duration::from_millis(100));
    net.hang_up(CARRIER, caller);
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Local]);
    net.run(Duration::from_millis(400));
    assert_eq!(net.sent(CARRIER, "CANCEL"), 0);
    net.run(seconds(5));
    assert!(net.sent(CARRIER, "CANCEL") >= 1);
    let called = net.incoming_leg(OFFICE);
    assert_eq!(net.ends(OFFICE, called), [LegEndCause::Cancelled]);
    assert_eq!(net.sent(CARRIER, "BYE"), 0);
    net.assert_clean("held cancel");
}

#[test]
fn a_200_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let (mut net, caller, called) = ringing();
    net.delay = 50..51;
    net.hang_up(CARRIER, caller);
    net.answer(OFFICE, called);
    net.run(seconds(2));
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Local]);
    assert!(!net.is_answered(CARRIER, caller));
    assert_eq!(net.ends(OFFICE, called), [LegEndCause::Bye]);
    assert!(net.is_confirmed(OFFICE, called));
    assert_eq!((net.sent(CARRIER, "ACK"), net.sent(CARRIER, "BYE")), (1, 1));
    net.assert_clean("200 against CANCEL");
}

#[test]
fn both_may_say_bye_at_once() {
    let (mut net, caller, called) = talking();
    net.delay = 50..51;
    net.hang_up(CARRIER, caller);
    net.hang_up(OFFICE, called);
    net.run(seconds(1));
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Local]);
    assert_eq!(net.ends(OFFICE, called), [LegEndCause::Local]);
    for index in [CARRIER, OFFICE] {
        assert_eq!((net.sent(index, "BYE"), net.sent(index, "200 BYE")), (1, 1));
    }
    net.assert_clean("BYE glare");
}

#[test]
fn bye_may_come_before_the_ack() {
    let (mut net, caller, called) = ringing();
    net.passes = Box::new(|packet| packet.kind() != "ACK");
    net.answer(OFFICE, called);
    net.run(Duration::from_millis(100));
    net.hang_up(CARRIER, caller);
    net.run(seconds(40));
    assert_eq!(net.ends(OFFICE, called), [LegEndCause::Bye]);
    assert!(!net.is_confirmed(OFFICE, called));
    // The 2xx is not repeated once the call is over.
    assert_eq!(net.sent(OFFICE, "200 INVITE"), 1);
    net.assert_clean("BYE before ACK");
}

#[test]
fn our_bye_waits_for_the_ack() {
    let (mut net, _, called) = ringing();
    net.delay = 200..201;
    net.answer(OFFICE, called);
    net.hang_up(OFFICE, called);
    net.run(Duration::from_millis(300));
    assert_eq!(net.ends(OFFICE, called), [LegEndCause::Local]);
    assert_eq!(net.sent(OFFICE, "BYE"), 0);
    net.run(seconds(2));
    assert_eq!(net.sent(OFFICE, "BYE"), 1);
    net.assert_clean("held BYE");
}

#[test]
fn a_2xx_is_repeated_until_its_ack_or_64_t1() {
    let (mut net, caller, called) = ringing();
    net.passes = Box::new(|packet| packet.kind() != "ACK");
    net.answer(OFFICE, called);
    let answered_at = net.now.duration_since(net.start).as_millis();
    net.run(seconds(34));
    let sent = net
        .trace
        .iter()
        .filter(|(_, packet)| packet.kind() == "200 INVITE");
    let times: Vec<u128> = sent.map(|(at, _)| at - answered_at).collect();
    assert_eq!(
        times,
        [
            0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    // Each repeat gets the ACK again; at last the session is ended by BYE.
    assert_eq!(net.sent(CARRIER, "ACK"), times.len());
    assert_eq!(
        net.ends(OFFICE, called),
        [LegEndCause::Timeout { silent: true }]
    );
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Bye]);
    net.assert_clean("no ACK");
}

#[test]
fn one_lost_ack_is_repaired() {
    let (mut net, caller, called) = ringing();
    let mut lost = 0;
    net.passes = Box::new(move |packet: &Packet| {
        lost += usize::from(packet.kind() == "ACK");
        packet.kind() != "ACK" || lost > 2
    });
    net.answer(OFFICE, called);
    net.run(seconds(5));
    assert!(net.is_confirmed(OFFICE, called) && net.is_answered(CARRIER, caller));
    assert_eq!(
        (net.sent(OFFICE, "200 INVITE"), net.sent(CARRIER, "ACK")),
        (3, 3)
    );
    net.hang_up(CARRIER, caller);
    net.assert_clean("lost ACK");
}

#[test]
fn a_cancel_without_an_answer_is_given_up() {
    let (mut net, caller, called) = ringing();
    net.ring(OFFICE, called);
    net.run(seconds(1));
    net.passes = Box::new(|_| false);
    net.hang_up(CARRIER, caller);
    net.run(seconds(33));
    let left = net.endpoints[CARRIER].occupancy();
    assert_eq!((left.legs, left.transactions), (0, 0));
    net.hang_up(OFFICE, called);
    net.assert_clean("cancel into silence");
}

#[test]
fn a_bye_without_an_answer_is_given_up() {
    let (mut net, caller, called) = talking();
    net.passes = Box::new(|packet| packet.from != address(CARRIER));
    net.hang_up(CARRIER, caller);
    net.run(seconds(33));
    assert_eq!(net.sent(CARRIER, "BYE"), 11);
    assert_eq!(net.endpoints[CARRIER].occupancy().legs, 0);
    net.passes = Box::new(|_| true);
    net.hang_up(OFFICE, called);
    net.run(seconds(1));
    // The peer has forgotten the dialog.
    assert_eq!(net.sent(CARRIER, "481 BYE"), 1);
    net.assert_clean("BYE into silence");
}
