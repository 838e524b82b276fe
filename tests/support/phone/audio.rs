//! Sound as numbers: PCMU, PCMA, tones, how much of a sound is one tone, and payloads that carry their own number.
//!
//! **Owns**: the judgement "this is 440 Hz" and "packet 17 of leg 2 is missing". **Must not know**: sockets, SIP.

/// Samples a second of everything here.
pub(crate) const RATE: f64 = 8000.0;
/// Samples of one packet.
pub(crate) const PACKET: usize = 160;
/// Amplitude of our tones, about -12 dBFS.
const TONE: f64 = 8000.0;

/// One PCMU byte as a sample (ITU-T G.711).
pub(crate) fn from_ulaw(byte: u8) -> i16 {
    let bits = !byte;
    let magnitude = ((i32::from(bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7);
    let value = magnitude - 0x84;
    (if bits & 0x80 == 0 { value } else { -value }) as i16
}

/// One sample as a PCMU byte.
pub(crate) fn to_ulaw(sample: i16) -> u8 {
    let magnitude = i32::from(sample).abs().min(32_635) + 0x84;
    let segment = 31 - (magnitude as u32 >> 7).leading_zeros();
    let mantissa = (magnitude >> (segment + 3)) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (segment as u8) << 4 | mantissa as u8)
}

/// One PCMA byte as a sample.
pub(crate) fn from_alaw(byte: u8) -> i16 {
    let bits = i32::from(byte ^ 0x55);
    let (segment, step) = ((bits >> 4) & 7, ((bits & 0x0f) << 4) + 8);
    let value = match segment {
        0 => step,
        _ => (step + 0x100) << (segment - 1),
    };
    (if bits & 0x80 == 0 { -value } else { value }) as i16
}

/// One sample as a PCMA byte.
pub(crate) fn to_alaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 {
        (0, !i32::from(sample))
    } else {
        (0x80, i32::from(sample))
    };
    let segment = (magnitude >> 7).checked_ilog2().unwrap_or(0);
    let code = match magnitude >> 8 {
        0 => magnitude >> 4,
        _ => (segment as i32) << 4 | (magnitude >> (segment + 3)) & 0x0f,
    };
    (sign | code as u8) ^ 0x55
}

/// Samples `from..from + PACKET` of an endless tone.
pub(crate) fn tone(hz: f64, from: u64) -> Vec<i16> {
    (from..from + PACKET as u64)
        .map(|at| ((at as f64 * hz / RATE * std::f64::consts::TAU).sin() * TONE) as i16)
        .collect()
}

/// The two tones of key number `code` (RFC 4733's order), low and high, Hz (ITU-T Q.23).
pub(crate) fn key_tones(code: u8) -> (f64, f64) {
    let place = "123A456B789C*0#D".find(char::from(b"0123456789*#ABCD"[usize::from(code & 15)]));
    let place = place.expect("each key has a place");
    (
        [697.0, 770.0, 852.0, 941.0][place / 4],
        [1209.0, 1336.0, 1477.0, 1633.0][place % 4],
    )
}

/// Samples `from..from + PACKET` of a key: two tones 12 dB below ours.
pub(crate) fn key(code: u8, from: u64) -> Vec<i16> {
    let (low, high) = key_tones(code);
    let pairs = tone(low, from).into_iter().zip(tone(high, from));
    pairs.map(|(low, high)| low / 4 + high / 4).collect()
}

/// Share of the energy of `samples` that lies at `hz`: 1 for a pure tone, near 0 for anything else (Goertzel).
pub(crate) fn dominance(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let energy: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    if energy < 1.0 {
        return 0.0;
    }
    let turn = hz / rate * std::f64::consts::TAU;
    let (mut one_ago, mut two_ago) = (0.0, 0.0);
    for sample in samples {
        let now = f64::from(*sample) + 2.0 * turn.cos() * one_ago - two_ago;
        (two_ago, one_ago) = (one_ago, now);
    }
    let power = one_ago * one_ago + two_ago * two_ago - 2.0 * turn.cos() * one_ago * two_ago;
    2.0 * power / (samples.len() as f64 * energy)
}

/// How loud `hz` is in `samples`, in dB of our own tones as they are sent; -120 for nothing. A Hann window keeps other
/// tones out of it.
pub(crate) fn loudness_of(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let turn = hz / rate * std::f64::consts::TAU;
    let length = samples.len().max(2) as f64;
    let (mut real, mut imaginary, mut whole) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let at = at as f64;
        let weight = 0.5 - 0.5 * (std::f64::consts::TAU * at / (length - 1.0)).cos();
        let value = weight * f64::from(*sample);
        real += value * (turn * at).cos();
        imaginary += value * (turn * at).sin();
        whole += weight;
    }
    let amplitude = 2.0 * real.hypot(imaginary) / whole.max(1.0);
    (20.0 * (amplitude / TONE).log10()).max(-120.0)
}

/// Loudness in dB below full scale; -120 for nothing.
pub(crate) fn level(samples: &[i16]) -> f64 {
    let energy: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    let mean = energy / samples.len().max(1) as f64;
    (10.0 * (mean / 32_768_f64.powi(2)).log10()).max(-120.0)
}

/// What a numbered packet says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Numbered {
    /// Which of our legs sent it.
    pub(crate) leg: u8,
    /// How many it had sent before.
    pub(crate) number: u32,
}

/// Begins every numbered payload: quiet, and no tone looks like it.
const SYNC: [u8; 6] = [0x40, 0xc0, 0x40, 0x40, 0xc0, 0xc0];
/// Sync, eleven digits of which the last is the sum of the others by exclusive or.
const CODE: usize = SYNC.len() + 11;

impl Numbered {
    fn digits(self) -> [u8; 11] {
        let mut digits = [0; 11];
        digits[0] = self.leg >> 4;
        digits[1] = self.leg & 15;
        for (place, digit) in digits[2..10].iter_mut().enumerate() {
            *digit = (self.number >> (28 - 4 * place)) as u8 & 15;
        }
        digits[10] = digits[..10].iter().fold(5, |sum, digit| sum ^ digit);
        digits
    }

    /// A PCMU payload that carries the code and then the tone, so that ear and counter both work.
    ///
    /// Each digit is one byte, three steps of the law apart and below -24 dBFS: it survives decoding to linear samples
    /// and back, so numbers can be read from a recording as well.
    pub(crate) fn payload(self, hz: f64) -> Vec<u8> {
        let from = u64::from(self.number) * PACKET as u64;
        let mut payload: Vec<u8> = tone(hz, from).into_iter().map(to_ulaw).collect();
        payload[..SYNC.len()].copy_from_slice(&SYNC);
        for (place, digit) in self.digits().into_iter().enumerate() {
            payload[SYNC.len() + place] = 0xc1 + 3 * digit;
        }
        payload
    }

    /// Reads the code at the beginning of a payload.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let code = payload.get(..CODE)?;
        if code[..SYNC.len()] != SYNC {
            return None;
        }
        let mut number = 0_u64;
        for byte in &code[SYNC.len()..] {
            let steps = byte.checked_sub(0xc0)?;
            number = number << 4 | u64::from(steps / 3).min(15);
        }
        let this = Self {
            leg: (number >> 36) as u8,
            number: (number >> 4) as u32,
        };
        (this.digits()[10] == number as u8 & 15).then_some(this)
    }

    /// Every code in linear samples of 8 kHz (one channel of a recording), with the place of its first sample.
    pub(crate) fn find_all(samples: &[i16]) -> Vec<(usize, Self)> {
        let bytes: Vec<u8> = samples.iter().map(|sample| to_ulaw(*sample)).collect();
        let places = 0..bytes.len().saturating_sub(CODE - 1);
        places
            .filter_map(|place| Self::read(&bytes[place..]).map(|found| (place, found)))
            .collect()
    }
}

/// What became of one leg's numbered packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NumberReport {
    /// How many arrived, repeats not counted.
    pub(crate) seen: usize,
    /// Lowest and highest number.
    pub(crate) range: Option<(u32, u32)>,
    /// How many numbers between them did not arrive.
    pub(crate) missing: usize,
    /// Which.
    pub(crate) missing_numbers: Vec<u32>,
    /// Numbers that arrived again.
    pub(crate) repeated: Vec<u32>,
}

impl NumberReport {
    /// Sums up `numbers` in the order of their arrival.
    pub(crate) fn new(numbers: impl Iterator<Item = u32>) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let repeated = numbers.filter(|number| !seen.insert(*number)).collect();
        let range = seen.first().copied().zip(seen.last().copied());
        let missing_numbers = range.map_or_else(Vec::new, |(first, last)| {
            (first..=last)
                .filter(|number| !seen.contains(number))
                .collect()
        });
        Self {
            seen: seen.len(),
            range,
            missing: missing_numbers.len(),
            missing_numbers,
            repeated,
        }
    }
}
