//! One offer at a time, and each way it ends.

use super::support::*;
use crate::agent::{AgentState, Reason};
use crate::decision::DecisionKind;
use crate::distributor::{Input, Output};
use crate::event::Event;
use crate::id::{InteractionId, OfferId, QueueEntryId};
use crate::outcome::{EntryOutcome, OfferOutcome};

#[test]
fn accepted_connects_and_ends_the_waiting() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    let (offer, _) = story.offered().unwrap();
    story.answer(offer);
    assert!(story.said.contains(&Output::Accepted {
        interaction: InteractionId::from_number(1),
        entry: QueueEntryId::from_number(1),
        offer,
        agent: ANA,
    }));
    assert_eq!(story.outcomes(1), [EntryOutcome::Answered]);
    assert!(story.log.contains(&Event::OfferEnded {
        interaction: InteractionId::from_number(1),
        offer,
        agent: ANA,
        outcome: OfferOutcome::Accepted,
    }));
    assert!(story.distributor.queue(SUPPORT).unwrap().waiting.is_empty());
}

#[test]
fn the_second_answer_and_every_outdated_one_is_void() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    let (offer, _) = story.offered().unwrap();
    let of_the_last_run = OfferId { epoch: 6, ..offer };
    story.answer(of_the_last_run);
    assert_eq!(
        story.said,
        [Output::OfferVoid {
            offer: of_the_last_run
        }]
    );
    story.fail(of_the_last_run, OfferOutcome::Declined);
    assert!(story.is(ANA, AgentState::Offered));
    story.answer(offer);
    let outdated = [
        offer,
        OfferId { epoch: 6, seq: 1 },
        OfferId { epoch: 7, seq: 99 },
    ];
    for offer in outdated {
        story.answer(offer);
        assert_eq!(story.said, [Output::OfferVoid { offer }]);
    }
    assert!(story.is(ANA, AgentState::OnCall));
}

#[test]
fn an_answer_after_the_caller_left_is_void() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    let (offer, _) = story.offered().unwrap();
    story.hang_up(1);
    assert_eq!(story.revoked(), Some(OfferOutcome::CallerLeft));
    story.answer(offer);
    assert_eq!(story.said, [Output::OfferVoid { offer }]);
    assert_eq!(story.outcomes(1), [EntryOutcome::ShortAbandoned]);
    assert!(story.is(ANA, AgentState::Available));
}

#[test]
fn declined_goes_on_to_the_next_agent_and_keeps_v() {
    let mut story = Story::with(company(), &[ANA, BEN]);
    story.caller(1);
    let (first, to) = story.offered().unwrap();
    assert_eq!(to, ANA);
    story.pass(3);
    story.fail(first, OfferOutcome::Declined);
    let (second, to) = story.offered().unwrap();
    assert_eq!(to, BEN);
    assert!(second > first);
    let decisions = story.decisions();
    assert_eq!(decisions[1].kind, DecisionKind::Return);
    assert_eq!(decisions[0].v, decisions[1].v);
    assert_eq!(decisions[1].removed.get("excluded"), Some(&1));
    assert_eq!(story.revoked(), None, "the call knows that it failed");
}

#[test]
fn excluded_while_somebody_else_is_eligible_only() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    let (offer, _) = story.offered().unwrap();
    story.fail(offer, OfferOutcome::NoAnswer);
    // Nobody else: after the cooldown Ana is asked again although 30 s have not passed.
    story.pass(10);
    let (offer, to) = story.offered().unwrap();
    assert_eq!(to, ANA);
    // Now Ben is there too when Ana returns from her second miss.
    story.fail(offer, OfferOutcome::NoAnswer);
    story.log_in(BEN);
    let (offer, to) = story.said_offer_to(BEN);
    assert_eq!(to, BEN);
    story.pass(10);
    assert!(story.is(ANA, AgentState::Available));
    story.log_in(CAI);
    story.fail(offer, OfferOutcome::Declined);
    // Ana is idle longer but refused this caller 10 s ago.
    assert_eq!(story.offered().unwrap().1, CAI);
}

#[test]
fn the_exclusion_is_lifted_when_the_only_other_one_missed_too() {
    let mut story = Story::with(company(), &[ANA, BEN]);
    story.caller(1);
    let (offer, _) = story.offered().unwrap();
    story.fail(offer, OfferOutcome::Declined);
    let (offer, _) = story.offered().unwrap();
    story.pass(29);
    // Ben's ringing was taken for a miss at 22 s, so Ana was asked again: nobody else was there.
    assert!(story.is(ANA, AgentState::Offered));
    story.answer(offer);
    assert_eq!(story.said, [Output::OfferVoid { offer }]);
    let excluded = story.decisions()[2].removed.contains_key("excluded");
    assert!(!excluded);
}

#[test]
fn the_exclusion_ends_when_its_time_has_passed() {
    for (exclude_for, expected) in [(10, ANA), (11, CAI)] {
        let mut company = company();
        company.settings.exclude_for = secs(exclude_for);
        let mut story = Story::with(company, &[ANA, BEN]);
        story.caller(1);
        let (offer, _) = story.offered().unwrap();
        story.fail(offer, OfferOutcome::Declined);
        let (offer, _) = story.offered().unwrap();
        // Ana's cooldown is over, and Cai comes right after her.
        story.pass(10);
        story.log_in(CAI);
        story.fail(offer, OfferOutcome::Declined);
        assert_eq!(story.offered().unwrap().1, expected, "{exclude_for} s");
    }
}

#[test]
fn a_call_that_reports_nothing_is_a_miss_after_ring_timeout_and_grace() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    assert_eq!(
        story.distributor.next_deadline(),
        Some(story.now + secs(22))
    );
    story.pass(21);
    assert!(story.is(ANA, AgentState::Offered));
    story.pass(1);
    assert_eq!(story.revoked(), Some(OfferOutcome::NoAnswer));
    assert_eq!(
        story.state(ANA),
        (AgentState::NotReady, Some(Reason::Cooldown))
    );
    assert!(story.outcomes(1).is_empty(), "the caller still waits");
}

#[test]
fn the_phone_of_the_offered_agent_goes() {
    let mut story = Story::with(company(), &[ANA, BEN]);
    story.caller(1);
    story.tell(Input::PhoneGone {
        agent: ANA,
        by_agent: false,
    });
    assert_eq!(story.revoked(), Some(OfferOutcome::Unreachable));
    assert_eq!(story.offered().unwrap().1, BEN);
}

#[test]
fn an_unreachable_agent_is_left_out_and_the_caller_goes_on() {
    let mut story = Story::with(company(), &[ANA, BEN]);
    story.caller(1);
    let (offer, _) = story.offered().unwrap();
    story.fail(offer, OfferOutcome::Unreachable);
    assert_eq!(story.offered().unwrap().1, BEN);
    assert!(story.is(ANA, AgentState::NotReady));
}

#[test]
fn an_own_call_while_it_rings_takes_the_offer_back() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    story.tell(Input::OwnCallStarted { agent: ANA });
    assert_eq!(story.revoked(), Some(OfferOutcome::Revoked));
    story.tell(Input::OwnCallEnded { agent: ANA });
    assert_eq!(story.offered().unwrap().1, ANA);
}

#[test]
fn the_agent_freed_by_a_caller_who_left_takes_the_next_one() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    story.caller(2);
    assert_eq!(story.offered(), None);
    story.hang_up(1);
    assert_eq!(story.offered().unwrap().1, ANA);
    assert_eq!(story.decisions()[1].kind, DecisionKind::Ready);
}

#[test]
fn a_returned_caller_does_not_pass_one_who_waited_longer() {
    // Ana is asked for caller 2 (sales, where only she serves); caller 1 waits for Ben.
    let mut company = company();
    company
        .agents
        .get_mut(&ANA)
        .unwrap()
        .queues
        .remove(&SUPPORT);
    let mut story = Story::with(company, &[ANA]);
    story.caller(1);
    story.pass(1);
    let mut sales = request(2);
    sales.queue = SALES;
    story.tell(Input::Enqueue(sales));
    let (offer, _) = story.offered().unwrap();
    story.fail(offer, OfferOutcome::Declined);
    story.log_in(BEN);
    let first = story.decisions().pop().unwrap();
    assert_eq!(first.entry, QueueEntryId::from_number(1));
}

impl Story {
    /// The last offer in the log, which must be to `agent`.
    fn said_offer_to(&self, agent: crate::id::AgentId) -> (OfferId, crate::id::AgentId) {
        let offer = self.log.iter().rev().find_map(|event| match event {
            Event::OfferMade { offer, agent, .. } => Some((*offer, *agent)),
            _ => None,
        });
        let offer = offer.unwrap();
        assert_eq!(offer.1, agent);
        offer
    }
}
