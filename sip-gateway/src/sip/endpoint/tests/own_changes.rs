//! Our own re-INVITE, the crossing of two, and session timers, between two endpoints and against scripted peers.

use super::kit::{CARRIER, Net, OFFICE, address, seconds};
use super::puppet::{Draft, STRANGER, TRUNK, header, status};
use crate::leg::{LegEndCause, LegId};
use crate::sip::port::{SipCommand, SipEvent};
use bytes::Bytes;

/// A call from the carrier, answered: the office's leg and the carrier's.
fn talking(net: &mut Net) -> (LegId, LegId) {
    let theirs = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let ours = net.incoming_leg(OFFICE);
    net.answer(OFFICE, ours);
    net.run(seconds(1));
    assert!(net.is_confirmed(OFFICE, ours) && net.is_answered(CARRIER, theirs));
    (ours, theirs)
}

fn reinvite(net: &mut Net, index: usize, leg: LegId, sdp: &'static str) {
    let sdp = Bytes::from_static(sdp.as_bytes());
    net.command(index, SipCommand::Reinvite { leg, sdp });
}

/// Answers what was offered to this leg, as often as it is offered, for so long.
fn run_answering(net: &mut Net, legs: &[(usize, LegId)], time: u64) {
    let mut seen = vec![0; legs.len()];
    for _ in 0..time * 20 {
        net.run(seconds(1) / 20);
        for (place, (index, leg)) in legs.iter().enumerate() {
            let offers = reoffers(net, *index, *leg);
            if offers > seen[place] {
                seen[place] = offers;
                let result = Ok(Bytes::from_static(b"v=0 fine"));
                net.command(*index, SipCommand::Reanswer { leg: *leg, result });
            }
        }
    }
}

fn reoffers(net: &Net, index: usize, wanted: LegId) -> usize {
    let events = net.events[index].iter();
    events
        .filter(|event| matches!(event, SipEvent::Reoffer { leg, .. } if *leg == wanted))
        .count()
}

fn outcomes(net: &Net, index: usize) -> Vec<Result<Bytes, u16>> {
    let events = net.events[index].iter();
    let outcomes = events.filter_map(|event| match event {
        SipEvent::Reoffered { result, .. } => Some(result.clone().map(|(offer, _)| offer)),
        _ => None,
    });
    outcomes.collect()
}

#[test]
fn our_re_invite_is_answered_acknowledged_and_told() {
    for loss in [0, 20] {
        let mut net = Net::new(7);
        let (ours, theirs) = talking(&mut net);
        net.loss_percent = loss;
        reinvite(&mut net, OFFICE, ours, "v=0 hold");
        run_answering(&mut net, &[(CARRIER, theirs)], 20);
        assert_eq!(
            outcomes(&net, OFFICE),
            [Ok(Bytes::from_static(b"v=0 hold"))]
        );
        net.loss_percent = 0;
        reinvite(&mut net, OFFICE, ours, "v=0 resume");
        run_answering(&mut net, &[(CARRIER, theirs)], 40);
        assert_eq!(outcomes(&net, OFFICE).len(), 2);
        net.hang_up(OFFICE, ours);
        net.run(seconds(1));
        assert_eq!(net.ends(CARRIER, theirs), [LegEndCause::Bye]);
        net.assert_clean("own re-INVITE");
    }
}

#[test]
fn a_refused_re_invite_leaves_the_call_as_it_was() {
    let mut net = Net::new(7);
    let (ours, theirs) = talking(&mut net);
    reinvite(&mut net, OFFICE, ours, "v=0 video");
    net.run(seconds(1) / 10);
    let leg = theirs;
    net.command(
        CARRIER,
        SipCommand::Reanswer {
            leg,
            result: Err(488),
        },
    );
    net.run(seconds(1));
    assert_eq!(outcomes(&net, OFFICE), [Err(488)]);
    assert!(net.ends(OFFICE, ours).is_empty());
    // Another may follow.
    reinvite(&mut net, OFFICE, ours, "v=0 again");
    run_answering(&mut net, &[(CARRIER, theirs)], 1);
    assert_eq!(outcomes(&net, OFFICE).len(), 2);
    net.hang_up(CARRIER, theirs);
    net.assert_clean("refused re-INVITE");
}

#[test]
fn two_that_cross_are_both_refused_and_come_one_after_the_other() {
    for seed in 0..10 {
        let mut net = Net::new(seed);
        let (ours, theirs) = talking(&mut net);
        reinvite(&mut net, OFFICE, ours, "v=0 from the office");
        reinvite(&mut net, CARRIER, theirs, "v=0 from the carrier");
        run_answering(&mut net, &[(OFFICE, ours), (CARRIER, theirs)], 12);
        let crossed = net.sent(OFFICE, "491 INVITE") + net.sent(CARRIER, "491 INVITE");
        assert!(crossed >= 2, "{seed}: {crossed}");
        assert!(
            outcomes(&net, OFFICE) == [Ok(Bytes::from_static(b"v=0 from the office"))],
            "{seed}"
        );
        assert!(
            outcomes(&net, CARRIER) == [Ok(Bytes::from_static(b"v=0 from the carrier"))],
            "{seed}"
        );
        // The carrier called, so the Call-ID is its own and it waits longer (RFC 3261 14.1).
        let sent_again = |index: usize| {
            let times: Vec<u128> = net
                .trace
                .iter()
                .filter(|(_, packet)| packet.from == address(index) && packet.kind() == "INVITE")
                .map(|(at, _)| *at)
                .collect();
            times[times.len() - 1] - times[times.len() - 2]
        };
        assert!(
            sent_again(OFFICE) <= 2_100,
            "{seed}: {}",
            sent_again(OFFICE)
        );
        assert!(
            (2_100..4_200).contains(&sent_again(CARRIER)),
            "{seed}: {}",
            sent_again(CARRIER)
        );
        net.hang_up(OFFICE, ours);
        net.assert_clean("glare");
    }
}

#[test]
fn a_change_that_meets_the_end_of_the_call_leaves_nothing() {
    for who in [OFFICE, CARRIER] {
        let mut net = Net::new(7);
        let (ours, theirs) = talking(&mut net);
        reinvite(&mut net, OFFICE, ours, "v=0 hold");
        net.run(seconds(1) / 100);
        net.hang_up(who, if who == OFFICE { ours } else { theirs });
        net.run(seconds(1));
        assert_eq!(
            (
                net.ends(OFFICE, ours).len(),
                net.ends(CARRIER, theirs).len()
            ),
            (1, 1)
        );
        // Nothing more is taken for it.
        let before = net.endpoints[OFFICE].counters().bad_commands;
        reinvite(&mut net, OFFICE, ours, "v=0 late");
        assert_eq!(net.endpoints[OFFICE].counters().bad_commands, before + 1);
        net.assert_clean("change and end");
    }
}

#[test]
fn a_peer_that_is_gone_is_found_by_a_change_and_by_the_timer() {
    let mut net = Net::new(7);
    let (ours, _) = talking(&mut net);
    net.passes = Box::new(|packet| packet.from != address(CARRIER));
    reinvite(&mut net, OFFICE, ours, "v=0 hold");
    net.run(seconds(40));
    assert_eq!(
        net.ends(OFFICE, ours),
        [LegEndCause::Timeout { silent: true }]
    );

    let mut net = Net::new(7);
    let (ours, theirs) = talking(&mut net);
    net.run(seconds(1_000));
    assert_eq!(
        net.sent(OFFICE, "UPDATE") + net.sent(CARRIER, "UPDATE"),
        1,
        "one refresh at half time"
    );
    assert!(net.ends(OFFICE, ours).is_empty() && net.ends(CARRIER, theirs).is_empty());
    net.passes = Box::new(|_| false);
    net.run(seconds(1_900));
    assert_eq!(net.ends(OFFICE, ours).len(), 1, "a ghost call");
    assert_eq!(net.ends(CARRIER, theirs).len(), 1, "a ghost call");
    net.assert_clean("ghost");
}

fn dialled(net: &mut Net, more: &str) -> (LegId, String) {
    let mut invite = Draft::new("INVITE");
    more.clone_into(&mut invite.more);
    invite.send(net, TRUNK);
    let leg = net.incoming_leg(OFFICE);
    net.mail.clear();
    net.answer(OFFICE, leg);
    net.run(seconds(1) / 20);
    let answer = net.mail[0].text();
    let mut ack = Draft::new("ACK");
    ack.to = header(&answer, "To").unwrap();
    ack.send(net, TRUNK);
    (leg, answer)
}

#[test]
fn timers_are_agreed_as_the_caller_wants() {
    let table = [
        ("", "1800;refresher=uas", None),
        ("Session-Expires: 600\r\n", "600;refresher=uas", None),
        (
            "x: 600;refresher=uac\r\nk: timer\r\n",
            "600;refresher=uac",
            Some("timer"),
        ),
        (
            "Session-Expires: 600\r\nSupported: timer\r\nRequire: timer\r\n",
            "600;refresher=uas",
            None,
        ),
    ];
    for (more, expires, require) in table {
        let mut net = Net::new(1);
        let (_, answer) = dialled(&mut net, more);
        assert_eq!(
            header(&answer, "Session-Expires").as_deref(),
            Some(expires),
            "{more}"
        );
        assert_eq!(header(&answer, "Require").as_deref(), require, "{more}");
    }
    let mut net = Net::new(1);
    let mut short = Draft::new("INVITE");
    short.more = "Session-Expires: 30\r\nSupported: timer\r\n".to_owned();
    let answers = short.send(&mut net, TRUNK);
    assert_eq!(
        (status(&answers), header(&answers[0], "Min-SE").as_deref()),
        (422, Some("90"))
    );
    // A stranger is asked who it is before anything else.
    assert_eq!(status(&short.send(&mut Net::new(1), STRANGER)), 401);
}

#[test]
fn a_peer_that_refreshes_keeps_the_call_and_one_that_stops_loses_it() {
    let mut net = Net::new(1);
    let (leg, answer) = dialled(
        &mut net,
        "Session-Expires: 90;refresher=uac\r\nSupported: timer\r\n",
    );
    let to = header(&answer, "To").unwrap();
    for cseq in 2..6 {
        net.run(seconds(45));
        let mut update = Draft::new("UPDATE");
        to.clone_into(&mut update.to);
        (update.cseq, update.branch) = (cseq, format!("z9hG4bKu{cseq}"));
        update.more = "Session-Expires: 90;refresher=uac\r\nSupported: timer\r\n".to_owned();
        let answers = update.send(&mut net, TRUNK);
        assert_eq!(status(&answers), 200);
        assert_eq!(
            header(&answers[0], "Session-Expires").as_deref(),
            Some("90;refresher=uac")
        );
    }
    assert!(net.ends(OFFICE, leg).is_empty());
    net.run(seconds(61));
    assert_eq!(
        net.ends(OFFICE, leg),
        [LegEndCause::Timeout { silent: true }]
    );
}

#[test]
fn a_peer_without_update_is_refreshed_by_re_invite() {
    let mut net = Net::new(1);
    let (leg, _) = dialled(&mut net, "Allow: INVITE, ACK, BYE\r\n");
    net.mail.clear();
    net.run(seconds(901));
    let refresh = net
        .mail
        .iter()
        .find(|packet| packet.kind() == "INVITE")
        .unwrap()
        .text();
    assert!(refresh.ends_with("v=0 answer"), "our last SDP: {refresh}");
    assert_eq!(
        header(&refresh, "Session-Expires").as_deref(),
        Some("1800;refresher=uac")
    );
    // It never answers.
    net.run(seconds(33));
    assert_eq!(
        net.ends(OFFICE, leg),
        [LegEndCause::Timeout { silent: true }]
    );
}

#[test]
fn reliable_provisionals_are_refused_by_name() {
    let mut net = Net::new(1);
    let mut invite = Draft::new("INVITE");
    invite.more = "Require: 100rel, timer\r\n".to_owned();
    let answers = invite.send(&mut net, TRUNK);
    assert_eq!(status(&answers), 420);
    assert_eq!(
        header(&answers[0], "Unsupported").as_deref(),
        Some("100rel")
    );
    // Who only could do them is served without.
    invite.more = "Supported: 100rel\r\n".to_owned();
    invite.branch = "z9hG4bKother".to_owned();
    assert!(invite.send(&mut net, TRUNK)[0].starts_with("SIP/2.0 100"));
}

#[test]
fn a_trunk_that_wants_a_longer_timer_is_asked_again_with_it() {
    let mut net = Net::new(1);
    let leg = net.new_leg();
    let dial = super::kit::dial_to(
        crate::leg::DialTarget::Uri("sip:600@carrier.test".to_owned()),
        "9000",
        None,
    );
    let destination = Some(TRUNK.parse().unwrap());
    let sdp = Bytes::from_static(super::kit::OFFER);
    net.command(
        OFFICE,
        SipCommand::Dial {
            leg,
            dial,
            destination,
            sdp: sdp.into(),
        },
    );
    net.run(seconds(1) / 10);
    let invite = net.mail[0].text();
    assert_eq!(header(&invite, "Session-Expires").as_deref(), Some("1800"));
    assert!(header(&invite, "Supported").unwrap().contains("timer"));
    let copy = |name| format!("{name}: {}\r\n", header(&invite, name).unwrap());
    let refusal = format!(
        "SIP/2.0 422 Session Interval Too Small\r\n{}{}{};tag=x\r\n{}{}Min-SE: 3600\r\nContent-Length: 0\r\n\r\n",
        copy("Via"),
        copy("From"),
        copy("To").trim_end(),
        copy("Call-ID"),
        copy("CSeq")
    );
    net.mail.clear();
    super::puppet::send(&mut net, TRUNK, &refusal);
    let again = net
        .mail
        .iter()
        .find(|packet| packet.kind() == "INVITE")
        .unwrap()
        .text();
    assert_eq!(header(&again, "Session-Expires").as_deref(), Some("3600"));
    assert!(net.ends(OFFICE, leg).is_empty());
}
