//! A far side whose answers to our INVITE and BYE are damaged: whatever comes, each leg ends once, and the gateway goes
//! on.

use crate::mutate::{Dice, escaped, time};
use crate::peer::{Peer, dial_to, header, leg_event, sdp};
use crate::trunk_support::{PATIENCE, gateway};
use sip_gateway::leg::{GatewayCommand, GatewayEvent, LegEvent, LegId};
use sip_gateway::net::Gateway;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

/// Calls at once, each with answers of its own.
const WAVE: usize = 40;
const ANSWERS: [(&str, bool); 14] = [
    ("100 Trying", false),
    ("180 Ringing", false),
    ("183 Session Progress", true),
    ("200 OK", true),
    ("200 OK", true),
    ("200 OK", false),
    ("302 Moved Temporarily", false),
    ("401 Unauthorized", false),
    ("407 Proxy Authentication Required", false),
    ("422 Session Interval Too Small", false),
    ("430 Flow Failed", false),
    ("486 Busy Here", false),
    ("503 Service Unavailable", false),
    ("603 Decline", false),
];

/// What a far side may add to its answers, so that there is something to damage.
const MORE: &str = "Allow: INVITE, ACK, BYE, UPDATE\r\nSupported: timer, 100rel\r\nSession-Expires: 90;refresher=uac\r\n\
    Min-SE: 90\r\nRetry-After: 3\r\nRequire: 100rel\r\nRSeq: 1\r\nRecord-Route: <sip:127.0.0.1:9;lr>\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\", algorithm=MD5\r\n";

/// The far side: answers each request of ours with damaged responses, and remembers them.
struct FarSide {
    peer: Peer,
    dice: Dice,
    sent: Vec<Vec<u8>>,
}

impl FarSide {
    /// One to three answers to a request; a BYE or CANCEL mostly gets its 200, broken or not.
    async fn answer(&mut self, request: &str) {
        let is_invite = request.starts_with("INVITE ");
        for _ in 0..=self.dice.below(3) {
            let (status, with_body) = if is_invite {
                *self.dice.pick(&ANSWERS)
            } else {
                *self
                    .dice
                    .pick(&[("200 OK", false), ("200 OK", false), ("481 Gone", false)])
            };
            let body = if with_body {
                sdp("sendrecv")
            } else {
                String::new()
            };
            let right = self.peer.response(request, status, &body);
            let right = match self.dice.below(2) {
                0 => right,
                _ => right.replacen("Contact: ", &format!("{MORE}Contact: "), 1),
            };
            let bytes = match self.dice.below(8) {
                0 => right.into_bytes(),
                _ => self.dice.mutate(right.as_bytes()),
            };
            let bytes = bytes[..bytes.len().min(60_000)].to_vec();
            self.peer.send(&bytes).await;
            self.sent.push(bytes);
        }
    }

    /// Answers everything for this long.
    async fn serve(&mut self, for_so_long: Duration) {
        let (until, mut buffer) = (Instant::now() + for_so_long, vec![0; 65_536]);
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let Ok(received) = timeout(left, self.peer.socket.recv_from(&mut buffer)).await else {
                return;
            };
            let text = String::from_utf8_lossy(&buffer[..received.unwrap().0]).into_owned();
            if !text.starts_with("ACK ") && !text.starts_with("SIP/2.0 ") {
                self.answer(&text).await;
            }
        }
    }
}

/// Calls whose answers are damaged; each leg's number of ends.
async fn wave(
    gateway: &Gateway,
    events: &mut Receiver<GatewayEvent>,
    seed: u64,
) -> BTreeMap<LegId, usize> {
    let mut peer = Peer::towards(gateway.address(), "damaged").await;
    peer.cseq = 1;
    let mut far = FarSide {
        peer,
        dice: Dice(seed),
        sent: Vec::new(),
    };
    let mut ends = BTreeMap::new();
    for _ in 0..WAVE {
        let (leg, dial) = (gateway.new_leg_id(), dial_to(far.peer.address()));
        ends.insert(leg, 0);
        let command = GatewayCommand::Dial { leg, dial };
        gateway.send(command).await.unwrap();
    }
    far.serve(Duration::from_millis(300)).await;
    for leg in ends.keys() {
        gateway.send(GatewayCommand::Hangup(*leg)).await.unwrap();
    }
    far.serve(Duration::from_millis(300)).await;
    let told = timeout(PATIENCE, async {
        while ends.values().any(|count| *count == 0) {
            if let Some(GatewayEvent::Leg { leg, event }) = events.recv().await
                && let (LegEvent::Ended { .. }, Some(count)) = (event, ends.get_mut(&leg))
            {
                *count += 1;
            }
        }
    });
    if told.await.is_err() {
        let sent: Vec<String> = far.sent.iter().map(|bytes| escaped(bytes)).collect();
        panic!("seed {seed}: {ends:?} after\n{}", sent.join("\n"));
    }
    ends
}

/// The gateway still calls and ends calls as it should.
async fn whole_call(gateway: &Gateway, events: &mut Receiver<GatewayEvent>) {
    let peer = Peer::towards(gateway.address(), "whole").await;
    let (leg, dial) = (gateway.new_leg_id(), dial_to(peer.address()));
    let command = GatewayCommand::Dial { leg, dial };
    gateway.send(command).await.unwrap();
    let invite = peer.expect("INVITE ").await;
    peer.answer(&invite, "200 OK", &sdp("sendrecv")).await;
    peer.expect("ACK ").await;
    leg_event(events, leg, |event| *event == LegEvent::Answered).await;
    gateway.send(GatewayCommand::Hangup(leg)).await.unwrap();
    let bye = peer.expect("BYE ").await;
    assert_eq!(header(&bye, "Call-ID"), header(&invite, "Call-ID"));
    peer.answer(&bye, "200 OK", "").await;
    leg_event(events, leg, |event| matches!(event, LegEvent::Ended { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_answers_end_each_call_once_and_nothing_else() {
    let (gateway, mut events) = gateway().await;
    let until = Instant::now() + time(Duration::from_secs(6), Duration::from_secs(120));
    let (mut calls, mut seed) = (0, 0);
    while Instant::now() < until {
        seed += 1;
        let ends = wave(&gateway, &mut events, seed).await;
        calls += ends.len();
        assert!(
            ends.values().all(|count| *count == 1),
            "seed {seed}: {ends:?}"
        );
        if seed % 3 == 0 {
            whole_call(&gateway, &mut events).await;
        }
    }
    whole_call(&gateway, &mut events).await;
    assert!(calls >= 2 * WAVE, "{calls}");
    // Nobody hears of a leg again.
    while let Ok(event) = events.try_recv() {
        let again = matches!(
            &event,
            GatewayEvent::Leg {
                event: LegEvent::Ended { .. },
                ..
            }
        );
        assert!(!again, "{event:?}");
    }
}
