//! Keys as tones in the audio (ITU-T Q.23, Q.24): hearing them where a party has no other way, and making them.
//!
//! **Owns**: [`KeyDetector`], [`key_tone`]. **Must not know**: packets, legs. Everything is 8 kHz.
//!
//! Speech must not press keys. A frame of 12.75 ms may be a key's when two tones of the grid, one of each group, are
//! loud enough, within the twist, far above their neighbours, hold most of the frame's energy, and have no second
//! harmonic. Two such frames in a row make a key when both tones kept their level and, by how far their phases moved
//! on, are within 2.6 % of their frequency (a voice glides, a key does not), and when the frame before or after them
//! is mostly those tones too. So tones of 40 ms are heard wherever they lie in the frames, and tones of 20 ms are not.

use super::dtmf::{event_of, key_of};
use std::f32::consts::{PI, TAU};

/// Samples per second.
const RATE: f32 = 8000.0;
/// Samples of a frame: 12.75 ms, of which 40 ms always hold two whole ones.
const FRAME: usize = 102;
/// The frequencies, low group then high group.
const TONES: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
/// Keys by row and column.
const KEYS: &[u8; 16] = b"123A456B789C*0#D";
/// Mean square of a 0 dBm0 sine, samples as parts of full scale: G.711 reaches 3.17 dBm0 with one of peak 32124.
const ZERO_DBM0: f32 = 0.2315;
/// Softest tone of a key: -33 dBm0.
const SOFTEST: f32 = ZERO_DBM0 * 0.000_5;
/// The high tone may be 6 dB stronger than the low one, and 10 dB weaker (Q.24 asks for 4 and 8).
const HIGH_OVER_LOW: f32 = 4.0;
const LOW_OVER_HIGH: f32 = 10.0;
/// A tone stands 6 dB above the others of its group.
const ABOVE_OTHERS: f32 = 4.0;
/// Share of the energy that lies in the two tones of a frame that they fill, and of one at their edge. A tone that
/// fills a part of a frame has that part of its energy as share.
const SHARE: f32 = 0.75;
const EDGE_SHARE: f32 = 0.4;
/// The second harmonic is at least 10 dB below its tone.
const HARMONIC: f32 = 0.1;
/// A harmonic of the low tone so near to the high one cannot be told from it, Hz.
const TOO_NEAR: f32 = 100.0;
/// Off the frequency by so much at most: 2.6 % (Q.24: 1.5 % must be taken, 3.5 % not), 36 Hz where phases turn round.
const OFF: f32 = 0.026;
const OFF_HZ: f32 = 36.0;
/// A tone that keeps its level: within 3 dB.
const STEADY: f32 = 2.0;
/// Frames without it that end a key: 25 ms, so that an interruption of 10 ms does not.
const MISSES: u8 = 2;

/// A sum of products with a turning phasor.
#[derive(Clone, Copy, Debug, Default)]
struct Phasor {
    re: f32,
    im: f32,
}

impl Phasor {
    fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }
}

/// What the frame holds at a frequency (Goertzel); the phase is that of its last sample.
fn goertzel(frame: &[f32; FRAME], frequency: f32) -> Phasor {
    let (sin, cos) = (TAU * frequency / RATE).sin_cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in frame {
        let next = sample + 2.0 * cos * last - before;
        before = last;
        last = next;
    }
    Phasor {
        re: last - before * cos,
        im: before * sin,
    }
}

/// What a frame holds.
#[derive(Clone, Copy, Debug)]
struct Heard {
    energy: f32,
    tones: [Phasor; 8],
    /// The key whose frame this may be, as row and column.
    key: Option<Key>,
}

type Key = (usize, usize);

/// Hears the keys in one stream of samples.
#[derive(Clone, Debug)]
pub struct KeyDetector {
    frame: [f32; FRAME],
    filled: usize,
    /// The two frames before, the older one first; none where it was too soft.
    before: [Option<Heard>; 2],
    sounding: Option<Key>,
    /// Two frames of a key have just been heard; one more makes it certain.
    suspected: bool,
    misses: u8,
}

impl Default for KeyDetector {
    fn default() -> Self {
        Self {
            frame: [0.0; FRAME],
            filled: 0,
            before: [None; 2],
            sounding: None,
            suspected: false,
            misses: 0,
        }
    }
}

impl KeyDetector {
    /// Takes the next sample; the key, when one has become certain by it. Once per press, however long.
    pub fn hear(&mut self, sample: i16) -> Option<char> {
        if let Some(place) = self.frame.get_mut(self.filled) {
            *place = f32::from(sample) / 32_768.0;
        }
        self.filled += 1;
        if self.filled < FRAME {
            return None;
        }
        self.filled = 0;
        let heard = Heard::new(&self.frame);
        self.judge(heard)
    }

    /// A key sounds now.
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        self.sounding.is_some()
    }

    /// A key sounds now, or probably so: what is passed on of it now would be too much.
    #[must_use]
    pub fn may_sound(&self) -> bool {
        self.suspected || self.is_sounding()
    }

    fn judge(&mut self, now: Option<Heard>) -> Option<char> {
        let [first, second] = self.before;
        self.before = [second, now];
        let steady = |now: Heard| Some(now.is_steady_after(&second?, now.key?));
        self.suspected = now.and_then(steady).unwrap_or(false);
        if let Some(key) = self.sounding {
            let goes_on = now.is_some_and(|now| now.is_mostly(key, EDGE_SHARE));
            self.misses = if goes_on { 0 } else { self.misses + 1 };
            if self.misses >= MISSES {
                self.sounding = None;
            }
        }
        let (first, second, now) = (first?, second?, now?);
        let key = second.key.filter(|key| Some(*key) != self.sounding)?;
        let certain = (now.is_steady_after(&second, key) && first.is_mostly(key, EDGE_SHARE))
            || (second.is_steady_after(&first, key) && now.is_mostly(key, EDGE_SHARE));
        if !certain {
            return None;
        }
        (self.sounding, self.misses) = (Some(key), 0);
        KEYS.get(4 * key.0 + key.1).map(|key| char::from(*key))
    }
}

impl Heard {
    /// None when the frame is softer than half the softest key.
    fn new(frame: &[f32; FRAME]) -> Option<Self> {
        let energy: f32 = frame.iter().map(|sample| sample * sample).sum();
        if energy < SOFTEST * FRAME as f32 {
            return None;
        }
        let tones = TONES.map(|frequency| goertzel(frame, frequency));
        let mut heard = Self {
            energy,
            tones,
            key: None,
        };
        heard.key = heard.find(frame);
        Some(heard)
    }

    fn tone(&self, place: usize) -> Phasor {
        self.tones.get(place).copied().unwrap_or_default()
    }

    fn pair(&self, (row, column): Key) -> (f32, f32) {
        (self.tone(row).power(), self.tone(4 + column).power())
    }

    /// The key that this frame is part of, judged by itself.
    fn find(&self, frame: &[f32; FRAME]) -> Option<Key> {
        let key = (
            strongest(self.tones.get(..4)?)?,
            strongest(self.tones.get(4..)?)?,
        );
        let (low, high) = self.pair(key);
        let balanced = high <= low * HIGH_OVER_LOW && low <= high * LOW_OVER_HIGH;
        if !balanced || !self.is_mostly(key, SHARE) {
            return None;
        }
        let (low_tone, high_tone) = (TONES.get(key.0)?, TONES.get(4 + key.1)?);
        let harmonic = |tone: f32| goertzel(frame, 2.0 * tone).power();
        let told_apart = (2.0 * low_tone - high_tone).abs() >= TOO_NEAR;
        let voice = (told_apart && harmonic(*low_tone) > HARMONIC * low.max(high))
            || harmonic(*high_tone) > HARMONIC * high;
        (!voice).then_some(key)
    }

    /// The tones of the key are loud enough and hold this share of the energy.
    fn is_mostly(&self, key: Key, share: f32) -> bool {
        let length = FRAME as f32;
        let (low, high) = self.pair(key);
        let softest = SOFTEST * length * length / 2.0;
        low >= softest && high >= softest && 2.0 * (low + high) >= share * self.energy * length
    }

    /// Both frames are of the key, whose tones kept their level and moved their phase on as their frequency does.
    fn is_steady_after(&self, before: &Self, key: Key) -> bool {
        let kept = |place: usize| {
            let frequency = TONES.get(place).copied().unwrap_or_default();
            kept(before.tone(place), self.tone(place), frequency)
        };
        self.key == Some(key) && before.key == Some(key) && kept(key.0) && kept(4 + key.1)
    }
}

/// The strongest of a group, when it stands out.
fn strongest(group: &[Phasor]) -> Option<usize> {
    let by_power =
        |(_, a): &(usize, &Phasor), (_, b): &(usize, &Phasor)| a.power().total_cmp(&b.power());
    let (place, best) = group.iter().enumerate().max_by(by_power)?;
    let alone = group
        .iter()
        .enumerate()
        .all(|(other, tone)| other == place || best.power() >= ABOVE_OTHERS * tone.power());
    alone.then_some(place)
}

fn kept(before: Phasor, now: Phasor, frequency: f32) -> bool {
    let (a, b) = (before.power(), now.power());
    if a > STEADY * b || b > STEADY * a {
        return false;
    }
    // Phase beyond what a frame of the exact frequency moves it on by, in -π..π.
    let moved = now.im.atan2(now.re) - before.im.atan2(before.re);
    let exact = TAU * frequency / RATE * FRAME as f32;
    let beyond = (moved - exact + PI).rem_euclid(TAU) - PI;
    let off = beyond / TAU * RATE / FRAME as f32;
    off.abs() <= OFF_HZ.min(OFF * frequency)
}

/// Level of the tones that we make, as peak samples: -9 dBm0 low, -7 dBm0 high, within what Q.23 users send.
const LOW_PEAK: f32 = 7_900.0;
const HIGH_PEAK: f32 = 9_950.0;

/// Fills `samples` with the tones of `key`, `from` samples after the key began; silence when it is no key.
pub fn key_tone(key: char, from: usize, samples: &mut [i16]) {
    let tones = event_of(key).and_then(key_of).and_then(|key| {
        let place = KEYS.iter().position(|one| char::from(*one) == key)?;
        Some((*TONES.get(place / 4)?, *TONES.get(4 + place % 4)?))
    });
    for (at, sample) in (from..).zip(samples) {
        *sample = tones.map_or(0, |(low, high)| {
            let turn = TAU * at as f32 / RATE;
            ((turn * low).sin() * LOW_PEAK + (turn * high).sin() * HIGH_PEAK) as i16
        });
    }
}

#[cfg(test)]
mod tests;
