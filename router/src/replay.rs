//! The stored log through a fresh Distributor: the same inputs must give the same decisions (I11).
//!
//! **Owns**: which lines are inputs, which are answers, and how the two are compared. **Must not know**: where the log is
//! kept, how a difference is shown.

use crate::company::RoutingCompany;
use crate::distributor::{Distributor, Input, Output};
use crate::event::{Event, LogLine};
use crate::outcome::EntryOutcome;
use std::collections::VecDeque;

/// Where the Distributor of today says something else than the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Position of the line in the log.
    pub seq: u64,
    /// What the log says.
    pub logged: Event,
    /// What came out of the same inputs; none: nothing.
    pub replayed: Option<Event>,
}

/// What has been compared so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Starts of the router.
    pub epochs: u64,
    /// Inputs that were handed in again.
    pub inputs: u64,
    /// Decisions that came out the same.
    pub decisions: u64,
    /// Other lines of the Distributor that came out the same.
    pub others: u64,
    /// Lines of epochs that were begun before inputs were in the log, or before the first line that was read: not compared.
    pub unknown: u64,
}

/// Takes the lines of a log in order and compares.
#[derive(Debug, Default)]
pub struct Replay {
    /// Takes the place of every company in the log: what other rules would have done.
    instead: Option<RoutingCompany>,
    run: Run,
    compared: Compared,
    /// A line that did not come out. It counts once the same epoch goes on behind it: what stands right before a start was
    /// written by the start's own sweep, for calls that a crash had cut off.
    doubt: Option<Box<Difference>>,
}

/// What is known of the epoch that is being read.
#[derive(Debug, Default)]
enum Run {
    /// No start was seen yet, or one without inputs behind it.
    #[default]
    Unknown,
    /// Started, and the company not seen yet.
    Started { epoch: u64 },
    /// Goes on; what came out and was not met in the log yet.
    Going {
        distributor: Box<Distributor>,
        expected: VecDeque<Event>,
    },
}

impl Replay {
    /// Of what the log holds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With these rules in place of those that held at the time.
    #[must_use]
    pub fn with_rules(company: RoutingCompany) -> Self {
        Self {
            instead: Some(company),
            ..Self::default()
        }
    }

    /// What has been compared so far.
    #[must_use]
    pub const fn compared(&self) -> Compared {
        self.compared
    }

    /// The next line of the log.
    ///
    /// # Errors
    /// The first difference, once it is sure. Nothing behind it means anything.
    pub fn line(&mut self, line: &LogLine) -> Result<(), Box<Difference>> {
        match &line.event {
            Event::RouterStarted { epoch } => {
                // What the last epoch had still to say was never written.
                self.doubt = None;
                self.compared.epochs += 1;
                self.run = Run::Started { epoch: *epoch };
                Ok(())
            }
            Event::RouterInput { at, input } => {
                self.settled()?;
                self.input(*at, (**input).clone());
                Ok(())
            }
            event if is_an_answer(event) => self.answer(line.seq, event),
            _ => Ok(()),
        }
    }

    /// No line comes any more.
    ///
    /// # Errors
    /// A difference in the last lines.
    pub fn end(mut self) -> Result<Compared, Box<Difference>> {
        self.settled()?;
        Ok(self.compared)
    }

    fn settled(&mut self) -> Result<(), Box<Difference>> {
        self.doubt.take().map_or(Ok(()), Err)
    }

    fn input(&mut self, at: crate::Timestamp, input: Input) {
        let input = match (input, &self.instead) {
            (Input::Configure(_), Some(instead)) => Input::Configure(instead.clone()),
            (input, _) => input,
        };
        match &mut self.run {
            Run::Unknown => return,
            Run::Started { epoch } => {
                let Input::Configure(company) = input else {
                    self.run = Run::Unknown;
                    return;
                };
                self.run = Run::Going {
                    distributor: Box::new(Distributor::new(company, *epoch)),
                    expected: VecDeque::new(),
                };
            }
            Run::Going {
                distributor,
                expected,
            } => {
                distributor.handle(input, at);
                while let Some(output) = distributor.poll_output() {
                    if let Output::Log(event) = output
                        && is_an_answer(&event)
                    {
                        expected.push_back(event);
                    }
                }
            }
        }
        self.compared.inputs += 1;
    }

    fn answer(&mut self, seq: u64, logged: &Event) -> Result<(), Box<Difference>> {
        let Run::Going { expected, .. } = &mut self.run else {
            self.compared.unknown += 1;
            return Ok(());
        };
        if self.doubt.is_some() {
            return Ok(());
        }
        let replayed = expected.pop_front();
        if replayed
            .as_ref()
            .is_some_and(|event| event == logged || is_older_word(logged, event))
        {
            if matches!(logged, Event::Decided { .. }) {
                self.compared.decisions += 1;
            } else {
                self.compared.others += 1;
            }
            return Ok(());
        }
        let difference = Box::new(Difference {
            seq,
            logged: logged.clone(),
            replayed,
        });
        // No sweep decides anything.
        if matches!(logged, Event::Decided { .. }) {
            return Err(difference);
        }
        self.doubt = Some(difference);
        Ok(())
    }
}

/// Whether a line is one from before those whom a queue sends to its voicemail had an outcome of their own: they were timed
/// out or refused.
fn is_older_word(logged: &Event, replayed: &Event) -> bool {
    let Event::QueueLeft {
        outcome: EntryOutcome::Voicemail,
        ..
    } = replayed
    else {
        return false;
    };
    let mut older = replayed.clone();
    let (
        Event::QueueLeft {
            outcome, refusal, ..
        },
        Event::QueueLeft {
            outcome: was @ (EntryOutcome::TimedOut | EntryOutcome::Refused),
            refusal: why,
            ..
        },
    ) = (&mut older, logged)
    else {
        return false;
    };
    (*outcome, *refusal) = (*was, *why);
    older == *logged
}

/// Whether the Distributor alone writes such lines while it runs. What a supervisor is told comes from others as well.
const fn is_an_answer(event: &Event) -> bool {
    matches!(
        event,
        Event::QueueEntered { .. }
            | Event::QueueRelaxed { .. }
            | Event::QueueReprioritised { .. }
            | Event::QueueOverflowed { .. }
            | Event::QueueLeft { .. }
            | Event::QueueClosed { .. }
            | Event::QueueOpened { .. }
            | Event::Decided { .. }
            | Event::OfferMade { .. }
            | Event::OfferEnded { .. }
            | Event::AgentStateChanged { .. }
            | Event::WrapUpStarted { .. }
            | Event::WrapUpExtended { .. }
            | Event::WrapUpEnded { .. }
    )
}
