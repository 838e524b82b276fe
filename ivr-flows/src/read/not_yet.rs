//! `offer_callback`, `callback` and `pay`: read whole, and refused unless the flow says where callers go meanwhile.
//!
//! **Owns**: their fields and limits. **Must not know**: what will stand behind them.

use super::{Fields, Reader};
use crate::flow::{ExitName, NotYet, Pos};
use crate::yaml::{Kind, Node};

/// Fields of both steps about callbacks.
const CALLBACK: [&str; 8] = [
    "prompt",
    "say",
    "number",
    "window",
    "keeps_place",
    "attempts",
    "spacing",
    "exits",
];

impl Reader<'_> {
    /// `offer_callback: { key: 2, prompt: call-me-back, … }`, `callback: { … }`.
    pub(super) fn callback(
        &mut self,
        node: &Node,
        pos: Pos,
        (name, block): (&'static str, &str),
    ) -> Option<NotYet> {
        let mut known = CALLBACK.to_vec();
        let offers = name == "offer_callback";
        if offers {
            known.push("key");
        }
        let what = format!("`{name}`");
        let fields = self.fields(node, &what, &known, &[])?;
        let prompt = self.asked(&fields).unwrap_or_default();
        match fields.get("key") {
            Some(key) => {
                let _ = self.one_key(key, "a key for `key`");
            }
            None if offers => self.missing(pos, &what, "key", "write `key: 2`: who wants it"),
            None => {}
        }
        self.number_of(&fields);
        for time in ["window", "spacing"] {
            if let Some(node) = fields.get(time) {
                let _ = self.some_time(node, &format!("`{time}`"));
            }
        }
        if let Some(node) = fields.get("attempts") {
            let _ = self.number(node, "a count for `attempts`", 1, 10);
        }
        if let Some(node) = fields.get("keeps_place") {
            let _ = self.truth(node, "`keeps_place`");
        }
        self.behind(name, &fields, (pos, prompt), (ExitName::CALLBACK, block))
    }

    /// `pay: { processor: NAME, amount: vars.amount, … }`.
    pub(super) fn pay(&mut self, node: &Node, pos: Pos, block: &str) -> Option<NotYet> {
        let known = ["processor", "amount", "retain_agent", "exits"];
        let fields = self.fields(node, "`pay`", &known, &[])?;
        match fields.get("processor") {
            Some(node) => drop(self.name(node, "a processor")),
            None => self.missing(pos, "`pay`", "processor", "write `processor: NAME`"),
        }
        match fields.get("amount") {
            Some(node) => drop(self.expression(node, "`amount`")),
            None => self.missing(pos, "`pay`", "amount", "write `amount: vars.NAME`"),
        }
        if let Some(node) = fields.get("retain_agent") {
            let _ = self.truth(node, "`retain_agent`");
        }
        self.behind("pay", &fields, (pos, Vec::new()), (ExitName::PAY, block))
    }

    /// The caller's own number, or one that is asked for.
    fn number_of(&mut self, fields: &Fields<'_>) {
        let Some(node) = fields.get("number") else {
            return;
        };
        if !matches!(&node.kind, Kind::Text { text, .. } if text == "caller" || text == "ask") {
            self.wrong_kind(node, "`caller` or `ask`", "write `number: caller`");
        }
    }

    fn behind(
        &mut self,
        name: &'static str,
        fields: &Fields<'_>,
        (pos, prompt): (Pos, Vec<crate::flow::Saying>),
        (allowed, block): (&[ExitName], &str),
    ) -> Option<NotYet> {
        let exits = self.exits(fields.get("exits"), &format!("`{name}`"), allowed, block);
        if !exits.contains_key(&ExitName::Unavailable) {
            let message = format!("nothing stands behind `{name}` in this version of Cordboard");
            let help = "say where callers go until then: `exits: { unavailable: BLOCK }`";
            self.error("F101", pos, message, help);
            return None;
        }
        Some(NotYet {
            name,
            prompt,
            exits,
        })
    }
}
