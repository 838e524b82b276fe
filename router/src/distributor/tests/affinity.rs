//! Last-agent affinity, agents' own order of queues, licences that end.

use super::support::*;
use crate::agent::Wanted;
use crate::company::RoutingCompany;
use crate::decision::{DecisionKind, Keys, TieBreak};
use crate::distributor::{EntryRequest, Input};
use crate::id::{AgentId, QueueEntryId};
use crate::outcome::OfferOutcome;

/// A caller who spoke with Ana last.
fn of_ana(number: u64) -> EntryRequest {
    let mut request = request(number);
    request.wishes.last_agent = Some(ANA);
    request
}

fn holding() -> RoutingCompany {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().last_agent = Some(secs(20));
    company
}

/// Ana is in a call, Ben is free, and a caller of Ana's waits for her.
fn held() -> Story {
    let mut story = Story::with(holding(), &[ANA]);
    story.talk(ANA, 1);
    story.log_in(BEN);
    story.tell(Input::Enqueue(of_ana(2)));
    assert_eq!(story.offered(), None, "held for Ana, though Ben is free");
    story
}

#[test]
fn a_caller_waits_for_the_last_agent_and_then_for_anybody() {
    let mut story = held();
    story.pass(19);
    assert_eq!(story.offered(), None);
    story.pass(1);
    assert_eq!(story.offered().unwrap().1, BEN);
    assert_eq!(story.decisions().pop().unwrap().kind, DecisionKind::Relax);
}

#[test]
fn the_last_agent_gets_the_caller_when_free_in_time() {
    let mut story = held();
    story.end_talk(ANA, 1);
    story.pass(10);
    assert_eq!(story.offered().unwrap().1, ANA);
}

#[test]
fn a_free_last_agent_comes_before_those_who_are_idle_longer() {
    let mut story = Story::with(holding(), &[BEN, ANA]);
    story.tell(Input::Enqueue(of_ana(1)));
    assert_eq!(story.offered().unwrap().1, ANA);
    let decision = story.decisions().pop().unwrap();
    assert_eq!(
        decision.removed["held"], 2,
        "Ben and Cai are left out, and that shows"
    );
}

#[test]
fn nobody_is_waited_for_who_does_not_come() {
    // Declined: the next one at once.
    let mut story = Story::with(holding(), &[BEN, ANA]);
    story.tell(Input::Enqueue(of_ana(1)));
    let (offer, _) = story.offered().unwrap();
    story.fail(offer, OfferOutcome::Declined);
    assert_eq!(story.offered().unwrap().1, BEN);
    // Goes to lunch after the call.
    let mut story = held();
    story.lunch(ANA);
    story.end_talk(ANA, 1);
    story.pass(10);
    assert_eq!(story.offered().unwrap().1, BEN);
    // Is not ready, offline, or not fit, when the caller comes.
    for what in [lunch(), Wanted::Offline] {
        let mut story = Story::with(holding(), &[ANA, BEN]);
        story.want(ANA, what);
        story.tell(Input::Enqueue(of_ana(1)));
        assert_eq!(story.offered().unwrap().1, BEN);
    }
    let mut company = holding();
    company
        .agents
        .get_mut(&ANA)
        .unwrap()
        .queues
        .remove(&SUPPORT);
    let mut story = Story::with(company, &[ANA, BEN]);
    story.tell(Input::Enqueue(of_ana(1)));
    assert_eq!(story.offered().unwrap().1, BEN);
    // An edit takes the queue from Ana.
    let mut story = held();
    let mut edited = holding();
    edited.agents.get_mut(&ANA).unwrap().queues.remove(&SUPPORT);
    story.tell(Input::Configure(edited));
    assert_eq!(story.offered().unwrap().1, BEN);
}

#[test]
fn the_flows_hold_stands_in_place_of_the_queues() {
    for (hold, free) in [(0, Some(BEN)), (5, None)] {
        let mut story = Story::with(holding(), &[ANA]);
        story.talk(ANA, 1);
        story.log_in(BEN);
        let mut wish = of_ana(2);
        wish.wishes.hold = Some(secs(hold));
        story.tell(Input::Enqueue(wish));
        assert_eq!(story.offered().map(|(_, agent)| agent), free);
        story.pass(5);
        assert_eq!(story.decisions().pop().unwrap().chosen.agent, BEN);
    }
    // Without a window nobody is waited for.
    let mut story = Story::with(company(), &[BEN, ANA]);
    story.tell(Input::Enqueue(of_ana(1)));
    assert_eq!(story.offered().unwrap().1, BEN);
}

#[test]
fn an_agent_takes_the_queue_that_comes_first_in_the_own_order() {
    let mut company = company();
    company.agents.get_mut(&ANA).unwrap().prefers = vec![SALES];
    let mut story = Story::new(company);
    story.caller(1);
    story.pass(10);
    let mut sales = request(2);
    sales.queue = SALES;
    story.tell(Input::Enqueue(sales));
    story.log_in(ANA);
    let decision = &story.decisions()[0];
    assert_eq!(decision.entry, QueueEntryId::from_number(2));
    assert_eq!(decision.tie_break, TieBreak::Preference);
    let next = &decision.candidates[0].keys;
    assert!(matches!(next, Keys::Caller { preference: 1, .. }));
    // Ben has no order of his own.
    story.log_in(BEN);
    assert_eq!(story.decisions()[1].tie_break, TieBreak::OnlyOne);
}

#[test]
fn class_and_promotion_come_before_an_agents_own_order() {
    let mut company = company();
    company.agents.get_mut(&ANA).unwrap().prefers = vec![SALES];
    let take = |story: &mut Story| {
        let mut sales = request(2);
        sales.queue = SALES;
        story.tell(Input::Enqueue(sales));
        story.log_in(ANA);
        story.decisions()[0].entry
    };
    let mut story = Story::new(company.clone());
    let mut emergency = request(1);
    emergency.class = Some(0);
    story.tell(Input::Enqueue(emergency));
    assert_eq!(take(&mut story), QueueEntryId::from_number(1));
    let mut story = Story::new(company);
    story.caller(1);
    story.pass(900);
    assert_eq!(take(&mut story), QueueEntryId::from_number(1), "promoted");
}

#[test]
fn a_skill_whose_licence_has_ended_is_none() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("insurance", 1)]);
    let begin = Story::new(company.clone()).now;
    for (agent, ends) in [(ANA, Some(10)), (BEN, None)] {
        let agent: &mut crate::company::Agent = company.agents.get_mut(&agent).unwrap();
        agent.skills = skills(&[("insurance", 1)]);
        let ends = ends.map(|ends| ("insurance".to_owned(), begin + secs(ends)));
        agent.licences = ends.into_iter().collect();
    }
    let chosen = |after: u64| -> (AgentId, Option<u32>) {
        let mut story = Story::with(company.clone(), &[ANA, BEN]);
        story.now = begin + secs(after);
        story.caller(1);
        let decision = story.decisions().pop().unwrap();
        (
            decision.chosen.agent,
            decision.removed.get("licence").copied(),
        )
    };
    assert_eq!(chosen(9), (ANA, None));
    assert_eq!(chosen(10), (BEN, Some(1)));
}

#[test]
fn a_licence_that_ends_while_somebody_waits_is_told_to_the_supervisor() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("insurance", 1)]);
    let begin = Story::new(company.clone()).now;
    let ana = company.agents.get_mut(&ANA).unwrap();
    ana.skills = skills(&[("insurance", 1)]);
    ana.licences = [("insurance".to_owned(), begin + secs(60))].into();
    let mut story = Story::with(company, &[ANA]);
    story.talk(ANA, 1);
    story.caller(2);
    assert_eq!(story.told("unmeetable_requirement"), 0);
    story.pass(59);
    assert_eq!(story.told("unmeetable_requirement"), 1);
    story.end_talk(ANA, 1);
    story.pass(10);
    assert_eq!(story.offered(), None);
}
