//! Waiting in a queue, and the talk with the agent.
//!
//! **Owns**: the loop that a waiting caller hears, giving up, and the exits of `queue`.
//! **Must not know**: why an agent was chosen or none came.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::{Interpreter, State};
use crate::expression::Expression;
use crate::flow::{Action, ExitName, Flow, Queue, Wait};
use crate::port::{FlowEnd, FlowOutput, PlayToken, QueueEnd};

/// A round of the loop takes at least this long, so that files that cannot be played make no storm of events.
const SHORTEST_ROUND: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct WaitRun {
    /// What plays; none in a pause, or when the step has no wait.
    playing: Option<PlayToken>,
    /// The next of the loop.
    next: usize,
    round_began: Duration,
    pause_until: Option<Duration>,
    give_up_at: Option<Duration>,
}

impl WaitRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.pause_until.into_iter().chain(self.give_up_at).min()
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        self.playing
    }

    pub(super) fn plays(&self, token: PlayToken) -> bool {
        self.playing == Some(token)
    }
}

impl Interpreter {
    pub(super) fn enter_queue(&mut self, flow: &Flow, queue: &Queue) -> Move {
        self.answer();
        // Keys pressed before were meant for menus, not for what comes after the talk.
        self.keys.clear();
        self.queued_at = Some(self.at);
        self.limits.pause(self.now);
        self.put(FlowOutput::Enqueue {
            queue: queue.to.text.clone(),
            skills: queue
                .skills
                .iter()
                .map(|(name, (level, _))| (name.clone(), *level))
                .collect(),
            head_start: queue.head_start,
            class: queue.class,
        });
        let wait = flow.wait_of(queue);
        let give_up = wait.and_then(|wait| wait.give_up_after);
        self.state = State::Waiting(WaitRun {
            playing: None,
            next: 0,
            round_began: self.now,
            pause_until: None,
            give_up_at: give_up.map(|time| self.now.saturating_add(time)),
        });
        self.wait_on();
        Move::Stay
    }

    /// Goes on with the loop: the next play, or a short pause when a whole round took no time.
    pub(super) fn wait_on(&mut self) {
        let flow = Arc::clone(&self.flow);
        let Some(wait) = self.present_wait(&flow) else {
            return;
        };
        let now = self.now;
        let State::Waiting(run) = &mut self.state else {
            return;
        };
        run.playing = None;
        if run.next >= wait.plays.len() {
            let earliest = run.round_began.saturating_add(SHORTEST_ROUND);
            if now < earliest {
                run.pause_until = Some(earliest);
                return;
            }
            run.next = 0;
            run.round_began = now;
        }
        run.pause_until = None;
        let next = run.next;
        let mut rest = wait.plays.iter().skip(next).zip(next.saturating_add(1)..);
        // What cannot be worked out counts as false; it is told once.
        let chosen = rest.find(|((when, _), _)| when.as_ref().is_none_or(|when| self.holds(when)));
        let (play, after) = match chosen {
            Some(((_, play), after)) => (Some(play), after),
            None => (None, wait.plays.len()),
        };
        let playing = play.map(|play| self.start_play(play));
        if let State::Waiting(run) = &mut self.state {
            run.next = after;
            run.playing = playing;
            if playing.is_none() {
                run.pause_until = Some(run.round_began.saturating_add(SHORTEST_ROUND).max(now));
            }
        }
    }

    /// Whether an expression in a wait holds.
    fn holds(&mut self, when: &Expression) -> bool {
        self.truth(when).unwrap_or_else(|why| {
            self.told_words(why);
            false
        })
    }

    fn present_wait<'f>(&self, flow: &'f Flow) -> Option<&'f Wait> {
        match Self::action(flow, self.at) {
            Some(Action::Queue(queue)) => flow.wait_of(queue),
            _ => None,
        }
    }

    /// The caller has waited as long as the wait allows, or a pause of the loop is over.
    pub(super) fn wait_timeout(&mut self) {
        let State::Waiting(run) = &self.state else {
            return;
        };
        if run.give_up_at.is_some_and(|at| at <= self.now) {
            self.stop_playing();
            self.put(FlowOutput::LeaveQueue { by_key: false });
            return self.leave_wait(ExitName::Timeout);
        }
        self.wait_on();
    }

    /// The waiting ended without an agent; only called while waiting.
    pub(super) fn queue_ended(&mut self, end: QueueEnd) {
        self.stop_playing();
        self.leave_wait(match end {
            QueueEnd::TimedOut => ExitName::Timeout,
            QueueEnd::Full => ExitName::Full,
            QueueEnd::Closed => ExitName::Closed,
            QueueEnd::NoAgents => ExitName::NoAgents,
            QueueEnd::Failed => ExitName::Error,
        });
    }

    /// Takes an exit of the `queue` step, else the next step.
    fn leave_wait(&mut self, exit: ExitName) {
        self.limits.resume(self.now);
        let next = if exit == ExitName::Error {
            self.queue_failed()
        } else {
            self.exit(exit)
        };
        self.go(next.unwrap_or(Move::Next));
    }

    /// The `error` exit leads out of trouble once; when that leads into trouble again, the call ends.
    fn queue_failed(&mut self) -> Option<Move> {
        if std::mem::replace(&mut self.limits.failed, true) {
            let what = "a queue failed again after the `error` exit was taken".to_owned();
            self.put(FlowOutput::Incident { what });
            return Some(Move::End(FlowEnd::Backstop));
        }
        self.exit(ExitName::Error)
    }

    /// An agent has the caller. This may cross with giving up, so any state that a call can be in yields to it.
    pub(super) fn agent_connected(&mut self) {
        match self.state {
            State::New | State::Talking | State::Over => {}
            State::Playing { .. }
            | State::Menu(_)
            | State::Collect(_)
            | State::Asking { .. }
            | State::Voicemail(_)
            | State::Waiting(_) => {
                self.stop_playing();
                self.keys.clear();
                self.limits.pause(self.now);
                self.state = State::Talking;
            }
        }
    }

    pub(super) fn agent_left(&mut self) {
        if !matches!(self.state, State::Talking) {
            return;
        }
        let Some(queued_at) = self.queued_at else {
            return self.end(FlowEnd::AfterQueue);
        };
        self.at = queued_at;
        self.leave_wait(ExitName::Answered);
    }
}
