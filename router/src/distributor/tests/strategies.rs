//! The one key that a queue's strategy puts before the idle clock.

use super::closing::any_closing;
use super::support::*;
use crate::company::{RoutingCompany, Strategy};
use crate::decision::{Keys, StrategyKey, TieBreak};
use crate::distributor::Input;
use std::cmp::Reverse;

fn with(strategy: Strategy) -> RoutingCompany {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().strategy = strategy;
    company
}

/// Whom the last caller went to, what decided, and the keys of the strategy, the chosen one's first.
fn told(story: &Story) -> (crate::id::AgentId, TieBreak, Vec<Option<StrategyKey>>) {
    let decision = story.decisions().pop().unwrap();
    let all = std::iter::once(&decision.chosen).chain(&decision.candidates);
    let keys = all.map(|candidate| match candidate.keys {
        Keys::Agent { strategy, .. } => strategy,
        Keys::Caller { .. } => None,
    });
    (decision.chosen.agent, decision.tie_break, keys.collect())
}

#[test]
fn the_most_skilled_in_what_is_asked_for() {
    let mut company = with(Strategy::MostSkilled);
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 2)]);
    for (agent, billing, chess) in [(ANA, 3, 9), (BEN, 6, 0), (CAI, 6, 0)] {
        let held = skills(&[("billing", billing), ("chess", chess)]);
        company.agents.get_mut(&agent).unwrap().skills = held;
    }
    let mut story = Story::with(company, &[ANA, CAI, BEN]);
    story.caller(1);
    let sum = |levels| Some(StrategyKey::MostSkilled(Reverse(levels)));
    // Chess is not asked for; of two equals the longer idle.
    let keys = vec![sum(6), sum(6), sum(3)];
    assert_eq!(told(&story), (CAI, TieBreak::LongestIdle, keys));
    story.caller(2);
    assert_eq!(
        told(&story),
        (BEN, TieBreak::MostSkilled, vec![sum(6), sum(3)])
    );
}

#[test]
fn the_tier_comes_before_the_strategy() {
    let mut company = with(Strategy::MostSkilled);
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 1)]);
    for (agent, level, tier) in [(ANA, 1, 1), (BEN, 9, 2)] {
        let known = company.agents.get_mut(&agent).unwrap();
        known.skills = skills(&[("billing", level)]);
        known.queues.insert(SUPPORT, tier);
    }
    let mut story = Story::with(company, &[BEN, ANA]);
    story.caller(1);
    assert_eq!(told(&story).0, ANA);
    assert_eq!(told(&story).1, TieBreak::Tier);
}

#[test]
fn the_fewest_calls_since_log_in() {
    let mut story = Story::with(with(Strategy::FewestCalls), &[ANA]);
    story.talk(ANA, 1);
    story.end_talk(ANA, 1);
    story.pass(10);
    story.log_in(BEN);
    story.caller(2);
    let calls = |number| Some(StrategyKey::FewestCalls(number));
    let keys = vec![calls(0), calls(1)];
    assert_eq!(told(&story), (BEN, TieBreak::FewestCalls, keys));
    // Who logs out and in again begins anew.
    story.want(ANA, crate::agent::Wanted::Offline);
    story.log_in(ANA);
    story.caller(3);
    assert_eq!(told(&story).2, vec![calls(0)]);
}

#[test]
fn the_least_occupied_as_it_was_when_they_became_ready() {
    let mut story = Story::with(with(Strategy::LeastOccupied), &[ANA]);
    let share = |hundredths| Some(StrategyKey::LeastOccupied(hundredths));
    // 1 s here, then 20 s of a call and 10 s of its work: 30 of 31 s.
    story.talk(ANA, 1);
    story.pass(20);
    story.end_talk(ANA, 1);
    story.pass(10);
    story.log_in(BEN);
    story.tell(Input::OwnCallStarted { agent: BEN });
    story.pass(5);
    story.tell(Input::OwnCallEnded { agent: BEN });
    // Ben: 5 of 5 s, though Ana has been idle for longer by now.
    story.pass(1000);
    story.caller(2);
    let keys = vec![share(9677), share(10_000)];
    assert_eq!(told(&story), (ANA, TieBreak::LeastOccupied, keys));
    story.hang_up(2);
    // Rung in vain: the key is what it was, like the idle clock.
    story.caller(3);
    assert_eq!(told(&story).2[0], share(9677));
}

#[test]
fn more_than_an_hour_ago_does_not_count() {
    let mut story = Story::with(with(Strategy::LeastOccupied), &[ANA]);
    story.talk(ANA, 1);
    story.pass(20);
    story.end_talk(ANA, 1);
    story.pass(10);
    story.pass(3600);
    story.lunch(ANA);
    story.want(ANA, crate::agent::Wanted::Available);
    story.caller(2);
    assert_eq!(told(&story).2, vec![Some(StrategyKey::LeastOccupied(0))]);
}

#[test]
fn of_agents_who_become_ready_at_once_the_callers_strategy_chooses() {
    let mut company = with(Strategy::MostSkilled);
    company.queues.get_mut(&SUPPORT).unwrap().skills = skills(&[("billing", 1)]);
    for (agent, level) in [(ANA, 1), (BEN, 9)] {
        company.agents.get_mut(&agent).unwrap().skills = skills(&[("billing", level)]);
    }
    let mut story = Story::with(company, &[ANA, BEN]);
    // Both ring for callers of another queue, which is closed with all its callers, while one waits for either.
    for number in 1..=2 {
        let mut sales = request(number);
        sales.queue = SALES;
        story.tell(Input::Enqueue(sales));
    }
    story.caller(3);
    assert_eq!(story.offered(), None);
    let closing = any_closing(&story, 2, Some(60), true);
    story.tell(closing);
    assert_eq!(told(&story).0, BEN);
}
