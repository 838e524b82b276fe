//! A million random decisions, each equal to the oracle's, with every invariant after every input.
//!
//! The worlds of `random.rs` try what makes no sense; these are busy: most of what happens leads to a decision.

use super::acts::{SKILLS, company_of, wishes_of};
use super::oracle::Oracle;
use super::support::*;
use crate::agent::Wanted;
use crate::company::{RoutingCompany, Skills, Strategy};
use crate::distributor::agent::State;
use crate::distributor::{Distributor, EntryRequest, Input, LeaveCause, Output};
use crate::event::Event;
use crate::id::{AgentId, OfferId, QueueEntryId, QueueId};
use crate::outcome::OfferOutcome;
use crate::time::Timestamp;
use std::time::Duration;

/// Decisions of one test; there are four of them.
const QUARTER: usize = 250_000;
/// What happens in one world before the next begins.
const ACTS: usize = 600;

#[test]
fn the_first_quarter_of_a_million_decisions() {
    decide(0, QUARTER, true);
}

#[test]
fn the_second_quarter_of_a_million_decisions() {
    decide(1, QUARTER, false);
}

#[test]
fn the_third_quarter_of_a_million_decisions() {
    decide(2, QUARTER, false);
}

#[test]
fn the_last_quarter_of_a_million_decisions() {
    decide(3, QUARTER, false);
}

/// In most of the worlds above some queue rings at all; here all of them do.
#[test]
fn many_decisions_where_all_phones_ring() {
    decide_in(4, QUARTER / 5, true, |company| {
        for queue in company.queues.values_mut() {
            queue.strategy = Strategy::RingAll;
        }
    });
}

/// As many worlds as it takes. With `asks_both` the scan says the same as the classes, each time: whom, who is next, who
/// is left out and why.
fn decide(part: u64, wanted: usize, asks_both: bool) {
    decide_in(part, wanted, asks_both, |_| {});
}

fn decide_in(part: u64, wanted: usize, asks_both: bool, edit: fn(&mut RoutingCompany)) {
    let (mut decisions, mut worlds) = (0, 0_u64);
    while decisions < wanted {
        let mut day = Day::new((part << 32) | worlds, edit);
        day.distributor.world.asks_both = asks_both;
        for _ in 0..ACTS {
            day.act();
        }
        decisions += day.oracle.decisions;
        worlds += 1;
    }
    let acts = worlds * ACTS as u64;
    println!("{decisions} decisions in {acts} acts of {worlds} worlds");
    assert!((decisions as u64) * 6 > acts, "too few decisions: {acts}");
}

/// Numbers that look random: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len() as u64) as usize).copied()
    }
}

/// One world.
struct Day {
    numbers: Numbers,
    distributor: Distributor,
    oracle: Oracle,
    now: Timestamp,
    /// Waitings so far.
    made: u64,
    spent: Option<OfferId>,
    /// What all companies of this world have in common.
    edit: fn(&mut RoutingCompany),
}

impl Day {
    fn new(seed: u64, edit: fn(&mut RoutingCompany)) -> Self {
        let mut numbers = Numbers(seed);
        let mut company = company_of(numbers.below(u64::MAX));
        edit(&mut company);
        let mut day = Self {
            numbers,
            distributor: Distributor::new(company.clone(), 7),
            oracle: Oracle::new(company.clone()),
            now: Timestamp::from_millis(1_700_000_000_000),
            made: 0,
            spent: None,
            edit,
        };
        for agent in company.agents.into_keys() {
            day.tell(Input::PhoneRegistered { agent });
            day.want(agent, Wanted::Available);
        }
        day
    }

    fn tell(&mut self, input: Input) {
        self.distributor.handle(input, self.now);
        if !cfg!(debug_assertions) {
            self.distributor.check_invariants().unwrap();
        }
        let events: Vec<Event> = std::iter::from_fn(|| self.distributor.poll_output())
            .filter_map(|output| match output {
                Output::Log(event) => Some(event),
                _ => None,
            })
            .collect();
        for event in &events {
            if let Event::OfferEnded { offer, .. } = event {
                self.spent = Some(*offer);
            }
        }
        self.oracle.read_events(&events, self.now);
        let waiting = self.distributor.world.entries.iter();
        let waiting = waiting.map(|(id, entry)| (*id, !entry.offers.is_empty()));
        assert!(waiting.eq(self.oracle.still_waiting()));
    }

    fn want(&mut self, agent: AgentId, wanted: Wanted) {
        self.tell(Input::SetState { agent, wanted });
    }

    /// One thing happens, most of the time one that makes sense.
    fn act(&mut self) {
        // Often at the same moment, so that ties occur.
        let pause = [0, 0, 700, 4_000, 15_000][self.numbers.below(5) as usize];
        self.now = self.now + Duration::from_millis(self.numbers.below(pause + 1));
        let offers: Vec<OfferId> = self.distributor.world.offers.keys().copied().collect();
        let full = self.distributor.world.entries.len() > 3;
        match self.numbers.below(100) {
            0..40 if !offers.is_empty() => self.ring(&offers, true),
            40..60 if !offers.is_empty() => self.ring(&offers, false),
            0..40 if !full => self.arrive(),
            0..94 => self.work(),
            94..96 => self.leave(),
            96 => self.reprioritise(),
            97 => self.outdated(),
            98 => self.company_changes(),
            _ => self.arrive(),
        }
    }

    fn arrive(&mut self) {
        let queues: Vec<QueueId> = self.distributor.company().queues.keys().copied().collect();
        let Some(queue) = self.numbers.pick(&queues) else {
            return;
        };
        self.made += 1;
        let mut skills = Skills::new();
        for skill in SKILLS {
            if self.numbers.below(8) == 0 {
                skills.insert(skill.to_owned(), 1 + self.numbers.below(3) as u8);
            }
        }
        let request = EntryRequest {
            queue,
            skills,
            wishes: wishes_of(self.numbers.below(12) as u8),
            head_start: secs([0, 0, 0, 20][self.numbers.below(4) as usize]),
            class: [None, None, None, Some(0)][self.numbers.below(4) as usize],
            ..request(self.made)
        };
        self.tell(Input::Enqueue(request));
    }

    /// Somebody who may be waiting gets another place.
    fn reprioritise(&mut self) {
        let entries = self.distributor.world.entries.keys();
        let entries: Vec<QueueEntryId> = entries.copied().collect();
        let Some(entry) = self.numbers.pick(&entries) else {
            return;
        };
        let class = [None, Some(0), Some(1)][self.numbers.below(3) as usize];
        let ahead = [None, Some(secs(0)), Some(secs(45))][self.numbers.below(3) as usize];
        self.tell(Input::Reprioritise {
            entry,
            class,
            ahead,
        });
    }

    fn ring(&mut self, offers: &[OfferId], answers: bool) {
        let Some(offer) = self.numbers.pick(offers) else {
            return self.tell(Input::Tick);
        };
        if answers {
            return self.tell(Input::OfferAnswered { offer });
        }
        let outcome = [
            OfferOutcome::Declined,
            OfferOutcome::NoAnswer,
            OfferOutcome::Declined,
            OfferOutcome::Unreachable,
        ][self.numbers.below(4) as usize];
        self.tell(Input::OfferFailed { offer, outcome });
    }

    /// An agent goes on with what comes next.
    fn work(&mut self) {
        let idle = self.numbers.below(8) == 0;
        let agents = self.distributor.world.agents.iter();
        let agents = agents.filter(|(_, record)| {
            idle == matches!(record.state, State::Available | State::Offered { .. })
        });
        let agents: Vec<AgentId> = agents.map(|(id, _)| *id).collect();
        let Some(agent) = self.numbers.pick(&agents) else {
            return;
        };
        let record = &self.distributor.world.agents[&agent];
        let registered = record.registered;
        let input = match record.state {
            State::Serving { interaction, .. } => Input::TalkEnded { agent, interaction },
            State::WrapUp(_) => Input::EndWrapUp { agent },
            State::OwnCall { .. } => Input::OwnCallEnded { agent },
            State::NotReady(_) | State::Offline if !registered => Input::PhoneRegistered { agent },
            State::NotReady(_) | State::Offline => Input::SetState {
                agent,
                wanted: Wanted::Available,
            },
            State::Available | State::Offered { .. } => match self.numbers.below(8) {
                0 | 3 => Input::OwnCallStarted { agent },
                1 => Input::PhoneGone {
                    agent,
                    by_agent: self.numbers.below(2) == 0,
                },
                2 => Input::SetState {
                    agent,
                    wanted: lunch(),
                },
                _ => Input::Tick,
            },
        };
        self.tell(input);
    }

    fn leave(&mut self) {
        let waiting: Vec<_> = self.distributor.world.entries.keys().copied().collect();
        if let Some(entry) = self.numbers.pick(&waiting) {
            let cause = LeaveCause::HungUp;
            self.tell(Input::Leave { entry, cause });
        }
    }

    /// What comes too late changes nothing.
    fn outdated(&mut self) {
        if let Some(offer) = self.spent {
            self.tell(Input::Tick);
            let before = self.oracle.decisions;
            self.tell(Input::OfferAnswered { offer });
            assert_eq!(before, self.oracle.decisions, "I8: {offer} counted");
        }
    }

    fn company_changes(&mut self) {
        // What was due before the edit is decided under the old company.
        self.tell(Input::Tick);
        let mut company = company_of(self.numbers.below(u64::MAX));
        (self.edit)(&mut company);
        self.oracle.edit(company.clone(), self.now);
        self.tell(Input::Configure(company));
    }
}
