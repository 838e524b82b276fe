//! Hold from either side, from both, and crossing.

use super::{CALLED, CALLER, THEIRS, Wire};
use crate::leg::{GatewayCommand, LegId};
use crate::media::port::Direction::{Inactive, ReceiveOnly, SendOnly, SendReceive};

/// What both media planes know: the called gateway's, the caller's.
fn both(wire: &Wire, ours: LegId) -> [crate::media::port::Direction; 2] {
    [wire.direction(CALLED, ours), wire.direction(CALLER, THEIRS)]
}

#[test]
fn a_held_party_is_sent_to_only_at_once_and_taken_back() {
    let (mut wire, ours) = Wire::talking();
    for round in 1..=3 {
        wire.tell(CALLED, GatewayCommand::Hold(ours));
        // It is silenced on our side before it has heard of it.
        assert_eq!(both(&wire, ours), [SendOnly, SendReceive]);
        wire.tell(CALLED, GatewayCommand::Hold(ours));
        wire.run(1);
        assert_eq!(both(&wire, ours), [SendOnly, ReceiveOnly]);
        wire.tell(CALLED, GatewayCommand::Resume(ours));
        wire.tell(CALLED, GatewayCommand::Resume(ours));
        wire.run(1);
        assert_eq!(both(&wire, ours), [SendReceive, SendReceive]);
        let offers = wire.bodies(CALLED, "INVITE");
        assert_eq!(offers.len(), round * 2);
        let last = &offers[round * 2 - 2..];
        assert!(last[0].contains("a=sendonly") && last[1].contains("a=sendrecv"));
        // The codec of the talk and its number, and no other.
        assert!(last[0].contains("RTP/AVP 0 101\r\n"), "{}", last[0]);
    }
    // Each description has a number of its own (RFC 3264 8).
    let mut versions: Vec<&str> = wire
        .bodies(CALLED, "INVITE")
        .iter()
        .filter_map(|sdp| sdp.split_whitespace().nth(3))
        .collect();
    versions.dedup();
    assert_eq!(versions.len(), 6, "{versions:?}");
}

#[test]
fn who_is_held_and_holds_gets_nothing_until_both_resume() {
    let (mut wire, ours) = Wire::talking();
    wire.tell(CALLER, GatewayCommand::Hold(THEIRS));
    wire.run(1);
    assert_eq!(both(&wire, ours), [ReceiveOnly, SendOnly]);
    // What was recvonly becomes inactive (RFC 3264 8.4).
    wire.tell(CALLED, GatewayCommand::Hold(ours));
    wire.run(1);
    assert!(wire.bodies(CALLED, "INVITE")[0].contains("a=inactive"));
    assert_eq!(both(&wire, ours), [Inactive, Inactive]);
    // They resume while we hold: they may hear us, we do not listen.
    wire.tell(CALLER, GatewayCommand::Resume(THEIRS));
    wire.run(1);
    assert_eq!(both(&wire, ours), [SendOnly, ReceiveOnly]);
    wire.tell(CALLED, GatewayCommand::Resume(ours));
    wire.run(1);
    assert_eq!(both(&wire, ours), [SendReceive, SendReceive]);
}

#[test]
fn resumed_by_us_a_party_that_holds_goes_on_holding() {
    let (mut wire, ours) = Wire::talking();
    wire.tell(CALLED, GatewayCommand::Hold(ours));
    wire.run(1);
    wire.tell(CALLER, GatewayCommand::Hold(THEIRS));
    wire.run(1);
    assert_eq!(both(&wire, ours), [Inactive, Inactive]);
    wire.tell(CALLED, GatewayCommand::Resume(ours));
    wire.run(1);
    assert_eq!(both(&wire, ours), [ReceiveOnly, SendOnly]);
    wire.tell(CALLER, GatewayCommand::Resume(THEIRS));
    wire.run(1);
    assert_eq!(both(&wire, ours), [SendReceive, SendReceive]);
}

#[test]
fn changes_that_come_faster_than_their_answers_end_as_the_last_one_says() {
    let (mut wire, ours) = Wire::talking();
    for last in [Some(GatewayCommand::Hold(ours)), None] {
        for _ in 0..5 {
            wire.tell(CALLED, GatewayCommand::Hold(ours));
            wire.tell(CALLED, GatewayCommand::Resume(ours));
        }
        let wanted = match last {
            Some(hold) => {
                wire.tell(CALLED, hold);
                [SendOnly, ReceiveOnly]
            }
            None => [SendReceive, SendReceive],
        };
        wire.run(2);
        assert_eq!(both(&wire, ours), wanted);
        wire.tell(CALLED, GatewayCommand::Resume(ours));
        wire.run(1);
    }
    assert!(wire.bodies(CALLED, "INVITE").len() < 12);
}

#[test]
fn both_may_hold_and_resume_in_the_same_moment() {
    let (mut wire, ours) = Wire::talking();
    wire.tell(CALLED, GatewayCommand::Hold(ours));
    wire.tell(CALLER, GatewayCommand::Hold(THEIRS));
    // The two cross, are refused, and come one after the other.
    wire.run(6);
    assert_eq!(both(&wire, ours), [Inactive, Inactive]);
    wire.tell(CALLED, GatewayCommand::Resume(ours));
    wire.tell(CALLER, GatewayCommand::Resume(THEIRS));
    wire.run(6);
    assert_eq!(both(&wire, ours), [SendReceive, SendReceive]);
}

#[test]
fn a_leg_without_an_answer_or_without_a_party_is_not_held() {
    let (mut wire, ours) = Wire::called();
    for leg in [ours, LegId(99)] {
        wire.tell(CALLED, GatewayCommand::Hold(leg));
    }
    wire.tell(CALLED, GatewayCommand::Answer(ours));
    wire.run(1);
    assert_eq!(both(&wire, ours), [SendReceive, SendReceive]);
}
