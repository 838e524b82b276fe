//! Three and more legs that hear each other: mixed on the wheel by a matrix of gains.
//!
//! **Owns**: [`Room`]: who is in it, who hears whom. **Must not know**: why somebody is heard or not.
//!
//! What a member's party says goes through its jitter buffer, whatever its codec; each 20 ms every member gets the sum
//! of those whom it hears, never itself, encoded for its own codec. A recording gets the same sums, side by side. The
//! frames lie in the room: a step allocates nothing.

use super::core::Core;
use super::secured::send;
use crate::leg::LegId;
use crate::media::codec::{AnyCodec, Sound};
use crate::media::player::FRAME;
use crate::media::playout::Pulled;
use crate::media::timeline::Piece;
use crate::net::packet_io::PacketIo;
use std::time::Duration;

/// Legs of one room at most: three who talk, three who supervise, and room to change places.
pub(crate) const MEMBERS: usize = 8;
/// Gain 1 as a fixed-point number.
const UNITY: i32 = 256;
/// Source of what a room says to a recording; no party's, as far as it matters: another source is placed anew.
const SOURCE: u32 = 0x524f_4f4d;

/// Who hears whom: each leg with those whom it hears.
pub(crate) type Hearing = Vec<(LegId, Vec<LegId>)>;

/// Legs that are mixed.
pub(super) struct Room {
    /// Seats, in the order of the rows and columns below.
    members: Vec<usize>,
    /// `gains[i][j]`: how loud member `i` hears member `j`.
    gains: [[i32; MEMBERS]; MEMBERS],
    /// What each member's party said in these 20 ms; none when it was silent.
    frames: Box<[[i16; FRAME]; MEMBERS]>,
    sounding: [bool; MEMBERS],
    /// The wheel's slot in which it is mixed.
    slot: usize,
}

impl Room {
    /// The sum of what `gain` lets through; false when all of them are silent.
    fn sum(&self, gain: impl Fn(usize) -> i32, out: &mut [i16; FRAME]) -> bool {
        let mut sums = [0_i32; FRAME];
        let mut heard = false;
        let frames = self.frames.iter().zip(self.sounding).enumerate();
        for (member, (frame, _)) in frames.filter(|(_, (_, sounding))| *sounding) {
            let gain = gain(member);
            if gain != 0 {
                heard = true;
                for (sum, sample) in sums.iter_mut().zip(frame) {
                    *sum += i32::from(*sample) * gain;
                }
            }
        }
        for (slot, sum) in out.iter_mut().zip(sums) {
            *slot = (sum / UNITY).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        }
        heard
    }

    fn heard_by(&self, listener: usize) -> impl Fn(usize) -> i32 + '_ {
        move |speaker| {
            let row = self.gains.get(listener);
            row.and_then(|row| row.get(speaker).copied()).unwrap_or(0)
        }
    }
}

impl<I: PacketIo> Core<I> {
    /// Puts legs into one room, or changes who hears whom there. A leg that is gone is left out.
    pub(super) fn mix(&mut self, hearing: &Hearing, now: Duration) {
        let known: Vec<(LegId, usize)> = hearing
            .iter()
            .filter_map(|(leg, _)| Some((*leg, *self.keys.get(leg)?)))
            .take(MEMBERS)
            .collect();
        let members: Vec<usize> = known.iter().map(|(_, key)| *key).collect();
        let rooms = members
            .iter()
            .find_map(|key| self.seats.get(*key)?.as_ref()?.room);
        let place = rooms.unwrap_or_else(|| self.free_room());
        for (leg, key) in &known {
            self.stop_play(*leg);
            let stays = self.seat(*key).is_some_and(|seat| seat.room == Some(place));
            if !stays {
                self.part(*key);
            }
            if let Some(seat) = self.seat(*key).filter(|_| !stays) {
                seat.room = Some(place);
                (seat.quiet_since, seat.lost_told) = (now, false);
                seat.leg.leave_source();
            }
        }
        let left = self.members_of(place);
        for key in left.into_iter().filter(|key| !members.contains(key)) {
            self.leave_seat(key);
        }
        let mut gains = [[0; MEMBERS]; MEMBERS];
        for (row, (leg, _)) in gains.iter_mut().zip(&known) {
            let hears = hearing.iter().find(|(one, _)| one == leg);
            for (gain, (other, _)) in row.iter_mut().zip(&known) {
                if other != leg && hears.is_some_and(|(_, hears)| hears.contains(other)) {
                    *gain = UNITY;
                }
            }
        }
        let room = Room {
            members,
            gains,
            frames: Box::new([[0; FRAME]; MEMBERS]),
            sounding: [false; MEMBERS],
            slot: place % super::wheel::SLOTS,
        };
        if let Some(slot) = self.rooms.get_mut(place) {
            *slot = Some(room);
        }
    }

    fn free_room(&mut self) -> usize {
        let free = self.rooms.iter().position(Option::is_none);
        free.unwrap_or_else(|| {
            self.rooms.push(None);
            self.rooms.len() - 1
        })
    }

    fn members_of(&self, place: usize) -> Vec<usize> {
        let room = self.rooms.get(place).and_then(Option::as_ref);
        room.map_or_else(Vec::new, |room| room.members.clone())
    }

    fn leave_seat(&mut self, key: usize) {
        if let Some(seat) = self.seat(key) {
            seat.room = None;
            seat.leg.leave_source();
        }
    }

    /// Takes a leg out of its room; one who would be alone there leaves too.
    pub(super) fn leave_room(&mut self, key: usize) {
        let Some(place) = self.seat(key).and_then(|seat| seat.room) else {
            return;
        };
        self.leave_seat(key);
        let Some(room) = self.rooms.get_mut(place).and_then(Option::as_mut) else {
            return;
        };
        if let Some(member) = room.members.iter().position(|member| *member == key) {
            room.members.remove(member);
            // The rows and columns move up with the members.
            room.gains[member..].rotate_left(1);
            for row in &mut room.gains {
                row[member..].rotate_left(1);
            }
        }
        if let [alone] = room.members[..] {
            self.leave_seat(alone);
        }
        if self.members_of(place).len() < 2
            && let Some(slot) = self.rooms.get_mut(place)
        {
            *slot = None;
        }
    }

    /// Mixes the rooms of this slot.
    pub(super) fn mix_rooms(&mut self, slot: usize, now: Duration, out: &mut [u8]) {
        for place in 0..self.rooms.len() {
            let taken = self
                .rooms
                .get_mut(place)
                .and_then(|room| room.take_if(|room| room.slot == slot));
            let Some(mut room) = taken else { continue };
            self.listen_in(&mut room, now);
            self.speak_in(&room, now, out);
            self.record_room(&room, now);
            if let Some(back) = self.rooms.get_mut(place) {
                *back = Some(room);
            }
        }
    }

    fn listen_in(&mut self, room: &mut Room, now: Duration) {
        let slots = room.frames.iter_mut().zip(room.sounding.iter_mut());
        for (key, (frame, sounding)) in room.members.iter().zip(slots) {
            let seat = self.seats.get_mut(*key).and_then(Option::as_mut);
            *sounding = seat.is_some_and(|seat| seat.leg.pull(now, frame) == Pulled::Sound);
        }
    }

    fn speak_in(&mut self, room: &Room, now: Duration, out: &mut [u8]) {
        let mut mixed = [0; FRAME];
        for (listener, key) in room.members.iter().enumerate() {
            let Some(seat) = self.seats.get_mut(*key).and_then(Option::as_mut) else {
                continue;
            };
            if !room.sum(room.heard_by(listener), &mut mixed) {
                seat.leg.fall_silent();
            } else if let Some(length) = seat.leg.say(&mixed, now, out) {
                let sent = send(&self.io, seat, out, length);
                self.unsent += u64::from(!sent);
            }
        }
    }

    /// Each side of each recording gets the sum of those members who are on it.
    fn record_room(&mut self, room: &Room, now: Duration) {
        let mut mixed = [0; FRAME];
        let timestamp = (now.as_micros() * 8 / 1_000) as u32;
        for (member, key) in room.members.iter().enumerate() {
            let mut nth = 0;
            while let Some(tap) = self.tap_of(*key, nth) {
                nth += 1;
                let on_side = |other: &usize| self.is_tapped(*other, tap);
                let before = room.members.get(..member).unwrap_or_default();
                if before.iter().any(on_side) {
                    continue;
                }
                let gain = |speaker: usize| {
                    let key = room.members.get(speaker);
                    if key.is_some_and(on_side) { UNITY } else { 0 }
                };
                if room.sum(gain, &mut mixed) {
                    let sound = Sound {
                        codec: AnyCodec::G722,
                        narrow: &mixed,
                    };
                    let piece = Piece {
                        ssrc: SOURCE,
                        timestamp,
                        sound,
                        payload: &[0; FRAME],
                    };
                    self.recordings.place(tap, piece, now);
                }
            }
        }
    }

    fn tap_of(&self, key: usize, nth: usize) -> Option<super::recordings::Tap> {
        let seat = self.seats.get(key)?.as_ref()?;
        seat.taps.get(nth).copied()
    }

    fn is_tapped(&self, key: usize, tap: super::recordings::Tap) -> bool {
        let seat = self.seats.get(key).and_then(Option::as_ref);
        seat.is_some_and(|seat| {
            let mut taps = seat.taps.iter();
            taps.any(|one| one.stream == tap.stream && one.side == tap.side)
        })
    }
}

#[cfg(test)]
mod tests;
