//! Expressions, texts with `{{ }}`, and `branch`.
//!
//! **Owns**: where an expression may stand and the place told for what is wrong in it.
//! **Must not know**: what an expression means.

use super::Reader;
use crate::expression::{Expression, Fault, Template};
use crate::flow::{Branch, Pos};
use crate::yaml::{Kind, Node};

const HELP: &str = "write lines such as `- { when: vars.reason == \"orders\", go: BLOCK }`";

impl Reader<'_> {
    /// An expression; what is wrong in it is told at its own column.
    pub(super) fn expression(&mut self, node: &Node, what: &str) -> Option<Expression> {
        let Kind::Text { text, .. } = &node.kind else {
            let help = "write an expression such as `vars.reason == \"orders\"`";
            self.wrong_kind(node, &format!("an expression for {what}"), help);
            return None;
        };
        let start = first_sign(node);
        Expression::parse(text, start)
            .map_err(|fault| self.bad_expression(start, fault))
            .ok()
    }

    /// A text in which `{{ }}` may stand.
    pub(super) fn template(&mut self, node: &Node, what: &str, help: &str) -> Option<Template> {
        let Kind::Text { text, .. } = &node.kind else {
            self.wrong_kind(node, what, help);
            return None;
        };
        let start = first_sign(node);
        Template::parse(text, start)
            .map_err(|fault| self.bad_expression(start, fault))
            .ok()
    }

    /// A text that callers hear.
    pub(super) fn heard(&mut self, node: &Node, what: &str, help: &str) -> Option<Template> {
        let Kind::Text { text, .. } = &node.kind else {
            self.wrong_kind(node, what, help);
            return None;
        };
        let start = first_sign(node);
        Template::heard(text, start)
            .map_err(|fault| self.bad_expression(start, fault))
            .ok()
    }

    fn bad_expression(&mut self, start: Pos, fault: Fault) {
        let pos = Pos {
            column: start.column.saturating_add(fault.offset),
            ..start
        };
        let help =
            "compare with `==`, `!=`, `<`, `in`; join with `&&`, `||`, `!`; put texts in quotes";
        self.error("F010", pos, fault.message, help);
    }

    /// `branch: [ { when: …, go: … }, { else: … } ]`.
    pub(super) fn branch(&mut self, node: &Node, block: &str) -> Option<Branch> {
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of cases", HELP);
            return None;
        };
        let mut cases = Vec::new();
        let mut otherwise = None;
        for (index, item) in items.iter().enumerate() {
            let inline = format!("{block}/case-{}", index.saturating_add(1));
            let fields = self.fields(
                item,
                "a case of `branch`",
                &["when", "go", "do", "else"],
                &[],
            )?;
            if let Some(target) = fields.get("else") {
                let alone = ["when", "go", "do"]
                    .iter()
                    .all(|key| fields.get(key).is_none());
                if !alone || index.saturating_add(1) != items.len() {
                    let help = "write `- else: BLOCK` as the last line of the list";
                    self.error("F105", item.pos, "`else` stands alone and last", help);
                }
                otherwise = self.target(target, &inline);
                continue;
            }
            let Some(when) = fields.get("when") else {
                self.missing(item.pos, "the case", "when", HELP);
                continue;
            };
            let when = self.expression(when, "`when`");
            let target = match (fields.get("go"), fields.get("do")) {
                (Some(go), None) => self.block_or_hangup(go),
                (None, Some(steps)) => Some(self.lift(steps, &inline)),
                (Some(_), Some(_)) => {
                    let help = "keep `do:`, and end its list with `- go: BLOCK`";
                    self.error("F105", item.pos, "a case has `go` or `do`, not both", help);
                    None
                }
                (None, None) => {
                    self.missing(item.pos, "the case", "go", HELP);
                    None
                }
            };
            if let (Some(when), Some(target)) = (when, target) {
                cases.push((when, target));
            }
        }
        if items.is_empty() {
            self.wrong_kind(node, "at least one case", HELP);
        }
        Some(Branch { cases, otherwise })
    }
}

/// Where the text itself begins: behind the quote, if there is one.
fn first_sign(node: &Node) -> Pos {
    let quoted = matches!(&node.kind, Kind::Text { quoted: true, .. });
    Pos {
        column: node.pos.column.saturating_add(usize::from(quoted)),
        ..node.pos
    }
}
