//! A caller who hears nothing while an agent's phone rings for them gets the ringing tone: a queue without music, a wait
//! that plays nothing.
//!
//! **Owns**: what plays towards the customer, as far as silence goes. **Must not know**: why it plays.

use super::CallMachine;
use super::phase::{Phase, Waiting};
use crate::call::port::LegCommand;
use sip_gateway::leg::PlayId;

/// What the customer hears of us.
#[derive(Debug, Default)]
pub(super) struct Heard {
    playing: Option<PlayId>,
    rings: bool,
}

impl Heard {
    /// A command that is about to be carried out.
    pub(super) fn told(&mut self, command: &LegCommand) {
        match command {
            LegCommand::Play(play) => (self.playing, self.rings) = (Some(play.play), false),
            LegCommand::Ringback(_) => (self.playing, self.rings) = (None, true),
            LegCommand::StopPlay(_) | LegCommand::Bridge { .. } | LegCommand::Mix(_) => {
                *self = Self::default()
            }
            _ => {}
        }
    }

    /// A playing is over, or cannot be heard.
    pub(super) fn ended(&mut self, play: PlayId) {
        self.playing.take_if(|playing| *playing == play);
    }
}

impl CallMachine {
    /// Begins or ends the tone when it is time; to be called after every input.
    pub(super) fn fill_silence(&mut self) {
        let rings = match &self.phase {
            Phase::Waiting(Waiting { ringing, .. }) => ringing.iter().any(|phone| phone.rings),
            _ => false,
        };
        // What is heard in a talk is settled in `sound.rs`.
        let leaves = self.customer.over
            || matches!(
                self.phase,
                Phase::Ending(_) | Phase::Talking(_) | Phase::Dialled(_)
            );
        if leaves || rings == self.heard.rings {
            return;
        }
        let leg = self.customer.leg;
        if !rings {
            self.leg(LegCommand::StopPlay(leg));
        } else if self.heard.playing.is_none() {
            self.leg(LegCommand::Ringback(leg));
        }
    }
}
