//! A leg in a bridge that decodes: what its party says waits in a jitter buffer, and what the peer's says is encoded.

use super::MediaLeg;
use crate::media::codec::{AnyCodec, Sound};
use crate::media::opus::{self, Speaker};
use crate::media::player::FRAME;
use crate::media::playout::Pulled;
use crate::media::port::RemoteMedia;
use crate::media::rtp::{RtpHeader, RtpPacket};
use std::time::Duration;

/// Bytes of a packet of ours at most.
const MOST_BYTES: usize = 400;
/// A byte for each sample of a packet whose samples are its only meaning.
static PLACES: [u8; opus::MOST] = [0; opus::MOST];

impl MediaLeg {
    /// Keeps audio that this leg received and understood by its [`MediaLeg::hear`], until its turn comes.
    pub fn buffer(&mut self, packet: &RtpPacket<'_>, sound: Sound<'_>, now: Duration) {
        let header = packet.header;
        let codes = packet.payload.iter().enumerate();
        let samples = codes.map(|(place, code)| sound.sample(place, *code));
        self.playout
            .get_or_insert_default()
            .put(header.ssrc, header.timestamp, samples, now);
    }

    /// Something was kept and may have to be played out.
    #[must_use]
    pub const fn holds_audio(&self) -> bool {
        self.playout.is_some()
    }

    /// The next 20 ms of what was kept.
    pub fn pull(&mut self, now: Duration, samples: &mut [i16; FRAME]) -> Pulled {
        match &mut self.playout {
            Some(playout) => playout.pull(now, samples),
            None => Pulled::Nothing,
        }
    }

    /// What was kept is not to be heard.
    pub fn drop_buffered(&mut self) {
        if let Some(playout) = &mut self.playout {
            playout.clear();
        }
    }

    /// Makes the packet for this leg's party out of 20 ms that its peer's party said; the length in `out`. None while a
    /// prompt or key of our own has the line, or when the party must not be sent to.
    pub fn say(&mut self, samples: &[i16; FRAME], now: Duration, out: &mut [u8]) -> Option<usize> {
        let remote = self.remote.filter(|remote| remote.direction.sends())?;
        if self.wants_ticks() {
            return None;
        }
        self.write_samples(samples, &remote, now, out)
    }

    /// What the peer's party said is over: what it says next begins at the timestamp of its time.
    pub fn fall_silent(&mut self) {
        if !self.wants_ticks() {
            self.outbound.pause();
        }
    }

    /// A packet of our own with these samples.
    pub(super) fn write_samples(
        &mut self,
        samples: &[i16; FRAME],
        remote: &RemoteMedia,
        now: Duration,
        out: &mut [u8],
    ) -> Option<usize> {
        let mut codes = [0; MOST_BYTES];
        let length = match remote.codec {
            AnyCodec::G711(codec) => {
                for (code, sample) in codes.iter_mut().zip(samples) {
                    *code = codec.encode(*sample);
                }
                FRAME
            }
            AnyCodec::G722 => {
                let widener = self.widener.get_or_insert_default();
                widener.encode(samples, codes.get_mut(..FRAME)?);
                FRAME
            }
            AnyCodec::Opus => {
                let speaker = self
                    .speaker
                    .get_or_insert_with(|| Box::new(Speaker::new(remote.opus)));
                speaker.speak(samples, &mut codes)
            }
        };
        let header = self
            .outbound
            .own_audio(remote.payload_type, FRAME as u32, now);
        self.outbound.count(length);
        header.write(codes.get(..length)?, out)
    }

    /// The same of codes of a clip, as it is kept for Opus.
    pub(super) fn write_kept(
        &mut self,
        codes: &[u8; FRAME],
        remote: &RemoteMedia,
        now: Duration,
        out: &mut [u8],
    ) -> Option<usize> {
        let kept = Sound {
            codec: remote.codec.kept(),
            narrow: &[],
        };
        let mut samples = [0; FRAME];
        for (place, (sample, code)) in samples.iter_mut().zip(codes).enumerate() {
            *sample = kept.sample(place, *code);
        }
        self.write_samples(&samples, remote, now, out)
    }

    /// How audio that this leg received is to be understood, and the packet as one of a codec with a byte for each
    /// sample of 8 kHz: the same, but for Opus. `decoded`: somebody needs its samples; they are written to `narrow`
    /// then, where G.711 needs none. A packet that is not to be heard any more comes back empty.
    pub fn hear<'a>(
        &mut self,
        packet: &RtpPacket<'a>,
        decoded: bool,
        narrow: &'a mut [i16],
    ) -> (RtpPacket<'a>, Sound<'a>) {
        let codec = self.codec();
        let as_it_is = Sound { codec, narrow: &[] };
        match codec {
            AnyCodec::G722 if decoded => {
                let narrow = narrow.get_mut(..packet.payload.len()).unwrap_or_default();
                let narrower = self.narrower.get_or_insert_default();
                narrower.decode(packet.payload, narrow);
                (*packet, Sound { codec, narrow })
            }
            AnyCodec::Opus if decoded => {
                let listener = self.listener.get_or_insert_default();
                let heard = listener.hear(&packet.header, packet.payload, narrow);
                self.ignored += u64::from(heard.broken);
                let header = RtpHeader {
                    timestamp: heard.timestamp,
                    ..packet.header
                };
                let payload = PLACES.get(..heard.samples).unwrap_or_default();
                let narrow = narrow.get(..heard.samples).unwrap_or_default();
                (RtpPacket { header, payload }, Sound { codec, narrow })
            }
            _ => (*packet, as_it_is),
        }
    }
}
