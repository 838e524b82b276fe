//! Going through another flow and coming back.
//!
//! **Owns**: which flow a call is in, what is put aside meanwhile, what is handed over and back.
//! **Must not know**: how the other flow was found: the whole set is pinned when a call begins.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::run::Move;
use super::{Interpreter, Place};
use crate::expression::Failure;
use crate::flow::{Action, Call, ExitName, Flow, Name, Value, Voicemail, find_word};
use crate::port::FlowEnd;

/// Flows in each other.
pub(crate) const DEEPEST: usize = 8;

/// What waits for the other flow to return.
#[derive(Debug)]
pub(super) struct Frame {
    flow: Arc<Flow>,
    at: Place,
    vars: BTreeMap<String, Value>,
    taken: HashMap<Place, u32>,
    queued_at: Option<Place>,
    queue_box: Option<Arc<Voicemail>>,
}

impl Interpreter {
    /// The block the call is in, by name; of another flow than the first with that flow's name.
    pub(super) fn block_name(&self) -> String {
        let block = self.flow.blocks.get(self.at.block);
        self.of_flow(block.map_or("", |block| block.name.text.as_str()))
    }

    /// The name of something of the present flow, told apart from those of the first one.
    pub(super) fn of_flow(&self, name: &str) -> String {
        if self.is_called() {
            format!("{}:{name}", self.flow.name())
        } else {
            name.to_owned()
        }
    }

    /// Another flow waits for this one to return.
    pub(super) fn is_called(&self) -> bool {
        !self.frames.is_empty()
    }

    pub(super) fn call_step(&mut self, call: &Call) -> Move {
        let Some(sub) = self.set.get(&call.flow.text).cloned() else {
            return self.call_failed("the flow that it calls is not there");
        };
        let Some(start) = sub.block_index("start") else {
            return self.call_failed("the flow that it calls has no block `start`");
        };
        if self.is_deepest() {
            return self.call_failed("flows call each other too deeply");
        }
        let vars = match self.handed_over(call, &sub) {
            Ok(vars) => vars,
            Err(why) => return self.failed(why).unwrap_or(Move::Next),
        };
        self.go_through(sub, vars);
        Move::To(start)
    }

    /// The present flow waits, with all that is its own, until the other one returns.
    pub(super) fn go_through(&mut self, sub: Arc<Flow>, vars: BTreeMap<String, Value>) {
        for name in sub.tag_names() {
            self.tags.entry(name.to_owned()).or_default();
        }
        let frame = Frame {
            flow: std::mem::replace(&mut self.flow, sub),
            at: self.at,
            vars: std::mem::replace(&mut self.vars, vars),
            taken: std::mem::take(&mut self.taken),
            queued_at: self.queued_at.take(),
            queue_box: self.queue_box.take(),
        };
        self.frames.push(frame);
    }

    /// Flows call each other as deeply as they may.
    pub(super) fn is_deepest(&self) -> bool {
        self.frames.len() >= DEEPEST
    }

    fn handed_over(&self, call: &Call, sub: &Flow) -> Result<BTreeMap<String, Value>, Failure> {
        let mut vars = sub.vars.clone();
        let scope = self.scope();
        for (name, given) in &call.with {
            let value = given.value(&scope)?;
            let declared = vars
                .get_mut(&name.text)
                .ok_or("the flow that is called has no such input")?;
            *declared = value
                .fit(declared)
                .ok_or("a value does not fit the type of its input")?;
        }
        Ok(vars)
    }

    fn call_failed(&mut self, why: &str) -> Move {
        let what = format!("a `call` step failed: {why}");
        self.trouble(&what).unwrap_or(Move::Next)
    }

    /// Back to whoever called, with or without a word. The flow that a number leads to ends the call.
    pub(super) fn return_step(&mut self, word: Option<&Name>) -> Move {
        let outputs = std::mem::take(&mut self.vars);
        // A caller who has left goes nowhere.
        if self.left || !self.step_back() {
            self.vars = outputs;
            return Move::End(FlowEnd::Hangup);
        }
        let flow = Arc::clone(&self.flow);
        let call = match Self::action(&flow, self.at) {
            Some(Action::Call(call)) => Some(call.as_ref()),
            Some(Action::Http(http)) => http.remote.as_deref(),
            _ => None,
        };
        let Some(call) = call else {
            return Move::Next;
        };
        for (ours, theirs) in &call.into {
            let value = outputs.get(&theirs.text).cloned();
            // What was answered from outside need not have each output: the variable stays as it is.
            if value.is_none() && matches!(Self::action(&flow, self.at), Some(Action::Http(_))) {
                continue;
            }
            let kept = value.ok_or("the flow that was called has no such output");
            if let Err(why) = kept.and_then(|value| self.assign(&ours.text, value))
                && let Some(exit) = self.failed(why)
            {
                return exit;
            }
        }
        match word.and_then(|word| call.returns.get(&word.text)) {
            Some((_, target)) => {
                self.took_own(word.map_or("", |word| word.text.as_str()));
                self.target(target)
            }
            None => Move::Next,
        }
    }

    /// Takes up again what waits; false when nothing does.
    fn step_back(&mut self) -> bool {
        let Some(frame) = self.frames.pop() else {
            return false;
        };
        self.flow = frame.flow;
        self.at = frame.at;
        self.vars = frame.vars;
        self.taken = frame.taken;
        self.queued_at = frame.queued_at;
        self.queue_box = frame.queue_box;
        true
    }

    /// The `hangup` exit of the innermost flow that has one.
    pub(super) fn hangup_exit(&mut self) -> Option<Move> {
        loop {
            let flow = Arc::clone(&self.flow);
            let places = match Self::action(&flow, self.at) {
                Some(action) => flow.exit_places(action),
                None => vec![&flow.defaults.exits],
            };
            if let Some((place, word, target)) = find_word(places, ExitName::Hangup) {
                self.took_exit(place, word);
                return Some(self.target(target));
            }
            if !self.step_back() {
                return None;
            }
        }
    }
}
