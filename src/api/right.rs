//! Who may do what: the one function that says so.
//!
//! **Owns**: [`Role`], [`Action`], the table [`rule`], [`authorise`]. **Must not know**: HTTP, tokens, the store.
//!
//! Denied unless the table says so; an action without a row does not compile.

use router::id::AgentId;

/// What a token or a session may be for.
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
    /// Writes flows and has them checked; publishes none, and sees no call and no customer.
    Author,
    /// An author who also decides which version calls take, and closes calendars.
    Publisher,
    /// The demo's customer: a phone in the browser, and nothing else.
    Caller,
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
    /// Writes flows.
    Author,
    /// Writes and publishes flows.
    Publisher,
    /// The demo's customer.
    Caller,
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
            Self::Author => "author",
            Self::Publisher => "publisher",
            Self::Caller => "caller",
        }
    }

    /// The inverse of [`RoleName::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::OF_STAFF.into_iter().chain([Self::Caller]);
        all.find(|role| role.as_str() == name)
    }

    /// Roles that tokens and users may have.
    pub const OF_STAFF: [Self; 6] = [
        Self::Admin,
        Self::Supervisor,
        Self::Agent,
        Self::ReadOnly,
        Self::Author,
        Self::Publisher,
    ];

    /// The role of a token or a user by its name.
    #[must_use]
    pub fn of_staff(name: &str) -> Option<Self> {
        Self::OF_STAFF
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
            RoleName::Author => Some(Self::Author),
            RoleName::Publisher => Some(Self::Publisher),
            RoleName::Caller => Some(Self::Caller),
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
    /// Close a queue for now, and open it.
    CloseQueue,
    /// Close a calendar for now, and open it.
    CloseCalendar,
    /// See an interaction's record.
    ReadInteraction,
    /// See why an agent was chosen, with the other candidates.
    ReadDecisions,
    /// See the SIP messages of a call.
    ReadSignalling,
    /// See a customer and the customer's interactions.
    ReadCustomer,
    /// Look for customers by number or name.
    FindCustomer,
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
    /// Give a waiting caller another place in the order.
    PlaceCaller,
    /// Hear a live call, and take part in it.
    MonitorCall,
    /// See what the desk offers: wrap-up codes, reasons not to be ready.
    ReadDeskLists,
    /// See follow-up tasks.
    ReadTask,
    /// Make and change follow-up tasks.
    WriteTask,
    /// Write notes, say what an interaction was about and who the customer is.
    WriteRecord,
    /// Read the API's description.
    ReadDescription,
    /// Be a phone: get an account of one's own for as long as the session lasts.
    UsePhone,
    /// Follow one's own state, offers and calls as they happen.
    FollowOwn,
    /// Follow queues, agents and calls as they happen.
    FollowFloor,
    /// Read who did what.
    ReadAudit,
    /// See flows and their versions.
    ReadFlow,
    /// Write drafts of flows, and have texts checked.
    EditFlow,
    /// Decide which version of a flow calls take.
    PublishFlow,
}

/// Every action, for tables in tests and documents.
pub const ACTIONS: [Action; 30] = [
    Action::ReadAgent,
    Action::SetAgentState,
    Action::ReadQueue,
    Action::CloseQueue,
    Action::CloseCalendar,
    Action::ReadInteraction,
    Action::ReadDecisions,
    Action::ReadSignalling,
    Action::ReadCustomer,
    Action::FindCustomer,
    Action::WriteCustomer,
    Action::ReadRecording,
    Action::HearRecording,
    Action::ReadEvents,
    Action::ReadMetrics,
    Action::ControlCall,
    Action::PlaceCaller,
    Action::MonitorCall,
    Action::ReadDeskLists,
    Action::ReadTask,
    Action::WriteTask,
    Action::WriteRecord,
    Action::ReadDescription,
    Action::UsePhone,
    Action::FollowOwn,
    Action::FollowFloor,
    Action::ReadAudit,
    Action::ReadFlow,
    Action::EditFlow,
    Action::PublishFlow,
];

/// Whose thing it is about, for the question whether it is an agent's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Belongs to this agent: the agent, an interaction the agent had, a queue the agent serves.
    Of(AgentId),
    /// Belongs to no agent, or to others only.
    Others,
    /// A list that the handler narrows to what is one's own.
    OwnPart,
    /// The call that the browser's phone of this very session began last.
    OwnCall,
}

/// Who may do an action. An admin may do everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// To anything.
    pub supervisor: bool,
    /// To anything.
    pub readonly: bool,
    /// To what is the agent's own.
    pub agent: bool,
    /// To flows.
    pub author: bool,
    /// To flows, and what becomes of them.
    pub publisher: bool,
    /// The demo's customer.
    pub caller: bool,
}

impl Rule {
    const NOBODY: Self = Self {
        supervisor: false,
        readonly: false,
        agent: false,
        author: false,
        publisher: false,
        caller: false,
    };
    /// Supervisors change, agents what is their own.
    const CHANGES: Self = Self {
        supervisor: true,
        agent: true,
        ..Self::NOBODY
    };
    /// Whoever looks at everything.
    const OVERSIGHT: Self = Self {
        supervisor: true,
        readonly: true,
        ..Self::NOBODY
    };
    /// Whoever looks at everything, and agents at what is their own.
    const READS: Self = Self {
        agent: true,
        ..Self::OVERSIGHT
    };
    const SUPERVISORS: Self = Self {
        supervisor: true,
        ..Self::NOBODY
    };
    /// Whoever answers for what callers hear.
    const PUBLISHERS: Self = Self {
        publisher: true,
        ..Self::SUPERVISORS
    };
    /// Whoever writes what callers hear.
    const AUTHORS: Self = Self {
        author: true,
        ..Self::PUBLISHERS
    };
}

/// The table of rights.
#[must_use]
pub const fn rule(action: Action) -> Rule {
    match action {
        Action::ReadAgent
        | Action::ReadQueue
        | Action::ReadCustomer
        | Action::FindCustomer
        | Action::ReadDeskLists
        | Action::ReadTask => Rule::READS,
        Action::ReadDescription => Rule {
            author: true,
            publisher: true,
            ..Rule::READS
        },
        // The demo's customer: the call just made, see [`Resource::OwnCall`].
        Action::ReadInteraction | Action::ReadRecording | Action::HearRecording => Rule {
            caller: true,
            ..Rule::READS
        },
        // The candidates of a decision are other agents, and so are log and counters.
        Action::ReadDecisions
        | Action::ReadSignalling
        | Action::ReadEvents
        | Action::ReadMetrics
        | Action::FollowFloor => Rule::OVERSIGHT,
        Action::ReadFlow => Rule {
            readonly: true,
            ..Rule::AUTHORS
        },
        Action::EditFlow => Rule::AUTHORS,
        Action::PublishFlow | Action::CloseCalendar => Rule::PUBLISHERS,
        Action::SetAgentState
        | Action::FollowOwn
        | Action::WriteRecord
        | Action::WriteTask
        | Action::ControlCall => Rule::CHANGES,
        Action::WriteCustomer | Action::PlaceCaller | Action::MonitorCall | Action::CloseQueue => {
            Rule::SUPERVISORS
        }
        // A supervisor's own deeds stand there too.
        Action::ReadAudit => Rule::NOBODY,
        Action::UsePhone => Rule {
            caller: true,
            ..Rule::CHANGES
        },
    }
}

/// Whether `role` may do `action` to `resource`. HTTP, WebSocket and every other way in ask here and nowhere else.
#[must_use]
pub fn authorise(role: Role, action: Action, resource: Resource) -> bool {
    let rule = rule(action);
    match role {
        Role::Admin => true,
        Role::Supervisor => rule.supervisor,
        Role::ReadOnly => rule.readonly,
        Role::Author => rule.author,
        Role::Publisher => rule.publisher,
        Role::Caller => rule.caller && matches!(resource, Resource::OwnPart | Resource::OwnCall),
        Role::Agent(own) => {
            let its_own = match resource {
                Resource::Of(agent) => agent == own,
                Resource::Others | Resource::OwnCall => false,
                Resource::OwnPart => true,
            };
            its_own && rule.agent
        }
    }
}

/// Whether users of this role may publish flows.
#[must_use]
pub fn publishes_flows(role: &str) -> bool {
    let role = match RoleName::from_name(role) {
        Some(RoleName::Admin) => Role::Admin,
        Some(RoleName::Supervisor) => Role::Supervisor,
        Some(RoleName::Publisher) => Role::Publisher,
        _ => return false,
    };
    authorise(role, Action::PublishFlow, Resource::Others)
}
