//! Queue limits, outcomes of entries, positions, and what the supervisor is told.

use super::support::*;
use crate::agent::{AgentState, Wanted};
use crate::company::WhenNoAgents;
use crate::distributor::{Input, LeaveCause, Output};
use crate::id::{InteractionId, QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome, Refusal};
use crate::time::Timestamp;

/// How the last step put a caller out.
fn left(story: &Story) -> Option<(EntryOutcome, Option<Refusal>)> {
    story.said.iter().find_map(|output| match output {
        Output::EntryLeft {
            outcome, refusal, ..
        } => Some((*outcome, *refusal)),
        _ => None,
    })
}

/// Newcomers and their places that the last step told, in order.
fn places(story: &Story) -> Vec<(u64, usize)> {
    let said = story.said.iter().filter_map(|output| match output {
        Output::Queued {
            entry, position, ..
        } => Some((entry.uuid().as_u128() as u64, *position)),
        _ => None,
    });
    said.collect()
}

fn moved(story: &Story) -> bool {
    story.said.contains(&Output::LineMoved { queue: SUPPORT })
}

/// Everybody who waits and their places, in order.
fn line(story: &Story) -> Vec<(u64, usize)> {
    let view = story.distributor.queue(SUPPORT).unwrap();
    view.waiting
        .iter()
        .map(|w| (w.entry.uuid().as_u128() as u64, w.position))
        .collect()
}

#[test]
fn full() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().max_length = 1;
    let mut story = Story::with(company, &[ANA]);
    story.caller(1);
    story.caller(2);
    assert_eq!(
        left(&story),
        Some((EntryOutcome::Refused, Some(Refusal::Full))),
        "the one who rings still waits"
    );
    assert_eq!(story.outcomes(2), [EntryOutcome::Refused]);
    assert!(places(&story).is_empty());
}

#[test]
fn no_agents_is_refused_only_where_the_queue_says_exit() {
    for (when, expected) in [
        (WhenNoAgents::Wait, None),
        (
            WhenNoAgents::Exit,
            Some((EntryOutcome::Refused, Some(Refusal::NoAgents))),
        ),
    ] {
        let mut company = company();
        company.queues.get_mut(&SUPPORT).unwrap().when_no_agents = when;
        for agent in company.agents.values_mut().skip(1) {
            agent.queues.remove(&SUPPORT);
        }
        // Ben is logged in, but not for this queue.
        let mut story = Story::with(company, &[BEN]);
        story.caller(1);
        assert_eq!(left(&story), expected);
        // Not ready is logged in.
        story.log_in(ANA);
        story.lunch(ANA);
        story.caller(2);
        assert_eq!(left(&story), None);
        // The last one logs out.
        story.want(ANA, Wanted::Offline);
        assert_eq!(left(&story), expected);
    }
}

#[test]
fn max_wait_takes_a_ringing_offer_back() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().max_wait = secs(15);
    let mut story = Story::with(company, &[ANA]);
    let idle = story.idle(ANA);
    story.caller(1);
    story.pass(14);
    assert!(story.is(ANA, AgentState::Offered));
    story.pass(1);
    assert_eq!(story.revoked(), Some(OfferOutcome::CallerLeft));
    assert_eq!(left(&story), Some((EntryOutcome::TimedOut, None)));
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.idle(ANA), idle);
}

#[test]
fn ways_out_by_cause() {
    let rows = [
        (LeaveCause::HungUp, 4, EntryOutcome::ShortAbandoned),
        (LeaveCause::HungUp, 5, EntryOutcome::Abandoned),
        (LeaveCause::KeyExit, 1, EntryOutcome::KeyExit),
        (LeaveCause::TimedOut, 1, EntryOutcome::TimedOut),
        (LeaveCause::Moved, 1, EntryOutcome::Overflowed),
        (LeaveCause::Failed, 1, EntryOutcome::Failed),
    ];
    for (cause, after, outcome) in rows {
        let mut story = Story::new(company());
        story.caller(1);
        story.pass(after);
        let entry = QueueEntryId::from_number(1);
        story.tell(Input::Leave { entry, cause });
        assert_eq!(left(&story), Some((outcome, None)));
        story.tell(Input::Leave { entry, cause });
        assert!(story.said.is_empty(), "the second time is nonsense");
        assert_eq!(story.outcomes(1), [outcome]);
    }
}

#[test]
fn errors_of_ours_are_failed() {
    let mut story = Story::new(company());
    let mut nowhere = request(1);
    nowhere.queue = QueueId::from_number(99);
    story.tell(Input::Enqueue(nowhere));
    assert_eq!(left(&story), Some((EntryOutcome::Failed, None)));
    // The same interaction cannot wait twice; the same entry told twice is a repetition.
    story.caller(2);
    let mut again = request(3);
    again.interaction = InteractionId::from_number(2);
    story.tell(Input::Enqueue(again));
    assert_eq!(left(&story), Some((EntryOutcome::Failed, None)));
    story.caller(2);
    assert!(story.said.is_empty());
}

#[test]
fn a_removed_queue_closes() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    let mut edited = company();
    edited.queues.remove(&SUPPORT);
    story.tell(Input::Configure(edited));
    assert_eq!(
        left(&story),
        Some((EntryOutcome::Refused, Some(Refusal::Closed)))
    );
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.distributor.queue(SUPPORT), None);
}

#[test]
fn places_are_told_when_they_change() {
    let mut story = Story::new(company());
    for number in 1..=3 {
        story.caller(number);
        assert_eq!(places(&story), [(number, number as usize)]);
        assert!(!moved(&story), "nobody stands behind a newcomer");
    }
    let mut urgent = request(4);
    urgent.class = Some(0);
    story.tell(Input::Enqueue(urgent));
    assert_eq!(places(&story), [(4, 1)]);
    assert!(moved(&story));
    assert_eq!(line(&story), [(4, 1), (1, 2), (2, 3), (3, 4)]);
    story.hang_up(2);
    assert!(places(&story).is_empty() && moved(&story));
    assert_eq!(line(&story), [(4, 1), (1, 2), (3, 3)]);
    story.pass(1);
    assert!(places(&story).is_empty() && !moved(&story));
}

#[test]
fn an_unmeetable_requirement_is_told_once() {
    let mut company = company();
    company.agents.get_mut(&ANA).unwrap().skills = skills(&[("billing", 5)]);
    let mut story = Story::with(company, &[ANA, BEN]);
    let mut wish = request(1);
    wish.skills = skills(&[("billing", 5)]);
    story.tell(Input::Enqueue(wish.clone()));
    assert_eq!(story.told("unmeetable_requirement"), 0);
    // The only one who can logs out.
    story.want(ANA, Wanted::Offline);
    assert_eq!(story.told("unmeetable_requirement"), 1);
    wish.entry = QueueEntryId::from_number(2);
    wish.interaction = InteractionId::from_number(2);
    story.tell(Input::Enqueue(wish));
    assert_eq!(story.told("unmeetable_requirement"), 1);
    // Logs in and out again: it is news again.
    story.want(ANA, Wanted::Available);
    story.lunch(ANA);
    assert_eq!(
        story.told("unmeetable_requirement"),
        1,
        "not ready is logged in"
    );
    story.want(ANA, Wanted::Offline);
    assert_eq!(story.told("unmeetable_requirement"), 2);
}

#[test]
fn time_never_runs_back() {
    let mut story = Story::with(company(), &[ANA]);
    let idle = story.idle(ANA);
    story.now = Timestamp::from_millis(i64::MIN);
    story.caller(1);
    assert!(story.decisions()[0].at > idle);
    story.now = Timestamp::from_millis(i64::MAX);
    story.tell(Input::Tick);
}
