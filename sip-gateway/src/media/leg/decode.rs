//! A leg in a bridge that decodes: what its party says waits in a jitter buffer, and what the peer's says is encoded.

use super::MediaLeg;
use crate::media::codec::{AnyCodec, Sound};
use crate::media::player::FRAME;
use crate::media::playout::Pulled;
use crate::media::port::RemoteMedia;
use crate::media::rtp::RtpPacket;
use std::time::Duration;

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
        let mut codes = [0; FRAME];
        match remote.codec {
            AnyCodec::G711(codec) => {
                for (code, sample) in codes.iter_mut().zip(samples) {
                    *code = codec.encode(*sample);
                }
            }
            AnyCodec::G722 => {
                let widener = self.widener.get_or_insert_default();
                widener.encode(samples, &mut codes);
            }
        }
        let header = self
            .outbound
            .own_audio(remote.payload_type, FRAME as u32, now);
        self.outbound.count(FRAME);
        header.write(&codes, out)
    }
}
