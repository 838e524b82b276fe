//! Boxes and arrows of a flow, found along the table of the language.
//!
//! **Owns**: which arrow leaves which box, and its label.
//! **Must not know**: actions by name, but for what a step inherits: the table says it.

use std::collections::BTreeMap;

use super::{Arrow, Options, Picture, Shown, Zoom};
use crate::reference::{ACTIONS, Action, After, CHOICE, Field, Kind, TARGET, fits};
use crate::yaml::{self, Entry, Node};

/// Longer labels are cut.
const LABEL: usize = 28;
/// The boxes for the targets `hangup` and `return`.
const HANGUP: &str = "hang up";
const RETURN: &str = "return";

/// Where a step leads.
struct Lead {
    to: String,
    label: String,
    inherited: bool,
}

/// One step, those of `do:` lists included.
struct StepSeen<'n> {
    block: String,
    /// From 1, in its block; 0: inside a `do:` list.
    number: usize,
    node: &'n Node,
    action: Option<&'static Action>,
    leads: Vec<Lead>,
    /// Nothing comes behind it in its list.
    last: bool,
}

struct Drawer<'n> {
    defaults: Option<&'n Node>,
    waits: Option<&'n Node>,
    inherited: bool,
    steps: Vec<StepSeen<'n>>,
}

pub(super) fn picture(root: &Node, options: &Options) -> Picture {
    let mut drawer = Drawer {
        defaults: get(root, "defaults").and_then(|defaults| get(defaults, "exits")),
        waits: get(root, "waits"),
        inherited: options.inherited,
        steps: Vec::new(),
    };
    let blocks = match get(root, "blocks").map(|node| &node.kind) {
        Some(yaml::Kind::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    for block in blocks {
        drawer.block(block);
    }
    let title = get(root, "title").or_else(|| get(root, "name"));
    let mut picture = Picture {
        title: title.map(word).unwrap_or_default(),
        boxes: Vec::new(),
        arrows: Vec::new(),
    };
    match options.zoom {
        Zoom::Blocks => of_blocks(&mut picture, blocks, &drawer.steps, options),
        Zoom::Steps => of_steps(&mut picture, &drawer.steps, options),
    }
    lay_traffic(&mut picture, options);
    picture
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let yaml::Kind::Map(entries) = &node.kind else {
        return None;
    };
    let found = entries.iter().find(|entry| entry.key == key);
    found.map(|entry| &entry.value)
}

fn word(node: &Node) -> String {
    match &node.kind {
        yaml::Kind::Text { text, .. } => text.clone(),
        _ => String::new(),
    }
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= LABEL {
        return line.to_owned();
    }
    line.chars().take(LABEL - 1).chain(['…']).collect()
}

impl<'n> Drawer<'n> {
    fn block(&mut self, block: &'n Entry) {
        let yaml::Kind::List(items) = &block.value.kind else {
            return;
        };
        for (at, item) in items.iter().enumerate() {
            let last = at + 1 == items.len();
            self.step(&block.key, at + 1, item, last);
        }
    }

    fn step(&mut self, block: &str, number: usize, node: &'n Node, last: bool) {
        let entries = match &node.kind {
            yaml::Kind::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let known = |entry: &Entry| ACTIONS.iter().find(|action| action.name == entry.key);
        let found = entries
            .iter()
            .find_map(|entry| Some((known(entry)?, entry)));
        let place = self.steps.len();
        self.steps.push(StepSeen {
            block: block.to_owned(),
            number,
            node,
            action: found.map(|(action, _)| action),
            leads: Vec::new(),
            last,
        });
        let Some((action, entry)) = found else { return };
        let mut leads = Vec::new();
        let when = entries.iter().find(|entry| entry.key == "when");
        let when = when.map_or_else(String::new, |entry| short(&word(&entry.value)));
        self.leads(block, action.value, &entry.value, &when, &mut leads);
        self.exits_from_elsewhere(action, &entry.value, &mut leads);
        if let Some(step) = self.steps.get_mut(place) {
            step.leads = leads;
        }
    }

    /// Every target in a value, with the last key on the way to it that says something.
    fn leads(
        &mut self,
        block: &str,
        kind: Kind,
        node: &'n Node,
        label: &str,
        leads: &mut Vec<Lead>,
    ) {
        match (kind, &node.kind) {
            (Kind::Either(kinds), _) => {
                if let Some(kind) = kinds.iter().find(|kind| fits(**kind, node)) {
                    self.leads(block, *kind, node, label, leads);
                }
            }
            (Kind::Shape(shape), yaml::Kind::Map(entries)) => {
                self.fields(block, shape.fields, entries, label, leads);
            }
            (Kind::Map(_, inner), yaml::Kind::Map(entries)) => {
                for entry in entries {
                    self.leads(block, *inner, &entry.value, &entry.key, leads);
                }
            }
            (Kind::Exits(_) | Kind::Returns(_), yaml::Kind::Map(entries)) => {
                for entry in entries {
                    self.leads(block, Kind::Target, &entry.value, &entry.key, leads);
                }
            }
            (Kind::List(inner), yaml::Kind::List(items)) => {
                for item in items {
                    self.leads(block, *inner, item, label, leads);
                }
            }
            (Kind::Steps, yaml::Kind::List(items)) => self.inline(block, items, label, leads),
            (Kind::Target, yaml::Kind::Map(entries)) => {
                self.fields(block, TARGET.fields, entries, label, leads);
            }
            (Kind::Choice, yaml::Kind::Map(entries)) => {
                self.fields(block, CHOICE.fields, entries, label, leads);
            }
            (Kind::Block | Kind::Target | Kind::Choice, yaml::Kind::Text { text, .. }) => {
                leads.push(Lead {
                    // The same step again is no arrow of its own box but one.
                    to: if text == "repeat" {
                        block.to_owned()
                    } else {
                        text.clone()
                    },
                    label: label.to_owned(),
                    inherited: false,
                });
            }
            _ => {}
        }
    }

    fn fields(
        &mut self,
        block: &str,
        fields: &'static [Field],
        entries: &'n [Entry],
        label: &str,
        leads: &mut Vec<Lead>,
    ) {
        // A case is told by its condition.
        let when = entries.iter().find(|entry| entry.key == "when");
        let when = when.map(|entry| short(&word(&entry.value)));
        let counted = entries.iter().find(|entry| entry.key == "at_most");
        for entry in entries {
            let Some(field) = fields.iter().find(|field| field.name == entry.key) else {
                continue;
            };
            let own = match entry.key.as_str() {
                "else" | "then" => entry.key.clone(),
                "to" => counted.map_or_else(
                    || label.to_owned(),
                    |count| format!("at most {}", word(&count.value)),
                ),
                _ => when.clone().unwrap_or_else(|| label.to_owned()),
            };
            self.leads(block, field.kind, &entry.value, &own, leads);
        }
    }

    /// The steps of a `do:` list lead on from the step that they stand in.
    fn inline(&mut self, block: &str, items: &'n [Node], label: &str, leads: &mut Vec<Lead>) {
        for item in items {
            let place = self.steps.len();
            self.step(block, 0, item, false);
            let Some(step) = self.steps.get_mut(place) else {
                continue;
            };
            for lead in step.leads.drain(..) {
                let label = match (label, lead.label.as_str()) {
                    (outer, "") => outer.to_owned(),
                    ("", inner) => inner.to_owned(),
                    (outer, inner) => format!("{outer}: {inner}"),
                };
                leads.push(Lead { label, ..lead });
            }
        }
    }

    /// The exits of a step that its wait or the defaults name.
    fn exits_from_elsewhere(&mut self, action: &Action, value: &'n Node, leads: &mut Vec<Lead>) {
        let mut named: Vec<&str> = match get(value, "exits").map(|exits| &exits.kind) {
            Some(yaml::Kind::Map(entries)) => {
                entries.iter().map(|entry| entry.key.as_str()).collect()
            }
            _ => Vec::new(),
        };
        let wait = get(value, "use").map(word);
        let wait = wait.and_then(|name| get(get(self.waits?, &name)?, "exits"));
        let elsewhere = [(wait, false), (self.defaults, true)];
        for (exits, inherited) in elsewhere {
            let Some(yaml::Kind::Map(entries)) = exits.map(|exits| &exits.kind) else {
                continue;
            };
            for entry in entries {
                let has = action.exits().iter().any(|exit| exit.as_str() == entry.key);
                if !has || named.contains(&entry.key.as_str()) || (inherited && !self.inherited) {
                    continue;
                }
                named.push(&entry.key);
                let to = match &entry.value.kind {
                    yaml::Kind::Text { text, .. } => text.clone(),
                    _ => get(&entry.value, "go").map(word).unwrap_or_default(),
                };
                if !to.is_empty() {
                    leads.push(Lead {
                        to,
                        label: entry.key.clone(),
                        inherited,
                    });
                }
            }
        }
    }
}

fn of_blocks(picture: &mut Picture, blocks: &[Entry], steps: &[StepSeen<'_>], options: &Options) {
    let mut places = BTreeMap::new();
    for block in blocks {
        let own: Vec<&StepSeen<'_>> = steps
            .iter()
            .filter(|step| step.block == block.key)
            .collect();
        let mut actions: Vec<&str> = Vec::new();
        for step in own.iter().filter(|step| step.number > 0) {
            let name = step.action.map_or("?", |action| action.name);
            if actions.last() != Some(&name) {
                actions.push(name);
            }
        }
        places.insert(block.key.clone(), picture.boxes.len());
        picture.boxes.push(Shown {
            name: block.key.clone(),
            detail: short(&actions.join(", ")),
            covered: covered(&own, options),
            start: block.key == "start",
            ends: own.iter().any(|step| ends(step)),
        });
    }
    for step in steps {
        let from = places.get(&step.block).copied();
        for lead in &step.leads {
            arrow(picture, &mut places, from, lead);
        }
    }
}

fn of_steps(picture: &mut Picture, steps: &[StepSeen<'_>], options: &Options) {
    let outer = |step: &&StepSeen<'_>| step.number > 0;
    let mut places = BTreeMap::new();
    for step in steps.iter().filter(outer) {
        let at = picture.boxes.len();
        if step.number == 1 {
            places.insert(step.block.clone(), at);
        }
        let name = step.action.map_or("?", |action| action.name);
        let value = step.action.and_then(|action| get(step.node, action.name));
        let value = value.map(named).unwrap_or_default();
        picture.boxes.push(Shown {
            name: format!("{} {}", step.block, step.number),
            detail: short(format!("{name} {value}").trim_end()),
            covered: covered(&[step], options),
            start: step.block == "start" && step.number == 1,
            ends: ends(step),
        });
    }
    for (from, step) in steps.iter().filter(outer).enumerate() {
        for lead in &step.leads {
            arrow(picture, &mut places, Some(from), lead);
        }
        let stays = step.action.is_some_and(|action| {
            matches!(action.after, After::Elsewhere(""))
                || (action.name == "go" && get(step.node, "when").is_none())
                || (gives_away(step) && get(step.node, "when").is_none() && knows_failures(step))
        });
        if !step.last && !stays {
            picture.arrows.push(Arrow {
                from,
                to: from + 1,
                label: String::new(),
                inherited: false,
                calls: None,
            });
        }
    }
}

/// The word that says most about a step: what it plays, whom it asks.
fn named(node: &Node) -> String {
    match &node.kind {
        yaml::Kind::Text { text, .. } => text.clone(),
        yaml::Kind::List(items) => items.iter().map(named).collect::<Vec<_>>().join(", "),
        yaml::Kind::Map(entries) => entries
            .first()
            .map(|entry| named(&entry.value))
            .unwrap_or_default(),
        yaml::Kind::Empty => String::new(),
    }
}

fn ends(step: &StepSeen<'_>) -> bool {
    let Some(action) = step.action else {
        return false;
    };
    matches!(action.name, "hangup" | "return")
        || (step.last && action.after == After::NextOrEnd)
        || gives_away(step)
}

/// A `transfer` from which nobody comes back.
fn gives_away(step: &StepSeen<'_>) -> bool {
    let value = get(step.node, "transfer");
    let returns = value.and_then(|value| get(value, "return_here"));
    let done = value.and_then(|value| get(value, "exits"));
    value.is_some()
        && returns.is_none_or(|node| word(node) != "true")
        && done.is_none_or(|exits| get(exits, "done").is_none())
}

/// Whether each way not to reach anybody leads elsewhere, by the step or for all steps.
fn knows_failures(step: &StepSeen<'_>) -> bool {
    ["no_answer", "busy", "failed"].iter().all(|exit| {
        let labels = step.leads.iter().map(|lead| lead.label.as_str());
        labels.into_iter().any(|label| label == *exit)
    })
}

fn covered(steps: &[&StepSeen<'_>], options: &Options) -> Option<(usize, usize)> {
    let covered = options.covered.as_ref()?;
    let count = steps
        .iter()
        .filter(|step| covered.contains(&step.node.pos))
        .count();
    Some((count, steps.len()))
}

/// One arrow from a box to another, with all labels that lead there.
fn arrow(
    picture: &mut Picture,
    places: &mut BTreeMap<String, usize>,
    from: Option<usize>,
    lead: &Lead,
) {
    let Some(from) = from else { return };
    let target = match lead.to.as_str() {
        "hangup" => HANGUP,
        other => other,
    };
    let to = match places.get(target) {
        Some(to) => *to,
        None if matches!(target, HANGUP | RETURN) => {
            places.insert(target.to_owned(), picture.boxes.len());
            picture.boxes.push(Shown {
                name: target.to_owned(),
                detail: String::new(),
                covered: None,
                start: false,
                ends: true,
            });
            picture.boxes.len() - 1
        }
        // A target that does not exist is for the check.
        None => return,
    };
    let same =
        |arrow: &&mut Arrow| (arrow.from, arrow.to, arrow.inherited) == (from, to, lead.inherited);
    match picture.arrows.iter_mut().find(same) {
        Some(arrow) if !lead.label.is_empty() => {
            let known = arrow.label.split(", ").any(|label| label == lead.label);
            if !known {
                let comma = if arrow.label.is_empty() { "" } else { ", " };
                arrow.label = format!("{}{comma}{}", arrow.label, lead.label);
            }
        }
        Some(_) => {}
        None => picture.arrows.push(Arrow {
            from,
            to,
            label: lead.label.clone(),
            inherited: lead.inherited,
            calls: None,
        }),
    }
}

fn lay_traffic(picture: &mut Picture, options: &Options) {
    let Some(traffic) = &options.traffic else {
        return;
    };
    for arrow in &mut picture.arrows {
        arrow.calls = Some(0);
    }
    for ((from, to), exits) in traffic {
        for (exit, times) in exits {
            if let Some(arrow) = arrow_of(picture, (from, to), exit) {
                arrow.calls = Some(arrow.calls.unwrap_or(0).saturating_add(*times));
            }
        }
    }
}

/// Of the arrows between two boxes the one that names this exit; else the first: a case is drawn by its condition.
fn arrow_of<'p>(
    picture: &'p mut Picture,
    (from, to): (&str, &str),
    exit: &str,
) -> Option<&'p mut Arrow> {
    let at = |name: &str| picture.boxes.iter().position(|shown| shown.name == name);
    let ends = (at(from)?, at(to)?);
    let between = |arrow: &Arrow| (arrow.from, arrow.to) == ends;
    let named = |arrow: &Arrow| arrow.label.split(", ").any(|part| part == exit);
    let arrows = &picture.arrows;
    let found = arrows
        .iter()
        .position(|arrow| between(arrow) && named(arrow));
    let found = found.or_else(|| arrows.iter().position(between));
    picture.arrows.get_mut(found?)
}
