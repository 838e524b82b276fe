//! The jitter buffer of a bridge that decodes: packets as they come in, 20 ms of sound in order each 20 ms out.
//!
//! **Owns**: [`Playout`]. **Must not know**: packets, codecs, legs. It holds decoded samples at 8 kHz, each at the place
//! of its RTP timestamp, so that order, repeats and lengths of packets need no thought.
//!
//! The delay follows the party. It begins at one packet and a tick. When audio comes after its turn and nothing behind it
//! was played yet, it is played now; else it is lost, but sound is stretched by as much as it came late. When for a
//! second all audio came two packets before its turn, a piece is left out where it is heard least. More than 200 ms
//! never wait.

use super::conceal::Concealer;
use super::player::FRAME;
use std::time::Duration;

/// Samples in memory: 512 ms; a power of two, so that places go round with the timestamps.
const RING: usize = 4096;
/// What may wait at most: 200 ms.
const MOST: i32 = 1600;
/// How long the first packet waits.
const FIRST_WAITS: Duration = Duration::from_millis(20);
/// Further off than this (1 s), timestamps began anew.
const JUMP: i32 = 8000;
/// Audio is played even when it comes this late (60 ms): as long as concealment lasts.
const LATE: i32 = 480;
/// Pieces of audio over which the tightest is sought: a second.
const WATCHED: u32 = 50;
/// Samples that the tightest piece had to spare when the delay is too long.
const TOO_EARLY: i32 = 320;
/// A piece that is left out: 5 to 20 ms, faded over in 10.
const LEAST_CUT: usize = 40;
const GREATEST_CUT: usize = 160;
const FADE: usize = 80;
/// Frames that are concealed before the party counts as silent.
const PATIENCE: u32 = 3;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It holds sound, some of it perhaps concealed.
    Sound,
    /// The party has fallen silent just now; nothing was filled.
    Ended,
    /// Nothing waits; nothing was filled.
    Nothing,
}

/// What is at a place of the ring. Half a ring behind what is played, places are emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Empty,
    Waiting,
    Played,
}

/// A stream that is being played.
#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: u32,
    starts: Duration,
    /// Timestamp of the sample that is played next.
    next: u32,
    /// Right behind the newest sample.
    end: u32,
    /// Right behind the newest sample that was really played: what lies before it is a repeat or out of order for good.
    played: u32,
    /// Frames in a row for which nothing waited.
    starved: u32,
    watched: u32,
    tightest: i32,
    /// The delay is too long: leave a piece out.
    cut: bool,
    /// The delay is too short by so many samples.
    stretch: u32,
}

/// What was played and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayoutCounts {
    /// Samples that were made up.
    pub concealed: u64,
    /// Pieces of audio that came too late or too early to be played.
    pub discarded: u64,
}

/// The jitter buffer of one direction of a bridge.
pub struct Playout {
    samples: Box<[i16; RING]>,
    places: Box<[Place; RING]>,
    stream: Option<Stream>,
    concealer: Concealer,
    counts: PlayoutCounts,
}

impl std::fmt::Debug for Playout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playout")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl Default for Playout {
    fn default() -> Self {
        Self {
            samples: Box::new([0; RING]),
            places: Box::new([Place::Empty; RING]),
            stream: None,
            concealer: Concealer::default(),
            counts: PlayoutCounts::default(),
        }
    }
}

impl Stream {
    /// How far behind `next` a timestamp lies; negative when its turn is over.
    fn ahead(&self, timestamp: u32) -> i32 {
        timestamp.wrapping_sub(self.next) as i32
    }

    /// Samples that wait, gaps included.
    fn waiting(&self) -> i32 {
        self.ahead(self.end)
    }

    fn was_played(&self, timestamp: u32) -> bool {
        (timestamp.wrapping_sub(self.played) as i32) < 0
    }

    /// Takes note of how long before its turn a piece came.
    fn watch(&mut self, ahead: i32) {
        self.tightest = self.tightest.min(ahead);
        self.watched += 1;
        if self.watched == WATCHED {
            self.cut = self.tightest >= TOO_EARLY;
            (self.watched, self.tightest) = (0, i32::MAX);
        }
    }
}

impl Playout {
    /// Takes a piece of audio, `timestamp` being that of its first sample. `now` is media time.
    pub fn put(
        &mut self,
        ssrc: u32,
        timestamp: u32,
        piece: impl ExactSizeIterator<Item = i16>,
        now: Duration,
    ) {
        let length = piece.len().min(MOST as usize) as i32;
        let known = self.stream.filter(|stream| {
            stream.ssrc == ssrc && stream.ahead(timestamp).unsigned_abs() <= JUMP as u32
        });
        let mut stream = known.unwrap_or_else(|| self.begin(ssrc, timestamp, now));
        let ahead = stream.ahead(timestamp);
        if ahead < 0 {
            if self.place(timestamp) == Place::Played {
                return;
            }
            self.late(&mut stream, timestamp);
        }
        let end = timestamp.wrapping_add(length as u32);
        if stream.ahead(end) > stream.waiting() {
            stream.end = end;
        }
        if stream.waiting() > MOST {
            self.leave_out(&mut stream);
        }
        if self.place(timestamp) != Place::Waiting {
            stream.watch(ahead);
        }
        for (at, sample) in (0..length).zip(piece) {
            let place = timestamp.wrapping_add(at as u32);
            if stream.ahead(place) >= 0 {
                self.set(place, sample);
            }
        }
        // A piece that cannot be played any more feeds nobody: whoever comes this late for good begins anew.
        if stream.waiting() > 0 {
            stream.starved = 0;
        }
        self.stream = Some(stream);
    }

    fn begin(&mut self, ssrc: u32, timestamp: u32, now: Duration) -> Stream {
        self.places.fill(Place::Empty);
        Stream {
            ssrc,
            starts: now.saturating_add(FIRST_WAITS),
            next: timestamp,
            end: timestamp,
            played: timestamp,
            starved: 0,
            watched: 0,
            tightest: i32::MAX,
            cut: false,
            stretch: 0,
        }
    }

    /// A piece comes after its turn.
    fn late(&mut self, stream: &mut Stream, timestamp: u32) {
        let late = -stream.ahead(timestamp);
        if late > LATE || stream.waiting() + late > MOST {
            self.counts.discarded += 1;
        } else if stream.was_played(timestamp) {
            self.counts.discarded += 1;
            stream.stretch = stream.stretch.max(late as u32);
        } else {
            stream.next = timestamp;
        }
    }

    /// More waits than may: the oldest is not played.
    fn leave_out(&mut self, stream: &mut Stream) {
        while stream.waiting() > MOST {
            self.take(stream.next);
            stream.next = stream.next.wrapping_add(1);
        }
        self.counts.discarded += 1;
    }

    fn place(&self, timestamp: u32) -> Place {
        let place = self.places.get(timestamp as usize % RING);
        place.copied().unwrap_or(Place::Empty)
    }

    fn set(&mut self, timestamp: u32, sample: i16) {
        let place = timestamp as usize % RING;
        if let (Some(place), Some(slot)) = (self.places.get_mut(place), self.samples.get_mut(place))
        {
            (*place, *slot) = (Place::Waiting, sample);
        }
    }

    fn look(&self, timestamp: u32) -> Option<i16> {
        let sample = self.samples.get(timestamp as usize % RING).copied()?;
        (self.place(timestamp) == Place::Waiting).then_some(sample)
    }

    fn take(&mut self, timestamp: u32) -> Option<i16> {
        let old = timestamp.wrapping_sub(RING as u32 / 2) as usize % RING;
        if let Some(old) = self.places.get_mut(old) {
            *old = Place::Empty;
        }
        let sample = self.look(timestamp)?;
        if let Some(place) = self.places.get_mut(timestamp as usize % RING) {
            *place = Place::Played;
        }
        Some(sample)
    }

    /// The next 20 ms.
    pub fn pull(&mut self, now: Duration, out: &mut [i16; FRAME]) -> Pulled {
        let Some(mut stream) = self.stream.filter(|stream| now >= stream.starts) else {
            return Pulled::Nothing;
        };
        if stream.waiting() <= 0 {
            stream.starved += 1;
            if stream.starved > PATIENCE {
                self.clear();
                return Pulled::Ended;
            }
        }
        if std::mem::take(&mut stream.cut) {
            self.cut(&mut stream);
        }
        for slot in out.iter_mut() {
            if stream.stretch > 0 {
                stream.stretch -= 1;
                *slot = self.concealer.next(None);
                continue;
            }
            let sample = self.take(stream.next);
            self.counts.concealed += u64::from(sample.is_none());
            *slot = self.concealer.next(sample);
            stream.next = stream.next.wrapping_add(1);
            if sample.is_some() {
                stream.played = stream.next;
            }
        }
        self.stream = Some(stream);
        Pulled::Sound
    }

    /// Forgets what waits; the next piece begins anew.
    pub fn clear(&mut self) {
        self.stream = None;
        self.concealer = Concealer::default();
    }

    /// Leaves out a piece of such a length that what follows is most like what it follows, and fades over to it. Only
    /// where all of it has come.
    fn cut(&mut self, stream: &mut Stream) {
        let mut heard = [0i32; GREATEST_CUT + FADE];
        for (at, slot) in (0u32..).zip(heard.iter_mut()) {
            let Some(sample) = self.look(stream.next.wrapping_add(at)) else {
                return;
            };
            *slot = i32::from(sample);
        }
        let (before, _) = heard.split_at(FADE);
        let unlike = |cut: &usize| -> i64 {
            let after = heard.get(*cut..cut + FADE).unwrap_or_default();
            let pairs = before.iter().zip(after);
            pairs.map(|(a, b)| i64::from(a - b).pow(2)).sum()
        };
        let Some(cut) = (LEAST_CUT..=GREATEST_CUT).min_by_key(unlike) else {
            return;
        };
        let start = stream.next.wrapping_add(cut as u32);
        for at in 0..FADE {
            let (from, to) = (heard.get(at), heard.get(cut + at));
            let (from, to) = (from.copied().unwrap_or(0), to.copied().unwrap_or(0));
            let part = at as i32;
            let mixed = (from * (FADE as i32 - part) + to * part) / FADE as i32;
            self.set(start.wrapping_add(at as u32), mixed as i16);
        }
        for at in 0..cut {
            self.take(stream.next.wrapping_add(at as u32));
        }
        stream.next = start;
    }

    /// How long the newest audio waits before it is played, at most the bound.
    #[must_use]
    pub fn delay(&self) -> Duration {
        let waiting = self.stream.map_or(0, |stream| stream.waiting().max(0));
        Duration::from_micros(waiting as u64 * 125)
    }

    /// What was played and what was not.
    #[must_use]
    pub fn counts(&self) -> PlayoutCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
