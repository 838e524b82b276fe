//! A flow as it was read: blocks of steps, prompts, waits, and where each stood in the file.
//!
//! **Owns**: the values that [`crate::parse()`] makes, the checks look at and the interpreter runs.
//! **Must not know**: YAML, the state of any call.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::calendar::Calendar;
use crate::expression::{Expression, Template};

/// Where something stands in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A name as written, with its place: a block, prompt, queue, wait or skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub pos: Pos,
}

/// One flow file.
#[derive(Clone, Debug)]
pub struct Flow {
    pub(crate) file: String,
    pub(crate) hash: String,
    pub(crate) name: Name,
    pub(crate) title: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) languages: Languages,
    pub(crate) defaults: Defaults,
    pub(crate) prompts: BTreeMap<String, Prompt>,
    pub(crate) vars: BTreeMap<String, Value>,
    pub(crate) blocks: Vec<Block>,
    /// Where each block stands in `blocks`.
    pub(crate) index: HashMap<String, usize>,
    pub(crate) waits: BTreeMap<String, Wait>,
    pub(crate) calendars: BTreeMap<String, Calendar>,
}

impl Flow {
    /// The name by which numbers refer to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name.text
    }

    /// The title for people, or the name.
    #[must_use]
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or_else(|| self.name())
    }

    /// Who is told when the flow needs care.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// The file as the caller of [`crate::parse()`] named it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// SHA-256 of the source text, in hexadecimal: equal when the texts are equal.
    #[must_use]
    pub fn content_hash(&self) -> &str {
        &self.hash
    }

    /// Languages of the flow.
    #[must_use]
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// Prompts by name.
    #[must_use]
    pub fn prompts(&self) -> &BTreeMap<String, Prompt> {
        &self.prompts
    }

    /// Names of the blocks as the file has them, without those that stand in a `do:` list.
    pub fn block_names(&self) -> impl Iterator<Item = &str> {
        self.blocks
            .iter()
            .filter(|block| !block.inline)
            .map(|block| block.name.text.as_str())
    }

    /// Names of the queues that steps refer to, each once.
    #[must_use]
    pub fn queue_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .steps()
            .filter_map(|step| match &step.action {
                Action::Queue(queue) => Some(queue.to.text.as_str()),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Every name that a `tag` step sets, as often as it stands there.
    pub(crate) fn tag_names(&self) -> impl Iterator<Item = &str> {
        self.steps()
            .filter_map(|step| match &step.action {
                Action::Tag(tags) => Some(tags),
                _ => None,
            })
            .flatten()
            .map(|(name, _)| name.as_str())
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.blocks.iter().flat_map(|block| block.steps.iter())
    }

    pub(crate) fn block_index(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }
}

/// SHA-256 of `text` in hexadecimal.
pub(crate) fn content_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Languages as tags such as `en`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Languages {
    /// The one a call begins with.
    pub default: String,
    /// All that callers may get; holds the default.
    pub offer: Vec<String>,
}

/// What every step uses unless it says otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults {
    pub(crate) input: InputRules,
    pub(crate) no_input: Vec<Name>,
    pub(crate) no_match: Vec<Name>,
    pub(crate) exits: Exits,
}

/// Timing and tries of what asks the caller for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InputRules {
    pub(crate) timeout: Duration,
    pub(crate) between_digits: Duration,
    pub(crate) tries: u32,
    pub(crate) barge_in: bool,
}

impl Default for InputRules {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(6),
            between_digits: Duration::from_secs(3),
            tries: 3,
            barge_in: true,
        }
    }
}

/// What callers hear under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Where it is defined.
    pub pos: Pos,
    /// Text by language; empty for music.
    pub texts: BTreeMap<String, String>,
    /// Audio file below the prompts folder: what `file:` says, else `NAME.wav`.
    pub file: String,
}

/// The value of a variable; its kind is the variable's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `type: string`.
    Text(String),
    /// `type: int`.
    Int(i64),
    /// `type: bool`.
    Bool(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
        }
    }
}

/// A list of steps under a name. A `do:` list becomes a block of its own, named `BLOCK/KEY`.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) name: Name,
    /// It stood in a `do:` list.
    pub(crate) inline: bool,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) pos: Pos,
    /// Passed over when it is false.
    pub(crate) when: Option<Expression>,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Answer,
    Play(Play),
    Menu(Box<Menu>),
    Go(Go),
    Branch(Branch),
    Hours(Hours),
    Set(Vec<(Name, Value)>),
    Tag(Vec<(String, Template)>),
    Queue(Box<Queue>),
    Hangup,
}

impl Step {
    /// Every expression of the step: any of them can fail.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        let mut all: Vec<&Expression> = self.when.iter().collect();
        match &self.action {
            Action::Branch(branch) => all.extend(branch.cases.iter().map(|(when, _)| when)),
            Action::Tag(tags) => all.extend(tags.iter().flat_map(|(_, value)| value.expressions())),
            _ => {}
        }
        all
    }
}

impl Action {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Play(_) => "play",
            Self::Menu(_) => "menu",
            Self::Go(_) => "go",
            Self::Branch(_) => "branch",
            Self::Hours(_) => "hours",
            Self::Set(_) => "set",
            Self::Tag(_) => "tag",
            Self::Queue(_) => "queue",
            Self::Hangup => "hangup",
        }
    }

    /// The exits that the step itself names.
    pub(crate) fn exits(&self) -> Option<&Exits> {
        match self {
            Self::Play(play) => Some(&play.exits),
            Self::Menu(menu) => Some(&menu.exits),
            Self::Hours(hours) => Some(&hours.exits),
            Self::Queue(queue) => Some(&queue.exits),
            Self::Answer
            | Self::Go(_)
            | Self::Branch(_)
            | Self::Set(_)
            | Self::Tag(_)
            | Self::Hangup => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Play {
    pub(crate) prompts: Vec<Name>,
    /// None: as the defaults say.
    pub(crate) barge_in: Option<bool>,
    /// Music: repeat for this long, going on where the file last stopped.
    pub(crate) lasts: Option<Duration>,
    pub(crate) exits: Exits,
}

#[derive(Clone, Debug)]
pub(crate) struct Menu {
    pub(crate) prompt: Vec<Name>,
    pub(crate) short_prompt: Vec<Name>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) input: InputRules,
    /// False: keys pressed before the menu asks are dropped.
    pub(crate) type_ahead: bool,
    pub(crate) no_input: Vec<Name>,
    pub(crate) no_match: Vec<Name>,
    pub(crate) exits: Exits,
}

#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// One or more of `0`-`9`, `*`, `#`, `A`-`D`.
    pub(crate) keys: String,
    pub(crate) pos: Pos,
    pub(crate) label: Option<String>,
    pub(crate) then: ChoiceTarget,
}

#[derive(Clone, Debug)]
pub(crate) enum ChoiceTarget {
    Repeat,
    Leave(Target),
}

#[derive(Clone, Debug)]
pub(crate) struct Go {
    pub(crate) to: Target,
    pub(crate) bound: Option<Bound>,
}

/// The first case that holds.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) cases: Vec<(Expression, Target)>,
    /// None: the next step.
    pub(crate) otherwise: Option<Target>,
}

/// Is a calendar open? On with the next step when it is.
#[derive(Clone, Debug)]
pub(crate) struct Hours {
    pub(crate) check: Name,
    pub(crate) exits: Exits,
}

/// At most so many times in a call, then elsewhere, or on with the next step.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) at_most: u32,
    pub(crate) then: Option<Target>,
}

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) to: Name,
    pub(crate) skills: BTreeMap<String, (u8, Pos)>,
    pub(crate) head_start: Duration,
    /// 0 emergency, 1 normal; none: the queue's own.
    pub(crate) class: Option<u8>,
    pub(crate) wait: Option<Name>,
    pub(crate) exits: Exits,
}

/// What a waiting caller hears.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    pub(crate) pos: Pos,
    pub(crate) plays: Vec<Play>,
    pub(crate) give_up_after: Option<Duration>,
    pub(crate) exits: Exits,
}

#[derive(Clone, Debug)]
pub(crate) enum Target {
    Block(Name),
    Hangup,
}

pub(crate) type Exits = BTreeMap<ExitName, Target>;

/// The documented ways out of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExitName {
    Answered,
    Timeout,
    Full,
    Closed,
    NoAgents,
    Open,
    Holiday,
    Interrupted,
    Exhausted,
    ExhaustedSilence,
    ExhaustedWrong,
    Error,
    Hangup,
}

impl ExitName {
    pub(crate) const PLAY: &[Self] = &[Self::Interrupted, Self::Error, Self::Hangup];
    pub(crate) const MENU: &[Self] = &[
        Self::Exhausted,
        Self::ExhaustedSilence,
        Self::ExhaustedWrong,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const QUEUE: &[Self] = &[
        Self::Answered,
        Self::Timeout,
        Self::Full,
        Self::Closed,
        Self::NoAgents,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const HOURS: &[Self] = &[
        Self::Open,
        Self::Closed,
        Self::Holiday,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const ALL: &[Self] = &[
        Self::Answered,
        Self::Timeout,
        Self::Full,
        Self::Closed,
        Self::NoAgents,
        Self::Open,
        Self::Holiday,
        Self::Interrupted,
        Self::Exhausted,
        Self::ExhaustedSilence,
        Self::ExhaustedWrong,
        Self::Error,
        Self::Hangup,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Timeout => "timeout",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::NoAgents => "no_agents",
            Self::Open => "open",
            Self::Holiday => "holiday",
            Self::Interrupted => "interrupted",
            Self::Exhausted => "exhausted",
            Self::ExhaustedSilence => "exhausted_silence",
            Self::ExhaustedWrong => "exhausted_wrong",
            Self::Error => "error",
            Self::Hangup => "hangup",
        }
    }
}

/// Finds an exit: the step's own, then its wait's, then the inherited one; an `exhausted_…` is also answered by
/// `exhausted` of the same place, and `holiday` by `closed`, because the nearer word wins.
pub(crate) fn find_exit<'f>(
    places: impl IntoIterator<Item = &'f Exits>,
    exit: ExitName,
) -> Option<&'f Target> {
    let whole = match exit {
        ExitName::ExhaustedSilence | ExitName::ExhaustedWrong => Some(ExitName::Exhausted),
        ExitName::Holiday => Some(ExitName::Closed),
        _ => None,
    };
    places.into_iter().find_map(|exits| {
        exits
            .get(&exit)
            .or_else(|| whole.and_then(|whole| exits.get(&whole)))
    })
}

impl Flow {
    /// The exits that hold for a step, nearest first.
    pub(crate) fn exit_places<'f>(&'f self, action: &'f Action) -> Vec<&'f Exits> {
        let wait = match action {
            Action::Queue(queue) => self.wait_of(queue).map(|wait| &wait.exits),
            _ => None,
        };
        action
            .exits()
            .into_iter()
            .chain(wait)
            .chain([&self.defaults.exits])
            .collect()
    }

    pub(crate) fn wait_of(&self, queue: &Queue) -> Option<&Wait> {
        queue
            .wait
            .as_ref()
            .and_then(|name| self.waits.get(&name.text))
    }
}
