//! What goes into the Distributor and what comes out.
//!
//! **Owns**: [`Input`], [`Output`] and the views that the API reads. Values only: no closures, no channels.

use crate::agent::{AgentState, Reason, Wanted};
use crate::closure::{ClosedBy, Closure, ClosureMessage};
use crate::company::{RoutingCompany, Skills};
use crate::event::Event;
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::outcome::{EntryOutcome, OfferOutcome, Refusal};
use crate::overflow::Way;
use crate::requirement::Wishes;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A caller who wants to wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryRequest {
    /// This waiting; made by the driver.
    pub entry: QueueEntryId,
    /// The caller's interaction.
    pub interaction: InteractionId,
    /// The queue.
    pub queue: QueueId,
    /// Minimum levels from the flow, added to the queue's (the higher one holds).
    pub skills: Skills,
    /// What else the flow asks for.
    #[serde(default, skip_serializing_if = "Wishes::is_plain")]
    pub wishes: Wishes,
    /// Head start from the flow or the customer, added to the queue's.
    pub head_start: Duration,
    /// Class from the flow; the queue's when none.
    pub class: Option<u8>,
    /// Stood in this queue before and comes back: a closed one that serves those who wait lets them in.
    pub returning: bool,
}

/// Why a caller leaves a queue before an agent answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveCause {
    /// The customer hung up: `abandoned` or `short_abandoned`.
    HungUp,
    /// The flow took the caller out by a key.
    KeyExit,
    /// The flow's own limit passed (`give_up_after`).
    TimedOut,
    /// Somebody sent the caller elsewhere: to another queue, or to an agent by name.
    Moved,
    /// Our fault.
    Failed,
}

/// Everything the Distributor can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The company file changed; edits apply to waiting callers and to agents' next transitions.
    Configure(RoutingCompany),
    /// At start, per agent, from the stored state: offered -> available with the former key, on_call -> wrap_up,
    /// anything else unchanged. `registered` says whether the phone's registration survived.
    RestoreAgent {
        /// The agent.
        agent: AgentId,
        /// The stored state.
        state: AgentState,
        /// Why not ready.
        reason: Option<Reason>,
        /// The stored idle clock.
        idle_since: Timestamp,
        /// The interaction the agent was busy with, for the wrap-up that follows a crash.
        interaction: Option<InteractionId>,
        /// The queue of that interaction, for the length of the wrap-up.
        queue: Option<QueueId>,
        /// Whether the phone is still registered.
        registered: bool,
    },
    /// The phone has at least one registration again (first, not a refresh).
    PhoneRegistered {
        /// The agent.
        agent: AgentId,
    },
    /// The phone's last registration is gone: expired or its connection closed (`by_agent == false`), or the
    /// phone de-registered by itself.
    PhoneGone {
        /// The agent.
        agent: AgentId,
        /// De-registered by itself.
        by_agent: bool,
    },
    /// The agent, or a supervisor, asks for a state. During a call it takes effect after it.
    SetState {
        /// The agent.
        agent: AgentId,
        /// What is asked for.
        wanted: Wanted,
    },
    /// A caller wants to wait. Answered by [`Output::Queued`] or [`Output::EntryLeft`].
    Enqueue(EntryRequest),
    /// A caller leaves before an agent answered. Revokes an open offer.
    Leave {
        /// The waiting.
        entry: QueueEntryId,
        /// Why.
        cause: LeaveCause,
    },
    /// A supervisor gives a waiting caller another place in the order.
    Reprioritise {
        /// The waiting.
        entry: QueueEntryId,
        /// 0 emergency, 1 normal; none: as before. Who was promoted stays so.
        class: Option<u8>,
        /// Counts as waited besides, in place of what a supervisor gave before; none: as before.
        ahead: Option<Duration>,
    },
    /// The offered agent answered. [`Output::Accepted`] or [`Output::OfferVoid`] follows.
    OfferAnswered {
        /// The offer.
        offer: OfferId,
    },
    /// The offer failed at the phone: only `Declined`, `NoAnswer` and `Unreachable` make sense here.
    OfferFailed {
        /// The offer.
        offer: OfferId,
        /// How.
        outcome: OfferOutcome,
    },
    /// The agent's leg of a call ended: wrap-up begins.
    TalkEnded {
        /// The agent.
        agent: AgentId,
        /// The interaction that ended.
        interaction: InteractionId,
    },
    /// The agent began a call out.
    CallOutStarted {
        /// The agent.
        agent: AgentId,
        /// The interaction it is; in the log before this.
        interaction: InteractionId,
    },
    /// The agent's last own call ended, and a call out among them was answered: after-call work follows.
    CallOutEnded {
        /// The agent.
        agent: AgentId,
        /// What the work is about.
        interaction: InteractionId,
    },
    /// The agent began a call of their own that is no interaction of theirs (internal).
    OwnCallStarted {
        /// The agent.
        agent: AgentId,
    },
    /// That call ended.
    OwnCallEnded {
        /// The agent.
        agent: AgentId,
    },
    /// The agent ends wrap-up.
    EndWrapUp {
        /// The agent.
        agent: AgentId,
    },
    /// The agent needs longer; the cap holds.
    ExtendWrapUp {
        /// The agent.
        agent: AgentId,
        /// How much longer.
        by: Duration,
    },
    /// Somebody closes a queue, or closes it anew; `since` is set to now. A queue that is not known stays so.
    CloseQueue(Closure),
    /// Somebody opens a queue; one that is open stays so.
    OpenQueue {
        /// The queue.
        queue: QueueId,
        /// Who.
        by: ClosedBy,
    },
    /// At start, per queue that was closed.
    RestoreClosure(Closure),
    /// A deadline passed.
    Tick,
}

/// Everything the Distributor says.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The caller waits. Said once, to a newcomer.
    Queued {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// Place in the queue, 1 is next.
        position: usize,
    },
    /// Callers of this queue have another place than before: [`Distributor::queue`] has all of them. Said once for a
    /// line, because whoever leaves a long one moves everybody behind.
    ///
    /// [`Distributor::queue`]: crate::Distributor::queue
    LineMoved {
        /// The queue.
        queue: QueueId,
    },
    /// Ring this agent for this caller. The call must report the offer's end by
    /// [`Input::OfferAnswered`] or [`Input::OfferFailed`]; the Distributor's own timer covers a silent one.
    Offer {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// The queue.
        queue: QueueId,
        /// How long to ring.
        ring_timeout: Duration,
    },
    /// Stop ringing: the offer is over (caller left, timed out, agent gone).
    Revoke {
        /// The interaction.
        interaction: InteractionId,
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// How it ended.
        outcome: OfferOutcome,
    },
    /// The answer counts: bridge.
    Accepted {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting, which is over now.
        entry: QueueEntryId,
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
    },
    /// The answer came too late or was for an outdated offer: release that leg (I8).
    OfferVoid {
        /// The offer.
        offer: OfferId,
    },
    /// The caller is out of the queue without an agent.
    EntryLeft {
        /// The interaction.
        interaction: InteractionId,
        /// The waiting.
        entry: QueueEntryId,
        /// How it ended.
        outcome: EntryOutcome,
        /// Which refusal, when `outcome` is `Refused`.
        refusal: Option<Refusal>,
        /// What the caller of a closed queue is to hear.
        message: Option<ClosureMessage>,
        /// Where the caller goes now.
        way: Way,
    },
    /// Something for the one event log, in order.
    Log(Event),
}

/// An agent as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentView {
    /// The agent.
    pub agent: AgentId,
    /// State.
    pub state: AgentState,
    /// Why not ready.
    pub reason: Option<Reason>,
    /// In this state since.
    pub since: Timestamp,
    /// Whether a phone is registered.
    pub registered: bool,
    /// The idle clock.
    pub idle_since: Timestamp,
    /// The interaction the agent is offered, talks with or wraps up.
    pub interaction: Option<InteractionId>,
    /// What was asked for during a call and comes after it.
    pub next: Option<Wanted>,
}

/// After-call work as the API shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrapUpView {
    /// What it is about; none after a restart that lost it.
    pub interaction: Option<InteractionId>,
    /// The queue whose rules hold; none for a call out.
    pub queue: Option<QueueId>,
    /// Ends by itself then.
    pub ends_at: Timestamp,
    /// Lasts until the agent ends it; `ends_at` is only the cap.
    pub open: bool,
    /// How much longer one extension makes it.
    pub extend_by: Duration,
    /// How often it may still be extended.
    pub extensions_left: u32,
}

/// A queue as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueView {
    /// The queue.
    pub queue: QueueId,
    /// Waiting callers in order.
    pub waiting: Vec<WaitingView>,
    /// Somebody closed it.
    pub closure: Option<Closure>,
}

/// A waiting caller as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingView {
    /// The waiting.
    pub entry: QueueEntryId,
    /// The interaction.
    pub interaction: InteractionId,
    /// Place in the queue, 1 is next.
    pub position: usize,
    /// Waiting since.
    pub enqueued_at: Timestamp,
    /// Virtual enqueue time.
    pub v: Timestamp,
    /// 0 emergency, 1 normal.
    pub class: u8,
    /// The agents it rings at now: one, or several with `ring_all`.
    pub offered_to: Vec<AgentId>,
    /// Nobody logged in can ever serve them, and the supervisor was told so.
    pub unmeetable: bool,
}
