//! Requests inside a dialog: re-INVITE, UPDATE, INFO, OPTIONS, and order.

use super::kit::{Net, OFFICE, seconds};
use super::puppet::{Draft, TRUNK, header, status};
use crate::leg::{LegEndCause, LegId};
use crate::sip::port::{SipCommand, SipEvent};

/// An answered call from a scripted trunk; gives our leg and the To with our tag.
fn talking() -> (Net, LegId, String) {
    let mut net = Net::new(1);
    Draft::new("INVITE").send(&mut net, TRUNK);
    let leg = net.incoming_leg(OFFICE);
    net.mail.clear();
    net.answer(OFFICE, leg);
    net.run(seconds(0) + std::time::Duration::from_millis(50));
    let to = header(&net.mail[0].text(), "To").unwrap();
    let mut ack = Draft::new("ACK");
    ack.to.clone_from(&to);
    ack.send(&mut net, TRUNK);
    assert!(net.is_confirmed(OFFICE, leg));
    (net, leg, to)
}

fn request(
    net: &mut Net,
    to: &str,
    (method, cseq): (&'static str, u32),
    body: &'static str,
) -> Vec<String> {
    let mut draft = Draft::new(method);
    to.clone_into(&mut draft.to);
    draft.cseq = cseq;
    draft.branch = format!("z9hG4bK{method}{cseq}");
    draft.body = body;
    draft.send(net, TRUNK)
}

fn reoffers(net: &Net) -> Vec<Option<&[u8]>> {
    let offers = net.events[OFFICE].iter().filter_map(|event| match event {
        SipEvent::Reoffer { sdp, .. } => Some(sdp.as_deref()),
        _ => None,
    });
    offers.collect()
}

fn reanswer(net: &mut Net, leg: LegId, result: Result<&'static [u8], u16>) -> Vec<String> {
    net.mail.clear();
    let result = result.map(bytes::Bytes::from_static);
    net.command(OFFICE, SipCommand::Reanswer { leg, result });
    net.run(std::time::Duration::from_millis(50));
    net.mail.iter().map(super::kit::Packet::text).collect()
}

#[test]
fn a_re_invite_is_put_to_the_product_and_repeated_until_its_ack() {
    let (mut net, leg, to) = talking();
    let trying = request(&mut net, &to, ("INVITE", 2), "v=0 hold");
    assert!(trying[0].starts_with("SIP/2.0 100 "));
    assert_eq!(reoffers(&net), [Some(&b"v=0 hold"[..])]);
    let answers = reanswer(&mut net, leg, Ok(b"v=0 held"));
    assert_eq!(status(&answers), 200);
    assert!(answers[0].ends_with("\r\n\r\nv=0 held") && header(&answers[0], "Contact").is_some());
    net.mail.clear();
    net.run(seconds(2));
    assert_eq!(net.mail.len(), 2);
    request(&mut net, &to, ("ACK", 2), "");
    net.mail.clear();
    net.run(seconds(5));
    assert!(net.mail.is_empty());
    // The first answer alone is told as confirmed.
    let confirmed = net.events[OFFICE]
        .iter()
        .filter(|event| matches!(event, SipEvent::Confirmed { .. }));
    assert_eq!(confirmed.count(), 1);
    assert_eq!(status(&request(&mut net, &to, ("BYE", 3), "")), 200);
    net.assert_clean("re-INVITE");
}

#[test]
fn a_re_invite_without_offer_gets_ours_and_brings_the_answer_in_its_ack() {
    let (mut net, leg, to) = talking();
    request(&mut net, &to, ("INVITE", 2), "");
    assert_eq!(reoffers(&net), [None]);
    reanswer(&mut net, leg, Ok(b"v=0 ours"));
    request(&mut net, &to, ("ACK", 2), "v=0 theirs");
    let confirmed = SipEvent::Confirmed {
        leg,
        sdp: Some(b"v=0 theirs"[..].into()),
    };
    assert_eq!(net.events[OFFICE].last(), Some(&confirmed));
    net.hang_up(OFFICE, leg);
}

#[test]
fn a_refused_change_leaves_the_call_as_it_was() {
    let (mut net, leg, to) = talking();
    request(&mut net, &to, ("INVITE", 2), "v=0 video");
    assert_eq!(status(&reanswer(&mut net, leg, Err(488))), 488);
    request(&mut net, &to, ("ACK", 2), "");
    assert!(net.ends(OFFICE, leg).is_empty());
    // Too late or twice changes nothing.
    assert!(reanswer(&mut net, leg, Ok(b"late")).is_empty());
    assert_eq!(net.endpoints[OFFICE].counters().bad_commands, 1);
}

#[test]
fn one_change_at_a_time() {
    let (mut net, leg, to) = talking();
    request(&mut net, &to, ("INVITE", 2), "v=0 a");
    let busy = request(&mut net, &to, ("INVITE", 3), "v=0 b");
    assert_eq!(status(&busy), 500);
    assert!(header(&busy[0], "Retry-After").is_some());
    assert_eq!(status(&request(&mut net, &to, ("UPDATE", 4), "v=0 c")), 500);
    assert_eq!(reoffers(&net).len(), 1);
    reanswer(&mut net, leg, Ok(b"v=0 ok"));
    // Our 200 is not acknowledged: a new re-INVITE has crossed it.
    assert_eq!(status(&request(&mut net, &to, ("INVITE", 5), "v=0 d")), 491);
    request(&mut net, &to, ("ACK", 2), "");
    request(&mut net, &to, ("INVITE", 6), "v=0 e");
    assert_eq!(reoffers(&net).len(), 2);
}

#[test]
fn update_changes_the_session_or_only_the_contact() {
    let (mut net, leg, to) = talking();
    request(&mut net, &to, ("UPDATE", 2), "v=0 moved");
    assert_eq!(reoffers(&net).len(), 1);
    let answers = reanswer(&mut net, leg, Ok(b"v=0 fine"));
    assert_eq!(status(&answers), 200);
    assert_eq!(status(&request(&mut net, &to, ("UPDATE", 3), "")), 200);
    assert_eq!(reoffers(&net).len(), 1);
}

#[test]
fn requests_out_of_order_are_refused() {
    let (mut net, leg, to) = talking();
    assert_eq!(status(&request(&mut net, &to, ("INFO", 7), "")), 200);
    for method in ["INVITE", "BYE", "INFO", "OPTIONS"] {
        assert_eq!(
            status(&request(&mut net, &to, (method, 6), "")),
            500,
            "{method}"
        );
    }
    assert!(net.ends(OFFICE, leg).is_empty() && reoffers(&net).is_empty());
}

#[test]
fn other_methods_inside_the_dialog() {
    let (mut net, _, to) = talking();
    let options = request(&mut net, &to, ("OPTIONS", 2), "");
    assert_eq!(status(&options), 200);
    assert_eq!(
        header(&options[0], "Accept").as_deref(),
        Some("application/sdp")
    );
    for (cseq, method, expected) in [
        (3, "REFER", 405),
        (4, "MESSAGE", 405),
        (5, "PRACK", 405),
        (6, "DANCE", 501),
    ] {
        assert_eq!(
            status(&request(&mut net, &to, (method, cseq), "")),
            expected,
            "{method}"
        );
    }
    let mut strange = Draft::new("INVITE");
    strange.to = to;
    (strange.cseq, strange.branch) = (9, "z9hG4bKstrange".to_owned());
    strange.more = "Content-Type: text/x\r\n".to_owned();
    assert_eq!(status(&strange.send(&mut net, TRUNK)), 415);
}

#[test]
fn a_change_ends_with_its_call_or_its_cancel() {
    let (mut net, leg, to) = talking();
    request(&mut net, &to, ("INVITE", 2), "v=0 a");
    let mut cancel = Draft::new("CANCEL");
    cancel.to.clone_from(&to);
    (cancel.cseq, cancel.branch) = (2, "z9hG4bKINVITE2".to_owned());
    let answers = cancel.send(&mut net, TRUNK);
    assert_eq!((answers.len(), status(&answers)), (2, 487));
    assert!(net.ends(OFFICE, leg).is_empty());
    request(&mut net, &to, ("UPDATE", 3), "v=0 b");
    let answers = request(&mut net, &to, ("BYE", 4), "");
    let mut statuses: Vec<&str> = answers.iter().map(|text| &text[8..11]).collect();
    statuses.sort_unstable();
    // The repeat of the first 487 may be among them: its ACK was never sent.
    statuses.dedup();
    assert_eq!(statuses, ["200", "487"]);
    assert_eq!(net.ends(OFFICE, leg), [LegEndCause::Bye]);
    net.assert_clean("change and end");
}

#[test]
fn requests_to_a_ringing_call() {
    let mut net = Net::new(1);
    Draft::new("INVITE").send(&mut net, TRUNK);
    let leg = net.incoming_leg(OFFICE);
    net.mail.clear();
    net.ring(OFFICE, leg);
    net.run(std::time::Duration::from_millis(50));
    let to = header(&net.mail[0].text(), "To").unwrap();
    assert_eq!(status(&request(&mut net, &to, ("OPTIONS", 2), "")), 200);
    assert_eq!(status(&request(&mut net, &to, ("UPDATE", 3), "v=0")), 500);
    assert_eq!(status(&request(&mut net, &to, ("MESSAGE", 4), "")), 405);
    let answers = request(&mut net, &to, ("BYE", 5), "");
    let mut statuses: Vec<&str> = answers.iter().map(|text| &text[8..11]).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["200", "487"]);
    assert_eq!(net.ends(OFFICE, leg), [LegEndCause::Cancelled]);
    net.assert_clean("ringing");
}
