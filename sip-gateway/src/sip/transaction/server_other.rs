//! Non-INVITE server transaction: RFC 3261 17.2.2 (figure 8), with the advice of RFC 4320: the user never sends 408
//! and sends no provisional, because every such request is answered at once here.
//!
//! **Owns**: absorbing repeats of the request. **Must not know**: what the request asked for.

use super::timers::{T1_64, Timer, Timers, Transport};
use super::{Action, Actions};
use bytes::Bytes;
use std::time::Instant;

/// States of figure 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not answered; repeats are absorbed.
    Trying,
    /// Answered provisionally.
    Proceeding,
    /// Answered; repeats get the answer again.
    Completed,
    /// Over.
    Terminated,
}

/// What the machine is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// The request came again.
    Repeat,
    /// The user of the transaction answers.
    Respond {
        /// 100-699.
        status: u16,
        /// The response as it is sent.
        bytes: Bytes,
    },
    /// One of its timers fired.
    Timer(Timer),
    /// The transport could not deliver.
    TransportError,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct ServerOther {
    state: State,
    timers: Timers,
    transport: Transport,
    response: Bytes,
}

impl ServerOther {
    /// Starts in Trying.
    #[must_use]
    pub fn start(transport: Transport) -> Self {
        Self {
            state: State::Trying,
            timers: Timers::default(),
            transport,
            response: Bytes::new(),
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Its timers.
    #[must_use]
    pub const fn timers(&self) -> &Timers {
        &self.timers
    }

    /// Takes out a timer that is due.
    pub fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        self.timers.pop_due(now)
    }

    /// Advances the machine.
    pub fn handle(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match self.state {
            State::Trying => self.trying(event, now, out),
            State::Proceeding => self.proceeding(event, now, out),
            State::Completed => self.completed(event, out),
            State::Terminated => {}
        }
    }

    fn trying(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Repeat | Event::Timer(_) => {}
            event => self.proceeding(event, now, out),
        }
    }

    fn proceeding(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Repeat => out.push(Action::Send(self.response.clone())),
            Event::Respond { status, bytes } => {
                self.response = bytes.clone();
                out.push(Action::Send(bytes));
                if status < 200 {
                    self.state = State::Proceeding;
                } else {
                    self.state = State::Completed;
                    self.timers
                        .set(Timer::J, now + self.transport.linger(T1_64));
                }
            }
            Event::TransportError => self.give_up(Action::TransportFailed, out),
            Event::Timer(_) => {}
        }
    }

    fn completed(&mut self, event: Event, out: &mut Actions) {
        match event {
            Event::Repeat => out.push(Action::Send(self.response.clone())),
            Event::Timer(Timer::J) => self.terminate(),
            Event::TransportError => self.give_up(Action::TransportFailed, out),
            Event::Respond { .. } | Event::Timer(_) => {}
        }
    }

    fn give_up(&mut self, action: Action, out: &mut Actions) {
        self.terminate();
        out.push(action);
    }

    fn terminate(&mut self) {
        self.state = State::Terminated;
        self.timers.stop_all();
    }
}
