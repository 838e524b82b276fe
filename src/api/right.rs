//! Who may do what: the one function that says so.
//!
//! **Owns**: [`Role`], [`Action`], [`authorise`]. **Must not know**: HTTP, tokens, the store.

use router::id::AgentId;

/// What a token may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Every agent, queue, interaction, customer and recording; no settings of the node.
    Supervisor,
    /// Own things only.
    Agent(AgentId),
    /// Reads what a supervisor reads, changes nothing.
    ReadOnly,
}

/// A role by name, as it is typed and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleName {
    /// Everything.
    Admin,
    /// Every agent, queue, interaction, customer and recording.
    Supervisor,
    /// One agent's own things.
    Agent,
    /// Reads everything, changes nothing.
    ReadOnly,
}

impl RoleName {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::ReadOnly => "readonly",
        }
    }

    /// The inverse of [`RoleName::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::Supervisor, Self::Agent, Self::ReadOnly]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

impl Role {
    /// The role of a stored token: its name and, for an agent's token, its agent.
    #[must_use]
    pub fn new(name: RoleName, agent: Option<AgentId>) -> Option<Self> {
        match name {
            RoleName::Admin => Some(Self::Admin),
            RoleName::Supervisor => Some(Self::Supervisor),
            RoleName::Agent => agent.map(Self::Agent),
            RoleName::ReadOnly => Some(Self::ReadOnly),
        }
    }

    /// The agent of an agent's token.
    #[must_use]
    pub const fn agent(self) -> Option<AgentId> {
        match self {
            Self::Agent(agent) => Some(agent),
            _ => None,
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// See an agent's state and abilities.
    ReadAgent,
    /// Change an agent's state.
    SetAgentState,
    /// See a queue with its waiting callers and counters.
    ReadQueue,
    /// See an interaction's record.
    ReadInteraction,
    /// See why an agent was chosen, with the other candidates.
    ReadDecisions,
    /// See a customer and the customer's interactions.
    ReadCustomer,
    /// Make or change a customer.
    WriteCustomer,
    /// See a recording's metadata.
    ReadRecording,
    /// Hear a recording.
    HearRecording,
    /// Follow the one event log.
    ReadEvents,
    /// See the process's counters.
    ReadMetrics,
    /// Hold, transfer, consult, end: a call that one has oneself, or any.
    ControlCall,
    /// Hear a live call, and take part in it.
    MonitorCall,
}

/// Every action, for tables in tests and documents.
pub const ACTIONS: [Action; 13] = [
    Action::ReadAgent,
    Action::SetAgentState,
    Action::ReadQueue,
    Action::ReadInteraction,
    Action::ReadDecisions,
    Action::ReadCustomer,
    Action::WriteCustomer,
    Action::ReadRecording,
    Action::HearRecording,
    Action::ReadEvents,
    Action::ReadMetrics,
    Action::ControlCall,
    Action::MonitorCall,
];

/// Whose thing it is about, for the question whether it is an agent's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Belongs to this agent: the agent, an interaction the agent had, a queue the agent serves.
    Of(AgentId),
    /// Belongs to no agent, or to others only.
    Others,
    /// A list that the handler narrows to what is the agent's own.
    OwnPart,
}

/// Whether `role` may do `action` to `resource`. HTTP, and later every other way in, asks here and nowhere else.
#[must_use]
pub fn authorise(role: Role, action: Action, resource: Resource) -> bool {
    match role {
        Role::Admin | Role::Supervisor => true,
        Role::ReadOnly => !matches!(
            action,
            Action::SetAgentState
                | Action::WriteCustomer
                | Action::ControlCall
                | Action::MonitorCall
        ),
        Role::Agent(own) => {
            let its_own = match resource {
                Resource::Of(agent) => agent == own,
                Resource::Others => false,
                Resource::OwnPart => true,
            };
            // The candidates of a decision are other agents, and so are log and counters; changing customers needs
            // a desk, which comes later.
            let never = matches!(
                action,
                Action::ReadDecisions
                    | Action::WriteCustomer
                    | Action::ReadEvents
                    | Action::ReadMetrics
                    | Action::MonitorCall
            );
            its_own && !never
        }
    }
}
