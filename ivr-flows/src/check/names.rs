//! Do the names that are mentioned exist?
//!
//! **Owns**: F001, F004, F011, F019, and F002 for prompts that are not defined.
//! **Must not know**: the paths between blocks.

use super::{Catalog, Notes};
use crate::expression::{CALL, CUSTOMER, Expression, QUEUE, ROOTS, Read, Template};
use crate::finding::About;
use crate::flow::{
    Action, Call, ChoiceTarget, Collect, Exits, Flow, Given, Http, Language, Levels, Menu, Name,
    Pos, Queue, Saying, Step, Target, TransferTo, Value, Wait, WaitThen,
};
use crate::nearest::{nearest, suggest};
use crate::read::kind_help;
use crate::spoken::Form;

pub(super) fn check(flow: &Flow, catalog: Option<&Catalog>, notes: &mut Notes<'_>) {
    let mut names = Names {
        flow,
        catalog,
        notes,
    };
    names.exits(&flow.defaults.exits);
    flow.sayings().for_each(|saying| names.saying(saying));
    for text in flow
        .prompts
        .values()
        .flat_map(|prompt| prompt.spoken.values())
    {
        names.template(text);
    }
    for step in flow.steps() {
        names.step(step);
    }
    for wait in flow.waits.values() {
        names.exits(&wait.exits);
        names.wait(wait);
        for when in wait.plays.iter().filter_map(|(when, _)| when.as_ref()) {
            names.reads(when);
        }
    }
}

struct Names<'a, 'n> {
    flow: &'a Flow,
    catalog: Option<&'a Catalog>,
    notes: &'a mut Notes<'n>,
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
            Action::Call(call) => self.call(call),
            Action::Answer
            | Action::Hangup(_)
            | Action::Return(_)
            | Action::Pause(_)
            | Action::Play(_)
            | Action::Customer(_)
            | Action::Survey(_)
            | Action::Consent(_)
            | Action::NotYet(_)
            | Action::Record(_) => {}
            Action::Tag(tags) => tags
                .iter()
                .for_each(|(_, value)| self.sensitive(value.expressions(), "a tag")),
            Action::Http(http) => self.http(http),
            Action::Transfer(transfer) => self.called(&transfer.to),
            Action::Notify(notify) => {
                notify
                    .data
                    .iter()
                    .for_each(|(_, value)| self.sensitive(value.expressions(), "a message"));
            }
            Action::Collect(collect) => self.into(collect),
            Action::Language(language) => self.language(language),
            Action::Voicemail(voicemail) => self.company_queue(&voicemail.mailbox),
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
            self.notes.error_about(
                About::Block,
                "F001",
                name.pos,
                format!("there is no block `{}`", name.text),
                help,
            );
        }
    }

    fn saying(&mut self, saying: &'a Saying) {
        match saying {
            Saying::Text(spoken) => spoken.texts.values().for_each(|text| self.template(text)),
            Saying::Prompt(name) => {
                if !self.flow.prompts.contains_key(&name.text) && !self.notes.full() {
                    let help = suggest(&name.text, self.flow.prompts.keys().map(String::as_str));
                    let message = format!("there is no prompt `{}`", name.text);
                    self.notes
                        .error_about(About::Prompt, "F002", name.pos, message, help);
                }
            }
        }
    }

    /// A text that is heard.
    fn template(&mut self, text: &'a Template) {
        for expression in text.expressions() {
            self.reads(expression);
            self.speakable(expression);
        }
        self.sensitive(text.expressions(), "a text");
    }

    /// A variable that is heard as it is.
    fn speakable(&mut self, expression: &Expression) {
        self.where_it_is_said(expression);
        let ([read], true) = (expression.reads.as_slice(), expression.is_name()) else {
            return;
        };
        let field = read.field.as_deref().unwrap_or_default();
        let value = self.flow.vars.get(field).filter(|_| read.root == "vars");
        let moment = expression.form.as_ref().is_some_and(Form::of_moment);
        let value = value.filter(|value| !(moment && matches!(value, Value::Time(_))));
        if let Some(value @ (Value::Map(_) | Value::List(_) | Value::Time(_))) = value {
            let message = format!(
                "`vars.{field}` is a `{}`, which cannot be said",
                value.kind()
            );
            let help = "say a part of it, or a text made of it";
            self.notes.error("F104", read.pos, message, help);
        }
    }

    /// Seconds since 1970 are another day and hour in each time zone.
    fn where_it_is_said(&mut self, expression: &Expression) {
        let lacks = expression.form.as_ref().is_some_and(Form::lacks_zone);
        let moment = |read: &&Read| match read.field.as_deref() {
            Some(field) if read.root == "vars" => matches!(
                self.flow.vars.get(field),
                Some(Value::Time(_) | Value::Int(_))
            ),
            field => read.root == "call" && field == Some("now"),
        };
        if let Some(read) = expression.reads.iter().find(moment).filter(|_| lacks) {
            let message = "a moment is said here, and not in which time zone";
            let help = "add it: `date(x, \"Europe/Madrid\")`, `clock(x, \"Europe/Madrid\")`";
            self.notes.error("F104", read.pos, message, help);
        }
    }

    /// What `sensitive` digits must not get into.
    fn sensitive<'e>(&mut self, expressions: impl Iterator<Item = &'e Expression>, what: &str) {
        let secret: Vec<&str> = self.flow.secrets().collect();
        let reads = expressions.flat_map(|expression| &expression.reads);
        for read in reads.filter(|read| read.root == "vars") {
            let field = read.field.as_deref().unwrap_or_default();
            if secret.contains(&field) {
                let message =
                    format!("`vars.{field}` is collected as `sensitive`, and stands in {what}");
                let help = "say or note something else: whether it was right, for example";
                self.notes.error("F019", read.pos, message, help);
            }
        }
    }

    /// What is handed over is no longer known to be `sensitive`.
    fn call(&mut self, call: &'a Call) {
        for (_, target) in call.returns.values() {
            self.target(target);
        }
        for (name, _) in &call.into {
            if self.flow.secret_vars.contains_key(&name.text) {
                self.no_secret(&name.text, name.pos);
            } else if !self.flow.vars.contains_key(&name.text) {
                self.no_variable(name);
            }
        }
        for (_, given) in &call.with {
            self.sensitive(given.expressions().into_iter(), "an input");
        }
    }

    /// A URL and headers stand in logs of others; a body does not.
    fn http(&mut self, http: &'a Http) {
        if let Some(call) = &http.remote {
            self.call(call);
        }
        if let Some(into) = &http.into
            && self.flow.secret_vars.contains_key(&into.text)
        {
            self.no_secret(&into.text, into.pos);
        }
        self.sensitive(http.url.expressions(), "a URL");
        for (_, value) in &http.headers {
            self.sensitive(value.expressions(), "a header");
        }
    }

    /// A secret stands where a value belongs.
    fn no_secret(&mut self, name: &str, pos: Pos) {
        let message = format!("`{name}` is a secret: a flow cannot read, say, note or set it");
        let help =
            "name it under `secret:` of an `http` step, which sends it and shows it to nobody";
        self.notes.error("F019", pos, message, help);
    }

    fn into(&mut self, collect: &Collect) {
        if self.notes.full() {
            return;
        }
        let name = &collect.into;
        if self.flow.secret_vars.contains_key(&name.text) {
            return self.no_secret(&name.text, name.pos);
        }
        match self.flow.vars.get(&name.text) {
            Some(Value::Text(_)) => {}
            Some(_) => {
                let message = format!("`{}` is no variable of type `string`", name.text);
                let help = "digits are a text: as a number they would lose their zeros";
                self.notes.error("F104", name.pos, message, help);
            }
            None => self.no_variable(name),
        }
    }

    fn language(&mut self, language: &Language) {
        let offered = &self.flow.languages.offer;
        let name = match language {
            Language::To(name) => name,
            Language::From { ask, .. } => return self.asks_language(ask),
        };
        if !offered.contains(&name.text) {
            let message = format!("the flow does not offer the language `{}`", name.text);
            let near = suggest(&name.text, offered.iter().map(String::as_str));
            let help = format!("{near}; languages stand under `languages: {{ offer: … }}`");
            self.notes
                .error_about(About::Language, "F004", name.pos, message, help);
        }
    }

    /// Each language that is offered has a key, and there is something to choose.
    fn asks_language(&mut self, ask: &[Saying]) {
        let pos = match ask.first() {
            None => return,
            Some(Saying::Prompt(name)) => name.pos,
            Some(Saying::Text(spoken)) => spoken.pos,
        };
        let offered = self.flow.languages.offer.len();
        let help = "languages stand under `languages: { offer: [en, es] }`";
        if offered < 2 {
            let message = "there is nothing to ask: the flow offers one language";
            self.notes.warning("F004", pos, message, help);
        } else if offered > Language::MOST_ASKED {
            let message = format!(
                "callers cannot choose among {offered} languages: there are keys for {}",
                Language::MOST_ASKED
            );
            self.notes.error("F004", pos, message, help);
        }
    }

    fn no_variable(&mut self, name: &Name) {
        let near = suggest(&name.text, self.flow.vars.keys().map(String::as_str));
        let help = format!("{near}; variables stand under `vars:`");
        let message = format!("there is no variable `{}`", name.text);
        self.notes
            .error_about(About::Variable, "F011", name.pos, message, help);
    }

    fn calendar(&mut self, name: &Name) {
        if self.flow.calendars.contains_key(&name.text) || self.notes.full() {
            return;
        }
        let company = self
            .catalog
            .and_then(|catalog| catalog.calendars.as_deref());
        let own = self.flow.calendars.keys();
        let known: Vec<&str> = match company {
            Some(company) if company.contains_key(&name.text) => return,
            Some(company) => own.chain(company.keys()).map(String::as_str).collect(),
            None => own.map(String::as_str).collect(),
        };
        // The company may have it; what looks like a slip of the finger is told all the same.
        if company.is_none() && nearest(&name.text, known.iter().copied()).is_none() {
            return;
        }
        let help = format!(
            "{}; calendars stand under `hours:` at the top, or under [[calendars]] of the company file",
            suggest(&name.text, known)
        );
        let message = format!("there is no calendar `{}`", name.text);
        self.notes
            .error_about(About::Calendar, "F004", name.pos, message, help);
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
                "customer" if self.flow.asks_for_customer() => CUSTOMER.to_vec(),
                "customer" => {
                    let message = "no `customer` step finds out who calls";
                    let help = "add `- customer: { by: call.from }` before it";
                    self.notes
                        .error_about(About::Step, "F011", read.pos, message, help);
                    continue;
                }
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
            if read.root == "vars" && self.flow.secret_vars.contains_key(field) {
                self.no_secret(field, read.pos);
            } else if !known.contains(&field) {
                let message = format!("there is no `{}.{field}`", read.root);
                let help = suggest(field, known);
                let about = match read.root.as_str() {
                    "vars" => About::Variable,
                    "tags" => About::Step,
                    _ => About::Itself,
                };
                self.notes
                    .error_about(about, "F011", read.pos, message, help);
            } else {
                self.parts(read, field);
            }
        }
    }

    /// Only maps and lists have parts.
    fn parts(&mut self, read: &Read, field: &str) {
        let value = self.flow.vars.get(field).filter(|_| read.parts);
        if let Some(value) = value.filter(|value| !value.has_parts()) {
            let kind = value.kind();
            let message = format!("`vars.{field}` is a `{kind}` and has no parts");
            let help = "declare it as `map` or `list`, or read it whole";
            self.notes.error("F011", read.pos, message, help);
        }
    }

    fn set(&mut self, name: &Name, given: &Given) {
        if self.notes.full() {
            return;
        }
        if self.flow.secret_vars.contains_key(&name.text) {
            return self.no_secret(&name.text, name.pos);
        }
        self.sensitive(given.expressions().into_iter(), "a value of `set`");
        let Some(declared) = self.flow.vars.get(&name.text) else {
            return self.no_variable(name);
        };
        let literal = given.literal();
        if let Some(value) = literal.filter(|value| value.clone().fit(declared).is_none()) {
            let message = format!("`{value}` does not fit the type of `{}`", name.text);
            self.notes.error_about(
                About::Variable,
                "F104",
                name.pos,
                message,
                kind_help(declared),
            );
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
            self.notes.error_about(
                About::Wait,
                "F004",
                wait.pos,
                format!("there is no wait `{}`", wait.text),
                help,
            );
        }
        self.company_queue(&queue.to);
        for name in queue.ladder.iter().flatten().flat_map(|rung| &rung.queues) {
            self.company_queue(name);
        }
        let rungs = queue.ladder.iter().flatten();
        let levels = std::iter::once(&queue.skills)
            .chain(&queue.any_of)
            .chain(rungs.map(|rung| &rung.skills));
        levels.for_each(|levels| self.skills(levels));
    }

    /// Only what a trunk allows is called, and only agents that there are.
    fn called(&mut self, to: &TransferTo) {
        let callable = self.catalog.and_then(|catalog| catalog.callable.as_ref());
        let Some(callable) = callable.filter(|_| !self.notes.full()) else {
            return;
        };
        match to {
            TransferTo::Agent(name) if !callable.extensions.contains(&name.text) => {
                let known = callable.extensions.iter().map(String::as_str);
                let help = suggest(&name.text, known);
                let message = format!("no agent has the extension `{}`", name.text);
                self.notes.error("F004", name.pos, message, help);
            }
            TransferTo::Number(name) if !callable.allows(&name.text) => {
                let message = format!("no trunk of the company allows calls to `{}`", name.text);
                let help = "add its beginning to `prefixes` of a trunk's `outbound`, or call another number";
                self.notes.error("F004", name.pos, message, help);
            }
            TransferTo::Agent(_) | TransferTo::Number(_) => {}
        }
    }

    /// Where its keys lead, and whom it asks for less.
    fn wait(&mut self, wait: &'a Wait) {
        for key in &wait.keys {
            if let WaitThen::Leave(target) = &key.then {
                self.target(target);
            }
        }
        for rung in wait.relax.iter().flatten() {
            rung.queues.iter().for_each(|name| self.company_queue(name));
            self.skills(&rung.skills);
        }
    }

    fn skills(&mut self, levels: &Levels) {
        let Some(catalog) = self.catalog else { return };
        for (skill, (_, pos)) in levels {
            if !catalog.skills.contains(skill) {
                let help = suggest(skill, catalog.skills.iter().map(String::as_str));
                let message = format!("the company has no skill `{skill}`");
                self.notes.error("F004", *pos, message, help);
            }
        }
    }

    fn company_queue(&mut self, name: &Name) {
        let Some(catalog) = self.catalog else { return };
        if !catalog.queues.contains(&name.text) && !self.notes.full() {
            let help = suggest(&name.text, catalog.queues.iter().map(String::as_str));
            let message = format!("the company has no queue `{}`", name.text);
            self.notes.error("F004", name.pos, message, help);
        }
    }
}
