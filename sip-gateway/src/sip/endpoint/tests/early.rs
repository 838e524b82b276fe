//! Early dialogs against a scripted peer: media before the answer, forks, reliable provisional answers.

use super::kit::{Net, OFFICE, dial_to, seconds};
use super::puppet::{Draft, TRUNK, header, send, status as status_of};
use crate::leg::{DialTarget, LegEndCause, LegId};
use crate::sip::port::{SipCommand, SipEvent};
use bytes::Bytes;

/// A call of ours to the scripted peer, and its INVITE.
fn calling(net: &mut Net) -> (LegId, String) {
    let leg = net.new_leg();
    let target = DialTarget::Uri(format!("sip:600111222@{TRUNK}"));
    net.command(
        OFFICE,
        SipCommand::Dial {
            leg,
            dial: dial_to(target, "2001", None),
            destination: Some(TRUNK.parse().unwrap()),
            sdp: Bytes::from_static(b"v=0 offer").into(),
        },
    );
    net.run(seconds(1) / 10);
    let invite = net.mail.last().unwrap().text();
    (leg, invite)
}

/// What the peer answers to our INVITE in the dialog of this tag; gives what came back.
fn answer(
    net: &mut Net,
    invite: &str,
    (status, tag): (&str, &str),
    more: &str,
    sdp: &str,
) -> Vec<String> {
    let copied: Vec<String> = ["Via", "From", "Call-ID", "CSeq"]
        .iter()
        .map(|name| format!("{name}: {}\r\n", header(invite, name).unwrap()))
        .collect();
    let to = header(invite, "To").unwrap();
    let kind = if sdp.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    let text = format!(
        "SIP/2.0 {status} Whatever\r\n{}To: {to};tag={tag}\r\nContact: <sip:far-{tag}@{TRUNK}>\r\n{more}{kind}\
         Content-Length: {}\r\n\r\n{sdp}",
        copied.concat(),
        sdp.len()
    );
    send(net, TRUNK, &text)
}

/// Descriptions that the product was told of, before and at the answer.
fn told(net: &Net) -> Vec<String> {
    let events = net.events[OFFICE].iter();
    let descriptions = events.filter_map(|event| match event {
        SipEvent::Progress { status, sdp, .. } => {
            let sdp = sdp
                .as_ref()
                .map(|sdp| String::from_utf8_lossy(sdp).into_owned());
            Some(format!("{status} {}", sdp.unwrap_or_default()))
        }
        SipEvent::Answered { sdp, .. } => Some(format!("200 {}", String::from_utf8_lossy(sdp))),
        _ => None,
    });
    descriptions.collect()
}

#[test]
fn of_several_early_dialogs_the_first_with_media_is_heard_and_the_200_wins() {
    let mut net = Net::new(3);
    let (leg, invite) = calling(&mut net);
    answer(&mut net, &invite, ("180", "a"), "", "");
    answer(&mut net, &invite, ("183", "b"), "", "v=0 of b");
    answer(&mut net, &invite, ("183", "c"), "", "v=0 of c");
    // The same again is no news; another description of the one that is heard is.
    answer(&mut net, &invite, ("183", "b"), "", "v=0 of b");
    answer(&mut net, &invite, ("183", "b"), "", "v=0 b moved");
    let sent = answer(&mut net, &invite, ("200", "c"), "", "v=0 c talks");
    assert_eq!(
        told(&net),
        ["180 ", "183 v=0 of b", "183 v=0 b moved", "200 v=0 c talks"]
    );
    assert!(sent[0].starts_with("ACK sip:far-c@"), "{}", sent[0]);
    net.hang_up(OFFICE, leg);
    net.run(seconds(1) / 10);
    let bye = net.mail.last().unwrap().text();
    assert!(bye.starts_with("BYE sip:far-c@"), "{bye}");
    net.assert_clean("forks");
}

#[test]
fn a_peer_that_requires_100rel_gets_its_prack_once_and_in_order() {
    let mut net = Net::new(3);
    let (leg, invite) = calling(&mut net);
    assert!(!header(&invite, "Supported").unwrap().contains("100rel"));
    let reliable = |rseq: u32| format!("Require: 100rel\r\nRSeq: {rseq}\r\n");
    let cseq = header(&invite, "CSeq").unwrap();
    let first = answer(&mut net, &invite, ("183", "a"), &reliable(70), "v=0 early");
    assert!(first[0].starts_with("PRACK sip:far-a@"), "{first:?}");
    assert_eq!(header(&first[0], "RAck").unwrap(), format!("70 {cseq}"));
    assert_eq!(header(&first[0], "CSeq").unwrap(), "2 PRACK");
    assert!(header(&first[0], "To").unwrap().ends_with(";tag=a"));
    let ok = first[0].lines().filter(|line| {
        ["Via", "From", "To", "Call-ID", "CSeq"]
            .iter()
            .any(|name| line.starts_with(name))
    });
    let ok: Vec<String> = ok.map(|line| format!("{line}\r\n")).collect();
    let ok = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", ok.concat());
    assert!(send(&mut net, TRUNK, &ok).is_empty());
    // A repeat and one out of order count for nothing.
    assert!(answer(&mut net, &invite, ("183", "a"), &reliable(70), "v=0 early").is_empty());
    assert!(answer(&mut net, &invite, ("180", "a"), &reliable(73), "v=0 wrong").is_empty());
    let second = answer(&mut net, &invite, ("180", "a"), &reliable(71), "");
    assert_eq!(header(&second[0], "RAck").unwrap(), format!("71 {cseq}"));
    assert_eq!(header(&second[0], "CSeq").unwrap(), "3 PRACK");
    // The answer came with the 183, so the 200 may say nothing (RFC 3262 5); it goes on counting after the PRACKs.
    answer(&mut net, &invite, ("200", "a"), "", "");
    assert_eq!(told(&net), ["183 v=0 early", "180 ", "200 v=0 early"]);
    net.hang_up(OFFICE, leg);
    net.run(seconds(1) / 10);
    let bye = net.mail.last().unwrap().text();
    assert_eq!(header(&bye, "CSeq").unwrap(), "4 BYE");
    net.assert_clean("PRACK");
}

#[test]
fn a_prack_is_repeated_until_it_is_answered_and_its_loss_ends_nothing() {
    let mut net = Net::new(3);
    let (leg, invite) = calling(&mut net);
    let reliable = "Require: 100rel\r\nRSeq: 1\r\n";
    answer(&mut net, &invite, ("183", "a"), reliable, "v=0 early");
    net.run(seconds(3));
    assert!(net.sent(OFFICE, "PRACK") >= 3);
    answer(&mut net, &invite, ("180", "b"), "", "");
    net.run(seconds(40));
    assert!(net.ends(OFFICE, leg).is_empty());
    net.hang_up(OFFICE, leg);
    answer(&mut net, &invite, ("487", "a"), "", "");
    assert_eq!(net.ends(OFFICE, leg), [LegEndCause::Local]);
    net.assert_clean("lost PRACK");
}

#[test]
fn a_200_without_a_description_and_without_early_media_cannot_be_used() {
    let mut net = Net::new(3);
    let (leg, invite) = calling(&mut net);
    answer(&mut net, &invite, ("183", "a"), "", "v=0 of a");
    answer(&mut net, &invite, ("200", "b"), "", "");
    assert_eq!(net.ends(OFFICE, leg), [LegEndCause::BadMedia]);
    assert!(
        net.mail
            .last()
            .unwrap()
            .text()
            .starts_with("BYE sip:far-b@")
    );
}

#[test]
fn what_a_refused_contact_said_is_forgotten() {
    let mut net = Net::new(3);
    let (leg, invite) = calling(&mut net);
    answer(&mut net, &invite, ("183", "a"), "", "v=0 busy soon");
    answer(&mut net, &invite, ("486", "a"), "", "");
    assert_eq!(net.ends(OFFICE, leg), [LegEndCause::Rejected(486)]);
    net.assert_clean("refused after early media");
}

#[test]
fn a_flood_of_forks_is_bounded() {
    let mut net = Net::new(3);
    let (leg, invite) = calling(&mut net);
    for fork in 0..100 {
        let tag = format!("fork{fork}");
        let sdp = format!("v=0 {fork}");
        answer(&mut net, &invite, ("183", &tag), "", &sdp);
    }
    assert_eq!(told(&net), ["183 v=0 0"]);
    net.hang_up(OFFICE, leg);
    answer(&mut net, &invite, ("487", "fork0"), "", "");
    net.assert_clean("many forks");
}

#[test]
fn a_key_by_info_before_our_answer_counts() {
    let mut net = Net::new(3);
    Draft::new("INVITE").send(&mut net, TRUNK);
    let leg = net.incoming_leg(OFFICE);
    net.mail.clear();
    let sdp = Some(Bytes::from_static(b"v=0 early"));
    let status = 183;
    net.command(OFFICE, SipCommand::Provisional { leg, status, sdp });
    net.run(seconds(1) / 20);
    let early = net.mail[0].text();
    assert!(early.ends_with("v=0 early"), "{early}");
    let mut info = Draft::new("INFO");
    info.to = header(&early, "To").unwrap();
    info.cseq = 2;
    info.more = "Content-Type: application/dtmf-relay\r\n".to_owned();
    info.body = "Signal=5\r\n";
    let answers = info.send(&mut net, TRUNK);
    assert_eq!(status_of(&answers), 200);
    let key = '5';
    assert!(net.events[OFFICE].contains(&SipEvent::Key { leg, key }));
}
