//! The Distributor among live calls: who says what to it, and who hears what it says.
//!
//! **Owns**: the [`Distributor`], which calls may be told, which calls keep agents busy, and what it means when a call
//! does not hear. PURE: the task carries its outputs to mailboxes and to the journal, a simulation to its own.
//! **Must not know**: channels, the clock.

use super::phones::OwnCalls;
use super::positions::{Place, Positions};
use crate::api::live::{SetStateError, WrapUpAct, WrapUpError};
use crate::call::phone_call::PhoneAsk;
use crate::call::port::{CallInput, CallerCard, Offered};
use crate::company_view::CompanyView;
use crate::floor::items::FloorView;
use router::agent::Wanted;
use router::closure::{ClosedBy, Closure};
use router::distributor::port::{AgentView, LeaveCause, QueueView, WrapUpView};
use router::id::{AgentId, InteractionId, OfferId, QueueId};
use router::wait::{Forecast, WaitError, WaitForecast};
use router::{AgentState, Distributor, Event, Input, Output, Timestamp};
use sip_gateway::leg::DeviceChange;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Everything the desk can be told.
#[derive(Clone, Debug)]
pub enum DeskInput {
    /// A call says something; it may be told things from here on.
    FromCall {
        /// The call's interaction.
        interaction: InteractionId,
        /// What it says.
        input: Input,
    },
    /// Who waits and why, for agents' screens.
    Caller {
        /// The call's interaction.
        interaction: InteractionId,
        /// What is shown.
        card: CallerCard,
    },
    /// A call of an agent's phone that is no interaction asks something.
    FromPhone {
        /// Names the call.
        call: InteractionId,
        /// What it asks.
        ask: PhoneAsk,
    },
    /// The call's driver died: whatever waits or talks in its name is over.
    Lost {
        /// Its interaction.
        interaction: InteractionId,
    },
    /// The call is over.
    Detach {
        /// Its interaction.
        interaction: InteractionId,
    },
    /// An agent's phone registered or is gone, by extension.
    Device {
        /// The phone.
        extension: String,
        /// How.
        change: DeviceChange,
    },
    /// The company file changed.
    Company(Arc<CompanyView>),
    /// A supervisor closes a queue.
    CloseQueue(Closure),
    /// A supervisor opens a queue.
    OpenQueue {
        /// Which.
        queue: QueueId,
        /// Who.
        by: ClosedBy,
    },
    /// A deadline passed.
    Tick,
}

/// Everything the desk says, in order.
#[derive(Clone, Debug)]
pub enum DeskOutput {
    /// A line for the one event log.
    Log(Event),
    /// Tell this call; when it cannot hear, say so by [`Desk::unheard`].
    Tell {
        /// The call.
        call: InteractionId,
        /// What.
        input: CallInput,
    },
    /// Tell every call there is.
    TellAll(CallInput),
}

/// What a queue's callers may expect.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WaitView {
    /// One who comes now; none when nobody can tell.
    pub newcomer: Option<Forecast>,
    /// How good forecasts were lately.
    pub error: WaitError,
}

/// The state.
#[derive(Debug)]
pub struct Desk {
    pub(super) distributor: Distributor,
    pub(super) own_calls: OwnCalls,
    company: Arc<CompanyView>,
    calls: BTreeSet<InteractionId>,
    /// Who the callers are that wait or talk; each is forgotten with its call.
    callers: BTreeMap<InteractionId, CallerCard>,
    positions: Positions,
    outputs: VecDeque<DeskOutput>,
    expected: WaitForecast,
    pub(super) now: Timestamp,
}

impl Desk {
    /// Around a Distributor that has been restored.
    #[must_use]
    pub fn new(distributor: Distributor, company: Arc<CompanyView>, now: Timestamp) -> Self {
        Self {
            expected: WaitForecast::new(&company.routing),
            distributor,
            company,
            calls: BTreeSet::new(),
            callers: BTreeMap::new(),
            positions: Positions::default(),
            own_calls: OwnCalls::default(),
            outputs: VecDeque::new(),
            now,
        }
    }

    /// Takes one input; afterwards carry out what [`Self::poll_output`] gives, until it gives none.
    pub fn handle(&mut self, input: DeskInput, now: Timestamp) {
        self.now = now;
        match input {
            DeskInput::FromCall { interaction, input } => self.call_says(interaction, input),
            DeskInput::Caller { interaction, card } => drop(self.callers.insert(interaction, card)),
            DeskInput::FromPhone { call, ask } => {
                self.calls.insert(call);
                self.phone_asks(call, ask);
            }
            DeskInput::Lost { interaction } => self.lost(interaction),
            DeskInput::Detach { interaction } => {
                self.calls.remove(&interaction);
                self.callers.remove(&interaction);
                self.positions.over(interaction);
                self.no_own_calls_of(interaction);
            }
            DeskInput::Device { extension, change } => self.device(&extension, change),
            DeskInput::Company(company) => {
                let routing = company.routing.clone();
                self.expected.configure(&routing);
                self.company = company;
                self.input(Input::Configure(routing));
            }
            DeskInput::CloseQueue(closure) => self.input(Input::CloseQueue(closure)),
            DeskInput::OpenQueue { queue, by } => self.input(Input::OpenQueue { queue, by }),
            DeskInput::Tick => self.input(Input::Tick),
        }
    }

    /// The next thing to do. A moment of the Distributor's outputs is read here, so that none is told before the one
    /// that came first was carried out.
    pub fn poll_output(&mut self) -> Option<DeskOutput> {
        while self.outputs.is_empty() {
            if let Some(output) = self.distributor.poll_output() {
                self.read(output);
                continue;
            }
            let due = self.positions.due(self.now);
            if due.is_empty() {
                return None;
            }
            for queue in due {
                self.tell_line(queue);
            }
        }
        self.outputs.pop_front()
    }

    /// When to hand in [`DeskInput::Tick`] at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let deadlines = [self.distributor.next_deadline(), self.positions.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Every agent as the API shows it.
    #[must_use]
    pub fn agents(&self) -> Vec<AgentView> {
        self.distributor.agents()
    }

    /// Every agent, and the callers of those who are offered or busy.
    #[must_use]
    pub fn floor(&self) -> FloorView {
        let agents = self.distributor.agents();
        let busy = agents.iter().filter_map(|agent| agent.interaction);
        let cards = busy.filter_map(|call| Some((call, self.caller(call)?.clone())));
        let wrap_ups = agents.iter().map(|agent| agent.agent);
        let wrap_ups = wrap_ups.filter_map(|agent| Some((agent, self.wrap_up_of(agent)?)));
        FloorView {
            cards: cards.collect(),
            wrap_ups: wrap_ups.collect(),
            agents,
        }
    }

    /// Every queue as the API shows it.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueView> {
        self.distributor.queues()
    }

    /// What a newcomer to each queue may expect, and how good such forecasts were.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> BTreeMap<QueueId, WaitView> {
        let queues = self.company.routing.queues.iter();
        let view = queues.map(|(id, queue)| {
            let newcomer = self.expected.newcomer(*id, &queue.skills, now);
            let error = self.expected.error(*id);
            (*id, WaitView { newcomer, error })
        });
        view.collect()
    }

    /// How a queue is closed; none when it is open.
    #[must_use]
    pub fn closure(&self, queue: QueueId) -> Option<Closure> {
        self.distributor.queue(queue)?.closure
    }

    /// Who calls and why, from the first waiting until the call is over; before the record knows it.
    #[must_use]
    pub fn caller(&self, interaction: InteractionId) -> Option<&CallerCard> {
        self.callers.get(&interaction)
    }

    /// The invariants of `docs/routing-rules.md` that one moment's state shows.
    ///
    /// # Errors
    /// The first one that is broken, in words.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.distributor.check_invariants()
    }

    /// Asks for an agent's state, as the API does.
    ///
    /// # Errors
    /// [`SetStateError`] when nothing was changed.
    pub fn set_state(
        &mut self,
        agent: AgentId,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<(), SetStateError> {
        self.now = now;
        self.ask_state(agent, wanted)
    }

    /// The after-call work that an agent does now.
    #[must_use]
    pub fn wrap_up_of(&self, agent: AgentId) -> Option<WrapUpView> {
        self.distributor.wrap_up(agent)
    }

    /// Does something about an agent's after-call work, if it is about this interaction.
    ///
    /// # Errors
    /// [`WrapUpError`] when nothing was changed.
    pub fn wrap_up(
        &mut self,
        agent: AgentId,
        interaction: InteractionId,
        act: WrapUpAct,
        now: Timestamp,
    ) -> Result<WrapUpView, WrapUpError> {
        self.now = now;
        let work = self.wrap_up_of(agent);
        let work = work.filter(|work| work.interaction == Some(interaction));
        let work = work.ok_or(WrapUpError::Over)?;
        match act {
            WrapUpAct::Look => Ok(work),
            WrapUpAct::Done => {
                self.input(Input::EndWrapUp { agent });
                Ok(work)
            }
            WrapUpAct::Extend if work.extensions_left == 0 => Err(WrapUpError::NoLonger),
            WrapUpAct::Extend => {
                let by = work.extend_by;
                self.input(Input::ExtendWrapUp { agent, by });
                self.wrap_up_of(agent).ok_or(WrapUpError::Over)
            }
        }
    }

    pub(super) fn ask_state(
        &mut self,
        agent: AgentId,
        wanted: Wanted,
    ) -> Result<(), SetStateError> {
        let known = self
            .distributor
            .agent(agent)
            .ok_or(SetStateError::UnknownAgent)?;
        if wanted == Wanted::Available && !known.registered {
            return Err(SetStateError::NoPhone);
        }
        self.input(Input::SetState { agent, wanted });
        Ok(())
    }

    /// A call did not hear what it was told. What must be heard is taken back.
    pub fn unheard(&mut self, call: InteractionId, input: &CallInput, now: Timestamp) {
        self.now = now;
        match input {
            // One that cannot is out of the queue, as our fault.
            CallInput::Queued { entry, .. } => self.not_waiting(call, *entry),
            CallInput::Offered(offered) => self.not_waiting(call, offered.entry),
            // A call that is gone cannot bridge: its agent is free again.
            CallInput::OfferAccepted { agent, .. } => self.input(Input::TalkEnded {
                agent: *agent,
                interaction: call,
            }),
            CallInput::PhoneAnswered(_) => self.no_own_calls_of(call),
            _ => return,
        }
        tracing::error!(%call, "a call does not hear the distributor");
    }

    fn not_waiting(&mut self, call: InteractionId, entry: router::id::QueueEntryId) {
        self.calls.remove(&call);
        self.input(Input::Leave {
            entry,
            cause: LeaveCause::Failed,
        });
    }

    pub(super) fn input(&mut self, input: Input) {
        self.distributor.handle(input, self.now);
    }

    fn call_says(&mut self, interaction: InteractionId, input: Input) {
        self.calls.insert(interaction);
        match input {
            Input::OwnCallStarted { agent } => self.own_call_started(agent, interaction),
            Input::OwnCallEnded { agent } => self.own_call_ended(agent, interaction),
            input => {
                self.input(input);
            }
        }
    }

    fn device(&mut self, extension: &str, change: DeviceChange) {
        let agent = self.company.agent_at(extension);
        // A binding that outlived a restart is no news: it must not undo what the agent said before.
        let known = agent.and_then(|agent| self.distributor.agent(agent));
        let no_news =
            change == DeviceChange::Registered && known.is_some_and(|known| known.registered);
        match agent {
            Some(agent) if !no_news => {
                self.input(device_input(agent, change));
                self.phone_is_there(agent);
            }
            Some(_) => {}
            None => {
                let there = change == DeviceChange::Registered;
                self.own_calls.guest(extension, there);
            }
        }
    }

    pub(super) fn extension_of(&self, agent: AgentId) -> Option<String> {
        self.company.extension_of(agent)
    }

    fn lost(&mut self, interaction: InteractionId) {
        self.calls.remove(&interaction);
        self.callers.remove(&interaction);
        self.positions.over(interaction);
        self.no_own_calls_of(interaction);
        let waiting: Vec<_> = self
            .distributor
            .queues()
            .into_iter()
            .flat_map(|queue| queue.waiting)
            .filter(|waiting| waiting.interaction == interaction)
            .collect();
        for waiting in waiting {
            self.input(Input::Leave {
                entry: waiting.entry,
                cause: LeaveCause::Failed,
            });
        }
        let talking: Vec<_> = self
            .distributor
            .agents()
            .into_iter()
            .filter(|agent| agent.interaction == Some(interaction))
            .filter(|agent| agent.state == AgentState::OnCall)
            .collect();
        for agent in talking {
            self.input(Input::TalkEnded {
                agent: agent.agent,
                interaction,
            });
        }
    }

    pub(super) fn tell(&mut self, call: InteractionId, input: CallInput) {
        if self.calls.contains(&call) {
            self.outputs.push_back(DeskOutput::Tell { call, input });
        } else {
            let now = self.now;
            self.unheard(call, &input, now);
        }
    }

    /// One output of the Distributor, in the calls' words.
    fn read(&mut self, output: Output) {
        match output {
            Output::Log(event) => {
                self.expected.read(&event, self.now);
                self.outputs.push_back(DeskOutput::Log(event));
            }
            Output::Queued {
                interaction,
                entry,
                position,
            } => {
                let place = Place {
                    interaction,
                    entry,
                    position,
                };
                self.tell_place(place);
            }
            Output::LineMoved { queue } => self.positions.moved(queue, self.now),
            Output::Offer {
                interaction,
                entry,
                offer,
                agent,
                queue,
                ring_timeout,
            } => {
                let company = &self.company;
                let offered = Offered {
                    entry,
                    offer,
                    agent,
                    extension: company.extension_of(agent).unwrap_or_default(),
                    queue_name: company.queue_name(queue).unwrap_or_default(),
                    ring_timeout,
                    record: company.record_in(queue),
                };
                self.tell(interaction, CallInput::Offered(offered));
            }
            Output::Revoke {
                interaction, offer, ..
            } => self.tell(interaction, CallInput::OfferRevoked { offer }),
            Output::Accepted {
                interaction,
                offer,
                agent,
                ..
            } => {
                self.positions.over(interaction);
                self.tell(interaction, CallInput::OfferAccepted { offer, agent });
            }
            Output::OfferVoid { offer } => self.void(offer),
            Output::EntryLeft {
                interaction,
                entry,
                outcome,
                refusal,
                message,
                way,
            } => {
                let left = CallInput::EntryLeft {
                    entry,
                    outcome,
                    refusal,
                    message,
                    way,
                };
                self.positions.over(interaction);
                self.tell(interaction, left);
            }
        }
    }

    /// Everybody of this line whose place is not the one they know.
    fn tell_line(&mut self, queue: QueueId) {
        let line = self.distributor.queue(queue).map(|view| view.waiting);
        for waiting in line.unwrap_or_default() {
            let place = Place {
                interaction: waiting.interaction,
                entry: waiting.entry,
                position: waiting.position,
            };
            if self.positions.is_news(place) {
                self.tell_place(place);
            }
        }
    }

    fn tell_place(&mut self, place: Place) {
        self.positions.telling(place);
        let (entry, position) = (place.entry, place.position);
        let expected = self.expected.of(entry, position, self.now);
        let expected = expected.map(|forecast| forecast.announced);
        self.tell(
            place.interaction,
            CallInput::Queued {
                entry,
                position,
                expected,
            },
        );
    }

    fn void(&mut self, offer: OfferId) {
        let input = CallInput::OfferVoid { offer };
        self.outputs.push_back(DeskOutput::TellAll(input));
    }
}

fn device_input(agent: AgentId, change: DeviceChange) -> Input {
    match change {
        DeviceChange::Registered => Input::PhoneRegistered { agent },
        DeviceChange::Gone { by_device } => Input::PhoneGone {
            agent,
            by_agent: by_device,
        },
    }
}
