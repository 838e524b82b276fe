//! The one task that owns the Distributor.
//!
//! **Owns**: the clock and the channels around [`router::Distributor`]: inputs in, offers out to the calls' mailboxes,
//! events out to the journal. **Must not**: decide anything.

mod expected_wait;
mod phones;

use crate::api::live::{LiveRequest, SetStateError};
use crate::call::actor::Mailbox;
use crate::call::phone_call::PhoneAsk;
use crate::call::port::{CallInput, Offered};
use crate::clock::Clock;
use crate::company_view::CompanyView;
use recordings::Journal;
use router::agent::Wanted;
use router::distributor::port::LeaveCause;
use router::id::{AgentId, InteractionId, OfferId, QueueEntryId};
use router::{AgentState, Distributor, Input, Output};
use sip_gateway::leg::DeviceChange;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Messages that wait for the Distributor at most; senders wait when it is full.
pub const DISTRIBUTOR_QUEUE: usize = 1024;

/// The address of the Distributor's task.
pub type DistributorHandle = mpsc::Sender<DistributorMessage>;

/// What the task is told.
#[derive(Debug)]
pub enum DistributorMessage {
    /// A call says something; its mailbox gets the answers.
    FromCall {
        /// The call's interaction.
        interaction: InteractionId,
        /// Where answers go.
        mailbox: Mailbox,
        /// What it says.
        input: Input,
    },
    /// A call of an agent's phone that is no interaction asks something; its mailbox gets the answer.
    FromPhone {
        /// Names the call.
        call: InteractionId,
        /// Where the answer goes.
        mailbox: Mailbox,
        /// What it asks.
        ask: PhoneAsk,
    },
    /// The call's task died: whatever waits or talks in its name is over.
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
}

/// The task's state.
#[derive(Debug)]
pub struct DistributorTask {
    distributor: Distributor,
    clock: Clock,
    journal: Journal,
    messages: mpsc::Receiver<DistributorMessage>,
    live: mpsc::Receiver<LiveRequest>,
    company: watch::Receiver<Arc<CompanyView>>,
    calls: HashMap<InteractionId, Mailbox>,
    own_calls: phones::OwnCalls,
    expected: expected_wait::ExpectedWait,
}

impl DistributorTask {
    /// Around a Distributor that has been restored.
    #[must_use]
    pub fn new(
        distributor: Distributor,
        clock: Clock,
        journal: Journal,
        messages: mpsc::Receiver<DistributorMessage>,
        live: mpsc::Receiver<LiveRequest>,
        company: watch::Receiver<Arc<CompanyView>>,
    ) -> Self {
        Self {
            distributor,
            clock,
            journal,
            messages,
            live,
            company,
            calls: HashMap::new(),
            own_calls: phones::OwnCalls::default(),
            expected: expected_wait::ExpectedWait::default(),
        }
    }

    /// Runs until every sender is gone. Hop 7's driver.
    pub async fn run(mut self) {
        self.input(Input::Tick);
        self.drain().await;
        loop {
            let deadline = self
                .distributor
                .next_deadline()
                .map(|then| self.clock.instant_of(then));
            let sleep = async {
                match deadline {
                    Some(then) => tokio::time::sleep_until(then).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = self.messages.recv() => match message {
                    Some(message) => self.message(message),
                    None => break,
                },
                Some(request) = self.live.recv() => self.live_request(request),
                Ok(()) = self.company.changed() => {
                    let routing = self.company.borrow_and_update().routing.clone();
                    self.input(Input::Configure(routing));
                }
                () = sleep => self.input(Input::Tick),
            }
            self.drain().await;
        }
    }

    fn input(&mut self, input: Input) {
        self.distributor.handle(input, self.clock.now());
    }

    fn message(&mut self, message: DistributorMessage) {
        match message {
            DistributorMessage::FromCall {
                interaction,
                mailbox,
                input,
            } => {
                self.calls.insert(interaction, mailbox);
                match input {
                    Input::OwnCallStarted { agent } => self.own_call_started(agent, interaction),
                    Input::OwnCallEnded { agent } => self.own_call_ended(agent, interaction),
                    Input::Enqueue(request) => {
                        self.expected.entered(request.entry, request.queue);
                        self.input(Input::Enqueue(request));
                    }
                    input => self.input(input),
                }
            }
            DistributorMessage::FromPhone { call, mailbox, ask } => {
                self.phone_asks(call, &mailbox, ask);
            }
            DistributorMessage::Lost { interaction } => self.lost(interaction),
            DistributorMessage::Detach { interaction } => {
                self.calls.remove(&interaction);
                self.no_own_calls_of(interaction);
            }
            DistributorMessage::Device { extension, change } => {
                let agent = self.company.borrow().agent_at(&extension);
                // A binding that outlived a restart is no news: it must not undo what the agent said before.
                let known = agent.and_then(|agent| self.distributor.agent(agent));
                let no_news = change == DeviceChange::Registered
                    && known.is_some_and(|known| known.registered);
                if let Some(agent) = agent.filter(|_| !no_news) {
                    self.input(device_input(agent, change));
                }
            }
        }
    }

    fn lost(&mut self, interaction: InteractionId) {
        self.calls.remove(&interaction);
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

    fn live_request(&mut self, request: LiveRequest) {
        // A client that has gone away needs no answer.
        match request {
            LiveRequest::Agents { reply } => drop(reply.send(self.distributor.agents())),
            LiveRequest::Queues { reply } => drop(reply.send(self.distributor.queues())),
            LiveRequest::SetAgentState {
                agent,
                wanted,
                reply,
            } => {
                let result = self.set_state(agent, wanted);
                let _ = reply.send(result);
            }
        }
    }

    fn set_state(&mut self, agent: AgentId, wanted: Wanted) -> Result<(), SetStateError> {
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

    /// Carries away everything the Distributor says, in order.
    async fn drain(&mut self) {
        while let Some(output) = self.distributor.poll_output() {
            if let Output::Log(event) = output {
                if let Err(error) = self.journal.append(self.clock.now(), event, None).await {
                    tracing::error!(%error, "a line of the log is lost");
                }
            } else {
                self.tell_call(output);
            }
        }
    }

    /// To the call it is about.
    fn tell_call(&mut self, output: Output) {
        match output {
            Output::Log(_) => {}
            Output::Queued {
                interaction,
                entry,
                position,
            } => {
                let expected = self.expected.of(entry, position, self.clock.now());
                let queued = CallInput::Queued {
                    entry,
                    position,
                    expected,
                };
                self.tell(interaction, entry, queued);
            }
            Output::Offer {
                interaction,
                entry,
                offer,
                agent,
                queue,
                ring_timeout,
            } => {
                let company = self.company.borrow().clone();
                let offered = Offered {
                    entry,
                    offer,
                    agent,
                    extension: company.extension_of(agent).unwrap_or_default(),
                    queue_name: company.queue_name(queue).unwrap_or_default(),
                    ring_timeout,
                    record: company.record_in(queue),
                };
                self.tell(interaction, entry, CallInput::Offered(offered));
            }
            Output::Revoke {
                interaction, offer, ..
            } => self.tell_if_there(interaction, CallInput::OfferRevoked { offer }),
            Output::Accepted {
                interaction,
                entry,
                offer,
                agent,
            } => {
                self.expected.answered(entry, self.clock.now());
                self.accepted(interaction, offer, agent);
            }
            Output::OfferVoid { offer } => {
                for mailbox in self.calls.values() {
                    let _ = mailbox.try_send(CallInput::OfferVoid { offer });
                }
            }
            Output::EntryLeft {
                interaction,
                entry,
                outcome,
                refusal,
            } => {
                self.expected.left(entry);
                let left = CallInput::EntryLeft {
                    entry,
                    outcome,
                    refusal,
                };
                self.tell_if_there(interaction, left);
            }
        }
    }

    /// A call that is gone cannot bridge: its agent is free again.
    fn accepted(&mut self, interaction: InteractionId, offer: OfferId, agent: AgentId) {
        let input = CallInput::OfferAccepted { offer, agent };
        let heard = self
            .calls
            .get(&interaction)
            .is_some_and(|mailbox| mailbox.try_send(input).is_ok());
        if !heard {
            tracing::error!(%interaction, "an accepted call does not hear the distributor");
            self.input(Input::TalkEnded { agent, interaction });
        }
    }

    /// To a call that must hear it. One that cannot is out of the queue, as our fault.
    fn tell(&mut self, interaction: InteractionId, entry: QueueEntryId, input: CallInput) {
        let heard = self
            .calls
            .get(&interaction)
            .is_some_and(|mailbox| mailbox.try_send(input).is_ok());
        if !heard {
            tracing::error!(%interaction, "a waiting call does not hear the distributor");
            self.calls.remove(&interaction);
            self.input(Input::Leave {
                entry,
                cause: LeaveCause::Failed,
            });
        }
    }

    fn tell_if_there(&self, interaction: InteractionId, input: CallInput) {
        if let Some(mailbox) = self.calls.get(&interaction)
            && mailbox.try_send(input).is_err()
        {
            tracing::error!(%interaction, "a call does not hear the distributor");
        }
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
