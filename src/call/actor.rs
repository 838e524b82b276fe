//! The driver of one call: one task, one bounded mailbox, one select loop.
//!
//! **Owns**: the call's [`CallMachine`] and the carrying out of what it asks, in order. **Must not**: decide.

mod speaking;

use super::control::{ControlId, Refused};
use super::counts::CallCounts;
use super::leg_commands::{ForGateway, WantedRecording};
use super::machine::CallMachine;
use super::port::{CallInput, CallOutput, CallSetup, LegCommand};
use super::ringback;
use crate::clock::Clock;
use crate::customer_lookup::CustomerLookup;
use crate::distributor_task::{DistributorHandle, DistributorMessage};
use crate::ids::LiveIds;
use crate::outside::Outside;
use crate::speech::Voice;
use crate::talk_recorder::{BegunRecording, NewRecording, TalkRecorder};
use recordings::{Journal, JournalError};
use router::id::{InteractionId, RecordingId};
use router::{Event, Timestamp};
use sip_gateway::leg::{GatewayCommand, LegId, StreamId};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::port::RecordRequest;
use sip_gateway::net::Gateway;
use speaking::Speaking;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a call's mailbox holds at most. A call that falls this far behind is broken and is ended.
pub const MAILBOX: usize = 256;

/// The address of a call.
pub type Mailbox = mpsc::Sender<CallInput>;

/// Everything a call's driver needs of the process.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// The clock.
    pub clock: Clock,
    /// Makes ids.
    pub ids: LiveIds,
    /// SIP and media.
    pub gateway: Gateway,
    /// The one log.
    pub journal: Journal,
    /// The Distributor's task.
    pub distributor: DistributorHandle,
    /// Prompts and speech.
    pub voice: Voice,
    /// Who calls.
    pub customers: CustomerLookup,
    /// Servers outside.
    pub outside: Outside,
    /// Takes recorded blocks to the disk.
    pub recordings: TalkRecorder,
    /// Tells the registry which legs are ours.
    pub registry: mpsc::Sender<super::registry::RegistryMessage>,
    /// How calls ended, for whoever watches the process.
    pub counts: Arc<CallCounts>,
    /// How it rings here.
    pub tone: Arc<Clip>,
}

impl CallContext {
    /// The ringing tone towards a leg.
    #[must_use]
    pub fn ringback(&self, leg: LegId) -> GatewayCommand {
        ringback::play(leg, &self.tone)
    }
}

/// One call's driver.
#[derive(Debug)]
pub struct CallActor {
    interaction: InteractionId,
    began: Timestamp,
    machine: CallMachine,
    context: CallContext,
    mailbox: mpsc::Receiver<CallInput>,
    own: Mailbox,
    streams: HashMap<RecordingId, StreamId>,
    speaking: Speaking,
    legs: Vec<LegId>,
}

impl CallActor {
    /// A call that has just arrived.
    #[must_use]
    pub fn new(
        setup: CallSetup,
        context: CallContext,
        own: Mailbox,
        mailbox: mpsc::Receiver<CallInput>,
    ) -> Self {
        let now = context.clock.now();
        Self {
            interaction: setup.interaction,
            began: now,
            legs: vec![setup.leg],
            machine: CallMachine::new(setup, now),
            context,
            mailbox,
            own,
            streams: HashMap::new(),
            speaking: Speaking::default(),
        }
    }

    /// Lives until every leg is over. Hop 4.
    pub async fn run(mut self) {
        self.step(CallInput::Begin).await;
        while !self.machine.is_finished() {
            let clock = self.context.clock;
            let due = clock.wait_until(self.machine.next_deadline());
            let input = tokio::select! {
                input = self.mailbox.recv() => input.unwrap_or(CallInput::Shutdown),
                () = due => CallInput::Tick,
                spoken = self.speaking.next() => {
                    self.spoken(spoken).await;
                    continue;
                }
            };
            self.step(input).await;
        }
        let over = super::registry::RegistryMessage::CallOver {
            interaction: self.interaction,
            legs: self.legs,
        };
        let _ = self.context.registry.send(over).await;
        let _ = self
            .context
            .distributor
            .send(DistributorMessage::Detach {
                interaction: self.interaction,
            })
            .await;
    }

    async fn step(&mut self, input: CallInput) {
        let now = self.context.clock.now();
        self.machine.handle(input, now, &mut self.context.ids);
        while let Some(output) = self.machine.poll_output() {
            if self.carry_out(output).await.is_err() {
                let now = self.context.clock.now();
                let failed = CallInput::JournalFailed;
                self.machine.handle(failed, now, &mut self.context.ids);
            }
        }
    }

    /// Fails only when a line that must be on the disk is not.
    async fn carry_out(&mut self, output: CallOutput) -> Result<(), JournalError> {
        match output {
            CallOutput::Leg(command) => self.leg(command).await,
            CallOutput::Distribute(input) => {
                let message = DistributorMessage::FromCall {
                    interaction: self.interaction,
                    mailbox: self.own.clone(),
                    input,
                };
                if self.context.distributor.send(message).await.is_err() {
                    tracing::error!(interaction = %self.interaction, "the distributor is gone");
                }
            }
            CallOutput::ShowCaller(card) => {
                let message = DistributorMessage::Caller {
                    interaction: self.interaction,
                    card,
                };
                // Whoever is gone shows nobody anything; the waiting itself tells of it.
                let _ = self.context.distributor.send(message).await;
            }
            CallOutput::Log { event, personal } => self.log(event, personal).await,
            CallOutput::LogSynced(event) => {
                let now = self.context.clock.now();
                let synced = self.context.journal.append_synced(now, event, None).await;
                if let Err(error) = &synced {
                    tracing::error!(interaction = %self.interaction, %error, "the journal cannot be written: the call is refused");
                }
                return synced.map(|_| ());
            }
            CallOutput::Ask(ask) => self.ask(ask).await,
            CallOutput::Answer { id, result } => self.answer_control(id, result).await,
            CallOutput::FindWay(question) => {
                let interaction = self.interaction;
                let message = super::registry::RegistryMessage::FindWay {
                    interaction,
                    to: question.to,
                };
                let _ = self.context.registry.send(message).await;
            }
            CallOutput::WayOver => {
                let interaction = self.interaction;
                let message = super::registry::RegistryMessage::WayOver { interaction };
                let _ = self.context.registry.send(message).await;
            }
            CallOutput::FindCustomer(question) => self.find_customer(question),
            CallOutput::Fetch { ask, request } => self.fetch(ask, *request),
            CallOutput::Finished => {}
        }
        Ok(())
    }

    async fn log(&self, event: Event, personal: Option<router::event::PersonalData>) {
        if let Event::CallEnded { outcome, .. } = &event {
            self.context.counts.ended(*outcome);
        }
        if let Event::TalkChanged { change, .. } = &event {
            self.context.counts.changed(*change);
        }
        let now = self.context.clock.now();
        let journal = &self.context.journal;
        let logged = if matters_after_a_crash(&event) {
            journal.append(now, event, personal).await
        } else {
            journal.append_gathered(now, event, personal).await
        };
        if let Err(error) = logged {
            tracing::error!(interaction = %self.interaction, %error, "a line of the log is lost");
        }
    }

    async fn leg(&mut self, command: LegCommand) {
        self.speaking.outdated_by(&command);
        let command = match command.for_gateway() {
            ForGateway::AsIs(command) => command,
            ForGateway::Dial { leg, command } => {
                self.own_leg(leg).await;
                command
            }
            ForGateway::Ringback(leg) => self.context.ringback(leg),
            ForGateway::Play(play) => match self.play(play) {
                Some(command) => command,
                None => return,
            },
            ForGateway::StartRecording(wanted) => match self.start_recording(wanted).await {
                Some(command) => command,
                None => return,
            },
            ForGateway::HoldTone(leg) => ringback::hold_tone(leg),
            ForGateway::PauseRecording { recording, paused } => {
                match self.streams.get(&recording).copied() {
                    Some(stream) => GatewayCommand::PauseRecording { stream, paused },
                    None => return,
                }
            }
            ForGateway::RecordOthers {
                recording,
                customer,
                agents,
            } => match self.streams.get(&recording).copied() {
                Some(stream) => GatewayCommand::RecordOthers {
                    stream,
                    left: customer,
                    right: agents,
                },
                None => return,
            },
            ForGateway::StopRecording(recording) => match self.streams.remove(&recording) {
                Some(stream) => GatewayCommand::StopRecording(stream),
                None => return,
            },
        };
        if self.context.gateway.send(command).await.is_err() {
            tracing::error!(interaction = %self.interaction, "the gateway is gone");
        }
    }

    async fn ask(&mut self, ask: super::phone_call::PhoneAsk) {
        let message = DistributorMessage::FromPhone {
            call: self.interaction,
            mailbox: self.own.clone(),
            ask,
        };
        if self.context.distributor.send(message).await.is_err() {
            tracing::error!(interaction = %self.interaction, "the distributor is gone");
        }
    }

    /// The registry knows who waits for it.
    async fn answer_control(&self, id: ControlId, result: Result<(), Refused>) {
        let message = super::registry::RegistryMessage::ControlAnswered { id, result };
        let _ = self.context.registry.send(message).await;
    }

    /// The registry must know the leg before the gateway can say anything about it.
    async fn own_leg(&mut self, leg: LegId) {
        self.legs.push(leg);
        let message = super::registry::RegistryMessage::Leg {
            leg,
            mailbox: self.own.clone(),
        };
        let _ = self.context.registry.send(message).await;
    }

    async fn start_recording(&mut self, wanted: WantedRecording) -> Option<GatewayCommand> {
        if let Some(silence) = wanted.silence {
            return self.start_message(wanted, silence).await;
        }
        let WantedRecording {
            recording, index, ..
        } = wanted;
        let new = NewRecording {
            interaction: self.interaction,
            started_at: self.began,
            recording,
            index,
        };
        match self.context.recordings.begin(new).await {
            Ok(begun) => Some(self.recording_begun(wanted, begun).await),
            Err(error) => {
                tracing::error!(interaction = %self.interaction, %error, "this talk is NOT recorded");
                None
            }
        }
    }

    /// The file is there: its line, and the gateway's command.
    async fn recording_begun(
        &mut self,
        wanted: WantedRecording,
        begun: BegunRecording,
    ) -> GatewayCommand {
        self.streams.insert(wanted.recording, begun.stream);
        self.log(begun.event, None).await;
        GatewayCommand::StartRecording(RecordRequest {
            stream: begun.stream,
            left: wanted.customer,
            right: wanted.agent,
            sample_rate: crate::talk_recorder::SAMPLE_RATE,
            sink: begun.sink,
        })
    }

    /// To ourselves; the mailbox has room, since only the loop that runs this drains it.
    fn deliver(&self, input: CallInput) {
        if self.own.try_send(input).is_err() {
            tracing::error!(interaction = %self.interaction, "mailbox full");
        }
    }
}

/// Without these lines the record of a call that a crash cut off would tell less than what was heard: they wait for
/// no others on their way to the file.
const fn matters_after_a_crash(event: &Event) -> bool {
    matches!(
        event,
        Event::Connected { .. }
            | Event::TalkChanged {
                change: router::event::TalkChange::TookOver,
                ..
            }
            | Event::RecordingStarted { .. }
            | Event::RecordingConsent { .. }
            | Event::TalkPaused { .. }
            | Event::TalkResumed { .. }
    )
}
