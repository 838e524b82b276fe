//! From step to step.
//!
//! **Owns**: entering steps, targets and exits, and what a backstop does.
//! **Must not know**: how menus and waits go on by themselves.

use std::sync::Arc;

use super::{Interpreter, Place};
use crate::expression::{Failure, Template};
use crate::flow::{Action, Bound, Branch, ExitName, Go, Target, find_word};
use crate::port::{FlowEnd, FlowOutput, Way, WayOf};

/// Letters of a tag; the rest is cut off: tags are notes for people, and they are kept.
const LONGEST_TAG: usize = 500;

/// What comes after a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    /// The next line.
    Next,
    /// The first step of a block.
    To(usize),
    /// Wait for an input.
    Stay,
    /// The flow is over.
    End(FlowEnd),
}

impl Interpreter {
    /// Runs until a step needs an input or the flow is over.
    pub(super) fn go(&mut self, first: Move) {
        let mut next = first;
        loop {
            match next {
                Move::Stay => return,
                Move::End(cause) => return self.end(cause),
                Move::Next => self.at.step = self.at.step.saturating_add(1),
                Move::To(block) => self.at = Place { block, step: 0 },
            }
            next = self.enter();
        }
    }

    fn enter(&mut self) -> Move {
        let flow = Arc::clone(&self.flow);
        let Some(step) = Self::step_at(&flow, self.at) else {
            return self.after_block();
        };
        if !self.limits.step() {
            return self.backstop("the call went through more steps than any flow may have");
        }
        if let Some(when) = &step.when {
            match self.truth(when) {
                Ok(true) => {}
                Ok(false) => return Move::Next,
                Err(why) => return self.failed(why).unwrap_or(Move::Next),
            }
        }
        let action = &step.action;
        self.step_entered(action);
        match action {
            Action::Answer => {
                self.answer();
                Move::Next
            }
            Action::Play(play) => self.play(play),
            Action::Menu(menu) => self.enter_menu(menu),
            Action::Collect(collect) => self.enter_collect(collect),
            Action::Customer(customer) => self.enter_customer(customer),
            Action::Http(http) => self.enter_http(http),
            Action::Voicemail(voicemail) => self.enter_voicemail(voicemail),
            Action::Survey(survey) => self.enter_survey(survey),
            Action::Consent(consent) => self.enter_consent(consent),
            // Nothing stands behind it, and the check asked for this exit.
            Action::NotYet(_) => self.exit(ExitName::Unavailable).unwrap_or(Move::Next),
            Action::Transfer(transfer) => self.enter_transfer(transfer),
            Action::Record(record) => self.record(record),
            Action::Pause(time) => self.enter_pause(*time),
            Action::Queue(queue) => self.enter_queue(&flow, queue),
            Action::Call(call) => self.call_step(call),
            Action::Return(word) => self.return_step(word.as_ref()),
            Action::Hours(hours) => self.enter_hours(hours),
            Action::Language(language) => self.enter_language(language),
            Action::Go(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Tag(_)
            | Action::Notify(_)
            | Action::Hangup(_) => self.quiet(action),
        }
    }

    /// Steps without audio, which also run after the caller has left.
    pub(super) fn quiet(&mut self, action: &Action) -> Move {
        match action {
            Action::Go(go) => self.go_step(go),
            Action::Set(sets) => self.set_step(sets),
            Action::Branch(branch) => self.branch(branch),
            Action::Hours(hours) => self.hours(hours),
            Action::Tag(tags) => self.tag(tags),
            Action::Notify(notify) => self.notify(notify),
            Action::Hangup(status) => self.hangup(*status),
            Action::Language(language) => self.language_step(language),
            Action::Answer
            | Action::Play(_)
            | Action::Customer(_)
            | Action::Http(_)
            | Action::Call(_)
            | Action::Record(_)
            | Action::Pause(_) => Move::Next,
            Action::Menu(_)
            | Action::Collect(_)
            | Action::Queue(_)
            | Action::Voicemail(_)
            | Action::Survey(_)
            | Action::Consent(_)
            | Action::Transfer(_)
            | Action::NotYet(_)
            | Action::Return(_) => Move::Stay,
        }
    }

    pub(super) fn step_entered(&mut self, action: &Action) {
        let step = u32::try_from(self.at.step).unwrap_or(u32::MAX);
        self.put(FlowOutput::StepEntered {
            block: self.block_name(),
            step,
            action: action.name(),
        });
    }

    /// The last step of a block is done. Only `queue` and `voicemail` may be followed by nothing.
    fn after_block(&mut self) -> Move {
        let last = self
            .at
            .step
            .checked_sub(1)
            .map(|step| Place { step, ..self.at });
        match last.and_then(|last| Self::action(&self.flow, last)) {
            Some(Action::Queue(_) | Action::Voicemail(_)) => Move::End(FlowEnd::AfterQueue),
            _ => self.backstop("a block ended and nothing says what comes next"),
        }
    }

    fn go_step(&mut self, go: &Go) -> Move {
        let Some(Bound { at_most, then }) = &go.bound else {
            return self.target(&go.to);
        };
        let taken = self.taken.entry(self.at).or_insert(0);
        if *taken < *at_most {
            *taken = taken.saturating_add(1);
            return self.target(&go.to);
        }
        match then {
            Some(then) => self.target(then),
            None => Move::Next,
        }
    }

    fn branch(&mut self, branch: &Branch) -> Move {
        for (number, (when, target)) in (1_u32..).zip(&branch.cases) {
            match self.truth(when) {
                Ok(true) => {
                    self.took_own(format!("case {number}"));
                    return self.target(target);
                }
                Ok(false) => {}
                Err(why) => {
                    if let Some(exit) = self.failed(why) {
                        return exit;
                    }
                }
            }
        }
        match &branch.otherwise {
            Some(target) => {
                self.took_own("else");
                self.target(target)
            }
            None => Move::Next,
        }
    }

    /// A tag whose value cannot be worked out is left out.
    fn tag(&mut self, tags: &[(String, Template)]) -> Move {
        for (key, value) in tags {
            match value.text(&self.scope()) {
                Ok(mut value) => {
                    if let Some((end, _)) = value.char_indices().nth(LONGEST_TAG) {
                        value.truncate(end);
                    }
                    self.tags.insert(key.clone(), value.clone());
                    self.put(FlowOutput::Tag {
                        key: key.clone(),
                        value,
                    });
                }
                Err(why) => {
                    if let Some(exit) = self.failed(why) {
                        return exit;
                    }
                }
            }
        }
        Move::Next
    }

    /// An expression has no value: told, then the `error` exit, once until the caller chooses something. After that,
    /// and where no `error` exit is, None: the expression counts as false, and the call goes on.
    pub(super) fn failed(&mut self, why: Failure) -> Option<Move> {
        self.trouble(&format!("an expression failed: {why}"))
    }

    pub(super) fn trouble(&mut self, what: &str) -> Option<Move> {
        self.incident(what);
        if std::mem::replace(&mut self.limits.failed, true) {
            return None;
        }
        self.exit(ExitName::Error)
    }

    /// Told with its place in the flow.
    pub(super) fn incident(&mut self, what: &str) {
        let flow = self.flow.name().to_owned();
        let block = self.flow.blocks.get(self.at.block);
        let block = block.map_or("", |block| block.name.text.as_str());
        let what = format!("flow `{flow}`, block `{block}`: {what}");
        self.put(FlowOutput::Incident { what });
    }

    pub(super) fn target(&mut self, target: &Target) -> Move {
        match target {
            Target::Hangup => Move::End(FlowEnd::Hangup),
            Target::Return => self.return_step(None),
            Target::Block(name) => match self.flow.block_index(&name.text) {
                Some(block) => Move::To(block),
                None => self.backstop(&format!("there is no block `{}`", name.text)),
            },
        }
    }

    /// Where the present step's exit leads: its own word, its wait's, or the inherited one.
    pub(super) fn exit(&mut self, exit: ExitName) -> Option<Move> {
        let flow = Arc::clone(&self.flow);
        let places = match Self::action(&flow, self.at) {
            Some(action) => flow.exit_places(action),
            None => vec![&flow.defaults.exits],
        };
        let (place, word, target) = find_word(places, exit)?;
        self.took_exit(place, word);
        Some(self.target(target))
    }

    /// Tells that a word of the file was followed. `place` counts from the present step's own exits.
    pub(super) fn took_exit(&mut self, place: usize, word: ExitName) {
        let action = Self::action(&self.flow, self.at);
        let own = usize::from(action.is_some_and(|action| action.exits().is_some()));
        let wait = match action {
            Some(Action::Queue(queue)) => queue.wait.as_ref().filter(|_| place == own),
            _ => None,
        };
        let of = match wait {
            _ if place < own => self.here(),
            Some(wait) => WayOf::Wait(self.of_flow(&wait.text)),
            // What another flow says for all of itself is none of the first one's.
            None if self.is_called() => return,
            None => WayOf::Defaults,
        };
        let name = word.as_str().to_owned();
        self.put(FlowOutput::WayTaken(Way { of, name }));
    }

    /// Tells that a way of the present step itself was taken.
    pub(super) fn took_own(&mut self, name: impl Into<String>) {
        let (of, name) = (self.here(), name.into());
        self.put(FlowOutput::WayTaken(Way { of, name }));
    }

    /// Tells that a key of the present step's wait was pressed.
    pub(super) fn took_wait_key(&mut self, key: char) {
        if let Some(Action::Queue(queue)) = Self::action(&self.flow, self.at)
            && let Some(wait) = &queue.wait
        {
            let (of, name) = (WayOf::Wait(self.of_flow(&wait.text)), key.to_string());
            self.put(FlowOutput::WayTaken(Way { of, name }));
        }
    }

    fn here(&self) -> WayOf {
        WayOf::Step {
            block: self.block_name(),
            step: u32::try_from(self.at.step).unwrap_or(u32::MAX),
        }
    }

    /// Something that a checked flow cannot do, or does not do in its lifetime: told, then the `error` exit, once.
    pub(super) fn backstop(&mut self, what: &str) -> Move {
        let flow = self.flow.name().to_owned();
        self.put(FlowOutput::Incident {
            what: format!("flow `{flow}`: {what}"),
        });
        if !self.limits.hit(self.now) {
            return Move::End(FlowEnd::Backstop);
        }
        self.limits.failed = true;
        self.exit(ExitName::Error)
            .unwrap_or(Move::End(FlowEnd::Backstop))
    }
}
