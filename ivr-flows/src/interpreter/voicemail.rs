//! A message while it is left.
//!
//! **Owns**: the words before it, the tone, how it ends, and whether it was long enough to be one.
//! **Must not know**: where it is kept.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::{Interpreter, State};
use crate::flow::{Action, ExitName, Name, Pos, Saying, Voicemail};
use crate::port::{FlowEnd, FlowOutput, PlayToken, Sound, Words};

#[derive(Debug)]
pub(super) enum VoicemailRun {
    /// The words and the tone.
    Greeting(PlayToken),
    /// It is recorded.
    Recording { since: Duration, until: Duration },
}

impl VoicemailRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Greeting(_) => None,
            Self::Recording { until, .. } => Some(*until),
        }
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        match self {
            Self::Greeting(token) => Some(*token),
            Self::Recording { .. } => None,
        }
    }

    pub(super) fn greets(&self, token: PlayToken) -> bool {
        self.token() == Some(token)
    }
}

impl Interpreter {
    pub(super) fn enter_voicemail(&mut self, voicemail: &Voicemail) -> Move {
        self.answer();
        // Keys pressed before were meant for menus; a leftover one would end the message at once.
        self.keys.clear();
        self.queue_box = None;
        let prompt: Vec<&Saying> = voicemail.prompt.iter().collect();
        self.greet(voicemail, &prompt);
        Move::Stay
    }

    /// The queue has no agent for the caller, who may leave a message. After it the call ends: what the flow says next is
    /// meant for those who talked with somebody.
    pub(super) fn queue_voicemail(&mut self, mailbox: String, greeting: Option<Sound>) {
        if !self.back_from_queue() {
            return;
        }
        let pos = Self::step_at(&self.flow, self.at).map_or_else(Pos::default, |step| step.pos);
        let mailbox = Name { text: mailbox, pos };
        self.queue_box = Some(Arc::new(Voicemail::plain(mailbox)));
        let tone = [Sound::words(Words::Beep)];
        let sounds = greeting.into_iter().chain(tone).collect();
        let token = self.play_sounds(sounds, self.language.clone());
        self.state = State::Voicemail(VoicemailRun::Greeting(token));
    }

    fn greet(&mut self, voicemail: &Voicemail, prompt: &[&Saying]) {
        let beep: &[Words] = if voicemail.beep { &[Words::Beep] } else { &[] };
        let token = self.begin_play(prompt, beep, None);
        self.state = State::Voicemail(VoicemailRun::Greeting(token));
    }

    fn present_voicemail(&self) -> Option<Arc<Voicemail>> {
        if let Some(of_queue) = &self.queue_box {
            return Some(Arc::clone(of_queue));
        }
        match Self::action(&self.flow, self.at) {
            Some(Action::Voicemail(voicemail)) => Some(Arc::new((**voicemail).clone())),
            _ => None,
        }
    }

    /// What comes after a message where no exit says it.
    fn after_message(&mut self) -> Move {
        match self.queue_box.take() {
            Some(_) => Move::End(FlowEnd::AfterQueue),
            None => Move::Next,
        }
    }

    /// A key during the words goes on to the tone; during the message the end key ends it.
    pub(super) fn voicemail_key(&mut self, key: char) {
        let Some(voicemail) = self.present_voicemail() else {
            return;
        };
        let State::Voicemail(run) = &self.state else {
            return;
        };
        match run {
            VoicemailRun::Greeting(token) => {
                let token = *token;
                if self.flow.defaults.input.barge_in && !voicemail.prompt.is_empty() {
                    self.put(FlowOutput::StopPlay { token });
                    self.greet(&voicemail, &[]);
                }
            }
            VoicemailRun::Recording { .. } if voicemail.end_key == Some(key) => {
                self.message_over(false);
            }
            VoicemailRun::Recording { .. } => {}
        }
    }

    /// The tone is over.
    pub(super) fn message_begins(&mut self) {
        let Some(voicemail) = self.present_voicemail() else {
            return;
        };
        self.put(FlowOutput::StartVoicemail {
            silence: voicemail.silence,
        });
        self.state = State::Voicemail(VoicemailRun::Recording {
            since: self.now,
            until: self.now.saturating_add(voicemail.most),
        });
    }

    pub(super) fn caller_silent(&mut self) {
        if matches!(self.state, State::Voicemail(VoicemailRun::Recording { .. })) {
            self.message_over(true);
        }
    }

    pub(super) fn recording_failed(&mut self) {
        if !matches!(self.state, State::Voicemail(VoicemailRun::Recording { .. })) {
            return;
        }
        self.state = State::Voicemail(VoicemailRun::Greeting(PlayToken(u64::MAX)));
        let after = self.after_message();
        let next = self.trouble("a message cannot be recorded");
        self.go(next.unwrap_or(after));
    }

    /// The message is over; the silence at its end is no part of it.
    pub(super) fn message_over(&mut self, silent: bool) {
        let exit = match self.close_message(silent) {
            Some(true) => ExitName::Recorded,
            Some(false) => ExitName::TooShort,
            None => return,
        };
        self.limits.failed = false;
        let next = match self.after_message() {
            Move::Next => self.exit(exit).unwrap_or(Move::Next),
            end => end,
        };
        self.go(next);
    }

    /// Whatever ends the message from outside.
    pub(super) fn stop_message(&mut self) {
        let _ = self.close_message(false);
    }

    /// Whether what was recorded is a message; none when nothing is recorded.
    fn close_message(&mut self, silent: bool) -> Option<bool> {
        let voicemail = self.present_voicemail()?;
        let State::Voicemail(VoicemailRun::Recording { since, .. }) = self.state else {
            return None;
        };
        let silence = if silent {
            voicemail.silence
        } else {
            Duration::ZERO
        };
        let length = self.now.saturating_sub(since).saturating_sub(silence);
        let good = length >= voicemail.least;
        let mailbox = good.then(|| voicemail.mailbox.text.clone());
        self.put(FlowOutput::StopVoicemail { mailbox });
        // Nothing is recorded from here on, whatever comes next.
        self.state = State::Voicemail(VoicemailRun::Greeting(PlayToken(u64::MAX)));
        Some(good)
    }
}
