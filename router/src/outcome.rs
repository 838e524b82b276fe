//! How things ended: outcomes of interactions, of queue entries and of offers, and who ended a call.
//!
//! **Owns**: these closed lists and their stored names. They are results, never errors.

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
        }
        impl $name {
            /// The stored name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// The inverse of [`Self::as_str`].
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

names! {
    /// How an interaction ended.
    Outcome {
        /// An agent and the customer talked.
        Answered = "answered",
        /// The customer left while waiting in a queue.
        Abandoned = "abandoned",
        /// The same within the queue's `short_abandon`.
        ShortAbandoned = "short_abandoned",
        /// A callback was agreed.
        Callback = "callback",
        /// A message was left.
        Voicemail = "voicemail",
        /// Ended in the flow.
        SelfServed = "self_served",
        /// Left a queue by our rule and nothing else took over.
        Unserved = "unserved",
        /// Refused before it was answered.
        Rejected = "rejected",
        /// Our fault.
        Failed = "failed",
    }
}

names! {
    /// Who or what ended the customer's leg.
    EndCause {
        /// The customer hung up.
        Customer = "customer",
        /// The agent hung up.
        Agent = "agent",
        /// The flow said `hangup` or ended.
        Flow = "flow",
        /// Handed to somebody outside.
        Transfer = "transfer",
        /// A limit of time.
        Timeout = "timeout",
        /// No packet arrived for too long.
        MediaLost = "media_lost",
        /// We were stopped.
        Shutdown = "shutdown",
        /// We crashed and found the call at the next start.
        Crash = "crash",
        /// Our fault otherwise.
        Error = "error",
    }
}

names! {
    /// How one waiting in one queue ended.
    EntryOutcome {
        /// An agent answered and both are connected.
        Answered = "answered",
        /// The customer hung up while waiting.
        Abandoned = "abandoned",
        /// The same within `short_abandon`.
        ShortAbandoned = "short_abandoned",
        /// Went on to another queue.
        Overflowed = "overflowed",
        /// Left by pressing a key.
        KeyExit = "key_exit",
        /// Asked to be called back.
        Callback = "callback",
        /// Sent to the queue's voicemail; whether a message was left, the interaction says. Records of older versions have
        /// such entries as timed out or refused.
        Voicemail = "voicemail",
        /// `max_wait` passed.
        TimedOut = "timed_out",
        /// Full, closed or nobody there.
        Refused = "refused",
        /// Our fault.
        Failed = "failed",
    }
}

names! {
    /// How one offer to one agent ended.
    OfferOutcome {
        /// The agent answered.
        Accepted = "accepted",
        /// The agent declined (486, 600, 603).
        Declined = "declined",
        /// It rang out (`ring_timeout`, 408).
        NoAnswer = "no_answer",
        /// The device could not be reached.
        Unreachable = "unreachable",
        /// The caller left while it rang.
        CallerLeft = "caller_left",
        /// Taken back by us for another cause (shutdown, an edit, a crash).
        Revoked = "revoked",
    }
}

names! {
    /// Why a caller was not let into a queue, or was sent out of it.
    Refusal {
        /// `max_length` callers wait already.
        Full = "full",
        /// The queue is closed.
        Closed = "closed",
        /// Nobody is logged in who could ever serve the caller, and the queue does not say `when_no_agents = "wait"`.
        NoAgents = "no_agents",
    }
}
