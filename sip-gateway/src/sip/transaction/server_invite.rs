//! INVITE server transaction: RFC 3261 17.2.1 (figure 7) with the Accepted state of RFC 6026 7.1.
//!
//! **Owns**: absorbing repeats of the INVITE, repeating a final non-2xx until its ACK. **Must not know**: dialogs; a
//! 2xx is repeated by the session until its ACK.

use super::timers::{T1, T1_64, T2, T4, Timer, Timers, Transport};
use super::{Action, Actions};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// States of figure 7 of RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No final answer yet; repeats of the INVITE get the last provisional.
    Proceeding,
    /// A final non-2xx was sent and is repeated until the ACK.
    Completed,
    /// The ACK came; its repeats are absorbed.
    Confirmed,
    /// A 2xx was sent; repeats of the INVITE are absorbed.
    Accepted,
    /// Over.
    Terminated,
}

/// What the machine is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// The INVITE came again.
    Repeat,
    /// An ACK that matches this transaction.
    Ack,
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
pub struct ServerInvite {
    state: State,
    timers: Timers,
    transport: Transport,
    /// The last response; empty before the first.
    response: Bytes,
    interval: Duration,
}

impl ServerInvite {
    /// Starts in Proceeding. The user answers 100 at once, so the 200 ms rule of RFC 3261 17.2.1 needs no timer.
    #[must_use]
    pub fn start(transport: Transport) -> Self {
        Self {
            state: State::Proceeding,
            timers: Timers::default(),
            transport,
            response: Bytes::new(),
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
            State::Proceeding => self.proceeding(event, now, out),
            State::Completed => self.completed(event, now, out),
            State::Confirmed => self.confirmed(event),
            State::Accepted => self.accepted(event, out),
            State::Terminated => {}
        }
    }

    fn proceeding(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Repeat if !self.response.is_empty() => {
                out.push(Action::Send(self.response.clone()))
            }
            Event::Respond { status, bytes } => {
                self.response = bytes.clone();
                out.push(Action::Send(bytes));
                match status {
                    ..=199 => {}
                    200..=299 => {
                        self.state = State::Accepted;
                        self.timers.set(Timer::L, now + T1_64);
                    }
                    _ => {
                        self.state = State::Completed;
                        if self.transport == Transport::Datagram {
                            self.timers.set(Timer::G, now + T1);
                        }
                        self.timers.set(Timer::H, now + T1_64);
                    }
                }
            }
            Event::TransportError => self.give_up(Action::TransportFailed, out),
            Event::Repeat | Event::Ack | Event::Timer(_) => {}
        }
    }

    fn completed(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Repeat => out.push(Action::Send(self.response.clone())),
            Event::Ack => {
                self.state = State::Confirmed;
                self.timers.stop_all();
                self.timers.set(Timer::I, now + self.transport.linger(T4));
            }
            Event::Timer(Timer::G) => {
                self.interval = self.interval.saturating_mul(2).min(T2);
                self.timers.set(Timer::G, now + self.interval);
                out.push(Action::Send(self.response.clone()));
            }
            Event::Timer(Timer::H) => self.give_up(Action::TimedOut, out),
            Event::TransportError => self.give_up(Action::TransportFailed, out),
            Event::Respond { .. } | Event::Timer(_) => {}
        }
    }

    fn confirmed(&mut self, event: Event) {
        if let Event::Timer(Timer::I) = event {
            self.terminate();
        }
    }

    fn accepted(&mut self, event: Event, out: &mut Actions) {
        match event {
            // The session repeats its 2xx through here, so that this machine is the only way to the peer.
            Event::Respond {
                status: 200..=299,
                bytes,
            } => out.push(Action::Send(bytes)),
            Event::Ack => out.push(Action::Deliver),
            Event::Timer(Timer::L) => self.terminate(),
            Event::Respond { .. } | Event::Repeat | Event::Timer(_) | Event::TransportError => {}
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
