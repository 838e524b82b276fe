//! The one task that owns the Distributor.
//!
//! **Owns**: the clock and the channels around the [`Desk`]: inputs in, what calls must hear out to their mailboxes,
//! events out to the journal. **Must not**: decide anything.

pub mod desk;
mod phones;
mod positions;

use crate::api::live::LiveRequest;
use crate::call::actor::Mailbox;
use crate::call::phone_call::PhoneAsk;
use crate::call::port::{CallInput, CallerCard};
use crate::clock::Clock;
use crate::company_view::CompanyView;
use desk::{Desk, DeskInput, DeskOutput};
use recordings::Journal;
use router::id::InteractionId;
use router::{Distributor, Event, Input};
use sip_gateway::leg::DeviceChange;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
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
    /// Who waits and why, for agents' screens.
    Caller {
        /// The call's interaction.
        interaction: InteractionId,
        /// What is shown.
        card: CallerCard,
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
    desk: Desk,
    clock: Clock,
    journal: Journal,
    messages: mpsc::Receiver<DistributorMessage>,
    live: mpsc::Receiver<LiveRequest>,
    company: watch::Receiver<Arc<CompanyView>>,
    calls: HashMap<InteractionId, Mailbox>,
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
        let view = company.borrow().clone();
        Self {
            desk: Desk::new(distributor, view, clock.now()),
            clock,
            journal,
            messages,
            live,
            company,
            calls: HashMap::new(),
        }
    }

    /// Runs until every sender is gone. Hop 7's driver.
    pub async fn run(mut self) {
        self.input(DeskInput::Tick);
        self.drain().await;
        loop {
            let clock = self.clock;
            let due = clock.wait_until(self.desk.next_deadline());
            tokio::select! {
                message = self.messages.recv() => match message {
                    Some(message) => self.message(message),
                    None => break,
                },
                Some(request) = self.live.recv() => self.live_request(request).await,
                Ok(()) = self.company.changed() => {
                    let company = self.company.borrow_and_update().clone();
                    self.input(DeskInput::Company(company));
                }
                () = due => self.input(DeskInput::Tick),
            }
            self.drain().await;
        }
    }

    fn input(&mut self, input: DeskInput) {
        self.desk.handle(input, self.clock.now());
    }

    fn message(&mut self, message: DistributorMessage) {
        let input = match message {
            DistributorMessage::FromCall {
                interaction,
                mailbox,
                input,
            } => {
                self.calls.insert(interaction, mailbox);
                DeskInput::FromCall { interaction, input }
            }
            DistributorMessage::Caller { interaction, card } => {
                DeskInput::Caller { interaction, card }
            }
            DistributorMessage::FromPhone { call, mailbox, ask } => {
                self.calls.insert(call, mailbox);
                DeskInput::FromPhone { call, ask }
            }
            DistributorMessage::Lost { interaction } => {
                self.calls.remove(&interaction);
                DeskInput::Lost { interaction }
            }
            DistributorMessage::Detach { interaction } => {
                self.calls.remove(&interaction);
                DeskInput::Detach { interaction }
            }
            DistributorMessage::Device { extension, change } => {
                DeskInput::Device { extension, change }
            }
        };
        self.input(input);
    }

    async fn live_request(&mut self, request: LiveRequest) {
        // A client that has gone away needs no answer.
        match request {
            LiveRequest::Agents { reply } => drop(reply.send(self.desk.agents())),
            LiveRequest::Floor { reply } => drop(reply.send(self.desk.floor())),
            LiveRequest::Queues { reply } => drop(reply.send(self.desk.queues())),
            LiveRequest::Waits { reply } => {
                drop(reply.send(self.desk.waits(self.clock.now())));
            }
            LiveRequest::SetAgentState {
                agent,
                wanted,
                reply,
            } => {
                let result = self.desk.set_state(agent, wanted, self.clock.now());
                // On its way to the file before anybody is told.
                self.drain().await;
                let _ = reply.send(result);
            }
            LiveRequest::CloseQueue { closure, reply } => {
                let queue = closure.queue;
                self.input(DeskInput::CloseQueue(closure));
                self.drain().await;
                let _ = reply.send(self.desk.closure(queue));
            }
            LiveRequest::OpenQueue { queue, by, reply } => {
                self.input(DeskInput::OpenQueue { queue, by });
                self.drain().await;
                let _ = reply.send(());
            }
            LiveRequest::WrapUp {
                agent,
                interaction,
                act,
                reply,
            } => {
                let now = self.clock.now();
                let _ = reply.send(self.desk.wrap_up(agent, interaction, act, now));
            }
        }
    }

    /// What somebody asked for goes to the file at once: whoever was told that an agent is not ready must find it so
    /// after a crash. What calls do to agents is put right by the next start, and may wait for company.
    async fn log(&self, event: Event) {
        let now = self.clock.now();
        let was_asked = matches!(
            event,
            Event::AgentStateChanged {
                interaction: None,
                ..
            } | Event::QueueClosed { .. }
                | Event::QueueOpened { .. }
        );
        let logged = if was_asked {
            self.journal.append(now, event, None).await
        } else {
            self.journal.append_gathered(now, event, None).await
        };
        if let Err(error) = logged {
            tracing::error!(%error, "a line of the log is lost");
        }
    }

    /// Carries away everything the desk says, in order.
    async fn drain(&mut self) {
        while let Some(output) = self.desk.poll_output() {
            match output {
                DeskOutput::Log(event) => self.log(event).await,
                DeskOutput::Tell { call, input } => self.tell(call, input),
                DeskOutput::TellAll(input) => {
                    for mailbox in self.calls.values() {
                        let _ = mailbox.try_send(input.clone());
                    }
                }
            }
        }
    }

    /// To the call it is about.
    fn tell(&mut self, call: InteractionId, input: CallInput) {
        let Some(mailbox) = self.calls.get(&call) else {
            return;
        };
        let unheard = match mailbox.try_send(input) {
            Ok(()) => return,
            Err(TrySendError::Full(input) | TrySendError::Closed(input)) => input,
        };
        self.desk.unheard(call, &unheard, self.clock.now());
    }
}
