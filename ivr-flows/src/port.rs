//! What goes into the interpreter and what comes out. Times are the time since the call began.
//!
//! **Owns**: [`CallFacts`], [`FlowInput`], [`FlowOutput`]. Values only.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::calendar::CompanyHours;
use crate::spoken::Phrase;

mod fetch;

pub use fetch::{FetchAnswer, FetchBody, FetchRequest, FetchSecret, HttpMethod};

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
    /// The company's calendars, and those that somebody closed by hand.
    pub hours: CompanyHours,
}

/// A customer as a flow sees one. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KnownCustomer {
    /// The person's name; empty when not known.
    pub name: String,
    /// The company's name; empty when not known.
    pub company: String,
    /// The language they want, such as `es`; empty when not known.
    pub language: String,
    /// How the company ranks them, such as `gold`; empty when not known.
    pub tier: String,
}

impl fmt::Debug for KnownCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownCustomer(***)")
    }
}

/// What came of looking for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerAnswer {
    /// There is one, or one was made.
    Found(KnownCustomer),
    /// There is none.
    NotFound,
    /// It could not be found out.
    Failed,
}

/// One part of a playing: a file, else words for the speech command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// File below the prompts folder, such as `greeting.wav`; `LANG/greeting.wav` is looked for before it.
    pub file: Option<String>,
    /// What is said where there is no file.
    pub words: Option<Words>,
    /// Whose voice says them; none: the language's.
    pub voice: Option<String>,
}

/// How fast a text is taken to be spoken where nobody hears it, in characters a second.
pub(crate) const SPEED: usize = 15;

impl Sound {
    /// What is said, in letters; none: only the file knows.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        Some(match self.words.as_ref()? {
            Words::Fixed(text) | Words::Value(text) => text.clone(),
            Words::Digits(digits) => {
                let digits: Vec<String> = digits.chars().map(String::from).collect();
                digits.join(" ")
            }
            Words::Number(number) => number.to_string(),
            Words::Phrase(phrase) => phrase.text(),
            Words::Beep => "[beep]".to_owned(),
        })
    }

    /// How long it is taken to last where nobody hears it: by its text, a second at least.
    #[must_use]
    pub fn seems_to_last(&self) -> Duration {
        let letters = self.text().map_or(0, |text| text.chars().count());
        let seconds = letters.div_ceil(SPEED).max(1);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
    }

    /// Words of which there is no file.
    pub(crate) fn words(words: Words) -> Self {
        let words = Some(words);
        Self {
            file: None,
            words,
            voice: None,
        }
    }
}

/// Words. `Debug` does not show what may be a caller's own.
#[derive(Clone, PartialEq, Eq)]
pub enum Words {
    /// Stands so in the flow: the same for every caller.
    Fixed(String),
    /// A whole number.
    Number(i64),
    /// Said digit by digit.
    Digits(String),
    /// A value in a form: a sum of money, a date; may be personal.
    Phrase(Phrase),
    /// Any other value; may be personal.
    Value(String),
    /// The tone after which a message is recorded.
    Beep,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(text) => f.debug_tuple("Fixed").field(text).finish(),
            Self::Number(_) => f.write_str("Number(***)"),
            Self::Digits(_) => f.write_str("Digits(***)"),
            Self::Phrase(_) => f.write_str("Phrase(***)"),
            Self::Value(_) => f.write_str("Value(***)"),
            Self::Beep => f.write_str("Beep"),
        }
    }
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
        /// How long until an agent is expected to answer; none when nobody can tell.
        expected: Option<Duration>,
    },
    /// Nothing of a playing could be made audible.
    PlayFailed(PlayToken),
    /// What [`FlowOutput::FindCustomer`] of this number asked for.
    Customer {
        /// Which question.
        ask: u32,
        /// The answer.
        answer: CustomerAnswer,
    },
    /// What came of [`FlowOutput::Fetch`] of this number.
    Fetched {
        /// Which question.
        ask: u32,
        /// The answer.
        answer: FetchAnswer,
    },
    /// The caller has said nothing for as long as [`FlowOutput::StartVoicemail`] allows.
    CallerSilent,
    /// The message cannot be recorded.
    RecordingFailed,
    /// An agent and the caller are connected: the wait's audio must yield at once.
    AgentConnected,
    /// The waiting ended without an agent.
    QueueEnded(QueueEnd),
    /// The queue is closed for now: this is said, then exit `closed` is taken.
    QueueClosed {
        /// What is said.
        message: Sound,
    },
    /// The queue sends the caller to its voicemail: a message is taken, then the call ends.
    QueueVoicemail {
        /// Whose it is.
        mailbox: String,
        /// What is heard before the tone.
        greeting: Option<Sound>,
    },
    /// The agent left first; the caller is still there.
    AgentLeft,
    /// The caller hung up.
    HungUp,
    /// What came of [`FlowOutput::Dial`].
    DialEnded(DialEnd),
    /// A deadline passed.
    Tick,
}

/// What a `queue` step asks for beyond levels, head start and class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueWishes {
    /// One of these must be met besides; none: nothing besides.
    pub any_of: Vec<BTreeMap<String, u8>>,
    /// In place of the queue's own ladder.
    pub ladder: Option<Vec<QueueStep>>,
    /// How long the caller waits for the agent they spoke with last alone; none: as the queue says.
    pub last_agent: Option<Duration>,
    /// Ends for which the step or its wait has an exit; there the queue's own way does not count.
    pub own_exits: Vec<QueueEnd>,
}

/// One step of a ladder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueStep {
    /// From this wait on.
    pub after: Duration,
    /// No more than these levels; 0 drops the skill.
    pub skills: BTreeMap<String, u8>,
    /// Agents up to this tier; none: as before.
    pub max_tier: Option<u8>,
    /// Agents of these queues too, by name.
    pub queues: Vec<String>,
    /// Counts as waited besides.
    pub head_start: Duration,
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
    /// Let the caller hear what follows though the call is not answered (183).
    EarlyMedia,
    /// Answer the call (200 OK).
    Answer,
    /// Play prompts one after the other; replaces what plays.
    Play {
        /// Names this playing.
        token: PlayToken,
        /// What is heard, in order. Empty: nothing can be said, so the playing ends at once.
        sounds: Vec<Sound>,
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
        /// What else is asked for.
        wishes: Box<QueueWishes>,
    },
    /// Look for the customer with this number.
    FindCustomer {
        /// Names the question.
        ask: u32,
        /// As it was typed or sent; never to be logged.
        number: Digits,
        /// Make one when there is none.
        create: bool,
    },
    /// Ask a server outside.
    Fetch {
        /// Names the question.
        ask: u32,
        /// What is asked.
        request: Box<FetchRequest>,
    },
    /// Record what the caller says.
    StartVoicemail {
        /// Tell [`FlowInput::CallerSilent`] after so much silence.
        silence: Duration,
    },
    /// The recording is over.
    StopVoicemail {
        /// Whose message; none: it was too short to be one.
        mailbox: Option<String>,
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
    /// A way out of a step is taken that the file names; right before what comes of it.
    WayTaken(Way),
    /// A choice in a menu: one part of the menu path.
    MenuChosen {
        /// The menu's block.
        block: String,
        /// The key or keys: `1`, `12`, `*`, `#`.
        key: String,
        /// The choice's label, or its target block.
        label: String,
    },
    /// Digits that were asked for are there.
    Typed {
        /// The block that asked.
        block: String,
        /// What they are, in words or as the variable's name.
        label: String,
        /// The digits, where the flow says that they are harmless.
        digits: Option<Digits>,
    },
    /// A question of a survey was asked: the answer, or that there is none.
    SurveyAnswered {
        /// The name under which answers are kept.
        question: String,
        /// The digit that was pressed; none: the caller gave no answer.
        answer: Option<u8>,
    },
    /// The caller was asked whether the call may be recorded.
    Consent {
        /// It may.
        granted: bool,
        /// The caller said so by a key; else the step says what holds for one who presses nothing.
        by_key: bool,
    },
    /// Something is to be done with the recording of the call.
    Record {
        /// What.
        what: RecordAction,
    },
    /// Call somebody for the caller and join the two; answered by [`FlowInput::DialEnded`].
    Dial {
        /// Whom.
        to: DialTo,
        /// As whom.
        shown: ShownAs,
        /// How long it may ring.
        ring: Duration,
    },
    /// Something has happened that others want to know.
    Notify {
        /// What, by name.
        event: String,
        /// What goes with it, by name.
        data: BTreeMap<String, String>,
    },
    /// The call was not answered and is about to end: refuse it so.
    RefuseWith {
        /// SIP status.
        status: u16,
    },
    /// The call's language changed.
    LanguageSet {
        /// To this one.
        language: String,
        /// By a step for it alone, not by what is known of the customer.
        chosen: bool,
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

/// A way out that stands in the file: an exit, a key of a menu, a case of a `branch`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Whose it is.
    pub of: WayOf,
    /// The exit, the key or the number of the case as it stands there: `timeout`, `12`, `case 1`, `else`.
    pub name: String,
}

/// Whose a way out is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WayOf {
    /// A step's own.
    Step {
        /// Block by name.
        block: String,
        /// From 0.
        step: u32,
    },
    /// A wait's, by name.
    Wait(String),
    /// The flow's, under `defaults:`.
    Defaults,
}

/// Whom a flow calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialTo {
    /// A number in its international form, as it stands in the flow.
    Number(String),
    /// An agent's extension.
    Agent(String),
}

/// What the called party is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownAs {
    /// The number that the trunk has for calls out.
    Company,
    /// The caller's own, where it is known.
    Caller,
}

/// How calling somebody ended; each is an exit of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialEnd {
    /// They talked, and the called party hung up first.
    Done,
    /// Nobody answered.
    NoAnswer,
    /// They are talking, or do not want the call.
    Busy,
    /// It could not be called.
    Failed,
}

impl DialEnd {
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("done", Self::Done),
        ("no_answer", Self::NoAnswer),
        ("busy", Self::Busy),
        ("failed", Self::Failed),
    ];
}

/// What a flow can do with the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordAction {
    /// Begin; goes on into the next talk and ends with it.
    Start,
    /// End, and record no talk until it is begun again.
    Stop,
    /// Silence from here on.
    Pause,
    /// Sound again.
    Resume,
}

impl RecordAction {
    pub(crate) const ALL: [Self; 4] = [Self::Start, Self::Stop, Self::Pause, Self::Resume];

    /// As a flow writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// Digits that a caller typed or a network sent. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(pub String);

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(***)")
    }
}

/// Why the flow is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowEnd {
    /// A `hangup` step.
    Hangup,
    /// The last step was a `queue` or `voicemail` that ended, so the call ends politely.
    AfterQueue,
    /// The caller hung up and the `hangup` exit is done.
    CallerLeft,
    /// A backstop.
    Backstop,
}
