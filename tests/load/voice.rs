//! Something like a voice, ready to send: PCMU, and Opus as Chromium makes it of a microphone (wide-band, with FEC).
//!
//! **Owns**: the packets. **Must not know**: who sends them.

use opus_pure::{Application, Bandwidth, OpusEncoder};
use sip_gateway::media::g711::Codec;

/// Packets until it begins anew: 5 s.
const PACKETS: usize = 250;

/// A voice in packets of 20 ms.
pub(crate) struct Voice {
    pcmu: Vec<Vec<u8>>,
    opus: Vec<Vec<u8>>,
}

impl Default for Voice {
    fn default() -> Self {
        let narrow = sound(8_000);
        let encode = |frame: &[i16]| frame.iter().map(|one| Codec::Pcmu.encode(*one)).collect();
        Self {
            pcmu: narrow.chunks(160).map(encode).collect(),
            opus: in_opus(&sound(16_000)),
        }
    }
}

/// Syllables: harmonics of a moving pitch and a little breath, four swells a second.
fn sound(rate: u32) -> Vec<i16> {
    let mut noise = 1u32;
    let mut phase = 0.0;
    let sample = |at: u32| {
        let time = f64::from(at) / f64::from(rate);
        let pitch = 125.0 + 25.0 * (time * 5.0).sin();
        phase += pitch / f64::from(rate);
        let harmonics = (1..24).filter(|n| f64::from(*n) * pitch < f64::from(rate) * 0.45);
        let voiced: f64 = harmonics
            .map(|n| (std::f64::consts::TAU * phase * f64::from(n)).sin() / f64::from(n))
            .sum();
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let breath = f64::from(noise >> 16) / 65_536.0 - 0.5;
        let swell = (time * std::f64::consts::PI * 4.0).sin().abs();
        ((voiced + 0.3 * breath) * swell * 5_000.0) as i16
    };
    (0..rate / 50 * PACKETS as u32).map(sample).collect()
}

fn in_opus(wide: &[i16]) -> Vec<Vec<u8>> {
    let Ok(mut encoder) = OpusEncoder::new(16_000, 1, Application::Voip) else {
        return Vec::new();
    };
    encoder.bitrate_bps = 28_000;
    encoder.use_inband_fec = true;
    encoder.packet_loss_perc = 5;
    encoder.max_bandwidth = Bandwidth::Wideband;
    let packet = |frame: &[i16]| {
        let mut out = [0; 400];
        let length = encoder.encode_s16(frame, 320, &mut out).unwrap_or(0);
        out[..length].to_vec()
    };
    wide.chunks_exact(320).map(packet).collect()
}

impl Voice {
    /// The packet with this number of a leg.
    pub(crate) fn packet(&self, leg: u32, number: u32, opus: bool) -> Vec<u8> {
        let (all, payload_type, step) = match opus {
            true => (&self.opus, 111, 960),
            false => (&self.pcmu, 0, 160),
        };
        // Not all say the same at once.
        let place = (number as usize + leg as usize * 17) % all.len().max(1);
        let mut out = vec![0x80, payload_type];
        out.extend((number as u16).to_be_bytes());
        out.extend(number.wrapping_mul(step).to_be_bytes());
        out.extend((leg | 0x5000_0000).to_be_bytes());
        out.extend_from_slice(all.get(place).map_or(&[], Vec::as_slice));
        out
    }
}
