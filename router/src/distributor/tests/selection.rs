//! Who gets the call: skills, tiers, idle time; class, `V`, sequence; work conservation.

use super::support::*;
use crate::agent::{AgentState, Wanted};
use crate::decision::{DecisionKind, TieBreak};
use crate::distributor::Input;
use crate::id::{AgentId, QueueEntryId};
use crate::outcome::OfferOutcome;
use std::time::Duration;

/// The agent whom the only caller was offered to.
fn chosen(story: &Story) -> Option<AgentId> {
    story
        .decisions()
        .last()
        .map(|decision| decision.chosen.agent)
}

#[test]
fn longest_idle_first() {
    let mut story = Story::with(company(), &[BEN, ANA, CAI]);
    story.caller(1);
    assert_eq!(chosen(&story), Some(BEN));
    assert_eq!(story.decisions()[0].tie_break, TieBreak::LongestIdle);
}

#[test]
fn levels_are_thresholds() {
    for (level, expected) in [(4, None), (5, Some(ANA)), (9, Some(ANA))] {
        let mut company = company();
        company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 5)]);
        company.agents.get_mut(&ANA).unwrap().skills = skills(&[("billing", level)]);
        let mut story = Story::with(company, &[BEN, ANA]);
        story.caller(1);
        assert_eq!(chosen(&story), expected, "level {level}");
    }
}

#[test]
fn a_better_level_does_not_beat_a_longer_idle_time() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 5)]);
    company.agents.get_mut(&ANA).unwrap().skills = skills(&[("billing", 10)]);
    company.agents.get_mut(&BEN).unwrap().skills = skills(&[("billing", 5)]);
    let mut story = Story::with(company, &[BEN, ANA]);
    story.caller(1);
    assert_eq!(chosen(&story), Some(BEN));
}

#[test]
fn the_higher_of_the_queues_and_the_flows_level_holds() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 3), ("spanish", 2)]);
    company.agents.get_mut(&ANA).unwrap().skills = skills(&[("billing", 9), ("spanish", 5)]);
    let mut story = Story::with(company, &[ANA]);
    let mut wish = request(1);
    wish.skills = skills(&[("billing", 1), ("spanish", 5), ("vip", 0)]);
    story.tell(Input::Enqueue(wish));
    let decision = story.decisions().pop().unwrap();
    let merged = skills(&[("billing", 3), ("spanish", 5), ("vip", 0)]);
    assert_eq!(decision.requirement, merged);
}

#[test]
fn the_inner_tier_first() {
    let mut company = company();
    let ben = company.agents.get_mut(&BEN).unwrap();
    ben.queues.insert(SUPPORT, 2);
    let mut story = Story::with(company, &[BEN, ANA]);
    story.caller(1);
    assert_eq!(chosen(&story), Some(ANA));
    assert_eq!(story.decisions()[0].tie_break, TieBreak::Tier);
    story.caller(2);
    assert_eq!(
        chosen(&story),
        Some(BEN),
        "the outer tier when the inner is busy"
    );
}

#[test]
fn equal_idle_times_go_by_ready_sequence() {
    let mut story = Story::new(company());
    story.log_in(CAI);
    story.log_in(ANA);
    story.caller(1);
    assert_eq!(chosen(&story), Some(CAI));
    assert_eq!(story.decisions()[0].tie_break, TieBreak::ReadySeq);
}

#[test]
fn a_ready_agent_takes_class_then_v_then_sequence() {
    let mut story = Story::new(company());
    story.caller(1);
    story.caller(2);
    story.pass(10);
    let mut early = request(3);
    early.head_start = secs(11);
    story.tell(Input::Enqueue(early));
    let mut emergency = request(4);
    emergency.class = Some(0);
    story.tell(Input::Enqueue(emergency));
    let mut order = Vec::new();
    for tie_break in [
        TieBreak::Class,
        TieBreak::V,
        TieBreak::Sequence,
        TieBreak::OnlyOne,
    ] {
        story.log_in(ANA);
        let decision = story.decisions().pop().unwrap();
        assert_eq!(decision.kind, DecisionKind::Ready);
        assert_eq!(decision.tie_break, tie_break);
        order.push(decision.entry);
        let offer = decision.offer;
        story.answer(offer);
        let interaction = decision.interaction;
        story.tell(Input::TalkEnded {
            agent: ANA,
            interaction,
        });
        story.lunch(ANA);
    }
    assert_eq!(order, [4, 3, 1, 2].map(QueueEntryId::from_number));
}

#[test]
fn head_starts_of_queue_and_flow_add_up() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().head_start = secs(60);
    let mut story = Story::new(company);
    let mut wish = request(1);
    wish.head_start = secs(30);
    story.tell(Input::Enqueue(wish));
    let waiting = story.distributor.queue(SUPPORT).unwrap().waiting;
    assert_eq!(waiting[0].v, story.now - secs(90));
    // Nonsense saturates.
    let mut wish = request(2);
    wish.head_start = Duration::MAX;
    story.tell(Input::Enqueue(wish));
}

#[test]
fn nobody_waits_behind_a_caller_whom_the_agent_cannot_serve() {
    let mut company = company();
    company
        .agents
        .get_mut(&ANA)
        .unwrap()
        .queues
        .remove(&SUPPORT);
    let mut story = Story::new(company);
    story.caller(1);
    let mut sales = request(2);
    sales.queue = SALES;
    story.tell(Input::Enqueue(sales));
    story.log_in(ANA);
    assert_eq!(story.decisions()[0].entry, QueueEntryId::from_number(2));
}

#[test]
fn an_edit_matches_at_once() {
    let mut hard = company();
    hard.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 5)]);
    let mut story = Story::with(hard.clone(), &[ANA, BEN]);
    story.caller(1);
    story.pass(1);
    story.caller(2);
    assert_eq!(story.offered(), None);
    // Ben learns it.
    hard.agents.get_mut(&BEN).unwrap().skills = skills(&[("billing", 5)]);
    story.tell(Input::Configure(hard));
    let decision = story.decisions().pop().unwrap();
    assert_eq!(decision.kind, DecisionKind::Relax);
    assert_eq!(decision.chosen.agent, BEN);
    assert_eq!(decision.entry, QueueEntryId::from_number(1));
    // The queue asks for it no more.
    story.tell(Input::Configure(company()));
    assert_eq!(chosen(&story), Some(ANA));
}

#[test]
fn an_edit_leaves_the_idle_clock() {
    let mut story = Story::with(company(), &[ANA]);
    let idle = story.idle(ANA);
    story.pass(10);
    let mut edited = company();
    edited.agents.get_mut(&ANA).unwrap().skills = skills(&[("billing", 5)]);
    story.tell(Input::Configure(edited));
    assert_eq!(story.idle(ANA), idle);
}

#[test]
fn a_removed_agent_goes_now_or_after_the_call() {
    let mut without_ana = company();
    without_ana.agents.remove(&ANA);
    // Available.
    let mut story = Story::with(company(), &[ANA]);
    story.tell(Input::Configure(without_ana.clone()));
    assert_eq!(story.distributor.agent(ANA), None);
    // Offered: the caller goes on.
    let mut story = Story::with(company(), &[ANA, BEN]);
    story.caller(1);
    story.tell(Input::Configure(without_ana.clone()));
    assert_eq!(story.revoked(), Some(OfferOutcome::Revoked));
    assert_eq!(story.offered().unwrap().1, BEN);
    // Talking: whatever is asked for, offline comes after call and wrap-up.
    let mut story = Story::with(company(), &[ANA]);
    story.talk(ANA, 1);
    story.tell(Input::Configure(without_ana));
    assert!(story.is(ANA, AgentState::OnCall));
    story.want(ANA, Wanted::Available);
    story.end_talk(ANA, 1);
    story.pass(10);
    assert_eq!(story.distributor.agent(ANA), None);
}

#[test]
fn fifteen_minutes_promote_a_caller() {
    let mut story = Story::new(company());
    story.caller(1);
    story.pass(10);
    let mut emergency = request(2);
    emergency.class = Some(0);
    story.tell(Input::Enqueue(emergency));
    let place = |story: &Story| story.distributor.queue(SUPPORT).unwrap().waiting[0].entry;
    assert_eq!(place(&story), QueueEntryId::from_number(2));
    story.pass(15 * 60 - 10);
    assert_eq!(place(&story), QueueEntryId::from_number(1));
}
