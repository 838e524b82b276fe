//! Do the names that are mentioned exist?
//!
//! **Owns**: F001, F002, F003, F004, F011.
//! **Must not know**: the paths between blocks.

use std::collections::BTreeSet;

use super::{Catalog, Notes};
use crate::expression::{CALL, Expression, QUEUE, ROOTS};
use crate::flow::{
    Action, ChoiceTarget, Exits, Flow, Menu, Name, Prompt, Queue, Step, Target, Value,
};
use crate::nearest::suggest;
use crate::read::{fit, kind_help};

pub(super) fn check(flow: &Flow, catalog: Option<&Catalog>, notes: &mut Notes<'_>) {
    let mut names = Names {
        flow,
        catalog,
        notes,
        used: BTreeSet::new(),
    };
    names.exits(&flow.defaults.exits);
    names.prompts(&flow.defaults.no_input);
    names.prompts(&flow.defaults.no_match);
    for step in flow.steps() {
        names.step(step);
    }
    for wait in flow.waits.values() {
        names.exits(&wait.exits);
        for play in &wait.plays {
            names.prompts(&play.prompts);
        }
    }
    names.audio();
}

struct Names<'a, 'n> {
    flow: &'a Flow,
    catalog: Option<&'a Catalog>,
    notes: &'a mut Notes<'n>,
    used: BTreeSet<&'a str>,
}

impl<'a> Names<'a, '_> {
    fn step(&mut self, step: &'a Step) {
        if let Some(exits) = step.action.exits() {
            self.exits(exits);
        }
        for expression in step.expressions() {
            self.reads(expression);
        }
        match &step.action {
            Action::Branch(branch) => {
                let cases = branch.cases.iter().map(|(_, target)| target);
                cases
                    .chain(&branch.otherwise)
                    .for_each(|target| self.target(target));
            }
            Action::Answer | Action::Hangup | Action::Tag(_) => {}
            Action::Play(play) => self.prompts(&play.prompts),
            Action::Menu(menu) => self.menu(menu),
            Action::Go(go) => {
                self.target(&go.to);
                if let Some(then) = go.bound.as_ref().and_then(|bound| bound.then.as_ref()) {
                    self.target(then);
                }
            }
            Action::Set(sets) => sets.iter().for_each(|(name, value)| self.set(name, value)),
            Action::Queue(queue) => self.queue(queue),
            Action::Hours(hours) => self.calendar(&hours.check),
        }
    }

    fn menu(&mut self, menu: &'a Menu) {
        for list in [
            &menu.prompt,
            &menu.short_prompt,
            &menu.no_input,
            &menu.no_match,
        ] {
            self.prompts(list);
        }
        for choice in &menu.choices {
            if let ChoiceTarget::Leave(target) = &choice.then {
                self.target(target);
            }
        }
    }

    fn exits(&mut self, exits: &'a Exits) {
        exits.values().for_each(|target| self.target(target));
    }

    fn target(&mut self, target: &'a Target) {
        let Target::Block(name) = target else { return };
        if self.flow.block_index(&name.text).is_none() && !self.notes.full() {
            let help = suggest(&name.text, self.flow.block_names());
            self.notes.error(
                "F001",
                name.pos,
                format!("there is no block `{}`", name.text),
                help,
            );
        }
    }

    fn prompts(&mut self, names: &'a [Name]) {
        for name in names {
            if self.flow.prompts.contains_key(&name.text) {
                self.used.insert(&name.text);
            } else if !self.notes.full() {
                let help = suggest(&name.text, self.flow.prompts.keys().map(String::as_str));
                self.notes.error(
                    "F002",
                    name.pos,
                    format!("there is no prompt `{}`", name.text),
                    help,
                );
            }
        }
    }

    fn calendar(&mut self, name: &Name) {
        if self.flow.calendars.contains_key(&name.text) || self.notes.full() {
            return;
        }
        let known = self.flow.calendars.keys().map(String::as_str);
        let help = format!(
            "{}; calendars stand under `hours:` at the top",
            suggest(&name.text, known)
        );
        let message = format!("there is no calendar `{}`", name.text);
        self.notes.error("F004", name.pos, message, help);
    }

    /// The names that an expression reads.
    fn reads(&mut self, expression: &Expression) {
        for read in &expression.reads {
            if self.notes.full() {
                return;
            }
            let vars = self.flow.vars.keys().map(String::as_str);
            let known: Vec<&str> = match read.root.as_str() {
                "vars" => vars.collect(),
                "call" => CALL.to_vec(),
                "queue" => QUEUE.to_vec(),
                "tags" => self.flow.tag_names().collect(),
                root => {
                    let help = if self.flow.vars.contains_key(root) {
                        format!("write `vars.{root}`")
                    } else {
                        suggest(root, ROOTS)
                    };
                    let message = format!("there is no `{root}`");
                    self.notes.error("F011", read.pos, message, help);
                    continue;
                }
            };
            let field = read.field.as_deref().unwrap_or_default();
            if !known.contains(&field) {
                let message = format!("there is no `{}.{field}`", read.root);
                let help = suggest(field, known);
                self.notes.error("F011", read.pos, message, help);
            }
        }
    }

    fn set(&mut self, name: &Name, value: &Value) {
        if self.notes.full() {
            return;
        }
        let Some(declared) = self.flow.vars.get(&name.text) else {
            let help = format!(
                "{}; variables stand under `vars:`",
                suggest(&name.text, self.flow.vars.keys().map(String::as_str))
            );
            self.notes.error(
                "F011",
                name.pos,
                format!("there is no variable `{}`", name.text),
                help,
            );
            return;
        };
        if fit(value.clone(), declared).is_none() {
            let message = format!("`{value}` does not fit the type of `{}`", name.text);
            self.notes
                .error("F104", name.pos, message, kind_help(declared));
        }
    }

    fn queue(&mut self, queue: &'a Queue) {
        if self.notes.full() {
            return;
        }
        if let Some(wait) = &queue.wait
            && !self.flow.waits.contains_key(&wait.text)
        {
            let help = suggest(&wait.text, self.flow.waits.keys().map(String::as_str));
            self.notes.error(
                "F004",
                wait.pos,
                format!("there is no wait `{}`", wait.text),
                help,
            );
        }
        let Some(catalog) = self.catalog else { return };
        if !catalog.queues.contains(&queue.to.text) {
            let help = suggest(&queue.to.text, catalog.queues.iter().map(String::as_str));
            let message = format!("the company has no queue `{}`", queue.to.text);
            self.notes.error("F004", queue.to.pos, message, help);
        }
        for (skill, (_, pos)) in &queue.skills {
            if !catalog.skills.contains(skill) {
                let help = suggest(skill, catalog.skills.iter().map(String::as_str));
                self.notes.error(
                    "F004",
                    *pos,
                    format!("the company has no skill `{skill}`"),
                    help,
                );
            }
        }
    }

    /// Every prompt that is used needs audio in the default language, or audio for all languages.
    fn audio(&mut self) {
        let flow = self.flow;
        for name in std::mem::take(&mut self.used) {
            let Some(prompt) = flow.prompts.get(name) else {
                continue;
            };
            for language in &flow.languages.offer {
                let spoken = !prompt.texts.is_empty() && !prompt.texts.contains_key(language);
                if spoken && prompt.file == format!("{name}.wav") {
                    let message = format!(
                        "prompt `{name}` has no text in `{language}`, which the flow offers"
                    );
                    let help =
                        format!("add `{language}: \"…\"`, or take `{language}` out of `offer:`");
                    self.notes.warning("F003", prompt.pos, message, help);
                }
                let files = self
                    .catalog
                    .and_then(|catalog| catalog.prompt_files.as_ref());
                if let Some(files) = files {
                    self.file(name, prompt, language, files);
                }
            }
        }
    }

    fn file(&mut self, name: &str, prompt: &Prompt, language: &str, files: &BTreeSet<String>) {
        let spoken = format!("{language}/{}", prompt.file);
        if files.contains(&spoken) || files.contains(&prompt.file) || self.notes.full() {
            return;
        }
        let message = format!(
            "prompt `{name}` has no audio file `{spoken}`, nor `{}`",
            prompt.file
        );
        let near = suggest(&spoken, files.iter().map(String::as_str));
        let help = format!("put the file into the prompts folder; {near}");
        if language == self.flow.languages.default {
            self.notes.error("F002", prompt.pos, message, help);
        } else {
            self.notes.warning("F003", prompt.pos, message, help);
        }
    }
}
