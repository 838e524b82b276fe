//! Waiting in a queue, and the talk with the agent.
//!
//! **Owns**: the loop that a waiting caller hears, giving up, and the exits of `queue`.
//! **Must not know**: why an agent was chosen or none came.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::{Interpreter, State};
use crate::expression::Expression;
use crate::flow::{Action, ExitName, Exits, Flow, Levels, Queue, Rung, Wait, find_exit};
use crate::port::{FlowEnd, FlowOutput, PlayToken, QueueEnd, QueueStep, QueueWishes, Sound};

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

fn plain_levels(levels: &Levels) -> BTreeMap<String, u8> {
    let plain = levels.iter();
    plain
        .map(|(name, (level, _))| (name.clone(), *level))
        .collect()
}

fn wishes_of(flow: &Flow, queue: &Queue) -> QueueWishes {
    let step = |rung: &Rung| QueueStep {
        after: rung.after,
        skills: plain_levels(&rung.skills),
        max_tier: rung.max_tier,
        queues: rung.queues.iter().map(|name| name.text.clone()).collect(),
        head_start: rung.head_start,
    };
    let relax = || flow.wait_of(queue)?.relax.as_ref();
    let ladder = queue.ladder.as_ref().or_else(relax);
    QueueWishes {
        any_of: queue.any_of.iter().map(plain_levels).collect(),
        ladder: ladder.map(|rungs| rungs.iter().map(step).collect()),
        last_agent: queue.last_agent,
        own_exits: own_exits(flow, queue),
    }
}

/// What is inherited is said for every queue, so a queue that has a way of its own knows better.
fn own_exits(flow: &Flow, queue: &Queue) -> Vec<QueueEnd> {
    let wait = flow.wait_of(queue).map(|wait| &wait.exits);
    let places: Vec<&Exits> = std::iter::once(&queue.exits).chain(wait).collect();
    [
        (QueueEnd::TimedOut, ExitName::Timeout),
        (QueueEnd::Full, ExitName::Full),
        (QueueEnd::NoAgents, ExitName::NoAgents),
    ]
    .into_iter()
    .filter(|(_, exit)| find_exit(places.iter().copied(), *exit).is_some())
    .map(|(end, _)| end)
    .collect()
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

    /// Something was asked for by a key; the loop goes on behind it.
    pub(super) fn hears(&mut self, token: PlayToken) {
        self.playing = Some(token);
        self.pause_until = None;
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
            skills: plain_levels(&queue.skills),
            head_start: queue.head_start,
            class: queue.class,
            wishes: Box::new(wishes_of(flow, queue)),
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

    pub(super) fn present_wait<'f>(&self, flow: &'f Flow) -> Option<&'f Wait> {
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

    /// The queue is closed: the caller hears why, then goes on by `closed`. So does one whose agent gave them back to a
    /// queue that is closed by now.
    pub(super) fn turned_away(&mut self, message: Sound) {
        if !self.back_from_queue() {
            return;
        }
        self.hear_message(message);
    }

    /// The queue gives the caller back, from the wait or from an agent who did not take them; false when neither has them.
    pub(super) fn back_from_queue(&mut self) -> bool {
        match (&self.state, self.queued_at) {
            (State::Waiting(_), _) => self.stop_playing(),
            (State::Talking, Some(queued_at)) => self.at = queued_at,
            _ => return false,
        }
        self.keys.clear();
        self.limits.resume(self.now);
        true
    }

    /// Takes an exit of the `queue` step, else the next step.
    pub(super) fn leave_wait(&mut self, exit: ExitName) {
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
            | State::Fetching(_)
            | State::Voicemail(_)
            | State::Step(_)
            | State::TurnedAway { .. }
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
