//! The driver of one phone call: one task, one bounded mailbox, one select loop.
//!
//! **Owns**: the call's machine and the carrying out of what it asks, in order. **Must not**: decide.

use super::{PhoneMachine, PhoneOutput};
use crate::call::actor::{CallContext, Mailbox};
use crate::call::leg_commands::ForGateway;
use crate::call::port::{CallInput, IdSource as _};
use crate::call::registry::RegistryMessage;
use crate::distributor_task::DistributorMessage;
use crate::talk_recorder::NewRecording;
use recordings::JournalError;
use router::event::PersonalData;
use router::id::InteractionId;
use router::{Event, Timestamp};
use sip_gateway::leg::{GatewayCommand, LegId, StreamId};
use sip_gateway::media::port::RecordRequest;
use tokio::sync::mpsc;

/// One phone call's driver.
#[derive(Debug)]
pub struct PhoneActor<M> {
    /// Names the call among the live ones; it reaches the log of events only when it is an interaction.
    call: InteractionId,
    machine: M,
    context: CallContext,
    mailbox: mpsc::Receiver<CallInput>,
    own: Mailbox,
    legs: Vec<LegId>,
    began: Timestamp,
    stream: Option<StreamId>,
}

impl<M: PhoneMachine> PhoneActor<M> {
    /// A call whose INVITE has just arrived on `leg`.
    #[must_use]
    pub fn new(
        call: InteractionId,
        leg: LegId,
        machine: M,
        context: CallContext,
        own: Mailbox,
        mailbox: mpsc::Receiver<CallInput>,
    ) -> Self {
        let began = context.clock.now();
        Self {
            began,
            stream: None,
            call,
            machine,
            context,
            mailbox,
            own,
            legs: vec![leg],
        }
    }

    /// Lives until every leg is over.
    pub async fn run(mut self) {
        self.step(CallInput::Begin).await;
        while !self.machine.is_finished() {
            let clock = self.context.clock;
            let due = clock.wait_until(self.machine.next_deadline());
            let input = tokio::select! {
                input = self.mailbox.recv() => input.unwrap_or(CallInput::Shutdown),
                () = due => CallInput::Tick,
            };
            self.step(input).await;
        }
        let over = RegistryMessage::CallOver {
            interaction: self.call,
            legs: self.legs,
        };
        let _ = self.context.registry.send(over).await;
        let detach = DistributorMessage::Detach {
            interaction: self.call,
        };
        let _ = self.context.distributor.send(detach).await;
    }

    async fn step(&mut self, input: CallInput) {
        let now = self.context.clock.now();
        self.machine.handle(input, now);
        while let Some(output) = self.machine.poll_output() {
            if self.carry_out(output).await.is_err() {
                // Whatever was to follow must not happen without its line: above all the 200 OK.
                while self.machine.poll_output().is_some() {}
                let now = self.context.clock.now();
                self.machine.handle(CallInput::JournalFailed, now);
            }
        }
    }

    /// Fails only when a line that must be on the disk is not.
    async fn carry_out(&mut self, output: PhoneOutput) -> Result<(), JournalError> {
        if let PhoneOutput::DialOut { trunk, .. } = &output {
            self.goes_by(trunk.clone()).await;
        }
        let ours = match output.for_gateway() {
            Ok(command) => {
                self.gateway(command).await;
                return Ok(());
            }
            Err(ours) => *ours,
        };
        match ours {
            PhoneOutput::Ask(ask) => self.ask(ask).await,
            PhoneOutput::Log { event, personal } => self.log(event, personal).await,
            PhoneOutput::LogSynced(event) => return self.log_synced(event).await,
            PhoneOutput::StartRecording { customer, agent } => {
                self.start_recording([customer, agent]).await;
            }
            _ => {
                if let Some(stream) = self.stream.take() {
                    self.tell(GatewayCommand::StopRecording(stream)).await;
                }
            }
        }
        Ok(())
    }

    async fn log_synced(&mut self, event: Event) -> Result<(), JournalError> {
        let now = self.context.clock.now();
        let synced = self.context.journal.append_synced(now, event, None).await;
        if let Err(error) = &synced {
            tracing::error!(call = %self.call, %error, "the journal cannot be written: the call is ended");
        }
        synced.map(|_| ())
    }

    async fn log(&mut self, event: Event, personal: Option<PersonalData>) {
        if let Event::CallEnded { outcome, .. } = &event {
            self.context.counts.ended(*outcome);
        }
        let now = self.context.clock.now();
        if let Err(error) = self.context.journal.append(now, event, personal).await {
            tracing::error!(call = %self.call, %error, "a line of the log is lost");
        }
    }

    async fn start_recording(&mut self, [left, right]: [LegId; 2]) {
        let new = NewRecording {
            interaction: self.call,
            started_at: self.began,
            recording: self.context.ids.recording(),
            index: 1,
        };
        match self.context.recordings.begin(new).await {
            Ok(begun) => {
                self.stream = Some(begun.stream);
                self.log(begun.event, None).await;
                let request = RecordRequest {
                    stream: begun.stream,
                    left,
                    right,
                    sample_rate: crate::talk_recorder::SAMPLE_RATE,
                    sink: begun.sink,
                };
                self.tell(GatewayCommand::StartRecording(request)).await;
            }
            Err(error) => {
                tracing::error!(call = %self.call, %error, "this talk is NOT recorded");
            }
        }
    }

    async fn gateway(&mut self, command: ForGateway) {
        let command = match command {
            ForGateway::AsIs(command) => command,
            ForGateway::Dial { leg, command } => {
                self.own_leg(leg).await;
                command
            }
            ForGateway::Ringback(leg) => self.context.ringback(leg),
            // Such a call plays no files, and its recording comes another way.
            ForGateway::Play(_)
            | ForGateway::HoldTone(_)
            | ForGateway::StartRecording(_)
            | ForGateway::PauseRecording { .. }
            | ForGateway::RecordOthers { .. }
            | ForGateway::StopRecording(_) => return,
        };
        self.tell(command).await;
    }

    async fn tell(&mut self, command: GatewayCommand) {
        if self.context.gateway.send(command).await.is_err() {
            tracing::error!(call = %self.call, "the gateway is gone");
        }
    }

    /// The registry counts calls by trunk.
    async fn goes_by(&mut self, trunk: String) {
        let interaction = self.call;
        let message = RegistryMessage::GoesBy { interaction, trunk };
        let _ = self.context.registry.send(message).await;
    }

    async fn ask(&mut self, ask: super::PhoneAsk) {
        let message = DistributorMessage::FromPhone {
            call: self.call,
            mailbox: self.own.clone(),
            ask,
        };
        if self.context.distributor.send(message).await.is_err() {
            tracing::error!(call = %self.call, "the distributor is gone");
        }
    }

    /// The registry must know the leg before the gateway can say anything about it.
    async fn own_leg(&mut self, leg: LegId) {
        self.legs.push(leg);
        let message = RegistryMessage::Leg {
            leg,
            mailbox: self.own.clone(),
        };
        let _ = self.context.registry.send(message).await;
    }
}
