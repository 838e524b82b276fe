//! What a stored decision says.

use super::support::*;
use crate::agent::Wanted;
use crate::decision::{Decision, DecisionKind, Keys, TieBreak};
use crate::distributor::{Input, Output};
use crate::event::Event;
use crate::id::{AgentId, QueueEntryId};
use std::collections::BTreeMap;

fn counts(pairs: &[(&str, u32)]) -> BTreeMap<String, u32> {
    pairs.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect()
}

#[test]
fn every_agent_is_a_candidate_or_counted_by_one_cause() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 5)]);
    let prototype = {
        let mut agent = agent("x");
        agent.skills = skills(&[("billing", 5)]);
        agent
    };
    company.agents = (1..=20)
        .map(|n| (AgentId::from_number(n), prototype.clone()))
        .collect();
    let id = AgentId::from_number;
    company.agents.get_mut(&id(1)).unwrap().queues.clear();
    company.agents.get_mut(&id(2)).unwrap().skills.clear();
    let mut story = Story::new(company);
    // 1 is not in the queue, 2 lacks the skill, 3 is offline, 4 not ready, 5 on an own call, 6 wraps up, 7 rings.
    story.log_in(id(6));
    story.talk(id(6), 100);
    story.end_talk(id(6), 100);
    story.log_in(id(7));
    story.caller(101);
    for n in (1..=20).filter(|n| !(3..=3).contains(n) && !(6..=7).contains(n)) {
        story.log_in(id(n));
    }
    story.lunch(id(4));
    story.tell(Input::OwnCallStarted { agent: id(5) });
    story.caller(1);
    let decision = story.decisions().pop().unwrap();
    assert_eq!(decision.kind, DecisionKind::Arrive);
    let expected = counts(&[
        ("not_in_queue", 1),
        ("skill:billing", 1),
        ("offline", 1),
        ("not_ready", 1),
        ("busy", 1),
        ("wrap_up", 1),
        ("offered", 1),
    ]);
    assert_eq!(decision.removed, expected);
    assert_eq!(decision.chosen.agent, id(8));
    let next: Vec<_> = decision.candidates.iter().map(|c| c.agent).collect();
    assert_eq!(next, (9..=17).map(id).collect::<Vec<_>>(), "nine, in order");
}

#[test]
fn a_ready_agent_counts_callers() {
    let mut company = company();
    company.agents.get_mut(&ANA).unwrap().queues.remove(&SALES);
    let mut story = Story::with(company, &[BEN]);
    // 1 rings at Ben, 2 is of a queue that is not Ana's, 3 wants a skill; 4 and 5 can be served.
    story.caller(1);
    let mut sales = request(2);
    sales.queue = SALES;
    story.tell(Input::Enqueue(sales));
    let mut wish = request(3);
    wish.skills = skills(&[("spanish", 1)]);
    story.tell(Input::Enqueue(wish));
    story.caller(4);
    story.caller(5);
    story.tell(Input::PhoneRegistered { agent: ANA });
    let decision = story.decisions().pop().unwrap();
    assert_eq!(decision.kind, DecisionKind::Ready);
    assert_eq!(decision.entry, QueueEntryId::from_number(4));
    let expected = counts(&[("offered", 1), ("not_in_queue", 1), ("skill:spanish", 1)]);
    assert_eq!(decision.removed, expected);
    assert_eq!(decision.candidates.len(), 1);
    assert_eq!(decision.tie_break, TieBreak::Sequence);
    assert!(matches!(
        decision.chosen.keys,
        Keys::Caller {
            class: 1,
            seq: 4,
            ..
        }
    ));
}

#[test]
fn the_decision_is_logged_before_its_offer() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    let kinds: Vec<&str> = story
        .said
        .iter()
        .map(|output| match output {
            Output::Log(Event::QueueEntered { .. }) => "entered",
            Output::Queued { .. } => "queued",
            Output::Log(Event::Decided { .. }) => "decided",
            Output::Log(Event::OfferMade { .. }) => "made",
            Output::Log(Event::AgentStateChanged { .. }) => "agent",
            Output::Offer { .. } => "offer",
            _ => "other",
        })
        .collect();
    assert_eq!(
        kinds,
        ["entered", "queued", "decided", "made", "agent", "offer"]
    );
}

#[test]
fn offers_count_up_within_the_epoch() {
    let mut story = Story::with(company(), &[ANA, BEN, CAI]);
    for number in 1..=3 {
        story.caller(number);
    }
    let offers: Vec<_> = story.decisions().iter().map(|d| d.offer).collect();
    let numbers: Vec<_> = offers.iter().map(|o| (o.epoch, o.seq)).collect();
    assert_eq!(numbers, [(7, 1), (7, 2), (7, 3)]);
}

#[test]
fn the_only_candidate_needs_no_tie_break() {
    let mut story = Story::with(company(), &[ANA]);
    story.want(ANA, Wanted::Available);
    story.caller(1);
    let decision: Decision = story.decisions().pop().unwrap();
    assert_eq!(decision.tie_break, TieBreak::OnlyOne);
    assert!(decision.candidates.is_empty());
    // It survives the way into the log and back.
    let text = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
}
