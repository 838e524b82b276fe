//! What is read from rows, each with the id of its formula.
//!
//! **Owns**: the formulas. An id never changes its meaning: another way to count is another id. Numbers of different
//! ids are never compared.

use super::histogram::{Histogram, as_float};
use super::rows::{AgentRow, QueueRow};
use crate::agent::AgentState;
use crate::outcome::EntryOutcome;
use serde::Serialize;
use std::time::Duration;

/// One formula in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Its id.
    pub id: &'static str,
    /// The number it gives, as the API names it.
    pub name: &'static str,
    /// In words.
    pub words: &'static str,
}

/// Every formula.
pub const DEFINITIONS: [Definition; 14] = [
    Definition {
        id: "entered_v1",
        name: "entered",
        words: "Waits that began in the interval, those of refused callers too.",
    },
    Definition {
        id: "left_v1",
        name: "left",
        words: "Waits that ended in the interval, by outcome, whenever they began. For any interval: entered = left by all outcomes + waiting_end - waiting_start.",
    },
    Definition {
        id: "waiting_v1",
        name: "waiting_start, waiting_end",
        words: "Callers who waited at that moment, also while an agent's phone rang for them.",
    },
    Definition {
        id: "wait_v1",
        name: "wait",
        words: "From the entry into the queue to the agent's answer, ringing included, of the callers who were answered in the interval. The flow before the queue does not count.",
    },
    Definition {
        id: "sl_v1",
        name: "service_level",
        words: "Answered within the target / (answered + abandoned). Who hung up within the short-abandon limit counts nowhere, nor do ends that are not the caller's doing.",
    },
    Definition {
        id: "sl_answered_v1",
        name: "service_level_answered",
        words: "Answered within the target / answered. Abandoned callers vanish from it: not to be judged by.",
    },
    Definition {
        id: "sl_both_v1",
        name: "service_level_both",
        words: "(Answered within the target + abandoned within it) / (answered + abandoned).",
    },
    Definition {
        id: "sl_left_v1",
        name: "service_level_left",
        words: "Waits that ended within the target, however / waits that ended.",
    },
    Definition {
        id: "sl_pure_v1",
        name: "service_level_pure",
        words: "Answered within the target / waits that ended, short abandons, overflows and refusals included.",
    },
    Definition {
        id: "abandon_rate_v1",
        name: "abandon_rate",
        words: "Abandoned / (waits that ended - short abandons).",
    },
    Definition {
        id: "aht_v1",
        name: "handle_time",
        words: "(Talk + hold + after-call work) / talks. A talk is one agent's part of an interaction, filed in the interval in which that agent got the customer; when a talk changes hands its time is split at that moment.",
    },
    Definition {
        id: "logged_in_v1",
        name: "logged_in",
        words: "Time in any state but offline. The states' times and the time in which the server was down sum to it.",
    },
    Definition {
        id: "occupancy_v1",
        name: "occupancy",
        words: "(On call + wrap-up) / (on call + wrap-up + available + offered). Not-ready time is outside.",
    },
    Definition {
        id: "utilisation_v1",
        name: "utilisation",
        words: "(On call + wrap-up) / logged in.",
    },
];

/// A share of a whole; none when there is no whole.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| as_float(part) / as_float(whole))
}

/// The service levels of a queue's row, each 0 to 1; none when nobody counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ServiceLevels {
    /// `sl_v1`.
    pub service_level: Option<f64>,
    /// `sl_answered_v1`.
    pub service_level_answered: Option<f64>,
    /// `sl_both_v1`.
    pub service_level_both: Option<f64>,
    /// `sl_left_v1`.
    pub service_level_left: Option<f64>,
    /// `sl_pure_v1`.
    pub service_level_pure: Option<f64>,
}

impl QueueRow {
    fn within(&self, outcome: EntryOutcome, target: Duration) -> u64 {
        let waits = self.left.get(&outcome);
        waits.map_or(0, |waits| waits.within(target))
    }

    /// Each service level for a target, exact when [`Histogram::is_bound`] says so of it.
    #[must_use]
    pub fn service_levels(&self, target: Duration) -> ServiceLevels {
        use EntryOutcome::{Abandoned, Answered};
        let (answered, abandoned) = (self.left_by(Answered), self.left_by(Abandoned));
        let in_time = self.within(Answered, target);
        let any_in_time: u64 = self.left.values().map(|waits| waits.within(target)).sum();
        let both = in_time + self.within(Abandoned, target);
        ServiceLevels {
            service_level: share(in_time, answered + abandoned),
            service_level_answered: share(in_time, answered),
            service_level_both: share(both, answered + abandoned),
            service_level_left: share(any_in_time, self.left_all()),
            service_level_pure: share(in_time, self.left_all()),
        }
    }

    /// `abandon_rate_v1`.
    #[must_use]
    pub fn abandon_rate(&self) -> Option<f64> {
        let short = self.left_by(EntryOutcome::ShortAbandoned);
        share(
            self.left_by(EntryOutcome::Abandoned),
            self.left_all() - short,
        )
    }

    /// `aht_v1`, in seconds.
    #[must_use]
    pub fn handle_time(&self) -> Option<f64> {
        handle_time([&self.talk, &self.hold, &self.wrap_up])
    }
}

impl AgentRow {
    fn of(&self, state: AgentState) -> u64 {
        self.states.get(&state).copied().unwrap_or(0)
    }

    fn busy(&self) -> u64 {
        self.of(AgentState::OnCall) + self.of(AgentState::WrapUp)
    }

    /// `occupancy_v1`.
    #[must_use]
    pub fn occupancy(&self) -> Option<f64> {
        let idle = self.of(AgentState::Available) + self.of(AgentState::Offered);
        share(self.busy(), self.busy() + idle)
    }

    /// `utilisation_v1`.
    #[must_use]
    pub fn utilisation(&self) -> Option<f64> {
        share(self.busy(), self.logged_in())
    }

    /// `aht_v1`, in seconds.
    #[must_use]
    pub fn handle_time(&self) -> Option<f64> {
        handle_time([&self.talk, &self.hold, &self.wrap_up])
    }
}

fn handle_time(parts: [&Histogram; 3]) -> Option<f64> {
    let [talk, ..] = parts;
    let all: u64 = parts.iter().map(|part| part.sum_ms).sum();
    share(all, talk.count).map(|ms| ms / 1_000.0)
}
