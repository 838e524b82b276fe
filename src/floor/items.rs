//! What the items of each topic look like outside. PURE.
//!
//! **Owns**: field names and their meaning. **Must not know**: how items are sent.
//!
//! The caller's number is a hint of who it is and no proof: an agent gets the number, the name and why they call, and
//! the customer's record only after saying who it is.

use super::closure::ClosureItem;
use super::model::{Help, LiveCall, LiveCalls};
use super::thresholds::ThresholdsItem;
use crate::call::port::CallerCard;
use crate::company_view::CompanyView;
use crate::distributor_task::desk::WaitView;
use recordings::Utc;
use recordings::store::counters::QueueCounters;
use router::AgentState;
use router::agent::Wanted;
use router::company::RoutingCompany;
use router::distributor::port::{AgentView, QueueView, WrapUpView};
use router::id::{AgentId, InteractionId, QueueId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the Distributor's task says of one moment.
#[derive(Clone, Debug, Default)]
pub struct FloorView {
    /// Every agent.
    pub agents: Vec<AgentView>,
    /// Who calls, of the interactions that agents are offered or busy with.
    pub cards: BTreeMap<InteractionId, CallerCard>,
    /// The after-call work of those who do some.
    pub wrap_ups: BTreeMap<AgentId, WrapUpView>,
}

/// Everything that items are made of.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The company.
    pub company: &'a CompanyView,
    /// Agents and their callers.
    pub view: &'a FloorView,
    /// Live calls.
    pub calls: &'a LiveCalls,
}

#[derive(Debug, Serialize)]
struct Me {
    agent: OwnAgent,
    state: OwnState,
    phone: Phone,
    offer: Option<Offer>,
    call: Option<Call>,
    wrap_up: Option<WrapUp>,
}

#[derive(Debug, Serialize)]
struct OwnAgent {
    login: String,
    name: String,
    extension: String,
}

#[derive(Debug, Serialize)]
struct OwnState {
    name: AgentState,
    since: Utc,
    reason: Option<String>,
    next: Option<Next>,
}

#[derive(Debug, Serialize)]
struct Next {
    name: &'static str,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Phone {
    registered: bool,
}

#[derive(Debug, Default, Serialize)]
struct Party {
    number: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct Offer {
    interaction: InteractionId,
    queue: Option<String>,
    offered_at: Utc,
    ring_timeout: f64,
    waited: f64,
    caller: Party,
    customer: Option<()>,
    matches: u32,
    why: Vec<String>,
    handed: Option<HandedOn>,
}

#[derive(Debug, Serialize)]
struct HandedOn {
    notes: String,
    by: Option<String>,
}

#[derive(Debug, Serialize)]
struct HelpNow {
    state: &'static str,
    since: Utc,
}

#[derive(Debug, Serialize)]
struct Call {
    interaction: InteractionId,
    queue: Option<String>,
    since: Utc,
    held: bool,
    reconnecting: bool,
    muted_by_us: bool,
    recording: bool,
    caller: Party,
    customer: Option<()>,
    matches: u32,
    why: Vec<String>,
    handed: Option<HandedOn>,
    consult: Option<Consult>,
    help: Option<HelpNow>,
}

#[derive(Debug, Serialize)]
struct Consult {
    agent: Option<String>,
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct WrapUp {
    interaction: InteractionId,
    queue: Option<String>,
    ends_at: Option<Utc>,
    extendable: bool,
}

#[derive(Debug, Serialize)]
struct QueueItem {
    name: String,
    waiting: usize,
    unmeetable: usize,
    oldest_since: Option<Utc>,
    agents: BTreeMap<&'static str, u32>,
    service_level: Option<f64>,
    answered: Option<u64>,
    abandoned: Option<u64>,
    average_answer: Option<f64>,
    expected_wait: ExpectedWait,
    closure: Option<ClosureItem>,
    thresholds: ThresholdsItem,
}

/// What a newcomer is told, in seconds; the share of the last callers for whom such a word held, and how many they are.
#[derive(Debug, Default, Serialize)]
struct ExpectedWait {
    announced: Option<f64>,
    held: Option<f64>,
    callers: usize,
}

impl ExpectedWait {
    fn of(view: &WaitView) -> Self {
        let announced = view.newcomer.map(|forecast| forecast.announced);
        Self {
            announced: announced.map(|wait| wait.as_secs_f64()),
            held: view.error.coverage_announced,
            callers: view.error.lately,
        }
    }
}

#[derive(Debug, Serialize)]
struct AgentItem {
    login: String,
    name: String,
    state: AgentState,
    since: Utc,
    reason: Option<String>,
    registered: bool,
    queue: Option<String>,
    interaction: Option<InteractionId>,
    help_since: Option<Utc>,
}

#[derive(Debug, Serialize)]
struct CallItem {
    interaction: InteractionId,
    queue: Option<String>,
    agent: Option<String>,
    taken_over: bool,
    caller: Party,
    started_at: Utc,
    phase: &'static str,
    since: Utc,
    help_since: Option<Utc>,
}

/// Items by what names them, each as JSON.
pub type Items<K> = BTreeMap<K, String>;

impl Moment<'_> {
    /// The topic `me` of every agent.
    #[must_use]
    pub fn me(&self) -> Items<AgentId> {
        let agents = self.view.agents.iter();
        agents
            .filter_map(|view| Some((view.agent, json(&self.own(view)?)?)))
            .collect()
    }

    /// The topic `agents`.
    #[must_use]
    pub fn agents(&self) -> Items<String> {
        let agents = self.view.agents.iter();
        let items = agents.filter_map(|view| self.agent(view));
        items
            .filter_map(|item| Some((item.login.clone(), json(&item)?)))
            .collect()
    }

    /// The topic `calls`.
    #[must_use]
    pub fn calls(&self) -> Items<String> {
        let items = self.calls.live().map(|(interaction, call)| CallItem {
            interaction,
            queue: call.queue.and_then(|queue| self.company.queue_name(queue)),
            agent: call.agent.and_then(|agent| self.login(agent)),
            taken_over: call.taken_over,
            caller: Party {
                number: call.number.as_ref().map(|n| n.reveal().to_owned()),
                name: call.name.as_ref().map(|name| name.reveal().clone()),
            },
            started_at: Utc(call.started_at),
            phase: call.phase.as_str(),
            since: Utc(call.since),
            help_since: open_help(call),
        });
        items
            .filter_map(|item| Some((item.interaction.to_string(), json(&item)?)))
            .collect()
    }

    fn own(&self, view: &AgentView) -> Option<Me> {
        let extension = self.company.extension_of(view.agent)?;
        let name = self.company.agent_name(&extension)?;
        Some(Me {
            agent: OwnAgent {
                login: self.login(view.agent)?,
                name: name.reveal().clone(),
                extension,
            },
            state: OwnState {
                name: view.state,
                since: Utc(view.since),
                reason: reason(view),
                next: view.next.as_ref().map(next),
            },
            phone: Phone {
                registered: view.registered,
            },
            offer: self.offer(view),
            call: self.call(view),
            wrap_up: self.wrap_up(view),
        })
    }

    fn offer(&self, view: &AgentView) -> Option<Offer> {
        let interaction = in_state(view, AgentState::Offered)?;
        let call = self.calls.get(interaction);
        let queue = call.and_then(|call| call.queue);
        let rules = queue.and_then(|queue| self.company.routing.queues.get(&queue));
        let enqueued_at = call.and_then(|call| call.enqueued_at).unwrap_or(view.since);
        Some(Offer {
            interaction,
            queue: rules.map(|rules| rules.name.clone()),
            offered_at: Utc(view.since),
            ring_timeout: rules.map_or(0.0, |rules| rules.ring_timeout.as_secs_f64()),
            waited: view.since.since(enqueued_at).as_secs_f64(),
            caller: self.caller(interaction),
            customer: None,
            matches: 0,
            why: self.why(interaction),
            handed: self.handed(interaction),
        })
    }

    fn call(&self, view: &AgentView) -> Option<Call> {
        let interaction = in_state(view, AgentState::OnCall)?;
        let call = self.calls.get(interaction)?;
        Some(Call {
            interaction,
            queue: call.queue.and_then(|queue| self.company.queue_name(queue)),
            since: Utc(view.since),
            held: call.held,
            reconnecting: call.reconnecting,
            muted_by_us: false,
            recording: call.recording,
            caller: self.caller(interaction),
            customer: None,
            matches: 0,
            why: self.why(interaction),
            handed: self.handed(interaction),
            help: call.help.map(|help| HelpNow {
                state: help.state,
                since: Utc(help.since),
            }),
            consult: call.consult.map(|(agent, state)| Consult {
                agent: self.login(agent),
                state,
            }),
        })
    }

    fn wrap_up(&self, view: &AgentView) -> Option<WrapUp> {
        let interaction = in_state(view, AgentState::WrapUp)?;
        let queue = self.calls.get(interaction).and_then(|call| call.queue);
        let work = self.view.wrap_ups.get(&view.agent);
        Some(WrapUp {
            interaction,
            queue: queue.and_then(|queue| self.company.queue_name(queue)),
            ends_at: work.filter(|work| !work.open).map(|work| Utc(work.ends_at)),
            extendable: work.is_some_and(|work| work.extensions_left > 0),
        })
    }

    fn agent(&self, view: &AgentView) -> Option<AgentItem> {
        let extension = self.company.extension_of(view.agent)?;
        let name = self.company.agent_name(&extension)?;
        let call = view.interaction.and_then(|call| self.calls.get(call));
        let queue = call.and_then(|call| call.queue);
        Some(AgentItem {
            login: self.login(view.agent)?,
            name: name.reveal().clone(),
            state: view.state,
            since: Utc(view.since),
            reason: reason(view),
            registered: view.registered,
            queue: queue.and_then(|queue| self.company.queue_name(queue)),
            interaction: view.interaction,
            help_since: call
                .filter(|call| call.agent == Some(view.agent))
                .and_then(open_help),
        })
    }

    /// What the one who had the caller before wrote.
    fn handed(&self, interaction: InteractionId) -> Option<HandedOn> {
        let handed = self.view.cards.get(&interaction)?.handed.as_ref()?;
        Some(HandedOn {
            notes: handed.notes.reveal().clone(),
            by: handed.by.and_then(|agent| self.login(agent)),
        })
    }

    fn login(&self, agent: AgentId) -> Option<String> {
        let agent = self.company.routing.agents.get(&agent)?;
        Some(agent.login.clone())
    }

    /// The card has the name that the customer's record gave, the log the network's.
    fn caller(&self, interaction: InteractionId) -> Party {
        let card = self.view.cards.get(&interaction);
        let call = self.calls.get(interaction);
        let by_card = card.map(|card| (card.number.as_ref(), card.name.as_ref()));
        let by_log = call.map(|call| (call.number.as_ref(), call.name.as_ref()));
        let ((card_number, card_name), (number, name)) =
            (by_card.unwrap_or_default(), by_log.unwrap_or_default());
        Party {
            number: card_number.or(number).map(|n| n.reveal().to_owned()),
            name: card_name.or(name).map(|name| name.reveal().clone()),
        }
    }

    fn why(&self, interaction: InteractionId) -> Vec<String> {
        let call = self.calls.get(interaction);
        call.map(|call| call.why.words()).unwrap_or_default()
    }
}

/// The topic `queues`: states, callers and waits of one moment, counters of today as the record has them.
#[must_use]
pub fn queues(
    company: &CompanyView,
    agents: &[AgentView],
    (queues, waits): (&[QueueView], &BTreeMap<QueueId, WaitView>),
    today: &BTreeMap<QueueId, QueueCounters>,
) -> Items<String> {
    let item = |(id, rules): (&QueueId, &router::company::Queue)| {
        let view = queues.iter().find(|view| view.queue == *id);
        let waiting = view.map_or(&[][..], |view| &view.waiting);
        let today = today.get(id);
        let item = QueueItem {
            name: rules.name.clone(),
            waiting: waiting.len(),
            unmeetable: waiting.iter().filter(|one| one.unmeetable).count(),
            oldest_since: waiting.iter().map(|w| w.enqueued_at).min().map(Utc),
            agents: by_state(&company.routing, agents, *id),
            service_level: today.and_then(|today| today.service_level),
            answered: today.map(|today| today.outcomes.answered),
            abandoned: today.map(|today| today.outcomes.abandoned),
            average_answer: today.and_then(|today| today.average_wait),
            expected_wait: waits.get(id).map(ExpectedWait::of).unwrap_or_default(),
            closure: view
                .and_then(|view| view.closure.as_ref())
                .map(ClosureItem::of),
            thresholds: company.thresholds_of(*id).into(),
        };
        Some((rules.name.clone(), json(&item)?))
    };
    company.routing.queues.iter().filter_map(item).collect()
}

/// How many of a queue's agents are in each state; every state is there.
pub fn by_state(
    company: &RoutingCompany,
    agents: &[AgentView],
    queue: QueueId,
) -> BTreeMap<&'static str, u32> {
    use router::AgentState::{Available, NotReady, Offered, Offline, OnCall, WrapUp};
    let states = [Offline, Available, Offered, OnCall, WrapUp, NotReady];
    let mut counts: BTreeMap<&'static str, u32> = states.map(|state| (state.as_str(), 0)).into();
    let known: BTreeMap<AgentId, AgentState> =
        agents.iter().map(|view| (view.agent, view.state)).collect();
    for (id, agent) in &company.agents {
        if agent.queues.contains_key(&queue) {
            let state = known.get(id).copied().unwrap_or(Offline);
            *counts.entry(state.as_str()).or_default() += 1;
        }
    }
    counts
}

/// Since when the agent of a call waits for a supervisor.
fn open_help(call: &LiveCall) -> Option<Utc> {
    let help = call.help.filter(|help| help.state == Help::ASKED);
    help.map(|help| Utc(help.since))
}

fn in_state(view: &AgentView, state: AgentState) -> Option<InteractionId> {
    view.interaction.filter(|_| view.state == state)
}

fn reason(view: &AgentView) -> Option<String> {
    view.reason
        .as_ref()
        .map(|reason| reason.as_str().to_owned())
}

fn next(wanted: &Wanted) -> Next {
    let (name, reason) = match wanted {
        Wanted::Available => ("available", None),
        Wanted::Offline => ("offline", None),
        Wanted::NotReady { reason } => ("not_ready", Some(reason.as_str().to_owned())),
    };
    Next { name, reason }
}

/// Nothing here cannot be written as JSON; an item that could not be would not be shown.
fn json(item: &impl Serialize) -> Option<String> {
    serde_json::to_string(item).ok()
}

/// The interactions that agents are offered or busy with.
#[must_use]
pub fn busy_with(agents: &[AgentView]) -> BTreeSet<InteractionId> {
    agents.iter().filter_map(|view| view.interaction).collect()
}
