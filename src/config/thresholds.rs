//! `[thresholds]` of the company file and `thresholds` of a queue: from where on a number of the floor needs a look, and
//! from where on somebody has to act.
//!
//! **Owns**: their keys and values, and what holds when nothing is said. **Must not know**: what is measured, who looks.

use super::duration;
use super::finding::code;
use super::queue_read::positive;
use super::section::{Findings, Section};
use std::time::Duration;

/// Two steps of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps<T> {
    /// It needs a look.
    pub warning: T,
    /// Somebody has to act.
    pub critical: T,
}

/// The thresholds of one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Callers who wait: `warning` counts those beyond the available agents, `critical` all. From these on.
    pub waiting: Steps<u32>,
    /// The longest wait now. From these on.
    pub longest_wait: Steps<Duration>,
    /// Percent of today's calls answered within the queue's target. Below these.
    pub service_level: Steps<u32>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            waiting: Steps {
                warning: 3,
                critical: 10,
            },
            longest_wait: Steps {
                warning: Duration::from_secs(60),
                critical: Duration::from_secs(120),
            },
            service_level: Steps {
                warning: 80,
                critical: 70,
            },
        }
    }
}

/// The table of a queue or of the whole company; what it does not say is as `rest` has it.
pub(super) fn thresholds(
    s: &mut Section,
    title: String,
    rest: Thresholds,
    out: &mut Findings<'_>,
) -> Thresholds {
    let Some(mut table) = s.section("thresholds", title, out) else {
        return rest;
    };
    let (waiting, longest, service) = (
        "waiting = { warning = 3, critical = 10 }",
        "longest_wait = { warning = \"1m\", critical = \"2m\" }",
        "service_level = { warning = 80, critical = 70 }",
    );
    let count = |s: &mut Section, key, out: &mut Findings<'_>| {
        s.integer(key, 1..=100_000, out).map(|number| number.value)
    };
    let percent = |s: &mut Section, key, out: &mut Findings<'_>| {
        s.integer(key, 1..=100, out).map(|number| number.value)
    };
    let read = Thresholds {
        waiting: steps(&mut table, waiting, count, Falls::No, out).unwrap_or(rest.waiting),
        longest_wait: steps(&mut table, longest, positive, Falls::No, out)
            .unwrap_or(rest.longest_wait),
        service_level: steps(&mut table, service, percent, Falls::Yes, out)
            .unwrap_or(rest.service_level),
    };
    table.finish(out);
    read
}

/// Whether less is worse.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Falls {
    No,
    Yes,
}

/// A value as the file would have it.
trait Written: Copy + Ord {
    fn written(self) -> String;
}

impl Written for u32 {
    fn written(self) -> String {
        self.to_string()
    }
}

impl Written for Duration {
    fn written(self) -> String {
        format!("\"{}\"", duration::show(self))
    }
}

/// Both steps of one number; `example` begins with its key.
fn steps<T: Written>(
    table: &mut Section,
    example: &'static str,
    read: impl Fn(&mut Section, &'static str, &mut Findings<'_>) -> Option<T>,
    falls: Falls,
    out: &mut Findings<'_>,
) -> Option<Steps<T>> {
    let (key, _) = example.split_once(' ')?;
    let title = format!("`{key}` of {}", table.title);
    let mut both = table.section(key, title, out)?;
    for step in ["warning", "critical"] {
        if !both.has(step) {
            out.error(
                &both.place,
                code::MISSING,
                format!("{} has no `{step}`", both.title),
                format!("write both, as in `{example}`"),
            );
        }
    }
    let place = both.value_place("critical");
    let warning = read(&mut both, "warning", out);
    let critical = read(&mut both, "critical", out);
    let title = both.title.clone();
    both.finish(out);
    let steps = Steps {
        warning: warning?,
        critical: critical?,
    };
    let (worse, word) = match falls {
        Falls::No => (steps.critical > steps.warning, "more"),
        Falls::Yes => (steps.critical < steps.warning, "less"),
    };
    if let Some(place) = place.filter(|_| !worse) {
        out.error(
            &place,
            code::BAD_VALUE,
            format!("`critical` in {title} is not worse than `warning`"),
            format!("write {word} than {}", steps.warning.written()),
        );
        return None;
    }
    Some(steps)
}
