//! Random callers: many calls through one flow, each by chance, and what must hold in all of them.
//!
//! **Owns**: what a caller, an agent and a queue may do by chance, and the promises that each call is held to.
//! **Must not know**: files, the clock; chance comes from a seed, so each call can be made again.
//!
//! The promises: every call ends, however little the caller does; no backstop is needed; nothing is played before the
//! call is answered, and nothing comes after its end; no digits that a `sensitive` step took are spoken or noted.

mod call;
mod dice;
#[cfg(test)]
mod tests;

use crate::flow::Flow;
use crate::port::FlowEnd;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What came of many calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Calls made.
    pub callers: u64,
    /// How they ended.
    pub ends: BTreeMap<&'static str, u64>,
    /// The longest, in the call's own time.
    pub longest: Duration,
    /// Steps entered in all of them.
    pub steps: u64,
}

impl Report {
    /// The calls of both.
    pub fn add(&mut self, other: &Self) {
        self.callers = self.callers.saturating_add(other.callers);
        self.steps = self.steps.saturating_add(other.steps);
        self.longest = self.longest.max(other.longest);
        for (how, count) in &other.ends {
            let own = self.ends.entry(how).or_default();
            *own = own.saturating_add(*count);
        }
    }
}

/// A promise that a call broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The call's seed: [`call`] with it makes the same call again.
    pub seed: u64,
    /// Which promise, in words.
    pub what: String,
    /// Everything that happened, in order, with the time since the call began. Digits are not shown.
    pub transcript: Vec<(Duration, String)>,
}

/// What came of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub cause: FlowEnd,
    /// After so long.
    pub after: Duration,
    /// Steps entered.
    pub steps: u64,
}

/// Makes `callers` calls with the seeds from `seed` on.
///
/// # Errors
/// The first call that broke a promise.
pub fn callers(flow: &Arc<Flow>, seed: u64, callers: u64) -> Result<Report, Box<Broken>> {
    let mut report = Report::default();
    for number in 0..callers {
        let ended = call(flow, seed.wrapping_add(number))?;
        report.callers = report.callers.saturating_add(1);
        report.steps = report.steps.saturating_add(ended.steps);
        report.longest = report.longest.max(ended.after);
        let count = report.ends.entry(words(ended.cause)).or_default();
        *count = count.saturating_add(1);
    }
    Ok(report)
}

/// Makes one call.
///
/// # Errors
/// The promise that it broke.
pub fn call(flow: &Arc<Flow>, seed: u64) -> Result<Ended, Box<Broken>> {
    call::Call::new(flow, seed, false).run().or_else(|_| {
        // Again, and noted down this time.
        let mut again = call::Call::new(flow, seed, true);
        let what = match again.run() {
            Ok(ended) => return Ok(ended),
            Err(what) => what,
        };
        let transcript = again.transcript();
        Err(Box::new(Broken {
            seed,
            what,
            transcript,
        }))
    })
}

fn words(cause: FlowEnd) -> &'static str {
    match cause {
        FlowEnd::Hangup => "the flow hung up",
        FlowEnd::AfterQueue => "over after a queue or a message",
        FlowEnd::CallerLeft => "the caller hung up",
        FlowEnd::Backstop => "a backstop",
    }
}
