//! How good forecasts were, and what is learned from it.
//!
//! **Owns**: the last forecasts of a queue with what became of them. A caller who left without an answer is censored: it
//! is known only that the wait would have been longer. Shares are those of Kaplan and Meier, so such callers neither
//! count as waits that were met nor vanish.

use std::collections::VecDeque;
use std::time::Duration;

/// Forecasts that are looked back at.
const LATELY: usize = 200;
/// With so many the past counts in full; with fewer less.
const ENOUGH: f64 = 40.0;
/// What is learned stays within these.
const FACTORS: (f64, f64) = (0.2, 8.0);

/// A forecast and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outcome {
    /// The model's own quantile, in seconds.
    pub(super) raw: f64,
    /// After what was learned until then, in seconds.
    pub(super) quantile: f64,
    /// As it was said, in seconds.
    pub(super) announced: f64,
    /// The model's mean, in seconds.
    pub(super) mean: f64,
    /// How long the caller waited, in seconds.
    pub(super) waited: f64,
    /// An agent answered.
    pub(super) answered: bool,
}

/// The last forecasts of a queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    last: VecDeque<Outcome>,
    all: u64,
}

/// How good a queue's forecasts were lately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WaitError {
    /// Callers of all times who had a forecast and are not waiting any more.
    pub forecasts: u64,
    /// Callers who are looked back at.
    pub lately: usize,
    /// Of these, how many were answered; the others are censored.
    pub answered: usize,
    /// Share of callers who wait at most the 80 % quantile before it is rounded; none when nobody can tell.
    pub coverage: Option<f64>,
    /// Share of callers who wait at most what is said.
    pub coverage_announced: Option<f64>,
    /// Mean of forecast less wait of the answered, by the expected wait, in seconds: above 0 it promised too long a wait.
    pub bias: Option<f64>,
    /// Mean distance of the expected wait from the wait of the answered, in seconds.
    pub error: Option<f64>,
}

impl Record {
    pub(super) fn add(&mut self, outcome: Outcome) {
        self.all += 1;
        self.last.push_back(outcome);
        if self.last.len() > LATELY {
            self.last.pop_front();
        }
    }

    /// By how much the model's quantile was to be stretched so that four of five waited no longer.
    pub(super) fn factor(&self) -> f64 {
        let ratios = self.ratios(|outcome| outcome.raw);
        let Some(wanted) = quantile(&ratios, 0.8) else {
            return 1.0;
        };
        let weight = (count(self.last.len()) / ENOUGH).min(1.0);
        let (least, most) = FACTORS;
        (weight * wanted.max(1e-3).ln()).exp().clamp(least, most)
    }

    pub(super) fn error(&self) -> WaitError {
        let answered = self.last.iter().filter(|outcome| outcome.answered);
        let misses: Vec<f64> = answered.map(|of| of.mean - of.waited).collect();
        let mean = |sum: f64| (!misses.is_empty()).then(|| sum / count(misses.len()));
        WaitError {
            forecasts: self.all,
            lately: self.last.len(),
            answered: misses.len(),
            coverage: share_within(&self.ratios(|outcome| outcome.quantile)),
            coverage_announced: share_within(&self.ratios(|outcome| outcome.announced)),
            bias: mean(misses.iter().sum()),
            error: mean(misses.iter().map(|miss| miss.abs()).sum()),
        }
    }

    /// Waits by what was foretold, the shortest first, and whether each was answered.
    fn ratios(&self, of: impl Fn(&Outcome) -> f64) -> Vec<(f64, bool)> {
        let mut ratios: Vec<(f64, bool)> = self
            .last
            .iter()
            .map(|outcome| (outcome.waited / of(outcome).max(1e-3), outcome.answered))
            .collect();
        // Of two that are equal the answered one came first: whoever left then would have waited longer.
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        ratios
    }
}

/// Who waits longer than each length, one after the other, by Kaplan and Meier.
pub(super) fn survival(ordered: &[(f64, bool)]) -> impl Iterator<Item = (f64, f64)> {
    let mut left = count(ordered.len());
    let mut stays = 1.0;
    ordered.iter().map(move |(length, answered)| {
        if *answered {
            stays *= 1.0 - 1.0 / left;
        }
        left -= 1.0;
        (*length, stays)
    })
}

/// The length that this share waits at most; the longest known when nobody can tell.
fn quantile(ordered: &[(f64, bool)], share: f64) -> Option<f64> {
    let answered = ordered.iter().any(|(_, answered)| *answered);
    let mut steps = survival(ordered);
    let found = steps.find(|(_, stays)| *stays <= 1.0 - share);
    let longest = ordered.last().map(|(length, _)| *length);
    found
        .map(|(length, _)| length)
        .or(longest)
        .filter(|_| answered)
}

/// The share that waits at most once the length.
pub(super) fn share_within(ordered: &[(f64, bool)]) -> Option<f64> {
    let answered = ordered.iter().any(|(_, answered)| *answered);
    let within = survival(ordered).take_while(|(length, _)| *length <= 1.0);
    answered.then(|| 1.0 - within.last().map_or(1.0, |(_, stays)| stays))
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
const fn count(number: usize) -> f64 {
    number as f64
}

/// Seconds as a length of time; what is no number is none.
pub(super) fn length(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waited(waited: f64, answered: bool) -> Outcome {
        Outcome {
            raw: 100.0,
            quantile: 100.0,
            announced: 120.0,
            mean: 60.0,
            waited,
            answered,
        }
    }

    #[test]
    fn who_gave_up_is_neither_met_nor_gone() {
        let mut record = Record::default();
        assert_eq!((record.factor(), record.error().coverage), (1.0, None));
        for wait in [20.0, 60.0, 110.0, 130.0] {
            record.add(waited(wait, true));
        }
        assert_eq!(record.error().coverage, Some(0.5));
        assert_eq!(record.error().coverage_announced, Some(0.75));
        // One who left after 30 s would have waited longer, as the three others who stayed so long did.
        record.add(waited(30.0, false));
        let told = record.error().coverage.unwrap();
        assert!((told - (1.0 - 0.8 * (2.0 / 3.0))).abs() < 1e-9, "{told}");
        assert_eq!((record.error().lately, record.error().answered), (5, 4));
        assert_eq!(
            (record.error().bias, record.error().error),
            (Some(-20.0), Some(40.0))
        );
    }

    #[test]
    fn what_was_too_short_is_stretched() {
        let mut record = Record::default();
        for n in 1..=400 {
            record.add(waited(f64::from(n % 10) * 30.0, true));
        }
        assert!((record.factor() - 2.1).abs() < 0.31, "{}", record.factor());
    }
}
