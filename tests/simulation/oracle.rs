//! Reads the log as a stranger would, and computes it again: states, offers, decisions, outcomes.
//!
//! **Owns**: its own small picture of agents and callers, made of log lines and the company file alone. It shares no
//! code with the Distributor or the calls. **Must not**: ask them anything.

mod order;

use crate::company;
use order::Unmet;
use router::distributor::port::{AgentView, QueueView};
use router::event::LegRole;
use router::id::{AgentId, InteractionId, LegId, OfferId, QueueEntryId, QueueId, RecordingId};
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome};
use router::{AgentState, Event, RoutingCompany, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A caller whom nobody took after a transfer, or whose agent's phone stays away, comes back so far ahead of when they
/// first came.
const FRONT: Duration = Duration::from_secs(3_600);

#[derive(Debug, Default)]
struct Interaction {
    flow: String,
    began: Timestamp,
    answered: bool,
    connected: bool,
    /// The queue entry it is in.
    entry: Option<QueueEntryId>,
    last_entry: Option<EntryOutcome>,
    ended: Option<Outcome>,
    cause: Option<EndCause>,
    legs: BTreeSet<LegId>,
    recordings: BTreeSet<RecordingId>,
}

impl Interaction {
    /// The head start that a waiting got beside its queue's: the flow's; or, for one whom an agent sent there, none, or
    /// the front.
    fn given(&self, given: Duration, now: Timestamp) -> Result<Duration, String> {
        if !self.connected {
            return Ok(company::head_start(&self.flow));
        }
        if given < FRONT {
            return Ok(Duration::ZERO);
        }
        must(given - FRONT <= now.since(self.began), || {
            format!("one who came back is {given:?} ahead")
        })?;
        Ok(given)
    }

    /// I10: the outcome agrees with the other lines. A caller whom the flow took out of a queue may be gone before a late
    /// Distributor says how that waiting ended; then its line decides.
    fn agrees(&self, id: InteractionId, queue_gone: bool) -> Result<(), String> {
        let (Some(outcome), Some(cause), None) = (self.ended, self.cause, self.entry) else {
            return Ok(());
        };
        let wanted = outcomes(self, cause, queue_gone);
        must(wanted.contains(&outcome), || {
            format!("I10: {id} ended {outcome:?} by {cause:?}, its log says {wanted:?}: {self:?}")
        })
    }
}

#[derive(Debug)]
struct Waiting {
    queue: QueueId,
    class: u8,
    v: Timestamp,
    seq: u64,
    since: Timestamp,
    /// What the company and the flow gave on arrival.
    head_start: Duration,
    /// The place in the line, and since when.
    place: Option<(usize, Timestamp)>,
    /// Whose phones ring for this caller, and since when.
    ringing: BTreeMap<AgentId, Timestamp>,
    refused: BTreeMap<AgentId, Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Agent {
    state: AgentState,
    idle_since: Timestamp,
    ready_seq: u64,
    /// Came into this state by an offer.
    serves: bool,
}

/// What the log has said so far.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    company: RoutingCompany,
    last: Option<Timestamp>,
    interactions: BTreeMap<InteractionId, Interaction>,
    customers: BTreeMap<String, InteractionId>,
    agents: BTreeMap<AgentId, Agent>,
    waiting: BTreeMap<QueueEntryId, Waiting>,
    offers: BTreeMap<OfferId, (QueueEntryId, AgentId)>,
    last_offer: Option<OfferId>,
    seen_entries: BTreeSet<QueueEntryId>,
    seen_legs: BTreeSet<LegId>,
    queue_gone: bool,
    unmet: BTreeMap<QueueId, Unmet>,
    /// Of any queue so far.
    longest_ringing: Duration,
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    pub(crate) decisions: u64,
    /// Answered at the Distributor, never connected.
    pub(crate) crossings: u64,
}

fn must(holds: bool, text: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(text()) }
}

/// The graph of `docs/routing-rules.md` (I9).
fn may_follow(from: AgentState, to: AgentState) -> bool {
    use AgentState::{Available, NotReady, Offered, Offline, OnCall, WrapUp};
    match from {
        Offline => matches!(to, Available | NotReady | OnCall | Offline),
        Available => matches!(to, Offered | NotReady | Offline | OnCall),
        Offered => matches!(to, OnCall | Available | NotReady | Offline),
        OnCall => matches!(to, WrapUp | Available | NotReady | Offline),
        WrapUp => matches!(to, Available | NotReady | Offline | OnCall),
        NotReady => matches!(to, Available | Offline | OnCall | NotReady),
    }
}

impl Oracle {
    pub(crate) fn edit(&mut self, company: RoutingCompany) {
        // What is asked for as before was told before.
        let before = std::mem::take(&mut self.company.queues);
        self.unmet.retain(|queue, _| {
            let asked = before.get(queue).map(|queue| &queue.skills);
            asked.is_some() && asked == company.queues.get(queue).map(|queue| &queue.skills)
        });
        self.queue_gone |= before.len() > company.queues.len();
        let ringing = company.queues.values().map(|queue| queue.ring_timeout);
        self.longest_ringing = ringing.max().unwrap_or_default().max(self.longest_ringing);
        self.company = company;
    }

    /// The interaction whose customer's leg has this Call-ID.
    pub(crate) fn customer_at(&self, sip_call_id: &str) -> Option<InteractionId> {
        self.customers.get(sip_call_id).copied()
    }

    pub(crate) fn read(&mut self, at: Timestamp, event: &Event) -> Result<(), String> {
        must(self.last.is_none_or(|last| last <= at), || {
            "the log goes back".to_owned()
        })?;
        self.last = Some(at);
        match event {
            Event::CallArrived {
                interaction, flow, ..
            } => {
                let call = Interaction {
                    flow: flow.clone(),
                    began: at,
                    ..Interaction::default()
                };
                let new = self.interactions.insert(*interaction, call);
                must(new.is_none(), || format!("{interaction} arrives twice"))
            }
            Event::AgentStateChanged {
                agent,
                from,
                to,
                interaction,
                idle_since,
                ready_seq,
                ..
            } => {
                let known = self.state(*agent);
                must(known == *from && may_follow(*from, *to), || {
                    format!("I9: {agent} goes {from:?} -> {to:?} and was {known:?}")
                })?;
                let (idle_since, ready_seq) = (*idle_since, *ready_seq);
                let key = self
                    .agents
                    .get(agent)
                    .map(|agent| (agent.idle_since, agent.ready_seq));
                let returned = (*from, *to) == (AgentState::Offered, AgentState::Available);
                must(!returned || key == Some((idle_since, ready_seq)), || {
                    format!("the idle clock of {agent} is not what it was before the offer")
                })?;
                // Every queue of every edition has after-call work.
                let talked = *from == AgentState::OnCall
                    && interaction.is_some()
                    && self.agents.get(agent).is_some_and(|agent| agent.serves);
                must(
                    !talked || *to == AgentState::WrapUp || self.queue_gone,
                    || format!("{agent} goes from a talk to {to:?} without after-call work"),
                )?;
                let now = Agent {
                    state: *to,
                    idle_since,
                    ready_seq,
                    serves: *from == AgentState::Offered,
                };
                self.agents.insert(*agent, now);
                Ok(())
            }
            Event::Decided { decision } => self.decided(decision, at),
            Event::SupervisorTold { .. } => {
                self.told(at, event);
                Ok(())
            }
            Event::QueueEntered { .. }
            | Event::QueueLeft { .. }
            | Event::OfferMade { .. }
            | Event::OfferEnded { .. } => self.queue_line(at, event),
            _ => self.call_line(event),
        }
    }

    fn call_line(&mut self, event: &Event) -> Result<(), String> {
        let Some(id) = event.interaction() else {
            return Ok(());
        };
        let Some(call) = self.interactions.get_mut(&id) else {
            return Err(format!("a line of {id}, which never arrived: {event:?}"));
        };
        let over = call.ended.is_some();
        match event {
            // See the flow: only a late answer to the question before leads there.
            Event::StepEntered { block, .. } => must(block != company::WRONG, || {
                format!("{id} hears of a customer whom it did not ask for")
            }),
            Event::CallAnswered { .. } => {
                let again = std::mem::replace(&mut call.answered, true);
                must(!again && !over, || {
                    format!("{id} is answered twice or too late")
                })
            }
            Event::Connected { .. } => {
                must(call.answered && !over, || {
                    format!("{id} is connected out of place")
                })?;
                call.connected = true;
                Ok(())
            }
            Event::LegStarted {
                leg,
                role,
                sip_call_id,
                ..
            } => {
                if *role == LegRole::Customer {
                    self.customers.insert(sip_call_id.clone(), id);
                }
                call.legs.insert(*leg);
                must(self.seen_legs.insert(*leg), || {
                    format!("{leg} starts twice")
                })
            }
            Event::LegEnded { leg, .. } => must(call.legs.remove(leg), || {
                format!("{leg} of {id} ends and was not there")
            }),
            Event::RecordingStarted { recording, .. } => {
                must(call.recordings.insert(*recording) && !over, || {
                    format!("{recording} starts twice")
                })
            }
            Event::RecordingFinished { recording, .. } => {
                must(call.recordings.remove(recording), || {
                    format!("{recording} ends twice")
                })
            }
            Event::CallEnded {
                outcome, end_cause, ..
            } => self.call_ended(id, *outcome, *end_cause),
            _ => Ok(()),
        }
    }

    /// I10.
    fn call_ended(
        &mut self,
        id: InteractionId,
        outcome: Outcome,
        cause: EndCause,
    ) -> Result<(), String> {
        let queue_gone = self.queue_gone;
        let Some(call) = self.interactions.get_mut(&id) else {
            return Ok(());
        };
        must(call.ended.is_none(), || format!("I10: {id} ends twice"))?;
        call.ended = Some(outcome);
        call.cause = Some(cause);
        *self.outcomes.entry(outcome.as_str()).or_default() += 1;
        let crossing = call.last_entry == Some(EntryOutcome::Answered) && !call.connected;
        self.crossings += u64::from(crossing);
        call.agrees(id, queue_gone)
    }

    fn queue_line(&mut self, now: Timestamp, event: &Event) -> Result<(), String> {
        match event {
            Event::QueueEntered {
                interaction,
                entry,
                queue,
                v,
                entry_seq,
                class,
                requirement,
                ..
            } => {
                // A queue that an edit has taken away asks for nothing and fails its caller at once.
                let rules = self.company.queues.get(queue);
                let wanted = rules.map(|rules| rules.skills.clone());
                must(*requirement == wanted.unwrap_or_default(), || {
                    format!("{entry} asks for {requirement:?}")
                })?;
                must(self.seen_entries.insert(*entry), || {
                    format!("I10: {entry} enters twice")
                })?;
                let call = self
                    .interactions
                    .get_mut(interaction)
                    .ok_or("a queue without a call")?;
                must(
                    call.entry.replace(*entry).is_none() && call.ended.is_none(),
                    || format!("I3: {interaction} waits twice, or after its end"),
                )?;
                let of_queue = self.company.queues.get(queue).map(|queue| queue.head_start);
                let given = now.since(*v).saturating_sub(of_queue.unwrap_or_default());
                let of_flow = call.given(given, now)?;
                let waiting = Waiting {
                    head_start: of_queue.unwrap_or_default() + of_flow,
                    place: None,
                    queue: *queue,
                    class: *class,
                    v: *v,
                    seq: *entry_seq,
                    since: now,
                    ringing: BTreeMap::new(),
                    refused: BTreeMap::new(),
                };
                self.waiting.insert(*entry, waiting);
                Ok(())
            }
            Event::QueueLeft {
                interaction,
                entry,
                outcome,
                ..
            } => {
                must(self.offers.values().all(|(open, _)| open != entry), || {
                    format!("{entry} leaves and its offer goes on")
                })?;
                // Refused at the door: it never stood there.
                let stood = self.waiting.remove(entry).is_some();
                let new = stood || self.seen_entries.insert(*entry);
                must(new, || format!("I10: {entry} leaves twice"))?;
                let call = self
                    .interactions
                    .get_mut(interaction)
                    .ok_or("a queue without a call")?;
                call.entry = None;
                call.last_entry = Some(*outcome);
                call.agrees(*interaction, self.queue_gone)
            }
            _ => self.offer_line(now, event),
        }
    }

    fn offer_line(&mut self, now: Timestamp, event: &Event) -> Result<(), String> {
        match event {
            Event::OfferMade {
                entry,
                offer,
                agent,
                ..
            } => {
                must(self.last_offer < Some(*offer), || {
                    format!("{offer} is not new")
                })?;
                self.last_offer = Some(*offer);
                let twice = self.offers.values().any(|(_, other)| other == agent);
                must(!twice, || format!("I1: {agent} is offered two callers"))?;
                self.offers.insert(*offer, (*entry, *agent));
                let waiting = self.waiting.get_mut(entry).ok_or("an offer for nobody")?;
                let first = waiting.ringing.is_empty();
                waiting.ringing.insert(*agent, now);
                let waiting = self.waiting.get(entry).ok_or("an offer for nobody")?;
                must(first || self.rings_all(waiting), || {
                    format!("I2: {entry} rings twice")
                })
            }
            Event::OfferEnded {
                offer,
                agent,
                outcome,
                ..
            } => {
                let (entry, who) = self.offers.remove(offer).ok_or("an offer ends twice")?;
                must(who == *agent, || format!("{offer} ends at another agent"))?;
                let Some(waiting) = self.waiting.get_mut(&entry) else {
                    return Ok(());
                };
                waiting.ringing.remove(agent);
                if [OfferOutcome::Declined, OfferOutcome::NoAnswer].contains(outcome) {
                    let until = now + self.company.settings.exclude_for;
                    waiting.refused.insert(*agent, until);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn state(&self, agent: AgentId) -> AgentState {
        self.agents
            .get(&agent)
            .map_or(AgentState::Offline, |agent| agent.state)
    }

    /// The views show what the log has told.
    pub(crate) fn compare(&self, agents: &[AgentView], queues: &[QueueView]) -> Result<(), String> {
        for view in agents {
            must(self.state(view.agent) == view.state, || {
                format!(
                    "the log has {} {:?}, the view {:?}",
                    view.agent,
                    self.state(view.agent),
                    view.state
                )
            })?;
        }
        let shown = queues.iter().flat_map(|queue| &queue.waiting);
        let shown = shown.map(|w| {
            (
                w.entry,
                w.offered_to.iter().copied().collect::<BTreeSet<_>>(),
            )
        });
        let shown: BTreeMap<_, _> = shown.collect();
        let told: BTreeMap<_, _> = self
            .waiting
            .iter()
            .map(|(id, w)| (*id, w.ringing.keys().copied().collect()))
            .collect();
        must(shown == told, || {
            format!("the views show {shown:?}, the log tells {told:?}")
        })
    }

    /// I10 at the end: everything has ended once.
    pub(crate) fn at_the_end(&self) -> Result<(), String> {
        must(self.waiting.is_empty(), || {
            format!("the log has {:?} waiting", self.waiting)
        })?;
        must(self.offers.is_empty(), || {
            format!("the log has {:?} open", self.offers)
        })?;
        for (id, call) in &self.interactions {
            let closed = call.ended.is_some() && call.legs.is_empty() && call.recordings.is_empty();
            must(closed, || format!("I10: {id} is not closed: {call:?}"))?;
        }
        Ok(())
    }
}

/// What the interaction may have come to, from its other lines.
fn outcomes(call: &Interaction, cause: EndCause, queue_gone: bool) -> Vec<Outcome> {
    if call.flow == "outbound" {
        // No trunk allows a call out here: it is refused, or the agent was faster.
        return vec![match cause {
            EndCause::Agent => Outcome::Abandoned,
            _ => Outcome::Rejected,
        }];
    }
    if call.connected {
        return vec![Outcome::Answered];
    }
    let mut may = match call.last_entry {
        None | Some(EntryOutcome::KeyExit) => vec![Outcome::SelfServed],
        Some(EntryOutcome::Abandoned) => vec![Outcome::Abandoned],
        Some(EntryOutcome::ShortAbandoned) => vec![Outcome::ShortAbandoned],
        Some(EntryOutcome::Failed) => vec![Outcome::Failed],
        // Answer and hang-up crossed (docs/routing-rules.md, last section), or a key of the caller and the answer.
        Some(EntryOutcome::Answered) => {
            vec![
                Outcome::Abandoned,
                Outcome::Unserved,
                Outcome::SelfServed,
                Outcome::Failed,
            ]
        }
        Some(_) => vec![Outcome::Unserved],
    };
    // Our own faults: a line that could not be written, a queue that an edit took away.
    if cause == EndCause::Error || queue_gone {
        may.push(Outcome::Failed);
    }
    may
}
