//! Small steps: `wait`, `notify`, `hangup` with a reason; and of `collect` its `format` and `confirm`.
//!
//! **Owns**: their fields and limits. **Must not know**: what comes of them.

use std::time::Duration;

use super::{Fields, Reader, shortened};
use crate::flow::{Confirm, Format, Name, Notify, Pos};
use crate::nearest::suggest;
use crate::yaml::{Kind, Node};

/// Callers take a longer silence for a dead line.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Values that one event carries at most.
const MOST_DATA: usize = 10;
/// Why a call is refused, with the status of RFC 3261 21.4 and 21.6.
const CAUSES: [(&str, u16); 5] = [
    ("busy", 486),
    ("declined", 603),
    ("forbidden", 403),
    ("not_found", 404),
    ("unavailable", 480),
];

impl Reader<'_> {
    /// `wait: 2s`.
    pub(super) fn pause(&mut self, node: &Node) -> Option<Duration> {
        let time = match &node.kind {
            Kind::Map(_) => {
                let fields = self.fields(node, "`wait`", &["for"], &[])?;
                match fields.get("for") {
                    Some(time) => self.some_time(time, "`for`"),
                    None => {
                        self.missing(fields.pos, "`wait`", "for", "write `wait: 2s`");
                        None
                    }
                }
            }
            _ => self.some_time(node, "`wait`"),
        };
        if time.is_some_and(|time| time > LONGEST_PAUSE) {
            let help = "at most 60s; `play: { prompt: MUSIC, for: 2m }` is heard meanwhile";
            self.error("F104", node.pos, "nobody waits so long in silence", help);
            return None;
        }
        time
    }

    /// `notify: order-asked`, `notify: { event: order-asked, data: { number: "{{ vars.order }}" } }`.
    pub(super) fn notify(&mut self, node: &Node) -> Option<Notify> {
        let Kind::Map(_) = &node.kind else {
            let name = self.name(node, "the name of an event")?;
            return Some(Notify {
                name,
                data: Vec::new(),
            });
        };
        let fields = self.fields(node, "`notify`", &["event", "data"], &["webhook"])?;
        let name = match fields.get("event") {
            Some(name) => self.name(name, "the name of an event"),
            None => {
                self.missing(fields.pos, "`notify`", "event", "write `event: NAME`");
                None
            }
        };
        let mut data = Vec::new();
        if let Some(node) = fields.get("data") {
            let entries = self.entries(node, "values", "write `data: { NAME: value }`");
            if entries.len() > MOST_DATA {
                let message = format!("an event carries at most {MOST_DATA} values");
                self.error("F104", node.pos, message, "name the ones that count");
            }
            for entry in entries.iter().take(MOST_DATA) {
                let name = Name {
                    text: entry.key.clone(),
                    pos: entry.pos,
                };
                let good = self.is_name(&name, "the name of a value");
                let help = "write a text, a number, `true` or `false`";
                let value = self.template(&entry.value, "a value", help);
                if let (true, Some(value)) = (good, value) {
                    data.push((name.text, value));
                }
            }
        }
        Some(Notify { name: name?, data })
    }

    /// `hangup:`, `hangup: busy`, `hangup: { cause: busy }`, `hangup: { code: 486 }`: the status for a call that was not
    /// answered.
    pub(super) fn hangup(&mut self, node: &Node) -> Option<u16> {
        match &node.kind {
            Kind::Empty => None,
            Kind::Map(_) => {
                let fields = self.fields(node, "`hangup`", &["cause", "code"], &[])?;
                match (fields.get("cause"), fields.get("code")) {
                    (Some(cause), None) => self.refusal(cause),
                    (None, Some(code)) => {
                        let status = self.number(code, "a SIP status for `code`", 400, 699)?;
                        u16::try_from(status).ok()
                    }
                    (Some(_), Some(code)) => {
                        let message = "`cause` and `code` say the same thing";
                        self.error("F105", code.pos, message, "keep one of them");
                        None
                    }
                    (None, None) => None,
                }
            }
            Kind::Text { .. } => self.refusal(node),
            Kind::List(_) => {
                self.wrong_kind(node, "nothing", "write `- hangup:` and nothing after it");
                None
            }
        }
    }

    fn refusal(&mut self, node: &Node) -> Option<u16> {
        let names = CAUSES.map(|(name, _)| name);
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        let known = CAUSES.iter().find(|(name, _)| *name == text);
        if known.is_none() {
            let message = format!("`{}` is no reason to refuse a call", shortened(text));
            self.error("F104", node.pos, message, suggest(text, names));
        }
        known.map(|(_, status)| *status)
    }

    /// `format: date`; the digits that are asked for must be able to have it.
    pub(super) fn format(
        &mut self,
        fields: &Fields<'_>,
        digits: Option<(usize, usize)>,
    ) -> Option<Format> {
        let node = fields.get("format")?;
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        let known = Format::ALL.into_iter().find(|known| known.as_str() == text);
        let Some(format) = known else {
            let message = format!("`{}` is no format of digits", shortened(text));
            let help = suggest(text, Format::ALL.map(Format::as_str));
            self.error("F104", node.pos, message, help);
            return None;
        };
        let (least, most) = format.lengths();
        if digits.is_some_and(|(fewest, longest)| longest < least || fewest > most) {
            let message = format!("no such count of digits can be a `{text}`");
            let help = if least == most {
                format!("write `digits: {least}`")
            } else {
                format!("write `digits: {least}-{most}`")
            };
            self.error("F104", node.pos, message, help);
        }
        Some(format)
    }

    /// `confirm: { prompt: is-that-right, accept: 1, again: 2 }`.
    pub(super) fn confirm(&mut self, fields: &Fields<'_>, sensitive: bool) -> Option<Confirm> {
        let node = fields.get("confirm")?;
        let fields = self.fields(
            node,
            "`confirm`",
            &["prompt", "say", "accept", "again"],
            &[],
        )?;
        if sensitive {
            let message = "`sensitive` digits cannot be read back";
            let help = "leave `confirm` away, or `sensitive`";
            self.error("F019", node.pos, message, help);
        }
        let prompt = self.asked(&fields);
        if prompt.is_none() && fields.get("say").is_none() {
            let help = "write `prompt: NAME`: heard behind the digits, such as \"Press 1 if that is right, or 2\"";
            self.missing(node.pos, "`confirm`", "prompt", help);
        }
        let accept = self.confirming(&fields, "accept", node.pos);
        let again = self.confirming(&fields, "again", node.pos);
        if accept.is_some() && accept == again {
            let message = "one key cannot say yes and no";
            self.error("F013", node.pos, message, "take another key");
        }
        Some(Confirm {
            prompt: prompt?,
            accept: accept?,
            again: again?,
        })
    }

    fn confirming(&mut self, fields: &Fields<'_>, key: &str, pos: Pos) -> Option<char> {
        match fields.get(key) {
            Some(node) => self.one_key(node, &format!("a key for `{key}`")),
            None => {
                let help = format!("write `{key}: 1`: the key for it");
                self.missing(pos, "`confirm`", key, &help);
                None
            }
        }
    }
}
