//! Several agents' phones ring for one caller, and one of them has the caller in the end.

use super::*;
use router::overflow::Way;

/// A waiting caller for whom so many phones ring; their legs and offers, in order.
fn ringing(phones: u64) -> (Script, Vec<(LegId, OfferId)>) {
    let mut script = Script::waiting();
    let legs = (0..phones).map(|_| {
        let leg = script.offer();
        let sip_call_id = format!("phone-{leg}");
        for event in [
            LegEvent::Dialled { sip_call_id },
            LegEvent::Progress { status: 180 },
        ] {
            script.say(CallInput::Leg { leg, event });
        }
        (leg, script.offer_id())
    });
    let legs = legs.collect();
    (script, legs)
}

impl Script {
    fn answers(&mut self, leg: LegId) {
        let event = LegEvent::Answered;
        self.say(CallInput::Leg { leg, event });
    }

    fn accepted(&mut self, offer: OfferId) {
        let agent = AgentId::from_number(7);
        self.say(CallInput::OfferAccepted { offer, agent });
    }

    fn bridges(&self) -> Vec<LegId> {
        let all = self.all.iter();
        all.filter_map(|output| match output {
            CallOutput::Leg(LegCommand::Bridge { agent, .. }) => Some(*agent),
            _ => None,
        })
        .collect()
    }

    /// How offers ended of which the Distributor was told.
    fn failed(&self) -> Vec<(OfferId, OfferOutcome)> {
        let inputs = self.inputs().into_iter();
        inputs
            .filter_map(|input| match input {
                Input::OfferFailed { offer, outcome } => Some((offer, outcome)),
                _ => None,
            })
            .collect()
    }

    /// Legs of agents in the log that have begun, and those that have ended.
    fn logged_legs(&self) -> (usize, usize) {
        let count = |which: fn(&Event) -> bool| {
            let all = self.all.iter();
            all.filter(|output| matches!(output, CallOutput::Log { event, .. } if which(event)))
                .count()
        };
        let begun = count(|event| matches!(event, Event::LegStarted { agent: Some(_), .. }));
        (
            begun,
            count(|event| matches!(event, Event::LegEnded { .. })),
        )
    }
}

#[test]
fn the_first_answer_has_the_caller_and_the_other_phones_are_told_so() {
    let (mut script, legs) = ringing(3);
    let [(ana, _), (ben, offer), (cai, _)] = legs[..] else {
        panic!("three ring");
    };
    script.answers(ben);
    assert!(
        script.bridges().is_empty(),
        "the Distributor's word decides"
    );
    script.accepted(offer);
    assert_eq!(script.bridges(), [ben]);
    for leg in [ana, cai] {
        assert!(script.did(&LegCommand::TakenElsewhere(leg)));
    }
    assert!(!script.did(&LegCommand::TakenElsewhere(ben)));
    // What the Distributor says of the others comes after, and is known already.
    for (_, offer) in [legs[0], legs[2]] {
        script.say(CallInput::OfferRevoked { offer });
        assert!(script.last.is_empty());
    }
    for leg in [ana, cai] {
        script.leg_ends(leg, LegEndCause::Local);
    }
    assert_eq!(script.failed(), []);
    assert_eq!(script.logged_legs(), (3, 2));
    script.customer_hangs_up();
    script.leg_ends(ben, LegEndCause::Local);
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn of_two_answers_that_cross_one_is_bridged_and_the_other_released() {
    let (mut script, legs) = ringing(2);
    let [(ana, first), (ben, second)] = legs[..] else {
        panic!("two ring");
    };
    script.answers(ana);
    script.answers(ben);
    script.accepted(first);
    assert_eq!(script.bridges(), [ana]);
    assert!(script.did(&LegCommand::TakenElsewhere(ben)));
    script.say(CallInput::OfferRevoked { offer: second });
    script.say(CallInput::OfferVoid { offer: second });
    script.leg_ends(ben, LegEndCause::Local);
    assert_eq!(script.bridges(), [ana]);
    assert_eq!(script.failed(), []);
}

/// Each phone's refusal, silence and time are its own.
#[test]
fn one_declines_one_rings_out_and_the_third_answers() {
    let (mut script, legs) = ringing(1);
    script.after(Duration::from_secs(8));
    let late = script.offer();
    let late_offer = script.offer_id();
    let silent = script.offer();
    let silent_offer = script.offer_id();
    script.say(CallInput::Leg {
        leg: late,
        event: LegEvent::Progress { status: 180 },
    });
    // Nothing comes from the third phone for 5 s; the others ring on.
    script.after(Duration::from_secs(5));
    assert_eq!(script.failed(), [(silent_offer, OfferOutcome::Unreachable)]);
    assert!(script.did(&LegCommand::Hangup(silent)));
    // 20 s of the first are over.
    script.after(Duration::from_secs(7));
    let (first, first_offer) = legs[0];
    assert!(script.did(&LegCommand::Hangup(first)));
    assert_eq!(
        script.failed()[1..],
        [(first_offer, OfferOutcome::NoAnswer)]
    );
    let third = script.offer();
    let third_offer = script.offer_id();
    script.leg_ends(third, LegEndCause::Rejected(486));
    assert_eq!(
        script.failed()[2..],
        [(third_offer, OfferOutcome::Declined)]
    );
    script.answers(late);
    script.accepted(late_offer);
    assert_eq!(script.bridges(), [late]);
}

#[test]
fn a_caller_who_leaves_ends_every_phone() {
    let (mut script, legs) = ringing(3);
    let entry = script.entry();
    script.customer_hangs_up();
    for (leg, _) in &legs {
        assert!(script.did(&LegCommand::Hangup(*leg)));
    }
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Abandoned,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    for (leg, _) in legs {
        assert!(!script.finished());
        script.leg_ends(leg, LegEndCause::Local);
    }
    assert!(script.finished());
}

/// The agent who answered hung up before the Distributor's word: the others are released all the same.
#[test]
fn a_winner_who_is_gone_leaves_no_phone_ringing() {
    let (mut script, legs) = ringing(2);
    let [(ana, offer), (ben, _)] = legs[..] else {
        panic!("two ring");
    };
    script.answers(ana);
    script.leg_ends(ana, LegEndCause::Bye);
    script.accepted(offer);
    assert!(script.bridges().is_empty());
    assert!(script.did(&LegCommand::TakenElsewhere(ben)));
}

/// One offer is taken back: that phone alone ends.
#[test]
fn an_agent_who_goes_away_leaves_the_others_ringing() {
    let (mut script, legs) = ringing(2);
    let [(ana, offer), (ben, other)] = legs[..] else {
        panic!("two ring");
    };
    script.say(CallInput::OfferRevoked { offer });
    assert!(script.did(&LegCommand::Hangup(ana)));
    script.answers(ben);
    script.accepted(other);
    assert_eq!(script.bridges(), [ben]);
}
