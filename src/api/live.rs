//! The API's only way to live state: requests to the task that owns the Distributor.
//!
//! **Owns**: [`LiveState`] (the API's end), [`LiveRequest`] (what the task receives). **Must not know**: how the
//! Distributor decides. The channel holds [`CAPACITY`] requests; when it is full, or the task does not answer
//! within [`PATIENCE`], the client gets 503 and nothing has changed that it was told of.

use crate::distributor_task::desk::WaitView;
use crate::floor::items::FloorView;
use router::agent::Wanted;
use router::closure::{ClosedBy, Closure};
use router::distributor::port::{AgentView, QueueView, WrapUpView};
use router::id::{AgentId, InteractionId, QueueId};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How many requests may wait for the task.
pub const CAPACITY: usize = 64;
/// How long a client waits for the task.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// What the Distributor's task is asked. A reply that nobody waits for any more may be dropped.
#[derive(Debug)]
pub enum LiveRequest {
    /// Every agent.
    Agents {
        /// Where the answer goes.
        reply: oneshot::Sender<Vec<AgentView>>,
    },
    /// Every agent, and who calls those who are offered or busy.
    Floor {
        /// Where the answer goes.
        reply: oneshot::Sender<FloorView>,
    },
    /// Every queue.
    Queues {
        /// Where the answer goes.
        reply: oneshot::Sender<Vec<QueueView>>,
    },
    /// What callers may expect to wait, by queue.
    Waits {
        /// Where the answer goes.
        reply: oneshot::Sender<BTreeMap<QueueId, WaitView>>,
    },
    /// Ask for a state, as the agent or a supervisor does.
    SetAgentState {
        /// The agent.
        agent: AgentId,
        /// What is asked for.
        wanted: Wanted,
        /// Where the answer goes, after the Distributor has taken it.
        reply: oneshot::Sender<Result<(), SetStateError>>,
    },
    /// Close a queue.
    CloseQueue {
        /// How.
        closure: Closure,
        /// Where the answer goes, after it is written down: as it is now; none: there is no such queue.
        reply: oneshot::Sender<Option<Closure>>,
    },
    /// Open a queue.
    OpenQueue {
        /// Which.
        queue: QueueId,
        /// Who.
        by: ClosedBy,
        /// Where the answer goes, after it is written down.
        reply: oneshot::Sender<()>,
    },
    /// About an agent's after-call work.
    WrapUp {
        /// The agent.
        agent: AgentId,
        /// The interaction that it must be about.
        interaction: InteractionId,
        /// What.
        act: WrapUpAct,
        /// Where the answer goes: how the work is after it, or was before its end.
        reply: oneshot::Sender<Result<WrapUpView, WrapUpError>>,
    },
}

/// What is asked about after-call work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapUpAct {
    /// How it is.
    Look,
    /// Longer, as the queue allows.
    Extend,
    /// Over.
    Done,
}

/// Why after-call work is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapUpError {
    /// The agent does other things by now.
    #[error("there is no after-call work about this interaction")]
    Over,
    /// As often as the queue allows, or as long.
    #[error("after-call work cannot be made longer")]
    NoLonger,
}

/// Why an agent's state was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetStateError {
    /// The Distributor has no such agent.
    #[error("the agent is not known to the router")]
    UnknownAgent,
    /// Available needs a registered phone.
    #[error("the agent's phone is not registered")]
    NoPhone,
}

/// Live state cannot be had: the task is busy or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("live state cannot be read at the moment")]
pub struct LiveUnavailable;

/// The API's end.
#[derive(Clone, Debug)]
pub struct LiveState {
    requests: mpsc::Sender<LiveRequest>,
    ready: watch::Receiver<bool>,
}

impl LiveState {
    /// Both ends. `ready` becomes true when calls can be taken.
    #[must_use]
    pub fn channel(ready: watch::Receiver<bool>) -> (Self, mpsc::Receiver<LiveRequest>) {
        let (requests, receiver) = mpsc::channel(CAPACITY);
        (Self { requests, ready }, receiver)
    }

    /// Whether calls can be taken now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Every agent as the Distributor sees it.
    pub async fn agents(&self) -> Result<Vec<AgentView>, LiveUnavailable> {
        self.ask(|reply| LiveRequest::Agents { reply }).await
    }

    /// Every agent with who calls them.
    pub async fn floor(&self) -> Result<FloorView, LiveUnavailable> {
        self.ask(|reply| LiveRequest::Floor { reply }).await
    }

    /// Every queue as the Distributor sees it.
    pub async fn queues(&self) -> Result<Vec<QueueView>, LiveUnavailable> {
        self.ask(|reply| LiveRequest::Queues { reply }).await
    }

    /// What callers may expect to wait, by queue.
    pub async fn waits(&self) -> Result<BTreeMap<QueueId, WaitView>, LiveUnavailable> {
        self.ask(|reply| LiveRequest::Waits { reply }).await
    }

    /// Asks for a state. During a call it takes effect after it.
    pub async fn set_agent_state(
        &self,
        agent: AgentId,
        wanted: Wanted,
    ) -> Result<Result<(), SetStateError>, LiveUnavailable> {
        self.ask(|reply| LiveRequest::SetAgentState {
            agent,
            wanted,
            reply,
        })
        .await
    }

    /// Closes a queue; none: the Distributor has no such queue.
    pub async fn close_queue(&self, closure: Closure) -> Result<Option<Closure>, LiveUnavailable> {
        self.ask(|reply| LiveRequest::CloseQueue { closure, reply })
            .await
    }

    /// Opens a queue.
    pub async fn open_queue(&self, queue: QueueId, by: ClosedBy) -> Result<(), LiveUnavailable> {
        self.ask(|reply| LiveRequest::OpenQueue { queue, by, reply })
            .await
    }

    /// Asks about after-call work.
    pub async fn wrap_up(
        &self,
        agent: AgentId,
        interaction: InteractionId,
        act: WrapUpAct,
    ) -> Result<Result<WrapUpView, WrapUpError>, LiveUnavailable> {
        self.ask(|reply| LiveRequest::WrapUp {
            agent,
            interaction,
            act,
            reply,
        })
        .await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> LiveRequest,
    ) -> Result<T, LiveUnavailable> {
        let (reply, answer) = oneshot::channel();
        self.requests
            .try_send(request(reply))
            .map_err(|_| LiveUnavailable)?;
        tokio::time::timeout(PATIENCE, answer)
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(LiveUnavailable)
    }
}
