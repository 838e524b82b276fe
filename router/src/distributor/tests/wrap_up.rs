//! After-call work: none, timed, open; extended, ended, honoured by every queue.

use super::support::*;
use crate::agent::AgentState;
use crate::company::{RoutingCompany, WrapUp};
use crate::distributor::Input;
use crate::event::Event;
use crate::id::InteractionId;
use std::time::Duration;

fn with_wrap_up(wrap_up: WrapUp, cap: Duration) -> RoutingCompany {
    let mut company = company();
    let queue = company.queues.get_mut(&SUPPORT).unwrap();
    (queue.wrap_up, queue.wrap_up_cap) = (wrap_up, cap);
    company
}

fn wrapping(company: RoutingCompany) -> Story {
    let mut story = Story::with(company, &[ANA]);
    story.talk(ANA, 1);
    story.pass(60);
    story.end_talk(ANA, 1);
    story
}

#[test]
fn none_means_ready_at_once() {
    for wrap_up in [WrapUp::None, WrapUp::Timed(Duration::ZERO)] {
        let story = wrapping(with_wrap_up(wrap_up, secs(600)));
        assert!(story.is(ANA, AgentState::Available));
        assert_eq!(story.idle(ANA), story.now);
    }
}

#[test]
fn none_means_that_what_was_asked_for_comes_at_once() {
    let mut story = Story::with(with_wrap_up(WrapUp::None, secs(600)), &[ANA]);
    story.talk(ANA, 1);
    story.lunch(ANA);
    story.end_talk(ANA, 1);
    assert!(story.is(ANA, AgentState::NotReady));
    assert_eq!(story.distributor.agent(ANA).unwrap().next, None);
}

#[test]
fn timed_ends_by_itself() {
    let mut story = wrapping(with_wrap_up(WrapUp::Timed(secs(10)), secs(600)));
    story.pass(9);
    assert!(story.is(ANA, AgentState::WrapUp));
    story.pass(1);
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.idle(ANA), story.now);
    let marks = story.log.iter().filter(|event| {
        matches!(
            event,
            Event::WrapUpStarted { .. } | Event::WrapUpEnded { .. }
        )
    });
    assert_eq!(marks.count(), 2);
}

#[test]
fn open_ends_by_the_agent_or_at_the_cap() {
    let company = with_wrap_up(WrapUp::Open, secs(600));
    let mut story = wrapping(company.clone());
    story.pass(500);
    story.tell(Input::EndWrapUp { agent: ANA });
    assert!(story.is(ANA, AgentState::Available));
    let mut story = wrapping(company);
    story.pass(599);
    assert!(story.is(ANA, AgentState::WrapUp));
    story.pass(1);
    assert!(story.is(ANA, AgentState::Available));
}

#[test]
fn extending_stops_at_the_cap_and_never_shortens() {
    let extend = |seconds| Input::ExtendWrapUp {
        agent: ANA,
        by: secs(seconds),
    };
    let mut story = wrapping(with_wrap_up(WrapUp::Timed(secs(10)), secs(30)));
    story.tell(extend(5));
    story.pass(14);
    assert!(story.is(ANA, AgentState::WrapUp));
    story.tell(extend(1_000_000));
    story.pass(15);
    assert!(story.is(ANA, AgentState::WrapUp));
    story.pass(1);
    assert!(story.is(ANA, AgentState::Available));
    // A cap below the length counts for extensions only.
    let mut story = wrapping(with_wrap_up(WrapUp::Timed(secs(10)), secs(3)));
    story.tell(extend(5));
    story.pass(9);
    assert!(story.is(ANA, AgentState::WrapUp));
}

#[test]
fn every_queue_honours_it() {
    let mut story = wrapping(company());
    let mut other = request(2);
    other.queue = SALES;
    story.tell(Input::Enqueue(other));
    assert_eq!(story.offered(), None);
    story.pass(10);
    assert!(story.offered().is_some());
}

#[test]
fn an_own_call_interrupts_it() {
    let mut story = wrapping(company());
    story.tell(Input::OwnCallStarted { agent: ANA });
    story.pass(60);
    assert!(story.is(ANA, AgentState::OnCall));
    story.lunch(ANA);
    story.tell(Input::OwnCallEnded { agent: ANA });
    // Its time ran out meanwhile, so what was asked for comes at once.
    assert!(story.is(ANA, AgentState::NotReady));
    let mut story = wrapping(company());
    story.tell(Input::OwnCallStarted { agent: ANA });
    story.tell(Input::EndWrapUp { agent: ANA });
    story.tell(Input::OwnCallEnded { agent: ANA });
    assert!(story.is(ANA, AgentState::Available));
}

fn call_out() -> [Input; 2] {
    let (agent, interaction) = (ANA, InteractionId::from_number(70));
    [
        Input::CallOutStarted { agent, interaction },
        Input::CallOutEnded { agent, interaction },
    ]
}

fn wrap_up_of(story: &Story) -> Option<InteractionId> {
    story.log.iter().rev().find_map(|event| match event {
        Event::WrapUpStarted { interaction, .. } => Some(*interaction),
        _ => None,
    })
}

#[test]
fn a_call_out_that_was_answered_has_it_too() {
    // As long as the longest of the agent's queues.
    let mut story = Story::with(with_wrap_up(WrapUp::Timed(secs(10)), secs(30)), &[ANA]);
    let [began, ended] = call_out();
    story.tell(began);
    assert!(story.is(ANA, AgentState::OnCall));
    let shown = story.distributor.agent(ANA).unwrap().interaction;
    assert_eq!(shown, Some(InteractionId::from_number(70)));
    story.caller(1);
    assert_eq!(story.offered(), None, "no offer during a call out");
    story.pass(60);
    story.tell(ended);
    assert!(story.is(ANA, AgentState::WrapUp));
    assert_eq!(wrap_up_of(&story), shown);
    assert_eq!(story.offered(), None);
    story.pass(9);
    assert!(story.is(ANA, AgentState::WrapUp));
    story.pass(1);
    assert!(story.offered().is_some());
}

#[test]
fn the_company_may_say_how_long_it_is_after_calls_out() {
    for (wrap_up, state) in [
        (WrapUp::None, AgentState::Available),
        (WrapUp::Timed(secs(5)), AgentState::WrapUp),
        (WrapUp::Open, AgentState::WrapUp),
    ] {
        let mut company = with_wrap_up(WrapUp::Timed(secs(10)), secs(30));
        company.settings.outbound_wrap_up = Some(wrap_up);
        let mut story = Story::with(company, &[ANA]);
        let idle = story.idle(ANA);
        for input in call_out() {
            story.pass(1);
            story.tell(input);
        }
        assert!(story.is(ANA, state), "{wrap_up:?}");
        assert_eq!(story.idle(ANA) == idle, state == AgentState::WrapUp);
        story.pass(3_600);
        assert!(story.is(ANA, AgentState::Available), "{wrap_up:?}");
        assert_ne!(story.idle(ANA), idle);
    }
}

#[test]
fn a_call_out_of_somebody_not_ready_or_in_after_call_work_changes_neither() {
    let mut story = Story::with(company(), &[ANA]);
    story.lunch(ANA);
    for input in call_out() {
        story.tell(input);
    }
    assert!(story.is(ANA, AgentState::NotReady));
    assert_eq!(wrap_up_of(&story), None);
    let mut story = wrapping(company());
    let work = wrap_up_of(&story);
    for input in call_out() {
        story.tell(input);
    }
    assert!(story.is(ANA, AgentState::WrapUp));
    assert_eq!(wrap_up_of(&story), work);
}

#[test]
fn the_idle_clock_stays_over_a_call_out_and_its_work_when_it_is_to() {
    let mut company = with_wrap_up(WrapUp::Timed(secs(10)), secs(30));
    company.settings.outbound_keeps_idle = true;
    let mut story = Story::with(company, &[ANA]);
    let idle = story.idle(ANA);
    for input in call_out() {
        story.tell(input);
        story.pass(5);
    }
    story.pass(5);
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.idle(ANA), idle);
}

#[test]
fn extensions_are_counted_told_and_end_at_the_cap() {
    let mut story = wrapping(with_wrap_up(WrapUp::Timed(secs(10)), secs(35)));
    let view = |story: &Story| story.distributor.wrap_up(ANA).unwrap();
    let first = view(&story);
    assert_eq!(first.interaction, Some(InteractionId::from_number(1)));
    assert_eq!(
        (first.queue, first.open, first.extensions_left),
        (Some(SUPPORT), false, 2)
    );
    let extend = |by| Input::ExtendWrapUp { agent: ANA, by };
    story.tell(extend(first.extend_by));
    let second = view(&story);
    assert_eq!(second.ends_at, first.ends_at + secs(25), "the cap holds");
    assert_eq!(second.extensions_left, 0, "no room is left");
    let told = story.log.iter().filter_map(|event| match event {
        Event::WrapUpExtended { until, .. } => Some(*until),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [second.ends_at]);
    story.tell(extend(secs(5)));
    assert_eq!(view(&story), second, "nothing changes, nothing is told");
    story.tell(Input::EndWrapUp { agent: ANA });
    assert_eq!(story.distributor.wrap_up(ANA), None);
}

#[test]
fn open_work_needs_no_extension() {
    let story = wrapping(with_wrap_up(WrapUp::Open, secs(600)));
    let view = story.distributor.wrap_up(ANA).unwrap();
    assert_eq!((view.open, view.extensions_left), (true, 0));
}
