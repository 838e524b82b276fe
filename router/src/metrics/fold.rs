//! The log becomes rows.
//!
//! **Owns**: which number each line changes, and in which quarter of an hour. A line changes rows by itself and by what
//! was read before it, never by when it is read, so the rows of a log are the same however often the reading stopped in
//! between. **Must not know**: where rows are kept.

use super::agents::AgentTimes;
use super::rows::{Rows, quarter_of};
use super::talk::{Share, Talks};
use crate::event::{Event, LogLine};
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::outcome::OfferOutcome;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of another number were counted in another way: they are thrown away, and the log is read anew.
pub const VERSION: u32 = 2;

/// What has to be remembered between two lines. It is kept beside the rows, as of the same line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// The last line that was read.
    seq: u64,
    /// The latest moment of any line.
    latest: Timestamp,
    waiting: BTreeMap<QueueEntryId, (QueueId, Timestamp)>,
    /// What rings at an agent.
    ringing: BTreeMap<AgentId, (OfferId, QueueId)>,
    talks: Talks,
    agents: AgentTimes,
    /// The last talk of each agent, for the work after it.
    served: BTreeMap<AgentId, Served>,
}

/// A talk whose after-call work may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Served {
    interaction: InteractionId,
    queue: Option<QueueId>,
    since: Timestamp,
    /// When the work after it began.
    wrap_up: Option<Timestamp>,
}

impl Fold {
    /// The last line that was read, and the latest moment of any.
    #[must_use]
    pub const fn position(&self) -> (u64, Timestamp) {
        (self.seq, self.latest)
    }

    /// Takes the next line; adds to `rows` what it changes. A line that was read already changes nothing.
    pub fn read(&mut self, line: &LogLine, rows: &mut Rows) {
        if line.seq <= self.seq {
            return;
        }
        self.seq = line.seq;
        let (at, event) = (line.at, &line.event);
        if let Event::RouterStarted { .. } = event {
            self.agents.down(self.latest, at, rows);
        } else if quarter_of(at) > quarter_of(self.latest) {
            self.agents.file_until(quarter_of(at), rows);
        }
        self.latest = self.latest.max(at);
        self.agents.read(event, at, rows);
        self.waits(event, at, rows);
        self.offers(event, at, rows);
        if let Some(share) = self.talks.read(event, at) {
            share_of(&share, rows);
        }
        self.work(event, at, rows);
    }

    /// Files what agents do up to a moment: for a look at the rows before the next line.
    pub fn file_until(&mut self, at: Timestamp, rows: &mut Rows) {
        self.agents.file_until(at, rows);
    }

    fn waits(&mut self, event: &Event, at: Timestamp, rows: &mut Rows) {
        match event {
            Event::QueueEntered { entry, queue, .. } => {
                rows.queue(*queue, at).entered += 1;
                self.waiting.insert(*entry, (*queue, at));
            }
            Event::QueueLeft {
                entry,
                outcome,
                refusal,
                ..
            } => {
                let Some((queue, since)) = self.waiting.remove(entry) else {
                    return;
                };
                let row = rows.queue(queue, at);
                row.left.entry(*outcome).or_default().add(at.since(since));
                if let Some(refusal) = refusal {
                    *row.refusals.entry(*refusal).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    fn offers(&mut self, event: &Event, at: Timestamp, rows: &mut Rows) {
        match event {
            Event::OfferMade {
                offer,
                agent,
                queue,
                ..
            } => {
                rows.queue(*queue, at).offered += 1;
                self.ringing.insert(*agent, (*offer, *queue));
            }
            Event::OfferEnded {
                offer,
                agent,
                outcome,
                ..
            } => {
                let Some((_, queue)) = self.ringing.get(agent).filter(|(id, _)| id == offer) else {
                    return;
                };
                let count = |offers: &mut BTreeMap<OfferOutcome, u64>| {
                    *offers.entry(*outcome).or_default() += 1;
                };
                count(&mut rows.queue(*queue, at).offers);
                count(&mut rows.agent(*agent, at).offers);
                self.ringing.remove(agent);
            }
            _ => {}
        }
    }

    /// After-call work is filed where its talk began.
    fn work(&mut self, event: &Event, at: Timestamp, rows: &mut Rows) {
        match event {
            Event::Connected { interaction, .. } => {
                if let Some((agent, since)) = self.talks.holder(*interaction) {
                    let served = Served {
                        interaction: *interaction,
                        queue: self.talks.queue(*interaction),
                        since,
                        wrap_up: None,
                    };
                    self.served.insert(agent, served);
                }
            }
            Event::WrapUpStarted { interaction, agent } => {
                let served = self.served.entry(*agent).or_insert(Served {
                    interaction: *interaction,
                    queue: None,
                    since: at,
                    wrap_up: None,
                });
                if served.interaction == *interaction {
                    served.wrap_up = Some(at);
                }
            }
            Event::WrapUpEnded { interaction, agent } => {
                let Some(served) = self.served.get(agent) else {
                    return;
                };
                let began = served
                    .wrap_up
                    .filter(|_| served.interaction == *interaction);
                if let Some(began) = began {
                    let length = at.since(began);
                    rows.agent(*agent, served.since).wrap_up.add(length);
                    if let Some(queue) = served.queue {
                        rows.queue(queue, served.since).wrap_up.add(length);
                    }
                    self.served.remove(agent);
                }
            }
            // What ended without after-call work.
            Event::AgentStateChanged { agent, .. } if !self.agents.is_busy(*agent) => {
                self.served.remove(agent);
            }
            _ => {}
        }
    }
}

fn share_of(share: &Share, rows: &mut Rows) {
    if let Some(agent) = share.agent {
        let row = rows.agent(agent, share.since);
        row.talk.add(share.talk);
        row.hold.add(share.hold);
    }
    if let Some(queue) = share.queue {
        let row = rows.queue(queue, share.since);
        row.talk.add(share.talk);
        row.hold.add(share.hold);
    }
}
