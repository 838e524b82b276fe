//! What a call's driver does for flows: sounds, messages, customers.
//!
//! **Owns**: the one playing whose speech is still being made, and that a later word of the call outdates it. **Must
//! not**: hold up the call's loop: whatever takes time runs beside it.

use super::CallActor;
use crate::call::leg_commands::WantedRecording;
use crate::call::port::{CallInput, CustomerQuestion, LegCommand, PlayFiles};
use crate::speech::Voice;
use crate::talk_recorder::NewRecording;
use ivr_flows::port::{CustomerAnswer, FetchAnswer, FetchRequest};
use recordings::recorder::SilenceWatch;
use router::id::InteractionId;
use sip_gateway::leg::{GatewayCommand, LegEvent};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::port::PlayRequest;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A playing with its clips; none where nothing could be made audible.
type Spoken = (PlayFiles, Vec<Arc<Clip>>);

/// The playing whose speech is being made: one at most.
#[derive(Debug, Default)]
pub(super) struct Speaking {
    tasks: JoinSet<Spoken>,
}

impl Speaking {
    /// The speech that is done; never while nothing is being made.
    pub(super) async fn next(&mut self) -> Spoken {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(spoken)) => return spoken,
                // Outdated.
                Some(Err(_)) => {}
                None => std::future::pending::<()>().await,
            }
        }
    }

    /// Whatever else the caller is to hear, or not to hear any more, ends what is being made.
    pub(super) fn outdated_by(&mut self, command: &LegCommand) {
        let ends = matches!(
            command,
            LegCommand::Play(_)
                | LegCommand::StopPlay(_)
                | LegCommand::Bridge { .. }
                | LegCommand::Hangup(_)
        );
        if ends {
            self.tasks = JoinSet::new();
        }
    }
}

impl CallActor {
    /// What has files plays at once; where speech must be made first, the command follows when it is there.
    pub(super) fn play(&mut self, play: PlayFiles) -> Option<GatewayCommand> {
        if play.sounds.is_empty() {
            self.deliver(CallInput::Leg {
                leg: play.leg,
                event: LegEvent::PlayEnded {
                    play: play.play,
                    finished: true,
                },
            });
            return None;
        }
        let voice = &self.context.voice;
        let ready: Option<Vec<_>> = play
            .sounds
            .iter()
            .map(|sound| voice.at_once(&play.language, sound))
            .collect();
        if let Some(clips) = ready {
            return Some(command(play, clips.concat()));
        }
        let (voice, interaction) = (voice.clone(), self.interaction);
        self.speaking
            .tasks
            .spawn(async move { make(&voice, interaction, play).await });
        None
    }

    pub(super) async fn spoken(&mut self, (play, clips): Spoken) {
        if clips.is_empty() {
            return self.deliver(CallInput::PlayFailed { play: play.play });
        }
        if self
            .context
            .gateway
            .send(command(play, clips))
            .await
            .is_err()
        {
            tracing::error!(interaction = %self.interaction, "the gateway is gone");
        }
    }

    pub(super) async fn start_message(
        &mut self,
        wanted: WantedRecording,
        after: Duration,
    ) -> Option<GatewayCommand> {
        let new = NewRecording {
            interaction: self.interaction,
            started_at: self.began,
            recording: wanted.recording,
            index: wanted.index,
        };
        let (told, silent) = oneshot::channel();
        let watch = SilenceWatch { after, told };
        match self.context.recordings.begin_message(new, watch).await {
            Ok(begun) => {
                let own = self.own.clone();
                tokio::spawn(async move {
                    if silent.await.is_ok() {
                        let _ = own.send(CallInput::CallerSilent).await;
                    }
                });
                Some(self.recording_begun(wanted, begun).await)
            }
            Err(error) => {
                tracing::error!(interaction = %self.interaction, %error, "a message cannot be recorded");
                self.deliver(CallInput::MessageFailed {
                    recording: wanted.recording,
                });
                None
            }
        }
    }

    pub(super) fn find_customer(&self, question: CustomerQuestion) {
        let ask = question.ask;
        if !self.context.customers.find(self.interaction, question) {
            self.deliver(CallInput::CustomerFound {
                ask,
                customer: None,
                answer: CustomerAnswer::Failed,
            });
        }
    }

    pub(super) fn fetch(&self, ask: u32, request: FetchRequest) {
        let own = self.own.clone();
        if !self
            .context
            .outside
            .ask(self.interaction, ask, request, own)
        {
            let answer = FetchAnswer::Refused("too many questions are under way");
            self.deliver(CallInput::Fetched { ask, answer });
        }
    }
}

/// A sound that cannot be heard is told loudly and left out, so that the caller is never left in silence.
async fn make(voice: &Voice, interaction: InteractionId, play: PlayFiles) -> Spoken {
    let mut clips = Vec::new();
    for sound in &play.sounds {
        match voice.clips(&play.language, sound).await {
            Ok(more) => clips.extend(more),
            Err(error) => {
                let file = sound.file.as_deref().unwrap_or_default();
                tracing::error!(%interaction, %file, %error, "what a flow says is left out");
            }
        }
    }
    (play, clips)
}

fn command(play: PlayFiles, clips: Vec<Arc<Clip>>) -> GatewayCommand {
    GatewayCommand::Play {
        leg: play.leg,
        request: PlayRequest {
            play: play.play,
            clips,
            repeat: play.repeat,
            resume: play.resume,
            at_most: play.at_most,
            until_heard: false,
        },
    }
}
