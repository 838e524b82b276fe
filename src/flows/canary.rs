//! A version on trial: which calls take it, and when it has shown itself to be worse. PURE.
//!
//! **Owns**: [`takes`], [`verdict`]; `docs/publishing.md` tells the rule to users. **Must not know**: where the numbers
//! come from, who acts on the verdict.

use recordings::store::flows::FlowCalls;
use router::id::InteractionId;
use sha2::{Digest as _, Sha256};

/// Calls of each version that must be over before anything is said.
pub const ENOUGH: u64 = 20;
/// How many percentage points worse it must be.
pub const WORSE: f64 = 5.0;
/// How sure that is: standard errors between the two shares. Three are passed by chance once in some seven hundred looks.
pub const SURE: f64 = 3.0;

/// Hundredths of a percent in all calls.
const ALL: u64 = 10_000;

/// Whether this call takes the version on trial. By a hash of both, so that one trial's callers are not the next one's.
#[must_use]
pub fn takes(interaction: InteractionId, version: &str, percent: u8) -> bool {
    let hash = Sha256::digest(format!("{interaction} {version}").as_bytes());
    let first = hash
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    first % ALL < u64::from(percent) * 100
}

/// What is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worse {
    /// More calls met trouble in the flow.
    Errors,
    /// More callers hung up in the flow.
    Dropped,
}

/// What is said about a version on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Too few calls to say anything.
    TooFew,
    /// No worse than the other, as far as can be seen.
    Goes,
    /// Clearly worse: calls go back to the other.
    Return(Worse),
}

/// Compares the calls of the version on trial with those of the other since the trial began.
#[must_use]
pub fn verdict(other: FlowCalls, trial: FlowCalls) -> Verdict {
    if other.calls < ENOUGH || trial.calls < ENOUGH {
        return Verdict::TooFew;
    }
    if is_worse((other.errors, other.calls), (trial.errors, trial.calls)) {
        Verdict::Return(Worse::Errors)
    } else if is_worse((other.dropped, other.calls), (trial.dropped, trial.calls)) {
        Verdict::Return(Worse::Dropped)
    } else {
        Verdict::Goes
    }
}

/// The test of two proportions, one-sided, with the pooled share.
#[expect(clippy::cast_precision_loss, reason = "a few thousand calls at most")]
fn is_worse((bad, of): (u64, u64), (trial_bad, trial_of): (u64, u64)) -> bool {
    let (n, m) = (of as f64, trial_of as f64);
    let difference = trial_bad as f64 / m - bad as f64 / n;
    let pooled = (bad + trial_bad) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    difference * 100.0 >= WORSE && difference >= SURE * error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(calls: u64, errors: u64, dropped: u64) -> FlowCalls {
        FlowCalls {
            calls,
            errors,
            dropped,
        }
    }

    /// Share in percent of `count` calls in a row, as the process makes their ids: by time, and chance behind it.
    fn share(first: u128, count: u128, version: &str, percent: u8) -> f64 {
        let ids = (first..first + count).map(|n| {
            let at = 1_795_000_000_000_u128 + n * 7;
            let chance = n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 54;
            uuid::Uuid::from_u128((at << 80) | (0x7 << 76) | (0x8 << 60) | (chance >> 16))
        });
        let took = ids.filter(|id| takes(InteractionId::from_uuid(*id), version, percent));
        took.count() as f64 * 100.0 / count as f64
    }

    #[test]
    fn ten_percent_are_ten_percent_and_the_same_calls_each_time() {
        let first = share(0, 2_000, "a", 10);
        assert!((first - 10.0).abs() < 1.0, "{first}");
        assert!((first - share(0, 2_000, "a", 10)).abs() < f64::EPSILON);
        let all = share(0, 200_000, "a", 10);
        assert!((all - 10.0).abs() < 0.3, "{all}");
        for percent in [0, 1, 50, 99, 100] {
            let found = share(0, 20_000, "b", percent);
            assert!(
                (found - f64::from(percent)).abs() < 1.1,
                "{percent}: {found}"
            );
        }
        assert!(share(0, 2_000, "a", 0) < f64::EPSILON);
        assert!(share(0, 2_000, "a", 100) >= 100.0);
    }

    #[test]
    fn another_trial_has_other_callers() {
        let ids: Vec<_> = (1..=2_000).map(InteractionId::from_number).collect();
        let both = ids
            .iter()
            .filter(|id| takes(**id, "a", 10) && takes(**id, "b", 10))
            .count();
        // A tenth of a tenth; the same callers would be two hundred.
        assert!(both < 60, "{both}");
    }

    #[test]
    fn what_is_said_follows_the_rule() {
        for (other, trial, said) in [
            // Whatever shows in a few calls shows by chance.
            (calls(1_000, 0, 0), calls(19, 19, 19), Verdict::TooFew),
            (calls(19, 0, 0), calls(200, 200, 0), Verdict::TooFew),
            // Every call in trouble shows with the first twenty.
            (
                calls(180, 0, 9),
                calls(20, 20, 1),
                Verdict::Return(Worse::Errors),
            ),
            (
                calls(180, 2, 9),
                calls(20, 4, 1),
                Verdict::Return(Worse::Errors),
            ),
            // A third hang up where a tenth did.
            (
                calls(900, 0, 90),
                calls(100, 0, 33),
                Verdict::Return(Worse::Dropped),
            ),
            // Two percentage points are not worth it, however sure.
            (calls(2_000, 0, 200), calls(2_000, 0, 280), Verdict::Goes),
            // Seven are, but not in thirty calls.
            (calls(270, 0, 27), calls(30, 0, 5), Verdict::Goes),
            (
                calls(2_000, 0, 200),
                calls(2_000, 0, 340),
                Verdict::Return(Worse::Dropped),
            ),
            // Better is not worse, and nothing is nothing.
            (calls(900, 90, 300), calls(100, 0, 0), Verdict::Goes),
            (calls(900, 0, 0), calls(100, 0, 0), Verdict::Goes),
            (calls(900, 900, 900), calls(100, 100, 100), Verdict::Goes),
        ] {
            assert_eq!(verdict(other, trial), said, "{other:?} {trial:?}");
        }
    }

    #[test]
    fn a_trial_that_is_no_worse_is_rarely_sent_back() {
        // A hundred trials of a version as good as the other, looked at after every twenty calls.
        let mut back = 0;
        for trial in 0..100_u64 {
            let hangs_up = |n: u64, side: u64| {
                let hash = Sha256::digest(format!("{trial} {side} {n}").as_bytes());
                hash.first().is_some_and(|byte| *byte < 38)
            };
            let (mut other, mut tried) = (calls(0, 0, 0), calls(0, 0, 0));
            let returned = (0..200).any(|n| {
                tried.calls += 1;
                tried.dropped += u64::from(hangs_up(n, 0));
                for k in 0..9 {
                    other.calls += 1;
                    other.dropped += u64::from(hangs_up(n * 9 + k, 1));
                }
                n % 20 == 19 && matches!(verdict(other, tried), Verdict::Return(_))
            });
            back += u64::from(returned);
        }
        assert!(back <= 5, "{back} of 100");
    }
}
