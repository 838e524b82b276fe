//! Live calls, folded from the log. PURE.
//!
//! **Owns**: what is known of each live call, and of one in its wrap-up. **Must not know**: tasks, JSON, agents' states:
//! these come from the Distributor, which is asked.

use router::event::{Event, PauseCause, PersonalData, TalkChange};
use router::id::{AgentId, InteractionId, QueueId};
use router::why::Why;
use router::{PhoneNumber, Private, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A call that is over is kept this long for the agent who wraps it up, before the agent's state says so.
const KEPT: Duration = Duration::from_secs(5);

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In the menus.
    InFlow,
    /// In a queue.
    Waiting,
    /// With an agent.
    Talking,
}

impl Phase {
    /// The word for screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InFlow => "in_flow",
            Self::Waiting => "waiting",
            Self::Talking => "talking",
        }
    }
}

/// An agent's request for a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Help {
    /// `asked`, `taken` (a supervisor is in the call) or `dismissed`.
    pub state: &'static str,
    /// Since when.
    pub since: Timestamp,
}

impl Help {
    /// Nobody has come yet.
    pub const ASKED: &'static str = "asked";
    const TAKEN: &'static str = "taken";
    const DISMISSED: &'static str = "dismissed";
}

/// One live call.
#[derive(Clone, Debug)]
pub struct LiveCall {
    /// Who calls; none when withheld.
    pub number: Option<PhoneNumber>,
    /// The name that the network sent.
    pub name: Option<Private<String>>,
    /// When it began.
    pub started_at: Timestamp,
    /// Where it is.
    pub phase: Phase,
    /// There since.
    pub since: Timestamp,
    /// The queue it waits in or came from.
    pub queue: Option<QueueId>,
    /// Waiting since, or when the last waiting began.
    pub enqueued_at: Option<Timestamp>,
    /// Who talks with the customer.
    pub agent: Option<AgentId>,
    /// A supervisor who is no agent does.
    pub taken_over: bool,
    /// The customer is on hold.
    pub held: bool,
    /// The agent's phone is gone and is waited for.
    pub reconnecting: bool,
    /// Who is consulted, and whether they ring, talk, or talk with the customer too.
    pub consult: Option<(AgentId, &'static str)>,
    /// The agent asked for a supervisor.
    pub help: Option<Help>,
    /// Whether a recording runs.
    pub recording: bool,
    /// What the customer did in the flow.
    pub why: Why,
    /// When the customer's leg ended.
    pub ended_at: Option<Timestamp>,
}

impl LiveCall {
    fn begun(at: Timestamp) -> Self {
        Self {
            number: None,
            name: None,
            started_at: at,
            phase: Phase::InFlow,
            since: at,
            queue: None,
            enqueued_at: None,
            agent: None,
            taken_over: false,
            held: false,
            reconnecting: false,
            consult: None,
            help: None,
            recording: false,
            why: Why::default(),
            ended_at: None,
        }
    }

    /// What became of the agent's request for a supervisor.
    fn helped(&mut self, change: TalkChange, at: Timestamp) {
        let state = match change {
            TalkChange::HelpAsked => Help::ASKED,
            TalkChange::HelpTaken => Help::TAKEN,
            TalkChange::HelpDismissed => Help::DISMISSED,
            TalkChange::HelpEnded
            | TalkChange::Transferred
            | TalkChange::TookOver
            | TalkChange::SentToQueue => {
                self.help = None;
                return;
            }
            TalkChange::MonitorEnded => {
                self.help = self.help.filter(|help| help.state == Help::ASKED);
                return;
            }
            _ => return,
        };
        self.help = Some(Help { state, since: at });
    }

    fn changed(&mut self, change: TalkChange, agent: Option<AgentId>) {
        let state = match change {
            TalkChange::ConsultBegan => "ringing",
            TalkChange::ConsultAnswered => "talking",
            TalkChange::Merged => "merged",
            TalkChange::ConsultEnded | TalkChange::Transferred | TalkChange::SentToQueue => {
                self.consult = None;
                return;
            }
            _ => return,
        };
        self.consult = agent.map(|agent| (agent, state));
    }

    fn taken_over_by_user(&mut self) {
        self.agent = None;
        self.taken_over = true;
        self.consult = None;
    }

    fn enter(&mut self, phase: Phase, at: Timestamp) {
        if self.phase != phase {
            self.phase = phase;
            self.since = at;
        }
    }
}

/// Every live call.
#[derive(Clone, Debug, Default)]
pub struct LiveCalls {
    calls: BTreeMap<InteractionId, LiveCall>,
}

impl LiveCalls {
    /// A call by its interaction.
    #[must_use]
    pub fn get(&self, interaction: InteractionId) -> Option<&LiveCall> {
        self.calls.get(&interaction)
    }

    /// Those whose customer has not hung up.
    pub fn live(&self) -> impl Iterator<Item = (InteractionId, &LiveCall)> {
        let live = self
            .calls
            .iter()
            .filter(|(_, call)| call.ended_at.is_none());
        live.map(|(interaction, call)| (*interaction, call))
    }

    /// One event of the log; whether a screen may show something else after it.
    pub fn told(&mut self, at: Timestamp, event: &Event, personal: Option<&PersonalData>) -> bool {
        if let Event::CallArrived {
            interaction, agent, ..
        } = event
        {
            let mut call = LiveCall::begun(at);
            call.number = personal.and_then(|personal| personal.caller_number.clone());
            call.name = personal.and_then(|personal| personal.caller_name.clone());
            call.agent = *agent;
            self.calls.insert(*interaction, call);
            return true;
        }
        let Some(interaction) = event.interaction() else {
            return true;
        };
        let Some(call) = self.calls.get_mut(&interaction) else {
            return matches!(event, Event::AgentStateChanged { .. });
        };
        let new_words = call.why.told(event);
        match event {
            Event::QueueEntered { queue, .. } => {
                call.queue = Some(*queue);
                call.enqueued_at = Some(at);
                call.taken_over = false;
                call.enter(Phase::Waiting, at);
            }
            Event::QueueLeft { agent: None, .. } => call.enter(Phase::InFlow, at),
            Event::Connected { agent, .. } => {
                call.agent = Some(*agent);
                call.taken_over = false;
                call.enter(Phase::Talking, at);
            }
            Event::TalkPaused { cause, .. } => {
                call.held = *cause == PauseCause::Hold;
                call.reconnecting = *cause == PauseCause::Reconnect;
            }
            Event::TalkResumed { .. } => (call.held, call.reconnecting) = (false, false),
            Event::TalkChanged {
                change,
                agent,
                user,
                ..
            } => {
                call.changed(*change, *agent);
                call.helped(*change, at);
                if *change == TalkChange::TookOver && user.is_some() {
                    call.taken_over_by_user();
                }
            }
            Event::RecordingStarted { .. } => call.recording = true,
            Event::RecordingFinished { .. } => call.recording = false,
            Event::CallEnded { .. } => {
                call.ended_at = Some(at);
                call.help = None;
                call.recording = false;
            }
            Event::OfferMade { .. }
            | Event::OfferEnded { .. }
            | Event::QueueLeft { .. }
            | Event::WrapUpStarted { .. }
            | Event::WrapUpEnded { .. }
            | Event::AgentStateChanged { .. } => {}
            _ => return new_words,
        }
        true
    }

    /// Forgets what is over and that no agent is busy with any more.
    pub fn forget_over(&mut self, busy: &BTreeSet<InteractionId>, now: Timestamp) {
        self.calls.retain(|interaction, call| {
            let fresh = call.ended_at.is_none_or(|ended| now.since(ended) < KEPT);
            fresh || busy.contains(interaction)
        });
    }

    /// Whether there is anything to forget.
    #[must_use]
    pub fn is_over_for_some(&self, now: Timestamp) -> bool {
        let mut ended = self.calls.values().filter_map(|call| call.ended_at);
        ended.any(|ended| now.since(ended) >= KEPT)
    }

    /// Lines of the log were missed: only what waits or is with an agent is known to be there.
    pub fn missed_lines(&mut self, known: &BTreeSet<InteractionId>) {
        self.calls
            .retain(|interaction, _| known.contains(interaction));
    }
}
