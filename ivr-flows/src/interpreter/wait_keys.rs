//! Keys that callers press while they wait.
//!
//! **Owns**: that a key which leaves the queue does so once and by its own way, and that one which only plays something
//! keeps the place. **Must not know**: agents; an answer that crosses the key wins, as with giving up.

use std::sync::Arc;

use super::{Interpreter, State};
use crate::flow::{Saying, WaitThen};
use crate::port::FlowOutput;

impl Interpreter {
    /// A key that the wait does not have is meant for nobody.
    pub(super) fn wait_key(&mut self, key: char) {
        let flow = Arc::clone(&self.flow);
        let Some(pressed) = self
            .present_wait(&flow)
            .and_then(|wait| wait.keys.iter().find(|known| known.key == key))
        else {
            return;
        };
        self.limits.failed = false;
        if let Some(block) = self.flow.blocks.get(self.at.block) {
            let block = block.name.text.clone();
            self.put(FlowOutput::MenuChosen {
                block,
                key: key.to_string(),
                label: pressed.shown().to_owned(),
            });
        }
        self.took_wait_key(key);
        self.stop_playing();
        match &pressed.then {
            WaitThen::Hear(sayings) => {
                let sayings: Vec<&Saying> = sayings.iter().collect();
                let token = self.start_sayings(&sayings);
                if let State::Waiting(run) = &mut self.state {
                    run.hears(token);
                }
            }
            WaitThen::Leave(target) => {
                self.put(FlowOutput::LeaveQueue { by_key: true });
                self.keys.clear();
                self.limits.resume(self.now);
                let next = self.target(target);
                self.go(next);
            }
        }
    }
}
