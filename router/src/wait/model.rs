//! The arithmetic of waiting.
//!
//! **Owns**: how a mean and its spread become a quantile, and both models. **Must not know**: queues, callers.

use std::time::Duration;

/// Remaining wait: its mean and its variance, in seconds and seconds squared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) variance: f64,
}

/// Summed one by one up to here, beyond that as an integral.
const ONE_BY_ONE: u32 = 64;
/// The 80 % quantile of the normal distribution.
const EIGHTY: f64 = 0.841_621_233_572_914;

/// The refined queue length: with `position` callers up to and with this one, each departure takes as long as the
/// fastest of `agents` services at the rate `served` each and of the callers ahead, who give up at the rate `give_up` each.
pub(super) fn queue_length(
    position: u32,
    agents: u32,
    served: f64,
    give_up: f64,
) -> Option<Spread> {
    let base = f64::from(agents) * served;
    if base <= 0.0 || !base.is_finite() || position == 0 {
        return None;
    }
    let mut spread = Spread {
        mean: 0.0,
        variance: 0.0,
    };
    for ahead in 0..position.min(ONE_BY_ONE) {
        let step = 1.0 / f64::from(ahead).mul_add(give_up, base);
        spread.mean += step;
        spread.variance += step * step;
    }
    if position > ONE_BY_ONE {
        let rate = |ahead: f64| ahead.mul_add(give_up, base);
        let (from, to) = (f64::from(ONE_BY_ONE) - 0.5, f64::from(position) - 0.5);
        let (first, last) = (rate(from), rate(to));
        if give_up > 0.0 {
            spread.mean += (last / first).ln() / give_up;
            spread.variance += (1.0 / first - 1.0 / last) / give_up;
        } else {
            spread.mean += (to - from) / base;
            spread.variance += (to - from) / (base * base);
        }
    }
    Some(spread)
}

/// The head of the line has waited `head`; waits grow by `trend` a second. Of `length` callers who wait, this one has
/// the given place. The fewer stand ahead, the less is known.
pub(super) fn head_of_line(
    head: Duration,
    trend: f64,
    position: u32,
    length: u32,
) -> Option<Spread> {
    let share = f64::from(position) / f64::from(length.max(position).max(1));
    let mean = head.as_secs_f64() * (1.0 + trend) * share;
    (mean > 0.0).then(|| Spread {
        mean,
        variance: mean * mean * 2.0 / f64::from(position.max(2)),
    })
}

/// So many departures at a mean distance.
pub(super) fn pace(position: u32, distance: Duration) -> Option<Spread> {
    let each = distance.as_secs_f64();
    (each > 0.0 && position > 0).then(|| Spread {
        mean: each * f64::from(position),
        variance: each * each * f64::from(position),
    })
}

impl Spread {
    /// Four of five wait at most so long, in seconds: of the gamma distribution with this mean and variance, by Wilson
    /// and Hilferty.
    pub(super) fn eighty(self) -> f64 {
        let shape = self.mean * self.mean / self.variance.max(f64::MIN_POSITIVE);
        let ninth = 1.0 / (9.0 * shape);
        let root = EIGHTY.mul_add(ninth.sqrt(), 1.0 - ninth);
        self.mean * root.max(0.0).powi(3)
    }
}

/// Rounded up to what is said: quarters of a minute, from a minute on minutes, from ten on five of them.
pub(super) fn announced(wait: Duration) -> Duration {
    let seconds = wait.as_millis().div_ceil(1_000);
    let step = match seconds {
        0..=60 => 15,
        61..=600 => 60,
        _ => 300,
    };
    let rounded = seconds.div_ceil(step).saturating_mul(step);
    Duration::from_secs(u64::try_from(rounded).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn departures_add_up() {
        // Ten agents, three minutes each: a departure each 18 s.
        let spread = queue_length(5, 10, 1.0 / 180.0, 0.0).unwrap();
        assert!((spread.mean - 90.0).abs() < 1e-6);
        // Whoever gives up ahead shortens it.
        let shorter = queue_length(5, 10, 1.0 / 180.0, 1.0 / 60.0).unwrap();
        assert!(shorter.mean < 66.0, "{shorter:?}");
        // The integral goes on where the sum stops.
        let far = queue_length(200, 10, 1.0 / 180.0, 1.0 / 600.0).unwrap();
        let exact: f64 = (0..200)
            .map(|n| 1.0 / (10.0 / 180.0 + f64::from(n) / 600.0))
            .sum();
        assert!((far.mean / exact - 1.0).abs() < 1e-3, "{far:?} {exact}");
        assert_eq!(queue_length(3, 0, 1.0, 0.0), None, "nobody is there");
    }

    #[test]
    fn four_of_five_wait_no_longer() {
        // One exponential: -ln(0.2).
        let one = queue_length(1, 1, 1.0 / 100.0, 0.0).unwrap();
        assert!(
            (one.eighty() / 160.9 - 1.0).abs() < 0.01,
            "{}",
            one.eighty()
        );
        // Many: the normal distribution.
        let many = queue_length(400, 1, 1.0, 0.0).unwrap();
        assert!((many.eighty() / (400.0 + 0.8416 * 20.0) - 1.0).abs() < 0.002);
    }

    #[test]
    fn what_is_said_is_rounded_up() {
        for (seconds, said) in [
            (0, 0),
            (1, 15),
            (15, 15),
            (59, 60),
            (61, 120),
            (600, 600),
            (601, 900),
        ] {
            assert_eq!(announced(Duration::from_secs(seconds)).as_secs(), said);
        }
        assert_eq!(announced(Duration::from_millis(60_001)).as_secs(), 120);
    }
}
