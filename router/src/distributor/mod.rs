//! The Distributor: callers wait in queues, agents change states, offers pair them.
//!
//! **Owns**: every agent's state and idle clock, every queue entry, every offer, every decision.
//! **Must not know**: clock, tokio, SQL, SIP. It is driven by [`Distributor::handle`], read by
//! [`Distributor::poll_output`] until `None`, and woken at [`Distributor::next_deadline`].

mod agent;
mod edit;
mod entry;
mod invariants;
mod miss;
mod offer;
mod own_call;
pub mod port;
mod presence;
mod restore;
mod select;
mod settle;
#[cfg(test)]
mod tests;
mod timers;
mod transition;
mod views;
mod waiting;
mod watch;
mod wrap_up;

pub use port::{
    AgentView, EntryRequest, Input, LeaveCause, Output, QueueView, WaitingView, WrapUpView,
};

use crate::company::{RoutingCompany, Skills};
use crate::event::Event;
use crate::id::QueueId;
use crate::time::Timestamp;
use agent::AgentRecord;
use entry::World;
use select::Scan;
use settle::Work;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The ACD engine. One task owns it.
#[derive(Debug)]
pub struct Distributor {
    world: World,
    matcher: Scan,
    /// What the last change left to be matched, told or checked.
    work: Work,
    outputs: VecDeque<Output>,
    /// The first `handle` told the time.
    started: bool,
    deadline: Option<Timestamp>,
    counters: Counters,
    /// Queue and requirement of waiting callers whom nobody logged in can serve; told once each.
    unmeetable: BTreeSet<(QueueId, Skills)>,
}

/// The sequences. Each rises by one at a use and never falls.
#[derive(Debug, Default)]
struct Counters {
    epoch: u64,
    offer: u64,
    entry: u64,
    ready: u64,
    /// Orders changes and offers, for the invariants.
    step: u64,
    /// The step of the last `Configure`.
    configured: u64,
}

impl Distributor {
    /// A Distributor whose offers carry `epoch`. Every agent begins `offline`; see [`Input::RestoreAgent`].
    ///
    /// Says nothing by itself: the driver logs [`Event::RouterStarted`] with the same epoch.
    #[must_use]
    pub fn new(company: RoutingCompany, epoch: u64) -> Self {
        let now = Timestamp::default();
        let agents = company
            .agents
            .keys()
            .map(|id| (*id, AgentRecord::offline(now)))
            .collect();
        Self {
            world: World {
                now,
                company,
                agents,
                entries: BTreeMap::new(),
                offers: BTreeMap::new(),
            },
            matcher: Scan,
            work: Work::default(),
            outputs: VecDeque::new(),
            started: false,
            deadline: None,
            counters: Counters {
                epoch,
                ..Counters::default()
            },
            unmeetable: BTreeSet::new(),
        }
    }

    /// Takes one input. Never blocks and never fails: what makes no sense (an unknown id, an outdated offer)
    /// changes nothing, and is answered by [`Output::OfferVoid`] where somebody waits for an answer.
    ///
    /// What is due at `now` happens before the input. A `now` that lies before an earlier one counts as that one.
    pub fn handle(&mut self, input: Input, now: Timestamp) {
        self.advance(now);
        // The deadline is that of the last change: nothing has become due unless it has passed.
        if self
            .deadline
            .is_some_and(|deadline| deadline <= self.world.now)
        {
            self.run_due();
        }
        self.apply(input);
        self.settle();
        self.run_due();
        self.tell_moved_lines();
        debug_assert_eq!(
            self.check_invariants(),
            Ok(()),
            "an invariant of docs/routing-rules.md is broken"
        );
    }

    /// The next output; drain until `None` after each `handle`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle(Input::Tick, …)` at the latest.
    #[must_use]
    pub const fn next_deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    fn apply(&mut self, input: Input) {
        match input {
            Input::Configure(company) => self.configure(company),
            Input::RestoreAgent {
                agent,
                state,
                reason,
                idle_since,
                interaction,
                queue,
                registered,
            } => {
                let stored = restore::Stored {
                    state,
                    reason,
                    idle_since,
                    interaction,
                    queue,
                };
                self.restore(agent, stored, registered);
            }
            Input::PhoneRegistered { agent } => self.phone_registered(agent),
            Input::PhoneGone { agent, by_agent } => self.phone_gone(agent, by_agent),
            Input::SetState { agent, wanted } => self.set_state(agent, wanted),
            Input::Enqueue(request) => self.enqueue(request),
            Input::Leave { entry, cause } => self.leave(entry, cause),
            Input::OfferAnswered { offer } => self.offer_answered(offer),
            Input::OfferFailed { offer, outcome } => self.offer_failed(offer, outcome),
            Input::TalkEnded { agent, interaction } => self.talk_ended(agent, interaction),
            Input::OwnCallStarted { agent } => self.own_call_started(agent, None),
            Input::OwnCallEnded { agent } => self.own_call_ended(agent, None),
            Input::CallOutStarted { agent, interaction } => {
                self.own_call_started(agent, Some(interaction));
            }
            Input::CallOutEnded { agent, interaction } => {
                self.own_call_ended(agent, Some(interaction));
            }
            Input::EndWrapUp { agent } => self.end_wrap_up(agent),
            Input::ExtendWrapUp { agent, by } => self.extend_wrap_up(agent, by),
            Input::Tick => {}
        }
    }

    fn advance(&mut self, now: Timestamp) {
        if self.started {
            self.world.now = self.world.now.max(now);
            return;
        }
        self.started = true;
        self.world.now = now;
        // Nobody has been offline since 1970.
        for record in self.world.agents.values_mut() {
            *record = AgentRecord::offline(now);
        }
    }

    fn say(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn log(&mut self, event: Event) {
        self.outputs.push_back(Output::Log(event));
    }

    const fn next_step(&mut self) -> u64 {
        self.counters.step += 1;
        self.counters.step
    }
}
