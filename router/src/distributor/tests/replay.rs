//! The log of random worlds, written down and read back, through a fresh Distributor.

use super::acts::{Act, act, calm_act, company_of, pause};
use super::random::{World, run, run_in};
use super::support::*;
use crate::agent::AgentState;
use crate::distributor::Input;
use crate::event::{Event, LogLine};
use crate::outcome::EntryOutcome;
use crate::overflow::{Cause, Way};
use crate::replay::{Compared, Difference, Replay};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// As a file has it: each line as JSON and back.
fn stored(events: impl IntoIterator<Item = Event>) -> Vec<LogLine> {
    let start = Event::RouterStarted { epoch: 7 };
    let lines = std::iter::once(start).chain(events).zip(1..);
    lines
        .map(|(event, seq)| {
            let at = crate::Timestamp::from_millis(0);
            let text = serde_json::to_string(&LogLine {
                seq,
                at,
                event,
                personal: None,
            });
            serde_json::from_str(&text.unwrap()).unwrap()
        })
        .collect()
}

fn replay(mut replay: Replay, lines: &[LogLine]) -> Result<Compared, Box<Difference>> {
    for line in lines {
        replay.line(line)?;
    }
    replay.end()
}

/// A day of `length` inputs.
fn day(seed: u64, length: usize) -> World {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let acts = prop::collection::vec((pause(), act()), length..=length);
    run(seed, &acts.new_tree(&mut runner).unwrap().current())
}

/// Where every queue rings at all: each of several answers and refusals of one caller comes out the same.
#[test]
fn a_stored_day_in_which_all_phones_ring_decides_the_same_again() {
    let mut company = company();
    for queue in company.queues.values_mut() {
        queue.strategy = crate::company::Strategy::RingAll;
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let acts = prop::collection::vec((0..8_000u64, calm_act()), 1_500..=1_500);
    let acts = acts.new_tree(&mut runner).unwrap().current();
    let world = run_in(company, &acts);
    let decisions = world.story.decisions();
    assert!(decisions.iter().filter(|one| one.beside > 0).count() > 5);
    let compared = replay(Replay::new(), &stored(world.story.log)).unwrap();
    assert_eq!(compared.decisions, decisions.len() as u64);
}

/// Without an edit of the company.
fn calm_day(seed: u64, length: usize) -> World {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let acts = prop::collection::vec((pause(), act()), length..=length);
    let mut acts = acts.new_tree(&mut runner).unwrap().current();
    acts.retain(|(_, act)| !matches!(act, Act::Edit { .. }));
    run(seed, &acts)
}

#[test]
fn a_stored_day_decides_the_same_again() {
    for seed in 0..6 {
        let world = day(seed, 1_500);
        let compared = replay(Replay::new(), &stored(world.story.log.clone())).unwrap();
        let decisions = world.story.decisions().len() as u64;
        assert_eq!(compared.decisions, decisions);
        assert_eq!((compared.epochs, compared.unknown), (1, 0));
        // Everything the Distributor logs is compared, but what others may say too.
        let others = world.story.log.iter().filter(|event| {
            let told = matches!(
                event,
                Event::RouterInput { .. } | Event::SupervisorTold { .. }
            );
            !told && !matches!(event, Event::Decided { .. })
        });
        assert_eq!(compared.others, others.count() as u64);
        assert!(compared.others > 100, "{compared:?}");
    }
}

#[test]
fn other_rules_are_told_by_the_first_decision_that_differs() {
    let world = calm_day(2, 1_500);
    let lines = stored(world.story.log.clone());
    let mut other = company_of(2);
    // The agent of the first decision is asked last.
    let first = world.story.decisions()[0].clone();
    let tiers = &mut other.agents.get_mut(&first.chosen.agent).unwrap().queues;
    tiers.insert(first.queue, 200);
    let difference = replay(Replay::with_rules(other), &lines).unwrap_err();
    let at = lines
        .iter()
        .position(|line| matches!(&line.event, Event::Decided { decision } if **decision == first));
    assert_eq!(difference.seq, lines[at.unwrap()].seq);
    let replayed = difference.replayed;
    assert_ne!(Some(difference.logged), replayed);
}

#[test]
fn a_line_that_was_changed_is_named() {
    let world = day(3, 1_500);
    let mut lines = stored(world.story.log.clone());
    let at = lines.iter().rposition(|line| {
        matches!(&line.event, Event::AgentStateChanged { to, .. } if *to == AgentState::WrapUp)
    });
    let line = &mut lines[at.unwrap()];
    if let Event::AgentStateChanged { ready_seq, .. } = &mut line.event {
        *ready_seq += 1;
    }
    let seq = line.seq;
    assert_eq!(replay(Replay::new(), &lines).unwrap_err().seq, seq);
}

#[test]
fn a_log_of_an_older_version_has_no_outcome_for_voicemail() {
    let mut company = company();
    let queue = company.queues.get_mut(&SUPPORT).unwrap();
    queue.overflow = queue.overflow.with(Cause::MaxWait, Way::Voicemail);
    queue.max_wait = std::time::Duration::from_secs(10);
    let mut story = Story::new(company);
    story.distributor.log_inputs(story.now);
    story.log_in(ANA);
    story.lunch(ANA);
    story.caller(1);
    story.pass(15);
    story.lunch(ANA);
    let mut lines = stored(story.log.clone());
    let mut as_it_was = |word: EntryOutcome| {
        let mut left = lines.iter_mut().filter_map(|line| match &mut line.event {
            Event::QueueLeft { outcome, .. } => Some(outcome),
            _ => None,
        });
        *left.next().unwrap() = word;
        assert!(left.next().is_none());
        replay(Replay::new(), &lines)
    };
    assert!(as_it_was(EntryOutcome::Voicemail).is_ok());
    assert!(as_it_was(EntryOutcome::TimedOut).is_ok());
    assert!(as_it_was(EntryOutcome::Refused).is_ok());
    assert!(as_it_was(EntryOutcome::Abandoned).is_err());
}

/// A crash: the last lines are lost, the next start ends what was open, and goes on in another epoch.
#[test]
fn what_a_crash_cut_off_is_no_difference() {
    let mut story = Story::new(company());
    story.distributor.log_inputs(story.now);
    story.log_in(ANA);
    story.caller(1);
    let mut lines = stored(story.log.clone());
    let offered = lines
        .iter()
        .position(|line| matches!(line.event, Event::OfferMade { .. }))
        .unwrap();
    let Event::OfferMade {
        interaction,
        offer,
        agent,
        ..
    } = lines[offered].event
    else {
        unreachable!()
    };
    lines.truncate(offered + 1);
    let swept = Event::OfferEnded {
        interaction,
        offer,
        agent,
        outcome: crate::outcome::OfferOutcome::Revoked,
    };
    let mut second = Story::new(company());
    second.distributor.log_inputs(second.now);
    second.log_in(BEN);
    let later = [swept, Event::RouterStarted { epoch: 8 }];
    for event in later.into_iter().chain(second.log) {
        let seq = lines.len() as u64 + 1;
        lines.push(LogLine {
            seq,
            event,
            ..lines[0].clone()
        });
    }
    let compared = replay(Replay::new(), &lines).unwrap();
    assert_eq!((compared.epochs, compared.decisions), (2, 1));
    // The same lines while the epoch goes on are a difference.
    let start = lines
        .iter()
        .rposition(|line| matches!(line.event, Event::RouterStarted { .. }));
    lines.remove(start.unwrap());
    assert!(replay(Replay::new(), &lines).is_err());
}

#[test]
fn a_log_from_before_inputs_were_logged_is_not_compared() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    let compared = replay(Replay::new(), &stored(story.log)).unwrap();
    assert!(compared.unknown > 3, "{compared:?}");
    assert_eq!(compared.decisions, 0);
}

#[test]
fn names_of_agents_are_not_in_the_log() {
    let mut story = Story::new(company());
    story.distributor.log_inputs(story.now);
    story.tell(Input::Configure(company()));
    let text = serde_json::to_string(&stored(story.log)).unwrap();
    assert!(text.contains("configure") && !text.contains("\"ana\""));
}
