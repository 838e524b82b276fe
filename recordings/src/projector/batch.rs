//! Lines of one kind go into the rows together.
//!
//! **Owns**: [`Batch`], and which kinds of lines may pass each other. **Must not know**: SQL, files, transactions.
//!
//! Lines are gathered by kind and written kind by kind: beginnings before ends, so that whatever a line needs is
//! there. That changes nothing in the rows, because kinds that pass each other write different columns, and within a
//! kind the order stays. One line is different: a cancelled leg takes the answer back that was written before it, so
//! everything before it is written first.

use super::apply;
use crate::error::StoreError;
use crate::store::interactions::{self, Arrival, Ended};
use crate::store::legs::{self, Leg, LegEnd};
use crate::store::names::{self, StateChange};
use crate::store::queue_entries::{self, Entry, Left, Offer, OfferEnd};
use crate::store::{Conn, customers, decisions};
use router::event::PersonalData;
use router::id::{AgentId, InteractionId, LegId, OfferId, QueueEntryId, QueueId};
use router::{Decision, Event, LogLine, Timestamp};
use std::collections::BTreeMap;

/// Lines on their way into the rows. Where only the first or the last line about something counts, the others are
/// left out here, as an `UPDATE` must meet each row once.
#[derive(Default)]
pub(super) struct Batch<'a> {
    arrivals: Vec<(Arrival<'a>, customers::Told<'a>)>,
    legs: Vec<Leg<'a>>,
    answers: BTreeMap<InteractionId, Timestamp>,
    entries: Vec<Entry<'a>>,
    places: BTreeMap<InteractionId, QueueId>,
    decisions: Vec<(u64, &'a Decision)>,
    offers: Vec<Offer>,
    /// Lines of rare kinds, which write columns of their own.
    others: Vec<&'a LogLine>,
    left: BTreeMap<QueueEntryId, Left>,
    offers_ended: BTreeMap<OfferId, OfferEnd>,
    legs_ended: BTreeMap<LegId, LegEnd<'a>>,
    ended: BTreeMap<InteractionId, Ended>,
    agents: BTreeMap<AgentId, StateChange<'a>>,
}

/// For a call without any: an agent's own phone, a line of an old run.
static NOBODY: PersonalData = PersonalData {
    notes: None,
    caller_number: None,
    caller_name: None,
    dialed_number: None,
    new_customer: None,
};

/// Writes these lines, whatever their kinds.
pub(super) async fn write(conn: &mut Conn, lines: &[&LogLine]) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    for line in lines {
        if matches!(&line.event, Event::LegEnded { cause, .. } if cause == legs::CANCELLED) {
            std::mem::take(&mut batch).flush(conn).await?;
            batch.take(line);
            std::mem::take(&mut batch).flush(conn).await?;
        } else {
            batch.take(line);
        }
    }
    batch.flush(conn).await
}

impl<'a> Batch<'a> {
    fn take(&mut self, line: &'a LogLine) {
        let at = line.at;
        match &line.event {
            Event::CallArrived { .. } => self.arrival(line),
            Event::CallAnswered { interaction } => {
                self.answers.entry(*interaction).or_insert(at);
            }
            Event::CallEnded {
                interaction,
                outcome,
                end_cause,
            } => {
                let end = Ended {
                    id: *interaction,
                    at,
                    outcome: *outcome,
                    end_cause: *end_cause,
                };
                self.ended.entry(*interaction).or_insert(end);
            }
            Event::LegStarted { .. } | Event::LegEnded { .. } => self.leg(at, &line.event),
            Event::QueueEntered { .. } | Event::QueueLeft { .. } => self.waiting(at, &line.event),
            Event::Decided { decision } => self.decisions.push((line.seq, decision)),
            Event::OfferMade { .. } | Event::OfferEnded { .. } => self.offer(at, &line.event),
            Event::AgentStateChanged { .. } => self.agent(at, &line.event),
            _ => self.others.push(line),
        }
    }

    fn arrival(&mut self, line: &'a LogLine) {
        let Event::CallArrived {
            interaction,
            trunk,
            flow,
            flow_version,
            direction,
            agent,
            ..
        } = &line.event
        else {
            return;
        };
        let personal = line.personal.as_ref().unwrap_or(&NOBODY);
        let arrival = Arrival {
            id: *interaction,
            at: line.at,
            trunk: trunk.as_deref(),
            flow,
            flow_version,
            customer: None,
            personal,
            direction: *direction,
            agent: *agent,
        };
        let told = customers::Told {
            personal,
            direction: *direction,
            at: line.at,
        };
        self.arrivals.push((arrival, told));
    }

    fn leg(&mut self, at: Timestamp, event: &'a Event) {
        match event {
            Event::LegStarted {
                interaction,
                leg,
                role,
                agent,
                sip_call_id,
            } => self.legs.push(Leg {
                id: *leg,
                interaction: *interaction,
                role: *role,
                agent: *agent,
                sip_call_id,
                at,
            }),
            Event::LegEnded {
                leg,
                cause,
                quality,
                ..
            } => {
                let end = LegEnd {
                    id: *leg,
                    at,
                    cause,
                    quality: quality.as_ref(),
                };
                self.legs_ended.entry(*leg).or_insert(end);
            }
            _ => {}
        }
    }

    fn waiting(&mut self, at: Timestamp, event: &'a Event) {
        match event {
            Event::QueueEntered {
                interaction,
                entry,
                queue,
                v,
                class,
                requirement,
                ..
            } => {
                self.entries.push(Entry {
                    id: *entry,
                    interaction: *interaction,
                    queue: *queue,
                    at,
                    v: *v,
                    class: *class,
                    requirement,
                });
                self.places.insert(*interaction, *queue);
            }
            Event::QueueLeft {
                entry,
                outcome,
                agent,
                refusal,
                closure,
                ..
            } => {
                let left = Left {
                    id: *entry,
                    at,
                    outcome: *outcome,
                    agent: *agent,
                    refusal: *refusal,
                    closure: *closure,
                };
                self.left.entry(*entry).or_insert(left);
            }
            _ => {}
        }
    }

    fn offer(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::OfferMade {
                interaction,
                entry,
                offer,
                agent,
                queue,
            } => self.offers.push(Offer {
                id: *offer,
                interaction: *interaction,
                entry: *entry,
                queue: *queue,
                agent: *agent,
                at,
            }),
            Event::OfferEnded { offer, outcome, .. } => {
                let end = OfferEnd {
                    id: *offer,
                    at,
                    outcome: *outcome,
                };
                self.offers_ended.entry(*offer).or_insert(end);
            }
            _ => {}
        }
    }

    fn agent(&mut self, at: Timestamp, event: &'a Event) {
        let Event::AgentStateChanged {
            agent,
            to,
            reason,
            interaction,
            idle_since,
            ready_seq,
            ..
        } = event
        else {
            return;
        };
        let change = StateChange {
            agent: *agent,
            at,
            state: *to,
            reason: reason.as_ref(),
            interaction: *interaction,
            idle_since: *idle_since,
            ready_seq: *ready_seq,
        };
        self.agents.insert(*agent, change);
    }

    async fn flush(self, conn: &mut Conn) -> Result<(), StoreError> {
        let (mut arrivals, told): (Vec<_>, Vec<_>) = self.arrivals.into_iter().unzip();
        let customers = customers::of_calls(conn, &told).await?;
        for (arrival, customer) in arrivals.iter_mut().zip(customers) {
            arrival.customer = customer;
        }
        interactions::arrived(conn, &arrivals).await?;
        legs::started(conn, &self.legs).await?;
        interactions::answered(conn, &self.answers.into_iter().collect::<Vec<_>>()).await?;
        queue_entries::entered(conn, &self.entries).await?;
        interactions::in_queue(conn, &self.places.into_iter().collect::<Vec<_>>()).await?;
        decisions::decided(conn, &self.decisions).await?;
        queue_entries::offers_made(conn, &self.offers).await?;
        for line in self.others {
            apply::one(conn, line).await?;
        }
        queue_entries::left(conn, &values(self.left)).await?;
        queue_entries::offers_ended(conn, &values(self.offers_ended)).await?;
        legs::ended(conn, &values(self.legs_ended)).await?;
        interactions::ended(conn, &values(self.ended)).await?;
        names::agent_states_changed(conn, &values(self.agents)).await
    }
}

fn values<K, V>(map: BTreeMap<K, V>) -> Vec<V> {
    map.into_values().collect()
}
