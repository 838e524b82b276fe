//! Whole calls over a network that loses nothing.

use super::kit::{
    ANSWER, CARRIER, Net, OFFER, OFFICE, PHONE, address, credentials, dial_to, seconds,
};
use crate::leg::{CallSource, DialTarget, LegEndCause};
use crate::sip::port::{SipCommand, SipEvent, SipInput};
use std::time::Duration;

/// A call from the carrier, answered; gives both legs.
fn talking() -> (Net, crate::leg::LegId, crate::leg::LegId) {
    let mut net = Net::new(1);
    let caller = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let called = net.incoming_leg(OFFICE);
    net.answer(OFFICE, called);
    net.run(seconds(1));
    assert!(net.is_answered(CARRIER, caller) && net.is_confirmed(OFFICE, called));
    (net, caller, called)
}

#[test]
fn a_call_from_a_trunk_rings_is_answered_and_ends() {
    let mut net = Net::new(1);
    let caller = net.dial(CARRIER, OFFICE, None);
    net.run(Duration::from_millis(20));
    // 100 Trying is on its way within one round trip.
    assert_eq!(net.sent(OFFICE, "100 INVITE"), 1);
    let call = net.incoming(OFFICE).unwrap().clone();
    assert_eq!(call.source, CallSource::Trunk("carrier".to_owned()));
    assert_eq!(
        (call.dialed_user.as_str(), call.to_user.as_str()),
        ("9000", "9000")
    );
    assert_eq!(call.caller_user.as_deref(), Some("+34600111222"));
    assert_eq!(call.caller_name.as_deref(), Some("Ana \"A\" Ruiz"));
    assert_eq!(call.leg.0 % 2, 1);
    let SipEvent::Incoming { offer, .. } = &net.events[OFFICE][0] else {
        panic!("{:?}", net.events[OFFICE]);
    };
    assert_eq!(offer.as_deref(), Some(OFFER));
    net.ring(OFFICE, call.leg);
    net.run(seconds(3));
    let progress = |status| SipEvent::Progress {
        leg: caller,
        status,
        offer: OFFER.into(),
        sdp: None,
    };
    let (dialled, after) = net.events[CARRIER].split_first().unwrap();
    assert!(matches!(dialled, SipEvent::Dialled { leg, .. } if *leg == caller));
    assert_eq!(after, [progress(100), progress(180)]);
    net.answer(OFFICE, call.leg);
    net.run(seconds(1));
    let answered = SipEvent::Answered {
        leg: caller,
        offer: OFFER.into(),
        sdp: ANSWER.into(),
    };
    assert_eq!(net.events[CARRIER].last(), Some(&answered));
    assert!(net.is_confirmed(OFFICE, call.leg));
    net.hang_up(CARRIER, caller);
    net.run(seconds(1));
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Local]);
    assert_eq!(net.ends(OFFICE, call.leg), [LegEndCause::Bye]);
    let kinds: Vec<String> = net.trace.iter().map(|(_, packet)| packet.kind()).collect();
    let expected = [
        "INVITE",
        "100 INVITE",
        "180 INVITE",
        "200 INVITE",
        "ACK",
        "BYE",
        "200 BYE",
    ];
    assert_eq!(kinds, expected);
    net.assert_clean("trunk call");
}

#[test]
fn what_we_send_says_who_calls_and_what_we_speak() {
    let mut net = Net::new(1);
    net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let leg = net.incoming_leg(OFFICE);
    net.answer(OFFICE, leg);
    net.run(seconds(1));
    let invite = net.trace[0].1.text();
    for line in [
        "INVITE sip:9000@office.test SIP/2.0\r\n",
        "From: \"Ana \\\"A\\\" Ruiz\" <sip:+34600111222@office.test>;tag=",
        "P-Asserted-Identity: \"Ana \\\"A\\\" Ruiz\" <sip:+34600111222@office.test>\r\n",
        "Contact: <sip:+34600111222@127.0.0.2:5080>\r\n",
        "X-Cordboard-Queue: support\r\n",
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS",
        "User-Agent: test\r\n",
        "Content-Type: application/sdp\r\n",
        ";rport\r\n",
        "Max-Forwards: 70\r\n",
    ] {
        assert!(invite.contains(line), "{line} in\n{invite}");
    }
    let is_answer = |text: &String| text.starts_with("SIP/2.0 200") && text.contains("INVITE");
    let ok = net
        .trace
        .iter()
        .map(|(_, packet)| packet.text())
        .find(is_answer)
        .unwrap();
    for line in [
        "Contact: <sip:9000@127.0.0.1:5060>\r\n",
        "Allow: ",
        "Supported: ",
        "Server: test\r\n",
        ";rport=5080",
        ";received=127.0.0.2",
    ] {
        assert!(ok.contains(line), "{line} in\n{ok}");
    }
    assert_eq!(ok.matches("\r\nAllow:").count(), 1);
}

#[test]
fn a_withheld_number_is_nobodys() {
    let mut net = Net::new(1);
    let mut dial = dial_to(DialTarget::Uri("sip:9000@office.test".to_owned()), "", None);
    dial.from_user = None;
    dial.headers = vec![
        ("X-Two\r\nLines".to_owned(), "x".to_owned()),
        ("X-Bad".to_owned(), "a\r\nEvil: 1".to_owned()),
        ("Via".to_owned(), "ours".to_owned()),
    ];
    let leg = net.new_leg();
    net.command(
        CARRIER,
        SipCommand::Dial {
            leg,
            dial,
            destination: Some(address(OFFICE)),
            sdp: OFFER.into(),
        },
    );
    net.run(seconds(1));
    let call = net.incoming(OFFICE).unwrap();
    assert_eq!((&call.caller_user, &call.caller_name), (&None, &None));
    let invite = net.trace[0].1.text();
    assert!(
        !invite.contains("Evil") && !invite.contains("P-Asserted") && !invite.contains("Via: ours")
    );
    assert_eq!(net.endpoints[CARRIER].counters().bad_commands, 3);
}

#[test]
fn the_called_side_may_hang_up_too() {
    let (mut net, caller, called) = talking();
    net.hang_up(OFFICE, called);
    net.run(seconds(1));
    assert_eq!(net.ends(OFFICE, called), [LegEndCause::Local]);
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Bye]);
    net.assert_clean("bye of the called side");
}

#[test]
fn a_refusal_is_told_and_acknowledged() {
    let mut net = Net::new(1);
    let caller = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let leg = net.incoming_leg(OFFICE);
    net.command(
        OFFICE,
        SipCommand::Reject {
            leg,
            status: 503,
            retry_after: Some(Duration::from_millis(7_500)),
        },
    );
    net.run(seconds(5));
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Rejected(503)]);
    assert_eq!(net.ends(OFFICE, leg), [LegEndCause::Local]);
    assert_eq!(
        (net.sent(OFFICE, "503 INVITE"), net.sent(CARRIER, "ACK")),
        (1, 1)
    );
    assert!(
        net.trace
            .iter()
            .any(|(_, packet)| packet.text().contains("Retry-After: 8\r\n"))
    );
    net.assert_clean("refusal");
}

#[test]
fn hanging_up_a_ringing_call_refuses_it() {
    let mut net = Net::new(1);
    let caller = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let leg = net.incoming_leg(OFFICE);
    net.hang_up(OFFICE, leg);
    net.run(seconds(1));
    assert_eq!(net.ends(CARRIER, caller), [LegEndCause::Rejected(480)]);
    net.assert_clean("hang-up while ringing");
}

#[test]
fn nobody_home_is_a_silent_timeout_and_a_closed_port_is_unreachable() {
    let mut net = Net::new(1);
    net.passes = Box::new(|_| false);
    let silent = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(33));
    assert_eq!(
        net.ends(CARRIER, silent),
        [LegEndCause::Timeout { silent: true }]
    );
    assert_eq!(net.sent(CARRIER, "INVITE"), 7);
    let closed = net.dial(CARRIER, OFFICE, None);
    net.input(
        CARRIER,
        SipInput::Refused {
            peer: address(PHONE),
        },
    );
    assert!(net.ends(CARRIER, closed).is_empty());
    net.input(
        CARRIER,
        SipInput::Refused {
            peer: address(OFFICE),
        },
    );
    assert_eq!(net.ends(CARRIER, closed), [LegEndCause::Unreachable]);
    let nowhere = net.dial_device("2001");
    assert_eq!(net.ends(OFFICE, nowhere), [LegEndCause::Unreachable]);
    net.assert_clean("nobody home");
}

#[test]
fn patience_ends_on_both_sides() {
    let mut net = Net::new(1);
    let caller = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let called = net.incoming_leg(OFFICE);
    net.ring(OFFICE, called);
    net.run(seconds(595));
    // Rang each minute anew, so that no proxy lost patience.
    assert_eq!(net.sent(OFFICE, "180 INVITE"), 10);
    assert!(net.ends(CARRIER, caller).is_empty());
    net.run(seconds(6));
    assert_eq!(
        net.ends(CARRIER, caller),
        [LegEndCause::Timeout { silent: false }]
    );
    assert_eq!(net.ends(OFFICE, called).len(), 1);
    net.assert_clean("patience");
}

#[test]
fn a_device_calls_with_its_credentials_and_nobody_else_may_use_its_name() {
    let mut net = Net::new(1);
    let good = net.dial(PHONE, OFFICE, Some(credentials("2001")));
    net.run(seconds(1));
    let call = net.incoming(OFFICE).unwrap().clone();
    assert_eq!(call.source, CallSource::Device("2001".to_owned()));
    assert_eq!(call.caller_user.as_deref(), Some("2001"));
    net.answer(OFFICE, call.leg);
    net.run(seconds(1));
    assert!(net.is_answered(PHONE, good));
    net.hang_up(OFFICE, call.leg);

    let sha = net.dial(PHONE, OFFICE, Some(credentials("2002")));
    net.run(seconds(1));
    assert_eq!(net.count_incoming(OFFICE), 2);
    net.hang_up(PHONE, sha);

    let mut wrong = credentials("2001");
    wrong.password = "guess".to_owned();
    let bad = net.dial(PHONE, OFFICE, Some(wrong.clone()));
    let from_trunk = net.dial(CARRIER, OFFICE, Some(wrong));
    let unknown = net.dial(PHONE, OFFICE, Some(credentials("2999")));
    net.run(seconds(1));
    for (index, leg) in [(PHONE, bad), (CARRIER, from_trunk), (PHONE, unknown)] {
        assert_eq!(net.ends(index, leg), [LegEndCause::Rejected(401)]);
    }
    assert_eq!(net.count_incoming(OFFICE), 2);
    assert_eq!(net.endpoints[OFFICE].counters().failed_auth, 3);
    net.assert_clean("device");
}
