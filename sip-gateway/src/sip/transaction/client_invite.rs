//! INVITE client transaction: RFC 3261 17.1.1 (figure 5) with the Accepted state of RFC 6026 7.2.
//!
//! **Owns**: retransmission of the INVITE and the ACK of a final non-2xx. **Must not know**: dialogs; the ACK of a
//! 2xx is the session's.

use super::timers::{T1, T1_64, Timer, Timers, Transport};
use super::{Action, Actions};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// States of figure 5 of RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No answer yet: the INVITE is repeated.
    Calling,
    /// A provisional answer came.
    Proceeding,
    /// A final non-2xx came and is acknowledged each time it is repeated.
    Completed,
    /// A 2xx came; further 2xx go up to the session.
    Accepted,
    /// Over.
    Terminated,
}

/// What the machine is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// A response that matches.
    Response {
        /// 100-699.
        status: u16,
        /// The ACK to send should this be a final non-2xx (RFC 3261 17.1.1.3); unused otherwise.
        ack: Bytes,
    },
    /// One of its timers fired.
    Timer(Timer),
    /// The transport could not deliver.
    TransportError,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct ClientInvite {
    state: State,
    timers: Timers,
    transport: Transport,
    request: Bytes,
    ack: Bytes,
    interval: Duration,
}

impl ClientInvite {
    /// Starts in Calling: sends the INVITE and starts timers A and B.
    pub fn start(request: Bytes, transport: Transport, now: Instant, out: &mut Actions) -> Self {
        let mut timers = Timers::default();
        if transport == Transport::Datagram {
            timers.set(Timer::A, now + T1);
        }
        timers.set(Timer::B, now + T1_64);
        out.push(Action::Send(request.clone()));
        Self {
            state: State::Calling,
            timers,
            transport,
            request,
            ack: Bytes::new(),
            interval: T1,
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
            State::Calling => self.calling(event, now, out),
            State::Proceeding => self.proceeding(event, now, out),
            State::Completed => self.completed(event, out),
            State::Accepted => self.accepted(event, out),
            State::Terminated => {}
        }
    }

    fn calling(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Timer(Timer::A) => {
                self.interval = self.interval.saturating_mul(2);
                self.timers.set(Timer::A, now + self.interval);
                out.push(Action::Send(self.request.clone()));
            }
            Event::Timer(Timer::B) => self.give_up(Action::TimedOut, out),
            Event::Timer(_) => {}
            event => self.proceeding(event, now, out),
        }
    }

    fn proceeding(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Response {
                status: 100..=199, ..
            } => {
                self.state = State::Proceeding;
                self.timers.stop_all();
                out.push(Action::Deliver);
            }
            Event::Response {
                status: 200..=299, ..
            } => {
                self.state = State::Accepted;
                self.timers.stop_all();
                self.timers.set(Timer::M, now + T1_64);
                out.push(Action::Deliver);
            }
            Event::Response { ack, .. } => {
                self.state = State::Completed;
                self.timers.stop_all();
                self.timers
                    .set(Timer::D, now + self.transport.linger(T1_64));
                out.push(Action::Send(ack.clone()));
                out.push(Action::Deliver);
                self.ack = ack;
            }
            Event::TransportError => self.give_up(Action::TransportFailed, out),
            Event::Timer(_) => {}
        }
    }

    fn completed(&mut self, event: Event, out: &mut Actions) {
        match event {
            Event::Response { status: 300.., .. } => out.push(Action::Send(self.ack.clone())),
            Event::Response { .. } => {}
            Event::Timer(Timer::D) => self.terminate(),
            Event::TransportError => self.give_up(Action::TransportFailed, out),
            Event::Timer(_) => {}
        }
    }

    fn accepted(&mut self, event: Event, out: &mut Actions) {
        match event {
            Event::Response {
                status: 200..=299, ..
            } => out.push(Action::Deliver),
            Event::Timer(Timer::M) => self.terminate(),
            Event::Response { .. } | Event::Timer(_) | Event::TransportError => {}
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
