//! What a call to the outside is born with.
//!
//! **Owns**: [`OutboundSetup`], [`Way`], [`NoWay`]. **Must not know**: who decides which numbers may be called.

use router::id::{AgentId, CustomerId, InteractionId, LegId as LogLegId};
use router::{PhoneNumber, Private};
use sip_gateway::leg::{Credentials, LegId};

/// A leg as the gateway and the log name it.
#[derive(Clone, Copy, Debug)]
pub struct LegNames {
    /// At the gateway.
    pub leg: LegId,
    /// In the log.
    pub log_leg: LogLegId,
}

/// Everything a call to the outside is born with.
#[derive(Clone, Debug)]
pub struct OutboundSetup {
    /// The interaction it is.
    pub interaction: InteractionId,
    /// Who calls.
    pub agent: AgentId,
    /// The calling phone's leg.
    pub phone: LegNames,
    /// The calling phone's Call-ID.
    pub phone_call_id: String,
    /// Whom.
    pub number: PhoneNumber,
    /// Id for the customer row, used when no customer has this number yet; none when the call is refused.
    pub new_customer: Option<CustomerId>,
    /// The calling phone's extension: the caller of a call that no trunk takes.
    pub extension: PhoneNumber,
    /// The trunks to try, in order, at least one; or why there is none.
    pub ways: Result<Vec<Way>, NoWay>,
}

/// One trunk that may carry the call.
#[derive(Clone, Debug)]
pub struct Way {
    /// The leg that the called party will have there.
    pub party: LegNames,
    /// The trunk, by name.
    pub trunk: String,
    /// Where the INVITE goes.
    pub uri: Private<String>,
    /// What the called party is shown.
    pub caller_id: PhoneNumber,
    /// For the carrier's challenge.
    pub credentials: Option<Credentials>,
    /// Whether the talk is recorded.
    pub record: bool,
    /// Calls at once through this trunk at most.
    pub of_trunk: u32,
    /// Calls at once of one agent at most.
    pub of_agent: u32,
}

/// Why a call to the outside does not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// No trunk allows this number.
    NotAllowed,
    /// As many calls as the trunks, or the agent, may have are up.
    TooMany,
}

impl NoWay {
    /// The tag `outbound_result` of the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::TooMany => "too_many_calls",
        }
    }
}
