//! Media before the answer.

use super::{CALLED, CALLER, THEIRS, Wire};
use crate::leg::{GatewayCommand, LegEvent, PlayId};
use crate::media::port::{Direction, PlayRequest};

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

#[test]
fn a_caller_who_offers_nothing_is_told_that_it_rings_and_no_playing_waits_for_ever() {
    let (mut wire, ours) = Wire::called_without_offer();
    wire.tell(CALLED, GatewayCommand::EarlyMedia(ours));
    assert_eq!(wire.bodies(CALLED, "SIP/2.0 180"), [""]);
    let play = PlayId(7);
    let request = PlayRequest {
        play,
        clips: Vec::new(),
        repeat: false,
        resume: false,
        at_most: None,
        until_heard: false,
    };
    let finished = false;
    let ended = LegEvent::PlayEnded { play, finished };
    let request_later = request.clone();
    wire.tell(CALLED, GatewayCommand::Play { leg: ours, request });
    assert!(wire.told(CALLED).contains(&&ended));
    // Our 200 offers, and there is media then.
    wire.tell(CALLED, GatewayCommand::Answer(ours));
    assert!(wire.bodies(CALLED, "SIP/2.0 200")[0].contains("a=sendrecv"));
    wire.tell(
        CALLED,
        GatewayCommand::Play {
            leg: ours,
            request: request_later,
        },
    );
    let told = wire.told(CALLED).into_iter();
    assert_eq!(told.filter(|event| **event == ended).count(), 1);
}
