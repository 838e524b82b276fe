//! `consent` and `record`.
//!
//! **Owns**: their fields and limits. **Must not know**: whether the company records at all.

use std::time::Duration;

use super::{Fields, Reader, shortened};
use crate::flow::{Consent, ExitName, Pos, Record};
use crate::nearest::suggest;
use crate::port::RecordAction;
use crate::yaml::{Kind, Node};

/// How long a caller may take after the words, unless told otherwise: every caller waits so long who agrees.
const TIME: Duration = Duration::from_secs(3);

impl Reader<'_> {
    /// `consent: { prompt: recorded, opt_out_key: 1, default: granted }`.
    pub(super) fn consent(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Consent> {
        let known = [
            "prompt",
            "say",
            "opt_out_key",
            "opt_in_key",
            "default",
            "scope",
            "timeout",
            "exits",
        ];
        let fields = self.fields(node, "`consent`", &known, &[])?;
        let prompt = self.asked(&fields);
        if prompt.is_none() && fields.get("say").is_none() {
            let help = "write `prompt: NAME`: what callers hear about the recording";
            self.missing(pos, "`consent`", "prompt", help);
        }
        let granted = match fields.get("default") {
            Some(node) => self.granted(node),
            None => {
                let help = "write `default: granted` or `default: denied`: what holds for a caller who presses nothing";
                self.missing(pos, "`consent`", "default", help);
                None
            }
        };
        let opt_out = self.consent_key(&fields, "opt_out_key");
        let opt_in = self.consent_key(&fields, "opt_in_key");
        if let (Some(out), Some(node)) = (opt_out, fields.get("opt_in_key"))
            && opt_in == Some(out)
        {
            let message = "one key cannot say yes and no";
            self.error("F013", node.pos, message, "take another key");
        }
        self.needs_key(granted, (opt_out, opt_in), pos);
        self.scope(&fields);
        let timeout = fields
            .get("timeout")
            .and_then(|node| self.duration(node, "`timeout`"));
        let exits = self.exits(fields.get("exits"), "`consent`", ExitName::CONSENT, block);
        Some(Consent {
            prompt: prompt?,
            opt_out,
            opt_in,
            granted: granted?,
            timeout: timeout.unwrap_or(TIME),
            exits,
        })
    }

    /// Without a key for the other answer nobody is asked anything.
    fn needs_key(&mut self, granted: Option<bool>, keys: (Option<char>, Option<char>), pos: Pos) {
        match (granted, keys) {
            (Some(true), (None, _)) => {
                let help = "write `opt_out_key: 1`: the key by which a caller says no";
                self.missing(
                    pos,
                    "`consent` with `default: granted`",
                    "opt_out_key",
                    help,
                );
            }
            (Some(false), (_, None)) => {
                let help = "write `opt_in_key: 1`: the key by which a caller says yes";
                self.missing(pos, "`consent` with `default: denied`", "opt_in_key", help);
            }
            _ => {}
        }
    }

    pub(super) fn granted(&mut self, node: &Node) -> Option<bool> {
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        match text {
            "granted" => Some(true),
            "denied" => Some(false),
            _ => {
                let help = suggest(text, ["granted", "denied"]);
                self.wrong_kind(node, "`granted` or `denied`", &help);
                None
            }
        }
    }

    fn consent_key(&mut self, fields: &Fields<'_>, key: &str) -> Option<char> {
        let node = fields.get(key)?;
        self.one_key(node, &format!("a key for `{key}`"))
    }

    /// One key of a telephone.
    pub(super) fn one_key(&mut self, node: &Node, what: &str) -> Option<char> {
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        let key = key_of(text);
        if key.is_none() {
            self.wrong_kind(node, what, "write one of `0` to `9`, `star`, `hash`");
        }
        key
    }

    /// Only the recording can be agreed to.
    fn scope(&mut self, fields: &Fields<'_>) {
        let Some(node) = fields.get("scope") else {
            return;
        };
        match &node.kind {
            Kind::Text { text, .. } if text == "recording" => {}
            Kind::Text { text, .. } if text == "transcription" => {
                self.later(node.pos, "consent to a transcription");
            }
            _ => self.wrong_kind(node, "a scope", "write `scope: recording`"),
        }
    }

    /// `record: start`, `record: { action: start, beep: true }`.
    pub(super) fn record(&mut self, node: &Node) -> Option<Record> {
        let Kind::Map(_) = &node.kind else {
            let what = self.record_action(node)?;
            return Some(Record { what, beep: false });
        };
        let fields = self.fields(node, "`record`", &["action", "beep"], &["channels"])?;
        let Some(action) = fields.get("action") else {
            self.missing(fields.pos, "`record`", "action", "write `action: start`");
            return None;
        };
        let what = self.record_action(action);
        let beep = fields
            .get("beep")
            .and_then(|node| self.truth(node, "`beep`"));
        Some(Record {
            what: what?,
            beep: beep.unwrap_or(false),
        })
    }

    pub(super) fn record_action(&mut self, node: &Node) -> Option<RecordAction> {
        let names = RecordAction::ALL.map(RecordAction::as_str);
        let Kind::Text { text, .. } = &node.kind else {
            let help = format!("write one of {}", names.join(", "));
            self.wrong_kind(node, "what is done with the recording", &help);
            return None;
        };
        let action = RecordAction::ALL
            .into_iter()
            .find(|action| action.as_str() == text);
        if action.is_none() {
            let message = format!("`{}` cannot be done with a recording", shortened(text));
            self.error("F104", node.pos, message, suggest(text, names));
        }
        action
    }
}

/// `1`, `star`, `hash`, and the signs in quotes.
pub(super) fn key_of(text: &str) -> Option<char> {
    match text {
        "star" => Some('*'),
        "hash" => Some('#'),
        _ => {
            let mut signs = text.chars();
            let key = signs.next().filter(|_| signs.next().is_none())?;
            matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(key)
        }
    }
}
