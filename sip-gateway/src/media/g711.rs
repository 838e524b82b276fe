//! G.711: mu-law and A-law against 16-bit linear samples at 8 kHz.
//!
//! **Owns**: [`Codec`], the decoding and conversion tables. Encoding is by arithmetic: prompts are encoded once when
//! they are loaded, never per packet. The tests hold it against the algorithm of ITU-T G.191.

/// A codec that a leg can speak. Both are 8 kHz, one byte per sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 mu-law, RTP payload type 0.
    #[default]
    Pcmu,
    /// G.711 A-law, RTP payload type 8.
    Pcma,
}

static FROM_ULAW: [i16; 256] = ulaw_table();
static FROM_ALAW: [i16; 256] = alaw_table();
static ULAW_TO_ALAW: [u8; 256] = ulaw_to_alaw_table();
static ALAW_TO_ULAW: [u8; 256] = alaw_to_ulaw_table();

impl Codec {
    /// Name in SDP and in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// Static RTP payload type (RFC 3551 6).
    #[must_use]
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The byte that is silence.
    #[must_use]
    pub fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xff,
            Self::Pcma => 0xd5,
        }
    }

    /// One sample.
    #[must_use]
    pub fn decode(self, code: u8) -> i16 {
        match self {
            Self::Pcmu => FROM_ULAW[usize::from(code)],
            Self::Pcma => FROM_ALAW[usize::from(code)],
        }
    }

    /// One code.
    #[must_use]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcmu => ulaw_encode(sample),
            Self::Pcma => alaw_encode(sample),
        }
    }

    /// Rewrites codes of this codec as codes of `to`, in place; nothing when they are the same.
    pub fn convert(self, to: Self, codes: &mut [u8]) {
        let table = match (self, to) {
            (Self::Pcmu, Self::Pcma) => &ULAW_TO_ALAW,
            (Self::Pcma, Self::Pcmu) => &ALAW_TO_ULAW,
            _ => return,
        };
        for code in codes {
            *code = table[usize::from(*code)];
        }
    }
}

const fn ulaw_decode(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((((code & 0x0f) as i16) << 3) + 0x84) << ((code >> 4) & 7);
    if code & 0x80 == 0 {
        magnitude - 0x84
    } else {
        0x84 - magnitude
    }
}

/// Negative samples are mirrored by one's complement, as in G.191; 14 bits count.
const fn ulaw_encode(sample: i16) -> u8 {
    let positive = if sample < 0 { !sample } else { sample };
    let mut biased = (positive >> 2) + 33;
    if biased > 0x1fff {
        biased = 0x1fff;
    }
    // biased is 33..=0x1fff: its highest bit is at 5..=12.
    let segment = (10 - biased.leading_zeros()) as u8;
    let mantissa = ((biased >> (segment + 1)) & 0x0f) as u8;
    let sign = if sample < 0 { 0 } else { 0x80 };
    sign | (!((segment << 4) | mantissa) & 0x7f)
}

const fn alaw_decode(code: u8) -> i16 {
    let code = code ^ 0x55;
    let mantissa = ((code & 0x0f) as i16) << 4;
    let segment = (code >> 4) & 7;
    let magnitude = if segment == 0 {
        mantissa + 8
    } else {
        (mantissa + 0x108) << (segment - 1)
    };
    if code & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// Negative samples are mirrored by one's complement, as in G.191; 12 bits count.
const fn alaw_encode(sample: i16) -> u8 {
    let magnitude = (if sample < 0 { !sample } else { sample }) >> 4;
    let code = if magnitude < 32 {
        magnitude as u8
    } else {
        // 32..=2047: the highest bit is at 5..=10.
        let segment = (12 - magnitude.leading_zeros()) as u8;
        (segment << 4) | ((magnitude >> (segment - 1)) & 0x0f) as u8
    };
    let sign = if sample < 0 { 0 } else { 0x80 };
    (sign | code) ^ 0x55
}

const fn ulaw_table() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = ulaw_decode(code as u8);
        code += 1;
    }
    table
}

const fn alaw_table() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = alaw_decode(code as u8);
        code += 1;
    }
    table
}

const fn ulaw_to_alaw_table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = alaw_encode(ulaw_decode(code as u8));
        code += 1;
    }
    table
}

const fn alaw_to_ulaw_table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = ulaw_encode(alaw_decode(code as u8));
        code += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    // The step-by-step algorithm that ITU-T G.191 describes, in its own way of counting (segments by shifting).
    fn reference_ulaw_encode(sample: i16) -> u8 {
        let wide = i32::from(sample);
        let absolute = (if wide < 0 {
            (!wide >> 2) + 33
        } else {
            (wide >> 2) + 33
        })
        .min(0x1fff);
        let (mut shifted, mut segment) = (absolute >> 6, 1);
        while shifted != 0 {
            segment += 1;
            shifted >>= 1;
        }
        let high = 8 - segment;
        let low = 0x0f - ((absolute >> segment) & 0x0f);
        ((high << 4) | low | if wide >= 0 { 0x80 } else { 0 }) as u8
    }

    fn reference_ulaw_decode(code: u8) -> i16 {
        let sign = if code < 0x80 { -1 } else { 1 };
        let inverted = i32::from(!code);
        let exponent = (inverted >> 4) & 7;
        let step = 4 << (exponent + 1);
        (sign * ((0x80 << exponent) + step * (inverted & 0x0f) + step / 2 - 4 * 33)) as i16
    }

    fn reference_alaw_encode(sample: i16) -> u8 {
        let wide = i32::from(sample);
        let mut index = if wide < 0 { !wide >> 4 } else { wide >> 4 };
        if index > 15 {
            let mut exponent = 1;
            while index > 16 + 15 {
                index >>= 1;
                exponent += 1;
            }
            index = index - 16 + (exponent << 4);
        }
        ((index | if wide >= 0 { 0x80 } else { 0 }) ^ 0x55) as u8
    }

    fn reference_alaw_decode(code: u8) -> i16 {
        let inverted = i32::from(code ^ 0x55) & 0x7f;
        let exponent = inverted >> 4;
        let mut mantissa = inverted & 0x0f;
        if exponent > 0 {
            mantissa += 16;
        }
        mantissa = (mantissa << 4) + 8;
        if exponent > 1 {
            mantissa <<= exponent - 1;
        }
        (if code > 127 { mantissa } else { -mantissa }) as i16
    }

    #[test]
    fn all_codes_decode_as_g191() {
        for code in 0..=255 {
            assert_eq!(
                Codec::Pcmu.decode(code),
                reference_ulaw_decode(code),
                "mu-law {code:#x}"
            );
            assert_eq!(
                Codec::Pcma.decode(code),
                reference_alaw_decode(code),
                "A-law {code:#x}"
            );
        }
    }

    #[test]
    fn all_samples_encode_as_g191() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(
                Codec::Pcmu.encode(sample),
                reference_ulaw_encode(sample),
                "mu-law {sample}"
            );
            assert_eq!(
                Codec::Pcma.encode(sample),
                reference_alaw_encode(sample),
                "A-law {sample}"
            );
        }
    }

    #[test]
    fn codes_survive_a_round_trip() {
        for code in 0..=255u8 {
            // Mu-law has two zeros; the negative one comes back as the positive one.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(Codec::Pcmu.encode(Codec::Pcmu.decode(code)), expected);
            assert_eq!(Codec::Pcma.encode(Codec::Pcma.decode(code)), code);
        }
        assert_eq!(Codec::Pcmu.decode(Codec::Pcmu.silence()), 0);
        assert_eq!(Codec::Pcma.decode(Codec::Pcma.silence()), 8);
    }

    #[test]
    fn conversion_goes_by_value() {
        let mut codes: Vec<u8> = (0..=255).collect();
        Codec::Pcmu.convert(Codec::Pcma, &mut codes);
        for (code, converted) in (0..=255u8).zip(&codes) {
            let (before, after) = (Codec::Pcmu.decode(code), Codec::Pcma.decode(*converted));
            let step = i32::from(before.unsigned_abs()) / 16 + 16;
            assert!(
                (i32::from(before) - i32::from(after)).abs() <= step,
                "{before} {after}"
            );
        }
        let same = codes.clone();
        Codec::Pcma.convert(Codec::Pcma, &mut codes);
        assert_eq!(codes, same);
    }
}
