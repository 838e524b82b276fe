//! Media before the answer.

use super::{CALLED, CALLER, THEIRS, Wire};
use crate::leg::{GatewayCommand, LegEvent};
use crate::media::port::Direction;

#[test]
fn a_183_carries_the_answer_and_the_200_says_the_same() {
    let (mut wire, ours) = Wire::called();
    wire.tell(CALLED, GatewayCommand::Ring(ours));
    wire.run(1);
    assert!(wire.sides[CALLER].media().remotes.is_empty());
    wire.tell(CALLED, GatewayCommand::EarlyMedia(ours));
    wire.tell(CALLED, GatewayCommand::EarlyMedia(ours));
    // Both ends may be heard now, before any answer.
    assert_eq!(wire.direction(CALLED, ours), Direction::SendReceive);
    wire.run(1);
    assert_eq!(wire.direction(CALLER, THEIRS), Direction::SendReceive);
    let early = wire.told(CALLER).into_iter();
    let count = early
        .filter(|event| **event == LegEvent::EarlyMedia)
        .count();
    assert_eq!(count, 1, "{:?}", wire.told(CALLER));
    wire.tell(CALLED, GatewayCommand::Answer(ours));
    wire.run(1);
    assert!(wire.told(CALLER).contains(&&LegEvent::Answered));
    let (early, answer) = (
        wire.bodies(CALLED, "SIP/2.0 183"),
        wire.bodies(CALLED, "SIP/2.0 200"),
    );
    assert_eq!(early.len(), 2);
    assert_eq!((early[0], early[0]), (early[1], answer[0]));
    // One pair of sockets each.
    assert_eq!(wire.sides[CALLED].media().opened, 2);
}
