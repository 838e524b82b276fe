//! Callers whom a queue does not take or keep: every cause by every way.

use super::support::*;
use crate::agent::{AgentState, Wanted};
use crate::company::{RoutingCompany, WhenNoAgents};
use crate::distributor::{Input, Output};
use crate::event::Event;
use crate::id::QueueId;
use crate::outcome::{EntryOutcome, Refusal};
use crate::overflow::{Cause, Overflow, Way};

/// `SUPPORT` with these ways, short of room and time.
fn sending(overflow: Overflow) -> RoutingCompany {
    let mut company = company();
    let queue = company.queues.get_mut(&SUPPORT).unwrap();
    queue.overflow = overflow;
    queue.max_length = 1;
    queue.max_wait = secs(15);
    queue.when_no_agents = WhenNoAgents::Exit;
    company
}

fn all(way: Way) -> Overflow {
    Overflow {
        max_wait: way,
        full: way,
        no_agents: way,
    }
}

/// How the last step put a caller out, and where to.
fn left(story: &Story) -> Option<(EntryOutcome, Option<Refusal>, Way)> {
    story.said.iter().find_map(|output| match output {
        Output::EntryLeft {
            outcome,
            refusal,
            way,
            ..
        } => Some((*outcome, *refusal, *way)),
        _ => None,
    })
}

/// What the log says about callers who were sent on.
fn sent_on(story: &Story) -> Vec<(Cause, Way)> {
    let events = story.log.iter();
    events
        .filter_map(|event| match event {
            Event::QueueOverflowed { cause, way, .. } => Some((*cause, *way)),
            _ => None,
        })
        .collect()
}

/// Everybody who serves `SUPPORT` leaves, one waits too long, one finds it full; in this order what became of them.
fn every_cause(overflow: Overflow) -> Vec<(EntryOutcome, Option<Refusal>, Way)> {
    let mut story = Story::with(sending(overflow), &[ANA]);
    story.lunch(ANA);
    story.caller(1);
    story.caller(2);
    let full = left(&story);
    story.pass(15);
    let too_long = left(&story);
    story.caller(3);
    story.want(ANA, Wanted::Offline);
    let nobody = left(&story);
    let causes: Vec<Cause> = sent_on(&story).iter().map(|(cause, _)| *cause).collect();
    let expected: &[Cause] = if overflow.is_exit() {
        &[]
    } else {
        &[Cause::Full, Cause::MaxWait, Cause::NoAgents]
    };
    assert_eq!(causes, expected);
    [full, too_long, nobody]
        .into_iter()
        .map(Option::unwrap)
        .collect()
}

#[test]
fn each_cause_goes_the_way_that_the_queue_says() {
    let (refused, timed_out) = (EntryOutcome::Refused, EntryOutcome::TimedOut);
    for way in [Way::Exit, Way::Closed] {
        let expected = [
            (refused, Some(Refusal::Full), way),
            (timed_out, None, way),
            (refused, Some(Refusal::NoAgents), way),
        ];
        assert_eq!(every_cause(all(way)), expected);
    }
    let to_sales = (EntryOutcome::Overflowed, None, Way::Queue(SALES));
    assert_eq!(every_cause(all(Way::Queue(SALES))), [to_sales; 3]);
    let to_the_box = (EntryOutcome::Voicemail, None, Way::Voicemail);
    assert_eq!(every_cause(all(Way::Voicemail)), [to_the_box; 3]);
}

#[test]
fn the_flows_own_exit_comes_before_the_queues_way() {
    let mut story = Story::with(sending(all(Way::Queue(SALES))), &[ANA]);
    story.lunch(ANA);
    let mut with_exit = request(1);
    with_exit.wishes.own_exits = vec![Cause::MaxWait];
    story.tell(Input::Enqueue(with_exit));
    story.pass(15);
    assert_eq!(
        left(&story),
        Some((EntryOutcome::TimedOut, None, Way::Exit))
    );
    assert!(sent_on(&story).is_empty());
}

#[test]
fn nobody_is_sent_to_a_queue_twice_or_to_one_that_is_gone() {
    let gone = QueueId::from_number(99);
    for (to, been) in [(SUPPORT, vec![]), (SALES, vec![SALES]), (gone, vec![])] {
        let mut story = Story::with(sending(all(Way::Queue(to))), &[ANA]);
        story.lunch(ANA);
        let mut caller = request(1);
        caller.wishes.been = been;
        story.tell(Input::Enqueue(caller));
        story.pass(15);
        assert_eq!(
            left(&story),
            Some((EntryOutcome::TimedOut, None, Way::Exit))
        );
    }
}

#[test]
fn a_ringing_phone_is_taken_back_when_the_caller_is_sent_on() {
    let mut story = Story::with(sending(all(Way::Queue(SALES))), &[ANA]);
    let idle = story.idle(ANA);
    story.caller(1);
    assert!(story.is(ANA, AgentState::Offered));
    story.pass(15);
    assert_eq!(left(&story).unwrap().2, Way::Queue(SALES));
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.idle(ANA), idle);
}

#[test]
fn what_nobody_can_ever_meet_is_flagged_and_goes_the_overflow_way() {
    let mut company = sending(all(Way::Queue(SALES)));
    company.queues.get_mut(&SUPPORT).unwrap().max_length = 9;
    company.agents.get_mut(&ANA).unwrap().skills = skills(&[("billing", 5)]);
    let mut story = Story::with(company.clone(), &[ANA, BEN]);
    story.lunch(ANA);
    let mut able = request(1);
    able.skills = skills(&[("billing", 5)]);
    story.tell(Input::Enqueue(able.clone()));
    assert_eq!(left(&story), None, "not ready is logged in");
    // Nobody has it at all: at once, though two are logged in.
    let mut unknown = request(2);
    unknown.skills = skills(&[("welsh", 1)]);
    story.tell(Input::Enqueue(unknown));
    assert_eq!(left(&story).unwrap().2, Way::Queue(SALES));
    assert_eq!(story.told("unmeetable_requirement"), 1);
    // The only one who has it logs out: who waits for that goes, at that moment.
    story.want(ANA, Wanted::Offline);
    assert_eq!(left(&story).unwrap().2, Way::Queue(SALES));
    assert_eq!(story.told("unmeetable_requirement"), 2);
    // A queue that lets callers wait keeps them, and says so.
    let queue = company.queues.get_mut(&SUPPORT).unwrap();
    queue.when_no_agents = WhenNoAgents::Wait;
    story.tell(Input::Configure(company));
    able.entry = crate::id::QueueEntryId::from_number(3);
    able.interaction = crate::id::InteractionId::from_number(3);
    story.tell(Input::Enqueue(able));
    assert_eq!(left(&story), None);
    assert_eq!(story.told("unmeetable_requirement"), 3);
}

#[test]
fn a_step_of_the_ladder_that_somebody_meets_is_worth_waiting_for() {
    let mut company = sending(all(Way::Voicemail));
    let queue = company.queues.get_mut(&SUPPORT).unwrap();
    queue.skills = skills(&[("welsh", 1)]);
    queue.ladder = vec![crate::requirement::LadderStep {
        after: secs(10),
        skills: skills(&[("welsh", 0)]),
        ..Default::default()
    }];
    let mut story = Story::with(company, &[ANA]);
    story.caller(1);
    assert_eq!(left(&story), None);
    story.pass(10);
    assert_eq!(story.offered().unwrap().1, ANA);
}
