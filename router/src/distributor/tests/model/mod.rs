//! The model check: every sequence of acts of a few agents and callers, breadth first, over the real Distributor.
//!
//! **Owns**: the settings that are searched, and that each planted fault is found. `world.rs` says what may happen,
//! `rank.rs` when two states are the same, `watch.rs` what must hold, `search.rs` goes through them.
//!
//! The program may die at any moment. Times and sequences count by their rank only, so the space is finite and is
//! searched to its end. Two states of the same ranks may lie at other distances in time; the one that was met first
//! stands for both. All kinds of acts at once would be some ten million states, so each kind has a search.

mod rank;
mod search;
mod watch;
mod world;

use super::support::*;
use crate::company::{RoutingCompany, Strategy, WrapUp};
use crate::distributor::planted::Planted;
use crate::id::{AgentId, QueueId};
use search::search;
use std::collections::BTreeMap;
use world::{May, Setting};

/// An agent, queues with tiers, and whether sales is known.
type Member<'a> = (AgentId, &'a [(QueueId, u8)], bool);

/// Support is served by everybody without after-call work; sales needs a skill and has after-call work.
fn two_queues(agents: &[Member<'_>]) -> RoutingCompany {
    let mut company = company();
    for queue in company.queues.values_mut() {
        queue.max_wait = secs(70);
        queue.wrap_up = WrapUp::None;
    }
    let sales = company.queues.get_mut(&SALES).unwrap();
    sales.skills = skills(&[("sales", 3)]);
    sales.wrap_up = WrapUp::Timed(secs(10));
    company.agents = BTreeMap::new();
    for (id, queues, knows_sales) in agents {
        let mut one = agent("somebody");
        one.queues = queues.iter().copied().collect();
        if *knows_sales {
            one.skills = skills(&[("sales", 5)]);
        }
        company.agents.insert(*id, one);
    }
    company.settings.max_misses = 2;
    company
}

/// Ana serves both queues, Ben, who has a desk, support only, Cai both, behind the others.
fn setting(agents: usize, callers: usize, may: May) -> Setting {
    let all: [Member<'_>; 3] = [
        (ANA, &[(SUPPORT, 1), (SALES, 1)], true),
        (BEN, &[(SUPPORT, 1)], false),
        (CAI, &[(SUPPORT, 2), (SALES, 1)], true),
    ];
    let mut company = two_queues(&all[..agents]);
    if let Some(ben) = company.agents.get_mut(&BEN) {
        ben.ready_on_register = false;
    }
    if !may.run_out {
        // Too far for their order to matter.
        company.settings.max_misses = 1;
        company.settings.exclude_for = secs(20_000);
        company
            .queues
            .values_mut()
            .for_each(|queue| queue.max_wait = secs(90_000));
    }
    Setting {
        company,
        callers,
        may,
        step: secs(1),
        planted: None,
    }
}

/// Support rings at everybody.
fn at_all_phones(mut setting: Setting) -> Setting {
    let support = setting.company.queues.get_mut(&SUPPORT).unwrap();
    support.strategy = Strategy::RingAll;
    setting
}

/// Calls and the machine only.
const CALLS: May = May {
    phones: false,
    pauses: false,
    own_calls: false,
    run_out: false,
};

fn searched(setting: &Setting, at_least: usize) {
    let seen = search(setting).unwrap();
    println!("{seen:?}");
    assert!(seen.states >= at_least && seen.acts > seen.states && seen.depth > 10);
}

#[test]
fn two_agents_and_two_callers_whose_phones_come_and_go() {
    let may = May {
        phones: true,
        ..CALLS
    };
    searched(&setting(2, 2, may), 30_000);
}

#[test]
fn two_agents_and_two_callers_with_pauses() {
    let may = May {
        pauses: true,
        ..CALLS
    };
    searched(&setting(2, 2, may), 5_000);
}

#[test]
fn two_agents_and_two_callers_with_calls_of_their_own() {
    let may = May {
        own_calls: true,
        ..CALLS
    };
    searched(&setting(2, 2, may), 5_000);
}

/// Waiting, exclusion and cooldown end among everything else.
#[test]
fn two_agents_and_two_callers_whose_time_runs_out() {
    let may = May {
        run_out: true,
        ..CALLS
    };
    searched(&setting(2, 2, may), 5_000);
}

#[test]
fn two_agents_and_three_callers() {
    searched(&setting(2, 3, CALLS), 5_000);
}

#[test]
fn three_agents_and_two_callers() {
    searched(&setting(3, 2, CALLS), 30_000);
}

#[test]
fn two_agents_and_two_callers_for_whom_all_phones_ring() {
    searched(&at_all_phones(setting(2, 2, CALLS)), 1_000);
}

#[test]
fn two_agents_and_two_callers_for_whom_all_phones_ring_that_come_and_go() {
    let may = May {
        phones: true,
        ..CALLS
    };
    searched(&at_all_phones(setting(2, 2, may)), 1_000);
}

#[test]
fn two_agents_and_two_callers_for_whom_all_phones_ring_and_time_runs_out() {
    let may = May {
        run_out: true,
        ..CALLS
    };
    searched(&at_all_phones(setting(2, 2, may)), 1_000);
}

#[test]
fn three_agents_and_two_callers_for_whom_all_phones_ring() {
    searched(&at_all_phones(setting(3, 2, CALLS)), 1_000);
}

/// Each fault breaks what it should break, by the shortest way there is.
#[test]
fn every_planted_fault_is_found() {
    for fault in Planted::ALL {
        let mut setting = setting(2, 2, CALLS);
        if fault == Planted::LosersRingOn {
            setting = at_all_phones(setting);
        }
        setting.planted = Some(fault);
        let found = search(&setting).expect_err("not found");
        println!("{fault:?}: {found}");
        let (what, length) = match fault {
            Planted::AnswerWithoutNumber => ("I8", 1),
            Planted::AgentKept => ("I1", 2),
            Planted::HeadOfLine => ("I4", 6),
            Planted::OfferLostInCrash => ("restart", 2),
            Planted::IdleKeyLost => ("idle key", 2),
            Planted::LosersRingOn => ("I2", 2),
            Planted::WrapUpIgnored => ("I9: from WrapUp to Offered", 4),
        };
        assert!(found.why.contains(what), "{fault:?} was told as {found}");
        assert!(found.way.len() <= length, "{fault:?} took {found}");
    }
}
