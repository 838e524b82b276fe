//! What decided between the chosen and the next candidate.
//!
//! **Owns**: the comparison of two candidates' keys, and [`Found::of`]. **Must not**: order anybody.

use super::strategy::tie_break_of;
use super::{Found, NEXT_STORED};
use crate::decision::{Candidate, Keys, TieBreak};
use std::collections::BTreeMap;

impl Found {
    /// Of candidates in their order, and the count of the others by cause.
    pub(super) fn of(
        candidates: impl IntoIterator<Item = Candidate>,
        removed: BTreeMap<String, u32>,
    ) -> Option<Self> {
        let mut candidates = candidates.into_iter();
        let chosen = candidates.next()?;
        let next: Vec<Candidate> = candidates.take(NEXT_STORED).collect();
        let tie_break = next
            .first()
            .map_or(TieBreak::OnlyOne, |second| decided_by(&chosen, second));
        Some(Self {
            chosen,
            next,
            removed,
            tie_break,
        })
    }
}

/// The first key in which the two differ.
fn decided_by(first: &Candidate, second: &Candidate) -> TieBreak {
    match (&first.keys, &second.keys) {
        (
            Keys::Agent {
                tier,
                strategy,
                idle_since,
                ready_seq,
            },
            Keys::Agent {
                tier: next_tier,
                strategy: next_strategy,
                idle_since: next_idle,
                ready_seq: next_ready,
            },
        ) => {
            if tier != next_tier {
                TieBreak::Tier
            } else if strategy != next_strategy {
                strategy.map_or(TieBreak::LongestIdle, tie_break_of)
            } else if idle_since != next_idle {
                TieBreak::LongestIdle
            } else if ready_seq != next_ready {
                TieBreak::ReadySeq
            } else {
                TieBreak::AgentId
            }
        }
        (
            Keys::Caller {
                class,
                preference,
                v,
                ..
            },
            Keys::Caller {
                class: next_class,
                preference: next_preference,
                v: next_v,
                ..
            },
        ) => {
            if class != next_class {
                TieBreak::Class
            } else if preference != next_preference {
                TieBreak::Preference
            } else if v != next_v {
                TieBreak::V
            } else {
                TieBreak::Sequence
            }
        }
        // The candidates of one decision are all agents or all callers.
        _ => TieBreak::OnlyOne,
    }
}
