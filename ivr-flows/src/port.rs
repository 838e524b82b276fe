//! What goes into the interpreter and what comes out. Times are the time since the call began.
//!
//! **Owns**: [`CallFacts`], [`FlowInput`], [`FlowOutput`]. Values only.

use std::collections::BTreeMap;
use std::time::Duration;

/// What is known of a call before its flow begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFacts {
    /// Who calls, as `+34600111222`; empty when withheld. Expressions read it as `call.from`.
    pub from: String,
    /// What was dialled. Expressions read it as `call.to`.
    pub to: String,
    /// When the call began, in milliseconds since 1970-01-01T00:00:00Z: with the time since, `hours` knows the time of
    /// day. None: no clock was handed in, so `hours` takes its `error` exit.
    pub began_at: Option<i64>,
}

/// Names one playing, so that a late `PlayEnded` of an earlier one is not mistaken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayToken(pub u64);

/// What the interpreter is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowInput {
    /// The call is here: begin at block `start`.
    Start,
    /// The caller pressed a key: `0`-`9`, `*`, `#`, `A`-`D`.
    Key(char),
    /// A playing ended by itself or was stopped.
    PlayEnded(PlayToken),
    /// The caller waits now, at this place (1 is next); repeated when it changes.
    Queued {
        /// Place in the queue.
        position: usize,
    },
    /// An agent and the caller are connected: the wait's audio must yield at once.
    AgentConnected,
    /// The waiting ended without an agent.
    QueueEnded(QueueEnd),
    /// The agent left first; the caller is still there.
    AgentLeft,
    /// The caller hung up.
    HungUp,
    /// A deadline passed.
    Tick,
}

/// How a waiting ended without an agent; each is an exit of the `queue` step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueEnd {
    /// Exit `timeout`.
    TimedOut,
    /// Exit `full`.
    Full,
    /// Exit `closed`.
    Closed,
    /// Exit `no_agents`.
    NoAgents,
    /// Exit `error`.
    Failed,
}

/// What the interpreter asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowOutput {
    /// Answer the call (200 OK).
    Answer,
    /// Play prompts one after the other; replaces what plays.
    Play {
        /// Names this playing.
        token: PlayToken,
        /// Files below the prompts folder, in order, such as `greeting.wav`; `LANG/greeting.wav` is looked for
        /// before it.
        files: Vec<String>,
        /// The call's language, such as `en`.
        language: String,
        /// Start over at the end until stopped.
        repeat: bool,
        /// Music: go on where the same file last stopped in this call.
        resume: bool,
        /// Stop by itself after this long.
        at_most: Option<Duration>,
    },
    /// Stop what plays.
    StopPlay {
        /// Which.
        token: PlayToken,
    },
    /// Wait in a queue.
    Enqueue {
        /// Queue by name.
        queue: String,
        /// Minimum levels beyond the queue's own.
        skills: BTreeMap<String, u8>,
        /// Virtual head start.
        head_start: Duration,
        /// 0 emergency, 1 normal; the queue's own when none.
        class: Option<u8>,
    },
    /// Leave the queue: `key_exit` or the wait's own `give_up_after`.
    LeaveQueue {
        /// Left by a key rather than by time.
        by_key: bool,
    },
    /// A step begins.
    StepEntered {
        /// Block by name.
        block: String,
        /// From 0.
        step: u32,
        /// Action name.
        action: &'static str,
    },
    /// A choice in a menu: one part of the menu path.
    MenuChosen {
        /// The menu's block.
        block: String,
        /// The key or keys: `1`, `12`, `*`, `#`.
        key: String,
        /// The choice's label, or its target block.
        label: String,
    },
    /// Note something about the interaction.
    Tag {
        /// Name.
        key: String,
        /// Value.
        value: String,
    },
    /// Hang up; the flow is over.
    Hangup {
        /// Why.
        cause: FlowEnd,
    },
    /// The step budget or the wall-clock cap was hit; the flow goes to its `error` exit or ends. Told loudly.
    Incident {
        /// What, in words.
        what: String,
    },
}

/// Why the flow is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowEnd {
    /// A `hangup` step.
    Hangup,
    /// The last step was a `queue` that ended, so the call ends politely.
    AfterQueue,
    /// The caller hung up and the `hangup` exit is done.
    CallerLeft,
    /// A backstop.
    Backstop,
}
