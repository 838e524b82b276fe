//! Tests of flows: a scripted caller goes through a flow, and what must be heard and reached is looked for.
//!
//! **Owns**: `NAME.test.yaml` as values, [`read`] and [`run`].
//! **Must not know**: files, the clock (a test says what time it is), audio: a prompt lasts as long as its text would.
//!
//! The interpreter is the one that runs live calls; a wait of five minutes costs the few steps that happen in it.

mod coverage;
mod from_call;
#[cfg(test)]
mod from_call_tests;
#[cfg(test)]
mod remote_tests;
mod run;
mod seen;
#[cfg(test)]
mod tests;

use crate::calendar::Opening;
use crate::finding::Finding;
use crate::flow::Pos;
use crate::port::{DialEnd, FetchAnswer, KnownCustomer, QueueEnd, RecordAction};
use std::collections::BTreeMap;
use std::time::Duration;

pub use coverage::{steps, ways};
pub use from_call::{Happened, Story, from_call};
pub use run::{Outcome, run};
pub use seen::{Moment, Seen, prompts_by_file};

/// Reads one file of tests. `file` is only a name for the findings.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read(source: &str, file: &str) -> Result<Trials, Vec<Finding>> {
    crate::read::trials(source, file)
}

/// The tests of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trials {
    /// The flow by name.
    pub flow: String,
    /// In the order of the file.
    pub trials: Vec<Trial>,
}

/// One test: who calls when, what they do, what must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// As it is reported.
    pub name: String,
    /// Where it stands.
    pub pos: Pos,
    /// Who calls, whom, and when.
    pub caller: Caller,
    /// How queues treat the caller, by name.
    pub queues: BTreeMap<String, QueueMock>,
    /// What comes of calling somebody, by number or extension; without a word about it they talk for a minute.
    pub calls: BTreeMap<String, DialEnd>,
    /// What servers outside answer, by the step's id or its block.
    pub http: BTreeMap<String, HttpMock>,
    /// What the caller does, in order.
    pub acts: Vec<Act>,
    /// What must be seen, in this order.
    pub expects: Vec<(Pos, Expect)>,
    /// What must never be seen.
    pub never: Vec<(Pos, Expect)>,
}

/// What is known of the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Number, `call.from`.
    pub from: String,
    /// Number that was dialled, `call.to`.
    pub to: String,
    /// When the call begins, in milliseconds since 1970; none: no clock, so `hours` takes its `error` exit.
    pub began_at: Option<i64>,
    /// What calendars say, by name, whatever the time is.
    pub hours: BTreeMap<String, Opening>,
    /// Whom a `customer` step finds; none: nobody.
    pub customer: Option<KnownCustomer>,
}

/// How a queue treats the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueMock {
    /// An agent answers after so long; none: nobody ever does.
    pub answered_after: Option<Duration>,
    /// The waiting ends so at once.
    pub ends: Option<QueueEnd>,
    /// The caller's place.
    pub position: usize,
    /// The wait that the queue expects.
    pub expected: Option<Duration>,
}

/// What a server outside answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpMock {
    /// The answer.
    pub answer: FetchAnswer,
    /// It takes so long.
    pub after: Duration,
}

/// One thing the caller, or the agent, does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Where it stands.
    pub pos: Pos,
    /// Only once this prompt was heard to its end, or was cut off.
    pub after: Option<String>,
    /// What.
    pub what: What,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Keys, one after the other, once the flow listens.
    Press(String),
    /// Nothing for so long.
    Wait(Duration),
    /// The caller hangs up.
    HangUp,
    /// An agent answers the waiting caller.
    AgentAnswers,
    /// The agent hangs up first.
    AgentLeaves,
}

/// What must be seen, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A prompt by name, or a part of what is said.
    Hears(String),
    /// A queue with at least these levels.
    Queued {
        /// Name.
        to: String,
        /// Levels the step asks for.
        skills: BTreeMap<String, u8>,
    },
    /// A server outside is asked: the step's id, or its block.
    Http(String),
    /// A message in this box.
    Voicemail(String),
    /// A choice of a menu by its label.
    Chooses(String),
    /// A tag.
    Tag {
        /// Name.
        key: String,
        /// Value.
        value: String,
    },
    /// A question of a survey, and its answer; none: it was asked and not answered.
    Survey {
        /// As it is stored.
        question: String,
        /// The digit.
        answer: Option<u8>,
    },
    /// Somebody is called, by number or extension.
    Calls(String),
    /// An event for others, by name.
    Notify(String),
    /// Whether the call may be recorded.
    Consent(bool),
    /// What is done with the recording.
    Record(RecordAction),
    /// The call's language.
    Language(String),
    /// A block is entered.
    Block(String),
    /// The call is over.
    Ends,
}
