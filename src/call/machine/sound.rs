//! What everybody in a talk hears, worked out anew after every input.
//!
//! **Owns**: who hears whom, music and tones for those who wait, what is left out of the recording. One function says
//! how it should be ([`wanted`]), one carries out the difference; so a hold, a consultation and a supervisor who come
//! and go in any order leave nothing behind. **Must not know**: why somebody was called in.

use super::CallMachine;
use super::away::{ONE_MOMENT, PROMPT};
use super::flow::MUSIC;
use super::helper::{Purpose, Stage};
use super::phase::{Main, Phase, Talking};
use crate::call::control::MonitorMode;
use crate::call::port::{LegCommand, PlayFiles};
use ivr_flows::port::Sound as FlowSound;
use router::Event;
use router::event::PauseCause;
use sip_gateway::leg::{LegId, PlayId};

/// Who hears whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Joined {
    /// Nobody anybody.
    #[default]
    Apart,
    /// Two each other.
    Pair(LegId, LegId),
    /// Each those of the list.
    Mixed(Vec<(LegId, Vec<LegId>)>),
}

/// What one who waits hears of us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fill {
    #[default]
    Nothing,
    Music,
    Ringback,
    /// "One moment", said once.
    OneMoment,
}

/// Whether a file begins anew at its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    No,
    /// And goes on where it stopped.
    AndOn,
}

/// What is heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sound {
    pub(super) joined: Joined,
    pub(super) customer: Fill,
    /// Hears the ringing tone of a colleague's phone.
    pub(super) agent: Option<LegId>,
}

impl Joined {
    fn legs(&self) -> Vec<LegId> {
        match self {
            Self::Apart => Vec::new(),
            Self::Pair(a, b) => vec![*a, *b],
            Self::Mixed(members) => members.iter().map(|(leg, _)| *leg).collect(),
        }
    }

    /// Each leg with those whom it hears.
    pub(super) fn each(&self) -> Vec<(LegId, Vec<LegId>)> {
        let legs = self.legs().into_iter();
        legs.map(|leg| (leg, self.heard_by(leg))).collect()
    }

    /// Whom this leg hears.
    pub(super) fn heard_by(&self, leg: LegId) -> Vec<LegId> {
        match self {
            Self::Apart => Vec::new(),
            Self::Pair(a, b) if *a == leg => vec![*b],
            Self::Pair(a, b) if *b == leg => vec![*a],
            Self::Pair(..) => Vec::new(),
            Self::Mixed(members) => members
                .iter()
                .find(|(member, _)| *member == leg)
                .map_or_else(Vec::new, |(_, hears)| hears.clone()),
        }
    }
}

/// How it should be: customer and agent, before supervisors are added.
fn wanted(talking: &Talking, customer: LegId) -> (Sound, Option<PauseCause>) {
    let waits = |joined, customer, agent, cause| {
        let sound = Sound {
            joined,
            customer,
            agent,
        };
        (sound, Some(cause))
    };
    let Some(main) = talking.main else {
        return waits(Joined::Apart, Fill::Ringback, None, PauseCause::Transfer);
    };
    if let Some(away) = &talking.away {
        return waits(Joined::Apart, away.fill(), None, PauseCause::Reconnect);
    }
    let talks = |joined| {
        let sound = Sound {
            joined,
            ..Sound::default()
        };
        (sound, None)
    };
    match talking.colleague().map(|one| (one, one.purpose, one.stage)) {
        None if talking.held || main.holds => {
            waits(Joined::Apart, Fill::Music, None, PauseCause::Hold)
        }
        None => talks(Joined::Pair(customer, main.leg)),
        Some((_, Purpose::Transfer, _)) => {
            waits(Joined::Apart, Fill::Ringback, None, PauseCause::Transfer)
        }
        Some((_, _, Stage::Rings)) => waits(
            Joined::Apart,
            Fill::Music,
            Some(main.leg),
            PauseCause::Consult,
        ),
        Some((one, _, Stage::Talks)) => waits(
            Joined::Pair(main.leg, one.leg),
            Fill::Music,
            None,
            PauseCause::Consult,
        ),
        Some((one, _, Stage::Merged)) => {
            let legs = [customer, main.leg, one.leg];
            let all = |leg: LegId| {
                (
                    leg,
                    legs.into_iter().filter(|other| *other != leg).collect(),
                )
            };
            talks(Joined::Mixed(legs.into_iter().map(all).collect()))
        }
    }
}

/// Adds supervisors who hear the call. While nobody hears anybody they hear nothing either.
fn with_supervisors(talking: &Talking, main: Option<Main>, joined: Joined) -> Joined {
    let listening: Vec<(LegId, MonitorMode)> = talking
        .helpers
        .iter()
        .filter(|helper| helper.stage != Stage::Rings)
        .filter_map(|helper| match helper.purpose {
            Purpose::Monitor(mode) => Some((helper.leg, mode)),
            _ => None,
        })
        .collect();
    let talkers = joined.legs();
    if listening.is_empty() || talkers.is_empty() {
        return joined;
    }
    let mut members: Vec<(LegId, Vec<LegId>)> = talkers
        .iter()
        .map(|leg| (*leg, joined.heard_by(*leg)))
        .collect();
    for (supervisor, mode) in &listening {
        for (leg, hears) in &mut members {
            let heard = match mode {
                MonitorMode::Listen => false,
                MonitorMode::Whisper => main.is_some_and(|main| main.leg == *leg),
                MonitorMode::Barge | MonitorMode::TakeOver => talkers.contains(leg),
            };
            if heard {
                hears.push(*supervisor);
            }
        }
        members.push((*supervisor, talkers.clone()));
    }
    Joined::Mixed(members)
}

impl CallMachine {
    /// Makes everybody hear what they should; to be called after every input.
    pub(super) fn settle_talk(&mut self) {
        let customer = self.customer.leg;
        if self.customer.over {
            return;
        }
        let Phase::Talking(talking) = &mut self.phase else {
            return;
        };
        let (mut sound, pause) = wanted(talking, customer);
        sound.joined = with_supervisors(talking, talking.main, sound.joined);
        let before = std::mem::replace(&mut talking.sound, sound.clone());
        let paused = std::mem::replace(&mut talking.pause, pause);
        let (recording, music) = (talking.recording, talking.line.known.music.clone());
        let rightly = sound.joined.heard_by(customer);
        let others = (!rightly.is_empty() && rightly != talking.recorded).then(|| {
            talking.recorded.clone_from(&rightly);
            rightly
        });
        if pause != paused && paused.is_some() {
            let interaction = self.setup.interaction;
            self.log(Event::TalkResumed {
                interaction,
                recording,
            });
        }
        if let Some(recording) = recording.filter(|_| pause.is_some() && paused.is_none()) {
            self.leg(LegCommand::PauseRecording {
                recording,
                paused: true,
            });
        }
        self.join(&before.joined, &sound.joined);
        self.fill(&before, &sound, music);
        if let Some(cause) = pause.filter(|_| pause != paused) {
            let interaction = self.setup.interaction;
            self.log(Event::TalkPaused {
                interaction,
                recording,
                cause,
            });
        }
        self.record_others(recording, customer, others);
        if let Some(recording) = recording.filter(|_| pause.is_none() && paused.is_some()) {
            self.leg(LegCommand::PauseRecording {
                recording,
                paused: false,
            });
        }
    }

    fn record_others(
        &mut self,
        recording: Option<router::id::RecordingId>,
        customer: LegId,
        others: Option<Vec<LegId>>,
    ) {
        if let (Some(recording), Some(agents)) = (recording, others) {
            self.leg(LegCommand::RecordOthers {
                recording,
                customer,
                agents,
            });
        }
    }

    fn join(&mut self, before: &Joined, now: &Joined) {
        if before == now {
            return;
        }
        let stay = now.legs();
        for leg in before.legs() {
            if !stay.contains(&leg) {
                self.leg(LegCommand::Unbridge(leg));
            }
        }
        match now {
            Joined::Apart => {}
            Joined::Pair(a, b) => self.leg(LegCommand::Bridge {
                customer: *a,
                agent: *b,
            }),
            Joined::Mixed(members) => self.leg(LegCommand::Mix(members.clone())),
        }
    }

    /// Whoever is joined with others hears nothing of ours any more.
    fn fill(&mut self, before: &Sound, now: &Sound, music: Option<String>) {
        if before.customer != now.customer {
            let leg = self.customer.leg;
            match (now.customer, music) {
                (Fill::Nothing, _) => {}
                (Fill::Ringback, _) => self.leg(LegCommand::Ringback(leg)),
                (Fill::OneMoment, _) => {
                    self.play_file(ONE_MOMENT, PROMPT.to_owned(), Again::No);
                }
                (Fill::Music, None) => self.leg(LegCommand::HoldTone(leg)),
                (Fill::Music, Some(file)) => self.play_music(file),
            }
        }
        if before.agent != now.agent {
            if let Some(leg) = before.agent {
                self.leg(LegCommand::StopPlay(leg));
            }
            if let Some(leg) = now.agent {
                self.leg(LegCommand::Ringback(leg));
            }
        }
    }

    /// The queue's music towards the customer.
    pub(super) fn play_music(&mut self, file: String) {
        self.play_file(MUSIC, file, Again::AndOn);
    }

    fn play_file(&mut self, play: PlayId, file: String, again: Again) {
        let music = again == Again::AndOn;
        self.leg(LegCommand::Play(PlayFiles {
            leg: self.customer.leg,
            play,
            sounds: vec![FlowSound {
                file: Some(file),
                words: None,
                voice: None,
            }],
            language: self.setup.flow.languages().default.clone(),
            repeat: music,
            resume: music,
            at_most: None,
        }));
    }
}
