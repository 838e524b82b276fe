//! Both sides change the session at the same moment (RFC 3261 14.1): both get 491, and who made the call comes back
//! later than who was called.

use crate::peer::{Peer, dial_to, header, leg_event, sdp};
use crate::trunk_support::{gateway, next};
use sip_gateway::leg::{GatewayCommand, GatewayEvent, LegEndCause, LegEvent, LegId};
use sip_gateway::net::Gateway;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;

/// On a busy machine a timer fires late; never early.
const LATE: Duration = Duration::from_millis(900);

/// A call that the peer has made, or we; its leg.
async fn talking(
    gateway: &Gateway,
    events: &mut Receiver<GatewayEvent>,
    peer: &mut Peer,
    ours: bool,
) -> LegId {
    if ours {
        let (leg, dial) = (gateway.new_leg_id(), dial_to(peer.address()));
        let command = GatewayCommand::Dial { leg, dial };
        gateway.send(command).await.unwrap();
        let invite = peer.expect("INVITE ").await;
        peer.names = (
            format!("{};tag=theirs", header(&invite, "To")),
            header(&invite, "From"),
            header(&invite, "Call-ID"),
        );
        peer.answer(&invite, "200 OK", &sdp("sendrecv")).await;
        peer.expect("ACK ").await;
        leg_event(events, leg, |event| *event == LegEvent::Answered).await;
        return leg;
    }
    peer.request("INVITE", &sdp("sendrecv")).await;
    let leg = next(events, |event| match event {
        GatewayEvent::Incoming(call) => Some(call.leg),
        _ => None,
    })
    .await;
    gateway.send(GatewayCommand::Answer(leg)).await.unwrap();
    let ok = peer.expect("SIP/2.0 200 ").await;
    peer.names.1 = header(&ok, "To");
    peer.request("ACK", "").await;
    leg_event(events, leg, |event| *event == LegEvent::Confirmed).await;
    leg
}

/// One glare; how long after the refusal we came back.
async fn glare(ours: bool) -> Duration {
    let (gateway, mut events) = gateway().await;
    let mut peer = Peer::towards(gateway.address(), "glare").await;
    let leg = talking(&gateway, &mut events, &mut peer, ours).await;
    gateway.send(GatewayCommand::Hold(leg)).await.unwrap();
    let held = peer.expect("INVITE ").await;
    assert!(held.contains("a=sendonly"), "{held}");
    // Its own change was on its way when ours came.
    peer.request("INVITE", &sdp("sendonly")).await;
    peer.answer(&held, "491 Request Pending", "").await;
    let refused = Instant::now();
    let (mut acknowledged, mut pending) = (false, false);
    while !(acknowledged && pending) {
        let text = peer.expect("").await;
        acknowledged |= text.starts_with("ACK ");
        pending |= text.starts_with("SIP/2.0 491 ");
        assert!(!text.starts_with("SIP/2.0 200 "), "{text}");
    }
    peer.request("ACK", "").await;
    let again = peer.expect("INVITE ").await;
    let waited = refused.elapsed();
    let number = |text: &str| header(text, "CSeq").replace(" INVITE", "").parse::<u32>();
    assert!(number(&again).unwrap() > number(&held).unwrap());
    assert!(again.contains("a=sendonly"), "{again}");
    peer.answer(&again, "200 OK", &sdp("recvonly")).await;
    peer.expect("ACK ").await;
    // Now it is the peer's turn.
    peer.request("INVITE", &sdp("sendonly")).await;
    let ok = peer.expect("SIP/2.0 200 ").await;
    assert!(ok.contains("a=inactive"), "both hold now: {ok}");
    peer.request("ACK", "").await;
    peer.request("BYE", "").await;
    peer.expect("SIP/2.0 200 ").await;
    leg_event(&mut events, leg, |event| {
        let cause = LegEndCause::Bye;
        matches!(event, LegEvent::Ended { cause: found, .. } if *found == cause)
    })
    .await;
    waited
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_change_at_once_are_both_refused_and_come_back_as_rfc_3261_14_1_says() {
    let all = [false, false, false, true, true, true].map(|ours| tokio::spawn(glare(ours)));
    let mut waited = Vec::new();
    for one in all {
        waited.push(one.await.unwrap());
    }
    let ms = Duration::from_millis;
    for (time, ours) in waited.iter().zip([false, false, false, true, true, true]) {
        let (least, most) = if ours {
            (ms(2_090), ms(4_000))
        } else {
            (ms(0), ms(2_000))
        };
        assert!(
            (least..=most + LATE).contains(time),
            "ours: {ours}, {waited:?}"
        );
    }
    // The times are drawn: not all are the same.
    let spread = waited[3..]
        .iter()
        .max()
        .unwrap()
        .abs_diff(*waited[3..].iter().min().unwrap());
    assert!(spread > ms(2), "{waited:?}");
}
