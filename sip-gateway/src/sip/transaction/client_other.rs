//! Non-INVITE client transaction: RFC 3261 17.1.2 (figure 6).
//!
//! **Owns**: retransmission of the request until a final response. **Must not know**: what the request asked for.

use super::timers::{T1, T1_64, T2, T4, Timer, Timers, Transport};
use super::{Action, Actions};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// States of figure 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No answer yet.
    Trying,
    /// A provisional answer came; the request is repeated every T2.
    Proceeding,
    /// A final answer came; repeats of it are absorbed.
    Completed,
    /// Over.
    Terminated,
}

/// What the machine is told.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A response that matches, 100-699.
    Response(u16),
    /// One of its timers fired.
    Timer(Timer),
    /// The transport could not deliver.
    TransportError,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct ClientOther {
    state: State,
    timers: Timers,
    transport: Transport,
    request: Bytes,
    interval: Duration,
}

impl ClientOther {
    /// Starts in Trying: sends the request and starts timers E and F.
    pub fn start(request: Bytes, transport: Transport, now: Instant, out: &mut Actions) -> Self {
        let mut timers = Timers::default();
        if transport == Transport::Datagram {
            timers.set(Timer::E, now + T1);
        }
        timers.set(Timer::F, now + T1_64);
        out.push(Action::Send(request.clone()));
        Self {
            state: State::Trying,
            timers,
            transport,
            request,
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
            State::Trying => self.trying(event, now, out),
            State::Proceeding => self.proceeding(event, now, out),
            State::Completed => self.completed(event),
            State::Terminated => {}
        }
    }

    fn trying(&mut self, event: Event, now: Instant, out: &mut Actions) {
        if let Event::Timer(Timer::E) = event {
            self.interval = self.interval.saturating_mul(2).min(T2);
            self.repeat(now, out);
        } else {
            self.waiting(event, now, out);
        }
    }

    fn proceeding(&mut self, event: Event, now: Instant, out: &mut Actions) {
        if let Event::Timer(Timer::E) = event {
            self.interval = T2;
            self.repeat(now, out);
        } else {
            self.waiting(event, now, out);
        }
    }

    /// What Trying and Proceeding share.
    fn waiting(&mut self, event: Event, now: Instant, out: &mut Actions) {
        match event {
            Event::Response(100..=199) => {
                self.state = State::Proceeding;
                out.push(Action::Deliver);
            }
            Event::Response(_) => {
                self.state = State::Completed;
                self.timers.stop_all();
                self.timers.set(Timer::K, now + self.transport.linger(T4));
                out.push(Action::Deliver);
            }
            Event::Timer(Timer::F) => self.give_up(Action::TimedOut, out),
            Event::TransportError => self.give_up(Action::TransportFailed, out),
            Event::Timer(_) => {}
        }
    }

    fn completed(&mut self, event: Event) {
        if let Event::Timer(Timer::K) = event {
            self.terminate();
        }
    }

    fn repeat(&mut self, now: Instant, out: &mut Actions) {
        self.timers.set(Timer::E, now + self.interval);
        out.push(Action::Send(self.request.clone()));
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
