//! A caller who is sent to somebody outside queues.
//!
//! **Owns**: what comes after it. **Must not know**: how anybody is called; the call says how it ended.

use std::sync::Arc;

use super::run::Move;
use super::step_run::StepRun;
use super::{Interpreter, State};
use crate::flow::{Action, ExitName, Transfer, TransferTo};
use crate::port::{DialEnd, DialTo, FlowEnd, FlowOutput};

impl Interpreter {
    pub(super) fn enter_transfer(&mut self, transfer: &Transfer) -> Move {
        self.answer();
        // Keys pressed before were meant for menus, and those that follow for whoever answers.
        self.keys.clear();
        self.limits.pause(self.now);
        let to = match &transfer.to {
            TransferTo::Number(number) => DialTo::Number(number.text.clone()),
            TransferTo::Agent(extension) => DialTo::Agent(extension.text.clone()),
        };
        self.put(FlowOutput::Dial {
            to,
            shown: transfer.shown,
            ring: transfer.ring,
        });
        self.state = State::Step(StepRun::Dialling);
        Move::Stay
    }

    pub(super) fn dial_ended(&mut self, end: DialEnd) {
        if !matches!(self.state, State::Step(StepRun::Dialling)) {
            return;
        }
        let flow = Arc::clone(&self.flow);
        let Some(Action::Transfer(transfer)) = Self::action(&flow, self.at) else {
            return;
        };
        self.limits.resume(self.now);
        let exit = match end {
            DialEnd::Done => ExitName::Done,
            DialEnd::NoAnswer => ExitName::NoAnswer,
            DialEnd::Busy => ExitName::Busy,
            DialEnd::Failed => ExitName::Failed,
        };
        if end == DialEnd::Done {
            self.limits.failed = false;
        }
        let next = match self.exit(exit) {
            Some(next) => next,
            None if end == DialEnd::Done && !transfer.return_here => Move::End(FlowEnd::Hangup),
            None => Move::Next,
        };
        self.go(next);
    }
}
