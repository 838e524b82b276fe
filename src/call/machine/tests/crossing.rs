//! Answers and hang-ups that cross.

use super::*;
use router::overflow::Way;

#[test]
fn a_caller_who_leaves_while_it_rings_cancels_the_phone_and_waits_for_the_outcome() {
    let (mut script, agent) = Script::ringing();
    let entry = script.entry();
    script.customer_hangs_up();
    assert!(script.did(&LegCommand::Hangup(agent)));
    assert!(script.inputs().contains(&Input::Leave {
        entry,
        cause: LeaveCause::HungUp
    }));
    assert!(script.ended().is_empty());
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::ShortAbandoned,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    assert_eq!(
        script.ended(),
        [(Outcome::ShortAbandoned, EndCause::Customer)]
    );
    script.leg_ends(agent, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn an_answer_that_crosses_the_callers_bye_changes_nothing() {
    let (mut script, agent) = Script::ringing();
    let entry = script.entry();
    script.customer_hangs_up();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    assert!(
        !script
            .inputs()
            .iter()
            .any(|input| matches!(input, Input::OfferAnswered { .. }))
    );
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Abandoned,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    script.leg_ends(agent, LegEndCause::Local);
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn an_answer_that_counted_while_the_caller_left_frees_the_agent() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let offer = script.offer_id();
    script.customer_hangs_up();
    script.say(CallInput::OfferAccepted {
        offer,
        agent: AgentId::from_number(7),
    });
    assert!(script.inputs().contains(&Input::TalkEnded {
        agent: AgentId::from_number(7),
        interaction: InteractionId::from_number(1)
    }));
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
}

#[test]
fn an_agent_who_leaves_before_the_answer_is_counted_gives_the_caller_back_to_the_flow() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let offer = script.offer_id();
    script.leg_ends(agent, LegEndCause::Bye);
    assert!(
        !script
            .inputs()
            .iter()
            .any(|input| matches!(input, Input::OfferFailed { .. })),
        "the Distributor has been told of the answer, and its word decides"
    );
    script.say(CallInput::OfferAccepted {
        offer,
        agent: AgentId::from_number(7),
    });
    assert!(script.inputs().contains(&Input::TalkEnded {
        agent: AgentId::from_number(7),
        interaction: InteractionId::from_number(1)
    }));
    assert!(
        script.did(&LegCommand::Hangup(CUSTOMER)),
        "the flow's `after` hangs up"
    );
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Agent)]);
    script.leg_ends(CUSTOMER, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn an_agent_who_leaves_before_a_void_answer_owes_no_end() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let (offer, entry) = (script.offer_id(), script.entry());
    script.leg_ends(agent, LegEndCause::Bye);
    script.say(CallInput::OfferVoid { offer });
    assert!(script.ended().is_empty(), "the caller waits on");
    script.customer_hangs_up();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Abandoned,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn a_void_answer_releases_that_leg_and_the_caller_waits_on() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let offer = script.offer_id();
    script.say(CallInput::OfferVoid { offer });
    assert!(script.did(&LegCommand::Hangup(agent)));
    let next = script.offer();
    assert_ne!(next, agent);
}
