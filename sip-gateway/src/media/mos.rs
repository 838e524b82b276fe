//! What a listener would say of a leg: the E-model (ITU-T G.107, 2015-06) with its default values, fed with what a leg
//! can know of itself: codec, loss, how bursty the loss was, delay.
//!
//! **Owns**: [`Line`]. **Must not know**: packets, legs. All codecs are rated on the narrow-band scale, G.722 as G.711: a
//! leg is never said to be worse because its codec is better.

use std::time::Duration;

/// Basic signal-to-noise ratio with all default values (G.107 7.2).
const R_ZERO: f64 = 94.768_8;
/// Impairments that come with the speech, with all default values (G.107 7.3).
const SIMULTANEOUS: f64 = 1.413_6;
/// Talker echo loudness rating and weighted echo path loss, dB: defaults of G.107's Table 2.
const TELR: f64 = 65.0;
const WEPL: f64 = 110.0;
/// Equipment impairment and robustness to loss of G.711 with concealment, and so of what is rated as it (G.113
/// Appendix I). Phones conceal, and so do we where we decode.
const EQUIPMENT: f64 = 0.0;
const ROBUSTNESS: f64 = 25.1;

/// One direction of a leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Share of packets that were not heard, 0 to 1.
    pub loss: f64,
    /// Length of the bursts that were lost against what the same loss would have at random: 1 is random, more is bursty.
    pub burst_ratio: f64,
    /// From mouth to ear, one way.
    pub delay: Duration,
}

impl Line {
    /// The rating factor R: 93.2 for a perfect narrow-band line, 50 for one that nearly all call poor.
    #[must_use]
    pub fn rating(&self) -> f64 {
        let delay = self.delay.as_secs_f64() * 1000.0;
        R_ZERO - SIMULTANEOUS - delay_impairment(delay) - self.loss_impairment()
    }

    /// The mean opinion score, 1 (bad) to 4.5 (G.107 Annex B); 4.4 is a perfect narrow-band line.
    #[must_use]
    pub fn score(&self) -> f64 {
        let rating = self.rating();
        if rating <= 0.0 {
            return 1.0;
        }
        if rating >= 100.0 {
            return 4.5;
        }
        let score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
        // The curve dips a little below 1 for the smallest ratings.
        score.max(1.0)
    }

    /// Effective equipment impairment (G.107 7.5).
    fn loss_impairment(&self) -> f64 {
        let percent = self.loss.clamp(0.0, 1.0) * 100.0;
        let burst = self.burst_ratio.max(1.0);
        EQUIPMENT + (95.0 - EQUIPMENT) * percent / (percent / burst + ROBUSTNESS)
    }
}

/// Id (G.107 7.4): talker echo, listener echo and absolute delay, all paths as long as `delay` in ms.
fn delay_impairment(delay: f64) -> f64 {
    talker_echo(delay) + listener_echo(2.0 * delay) + absolute(delay)
}

fn talker_echo(delay: f64) -> f64 {
    // -1.5 (No - RLR) with the default noise and receive loudness.
    let without = -1.5 * (-61.18 - 2.0);
    let masked = TELR - 40.0 * ((1.0 + delay / 10.0) / (1.0 + delay / 150.0)).log10()
        + 6.0 * (-0.3 * delay * delay).exp();
    let with = 80.0 + 2.5 * (masked - 14.0);
    let half = (without - with) / 2.0;
    (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-delay).exp())
}

fn listener_echo(round_trip: f64) -> f64 {
    let echo = 10.5 * (WEPL + 7.0) * (round_trip + 1.0).powf(-0.25);
    let half = (R_ZERO - echo) / 2.0;
    half + (half * half + 169.0).sqrt()
}

fn absolute(delay: f64) -> f64 {
    if delay <= 100.0 {
        return 0.0;
    }
    let x = (delay / 100.0).log2();
    25.0 * ((1.0 + x.powi(6)).powf(1.0 / 6.0) - 3.0 * (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0)
        + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(loss: f64, burst_ratio: f64, delay: u64) -> Line {
        Line {
            loss,
            burst_ratio,
            delay: Duration::from_millis(delay),
        }
    }

    #[test]
    fn all_defaults_give_the_rating_of_the_recommendation() {
        let perfect = line(0.0, 1.0, 0);
        assert!(
            (perfect.rating() - 93.2).abs() < 0.05,
            "{}",
            perfect.rating()
        );
        assert!((perfect.score() - 4.41).abs() < 0.01, "{}", perfect.score());
    }

    /// By hand: 95 p / (p / BurstR + 25.1).
    #[test]
    fn loss_costs_what_the_formula_says() {
        for (loss, burst, lost) in [
            (0.01, 1.0, 3.64),
            (0.05, 1.0, 15.78),
            (0.05, 2.0, 17.21),
            (0.2, 1.0, 42.13),
        ] {
            let impaired = 93.2 - line(loss, burst, 0).rating();
            assert!(
                (impaired - lost).abs() < 0.06,
                "{loss}, {burst}: {impaired}"
            );
        }
        // R 77.4.
        assert!((line(0.05, 1.0, 0).score() - 3.92).abs() < 0.03);
    }

    #[test]
    fn delay_costs_little_to_150_ms_and_more_beyond() {
        let rating = |delay| line(0.0, 1.0, delay).rating();
        assert!(rating(20) > 92.5 && rating(150) > 87.0);
        // Absolute delay alone: 25 (1.0001 - 3.0005 + 2) and so on, and echo at 65 dB beside it.
        assert!(rating(300) < 80.0 && rating(400) < rating(300) - 5.0);
        assert!((1..100).all(|n| rating(n * 10) <= rating(n * 10 - 10) + 1e-9));
    }

    #[test]
    fn the_score_stays_in_its_bounds() {
        for loss in 0..=100 {
            for delay in [0, 50, 500, 5000, 500_000] {
                let score = line(f64::from(loss) / 100.0, 50.0, delay).score();
                assert!((1.0..=4.5).contains(&score), "{loss} % {delay} ms: {score}");
            }
        }
    }
}
