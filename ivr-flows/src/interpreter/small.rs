//! Small steps: a pause, an event for others, the end with a reason.
//!
//! **Owns**: what they do. **Must not know**: who listens to events.

use std::collections::BTreeMap;
use std::time::Duration;

use super::run::Move;
use super::step_run::StepRun;
use super::{Interpreter, State};
use crate::flow::Notify;
use crate::port::{FlowEnd, FlowOutput};

/// Letters of a value that goes with an event at most.
const LONGEST: usize = 200;

impl Interpreter {
    /// Keys are kept for the next menu, and shorten nothing.
    pub(super) fn enter_pause(&mut self, time: Duration) -> Move {
        let until = self.now.saturating_add(time);
        self.state = State::Step(StepRun::Pause { until });
        Move::Stay
    }

    /// A value that cannot be worked out is left out.
    pub(super) fn notify(&mut self, notify: &Notify) -> Move {
        let mut data = BTreeMap::new();
        let mut exit = None;
        for (name, value) in &notify.data {
            match value.text(&self.scope()) {
                Ok(value) => {
                    data.insert(name.clone(), value.chars().take(LONGEST).collect());
                }
                Err(why) => {
                    let next = self.failed(why);
                    exit = exit.or(next);
                }
            }
        }
        self.put(FlowOutput::Notify {
            event: notify.name.text.clone(),
            data,
        });
        exit.unwrap_or(Move::Next)
    }

    pub(super) fn hangup(&mut self, status: Option<u16>) -> Move {
        if let Some(status) = status.filter(|_| !self.answered) {
            self.put(FlowOutput::RefuseWith { status });
        }
        Move::End(FlowEnd::Hangup)
    }
}
