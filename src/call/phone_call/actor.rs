//! The driver of one phone call: one task, one bounded mailbox, one select loop.
//!
//! **Owns**: the call's machine and the carrying out of what it asks, in order. **Must not**: decide.

use super::{PhoneMachine, PhoneOutput};
use crate::call::actor::{CallContext, Mailbox};
use crate::call::port::CallInput;
use crate::call::registry::RegistryMessage;
use crate::distributor_task::DistributorMessage;
use crate::talk_recorder::NewRecording;
use recordings::JournalError;
use router::event::PersonalData;
use router::id::{InteractionId, RecordingId};
use router::{Event, Timestamp};
use sip_gateway::leg::{Dial, DialTarget, GatewayCommand, LegId, StreamId};
use sip_gateway::media::port::{PlayRequest, RecordRequest};
use std::sync::Arc;
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
            let deadline = self
                .machine
                .next_deadline()
                .map(|then| self.context.clock.instant_of(then));
            let sleep = async {
                match deadline {
                    Some(then) => tokio::time::sleep_until(then).await,
                    None => std::future::pending().await,
                }
            };
            let input = tokio::select! {
                input = self.mailbox.recv() => input.unwrap_or(CallInput::Shutdown),
                () = sleep => CallInput::Tick,
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
            if let PhoneOutput::LogSynced(event) = output {
                if self.log_synced(event).await.is_err() {
                    // Whatever was to follow must not happen without its line.
                    while self.machine.poll_output().is_some() {}
                    let now = self.context.clock.now();
                    self.machine.handle(CallInput::JournalFailed, now);
                }
            } else {
                self.carry_out(output).await;
            }
        }
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

    async fn start_recording(
        &mut self,
        recording: RecordingId,
        legs: [LegId; 2],
    ) -> Option<GatewayCommand> {
        let new = NewRecording {
            interaction: self.call,
            started_at: self.began,
            recording,
            index: 1,
        };
        match self.context.recordings.begin(new).await {
            Ok(begun) => {
                self.stream = Some(begun.stream);
                self.log(begun.event, None).await;
                Some(GatewayCommand::StartRecording(RecordRequest {
                    stream: begun.stream,
                    left: legs[0],
                    right: legs[1],
                    sample_rate: crate::talk_recorder::SAMPLE_RATE,
                    sink: begun.sink,
                }))
            }
            Err(error) => {
                tracing::error!(call = %self.call, %error, "this talk is NOT recorded");
                None
            }
        }
    }

    async fn carry_out(&mut self, output: PhoneOutput) {
        let command = match output {
            PhoneOutput::Ask(ask) => return self.ask(ask).await,
            PhoneOutput::Log { event, personal } => return self.log(event, personal).await,
            // Told apart in `step`.
            PhoneOutput::LogSynced(_) => return,
            PhoneOutput::StartRecording {
                recording,
                customer,
                agent,
            } => match self.start_recording(recording, [customer, agent]).await {
                Some(command) => command,
                None => return,
            },
            PhoneOutput::StopRecording => match self.stream.take() {
                Some(stream) => GatewayCommand::StopRecording(stream),
                None => return,
            },
            PhoneOutput::DialOut {
                leg,
                uri,
                caller_id,
                credentials,
            } => {
                self.own_leg(leg).await;
                let dial = Dial {
                    target: DialTarget::Uri(uri.into_inner()),
                    from_user: Some(caller_id.reveal().to_owned()),
                    from_name: None,
                    headers: Vec::new(),
                    credentials,
                };
                GatewayCommand::Dial { leg, dial }
            }
            PhoneOutput::Ring(leg) => GatewayCommand::Ring(leg),
            PhoneOutput::Answer(leg) => GatewayCommand::Answer(leg),
            PhoneOutput::Reject { leg, status } => GatewayCommand::Reject {
                leg,
                status,
                retry_after: None,
            },
            PhoneOutput::Dial {
                leg,
                extension,
                from_extension,
                from_name,
            } => {
                self.own_leg(leg).await;
                let dial = Dial {
                    target: DialTarget::Device(extension),
                    from_user: Some(from_extension),
                    from_name: Some(from_name.into_inner()),
                    headers: Vec::new(),
                    credentials: None,
                };
                GatewayCommand::Dial { leg, dial }
            }
            PhoneOutput::Hangup(leg) => GatewayCommand::Hangup(leg),
            PhoneOutput::Bridge { a, b } => GatewayCommand::Bridge { a, b },
            PhoneOutput::Play { leg, play, tone } => GatewayCommand::Play {
                leg,
                request: PlayRequest {
                    play,
                    clips: vec![Arc::new(tone.clip())],
                    repeat: false,
                    resume: false,
                    at_most: None,
                },
            },
            PhoneOutput::ForgetDevice { extension } => GatewayCommand::ForgetDevice { extension },
        };
        if self.context.gateway.send(command).await.is_err() {
            tracing::error!(call = %self.call, "the gateway is gone");
        }
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
