//! The positioned tree into a [`Flow`]: shapes, types and known keys.
//!
//! **Owns**: which keys each part of a flow file has, and the words said about a wrong one.
//! **Must not know**: YAML text, whether the names that are mentioned exist (that is the checks').

use crate::finding::{Finding, FindingLevel};
use crate::flow::{Block, Defaults, Flow, Pos, content_hash};
use crate::nearest::suggest;
use crate::yaml::{self, Entry, Kind, Node};

mod branch;
mod call;
mod exits;
mod hours;
mod http;
mod input;
mod ladder;
mod menu;
mod mocks;
mod not_yet;
mod queue;
mod raw;
mod recording;
mod remote;
mod saying;
mod scalar;
mod small;
mod step;
mod survey;
mod top;
mod transfer;
mod trial;
mod vars;
mod wait_keys;

pub(crate) use scalar::duration;
pub(crate) use trial::trials;
pub(crate) use vars::kind_help;

/// No more findings than this from one file.
const MAX_FINDINGS: usize = 200;

/// What came of reading a source: the flow as far as it could be understood, and what is wrong.
pub(crate) struct Outcome {
    /// Present when the file is a map; only whole when `findings` has no error.
    pub(crate) flow: Option<Flow>,
    pub(crate) findings: Vec<Finding>,
}

impl Outcome {
    pub(crate) fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.level == FindingLevel::Error)
    }
}

pub(crate) fn read(source: &str, file: &str) -> Outcome {
    let reading = yaml::read(source, file);
    let mut reader = Reader::new(file, reading.findings);
    raw::look(source, &mut reader);
    let flow = match reading.root {
        Some(root) => top::flow(&mut reader, &root, content_hash(source)),
        None => {
            if reader.findings.is_empty() {
                let help = "begin with `flow: 1`, `name:` and `blocks:`";
                reader.error(
                    "F103",
                    Pos { line: 1, column: 1 },
                    "the file is empty",
                    help,
                );
            }
            None
        }
    };
    let mut findings = reader.findings;
    findings.sort_by_key(|finding| (finding.line, finding.column));
    Outcome { flow, findings }
}

/// The actions that the reader knows.
#[cfg(test)]
pub(crate) fn known_actions() -> &'static [&'static str] {
    &step::ACTIONS
}

/// The maps that stand in a source, by the reader's name for them, with the keys that each may have.
#[cfg(test)]
pub(crate) fn recorded_keys(source: &str) -> Vec<(String, Vec<String>)> {
    let reading = yaml::read(source, "test");
    let mut reader = Reader::new("test", reading.findings);
    if let Some(root) = reading.root {
        top::flow(&mut reader, &root, String::new());
    }
    reader.recorded
}

/// Collects findings and the blocks that `do:` lists become; knows the defaults once they are read.
struct Reader<'a> {
    file: &'a str,
    findings: Vec<Finding>,
    inline: Vec<Block>,
    defaults: Defaults,
    /// The flow's default language.
    language: String,
    /// Which keys each map was found to have, for the test that holds the reference to the reader.
    #[cfg(test)]
    recorded: Vec<(String, Vec<String>)>,
}

impl<'a> Reader<'a> {
    /// Goes on behind what is wrong with the text itself.
    fn new(file: &'a str, findings: Vec<Finding>) -> Self {
        Self {
            file,
            findings,
            inline: Vec::new(),
            defaults: Defaults::default(),
            language: String::new(),
            #[cfg(test)]
            recorded: Vec::new(),
        }
    }
}

impl Reader<'_> {
    fn error(
        &mut self,
        code: &'static str,
        pos: Pos,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings
                .push(Finding::error(code, self.file, pos, message, help));
        }
    }

    fn warning(
        &mut self,
        code: &'static str,
        pos: Pos,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.findings.len() < MAX_FINDINGS {
            let finding = Finding::error(code, self.file, pos, message, help);
            self.findings.push(finding.into_warning());
        }
    }

    /// Something of the language that this version does not run yet.
    fn later(&mut self, pos: Pos, what: &str) {
        let message = format!("{what} comes with a later version of Cordboard");
        self.error(
            "F101",
            pos,
            message,
            "remove it for now; nothing is silently left out",
        );
    }

    fn wrong_kind(&mut self, node: &Node, wanted: &str, help: &str) {
        let found = match &node.kind {
            Kind::Empty => "nothing".to_owned(),
            Kind::Text { text, .. } => format!("`{}`", shortened(text)),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
        };
        self.error(
            "F104",
            node.pos,
            format!("{wanted} belongs here, not {found}"),
            help,
        );
    }

    fn missing(&mut self, pos: Pos, what: &str, key: &str, help: &str) {
        self.error("F103", pos, format!("{what} has no `{key}`"), help);
    }

    /// Reads a map and names its unknown keys. `later` are keys of the language that come with a later version.
    fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
        later: &[&str],
    ) -> Option<Fields<'n>> {
        #[cfg(test)]
        self.recorded.push((
            what.to_owned(),
            known.iter().map(|&key| key.to_owned()).collect(),
        ));
        let Kind::Map(entries) = &node.kind else {
            let keys: Vec<String> = known.iter().map(|key| format!("`{key}:`")).collect();
            self.wrong_kind(
                node,
                &format!("a map for {what}"),
                &format!("write its keys: {}", keys.join(", ")),
            );
            return None;
        };
        for entry in entries {
            if later.contains(&entry.key.as_str()) {
                self.later(entry.pos, &format!("`{}` in {what}", entry.key));
            } else if !known.contains(&entry.key.as_str()) {
                let help = suggest(&entry.key, known.iter().copied());
                let message = format!("`{}` is not a key of {what}", shortened(&entry.key));
                self.error("F102", entry.pos, message, help);
            }
        }
        Some(Fields {
            pos: node.pos,
            entries,
        })
    }

    /// The lines of a map whose keys are names of the author's own.
    fn entries<'n>(&mut self, node: &'n Node, what: &str, help: &str) -> &'n [Entry] {
        match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Empty => &[],
            Kind::Text { .. } | Kind::List(_) => {
                self.wrong_kind(node, &format!("a map of {what}"), help);
                &[]
            }
        }
    }
}

/// A map whose keys have been looked at.
struct Fields<'n> {
    pos: Pos,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }
}

/// At most 40 characters of something that came from the file, without control characters.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut out: String = text
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        out.push('…');
    }
    out
}
