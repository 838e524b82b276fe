//! Commands that wait for a leg on its way from another thread.
//!
//! **Owns**: the expected legs and the waiting commands, in order. A command waits when it is about an expected leg, or
//! about anything that a waiting command is about: so nothing overtakes. All threads' commands are given out in one
//! order by the pool, and a command only ever waits for an earlier one; so two threads never wait for each other.

use super::command::{Command, Subject};
use crate::leg::LegId;

#[derive(Debug)]
pub(super) struct Parking<P> {
    expected: Vec<LegId>,
    waiting: Vec<Command<P>>,
}

impl<P> Parking<P> {
    pub(super) fn new() -> Self {
        Self {
            expected: Vec::new(),
            waiting: Vec::new(),
        }
    }

    pub(super) fn expect(&mut self, leg: LegId) {
        self.expected.push(leg);
    }

    /// The leg is here, or will never come: the commands to be tried again, in order.
    pub(super) fn arrived(&mut self, leg: LegId) -> Vec<Command<P>> {
        self.expected.retain(|expected| *expected != leg);
        std::mem::take(&mut self.waiting)
    }

    /// Gives a command back when it need not wait.
    pub(super) fn admit(&mut self, command: Command<P>) -> Option<Command<P>> {
        if self.expected.is_empty() || !self.must_wait(&command) {
            return Some(command);
        }
        self.waiting.push(command);
        None
    }

    fn must_wait(&self, command: &Command<P>) -> bool {
        let about = |subject: Subject| {
            matches!(subject, Subject::Leg(leg) if self.expected.contains(&leg))
                || self
                    .waiting
                    .iter()
                    .any(|waiting| waiting.subjects().contains(&Some(subject)))
        };
        command.subjects().into_iter().flatten().any(about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_an_expected_leg_waits_and_nothing_overtakes() {
        let mut parking = Parking::<()>::new();
        let (a, b, c) = (LegId(1), LegId(2), LegId(3));
        parking.expect(b);
        assert!(parking.admit(Command::Stop { leg: a }).is_some());
        assert!(parking.admit(Command::Bridge { a, b }).is_none());
        assert!(parking.admit(Command::Stop { leg: a }).is_none());
        assert!(parking.admit(Command::Stop { leg: c }).is_some());
        let again = parking.arrived(b);
        assert!(matches!(
            again[..],
            [Command::Bridge { .. }, Command::Stop { leg: LegId(1) }]
        ));
        assert!(
            again
                .into_iter()
                .all(|command| parking.admit(command).is_some())
        );
    }
}
