//! How long a caller may expect to wait.
//!
//! **Owns**: the forecast of each waiting caller and how good forecasts were. It reads the event log and the company, so
//! it is the same live, in simulation and from a stored log. **Must not know**: the clock, who is chosen.
//!
//! Where every agent of a queue serves nothing else, the refined queue length tells: places ahead, agents there, how
//! long they were busy with a caller lately, how fast callers give up. Elsewhere no such number belongs to the queue, and
//! the head of the line of the caller's own requirement tells, by how long it has waited and whether waits grow; while
//! nobody stands ahead, the distance of the last answers. What is told is the length that four of five callers wait at
//! most, stretched by what the queue's last callers really waited, and rounded up. It is no promise to count down.

mod model;
mod record;
#[cfg(test)]
mod tests;

pub use record::WaitError;

use crate::agent::AgentState;
use crate::company::{RoutingCompany, Skills};
use crate::event::Event;
use crate::id::{AgentId, QueueEntryId, QueueId};
use crate::outcome::EntryOutcome;
use crate::time::Timestamp;
use model::Spread;
use record::{Outcome, Record, length};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Counts fade with this time, in seconds.
const MEMORY: f64 = 1_800.0;
/// Answers that tell the pace.
const ANSWERS: usize = 20;
/// Fewer tell nothing.
const LEAST: usize = 3;
/// Older ones tell nothing.
const LATELY: Duration = Duration::from_secs(30 * 60);
/// Waits that tell the trend ended in this time.
const TREND: Duration = Duration::from_secs(5 * 60);
/// The trend stays within these.
const TRENDS: (f64, f64) = (-0.5, 1.0);

/// By what a wait was foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// The refined queue length.
    QueueLength,
    /// The head of the line of the caller's own requirement, with its trend.
    HeadOfLine,
    /// The distance of the queue's last answers.
    Pace,
}

impl Model {
    /// The name that is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueLength => "queue_length",
            Self::HeadOfLine => "head_of_line",
            Self::Pace => "pace",
        }
    }
}

/// What a caller may expect from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// By what.
    pub model: Model,
    /// The mean.
    pub expected: Duration,
    /// Four of five wait at most so long.
    pub quantile: Duration,
    /// The same rounded up, to be said.
    pub announced: Duration,
}

#[derive(Clone, Debug)]
struct Caller {
    queue: QueueId,
    requirement: Skills,
    key: Key,
    entered: Timestamp,
    /// What was foretold on entry.
    foretold: Option<(Spread, f64, Forecast)>,
}

/// Class, `V`, order of arrival.
type Key = (u8, Timestamp, u64, QueueEntryId);

/// How the agents of one queue work, and its line.
#[derive(Clone, Debug, Default)]
struct Line {
    waiting: BTreeSet<Key>,
    /// With the moment in which each came.
    by_requirement: BTreeMap<Skills, BTreeMap<Key, Timestamp>>,
    /// When callers were answered, the latest last.
    answers: VecDeque<Timestamp>,
    /// When they had come and how long they had waited, by requirement.
    waits: BTreeMap<Skills, VecDeque<(Timestamp, Timestamp)>>,
    /// Its agents serve nothing else, and nobody else serves it.
    dedicated: bool,
    /// What the queue itself asks for, which each of them meets then.
    plain: Skills,
    /// Agents who may take a caller now or later, and those of them who are busy with one.
    staffed: u32,
    busy: u32,
    /// Fading sums: seconds busy, callers answered; seconds waited, callers who gave up.
    work: f64,
    served: f64,
    patience: f64,
    gave_up: f64,
    updated: Option<Timestamp>,
    record: Record,
}

/// The forecasts of all queues.
#[derive(Clone, Debug, Default)]
pub struct WaitForecast {
    lines: BTreeMap<QueueId, Line>,
    callers: BTreeMap<QueueEntryId, Caller>,
    agents: BTreeMap<AgentId, AgentState>,
    queues_of: BTreeMap<AgentId, Vec<QueueId>>,
}

const fn is_staffed(state: AgentState) -> bool {
    matches!(
        state,
        AgentState::Available | AgentState::Offered | AgentState::OnCall | AgentState::WrapUp
    )
}

const fn is_busy(state: AgentState) -> bool {
    is_staffed(state) && !matches!(state, AgentState::Available)
}

impl WaitForecast {
    /// For a company; nobody waits and nobody is there yet.
    #[must_use]
    pub fn new(company: &RoutingCompany) -> Self {
        let mut forecast = Self::default();
        forecast.configure(company);
        forecast
    }

    /// The company changed.
    pub fn configure(&mut self, company: &RoutingCompany) {
        self.queues_of = company
            .agents
            .iter()
            .map(|(id, agent)| (*id, agent.queues.keys().copied().collect()))
            .collect();
        for line in self.lines.values_mut() {
            (line.staffed, line.busy, line.dedicated) = (0, 0, false);
        }
        for (id, queue) in &company.queues {
            let line = self.lines.entry(*id).or_default();
            line.dedicated = is_dedicated(*id, company);
            line.plain.clone_from(&queue.skills);
        }
        for (agent, state) in self.agents.clone() {
            self.count(agent, None, state);
        }
    }

    /// Takes one line of the log.
    pub fn read(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::QueueEntered { .. } => self.entered(event, at),
            Event::QueueLeft { entry, outcome, .. } => self.left(*entry, *outcome, at),
            Event::QueueRelaxed { entry, v, .. } | Event::QueueReprioritised { entry, v, .. } => {
                self.moved(*entry, *v);
            }
            // One who is offered on arrival does not wait.
            Event::OfferMade { entry, .. } => {
                if let Some(caller) = self.callers.get_mut(entry)
                    && caller.entered == at
                {
                    caller.foretold = None;
                }
            }
            Event::AgentStateChanged { agent, to, .. } => {
                for queue in self.queues_of.get(agent).into_iter().flatten() {
                    if let Some(line) = self.lines.get_mut(queue) {
                        line.fade(at);
                    }
                }
                let before = self.agents.insert(*agent, *to);
                self.count(*agent, before, *to);
            }
            _ => {}
        }
    }

    /// How long the caller at this place in the queue, 1 being next, waits from now on. None when nobody can tell.
    #[must_use]
    pub fn of(&self, entry: QueueEntryId, position: usize, now: Timestamp) -> Option<Forecast> {
        let caller = self.callers.get(&entry)?;
        let line = self.lines.get(&caller.queue)?;
        let (spread, model) = line.spread(&caller.requirement, position, now)?;
        Some(forecast(spread, model, line.record.factor()))
    }

    /// How good a queue's forecasts were lately.
    #[must_use]
    pub fn error(&self, queue: QueueId) -> WaitError {
        let line = self.lines.get(&queue);
        line.map_or_else(WaitError::default, |line| line.record.error())
    }

    /// What a caller who comes now, needing what the queue needs, may expect.
    #[must_use]
    pub fn newcomer(
        &self,
        queue: QueueId,
        requirement: &Skills,
        now: Timestamp,
    ) -> Option<Forecast> {
        let line = self.lines.get(&queue)?;
        let (spread, model) = line.spread(requirement, line.waiting.len() + 1, now)?;
        Some(forecast(spread, model, line.record.factor()))
    }

    fn entered(&mut self, event: &Event, at: Timestamp) {
        let Event::QueueEntered {
            entry,
            queue,
            v,
            entry_seq,
            class,
            requirement,
            ..
        } = event
        else {
            return;
        };
        let key = (*class, *v, *entry_seq, *entry);
        let line = self.lines.entry(*queue).or_default();
        line.fade(at);
        line.waiting.insert(key);
        let own = line.by_requirement.entry(requirement.clone());
        own.or_default().insert(key, at);
        // Newcomers stand at the end nearly always, so those behind are counted.
        let behind = line.waiting.range(key..).count().saturating_sub(1);
        let position = line.waiting.len() - behind;
        let foretold = line.spread(requirement, position, at);
        let foretold = foretold.map(|(spread, model)| {
            let factor = line.record.factor();
            (spread, spread.eighty(), forecast(spread, model, factor))
        });
        let caller = Caller {
            queue: *queue,
            requirement: requirement.clone(),
            key,
            entered: at,
            foretold,
        };
        self.callers.insert(*entry, caller);
    }

    /// A ladder's head start moves the caller up.
    fn moved(&mut self, entry: QueueEntryId, v: Timestamp) {
        let Some(caller) = self.callers.get_mut(&entry) else {
            return;
        };
        let Some(line) = self.lines.get_mut(&caller.queue) else {
            return;
        };
        line.gone(caller);
        caller.key.1 = v;
        line.waiting.insert(caller.key);
        let own = line.by_requirement.entry(caller.requirement.clone());
        own.or_default().insert(caller.key, caller.entered);
    }

    fn left(&mut self, entry: QueueEntryId, outcome: EntryOutcome, at: Timestamp) {
        let Some(caller) = self.callers.remove(&entry) else {
            return;
        };
        let Some(line) = self.lines.get_mut(&caller.queue) else {
            return;
        };
        line.fade(at);
        line.gone(&caller);
        let answered = outcome == EntryOutcome::Answered;
        if answered {
            line.answered(&caller, at);
        } else if outcome == EntryOutcome::Abandoned || outcome == EntryOutcome::ShortAbandoned {
            line.gave_up += 1.0;
        }
        // One who was refused never waited, nor did one whom a full queue sent to its voicemail.
        let boxed = outcome == EntryOutcome::Voicemail && at == caller.entered;
        let refused = outcome == EntryOutcome::Refused || boxed;
        let waits = caller.foretold.filter(|_| !refused);
        if let Some((spread, raw, told)) = waits {
            line.record.add(Outcome {
                raw,
                quantile: told.quantile.as_secs_f64(),
                announced: told.announced.as_secs_f64(),
                mean: spread.mean,
                waited: at.since(caller.entered).as_secs_f64(),
                answered,
            });
        }
    }

    fn count(&mut self, agent: AgentId, before: Option<AgentState>, to: AgentState) {
        let Some(queues) = self.queues_of.get(&agent) else {
            return;
        };
        for queue in queues {
            let Some(line) = self.lines.get_mut(queue) else {
                continue;
            };
            let change = |number: u32, was: bool, is: bool| match (was, is) {
                (false, true) => number.saturating_add(1),
                (true, false) => number.saturating_sub(1),
                _ => number,
            };
            line.staffed = change(line.staffed, before.is_some_and(is_staffed), is_staffed(to));
            line.busy = change(line.busy, before.is_some_and(is_busy), is_busy(to));
        }
    }
}

impl Line {
    /// Brings the fading sums up to a moment.
    fn fade(&mut self, at: Timestamp) {
        let before = self
            .updated
            .replace(self.updated.map_or(at, |before| before.max(at)));
        let passed = at.since(before.unwrap_or(at)).as_secs_f64();
        if passed <= 0.0 {
            return;
        }
        let fades = (-passed / MEMORY).exp();
        self.work = self.work.mul_add(fades, passed * f64::from(self.busy));
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        self.patience = self.patience.mul_add(fades, passed * f64::from(waiting));
        self.served *= fades;
        self.gave_up *= fades;
    }

    fn gone(&mut self, caller: &Caller) {
        self.waiting.remove(&caller.key);
        if let Some(own) = self.by_requirement.get_mut(&caller.requirement) {
            own.remove(&caller.key);
            if own.is_empty() {
                self.by_requirement.remove(&caller.requirement);
            }
        }
    }

    fn answered(&mut self, caller: &Caller, at: Timestamp) {
        self.served += 1.0;
        self.answers.push_back(at);
        if self.answers.len() > ANSWERS {
            self.answers.pop_front();
        }
        let waits = self.waits.entry(caller.requirement.clone()).or_default();
        waits.push_back((caller.entered, at));
        while waits.len() > ANSWERS || waits.front().is_some_and(|(_, end)| at.since(*end) > TREND)
        {
            waits.pop_front();
        }
    }

    fn spread(
        &self,
        requirement: &Skills,
        position: usize,
        now: Timestamp,
    ) -> Option<(Spread, Model)> {
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        if self.staffed == 0 {
            return None;
        }
        let plain = self.dedicated && *requirement == self.plain;
        if plain && self.answers.len() >= LEAST && self.work > 0.0 {
            let served = self.served / self.work;
            let give_up = if self.patience > 0.0 {
                self.gave_up / self.patience
            } else {
                0.0
            };
            let spread = model::queue_length(position, self.staffed, served, give_up)?;
            return Some((spread, Model::QueueLength));
        }
        let length = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let own = self.by_requirement.get(requirement);
        // The first of the line knows nothing by it: nobody stands ahead.
        let head = own.filter(|own| own.len() > 1 && position > 1);
        let waited = head
            .and_then(BTreeMap::first_key_value)
            .map(|(_, came)| now.since(*came));
        let trend = self.trend(requirement);
        let spread = waited.and_then(|waited| model::head_of_line(waited, trend, position, length));
        if let Some(spread) = spread {
            return Some((spread, Model::HeadOfLine));
        }
        Some((model::pace(position, self.distance(now)?)?, Model::Pace))
    }

    /// The mean distance of the last answers, which grows while nobody is answered.
    fn distance(&self, now: Timestamp) -> Option<Duration> {
        let lately = |at: &&Timestamp| now.since(**at) <= LATELY;
        let oldest = self.answers.iter().find(lately)?;
        let count = self.answers.iter().filter(lately).count();
        let enough = u32::try_from(count).ok().filter(|_| count >= LEAST)?;
        Some(now.since(*oldest) / enough)
    }

    /// By how much longer a caller waited for each second by which they came later, of those answered lately.
    fn trend(&self, requirement: &Skills) -> f64 {
        let Some(waits) = self
            .waits
            .get(requirement)
            .filter(|waits| waits.len() >= LEAST)
        else {
            return 0.0;
        };
        let Some((first, _)) = waits.front() else {
            return 0.0;
        };
        let points = waits.iter().map(|(entered, end)| {
            (
                entered.since(*first).as_secs_f64(),
                end.since(*entered).as_secs_f64(),
            )
        });
        let count = f64::from(u32::try_from(waits.len()).unwrap_or(u32::MAX));
        let (came, waited) = points
            .clone()
            .fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
        let (came, waited) = (came / count, waited / count);
        let (both, square) = points.fold((0.0, 0.0), |(both, square), (x, y)| {
            (
                (x - came).mul_add(y - waited, both),
                (x - came).mul_add(x - came, square),
            )
        });
        let (least, most) = TRENDS;
        if square > 0.0 {
            (both / square).clamp(least, most)
        } else {
            0.0
        }
    }
}

/// Whether the queue's agents, and they alone, serve it and nothing else, each of them every caller who asks for no more
/// than the queue does.
fn is_dedicated(id: QueueId, company: &RoutingCompany) -> bool {
    let Some(queue) = company.queues.get(&id) else {
        return false;
    };
    let spills = company.queues.iter().any(|(other, rules)| {
        let mut added = rules.ladder.iter().flat_map(|step| &step.queues);
        added.any(|queue| *other == id || *queue == id)
    });
    let meets = |skills: &Skills| {
        let mut needed = queue.skills.iter();
        needed.all(|(skill, level)| skills.get(skill).is_some_and(|has| has >= level))
    };
    let mut serving = company.agents.values();
    let alone = serving.all(|agent| {
        !agent.queues.contains_key(&id) || agent.queues.len() == 1 && meets(&agent.skills)
    });
    alone && !spills && queue.any_of.is_empty() && queue.max_tier.is_none()
}

fn forecast(spread: Spread, model: Model, factor: f64) -> Forecast {
    let quantile = length(spread.eighty() * factor);
    Forecast {
        model,
        expected: length(spread.mean),
        quantile,
        announced: model::announced(quantile),
    }
}
