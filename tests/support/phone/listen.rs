//! Waiting for a sound. **Owns**: the stretch of a stream that is judged, and how often. **Must not know**: SIP, what a
//! sound means.

use super::super::patience::patient;
use super::heard::Packet;
use super::media::Media;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a sound must last before it counts as heard.
pub(crate) const HEARD: Duration = Duration::from_millis(200);
/// Packets of that time, and how few of them are enough.
const PACKETS: usize = 10;
const ENOUGH: usize = 7;
/// How often what was heard is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// The last 200 ms by packets: whoever looks late sees every one of them all the same.
#[derive(Debug, Default)]
struct Stretch(VecDeque<Packet>);

impl Stretch {
    fn take(&mut self, packet: Packet) {
        let is_old = |old: &Packet| old.at + HEARD < packet.at;
        while self.0.len() >= PACKETS || self.0.front().is_some_and(is_old) {
            self.0.pop_front();
        }
        self.0.push_back(packet);
    }

    /// When it began, when it is the sound.
    fn is(&self, sound: impl Fn(&[i16]) -> bool) -> Option<Instant> {
        let samples: Vec<i16> = self.0.iter().flat_map(Packet::samples).collect();
        let first = self.0.front().filter(|_| self.0.len() >= ENOUGH)?;
        sound(&samples).then_some(first.at)
    }
}

impl Media {
    /// Waits until what comes has been this sound for 200 ms; tells when that began. `or_nothing`: until nothing at all
    /// has come for as long.
    ///
    /// # Errors
    /// What the last 200 ms were, when the limit has passed.
    pub(crate) fn wait_sound(
        &self,
        limit: Duration,
        or_nothing: bool,
        sound: impl Fn(&[i16]) -> bool,
    ) -> Result<Instant, Vec<i16>> {
        let mut place = self.place_at(Instant::now() - HEARD);
        self.wait_sound_from(&mut place, limit, or_nothing, sound)
    }

    /// The same from this place on, which moves behind what was found: for sounds that are over soon.
    pub(super) fn wait_sound_from(
        &self,
        place: &mut usize,
        limit: Duration,
        or_nothing: bool,
        sound: impl Fn(&[i16]) -> bool,
    ) -> Result<Instant, Vec<i16>> {
        let deadline = Instant::now() + patient(limit);
        let mut stretch = Stretch::default();
        loop {
            let now = Instant::now();
            for (behind, packet) in self.audio_from(*place) {
                *place = behind;
                stretch.take(packet);
                if let Some(since) = stretch.is(&sound) {
                    return Ok(since);
                }
            }
            let last = self.heard_since(now - HEARD).samples();
            if or_nothing && last.is_empty() {
                return Ok(now - HEARD);
            }
            if now >= deadline {
                return Err(last);
            }
            std::thread::sleep(GLANCE);
        }
    }
}
