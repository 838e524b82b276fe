//! A leg's keys: three ways in of which a press counts by the first, two ways out.
//!
//! **Must not know**: the peer. What becomes of a key in a bridge is decided where both legs are known.

use super::MediaLeg;
use crate::media::codec::Sound;
use crate::media::dtmf::{EventPayload, KeyPacket, KeyStep, STEP};
use crate::media::inband::{KeyDetector, key_tone};
use crate::media::player::FRAME;
use crate::media::port::RemoteMedia;
use crate::media::rtp::RtpPacket;
use std::time::Duration;

/// A press that came one way is looked for the other ways for so long after its last sign.
const SAME_PRESS: Duration = Duration::from_secs(1);
/// Presses that wait for their like.
const WAITING: usize = 8;
/// Audio this far behind (1 s) is no late packet: the party began its timestamps anew.
const OLD: i32 = -8000;

/// How a party told us a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyWay {
    /// As an RFC 4733 event.
    Event,
    /// As tones in its audio.
    InBand,
    /// In signalling: SIP INFO.
    Signalling,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    key: char,
    way: KeyWay,
    last: Duration,
}

/// What a leg knows about its party's keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Presses that were counted and may still come another way. None that is older than [`SAME_PRESS`] is looked at.
    presses: [Option<Press>; WAITING],
    newest: usize,
    /// Packets of the present event belong to the peer as well.
    pub(super) event_passes: bool,
    /// The tones that sound now do not.
    holds_tones: bool,
    /// Hears tones where the party has no events. Made when it is first needed.
    detector: Option<Box<KeyDetector>>,
    /// Timestamp of the audio that the detector is to hear next.
    next: Option<u32>,
}

impl Keys {
    /// The newest press goes on: its like may come that much later.
    pub(super) fn goes_on(&mut self, now: Duration) {
        if let Some(Some(press)) = self.presses.get_mut(self.newest) {
            press.last = now;
        }
    }

    pub(super) fn bridge_changed(&mut self) {
        self.event_passes = false;
        self.holds_tones = self.is_sounding();
    }

    fn is_sounding(&self) -> bool {
        self.detector
            .as_ref()
            .is_some_and(|detector| detector.is_sounding())
    }
}

impl MediaLeg {
    /// Takes a key by one of the ways; false when it is a press that another way told already. A phone that sends both
    /// an event and an INFO for each press means one key.
    pub fn count_key(&mut self, key: char, way: KeyWay, now: Duration) -> bool {
        let key = key.to_ascii_uppercase();
        let keys = &mut self.keys;
        let like = |press: &&mut Option<Press>| {
            press.is_some_and(|press| {
                let recent = now.saturating_sub(press.last) <= SAME_PRESS;
                press.key == key && press.way != way && recent
            })
        };
        if let Some(told) = keys.presses.iter_mut().find(like) {
            *told = None;
            return false;
        }
        keys.newest = (keys.newest + 1) % WAITING;
        if let Some(place) = keys.presses.get_mut(keys.newest) {
            *place = Some(Press {
                key,
                way,
                last: now,
            });
        }
        true
    }

    /// The party has no way for keys but tones in its audio, and speaks: [`MediaLeg::listen`] must hear it.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.remote
            .is_some_and(|remote| remote.telephone_event.is_none())
    }

    /// Listens for keys in audio that this leg received and understood by its [`MediaLeg::hear`]; the key, when one
    /// became certain in it that counts. Late packets are left out.
    pub fn listen(
        &mut self,
        packet: &RtpPacket<'_>,
        sound: Sound<'_>,
        now: Duration,
    ) -> Option<char> {
        if !self.listens() {
            return None;
        }
        let (keys, timestamp) = (&mut self.keys, packet.header.timestamp);
        let ahead = keys
            .next
            .map_or(0, |next| timestamp.wrapping_sub(next) as i32);
        if (OLD..0).contains(&ahead) {
            return None;
        }
        keys.next = Some(timestamp.wrapping_add(packet.payload.len() as u32));
        let detector = keys.detector.get_or_insert_default();
        let mut found = None;
        for (place, code) in packet.payload.iter().enumerate() {
            found = detector.hear(sound.sample(place, *code)).or(found);
        }
        if detector.is_sounding() {
            keys.goes_on(now);
        } else {
            keys.holds_tones = false;
        }
        found.filter(|key| self.count_key(*key, KeyWay::InBand, now))
    }

    /// The party's audio is tones of a key just now that the peer must not hear: it gets the key as an event, or the key
    /// was pressed before the two were joined.
    #[must_use]
    pub fn holds_tones(&self, peer_takes_events: bool) -> bool {
        let detector = self.keys.detector.as_ref();
        let heard = detector.is_some_and(|detector| detector.may_sound());
        (peer_takes_events && heard) || (self.keys.holds_tones && self.keys.is_sounding())
    }

    /// The party takes RFC 4733 events.
    #[must_use]
    pub fn takes_events(&self) -> bool {
        self.remote
            .is_some_and(|remote| remote.telephone_event.is_some())
    }

    /// Queues a key for the party, as an event when it takes events and else as tones; false when it is no key, the
    /// party is not known, or too many wait.
    pub fn send_key(&mut self, key: char) -> bool {
        self.remote.is_some() && self.keys_out.push(key)
    }

    /// The peer goes on pressing a key that this leg sends to its party, or has let it go.
    pub fn hold_key(&mut self, key: char, pressed: bool) {
        self.keys_out.hold(key, pressed);
    }

    /// The key whose tones the party's audio holds at this moment.
    #[must_use]
    pub fn sounding(&self) -> Option<char> {
        let newest = self.keys.presses.get(self.keys.newest).copied().flatten();
        newest
            .filter(|press| press.way == KeyWay::InBand && self.keys.is_sounding())
            .map(|press| press.key)
    }

    /// 20 ms of a key of our own.
    pub(super) fn write_key(
        &mut self,
        step: KeyStep,
        remote: &RemoteMedia,
        now: Duration,
        out: &mut [u8],
    ) -> Option<usize> {
        if !remote.direction.sends() {
            return None;
        }
        match (step, remote.telephone_event) {
            (KeyStep::Packet(packet), Some(payload_type)) => {
                self.write_event(packet, payload_type, now, out)
            }
            (KeyStep::Packet(packet), None) => self.write_tones(Some(packet), remote, now, out),
            (KeyStep::Pause, None) => self.write_tones(None, remote, now, out),
            _ => None,
        }
    }

    fn write_event(
        &mut self,
        packet: KeyPacket,
        payload_type: u8,
        now: Duration,
        out: &mut [u8],
    ) -> Option<usize> {
        if packet.first {
            self.key_timestamp = None;
        }
        let header = self
            .outbound
            .own_event(payload_type, self.key_timestamp, now);
        self.key_timestamp = Some(header.timestamp);
        let ticks = u16::try_from(self.outbound.ticks()).unwrap_or(1);
        let payload = EventPayload {
            duration: packet.payload.duration.saturating_mul(ticks),
            ..packet.payload
        };
        let payload = payload.to_bytes();
        self.outbound.count(payload.len());
        header.write(&payload, out)
    }

    /// Tones for as long as an event lasts, silence for its repeated ends and the pause.
    fn write_tones(
        &mut self,
        packet: Option<KeyPacket>,
        remote: &RemoteMedia,
        now: Duration,
        out: &mut [u8],
    ) -> Option<usize> {
        let mut samples = [0; FRAME];
        if let Some(packet) = packet.filter(|packet| !packet.again)
            && let Some(key) = crate::media::dtmf::key_of(packet.payload.event)
        {
            let from = packet.payload.duration.saturating_sub(STEP);
            key_tone(key, usize::from(from), &mut samples);
        }
        self.write_samples(&samples, remote, now, out)
    }
}
