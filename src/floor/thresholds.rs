//! What a queue's thresholds look like outside. PURE.
//!
//! **Owns**: field names and units. **Must not know**: the company file, HTTP.

use crate::config::{Steps, Thresholds};
use serde::Serialize;

/// The thresholds of one queue, in the units of the numbers that they are for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ThresholdsItem {
    /// Callers: `warning` counts those beyond the available agents, `critical` all. From these on.
    waiting: StepsItem<u32>,
    /// Seconds. From these on.
    longest_wait: StepsItem<f64>,
    /// 0 to 1. Below these.
    service_level: StepsItem<f64>,
}

/// When it needs a look, and when somebody has to act.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct StepsItem<T> {
    warning: T,
    critical: T,
}

impl From<Thresholds> for ThresholdsItem {
    fn from(known: Thresholds) -> Self {
        Self {
            waiting: outside(known.waiting, |callers| callers),
            longest_wait: outside(known.longest_wait, |wait| wait.as_secs_f64()),
            service_level: outside(known.service_level, |percent| f64::from(percent) / 100.0),
        }
    }
}

fn outside<T, U>(steps: Steps<T>, form: impl Fn(T) -> U) -> StepsItem<U> {
    StepsItem {
        warning: form(steps.warning),
        critical: form(steps.critical),
    }
}
