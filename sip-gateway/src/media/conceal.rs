//! Making up for lost sound: the voice's last period goes on, softer and softer (after ITU-T G.711 Appendix I's idea).
//!
//! **Owns**: [`Concealer`]. **Must not know**: why something is missing. 8 kHz samples, one at a time.

/// Samples remembered: 50 ms.
const HISTORY: usize = 400;
/// The period is sought from 5 to 20 ms (200 to 50 Hz; higher voices are found by a multiple).
const SHORTEST: usize = 40;
const LONGEST: usize = 160;
/// Samples by which periods are compared: 20 ms.
const COMPARED: usize = 160;
/// At its full level for 10 ms, silent after 60.
const FULL: usize = 80;
const SILENT: usize = 480;
/// Samples over which what came back is faded in: 5 ms.
const FADE: usize = 40;

/// Passes samples through and fills in for those that are missing.
#[derive(Clone, Debug)]
pub struct Concealer {
    /// What was heard last, a ring.
    history: [i16; HISTORY],
    at: usize,
    /// The period that is repeated, while something is missing.
    period: [i16; LONGEST],
    length: usize,
    /// Samples made up since the last real one.
    made: usize,
    /// Samples of the fade that are left.
    fading: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        Self {
            history: [0; HISTORY],
            at: 0,
            period: [0; LONGEST],
            length: 0,
            made: 0,
            fading: 0,
        }
    }
}

impl Concealer {
    /// The next sample to be heard for the next that came, if it did.
    pub fn next(&mut self, sample: Option<i16>) -> i16 {
        let heard = match sample {
            Some(sample) if self.made == 0 => sample,
            Some(sample) => self.fade_in(sample),
            None => {
                if self.made == 0 || self.fading > 0 {
                    self.seek();
                }
                self.fading = 0;
                self.make_up()
            }
        };
        if let Some(slot) = self.history.get_mut(self.at) {
            *slot = heard;
        }
        self.at = (self.at + 1) % HISTORY;
        heard
    }

    fn fade_in(&mut self, sample: i16) -> i16 {
        if self.fading == 0 {
            self.fading = FADE;
        }
        let made = i32::from(self.make_up());
        self.fading -= 1;
        let left = self.fading as i32;
        if left == 0 {
            self.made = 0;
        }
        let fade = FADE as i32;
        ((made * left + i32::from(sample) * (fade - left)) / fade) as i16
    }

    fn make_up(&mut self) -> i16 {
        let sample = self
            .period
            .get(self.made % self.length.max(1))
            .copied()
            .unwrap_or_default();
        let gain = match self.made {
            ..FULL => SILENT - FULL,
            made => SILENT.saturating_sub(made),
        };
        self.made += 1;
        (i32::from(sample) * gain as i32 / (SILENT - FULL) as i32) as i16
    }

    /// Finds the period by which the last 20 ms are most like what came before them.
    fn seek(&mut self) {
        let mut line = [0f32; HISTORY];
        let (newer, older) = self.history.split_at(self.at);
        for (slot, sample) in line.iter_mut().zip(older.iter().chain(newer)) {
            *slot = f32::from(*sample);
        }
        let last = line.get(HISTORY - COMPARED..).unwrap_or_default();
        let likeness = |lag: usize| {
            let from = HISTORY - COMPARED - lag;
            let before = line.get(from..from + COMPARED).unwrap_or_default();
            let pairs = || last.iter().zip(before);
            let product: f32 = pairs().map(|(a, b)| a * b).sum();
            let energy: f32 = before.iter().map(|b| b * b).sum();
            product / energy.sqrt().max(1.0)
        };
        let best = (SHORTEST..=LONGEST)
            .map(|lag| (lag, likeness(lag)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b));
        self.length = best.map_or(LONGEST, |(lag, _)| lag);
        let from = HISTORY - self.length;
        let period = line.get(from..).unwrap_or_default();
        for (slot, sample) in self.period.iter_mut().zip(period) {
            *slot = *sample as i16;
        }
        self.made = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone;

    /// A tone of which these samples are missing, as it is heard.
    fn hear(missing: std::ops::Range<usize>) -> Vec<i16> {
        let said = tone::sine(440.0, 8000.0, 2400, 8000);
        let mut concealer = Concealer::default();
        let pick = |(at, sample): (usize, &i16)| (!missing.contains(&at)).then_some(*sample);
        let came: Vec<Option<i16>> = said.iter().enumerate().map(pick).collect();
        came.into_iter().map(|one| concealer.next(one)).collect()
    }

    #[test]
    fn what_comes_passes_untouched() {
        assert_eq!(hear(0..0), tone::sine(440.0, 8000.0, 2400, 8000));
        let heard = hear(800..960);
        let said = tone::sine(440.0, 8000.0, 2400, 8000);
        assert_eq!(
            (&heard[..800], &heard[1000..]),
            (&said[..800], &said[1000..])
        );
    }

    #[test]
    fn a_lost_packet_is_the_tone_still() {
        let heard = hear(800..960);
        for part in heard[720..1040].chunks(80) {
            assert!(tone::share(part, 440.0, 8000) > 0.9);
            assert!(tone::rms(part) > 4000.0, "{}", tone::rms(part));
        }
        let steps = heard.windows(2).map(|pair| (pair[0] - pair[1]).abs());
        assert!(steps.max() < Some(5000), "no click");
    }

    #[test]
    fn after_60_ms_there_is_silence() {
        let heard = hear(800..2000);
        let level = |from: usize| tone::rms(&heard[from..from + 80]);
        assert!(level(800) > 5000.0);
        assert!(level(960) < level(800) && level(1120) < level(960));
        assert!(heard[1281..2000].iter().all(|sample| *sample == 0));
        assert_eq!(heard[2040..], tone::sine(440.0, 8000.0, 2400, 8000)[2040..]);
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        let mut concealer = Concealer::default();
        assert!((0..500).all(|_| concealer.next(None) == 0));
        assert!((0..100).all(|n| (concealer.next(Some(99)) == 99) == (n >= 39)));
    }
}
