//! Faults that the proof must find: built into test builds only, and off until a test plants one.
//!
//! **Owns**: their names. Each is planted where the rule that it breaks is held; `tests/model/` and `tests/many.rs`
//! must find every one of them.

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planted {
    /// An answer counts for whatever rings, whichever number it carries.
    AnswerWithoutNumber,
    /// A caller who leaves while it rings does not free the agent.
    AgentKept,
    /// An agent who becomes ready looks at the first caller of the line only.
    HeadOfLine,
    /// A restart forgets an agent who was offered somebody.
    OfferLostInCrash,
    /// A caller who leaves while it rings costs the agent the place among the idle.
    IdleKeyLost,
    /// Where several ring for one caller, an answer leaves the others ringing.
    LosersRingOn,
    /// After-call work of one queue does not keep the offers of another away.
    WrapUpIgnored,
}

impl Planted {
    /// All of them.
    pub(super) const ALL: [Self; 7] = [
        Self::AnswerWithoutNumber,
        Self::AgentKept,
        Self::HeadOfLine,
        Self::OfferLostInCrash,
        Self::IdleKeyLost,
        Self::LosersRingOn,
        Self::WrapUpIgnored,
    ];
}
