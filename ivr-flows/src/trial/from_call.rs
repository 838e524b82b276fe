//! A call that happened as a test.
//!
//! **Owns**: what of a call becomes something the caller does, and what becomes something that must be seen.
//! **Must not know**: where calls are kept.
//!
//! Only what the log of a call has is there: which choices were made and when, never keys that chose nothing, and digits
//! only where the flow calls them harmless. Names, numbers and digits are made up unless they are asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::edit::{Tree, flow_text};
use crate::flow::{Action, Flow, Saying};
use crate::port::{KnownCustomer, QueueEnd};

/// A number that nobody has (Ofcom keeps it for films).
const NOBODYS: &str = "+442079460000";

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A step began: its block by name, its number from 0.
    Step {
        /// The block.
        block: String,
        /// The step.
        step: u32,
    },
    /// A choice was made in a menu.
    Chose {
        /// The key.
        key: String,
        /// Label, or where it led.
        label: String,
    },
    /// Digits were typed; none: they are not known.
    Typed(Option<String>),
    /// A tag was set.
    Tagged {
        /// Name.
        key: String,
        /// Value.
        value: String,
    },
    /// The language changed.
    Language(String),
    /// Began to wait in this queue.
    Queued(String),
    /// An agent and the caller hear each other.
    Answered,
    /// The waiting ended without an agent.
    NotAnswered(QueueEnd),
    /// The caller hung up.
    HungUp,
    /// The call is over.
    Ended,
}

/// A call.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// When it began, as `2026-11-23T10:30:00Z`.
    pub began: String,
    /// Who called; none: withheld, or nobody may know.
    pub from: Option<String>,
    /// What was dialled; none: nobody may know.
    pub to: Option<String>,
    /// The customer; none: nobody was found.
    pub customer: Option<KnownCustomer>,
    /// With everything as it was; else with made-up numbers, names and digits.
    pub personal: bool,
    /// What happened, with the time since the call began.
    pub happened: Vec<(Duration, Happened)>,
}

/// The story as a file of tests with one test in it.
#[must_use]
pub fn from_call(flow: &Flow, story: &Story) -> String {
    let mut teller = Teller {
        flow,
        story,
        acts: Vec::new(),
        expects: Vec::new(),
        queues: BTreeMap::new(),
        asked: None,
        collects: (1, None),
        queue: None,
        talks: None,
        last: Duration::ZERO,
    };
    for (at, what) in &story.happened {
        teller.tell(*at, what);
        teller.last = *at;
    }
    teller.text()
}

struct Teller<'f> {
    flow: &'f Flow,
    story: &'f Story,
    /// What is done, and after which prompt.
    acts: Vec<(Tree, Option<String>)>,
    expects: Vec<Tree>,
    queues: BTreeMap<String, Tree>,
    /// What the step that waits for keys asks with.
    asked: Option<String>,
    /// Fewest digits that are wanted, and the key that ends them where more could come.
    collects: (usize, Option<char>),
    /// The queue, and since when.
    queue: Option<(String, Duration)>,
    /// An agent is there since.
    talks: Option<Duration>,
    last: Duration,
}

fn entry(key: &str, value: Tree) -> Tree {
    Tree::Map(vec![(key.to_owned(), value)])
}

fn text(value: impl Into<String>) -> Tree {
    Tree::Text(value.into())
}

/// Whole seconds, one at least.
fn seconds(time: Duration) -> Tree {
    text(format!("{}s", time.as_secs().max(1)))
}

impl Teller<'_> {
    fn tell(&mut self, at: Duration, what: &Happened) {
        match what {
            Happened::Step { block, step } => self.step(at, block, *step),
            Happened::Chose { key, label } => {
                let key = match key.as_str() {
                    "*" => "star",
                    "#" => "hash",
                    key => key,
                };
                self.does(entry("press", text(key)));
                self.expects.push(entry("chooses", text(label)));
            }
            Happened::Typed(digits) => self.typed(digits.as_deref()),
            Happened::Tagged { key, value } if key == "voicemail" => {
                self.expects.push(entry("voicemail", text(value)));
            }
            Happened::Tagged { key, value } => {
                if self.story.personal || self.is_fixed(key) {
                    self.expects.push(entry("tag", entry(key, text(value))));
                }
            }
            Happened::Language(language) => self.expects.push(entry("language", text(language))),
            Happened::Queued(name) => {
                self.expects.push(entry("queued", text(name)));
                self.queue = Some((name.clone(), at));
            }
            Happened::Answered => {
                if let Some((name, since)) = self.queue.take() {
                    let waited = seconds(at.saturating_sub(since));
                    self.queues
                        .entry(name)
                        .or_insert_with(|| entry("answers", waited));
                }
                self.talks = Some(at);
            }
            Happened::NotAnswered(end) => self.not_answered(at, *end),
            Happened::HungUp => {
                let since = self.talks.take().unwrap_or(self.last);
                self.acts
                    .push((entry("wait", seconds(at.saturating_sub(since))), None));
                self.acts.push((entry("hang_up", Tree::Empty), None));
            }
            Happened::Ended => self.expects.push(entry("ends", Tree::Empty)),
        }
    }

    fn does(&mut self, what: Tree) {
        self.acts.push((what, self.asked.clone()));
    }

    fn step(&mut self, at: Duration, block: &str, step: u32) {
        if let Some(since) = self.talks.take() {
            // The flow goes on after a talk when the agent left first.
            self.acts
                .push((entry("wait", seconds(at.saturating_sub(since))), None));
            self.acts.push((entry("agent", text("leaves")), None));
        }
        let block = self
            .flow
            .block_index(block)
            .and_then(|at| self.flow.blocks.get(at));
        let step = usize::try_from(step).ok();
        let step = block
            .zip(step)
            .and_then(|(block, step)| block.steps.get(step));
        let Some(step) = step else {
            self.asked = None;
            return;
        };
        let named = |sayings: &[Saying]| {
            sayings.iter().rev().find_map(|saying| match saying {
                Saying::Prompt(name) => Some(name.text.clone()),
                Saying::Text(_) => None,
            })
        };
        self.asked = match &step.action {
            Action::Menu(menu) => named(&menu.prompt),
            Action::Collect(collect) => {
                let (least, most) = collect.digits;
                self.collects = (least, collect.end_key.filter(|_| least < most));
                named(&collect.prompt)
            }
            Action::Play(play) => {
                if let Some(name) = named(&play.sayings).filter(|_| step.when.is_none()) {
                    self.expects.push(entry("hears", text(name)));
                }
                None
            }
            _ => None,
        };
    }

    fn typed(&mut self, digits: Option<&str>) {
        let (least, end) = self.collects;
        let known = digits.filter(|_| self.story.personal);
        let mut keys = known.map_or_else(|| "1".repeat(least), str::to_owned);
        keys.extend(end);
        self.does(entry("press", text(keys)));
    }

    /// Whether every caller gets the same value.
    fn is_fixed(&self, key: &str) -> bool {
        let tags = self.flow.steps().filter_map(|step| match &step.action {
            Action::Tag(tags) => Some(tags),
            _ => None,
        });
        let mut own = tags.flatten().filter(|(name, _)| name == key).peekable();
        own.peek().is_some() && own.all(|(_, value)| value.is_fixed())
    }

    fn not_answered(&mut self, at: Duration, end: QueueEnd) {
        let Some((name, since)) = self.queue.take() else {
            return;
        };
        let waited = at.saturating_sub(since);
        let word = match end {
            QueueEnd::TimedOut => "timeout",
            QueueEnd::Full => "full",
            QueueEnd::Closed => "closed",
            QueueEnd::NoAgents => "no_agents",
            QueueEnd::Failed => return,
        };
        let gave_up = self
            .flow
            .waits
            .values()
            .filter_map(|wait| wait.give_up_after);
        let by_flow = gave_up
            .into_iter()
            .any(|time| time <= waited.saturating_add(Duration::from_secs(1)));
        if end == QueueEnd::TimedOut && by_flow {
            // What is said before the queue takes its time in the test too.
            let longer = waited.saturating_add(Duration::from_secs(60));
            self.acts.push((entry("wait", seconds(longer)), None));
        } else {
            self.queues
                .entry(name)
                .or_insert_with(|| entry("ends", text(word)));
        }
    }

    fn text(&self) -> String {
        let story = self.story;
        let mut out = String::from(
            "# A call that happened, as a test. Keys that chose nothing are not known, and digits are made up unless they\n\
             # are harmless: read it before you keep it.\n",
        );
        let _ = writeln!(
            out,
            "flow: {}\n\ntests:",
            flow_text(&text(self.flow.name()), false)
        );
        let _ = writeln!(
            out,
            "  - name: {}",
            flow_text(&text(format!("the call of {}", story.began)), true)
        );
        let _ = writeln!(out, "    now: {}", flow_text(&text(&story.began), true));
        let number = |own: &Option<String>| match own {
            Some(number) if story.personal => Some(number.clone()),
            Some(_) => Some(NOBODYS.to_owned()),
            None => None,
        };
        if let Some(from) = number(&story.from) {
            let _ = writeln!(out, "    caller: {}", flow_text(&text(from), true));
        }
        if let (Some(to), true) = (&story.to, story.personal) {
            let _ = writeln!(out, "    dialled: {}", flow_text(&text(to), true));
        }
        if let Some(customer) = &story.customer {
            let name = if story.personal {
                customer.name.as_str()
            } else {
                "Ana"
            };
            let language = Some(("language", customer.language.as_str()));
            let company = Some(("company", customer.company.as_str())).filter(|_| story.personal);
            let tier = Some(("tier", customer.tier.as_str()));
            let parts = [Some(("name", name)), company, language, tier]
                .into_iter()
                .flatten();
            let parts = parts.filter(|(_, value)| !value.is_empty());
            let parts = parts.map(|(key, value)| (key.to_owned(), text(value)));
            let _ = writeln!(
                out,
                "    customer: {}",
                flow_text(&Tree::Map(parts.collect()), true)
            );
        }
        if !self.queues.is_empty() {
            let queues = self.queues.clone().into_iter().collect();
            let _ = writeln!(out, "    queue: {}", flow_text(&Tree::Map(queues), false));
        }
        if !self.acts.is_empty() {
            out.push_str("    do:\n");
        }
        for (act, after) in &self.acts {
            let _ = writeln!(out, "      - {}", line(act));
            if let Some(after) = after {
                let _ = writeln!(out, "        after: {}", flow_text(&text(after), false));
            }
        }
        out.push_str("    expect:\n");
        for expect in &self.expects {
            let _ = writeln!(out, "      - {}", line(expect));
        }
        out
    }
}

/// `key: value` without brackets.
fn line(tree: &Tree) -> String {
    match tree {
        Tree::Map(entries) => {
            let each = entries.iter().map(|(key, value)| match value {
                Tree::Empty => format!("{key}:"),
                value => format!("{key}: {}", flow_text(value, false)),
            });
            each.collect::<Vec<_>>().join("\n")
        }
        other => flow_text(other, false),
    }
}
