//! The proof that the log's numbers add up, for any queue and interval.
//!
//! **Owns**: what must be so, and how what is not is told: with the positions of the lines that do not fit. It counts by
//! itself, in another way than [`super::Fold`], and then holds the two against each other.
//!
//! | rule | what must be so |
//! |---|---|
//! | `identity` | entered = left by all outcomes + waiting at the end - waiting at the beginning |
//! | `entry` | each wait begins once and ends once, in its queue, not before it began, and not after its interaction |
//! | `offer` | each offer is made once and ends once; it is accepted when, and only when, its wait is answered |
//! | `interaction` | each interaction arrives once and ends once, with one outcome; `answered` when an agent had the customer |
//! | `agent` | each state begins where the one before ended, on a path that there is; their times sum to the log-in time |
//! | `talk` | the parts of a talk are apart from each other, each while its agent is on a call, and sum to the time in which the customer had somebody |
//! | `rows` | the rows of all quarters of an hour sum to the lines |

mod agents;
mod interactions;
mod waits;

use super::fold::Fold;
use super::rows::Rows;
use crate::agent::AgentState;
use crate::event::{Event, LogLine};
use crate::id::{AgentId, QueueId};
use crate::outcome::{EntryOutcome, Outcome};
use crate::time::Timestamp;
use agents::Agents;
use interactions::Interactions;
use std::collections::BTreeMap;
use waits::Waits;

/// Faults that are kept; more are only counted.
const KEPT: usize = 200;

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// From this moment on; none: from the beginning of the log.
    pub from: Option<Timestamp>,
    /// Until right before this moment; none: to its end.
    pub to: Option<Timestamp>,
    /// This queue alone; none: all of them.
    pub queue: Option<QueueId>,
}

impl Scope {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    fn is_about(&self, queue: QueueId) -> bool {
        self.queue.is_none_or(|only| only == queue)
    }

    /// How much of a time lies in it, ms.
    fn part_of(&self, from: Timestamp, to: Timestamp) -> u64 {
        let from = self.from.map_or(from, |begin| begin.max(from));
        let to = self.to.map_or(to, |end| end.min(to));
        u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether somebody who came at `from` and left at `to` was there at a moment.
    fn was_there(moment: Timestamp, from: Timestamp, to: Option<Timestamp>) -> bool {
        from < moment && to.is_none_or(|to| to >= moment)
    }
}

/// Something that does not add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which rule.
    pub rule: &'static str,
    /// What, in words.
    pub text: String,
    /// Positions in the log.
    pub lines: Vec<u64>,
    /// When.
    pub at: Timestamp,
}

/// A queue's side of the identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueSum {
    /// Waits that began.
    pub entered: u64,
    /// Waits that ended, by outcome.
    pub left: BTreeMap<EntryOutcome, u64>,
    /// Who waited at the beginning.
    pub waiting_start: u64,
    /// Who waited at the end.
    pub waiting_end: u64,
}

impl QueueSum {
    /// Whether it adds up.
    #[must_use]
    pub fn holds(&self) -> bool {
        let left: u64 = self.left.values().sum();
        self.entered + self.waiting_start == left + self.waiting_end
    }
}

/// An agent's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentSum {
    /// From log-in to log-out, ms.
    pub logged_in: u64,
    /// In each state, ms.
    pub states: BTreeMap<AgentState, u64>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// The first and the last line's moment.
    pub span: Option<(Timestamp, Timestamp)>,
    /// By queue.
    pub queues: BTreeMap<QueueId, QueueSum>,
    /// Interactions that ended, by outcome.
    pub interactions: BTreeMap<Outcome, u64>,
    /// Interactions under way at the end of the log.
    pub open: u64,
    /// Offers that ended.
    pub offers: u64,
    /// By agent.
    pub agents: BTreeMap<AgentId, AgentSum>,
    /// Parts of talks.
    pub shares: u64,
    /// Talks that changed hands.
    pub handed_on: u64,
    /// The rows of the whole log.
    pub rows: Rows,
    /// What does not add up, as it was found; the first [`Report::FAULTS`].
    pub faults: Vec<Fault>,
    /// How many there are.
    pub faults_found: u64,
}

impl Report {
    /// As many faults are told.
    pub const FAULTS: usize = KEPT;
}

/// Faults on their way into the report: those of the scope.
#[derive(Debug, Default)]
struct Faults {
    scope: Scope,
    kept: Vec<Fault>,
    found: u64,
}

impl Faults {
    fn tell(&mut self, rule: &'static str, at: Timestamp, lines: &[u64], text: String) {
        if !self.scope.holds(at) {
            return;
        }
        self.found += 1;
        if self.kept.len() < KEPT {
            let lines = lines.to_vec();
            self.kept.push(Fault {
                rule,
                text,
                lines,
                at,
            });
        }
    }
}

/// Reads a whole log, from its first line on.
#[derive(Debug, Default)]
pub struct Audit {
    faults: Faults,
    fold: Fold,
    rows: Rows,
    lines: u64,
    span: Option<(Timestamp, Timestamp)>,
    waits: Waits,
    interactions: Interactions,
    agents: Agents,
}

impl Audit {
    /// For a part of the log; all of it is read.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            faults: Faults {
                scope,
                ..Faults::default()
            },
            ..Self::default()
        }
    }

    /// Takes the next line.
    pub fn read(&mut self, line: &LogLine) {
        if let (last, _) = self.fold.position()
            && line.seq != last + 1
            && self.lines > 0
        {
            let text = format!("line {} follows line {last}", line.seq);
            self.faults.tell("log", line.at, &[last, line.seq], text);
        }
        self.agents.whole |= line.seq == 1;
        self.lines += 1;
        self.fold.read(line, &mut self.rows);
        self.span = Some(match self.span {
            None => (line.at, line.at),
            Some((first, last)) => (first.min(line.at), last.max(line.at)),
        });
        if let Event::RouterStarted { .. } = line.event {
            // What was under way in an earlier run ended with it, or before this line.
            self.waits.restarted(line, &mut self.faults);
            self.interactions.restarted(line, &mut self.faults);
        }
        self.waits.read(line, &mut self.faults);
        self.interactions.read(line, &self.agents, &mut self.faults);
        self.agents.read(line, &mut self.faults);
    }

    /// The log ends here.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let end = self.span.map_or_else(Timestamp::default, |(_, last)| last);
        let queues = self.waits.finish(&mut self.faults, &self.rows);
        self.interactions.finish(end, &mut self.faults);
        // What agents do at the end of the log lasts until there.
        let mut last = Rows::default();
        self.fold.file_until(end, &mut last);
        let agents = self
            .agents
            .finish(end, [&self.rows, &last], &mut self.faults);
        Report {
            lines: self.lines,
            span: self.span,
            queues,
            interactions: self.interactions.outcomes,
            open: self.interactions.open,
            offers: self.waits.offers_ended,
            agents,
            shares: self.interactions.shares,
            handed_on: self.interactions.handed_on,
            rows: self.rows,
            faults: self.faults.kept,
            faults_found: self.faults.found,
        }
    }
}
