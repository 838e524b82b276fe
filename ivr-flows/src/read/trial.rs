//! `NAME.test.yaml` into [`Trials`].
//!
//! **Owns**: the keys of a test file.
//! **Must not know**: the flow: whether prompts, queues and blocks exist is seen when a test runs.

use super::{Fields, Reader, shortened};
use crate::calendar::{self, Opening};
use crate::finding::Finding;
use crate::flow::Pos;
use crate::port::{DialEnd, KnownCustomer, QueueEnd};
use crate::trial::{Act, Caller, Expect, HttpMock, QueueMock, Trial, Trials, What};
use crate::yaml::{self, Kind, Node};
use std::collections::BTreeMap;

const FILE: &[&str] = &["flow", "defaults", "tests"];
const DEFAULTS: &[&str] = &[
    "now", "hours", "caller", "dialled", "customer", "queue", "calls", "mock",
];
const TEST: &[&str] = &[
    "name", "now", "hours", "caller", "dialled", "customer", "queue", "calls", "mock", "do",
    "expect", "never",
];
const QUEUE: &[&str] = &["answers", "ends", "position", "expected_wait"];
const ACT: &[&str] = &["press", "wait", "hang_up", "agent", "after"];
const EXPECT: &[&str] = &[
    "hears",
    "http",
    "queued",
    "voicemail",
    "chooses",
    "tag",
    "survey",
    "consent",
    "record",
    "notify",
    "calls",
    "language",
    "block",
    "ends",
];
const ENDS: [(&str, QueueEnd); 4] = [
    ("timeout", QueueEnd::TimedOut),
    ("full", QueueEnd::Full),
    ("closed", QueueEnd::Closed),
    ("no_agents", QueueEnd::NoAgents),
];

/// What surrounds a call.
#[derive(Clone, Default)]
struct Around {
    caller: Caller,
    queues: BTreeMap<String, QueueMock>,
    /// What comes of calling others.
    calls: BTreeMap<String, DialEnd>,
    http: BTreeMap<String, HttpMock>,
}

/// Reads one file.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn trials(source: &str, file: &str) -> Result<Trials, Vec<Finding>> {
    let reading = yaml::read(source, file);
    let mut reader = Reader::new(file, reading.findings);
    let trials = match &reading.root {
        Some(root) => reader.trials(root),
        None => None,
    };
    if trials.is_none() && reader.findings.is_empty() {
        let (pos, help) = (
            Pos { line: 1, column: 1 },
            "begin with `flow: NAME` and `tests:`",
        );
        reader.error("F103", pos, "the file is empty", help);
    }
    match trials {
        Some(trials) if reader.findings.is_empty() => Ok(trials),
        _ => Err(reader.findings),
    }
}

impl Reader<'_> {
    fn trials(&mut self, root: &Node) -> Option<Trials> {
        let fields = self.fields(root, "a test file", FILE, &[])?;
        let flow = match fields.get("flow") {
            Some(node) => self.name(node, "a flow")?.text,
            None => {
                let help = "name the flow that is tested: `flow: support`";
                self.missing(fields.pos, "the file", "flow", help);
                return None;
            }
        };
        let mut common = Around::default();
        if let Some(node) = fields.get("defaults")
            && let Some(fields) = self.fields(node, "defaults of tests", DEFAULTS, &[])
        {
            common = self.circumstances(&fields, &common);
        }
        let mut trials = Vec::new();
        match fields.get("tests").map(|node| (&node.kind, node)) {
            Some((Kind::List(items), _)) => {
                trials.extend(items.iter().filter_map(|item| self.trial(item, &common)));
            }
            Some((_, node)) => self.wrong_kind(node, "a list of tests", "write `- name: …`"),
            None => self.missing(fields.pos, "the file", "tests", "write `tests:` and a list"),
        }
        Some(Trials { flow, trials })
    }

    fn trial(&mut self, node: &Node, common: &Around) -> Option<Trial> {
        let fields = self.fields(node, "a test", TEST, &[])?;
        let name = match fields.get("name") {
            Some(node) => self.text(node, "a test's name", "write it as text")?,
            None => {
                let help =
                    "say in a few words what it shows: `name: a silent caller reaches a person`";
                self.missing(fields.pos, "the test", "name", help);
                return None;
            }
        };
        let Around {
            caller,
            queues,
            calls,
            http,
        } = self.circumstances(&fields, common);
        let mut acts = Vec::new();
        for item in self.list(&fields, "do", "write `- press: 1`") {
            acts.extend(self.act(item));
        }
        let mut found = [Vec::new(), Vec::new()];
        for (key, found) in ["expect", "never"].iter().zip(&mut found) {
            for item in self.list(&fields, key, "write `- hears: PROMPT`") {
                found.extend(self.expect(item).map(|expect| (item.pos, expect)));
            }
        }
        let [expects, never] = found;
        if expects.is_empty() && never.is_empty() {
            let help = "say what must come of the call, such as `expect: [{ queued: support }]`";
            self.missing(fields.pos, "the test", "expect", help);
        }
        Some(Trial {
            name,
            pos: fields.pos,
            caller,
            queues,
            calls,
            http,
            acts,
            expects,
            never,
        })
    }

    fn list<'n>(&mut self, fields: &Fields<'n>, key: &str, help: &str) -> &'n [Node] {
        match fields.get(key).map(|node| (&node.kind, node)) {
            None | Some((Kind::Empty, _)) => &[],
            Some((Kind::List(items), _)) => items,
            Some((_, node)) => {
                self.wrong_kind(node, &format!("a list for `{key}`"), help);
                &[]
            }
        }
    }

    /// Who calls when, and what queues do; what is not said is as it is for all tests.
    fn circumstances(&mut self, fields: &Fields<'_>, common: &Around) -> Around {
        let Around {
            mut caller,
            mut queues,
            mut calls,
            mut http,
        } = common.clone();
        let help = "write the number in quotes, such as \"+34600111222\"";
        if let Some(node) = fields.get("caller") {
            caller.from = self.text(node, "a number", help).unwrap_or_default();
        }
        if let Some(node) = fields.get("dialled") {
            caller.to = self.text(node, "a number", help).unwrap_or_default();
        }
        if let Some(node) = fields.get("now") {
            caller.began_at = self.moment(node);
        }
        if let Some(node) = fields.get("hours") {
            caller.hours.extend(self.openings(node));
        }
        match fields.get("customer").map(|node| (&node.kind, node)) {
            None => {}
            Some((Kind::Text { text, .. }, _)) if text == "nobody" => caller.customer = None,
            Some((_, node)) => caller.customer = self.known_customer(node),
        }
        if let Some(node) = fields.get("queue") {
            for entry in self.entries(node, "queues", "write `support: { answers: 10s }`") {
                if let Some(mock) = self.queue_mock(&entry.value) {
                    queues.insert(entry.key.clone(), mock);
                }
            }
        }
        if let Some(node) = fields.get("calls") {
            for entry in self.entries(node, "calls", "write `\"+34911222333\": busy`") {
                calls.extend(
                    self.dial_end(&entry.value)
                        .map(|end| (entry.key.clone(), end)),
                );
            }
        }
        if let Some(node) = fields.get("mock") {
            self.mocks(node, &mut http);
        }
        Around {
            caller,
            queues,
            calls,
            http,
        }
    }

    fn dial_end(&mut self, node: &Node) -> Option<DialEnd> {
        let names: Vec<&str> = DialEnd::ALL.iter().map(|(name, _)| *name).collect();
        let help = format!("write one of {}", names.join(", "));
        let text = self.text(node, "an end of a call", &help)?;
        let known = DialEnd::ALL.iter().find(|(name, _)| *name == text);
        if known.is_none() {
            let what = format!("`{}` is no way in which a call ends", shortened(&text));
            self.error("F104", node.pos, what, help);
        }
        known.map(|(_, end)| *end)
    }

    /// What calendars say, by name.
    fn openings(&mut self, node: &Node) -> BTreeMap<String, Opening> {
        let names: Vec<&str> = Opening::ALL.iter().map(|(name, _)| *name).collect();
        let help = format!("write one of {}", names.join(", "));
        let mut openings = BTreeMap::new();
        for entry in self.entries(node, "calendars", "write `office: emergency`") {
            let Some(text) = self.text(&entry.value, "what a calendar says", &help) else {
                continue;
            };
            match Opening::ALL.iter().find(|(name, _)| *name == text) {
                Some((_, opening)) => {
                    openings.insert(entry.key.clone(), *opening);
                }
                None => {
                    let what = format!("`{}` is nothing that a calendar says", shortened(&text));
                    self.error("F104", entry.value.pos, what, help.clone());
                }
            }
        }
        openings
    }

    /// A moment with its offset, in milliseconds since 1970.
    fn moment(&mut self, node: &Node) -> Option<i64> {
        let help = "write it with its offset, such as 2026-11-23T10:30:00+01:00";
        let text = self.text(node, "a moment", help)?;
        let moment = calendar::moment(&text);
        if moment.is_none() {
            let what = format!("`{}` is no moment", shortened(&text));
            self.error("F104", node.pos, what, help);
        }
        moment
    }

    fn known_customer(&mut self, node: &Node) -> Option<KnownCustomer> {
        let names = ["name", "company", "language", "tier"];
        let fields = self.fields(node, "a customer", &names, &[])?;
        let mut text = |key: &str| {
            let node = fields.get(key)?;
            self.text(node, "a customer's data", "write it as text")
        };
        Some(KnownCustomer {
            name: text("name").unwrap_or_default(),
            company: text("company").unwrap_or_default(),
            language: text("language").unwrap_or_default(),
            tier: text("tier").unwrap_or_default(),
        })
    }

    fn queue_mock(&mut self, node: &Node) -> Option<QueueMock> {
        let fields = self.fields(node, "a queue", QUEUE, &[])?;
        let mut mock = QueueMock::default();
        if let Some(node) = fields.get("answers") {
            mock.answered_after = self.duration(node, "an answer");
        }
        if let Some(node) = fields.get("expected_wait") {
            mock.expected = self.duration(node, "a wait");
        }
        if let Some(node) = fields.get("position") {
            let place = self.number(node, "a place in the queue", 1, 10_000);
            mock.position = place
                .and_then(|place| usize::try_from(place).ok())
                .unwrap_or(1);
        }
        if let Some(node) = fields.get("ends") {
            let names: Vec<&str> = ENDS.iter().map(|(name, _)| *name).collect();
            let help = format!("write one of {}", names.join(", "));
            let text = self.text(node, "an end of waiting", &help)?;
            mock.ends = ENDS
                .iter()
                .find(|(name, _)| *name == text)
                .map(|(_, end)| *end);
            if mock.ends.is_none() {
                let what = format!("`{}` is no way in which waiting ends", shortened(&text));
                self.error("F104", node.pos, what, help);
            }
        }
        Some(mock)
    }

    /// One thing is done in one line; `after` may stand beside it.
    fn act(&mut self, node: &Node) -> Option<Act> {
        let fields = self.fields(node, "something to do", ACT, &[])?;
        let after = match fields.get("after") {
            Some(node) => Some(self.name(node, "a prompt")?.text),
            None => None,
        };
        let mut done = fields.entries.iter().filter(|entry| entry.key != "after");
        let (Some(entry), None) = (done.next(), done.next()) else {
            let help =
                "write one of `press`, `wait`, `hang_up`, `agent`, each in a line of its own";
            self.error("F103", node.pos, "one line does one thing", help);
            return None;
        };
        let what = match entry.key.as_str() {
            "press" => What::Press(self.pressed(&entry.value)?),
            "wait" => What::Wait(self.some_time(&entry.value, "waiting")?),
            "hang_up" => What::HangUp,
            "agent" => self.agent_does(&entry.value)?,
            _ => return None,
        };
        Some(Act {
            pos: node.pos,
            after,
            what,
        })
    }

    fn pressed(&mut self, node: &Node) -> Option<String> {
        let help = "write keys such as `1`, \"123456#\", `star` or `hash`";
        let text = self.text(node, "keys", help)?;
        let keys = match text.as_str() {
            "star" => "*".to_owned(),
            "hash" => "#".to_owned(),
            _ => text,
        };
        let is_key = |c: char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
        if keys.is_empty() || !keys.chars().all(is_key) {
            let what = format!("`{}` are no keys of a telephone", shortened(&keys));
            self.error("F104", node.pos, what, help);
            return None;
        }
        Some(keys)
    }

    fn agent_does(&mut self, node: &Node) -> Option<What> {
        let help = "write `agent: answers` or `agent: leaves`";
        match self.text(node, "what an agent does", help)?.as_str() {
            "answers" => Some(What::AgentAnswers),
            "leaves" => Some(What::AgentLeaves),
            other => {
                let what = format!("an agent does not `{}`", shortened(other));
                self.error("F104", node.pos, what, help);
                None
            }
        }
    }

    fn expect(&mut self, node: &Node) -> Option<Expect> {
        let fields = self.fields(node, "what is expected", EXPECT, &[])?;
        let [entry] = fields.entries else {
            let help =
                "write each expectation in a line of its own, in the order in which they come";
            self.error("F103", node.pos, "one line expects one thing", help);
            return None;
        };
        let mut text = |what: &str| self.text(&entry.value, what, "write its name");
        Some(match entry.key.as_str() {
            "hears" => Expect::Hears(text("a prompt")?),
            "http" => Expect::Http(text("a step")?),
            "voicemail" => Expect::Voicemail(text("a box")?),
            "notify" => Expect::Notify(text("an event")?),
            "calls" => Expect::Calls(text("a number or an extension")?),
            "chooses" => Expect::Chooses(text("a choice's label")?),
            "language" => Expect::Language(text("a language")?),
            "block" => Expect::Block(text("a block")?),
            "queued" => self.queued(&entry.value)?,
            "tag" => self.tagged(&entry.value)?,
            "survey" => self.surveyed(&entry.value)?,
            "consent" => Expect::Consent(self.granted(&entry.value)?),
            "record" => Expect::Record(self.record_action(&entry.value)?),
            "ends" => Expect::Ends,
            _ => return None,
        })
    }

    fn queued(&mut self, node: &Node) -> Option<Expect> {
        if let Kind::Text { text, .. } = &node.kind {
            return Some(Expect::Queued {
                to: text.clone(),
                skills: BTreeMap::new(),
            });
        }
        let fields = self.fields(node, "a queue that is expected", &["to", "skills"], &[])?;
        let Some(to) = fields.get("to") else {
            self.missing(
                node.pos,
                "the queue",
                "to",
                "write `queued: { to: support }`",
            );
            return None;
        };
        let to = self.name(to, "a queue")?.text;
        let mut skills = BTreeMap::new();
        if let Some(node) = fields.get("skills") {
            let levels = self.levels(node, 1).into_iter();
            skills.extend(levels.map(|(skill, (level, _))| (skill, level)));
        }
        Some(Expect::Queued { to, skills })
    }

    fn tagged(&mut self, node: &Node) -> Option<Expect> {
        let help = "write `tag: { NAME: VALUE }`";
        let [entry] = self.entries(node, "tags", help) else {
            self.wrong_kind(node, "one tag", help);
            return None;
        };
        let value = self.text(&entry.value, "a tag's value", help)?;
        Some(Expect::Tag {
            key: entry.key.clone(),
            value,
        })
    }

    fn surveyed(&mut self, node: &Node) -> Option<Expect> {
        let help = "write `survey: { csat: 4 }`, or `survey: { csat: none }`";
        let [entry] = self.entries(node, "answers", help) else {
            self.wrong_kind(node, "one answer", help);
            return None;
        };
        let question = entry.key.clone();
        let text = self.text(&entry.value, "an answer", help)?;
        let answer = match text.as_str() {
            "none" => None,
            _ => Some(u8::try_from(self.number(&entry.value, "an answer", 0, 9)?).ok()?),
        };
        Some(Expect::Survey { question, answer })
    }
}
