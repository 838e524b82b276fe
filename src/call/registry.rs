//! Who is on the line: the registry of live calls.
//!
//! **Owns**: the only map from legs to calls, the start of each call's actor (`arrivals.rs` says which). **Must not**:
//! know what a call does. One task; everything reaches it by its two channels.

pub mod arrivals;
mod phones;

use super::actor::{CallActor, CallContext, MAILBOX, Mailbox};
use super::browser_calls::BrowserCalls;
use super::control::{self, Control, ControlId, ControlRequest};
use super::outbound::{NoWay, OutboundCall, OutboundSetup};
use super::phone_call::PhoneMachine;
use super::phone_call::actor::PhoneActor;
use super::port::{CallInput, CallSetup, DialWays};
use crate::company_view::CompanyView;
use crate::distributor_task::DistributorMessage;
use crate::flows::FlowLibrary;
use arrivals::{Arrival, Arrivals, Moment, Refused};
use ivr_flows::port::{CustomerAnswer, DialTo};
use router::id::{AgentId, CustomerId, InteractionId};
use router::outcome::{EndCause, Outcome};
use router::{Event, Private};
use sip_gateway::leg::{CallSource, GatewayCommand, IncomingCall, LegEvent, LegId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Messages to the registry that wait at most; calls wait when it is full.
pub const REGISTRY_QUEUE: usize = 1024;

/// What the registry is told.
#[derive(Debug)]
pub enum RegistryMessage {
    /// A call reached us.
    Incoming(IncomingCall),
    /// Something happened on a leg.
    LegEvent {
        /// Which.
        leg: LegId,
        /// What.
        event: LegEvent,
    },
    /// A call owns this leg from now on.
    Leg {
        /// The leg.
        leg: LegId,
        /// Its call.
        mailbox: Mailbox,
    },
    /// A call to the outside is tried by this trunk now.
    GoesBy {
        /// Its interaction.
        interaction: InteractionId,
        /// The trunk, by name.
        trunk: String,
    },
    /// By which way can somebody be called for a caller?
    FindWay {
        /// The caller's interaction.
        interaction: InteractionId,
        /// Whom.
        to: DialTo,
    },
    /// Whoever was called for a caller is called no more.
    WayOver {
        /// The caller's interaction.
        interaction: InteractionId,
    },
    /// A call is over.
    CallOver {
        /// Its interaction.
        interaction: InteractionId,
        /// Its legs.
        legs: Vec<LegId>,
    },
    /// The customer's record was found.
    CustomerKnown {
        /// The interaction.
        interaction: InteractionId,
        /// The customer's name, if it is known.
        name: Option<Private<String>>,
        /// Whom the customer spoke with last, if with anybody.
        last_agent: Option<AgentId>,
    },
    /// What came of a flow's question for a customer.
    CustomerFound {
        /// The interaction.
        interaction: InteractionId,
        /// The flow's question.
        ask: u32,
        /// The customer's id, when there is one.
        customer: Option<CustomerId>,
        /// What the flow hears.
        answer: CustomerAnswer,
    },
    /// Somebody asks something of a live call.
    Control {
        /// The interaction.
        interaction: InteractionId,
        /// The agent who asks; none for a supervisor.
        by: Option<AgentId>,
        /// What is asked.
        control: Control,
        /// Where the answer goes; dropped when the call ends first.
        reply: oneshot::Sender<Result<(), control::Refused>>,
    },
    /// Which call did one of these names of browsers' phones begin last?
    LastCallOf {
        /// The names.
        names: Vec<String>,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<InteractionId>>,
    },
    /// What came of it.
    ControlAnswered {
        /// Which.
        id: ControlId,
        /// Done, or why not.
        result: Result<(), control::Refused>,
    },
    /// No new calls from here on; live ones end by themselves.
    Drain,
    /// End every call now.
    EndAll,
}

/// The task's state.
#[derive(Debug)]
pub struct Registry {
    context: CallContext,
    flows: Arc<FlowLibrary>,
    company: watch::Receiver<Arc<CompanyView>>,
    customers: crate::customer_lookup::CustomerLookup,
    messages: mpsc::Receiver<RegistryMessage>,
    calls: HashMap<InteractionId, Mailbox>,
    legs: HashMap<LegId, Mailbox>,
    actors: JoinSet<()>,
    /// Which call a task drives, for the case that it dies.
    driven: HashMap<tokio::task::Id, InteractionId>,
    /// Live calls of agents' phones that are no interaction: the log knows nothing of them.
    unlogged: HashSet<InteractionId>,
    /// Live calls to the outside: whose, and by which trunk.
    outbound: HashMap<InteractionId, (AgentId, String)>,
    /// The trunk by which a flow calls somebody for a caller.
    flow_dials: HashMap<InteractionId, String>,
    arrivals: Arrivals,
    browser_calls: BrowserCalls,
    /// Who waits for an answer of which call.
    asked: HashMap<ControlId, (InteractionId, oneshot::Sender<Result<(), control::Refused>>)>,
    controls: u64,
    live: watch::Sender<usize>,
}

impl Registry {
    /// The registry and the number of live calls, for drains and limits.
    #[must_use]
    pub fn new(
        context: CallContext,
        flows: Arc<FlowLibrary>,
        company: watch::Receiver<Arc<CompanyView>>,
        customers: crate::customer_lookup::CustomerLookup,
        messages: mpsc::Receiver<RegistryMessage>,
    ) -> (Self, watch::Receiver<usize>) {
        let (live, watch) = watch::channel(0);
        let registry = Self {
            context,
            flows,
            company,
            customers,
            messages,
            calls: HashMap::new(),
            legs: HashMap::new(),
            actors: JoinSet::new(),
            driven: HashMap::new(),
            unlogged: HashSet::new(),
            outbound: HashMap::new(),
            flow_dials: HashMap::new(),
            arrivals: Arrivals::default(),
            browser_calls: BrowserCalls::default(),
            asked: HashMap::new(),
            controls: 0,
            live,
        };
        (registry, watch)
    }

    /// Runs until the process ends.
    pub async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.messages.recv() => match message {
                    Some(message) => self.handle(message).await,
                    None => break,
                },
                Some(ended) = self.actors.join_next_with_id(), if !self.actors.is_empty() => match ended {
                    Ok((task, ())) => drop(self.driven.remove(&task)),
                    Err(error) => {
                        tracing::error!(%error, "a call's task died");
                        if let Some(interaction) = self.driven.remove(&error.id()) {
                            self.call_lost(interaction).await;
                        }
                    }
                },
            }
        }
    }

    async fn handle(&mut self, message: RegistryMessage) {
        match message {
            RegistryMessage::Incoming(call) => self.on_incoming_call(call).await,
            RegistryMessage::LegEvent { leg, event } => self.on_leg_event(leg, event).await,
            RegistryMessage::Leg { leg, mailbox } => {
                self.legs.insert(leg, mailbox);
            }
            RegistryMessage::GoesBy { interaction, trunk } => {
                if let Some((_, by)) = self.outbound.get_mut(&interaction) {
                    *by = trunk;
                }
            }
            RegistryMessage::FindWay { interaction, to } => self.find_way(interaction, &to),
            RegistryMessage::WayOver { interaction } => drop(self.flow_dials.remove(&interaction)),
            RegistryMessage::CallOver { interaction, legs } => self.call_over(interaction, &legs),
            RegistryMessage::CustomerKnown {
                interaction,
                name,
                last_agent,
            } => {
                if let Some(mailbox) = self.calls.get(&interaction) {
                    let _ = mailbox.try_send(CallInput::CustomerKnown { name, last_agent });
                }
            }
            RegistryMessage::CustomerFound {
                interaction,
                ask,
                customer,
                answer,
            } => {
                if let Some(mailbox) = self.calls.get(&interaction) {
                    let _ = mailbox.try_send(CallInput::CustomerFound {
                        ask,
                        customer,
                        answer,
                    });
                }
            }
            RegistryMessage::Control {
                interaction,
                by,
                control,
                reply,
            } => self.control(interaction, by, control, reply),
            RegistryMessage::LastCallOf { names, reply } => {
                // A client that has gone away needs no answer.
                let _ = reply.send(self.browser_calls.last_of(&names));
            }
            RegistryMessage::ControlAnswered { id, result } => {
                if let Some((_, reply)) = self.asked.remove(&id) {
                    // A client that has gone away needs no answer.
                    let _ = reply.send(result);
                }
            }
            RegistryMessage::Drain => self.arrivals.drain(),
            RegistryMessage::EndAll => {
                for mailbox in self.calls.values() {
                    let _ = mailbox.try_send(CallInput::Shutdown);
                }
            }
        }
    }

    fn call_over(&mut self, interaction: InteractionId, legs: &[LegId]) {
        self.flow_dials.remove(&interaction);
        self.calls.remove(&interaction);
        self.flows.unpin(interaction);
        self.unlogged.remove(&interaction);
        self.outbound.remove(&interaction);
        self.asked.retain(|_, (call, _)| *call != interaction);
        for leg in legs {
            self.legs.remove(leg);
        }
        self.live.send_replace(self.calls.len());
    }

    /// Agents' own calls have no customer: their phones do all that can be done.
    fn control(
        &mut self,
        interaction: InteractionId,
        by: Option<AgentId>,
        control: Control,
        reply: oneshot::Sender<Result<(), control::Refused>>,
    ) {
        let own = self.unlogged.contains(&interaction) || self.outbound.contains_key(&interaction);
        let Some(mailbox) = self.calls.get(&interaction).filter(|_| !own) else {
            let why = if own {
                control::Refused::OwnCall
            } else {
                control::Refused::NoCall
            };
            let _ = reply.send(Err(why));
            return;
        };
        self.controls += 1;
        let id = ControlId(self.controls);
        let request = ControlRequest { id, by, control };
        match mailbox.try_send(CallInput::Control(request)) {
            Ok(()) => drop(self.asked.insert(id, (interaction, reply))),
            Err(unheard) => drop(reply.send(Err(unheard.into()))),
        }
    }

    /// Hop 3: what becomes of it is decided in `arrivals.rs`; here it gets its actor.
    async fn on_incoming_call(&mut self, call: IncomingCall) {
        let leg = call.leg;
        let login = match &call.source {
            CallSource::Caller { login, .. } => Some(login.clone()),
            CallSource::Trunk(_) | CallSource::Device(_) => None,
        };
        match self.decide(call) {
            Arrival::Refused(refused) => self.reject(leg, refused).await,
            Arrival::Interaction(setup) => {
                if let Some(login) = login {
                    self.browser_calls.began(&login, setup.interaction);
                }
                if let Some(number) = setup.caller_number.clone() {
                    self.customers.ask(setup.interaction, number);
                }
                self.start(*setup);
            }
            Arrival::Service(machine) => self.start_phone_call(leg, machine),
            Arrival::Internal(machine) => self.start_phone_call(leg, machine),
            Arrival::Outbound(setup) => self.call_outside(*setup),
        }
    }

    /// Refused ones are calls too: their record says who dialled what.
    fn call_outside(&mut self, mut setup: OutboundSetup) {
        let (agent, key) = (setup.agent, setup.interaction);
        if let Ok(ways) = &mut setup.ways {
            let all = || self.outbound.values();
            let of_agent = all().filter(|(by, _)| *by == agent).count();
            ways.retain(|way| {
                let of_trunk = all().filter(|(_, by)| *by == way.trunk).count();
                let by_flows = self.flow_dials.values().filter(|by| **by == way.trunk);
                let of_trunk = of_trunk + by_flows.count();
                of_trunk < way.of_trunk as usize && of_agent < way.of_agent as usize
            });
            if ways.is_empty() {
                tracing::warn!(%agent, of_agent, "too many calls to the outside at once: refused with 403");
                setup.ways = Err(NoWay::TooMany);
                setup.new_customer = None;
            }
        }
        if let Ok(ways) = &setup.ways {
            let trunk = ways.first().map(|way| way.trunk.clone());
            self.outbound
                .insert(key, (agent, trunk.unwrap_or_default()));
        }
        let leg = setup.phone.leg;
        let machine = OutboundCall::new(setup);
        self.drive(key, leg, machine);
    }

    /// The company's word about whom a flow wants to call: the trunks that allow the number and have room, in order.
    fn find_way(&mut self, interaction: InteractionId, to: &DialTo) {
        let company = self.company.borrow().clone();
        let mut found = phones::way_to(&company, to, &mut self.context.ids);
        if let DialWays::Trunks(ways) = &mut found {
            ways.retain(|way| {
                let agents = self.outbound.values().filter(|(_, by)| *by == way.trunk);
                let flows = self.flow_dials.values().filter(|by| **by == way.trunk);
                agents.count() + flows.count() < way.of_trunk as usize
            });
            match ways.first() {
                Some(way) => drop(self.flow_dials.insert(interaction, way.trunk.clone())),
                None => found = DialWays::None,
            }
        }
        if matches!(found, DialWays::None) {
            tracing::warn!(%interaction, "a flow wanted to call somebody whom no trunk allows, or all trunks are full");
        }
        if let Some(mailbox) = self.calls.get(&interaction) {
            let _ = mailbox.try_send(CallInput::WayFound(found));
        }
    }

    fn decide(&mut self, call: IncomingCall) -> Arrival {
        let company = self.company.borrow().clone();
        let moment = Moment {
            now: self.context.clock.now(),
            live: self.calls.len(),
            closed: self.flows.closed(),
            company: &company,
            flow: &|name, interaction| self.flows.for_call(name, interaction),
            draft: &|login| self.flows.draft_of(login),
            journal_has_room: self.context.journal.has_room(),
        };
        self.arrivals.decide(call, &moment, &mut self.context.ids)
    }

    fn start(&mut self, setup: CallSetup) {
        let interaction = setup.interaction;
        self.flows.pin(interaction, &setup.flow);
        let (own, mailbox) = mpsc::channel(MAILBOX);
        self.calls.insert(setup.interaction, own.clone());
        self.legs.insert(setup.leg, own.clone());
        self.live.send_replace(self.calls.len());
        let actor = CallActor::new(setup, self.context.clone(), own, mailbox);
        let task = self.actors.spawn(actor.run());
        self.driven.insert(task.id(), interaction);
    }

    fn start_phone_call<M: PhoneMachine>(&mut self, leg: LegId, machine: M) {
        let key = self.context.ids.interaction();
        self.unlogged.insert(key);
        self.drive(key, leg, machine);
    }

    fn drive<M: PhoneMachine>(&mut self, key: InteractionId, leg: LegId, machine: M) {
        let (own, mailbox) = mpsc::channel(MAILBOX);
        self.calls.insert(key, own.clone());
        self.legs.insert(leg, own.clone());
        self.live.send_replace(self.calls.len());
        let actor = PhoneActor::new(key, leg, machine, self.context.clone(), own, mailbox);
        let task = self.actors.spawn(actor.run());
        self.driven.insert(task.id(), key);
    }

    /// Isolates a fault of ours to its call: legs are hung up, the agent is freed, the record is closed.
    async fn call_lost(&mut self, interaction: InteractionId) {
        let Some(mailbox) = self.calls.remove(&interaction) else {
            return;
        };
        self.flows.unpin(interaction);
        let legs: Vec<LegId> = self
            .legs
            .extract_if(|_, owner| owner.same_channel(&mailbox))
            .map(|(leg, _)| leg)
            .collect();
        for leg in legs {
            let _ = self.context.gateway.send(GatewayCommand::Hangup(leg)).await;
        }
        let lost = DistributorMessage::Lost { interaction };
        let _ = self.context.distributor.send(lost).await;
        self.live.send_replace(self.calls.len());
        self.outbound.remove(&interaction);
        self.flow_dials.remove(&interaction);
        self.asked.retain(|_, (call, _)| *call != interaction);
        if self.unlogged.remove(&interaction) {
            return;
        }
        let ended = Event::CallEnded {
            interaction,
            outcome: Outcome::Failed,
            end_cause: EndCause::Error,
        };
        self.context.counts.ended(Outcome::Failed);
        let now = self.context.clock.now();
        if let Err(error) = self.context.journal.append(now, ended, None).await {
            tracing::error!(%interaction, %error, "a line of the log is lost");
        }
    }

    async fn on_leg_event(&mut self, leg: LegId, event: LegEvent) {
        let Some(mailbox) = self.legs.get(&leg) else {
            return;
        };
        if let Err(mpsc::error::TrySendError::Full(_)) =
            mailbox.try_send(CallInput::Leg { leg, event })
        {
            tracing::error!(%leg, "a call fell {MAILBOX} messages behind: it is ended");
            let mailbox = mailbox.clone();
            self.actors.spawn(async move {
                let _ = mailbox.send(CallInput::Shutdown).await;
            });
            let _ = self.context.gateway.send(GatewayCommand::Hangup(leg)).await;
        }
    }

    async fn reject(&self, leg: LegId, refused: Refused) {
        self.context.counts.refused(refused.status);
        let _ = self
            .context
            .gateway
            .send(GatewayCommand::Reject {
                leg,
                status: refused.status,
                retry_after: refused.retry_after,
            })
            .await;
    }
}
