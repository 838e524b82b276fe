//! A flow as it was read: blocks of steps, prompts, waits, and where each stood in the file.
//!
//! **Owns**: the values that [`crate::parse()`] makes, the checks look at and the interpreter runs.
//! **Must not know**: YAML, the state of any call.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::calendar::Calendar;
use crate::expression::{Expression, Template};

mod audio;
mod call;
mod exits;
mod http;
mod not_yet;
mod queue;
mod recording;
mod small;
mod step;
mod survey;
mod transfer;
mod value;
mod voices;
mod wait_keys;

pub use audio::{FixedWords, PromptPiece};
pub(crate) use call::{Call, Input, Interface};
pub(crate) use exits::{ExitName, Exits, find_exit, find_word};
pub(crate) use http::{Http, SecretUse};
pub(crate) use not_yet::NotYet;
pub(crate) use queue::{Levels, Queue, Rung, Wait};
pub(crate) use recording::{Consent, Record};
pub(crate) use small::{Confirm, Format, Notify};
pub(crate) use step::{Action, Step};
pub(crate) use survey::{Question, Survey};
pub(crate) use transfer::{Transfer, TransferTo};
pub(crate) use value::Number;
pub use value::Value;
pub(crate) use value::{Given, duration, time};
pub(crate) use voices::Voices;
pub(crate) use wait_keys::{WaitKey, WaitThen};

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
    /// Variables without a `default:`.
    pub(crate) unset: BTreeSet<String>,
    /// Variables of type `secret`: names of what the settings hold. Their values never come here.
    pub(crate) secret_vars: BTreeMap<String, Pos>,
    /// What it takes and gives when another flow calls it.
    pub(crate) interface: Interface,
    /// The flows that it calls, and those that they call: see [`crate::link()`].
    pub(crate) set: Arc<BTreeMap<String, Arc<Self>>>,
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

    /// The same under another name: how the calls of a draft are told from those of what is live.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        let mut flow = self.clone();
        name.clone_into(&mut flow.name.text);
        flow
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

    /// Whether a step finds out who calls.
    pub(crate) fn asks_for_customer(&self) -> bool {
        self.steps()
            .any(|step| matches!(step.action, Action::Customer(_)))
    }

    /// Variables whose digits must not be heard or noted.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.steps().filter_map(|step| match &step.action {
            Action::Collect(collect) if collect.sensitive => Some(collect.into.text.as_str()),
            _ => None,
        })
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

    /// Every list of what a caller may hear, those of prompts by name included.
    pub(crate) fn sayings(&self) -> impl Iterator<Item = &Saying> {
        let defaults = self.defaults.no_input.iter().chain(&self.defaults.no_match);
        let waits = self.waits.values().flat_map(|wait| &wait.plays);
        let waits = waits.flat_map(|(_, play)| &play.sayings);
        let keys = self.waits.values().flat_map(|wait| &wait.keys);
        let keys = keys.flat_map(|key| match &key.then {
            WaitThen::Hear(sayings) => sayings.as_slice(),
            WaitThen::Leave(_) => &[],
        });
        defaults
            .chain(self.steps().flat_map(Step::sayings))
            .chain(waits)
            .chain(keys)
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
    pub(crate) no_input: Vec<Saying>,
    pub(crate) no_match: Vec<Saying>,
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
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Where it is defined.
    pub pos: Pos,
    /// Text by language, as written; empty for music.
    pub texts: BTreeMap<String, String>,
    /// Audio file below the prompts folder: what `file:` says, else `NAME.wav`. Of a text with values the parts between
    /// them are `NAME-1.wav`, `NAME-2.wav` …
    pub file: String,
    /// The same texts with their expressions.
    pub(crate) spoken: BTreeMap<String, Template>,
    pub(crate) voices: Voices,
}

impl Prompt {
    /// Whether every caller hears the same.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.spoken.values().all(Template::is_fixed)
    }
}

/// A part of what a step says: a prompt by name, or a text of its own.
#[derive(Clone, Debug)]
pub(crate) enum Saying {
    Prompt(Name),
    Text(Spoken),
}

/// A text that the speech command says, by language.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    pub(crate) pos: Pos,
    pub(crate) texts: BTreeMap<String, Template>,
    pub(crate) voices: Voices,
}

/// A list of steps under a name. A `do:` list becomes a block of its own, named `BLOCK/KEY`.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) name: Name,
    /// It stood in a `do:` list.
    pub(crate) inline: bool,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Play {
    /// Written as `say`.
    pub(crate) said: bool,
    pub(crate) sayings: Vec<Saying>,
    /// None: as the defaults say.
    pub(crate) barge_in: Option<bool>,
    /// Music: repeat for this long, going on where the file last stopped.
    pub(crate) lasts: Option<Duration>,
    /// So often, one after the other.
    pub(crate) times: u32,
    pub(crate) exits: Exits,
}

impl Play {
    /// Something is said so often in one step at most.
    pub(crate) const MOST_TIMES: u32 = 10;
}

#[derive(Clone, Debug)]
pub(crate) struct Menu {
    pub(crate) prompt: Vec<Saying>,
    pub(crate) short_prompt: Vec<Saying>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) input: InputRules,
    /// False: keys pressed before the menu asks are dropped.
    pub(crate) type_ahead: bool,
    pub(crate) no_input: Vec<Saying>,
    pub(crate) no_match: Vec<Saying>,
    pub(crate) exits: Exits,
}

/// Asks for digits.
#[derive(Clone, Debug)]
pub(crate) struct Collect {
    /// The variable of type `string` that takes the digits.
    pub(crate) into: Name,
    pub(crate) prompt: Vec<Saying>,
    pub(crate) short_prompt: Vec<Saying>,
    /// Fewest and most digits.
    pub(crate) digits: (usize, usize),
    pub(crate) end_key: Option<char>,
    /// Wrong input unless it has this form.
    pub(crate) format: Option<Format>,
    /// Wrong input unless it holds.
    pub(crate) check: Option<Expression>,
    /// Read back before it counts.
    pub(crate) confirm: Option<Confirm>,
    /// Nothing typed ahead counts, and the value must not be heard or noted.
    pub(crate) sensitive: bool,
    /// What the digits are, for people.
    pub(crate) label: Option<String>,
    /// An agent may see them, and they may be noted.
    pub(crate) harmless: bool,
    pub(crate) input: InputRules,
    pub(crate) no_input: Vec<Saying>,
    pub(crate) no_match: Vec<Saying>,
    pub(crate) exits: Exits,
}

/// Looks up who calls.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    /// The telephone number by which the customer is looked for.
    pub(crate) by: Expression,
    /// Make a customer with that number when there is none.
    pub(crate) create: bool,
    pub(crate) timeout: Duration,
    pub(crate) exits: Exits,
}

/// Changes the call's language.
#[derive(Clone, Debug)]
pub(crate) enum Language {
    /// To this one.
    To(Name),
    /// To the value, when the flow offers it.
    From {
        from: Expression,
        /// What asks the caller otherwise: said in one language after the other, key 1 for the first that is offered.
        ask: Vec<Saying>,
    },
}

impl Language {
    /// Callers can choose among so many: there are keys for them.
    pub(crate) const MOST_ASKED: usize = 9;
}

/// Records a message.
#[derive(Clone, Debug)]
pub(crate) struct Voicemail {
    /// Whose it is: a queue of the company.
    pub(crate) mailbox: Name,
    pub(crate) prompt: Vec<Saying>,
    /// The caller hears a tone before the recording begins.
    pub(crate) beep: bool,
    pub(crate) most: Duration,
    /// Shorter ones take `too_short`.
    pub(crate) least: Duration,
    /// Ends after so much silence.
    pub(crate) silence: Duration,
    pub(crate) end_key: Option<char>,
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
pub(crate) enum Target {
    Block(Name),
    Hangup,
    /// Back to the flow that called.
    Return,
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
