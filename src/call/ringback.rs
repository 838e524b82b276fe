//! The ringing tone that we make ourselves, for a caller whose leg carries audio already: a phone that was answered, or
//! has early media, makes none of its own.
//!
//! **Owns**: cadences by country (ITU-T E.180 and its supplement 2), the clip made of them. **Must not know**: calls.

use sip_gateway::leg::{GatewayCommand, LegId, PlayId};
use sip_gateway::media::clip::{CLIP_RATE, Clip};
use sip_gateway::media::port::PlayRequest;
use sip_gateway::media::tone;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Names its playing; flows count theirs from 0.
pub const RINGBACK: PlayId = PlayId(u64::MAX - 1);
/// Silence before the first tone: a far end that sends audio of its own at once is heard without a blip of ours.
const LEAD: u64 = 400;
/// Nothing rings longer; a tone that nobody stops ends by itself.
const LONGEST: Duration = Duration::from_secs(180);
/// Peak of a tone of one frequency: about -13 dBm0, within the range of E.180.
const LOUDNESS: f64 = 5_100.0;

/// How a country's exchanges ring.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cadence {
    /// Hz; two sound together.
    frequencies: &'static [f64],
    /// Milliseconds of tone and of silence, in turn.
    beats: &'static [u64],
}

/// E.180's recommendation, and what most of Europe has.
const EUROPE: Cadence = Cadence {
    frequencies: &[425.0],
    beats: &[1_000, 4_000],
};

fn cadence(country: Option<&str>) -> Cadence {
    let country = country.unwrap_or_default().to_ascii_uppercase();
    let (frequencies, beats): (&[f64], &[u64]) = match country.as_str() {
        "ES" => (&[425.0], &[1_500, 3_000]),
        "FR" => (&[440.0], &[1_500, 3_500]),
        "GB" | "IE" => (&[400.0, 450.0], &[400, 200, 400, 2_000]),
        "US" | "CA" => (&[440.0, 480.0], &[2_000, 4_000]),
        _ => return EUROPE,
    };
    Cadence { frequencies, beats }
}

/// One turn of the tone of an ISO 3166 country, to be repeated; the European one for those we do not know. The part of
/// the last silence that stands before the first tone is missing at the end.
#[must_use]
pub fn clip(country: Option<&str>) -> Clip {
    let Cadence { frequencies, beats } = cadence(country);
    let mut samples = vec![0; frames(LEAD)];
    for (place, beat) in beats.iter().enumerate() {
        let is_last = place + 1 == beats.len();
        let silence = beat.saturating_sub(if is_last { LEAD } else { 0 });
        if place % 2 == 0 {
            samples.extend(sound(frequencies, frames(*beat)));
        } else {
            samples.resize(samples.len() + frames(silence), 0);
        }
    }
    Clip::from_samples(samples)
}

fn frames(milliseconds: u64) -> usize {
    usize::try_from(milliseconds * u64::from(CLIP_RATE) / 1_000).unwrap_or_default()
}

fn sound(frequencies: &[f64], length: usize) -> Vec<i16> {
    let loudness = LOUDNESS / frequencies.len().max(1) as f64;
    let mut mixed = vec![0_i16; length];
    for frequency in frequencies {
        let sine = tone::sine(*frequency, loudness, length, CLIP_RATE);
        for (sum, sample) in mixed.iter_mut().zip(sine) {
            *sum = sum.saturating_add(sample);
        }
    }
    mixed
}

/// Rings towards a leg until it is stopped, the leg is bridged, or a party that it is bridged with is heard.
#[must_use]
pub fn play(leg: LegId, tone: &Arc<Clip>) -> GatewayCommand {
    GatewayCommand::Play {
        leg,
        request: PlayRequest {
            play: RINGBACK,
            clips: vec![tone.clone()],
            repeat: true,
            resume: false,
            at_most: Some(LONGEST),
            until_heard: true,
        },
    }
}

/// Names its playing.
const ON_HOLD: PlayId = PlayId(u64::MAX - 2);
/// Two soft beeps in eight seconds: somebody is still there.
static HOLD: LazyLock<Arc<Clip>> = LazyLock::new(|| {
    let mut samples = tone::sine(440.0, LOUDNESS / 4.0, frames(150), CLIP_RATE);
    samples.resize(frames(300), 0);
    samples.extend(tone::sine(440.0, LOUDNESS / 4.0, frames(150), CLIP_RATE));
    samples.resize(frames(8_000), 0);
    Arc::new(Clip::from_samples(samples))
});

/// The tone towards one who is on hold where no music is named, until it is stopped or the leg is joined with others.
#[must_use]
pub fn hold_tone(leg: LegId) -> GatewayCommand {
    GatewayCommand::Play {
        leg,
        request: PlayRequest {
            play: ON_HOLD,
            clips: vec![HOLD.clone()],
            repeat: true,
            resume: false,
            at_most: None,
            until_heard: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_country_rings_in_its_own_way() {
        for (country, turn, tone_ms, hz) in [
            (None, 5_000, 1_000, 425.0),
            (Some("DE"), 5_000, 1_000, 425.0),
            (Some("es"), 4_500, 1_500, 425.0),
            (Some("FR"), 5_000, 1_500, 440.0),
            (Some("GB"), 3_000, 400, 400.0),
            (Some("US"), 6_000, 2_000, 480.0),
        ] {
            let clip = clip(country);
            assert_eq!(clip.duration().as_millis(), turn, "{country:?}");
            let (lead, rest) = clip.pcm().split_at(frames(LEAD));
            assert_eq!(tone::rms(lead), 0.0);
            let (sounding, silent) = rest.split_at(frames(tone_ms));
            let share = tone::share(sounding, hz, CLIP_RATE);
            assert!(share > 0.4, "{country:?}: {share}");
            assert_eq!(tone::rms(&silent[..frames(100)]), 0.0);
        }
    }
}
