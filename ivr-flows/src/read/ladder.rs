//! What a `queue` step asks for beyond levels: alternatives, and a ladder that asks for less with time.
//!
//! **Owns**: `any_of` and `ladder`. **Must not know**: which queues and skills the company has.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Reader;
use crate::flow::{Levels, Name, Rung};
use crate::yaml::{Kind, Node};

/// More alternatives than anybody writes by hand.
const MOST_ALTERNATIVES: usize = 8;
/// The outermost tier an agent can have.
const MOST_TIERS: u32 = 100;

impl Reader<'_> {
    /// `any_of: [{ spanish: 3 }, { english: 5, vip: 1 }]`.
    pub(super) fn any_of(&mut self, node: &Node) -> Vec<Levels> {
        let help = "write `any_of: [{ SKILL: level }, { OTHER: level }]`";
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of skills", help);
            return Vec::new();
        };
        if items.is_empty() || items.len() > MOST_ALTERNATIVES {
            let wanted = format!("a list of 1 to {MOST_ALTERNATIVES} alternatives");
            self.wrong_kind(node, &wanted, help);
        }
        items.iter().map(|item| self.levels(item, 1)).collect()
    }

    /// `ladder: [{ after: 45s, skills: { billing: 1 } }, …]`.
    pub(super) fn ladder(&mut self, node: &Node) -> Vec<Rung> {
        let Kind::List(items) = &node.kind else {
            let help = "write `ladder: [{ after: 45s, skills: { SKILL: level } }]`";
            self.wrong_kind(node, "a list of steps", help);
            return Vec::new();
        };
        let mut rungs: Vec<Rung> = Vec::new();
        for item in items {
            let Some(rung) = self.rung(item) else {
                continue;
            };
            if rungs.last().is_some_and(|last| rung.after <= last.after) {
                let message = "the times of the ladder do not rise";
                let help = "write more in `after` than in the step before";
                self.error("F104", item.pos, message, help);
            }
            rungs.push(rung);
        }
        rungs
    }

    fn rung(&mut self, node: &Node) -> Option<Rung> {
        let known = ["after", "skills", "max_tier", "queues", "head_start"];
        let fields = self.fields(node, "a step of the ladder", &known, &[])?;
        let Some(after) = fields.get("after") else {
            self.missing(
                fields.pos,
                "a step of the ladder",
                "after",
                "write `after: 45s`",
            );
            return None;
        };
        let after = self.some_time(after, "`after`");
        let skills = fields.get("skills").map(|node| self.levels(node, 0));
        let max_tier = fields.get("max_tier").and_then(|node| {
            let tier = self.number(node, "a tier", 1, MOST_TIERS)?;
            u8::try_from(tier).ok()
        });
        let queues = fields.get("queues");
        let queues = queues.map(|node| self.names(node, "a queue name"));
        let head_start = fields
            .get("head_start")
            .and_then(|node| self.duration(node, "`head_start`"));
        Some(Rung {
            after: after?,
            skills: skills.unwrap_or_default(),
            max_tier,
            queues: queues.unwrap_or_default(),
            head_start: head_start.unwrap_or(Duration::ZERO),
        })
    }

    /// Skills with levels from `least` to 10.
    pub(super) fn levels(&mut self, node: &Node, least: u32) -> Levels {
        let mut skills = BTreeMap::new();
        for entry in self.entries(node, "skills", "write `{ SKILL: level }`") {
            let name = Name {
                text: entry.key.clone(),
                pos: entry.pos,
            };
            let good = self.is_name(&name, "a skill");
            let level = self.number(&entry.value, "a skill level", least, 10);
            let level = level.and_then(|level| u8::try_from(level).ok());
            if let (true, Some(level)) = (good, level) {
                skills.insert(name.text, (level, entry.pos));
            }
        }
        skills
    }
}
