//! Steps that take something from the caller or find out who it is: `collect`, `customer`, `voicemail`.
//!
//! **Owns**: their fields and limits.
//! **Must not know**: what happens when a key is pressed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Reader;
use crate::flow::{Collect, Customer, ExitName, Name, Pos, Voicemail};
use crate::yaml::{Kind, Node};

/// Most digits that one `collect` takes.
const MOST_DIGITS: u32 = 32;
/// How long a call waits for its customer, unless told otherwise.
const LOOKUP: Duration = Duration::from_millis(800);
/// The longest that a call may wait for its customer: callers take silence for a dead line.
const LONGEST_LOOKUP: Duration = Duration::from_secs(5);
/// A message is at most this long, unless told otherwise.
const MESSAGE: Duration = Duration::from_secs(120);
/// No message is longer.
const LONGEST_MESSAGE: Duration = Duration::from_secs(600);
/// What is shorter was no message, unless told otherwise.
const SHORT_MESSAGE: Duration = Duration::from_secs(1);
/// So much silence ends a message, unless told otherwise.
const SILENCE: Duration = Duration::from_secs(5);

impl Voicemail {
    /// With every default.
    pub(crate) const fn plain(mailbox: Name) -> Self {
        Self {
            mailbox,
            prompt: Vec::new(),
            beep: true,
            most: MESSAGE,
            least: SHORT_MESSAGE,
            silence: SILENCE,
            end_key: Some('#'),
            exits: BTreeMap::new(),
        }
    }
}

impl Reader<'_> {
    /// `collect: { into: …, prompt: …, digits: 4-10, … }`.
    pub(super) fn collect(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Collect> {
        let known = [
            "into",
            "prompt",
            "say",
            "short_prompt",
            "digits",
            "end_key",
            "timeout",
            "between_digits",
            "tries",
            "barge_in",
            "check",
            "confirm",
            "format",
            "sensitive",
            "label",
            "harmless",
            "no_input",
            "no_match",
            "exits",
        ];
        let fields = self.fields(node, "`collect`", &known, &[])?;
        let into = match fields.get("into") {
            Some(into) => self.name(into, "a variable"),
            None => {
                let help = "write `into: VARIABLE`; variables stand under `vars:`";
                self.missing(pos, "`collect`", "into", help);
                None
            }
        };
        let prompt = self.asked(&fields);
        if prompt.is_none() && fields.get("say").is_none() {
            let help = "write `prompt: NAME`: what callers hear";
            self.missing(pos, "`collect`", "prompt", help);
        }
        let digits = match fields.get("digits") {
            Some(digits) => self.digits(digits),
            None => {
                let help = "write `digits: 6`, or `digits: 4-10`";
                self.missing(pos, "`collect`", "digits", help);
                None
            }
        };
        let defaults = self.defaults.clone();
        let input = self.input_rules(&fields, defaults.input);
        let list = |reader: &mut Self, key| fields.get(key).map(|node| reader.sayings(node));
        let (sensitive, harmless) = self.exposure(&fields);
        Some(Collect {
            prompt: prompt?,
            short_prompt: list(self, "short_prompt").unwrap_or_default(),
            end_key: self.end_key(fields.get("end_key")),
            check: fields
                .get("check")
                .and_then(|node| self.expression(node, "`check`")),
            format: self.format(&fields, digits),
            confirm: self.confirm(&fields, sensitive),
            sensitive,
            harmless,
            label: fields.get("label").and_then(|node| self.label(node)),
            input,
            no_input: list(self, "no_input").unwrap_or(defaults.no_input),
            no_match: list(self, "no_match").unwrap_or(defaults.no_match),
            exits: self.exits(fields.get("exits"), "`collect`", ExitName::MENU, block),
            into: into?,
            digits: digits?,
        })
    }

    /// Whether the digits are `sensitive`, and whether they are `harmless`.
    fn exposure(&mut self, fields: &super::Fields<'_>) -> (bool, bool) {
        let truth = |reader: &mut Self, key: &str| {
            let node = fields.get(key)?;
            reader.truth(node, &format!("`{key}`"))
        };
        let sensitive = truth(self, "sensitive").unwrap_or(false);
        let harmless = truth(self, "harmless").unwrap_or(false);
        if let Some(node) = fields.get("harmless").filter(|_| sensitive && harmless) {
            let help = "keep `sensitive`: without `harmless` nobody sees the digits";
            let message = "digits cannot be `sensitive` and `harmless`";
            self.error("F104", node.pos, message, help);
        }
        (sensitive, harmless && !sensitive)
    }

    /// `6` or `4-10`.
    fn digits(&mut self, node: &Node) -> Option<(usize, usize)> {
        let Kind::Text { text, .. } = &node.kind else {
            self.wrong_kind(
                node,
                "a count of digits",
                "write `digits: 6`, or `digits: 4-10`",
            );
            return None;
        };
        let (least, most) = text.split_once('-').unwrap_or((text, text));
        let count = |text: &str| text.trim().parse::<u32>().ok();
        let range = count(least).zip(count(most));
        let range =
            range.filter(|(least, most)| 1 <= *least && least <= most && *most <= MOST_DIGITS);
        let Some((least, most)) = range else {
            let help =
                format!("write `digits: 6`, or `digits: 4-10`; at least 1, at most {MOST_DIGITS}");
            self.wrong_kind(node, "a count of digits", &help);
            return None;
        };
        Some((usize::try_from(least).ok()?, usize::try_from(most).ok()?))
    }

    /// `hash` unless something else is said; `none` for no key.
    fn end_key(&mut self, node: Option<&Node>) -> Option<char> {
        let Some(node) = node else { return Some('#') };
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        match text {
            "hash" | "#" => Some('#'),
            "star" | "*" => Some('*'),
            "none" => None,
            _ => {
                self.wrong_kind(node, "a key that ends it", "write `hash`, `star` or `none`");
                None
            }
        }
    }

    /// `customer: { by: call.from, … }`.
    pub(super) fn customer(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Customer> {
        let known = ["by", "create", "timeout", "exits"];
        let fields = self.fields(node, "`customer`", &known, &["adapter"])?;
        let by = match fields.get("by") {
            Some(by) => self.expression(by, "`by`"),
            None => {
                let help =
                    "write `by: call.from`, or `by: vars.NAME` for digits that were collected";
                self.missing(pos, "`customer`", "by", help);
                None
            }
        };
        let create = fields
            .get("create")
            .and_then(|node| self.truth(node, "`create`"));
        let timeout = fields
            .get("timeout")
            .and_then(|node| self.time_up_to(node, "`timeout`", LONGEST_LOOKUP));
        let exits = self.exits(fields.get("exits"), "`customer`", ExitName::CUSTOMER, block);
        Some(Customer {
            by: by?,
            create: create.unwrap_or(false),
            timeout: timeout.unwrap_or(LOOKUP),
            exits,
        })
    }

    /// `voicemail: support`, `voicemail: { box: support, prompt: …, max: 2m, … }`.
    pub(super) fn voicemail(&mut self, node: &Node, block: &str) -> Option<Voicemail> {
        if !matches!(&node.kind, Kind::Map(_)) {
            let mailbox = self.name(node, "a queue name")?;
            return Some(Voicemail::plain(mailbox));
        }
        let known = [
            "box", "prompt", "say", "beep", "max", "min", "silence", "end_key", "exits",
        ];
        let later = ["transcribe", "urgent_key"];
        let fields = self.fields(node, "`voicemail`", &known, &later)?;
        let mailbox = match fields.get("box") {
            Some(mailbox) => self.name(mailbox, "a queue name"),
            None => {
                let help = "write `box: QUEUE`: whose message it is";
                self.missing(fields.pos, "`voicemail`", "box", help);
                None
            }
        };
        let time = |reader: &mut Self, key: &str, most| {
            let node = fields.get(key)?;
            reader.time_up_to(node, &format!("`{key}`"), most)
        };
        let most = time(self, "max", LONGEST_MESSAGE).unwrap_or(MESSAGE);
        let least = time(self, "min", most).unwrap_or(SHORT_MESSAGE);
        let silence = time(self, "silence", LONGEST_MESSAGE).unwrap_or(SILENCE);
        let beep = fields
            .get("beep")
            .and_then(|node| self.truth(node, "`beep`"));
        let exits = self.exits(
            fields.get("exits"),
            "`voicemail`",
            ExitName::VOICEMAIL,
            block,
        );
        Some(Voicemail {
            prompt: self.asked(&fields).unwrap_or_default(),
            beep: beep.unwrap_or(true),
            most,
            least,
            silence,
            end_key: self.end_key(fields.get("end_key")),
            exits,
            mailbox: mailbox?,
        })
    }

    /// A time above zero and not above `most`.
    pub(super) fn time_up_to(
        &mut self,
        node: &Node,
        what: &str,
        most: Duration,
    ) -> Option<Duration> {
        let time = self.some_time(node, what)?;
        if time > most {
            let help = format!("at most {} s", most.as_secs());
            self.error("F104", node.pos, format!("{what} is too long"), help);
            return None;
        }
        Some(time)
    }
}
