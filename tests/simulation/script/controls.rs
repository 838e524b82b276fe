//! What agents and supervisors ask of talks that go on: anything, at any moment, also what makes no sense then.
//!
//! **Owns**: these requests, by dice. **Must not know**: what comes of them.

use super::{Plan, TRAFFIC};
use crate::company;
use crate::core::{Machine, timestamp};
use crate::world::World;
use cordboard::call::control::{
    Colleague, Control, ControlId, ControlRequest, Destination, MonitorMode,
};
use cordboard::call::machine::Place;
use cordboard::call::port::CallInput;
use cordboard::distributor_task::desk::DeskInput;
use router::closure::{ClosedBy, Closure, ClosureMessage, WhileClosed};
use router::id::{AgentId, ClosureId, InteractionId};
use std::time::Duration;

impl World {
    pub(super) fn controls_are_intended(&mut self) {
        for _ in 0..self.control_dice.below(60) {
            let at = self.control_dice.below(TRAFFIC);
            self.plan(at, Plan::Control);
        }
        for _ in 0..self.control_dice.below(4) {
            let at = self.control_dice.below(TRAFFIC);
            self.plan(at, Plan::Close);
        }
    }

    /// Some talk, some request, by its agent, by a supervisor, or by somebody who does not have it.
    pub(super) fn control_some_talk(&mut self) {
        let talks: Vec<(InteractionId, Option<AgentId>)> = self
            .core
            .calls
            .iter()
            .filter_map(|(id, call)| match &call.machine {
                Machine::Call(machine) => match machine.place() {
                    Place::Talking { agent, .. } => Some((*id, agent)),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        if talks.is_empty() {
            return;
        }
        let (id, agent) = self.control_dice.pick(&talks);
        let by = match self.control_dice.below(10) {
            0 => Some(AgentId::from_number(1)),
            1..=2 => None,
            _ => agent,
        };
        let control = self.some_control();
        self.core.say("api", &format!("{control:?} for {id}"));
        let request = ControlRequest {
            id: ControlId(0),
            by,
            control,
        };
        self.core.now = self.now;
        self.core.tell_call(id, CallInput::Control(request));
    }

    /// For a while, until it is opened, or opens it; with those who wait served or not.
    pub(super) fn close_some_queue(&mut self) {
        let queues: Vec<_> = self.core.company.queues.values().collect();
        let queue = queues[self.control_dice.below(queues.len() as u64) as usize].id;
        if self.control_dice.percent(25) {
            self.core.say("api", "opens a queue");
            let by = ClosedBy::default();
            return self.core.tell_desk(DeskInput::OpenQueue { queue, by });
        }
        let seconds = self.control_dice.below(40);
        let now = timestamp(self.now);
        let closure = Closure {
            id: ClosureId::from_number(self.now),
            queue,
            since: now,
            until: (seconds > 0).then(|| now + Duration::from_secs(seconds)),
            message: ClosureMessage::Prompt("closed.wav".to_owned()),
            waiting: self
                .control_dice
                .pick(&[WhileClosed::Serve, WhileClosed::End]),
            reason: "flood".to_owned(),
            by: ClosedBy::default(),
        };
        self.core.say("api", "closes a queue");
        self.core.count("closings");
        self.core.tell_desk(DeskInput::CloseQueue(closure));
    }

    fn some_control(&mut self) -> Control {
        match self.control_dice.below(20) {
            0..=2 => Control::Hold,
            3..=4 => Control::Resume,
            5 => Control::Hangup,
            6..=8 => Control::Transfer {
                to: Destination::Colleague(self.some_colleague()),
                notes: None,
            },
            9 => self.some_queue(),
            10..=13 => Control::Consult {
                colleague: self.some_colleague(),
                notes: None,
            },
            14 => Control::Cancel,
            15 => Control::Complete,
            16..=17 => Control::Merge,
            _ => {
                let mode = self.control_dice.pick(&[
                    MonitorMode::Listen,
                    MonitorMode::Whisper,
                    MonitorMode::Barge,
                    MonitorMode::TakeOver,
                ]);
                Control::Monitor {
                    mode,
                    supervisor: self.some_colleague().into(),
                }
            }
        }
    }

    fn some_colleague(&mut self) -> Colleague {
        let number = self.control_dice.below(company::AGENTS.len() as u64);
        let (_, extension) = company::AGENTS[number as usize];
        Colleague {
            agent: AgentId::from_number(number + 1),
            extension: extension.to_owned(),
        }
    }

    fn some_queue(&mut self) -> Control {
        let queues: Vec<_> = self.core.company.queues.iter().collect();
        let number = self.control_dice.below(queues.len() as u64) as usize;
        let (name, known) = queues[number];
        Control::Transfer {
            to: Destination::Queue {
                name: name.clone(),
                known: known.clone(),
            },
            notes: None,
        }
    }
}
