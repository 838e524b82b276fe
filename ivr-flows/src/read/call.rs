//! `call`, `return`, and `inputs:` and `outputs:` at the top of a flow.
//!
//! **Owns**: how they are written. **Must not know**: other flows.

use std::collections::BTreeMap;

use super::vars::Declared;
use super::{Fields, Reader, shortened};
use crate::flow::{Call, ExitName, Exits, Input, Interface, Name, Pos, Target};
use crate::yaml::{Kind, Node};

const HELP: &str = "write `call: FLOW`, or `call: { flow: FLOW, with: { INPUT: value }, into: { VARIABLE: OUTPUT } }`";

impl Reader<'_> {
    /// Everything that is a variable.
    pub(super) fn declared(&mut self, fields: &Fields<'_>) -> (Declared, Interface) {
        let vars = fields.get("vars").map(|node| self.vars(node));
        let mut declared = vars.unwrap_or_default();
        let interface = self.interface(fields, &mut declared);
        (declared, interface)
    }

    /// `inputs:` and `outputs:`; both become variables.
    fn interface(&mut self, fields: &Fields<'_>, declared: &mut Declared) -> Interface {
        let mut interface = Interface::default();
        if let Some(node) = fields.get("inputs") {
            for (name, required) in self.more_vars(node, "inputs", declared) {
                interface.inputs.insert(name, Input { required });
            }
        }
        if let Some(node) = fields.get("outputs") {
            for (name, _) in self.more_vars(node, "outputs", declared) {
                interface.outputs.insert(name);
            }
        }
        interface
    }

    /// Variables that are declared elsewhere than under `vars:`; true for those without a default.
    fn more_vars(
        &mut self,
        node: &Node,
        place: &str,
        declared: &mut Declared,
    ) -> Vec<(String, bool)> {
        let more = self.vars(node);
        let mut names = Vec::new();
        for entry in self.entries(node, place, "write lines such as `order: { type: string }`") {
            if let Some(pos) = more.secrets.get(&entry.key) {
                let help = "a flow names its own secrets under `vars:`";
                self.error("F019", *pos, "a secret is never handed over", help);
                continue;
            }
            let Some(value) = more.vars.get(&entry.key) else {
                continue;
            };
            if declared.vars.contains_key(&entry.key) || declared.secrets.contains_key(&entry.key) {
                let message = format!("`{}` is declared twice", entry.key);
                let help = "inputs, outputs and `vars:` share their names: take another one";
                self.error("F013", entry.pos, message, help);
                continue;
            }
            declared.vars.insert(entry.key.clone(), value.clone());
            let default = match &entry.value.kind {
                Kind::Map(parts) => parts.iter().any(|part| part.key == "default"),
                _ => false,
            };
            names.push((entry.key.clone(), !default));
        }
        names
    }

    pub(super) fn call(&mut self, node: &Node, pos: Pos, block: &str) -> Option<Call> {
        let Kind::Map(_) = &node.kind else {
            return Some(Call {
                flow: self.name(node, "a flow")?,
                with: Vec::new(),
                into: Vec::new(),
                returns: BTreeMap::new(),
                exits: Exits::new(),
            });
        };
        let known = ["flow", "with", "into", "exits"];
        let fields = self.fields(node, "`call`", &known, &[])?;
        let flow = match fields.get("flow") {
            Some(node) => self.name(node, "a flow"),
            None => {
                self.missing(pos, "`call`", "flow", HELP);
                None
            }
        };
        let with = match fields.get("with") {
            Some(node) => self.given_names(node, "inputs", "an input", HELP),
            None => Vec::new(),
        };
        let into = self.outputs_into(fields.get("into"));
        let (returns, exits) = self.returns(fields.get("exits"), block, ExitName::CALL);
        Some(Call {
            flow: flow?,
            with,
            into,
            returns,
            exits,
        })
    }

    /// `into: { VARIABLE: OUTPUT }`.
    pub(super) fn outputs_into(&mut self, node: Option<&Node>) -> Vec<(Name, Name)> {
        let mut into = Vec::new();
        if let Some(node) = node {
            for entry in self.entries(node, "variables", "write `into: { VARIABLE: OUTPUT }`") {
                let name = Name {
                    text: entry.key.clone(),
                    pos: entry.pos,
                };
                let good = self.is_name(&name, "a variable");
                let output = self.name(&entry.value, "an output");
                if let (true, Some(output)) = (good, output) {
                    into.push((name, output));
                }
            }
        }
        into
    }

    /// Exits have the names that the other flow returns with, besides the step's own.
    pub(super) fn returns(
        &mut self,
        node: Option<&Node>,
        block: &str,
        own: &[ExitName],
    ) -> (BTreeMap<String, (Pos, Target)>, Exits) {
        let (mut returns, mut exits) = (BTreeMap::new(), Exits::new());
        let Some(node) = node else {
            return (returns, exits);
        };
        for entry in self.entries(node, "exits", "write lines such as `verified: BLOCK`") {
            let name = Name {
                text: entry.key.clone(),
                pos: entry.pos,
            };
            let good = self.is_name(&name, "an exit");
            let target = self.target(&entry.value, &format!("{block}/{}", entry.key));
            let Some(target) = target.filter(|_| good) else {
                continue;
            };
            match own.iter().find(|exit| exit.as_str() == entry.key) {
                Some(exit) => drop(exits.insert(*exit, target)),
                None => drop(returns.insert(name.text, (name.pos, target))),
            }
        }
        (returns, exits)
    }

    /// `return:`, `return: verified`; inside none: no word.
    pub(super) fn return_step(&mut self, node: &Node) -> Option<Option<Name>> {
        if let Kind::Empty = &node.kind {
            return Some(None);
        }
        let name = self.name(node, "the word that a flow returns with")?;
        if matches!(name.text.as_str(), "error" | "hangup") {
            let message = format!("`{}` is an exit of its own", shortened(&name.text));
            let help = "return with another word, such as `return: refused`";
            self.error("F109", name.pos, message, help);
            return None;
        }
        Some(Some(name))
    }
}
