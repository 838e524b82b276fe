//! A call's commands in the gateway's words.
//!
//! **Owns**: [`ForGateway`]. PURE: files of prompts and recordings are the driver's matter.

use super::phone_call::PhoneOutput;
use super::port::{LegCommand, PlayFiles};
use router::Private;
use router::id::RecordingId;
use sip_gateway::leg::{Dial, DialTarget, GatewayCommand, LegId};
use sip_gateway::media::port::PlayRequest;
use std::sync::Arc;
use std::time::Duration;

/// What a driver has to do for a command.
#[derive(Debug)]
pub enum ForGateway {
    /// Hand it over.
    AsIs(GatewayCommand),
    /// The same, once it is known whose leg this is.
    Dial {
        /// The new leg.
        leg: LegId,
        /// The command.
        command: GatewayCommand,
    },
    /// Find the prompts first.
    Play(PlayFiles),
    /// Play the ringing tone.
    Ringback(LegId),
    /// Play the tone of those who are on hold.
    HoldTone(LegId),
    /// Open the file first.
    StartRecording(WantedRecording),
    /// Find its stream first.
    StopRecording(RecordingId),
    /// The same.
    PauseRecording {
        /// Its id.
        recording: RecordingId,
        /// Leave out what is said.
        paused: bool,
    },
    /// The same.
    RecordOthers {
        /// Its id.
        recording: RecordingId,
        /// The customer's leg.
        customer: LegId,
        /// The legs of the right side.
        agents: Vec<LegId>,
    },
}

/// A recording about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedRecording {
    /// Its id.
    pub recording: RecordingId,
    /// Counts from 1 within the interaction.
    pub index: u32,
    /// The customer's leg.
    pub customer: LegId,
    /// The agent's leg; the customer's own for a message.
    pub agent: LegId,
    /// It is a message, and this much silence ends it.
    pub silence: Option<Duration>,
}

impl LegCommand {
    /// What the driver has to do.
    #[must_use]
    pub fn for_gateway(self) -> ForGateway {
        let command = match self {
            Self::EarlyMedia(leg) => GatewayCommand::EarlyMedia(leg),
            Self::Answer(leg) => GatewayCommand::Answer(leg),
            Self::Hangup(leg) => GatewayCommand::Hangup(leg),
            Self::TakenElsewhere(leg) => GatewayCommand::TakenElsewhere(leg),
            Self::Reject { leg, status } => GatewayCommand::Reject {
                leg,
                status,
                retry_after: Some(Duration::from_secs(5)),
            },
            Self::ForgetDevice { extension } => GatewayCommand::ForgetDevice { extension },
            Self::StopPlay(leg) => GatewayCommand::StopPlay { leg },
            Self::Bridge { customer, agent } => GatewayCommand::Bridge {
                a: customer,
                b: agent,
            },
            Self::Unbridge(leg) => GatewayCommand::Unbridge { leg },
            Self::Mix(members) => GatewayCommand::Mix(members),
            Self::HoldTone(leg) => return ForGateway::HoldTone(leg),
            Self::Play(play) => return ForGateway::Play(play),
            Self::Ringback(leg) => return ForGateway::Ringback(leg),
            Self::DialOut {
                leg,
                trunk,
                uri,
                caller_id,
                credentials,
            } => {
                let dial = Dial {
                    target: DialTarget::Trunk {
                        trunk,
                        uri: uri.into_inner(),
                    },
                    from_user: Some(caller_id.reveal().to_owned()),
                    from_name: None,
                    headers: Vec::new(),
                    credentials,
                };
                return dialled(leg, dial);
            }
            Self::Dial {
                leg,
                extension,
                from_number,
                from_name,
                headers,
            } => {
                let dial = Dial {
                    target: DialTarget::Device(extension),
                    from_user: from_number.map(|number| number.reveal().to_owned()),
                    from_name: from_name.map(Private::into_inner),
                    headers,
                    credentials: None,
                };
                return dialled(leg, dial);
            }
            recording @ (Self::StartRecording { .. }
            | Self::StartMessage { .. }
            | Self::PauseRecording { .. }
            | Self::RecordOthers { .. }
            | Self::StopRecording(_)) => return recording.of_recording(),
        };
        ForGateway::AsIs(command)
    }

    /// The rest of them: what needs a file, or the stream into it.
    fn of_recording(self) -> ForGateway {
        match self {
            Self::StartRecording {
                recording,
                index,
                customer,
                agent,
            } => ForGateway::StartRecording(WantedRecording {
                recording,
                index,
                customer,
                agent,
                silence: None,
            }),
            Self::StartMessage {
                recording,
                index,
                customer,
                silence,
            } => ForGateway::StartRecording(WantedRecording {
                recording,
                index,
                customer,
                agent: customer,
                silence: Some(silence),
            }),
            Self::PauseRecording { recording, paused } => {
                ForGateway::PauseRecording { recording, paused }
            }
            Self::RecordOthers {
                recording,
                customer,
                agents,
            } => ForGateway::RecordOthers {
                recording,
                customer,
                agents,
            },
            Self::StopRecording(recording) => ForGateway::StopRecording(recording),
            other => other.for_gateway(),
        }
    }
}

fn dialled(leg: LegId, dial: Dial) -> ForGateway {
    ForGateway::Dial {
        leg,
        command: GatewayCommand::Dial { leg, dial },
    }
}

impl PhoneOutput {
    /// What the driver has to do.
    ///
    /// # Errors
    /// What is no matter of the gateway comes back: what is asked of the Distributor's task, and what the record needs.
    pub fn for_gateway(self) -> Result<ForGateway, Box<Self>> {
        let command = match self {
            Self::Ask(_)
            | Self::Log { .. }
            | Self::LogSynced(_)
            | Self::StartRecording { .. }
            | Self::StopRecording => return Err(Box::new(self)),
            Self::DialOut {
                leg,
                trunk,
                uri,
                caller_id,
                credentials,
            } => {
                let dial = Dial {
                    target: DialTarget::Trunk {
                        trunk,
                        uri: uri.into_inner(),
                    },
                    from_user: Some(caller_id.reveal().to_owned()),
                    from_name: None,
                    headers: Vec::new(),
                    credentials,
                };
                return Ok(dialled(leg, dial));
            }
            Self::Ring(leg) => GatewayCommand::Ring(leg),
            Self::EarlyMedia(leg) => GatewayCommand::EarlyMedia(leg),
            Self::Ringback(leg) => return Ok(ForGateway::Ringback(leg)),
            Self::Answer(leg) => GatewayCommand::Answer(leg),
            Self::Reject { leg, status } => GatewayCommand::Reject {
                leg,
                status,
                retry_after: None,
            },
            Self::Dial {
                leg,
                extension,
                from_extension,
                from_name,
            } => {
                let dial = Dial {
                    target: DialTarget::Device(extension),
                    from_user: Some(from_extension),
                    from_name: Some(from_name.into_inner()),
                    headers: Vec::new(),
                    credentials: None,
                };
                return Ok(dialled(leg, dial));
            }
            Self::Hangup(leg) => GatewayCommand::Hangup(leg),
            Self::Bridge { a, b } => GatewayCommand::Bridge { a, b },
            Self::Play { leg, play, tone } => GatewayCommand::Play {
                leg,
                request: PlayRequest {
                    play,
                    clips: vec![Arc::new(tone.clip())],
                    repeat: false,
                    resume: false,
                    at_most: None,
                    until_heard: false,
                },
            },
            Self::ForgetDevice { extension } => GatewayCommand::ForgetDevice { extension },
        };
        Ok(ForGateway::AsIs(command))
    }
}
