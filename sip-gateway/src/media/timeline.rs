//! The one timeline of a stereo recording: what each party said, where it belongs, whatever got lost or came late.
//!
//! **Owns**: [`Timeline`]. **Must not know**: sockets, files, legs. It is given decoded positions in media time and
//! RTP timestamps; it gives blocks of interleaved samples.
//!
//! Each channel has an anchor: a timestamp and its place. Packets are placed by their timestamps, so jitter moves
//! nothing. The anchor follows the packets that travelled fastest: the first packet may have been late, and the
//! party's clock is never exactly ours. It moves only when it is off by more than 10 ms. What never came stays
//! silence. A block leaves when its time is so long over that late packets had their chance.

use super::codec::Sound;
use std::time::Duration;

/// Frames per second inside.
const RATE: u64 = 8000;
/// Length of a block in frames: 0.2 s.
const BLOCK: u64 = 1600;
/// How long after its end a block waits for late packets: 0.2 s.
const PATIENCE: u64 = 1600;
/// Frames in memory per channel; a power of two well above `BLOCK + PATIENCE`.
const WINDOW: usize = 8192;
/// An anchor that is off by more than this is moved: 10 ms.
const TOLERANCE: i64 = 80;
/// Packets over which the fastest is sought.
const JUDGED: u32 = 64;
/// Packets in a row that came too late altogether: the party's timestamps jumped back.
const TOO_LATE: u32 = 5;

/// A side of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The customer.
    Left,
    /// The agent.
    Right,
}

/// A piece of audio as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Its source; another one is placed anew.
    pub ssrc: u32,
    /// RTP timestamp of its first sample.
    pub timestamp: u32,
    /// How its codes are to be understood.
    pub sound: Sound<'a>,
    /// Its codes.
    pub payload: &'a [u8],
}

/// A finished block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Place of its first frame, at the recording's rate.
    pub start_frame: u64,
    /// Left, right, left, right …
    pub samples: Vec<i16>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    ssrc: u32,
    timestamp: u32,
    place: i64,
    judged: u32,
    /// How late the fastest packet judged so far was, in frames.
    fastest: i64,
    too_late: u32,
}

#[derive(Debug)]
struct Channel {
    window: Vec<i16>,
    anchor: Option<Anchor>,
}

/// Two channels on one line.
#[derive(Debug)]
pub struct Timeline {
    begun: Duration,
    /// 1 for 8 kHz out, 2 for 16 kHz out.
    factor: u64,
    /// Frames that left already.
    done: u64,
    end: Option<u64>,
    left: Channel,
    right: Channel,
}

impl Channel {
    fn new() -> Self {
        Self {
            window: vec![0; WINDOW],
            anchor: None,
        }
    }

    /// Writes a piece whose last sample was heard about frame `heard`; everything before `done` has left.
    fn place(&mut self, piece: Piece<'_>, heard: i64, done: i64) {
        let length = piece.payload.len() as i64;
        let place = self.find(&piece, heard - length, length, done);
        for (frame, (at, code)) in (place..).zip(piece.payload.iter().enumerate()) {
            let within = frame >= done && frame < done + WINDOW as i64;
            if let Some(slot) = within
                .then(|| self.window.get_mut(frame as usize % WINDOW))
                .flatten()
            {
                *slot = piece.sound.sample(at, *code);
            }
        }
    }

    /// The place of a piece. `arrived` is the place by its arrival alone.
    fn find(&mut self, piece: &Piece<'_>, arrived: i64, length: i64, done: i64) -> i64 {
        let fresh = Anchor {
            ssrc: piece.ssrc,
            timestamp: piece.timestamp,
            place: arrived,
            judged: 0,
            fastest: i64::MAX,
            too_late: 0,
        };
        let anchor = self.anchor.get_or_insert(fresh);
        if anchor.ssrc != piece.ssrc {
            *anchor = fresh;
        }
        let by_timestamp = |anchor: &Anchor| {
            anchor.place + i64::from(piece.timestamp.wrapping_sub(anchor.timestamp) as i32)
        };
        let mut place = by_timestamp(anchor);
        anchor.too_late = if place + length <= done {
            anchor.too_late + 1
        } else {
            0
        };
        // Nothing can be heard before it is said: an early packet proves that the anchor was late.
        if arrived < place - TOLERANCE || anchor.too_late >= TOO_LATE {
            *anchor = fresh;
            return arrived;
        }
        anchor.fastest = anchor.fastest.min(arrived - place);
        anchor.judged += 1;
        if anchor.judged >= JUDGED {
            if anchor.fastest > TOLERANCE {
                anchor.place += anchor.fastest;
                place = by_timestamp(anchor);
            }
            // The anchor moves along so that the distance of timestamps never grows past 31 bits.
            (anchor.place, anchor.timestamp) = (place, piece.timestamp);
            (anchor.judged, anchor.fastest) = (0, i64::MAX);
        }
        place
    }

    fn at(&self, frame: u64) -> i16 {
        self.window
            .get(frame as usize % WINDOW)
            .copied()
            .unwrap_or_default()
    }

    fn clear(&mut self, from: u64, to: u64) {
        for frame in from..to {
            if let Some(slot) = self.window.get_mut(frame as usize % WINDOW) {
                *slot = 0;
            }
        }
    }
}

impl Timeline {
    /// A recording that begins now. `sample_rate` is 8000 or 16000; anything else becomes 8000.
    #[must_use]
    pub fn new(sample_rate: u32, now: Duration) -> Self {
        let factor = if sample_rate == 16_000 { 2 } else { 1 };
        Self {
            begun: now,
            factor,
            done: 0,
            end: None,
            left: Channel::new(),
            right: Channel::new(),
        }
    }

    fn frame(&self, now: Duration) -> u64 {
        (now.saturating_sub(self.begun).as_micros() * u128::from(RATE) / 1_000_000) as u64
    }

    /// Places a piece that arrived now.
    pub fn place(&mut self, side: Side, piece: Piece<'_>, now: Duration) {
        let (heard, done) = (self.frame(now) as i64, self.done as i64);
        match side {
            Side::Left => self.left.place(piece, heard, done),
            Side::Right => self.right.place(piece, heard, done),
        }
    }

    /// The next block whose time has come; after [`Timeline::finish`] everything up to the end.
    pub fn poll_block(&mut self, now: Duration) -> Option<Block> {
        let length = match self.end {
            Some(end) => end.saturating_sub(self.done).min(BLOCK),
            None if self.frame(now) >= self.done + BLOCK + PATIENCE => BLOCK,
            None => 0,
        };
        if length == 0 {
            return None;
        }
        let (from, to) = (self.done, self.done + length);
        let mut samples = Vec::with_capacity((length * self.factor * 2) as usize);
        for frame in from..to {
            let now = [self.left.at(frame), self.right.at(frame)];
            samples.extend_from_slice(&now);
            if self.factor == 2 {
                // The sample half-way to the next frame, which lies in the window still.
                let next = [self.left.at(frame + 1), self.right.at(frame + 1)];
                samples.extend(
                    now.iter()
                        .zip(next)
                        .map(|(a, b)| ((i32::from(*a) + i32::from(b)) / 2) as i16),
                );
            }
        }
        self.left.clear(from, to);
        self.right.clear(from, to);
        self.done = to;
        Some(Block {
            start_frame: from * self.factor,
            samples,
        })
    }

    /// The recording ends now; its whole length in frames. What is left comes from [`Timeline::poll_block`].
    pub fn finish(&mut self, now: Duration) -> u64 {
        let end = self.frame(now).max(self.done);
        *self.end.get_or_insert(end) * self.factor
    }
}

#[cfg(test)]
mod tests;
