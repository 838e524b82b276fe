//! `transfer` and `dial`.
//!
//! **Owns**: their fields and limits. **Must not know**: which numbers the company's trunks allow.

use std::time::Duration;

use super::{Fields, Reader, shortened};
use crate::flow::{ExitName, Name, Transfer, TransferTo};
use crate::nearest::suggest;
use crate::port::ShownAs;
use crate::yaml::{Kind, Node};

/// How long it rings, unless told otherwise.
const RING: Duration = Duration::from_secs(30);
/// Callers do not listen to ringing for longer.
const LONGEST_RING: Duration = Duration::from_secs(120);
const NUMBER: &str = "write the number with its country code and in quotes: \"+34911222333\"";

impl Reader<'_> {
    /// `transfer: "+34911222333"`, `dial: { agent: "2001", ring: 20s, exits: { … } }`. After `dial` the flow goes on.
    pub(super) fn transfer(&mut self, node: &Node, dial: bool, block: &str) -> Option<Transfer> {
        let what = if dial { "`dial`" } else { "`transfer`" };
        let Kind::Map(_) = &node.kind else {
            let to = self.outside(node)?;
            return Some(Transfer {
                dial,
                to,
                shown: ShownAs::Company,
                ring: RING,
                return_here: dial,
                exits: Default::default(),
            });
        };
        let known = [
            "to",
            "agent",
            "mode",
            "caller_id",
            "ring",
            "return_here",
            "exits",
        ];
        let fields = self.fields(node, what, &known, &["headers"])?;
        let to = self.transfer_to(&fields, what);
        self.mode(&fields);
        let shown = fields.get("caller_id").and_then(|node| self.shown_as(node));
        let ring = fields.get("ring").and_then(|node| {
            let time = self.some_time(node, "`ring`")?;
            if time > LONGEST_RING {
                let help = format!("at most {} s", LONGEST_RING.as_secs());
                self.error("F104", node.pos, "`ring` is too long", help);
                return None;
            }
            Some(time)
        });
        let return_here = fields
            .get("return_here")
            .and_then(|node| self.truth(node, "`return_here`"));
        let exits = self.exits(fields.get("exits"), what, ExitName::TRANSFER, block);
        Some(Transfer {
            dial,
            to: to?,
            shown: shown.unwrap_or(ShownAs::Company),
            ring: ring.unwrap_or(RING),
            return_here: return_here.unwrap_or(dial),
            exits,
        })
    }

    fn transfer_to(&mut self, fields: &Fields<'_>, what: &str) -> Option<TransferTo> {
        match (fields.get("to"), fields.get("agent")) {
            (Some(to), None) => self.outside(to),
            (None, Some(agent)) => {
                let extension = self.name(agent, "an agent's extension")?;
                Some(TransferTo::Agent(extension))
            }
            (Some(_), Some(agent)) => {
                let message = "`to` and `agent` stand in one step";
                self.error("F105", agent.pos, message, "one step calls one party");
                None
            }
            (None, None) => {
                let help = format!("{NUMBER}, or `agent: EXTENSION`");
                self.missing(fields.pos, what, "to", &help);
                None
            }
        }
    }

    /// A number of its own in the file: what a caller typed is never dialled.
    fn outside(&mut self, node: &Node) -> Option<TransferTo> {
        let text = self.text(node, "a telephone number", NUMBER)?;
        if text.starts_with("sip:") || text.starts_with("sips:") || text.contains('@') {
            self.later(node.pos, "a transfer to a SIP address");
            return None;
        }
        let plain: String = text
            .chars()
            .filter(|sign| !matches!(sign, ' ' | '-' | '(' | ')'))
            .collect();
        let digits = plain.strip_prefix('+').unwrap_or_default();
        let good = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !good {
            let message = format!("`{}` is no number that can be called", shortened(&text));
            self.error("F104", node.pos, message, NUMBER);
            return None;
        }
        Some(TransferTo::Number(Name {
            text: plain,
            pos: node.pos,
        }))
    }

    /// Nobody is there who could talk with the other first.
    fn mode(&mut self, fields: &Fields<'_>) {
        let Some(node) = fields.get("mode") else {
            return;
        };
        match &node.kind {
            Kind::Text { text, .. } if text == "blind" => {}
            Kind::Text { text, .. } if text == "consult" => {
                let message = "a flow cannot consult: nobody talks with the colleague first";
                let help = "write `mode: blind`, or leave it away; agents consult from their desk";
                self.error("F104", node.pos, message, help);
            }
            _ => self.wrong_kind(node, "a mode", "write `mode: blind`, or leave it away"),
        }
    }

    fn shown_as(&mut self, node: &Node) -> Option<ShownAs> {
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        match text {
            "company" => Some(ShownAs::Company),
            "caller" => Some(ShownAs::Caller),
            _ => {
                let help = suggest(text, ["company", "caller"]);
                self.wrong_kind(node, "`company` or `caller`", &help);
                None
            }
        }
    }
}
