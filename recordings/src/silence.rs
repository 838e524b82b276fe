//! When somebody who records a message has stopped speaking.
//!
//! **Owns**: what counts as silence. **Must not know**: files, calls, the clock: time is counted in frames.

use crate::recorder::SilenceWatch;
use tokio::sync::oneshot;

/// Louder than this is sound, as the mean amplitude of a window: about -46 dBFS. A quiet line lies 20 dB below it, soft
/// speech 10 dB above.
const LOUD: u64 = 160;
/// Windows in a second: 20 ms each.
const WINDOWS: u32 = 50;

/// Listens to the left side of one recording.
#[derive(Debug)]
pub(crate) struct Silence {
    /// Frames of silence after which it is told.
    after: u64,
    /// Frames of a window.
    window: usize,
    /// The frame behind the last loud window.
    last_loud: u64,
    told: Option<oneshot::Sender<()>>,
}

impl Silence {
    pub(crate) fn new(watch: SilenceWatch, sample_rate: u32) -> Self {
        let millis = u64::try_from(watch.after.as_millis()).unwrap_or(u64::MAX);
        Self {
            after: millis.saturating_mul(u64::from(sample_rate)) / 1_000,
            window: usize::try_from(sample_rate / WINDOWS).unwrap_or(1).max(1),
            last_loud: 0,
            told: Some(watch.told),
        }
    }

    /// Takes a block: left, right, left, right …, its first frame at `start`.
    pub(crate) fn hear(&mut self, start: u64, samples: &[i16]) {
        let mut end = start;
        for window in samples.chunks(self.window.saturating_mul(2)) {
            let frames = u64::try_from(window.len() / 2).unwrap_or(0).max(1);
            let sum: u64 = window
                .iter()
                .step_by(2)
                .map(|sample| u64::from(sample.unsigned_abs()))
                .sum();
            end = end.saturating_add(frames);
            if sum / frames > LOUD {
                self.last_loud = end;
            }
        }
        if end.saturating_sub(self.last_loud) >= self.after
            && let Some(told) = self.told.take()
        {
            // Whoever asked may be gone.
            let _ = told.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn listening() -> (Silence, oneshot::Receiver<()>) {
        let (told, ear) = oneshot::channel();
        let after = Duration::from_secs(2);
        (Silence::new(SilenceWatch { after, told }, 8_000), ear)
    }

    /// Half a second of both sides.
    fn block(left: i16, right: i16) -> Vec<i16> {
        let pairs = (0..4_000).map(|n| if n % 2 == 0 { 1 } else { -1 });
        pairs.flat_map(|sign| [left * sign, right * sign]).collect()
    }

    #[test]
    fn silence_counts_from_the_last_sound_of_the_left_side_and_is_told_once() {
        let (mut silence, mut ear) = listening();
        // Loud, then quiet noise; the right side is nobody's.
        for (at, left) in [4_000, 40, 40, 4_000, 40, 40, 40].into_iter().enumerate() {
            silence.hear(at as u64 * 4_000, &block(left, 9_000));
            assert!(ear.try_recv().is_err(), "{at}");
        }
        silence.hear(7 * 4_000, &block(40, 9_000));
        assert!(ear.try_recv().is_ok());
        silence.hear(8 * 4_000, &block(4_000, 0));
    }

    #[test]
    fn who_never_speaks_is_silent_and_a_lost_block_is_silence_too() {
        let (mut silence, mut ear) = listening();
        for at in 0..4_u64 {
            assert!(ear.try_recv().is_err());
            silence.hear(at * 4_000, &block(0, 0));
        }
        assert!(ear.try_recv().is_ok());
        let (mut silence, mut ear) = listening();
        silence.hear(0, &block(4_000, 0));
        silence.hear(20_000, &block(0, 0));
        assert!(ear.try_recv().is_ok());
        let (mut silence, _) = listening();
        silence.hear(u64::MAX, &[1]);
    }
}
