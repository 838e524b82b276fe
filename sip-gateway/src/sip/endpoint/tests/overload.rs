//! What does not fit is refused without keeping state, and live calls go on.

use super::kit::{CARRIER, Net, OFFICE, seconds};
use crate::leg::LegEndCause;
use crate::sip::endpoint::Limits;

fn flood(limits: Limits) -> Net {
    let mut net = Net::with_limits(1, limits);
    let first = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    let called = net.incoming_leg(OFFICE);
    net.answer(OFFICE, called);
    net.run(seconds(1));
    let held = net.endpoints[OFFICE].occupancy();
    for _ in 0..20 {
        let leg = net.dial(CARRIER, OFFICE, None);
        net.run(seconds(1));
        if net.ends(CARRIER, leg) == [LegEndCause::Rejected(503)] {
            let now = net.endpoints[OFFICE].occupancy();
            assert!(now.transactions <= held.transactions + 2, "{now:?}");
        }
    }
    assert!(net.endpoints[OFFICE].counters().overload > 0);
    let refusal = net
        .trace
        .iter()
        .map(|(_, packet)| packet.text())
        .find(|text| text.starts_with("SIP/2.0 503"));
    assert!(refusal.unwrap().contains("\r\nRetry-After: "));
    net.hang_up(OFFICE, called);
    net.run(seconds(1));
    assert_eq!(net.ends(CARRIER, first), [LegEndCause::Bye]);
    net
}

#[test]
fn legs_are_bounded() {
    // The carrier's own limits are as small; it refuses itself then, so it gets the room.
    let net = flood(Limits {
        ringing_per_source: 2,
        ..Limits::default()
    });
    assert_eq!(net.count_incoming(OFFICE), 3);
}

#[test]
fn a_full_table_of_our_own_ends_a_dial_at_once() {
    let limits = Limits {
        legs: 1,
        ..Limits::default()
    };
    let mut net = Net::with_limits(1, limits);
    let first = net.dial(CARRIER, OFFICE, None);
    let second = net.dial(CARRIER, OFFICE, None);
    assert_eq!(net.ends(CARRIER, second), [LegEndCause::Unreachable]);
    net.run(seconds(1));
    let leg = net.incoming_leg(OFFICE);
    net.hang_up(OFFICE, leg);
    net.run(seconds(1));
    assert_eq!(net.ends(CARRIER, first), [LegEndCause::Rejected(480)]);
    net.assert_clean("full");
}
