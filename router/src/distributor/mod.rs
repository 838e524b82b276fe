//! The Distributor: callers wait in queues, agents change states, offers pair them.
//!
//! **Owns**: every agent's state and idle clock, every queue entry, every offer, every decision.
//! **Must not know**: clock, tokio, SQL, SIP. It is driven by [`Distributor::handle`], read by
//! [`Distributor::poll_output`] until `None`, and woken at [`Distributor::next_deadline`].

mod affinity;
mod agent;
mod closing;
mod edit;
mod entry;
mod index;
mod invariants;
mod kept;
mod ladder;
mod load;
mod miss;
mod offer;
mod overflow;
mod own_call;
#[cfg(test)]
mod planted;
pub mod port;
mod presence;
mod restore;
mod ring_all;
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

use crate::closure::Closure;
use crate::company::RoutingCompany;
use crate::event::Event;
use crate::id::QueueId;
use crate::requirement::Ask;
use crate::time::Timestamp;
use agent::AgentRecord;
use entry::World;
use index::Index;
use kept::Kept;
use settle::Work;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// The ACD engine. One task owns it.
#[derive(Clone, Debug)]
pub struct Distributor {
    world: World,
    /// What is derived from the world.
    index: Index,
    /// What the last change left to be matched, told or checked.
    work: Work,
    outputs: VecDeque<Output>,
    /// The first `handle` told the time.
    started: bool,
    deadline: Option<Timestamp>,
    counters: Counters,
    /// What waiting callers ask for in the end and nobody logged in can meet; told once each.
    unmeetable: BTreeSet<Vec<Ask>>,
    /// Queues that somebody closed.
    closures: Kept<QueueId, Closure>,
    /// Every input goes into the log before what it does.
    logs_inputs: bool,
}

/// The sequences. Each rises by one at a use and never falls.
#[derive(Clone, Debug, Default)]
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
                company: Arc::new(company),
                edition: 1,
                agents,
                entries: Kept::default(),
                offers: Kept::default(),
                licences_until: now,
                #[cfg(test)]
                asks_both: true,
                #[cfg(test)]
                planted: None,
            },
            index: Index::default(),
            work: Work::default(),
            outputs: VecDeque::new(),
            started: false,
            deadline: None,
            counters: Counters {
                epoch,
                ..Counters::default()
            },
            unmeetable: BTreeSet::new(),
            closures: Kept::default(),
            logs_inputs: false,
        }
    }

    /// From here on every input is in the log as [`Event::RouterInput`], the company as it is now first: what
    /// [`crate::Replay`] needs. To be called before the first `handle`.
    pub fn log_inputs(&mut self, now: Timestamp) {
        self.logs_inputs = true;
        let company = Input::Configure(RoutingCompany::clone(&self.world.company));
        self.log_input(now, without_logins(company));
    }

    fn log_input(&mut self, at: Timestamp, input: Input) {
        self.log(Event::RouterInput {
            at,
            input: Box::new(input),
        });
    }

    /// Takes one input. Never blocks and never fails: what makes no sense (an unknown id, an outdated offer)
    /// changes nothing, and is answered by [`Output::OfferVoid`] where somebody waits for an answer.
    ///
    /// What is due at `now` happens before the input. A `now` that lies before an earlier one counts as that one.
    pub fn handle(&mut self, input: Input, now: Timestamp) {
        self.advance(now);
        // The deadline is that of the last change: nothing has become due unless it has passed.
        let due = self
            .deadline
            .is_some_and(|deadline| deadline <= self.world.now);
        if self.logs_inputs && (due || input != Input::Tick) {
            self.log_input(self.world.now, without_logins(input.clone()));
        }
        if due {
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
            Input::Reprioritise {
                entry,
                class,
                ahead,
            } => self.reprioritise(entry, class, ahead),
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
            Input::CloseQueue(closure) => self.close_queue(closure),
            Input::OpenQueue { queue, by } => self.open_queue(queue, by),
            Input::RestoreClosure(closure) => self.restore_closure(closure),
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
        self.world.licences_until = now;
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

/// Names are of no weight in any decision, and people's have no place in the log.
fn without_logins(mut input: Input) -> Input {
    if let Input::Configure(company) = &mut input {
        for agent in company.agents.values_mut() {
            agent.login.clear();
        }
    }
    input
}
