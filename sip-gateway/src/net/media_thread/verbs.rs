//! What commands do to the legs of a media thread.

use super::command::{Command, Moved};
use super::core::{Buffers, Core, Seat, WATCHED};
use super::secured::send_report;
use crate::leg::{LegId, StreamId};
use crate::media::leg::{Ended, MediaLeg};
use crate::media::port::{MediaEvent, MediaQuality, RecordRequest, RemoteMedia};
use crate::media::secure::SecureLeg;
use crate::media::timeline::Side;
use crate::net::packet_io::PacketIo;
use std::time::Duration;

impl<I: PacketIo> Core<I> {
    /// Does what is commanded. A command for a leg that is gone does nothing: it crossed its end.
    pub(super) fn handle(
        &mut self,
        command: Command<I::Pair>,
        now: Duration,
        buffers: &mut Buffers,
    ) {
        self.rest.wake_all();
        if let Command::Adopt { leg, moved } = command {
            if let Some(moved) = moved {
                let Moved {
                    leg,
                    pair,
                    secure,
                    started,
                } = *moved;
                self.sit_down(leg, (pair, secure), started, now);
            }
            for waiting in self.parking.arrived(leg) {
                self.handle(waiting, now, buffers);
            }
        } else if let Some(command) = self.parking.admit(command) {
            self.execute(command, now, buffers);
        }
    }

    fn execute(&mut self, command: Command<I::Pair>, now: Duration, buffers: &mut Buffers) {
        match command {
            Command::Open { leg, pair, seed } => {
                self.sit_down(MediaLeg::new(leg, seed, now), (pair, None), false, now)
            }
            Command::SetRemote { leg, remote } => self.set_remote(leg, remote, now),
            Command::Play { leg, request } => {
                let Some(seat) = self.seat_of(leg) else {
                    return;
                };
                let ended = seat.leg.play(request, now);
                self.tell_ended(leg, ended);
                self.prepare_clips(leg);
            }
            Command::Stop { leg } => self.stop_play(leg),
            Command::Bridge { a, b } => self.bridge(a, b, now),
            Command::Mix(hearing) => self.mix(&hearing, now),
            Command::Unbridge { leg } => {
                if let Some(key) = self.keys.get(&leg) {
                    self.part(*key);
                }
            }
            Command::Watch { leg } => {
                if let Some(seat) = self.seat_of(leg) {
                    seat.watched_until = Some(now.saturating_add(WATCHED));
                }
            }
            Command::SendKey { leg, key } => {
                if let Some(seat) = self.seat_of(leg) {
                    seat.leg.send_key(key);
                }
            }
            Command::KeyTold { leg, key } => self.key_told(leg, key, now),
            Command::StartRecording(request) => self.start_recording(request, now),
            Command::PauseRecording { stream, paused } => self.recordings.pause(stream, paused),
            Command::RecordOthers {
                stream,
                left,
                right,
            } => self.record_others(stream, left, &right, now),
            Command::StopRecording(stream) => {
                self.recordings.stop(stream, now);
                self.recordings.step(now);
                for seat in self.seats.iter_mut().flatten() {
                    seat.taps.retain(|tap| tap.stream != stream);
                }
            }
            Command::Close { leg } => self.close(leg, now, buffers),
            Command::Expect { leg } => self.parking.expect(leg),
            Command::MoveOut { leg, to } => self.move_out(leg, to, now),
            Command::Adopt { .. } => {}
            #[cfg(test)]
            Command::Die => panic!("told to"),
        }
    }

    fn seat_of(&mut self, leg: LegId) -> Option<&mut Seat<I::Pair>> {
        let key = *self.keys.get(&leg)?;
        self.seat(key)
    }

    /// Gives a leg a seat. When its sockets cannot be watched it is closed at once.
    fn sit_down(
        &mut self,
        leg: MediaLeg,
        (mut pair, secure): (I::Pair, Option<Box<SecureLeg>>),
        started: bool,
        now: Duration,
    ) {
        let key = self.free.pop().unwrap_or_else(|| {
            self.seats.push(None);
            self.seats.len() - 1
        });
        let id = leg.id();
        if self.io.attach(&mut pair, key).is_err() {
            self.io.detach(&mut pair);
            self.free.push(key);
            self.outbox.push(MediaEvent::Closed {
                leg: id,
                quality: leg.quality(),
            });
            return;
        }
        if self.keys.is_empty() {
            self.wheel.resume(now);
        }
        self.secured.came(secure.as_deref());
        let seat = Seat {
            leg,
            pair,
            secure,
            peer: None,
            room: None,
            taps: Vec::new(),
            quiet_since: now,
            started,
            lost_told: false,
            watched_until: None,
        };
        if let Some(place) = self.seats.get_mut(key) {
            *place = Some(seat);
        }
        self.keys.insert(id, key);
        self.wheel.insert(key);
    }

    /// Takes a leg from its seat, parted from everything.
    fn stand_up(&mut self, leg: LegId, now: Duration) -> Option<Seat<I::Pair>> {
        let key = self.keys.remove(&leg)?;
        self.part(key);
        let mut seat = self.seats.get_mut(key)?.take()?;
        self.free.push(key);
        self.wheel.remove(key);
        self.io.detach(&mut seat.pair);
        self.secured.left(seat.secure.as_deref());
        for tap in seat.taps.drain(..) {
            self.recordings.untap(tap, now);
        }
        Some(seat)
    }

    fn set_remote(&mut self, leg: LegId, remote: RemoteMedia, now: Duration) {
        let key = self.keys.get(&leg).copied();
        let seat = key.and_then(|key| self.seats.get_mut(key)?.as_mut());
        if let Some(seat) = seat {
            let remote = self.secured.set_remote(seat, remote, now);
            seat.leg.set_remote(remote);
            seat.quiet_since = now;
        }
        self.prepare_clips(leg);
    }

    /// Has clips encoded for the leg's codec by a thread of their own: minutes of music would hold up the wheel. Once
    /// per clip and codec in the life of the process.
    fn prepare_clips(&mut self, leg: LegId) {
        let Some((codec, clips)) = self.seat_of(leg).and_then(|seat| seat.leg.unprepared()) else {
            return;
        };
        let prepare = {
            let clips = clips.clone();
            move || clips.iter().for_each(|clip| clip.prepare(codec))
        };
        let spawned = std::thread::Builder::new()
            .name("clip-encoder".to_owned())
            .spawn(prepare);
        if spawned.is_err() {
            // No thread to be had: better late than never.
            clips.iter().for_each(|clip| clip.prepare(codec));
        }
    }

    fn tell_ended(&mut self, leg: LegId, ended: Option<Ended>) {
        if let Some(Ended { play, finished }) = ended {
            self.outbox.push(MediaEvent::PlayEnded {
                leg,
                play,
                finished,
            });
        }
    }

    pub(super) fn stop_play(&mut self, leg: LegId) {
        let ended = self.seat_of(leg).and_then(|seat| seat.leg.stop());
        self.tell_ended(leg, ended);
    }

    fn bridge(&mut self, a: LegId, b: LegId, now: Duration) {
        let (Some(key_a), Some(key_b)) = (self.keys.get(&a).copied(), self.keys.get(&b).copied())
        else {
            return;
        };
        for leg in [a, b] {
            self.stop_play(leg);
        }
        let together = self
            .seat(key_a)
            .is_some_and(|seat| seat.peer == Some(key_b));
        for key in [key_a, key_b] {
            if together && let Some(seat) = self.seat(key) {
                // They were joined before the answer, when a phone need not send: silence counts from here on.
                (seat.quiet_since, seat.lost_told) = (now, false);
            } else {
                self.part(key);
            }
        }
        if together {
            return;
        }
        for (key, peer) in [(key_a, key_b), (key_b, key_a)] {
            if let Some(seat) = self.seat(key) {
                seat.peer = Some(peer);
                seat.quiet_since = now;
                seat.lost_told = false;
                seat.leg.leave_source();
            }
        }
    }

    pub(super) fn part(&mut self, key: usize) {
        self.leave_room(key);
        let Some(peer) = self.seat(key).and_then(|seat| seat.peer.take()) else {
            return;
        };
        for one in [key, peer] {
            if let Some(seat) = self.seat(one) {
                seat.peer = None;
                seat.leg.leave_source();
            }
        }
    }

    /// Hears what both legs' parties say from now on. A leg that is gone leaves its side silent; of a leg with itself,
    /// which is a message, the right side is.
    fn start_recording(&mut self, request: RecordRequest, now: Duration) {
        let RecordRequest {
            stream,
            left,
            right,
            sample_rate,
            sink,
        } = request;
        if self.recordings.is_running(stream) {
            return;
        }
        self.recordings.start(stream, sample_rate, sink, now);
        let mut heard = 0;
        for (leg, side) in [(left, Side::Left), (right, Side::Right)] {
            let alone = left == right && side == Side::Right;
            if let Some(key) = self.keys.get(&leg).copied().filter(|_| !alone)
                && let Some(tap) = self.recordings.tap(stream, side)
                && let Some(seat) = self.seat(key)
            {
                seat.taps.push(tap);
                heard += 1;
            }
        }
        if heard == 0 {
            self.recordings.stop(stream, now);
        }
    }

    /// Those who are heard already are left and taken anew: the recording does not end in between. When none of the new
    /// legs is here, all stays as it is.
    fn record_others(&mut self, stream: StreamId, left: LegId, right: &[LegId], now: Duration) {
        let sides = right.iter().map(|leg| (*leg, Side::Right));
        let sides: Vec<(usize, Side)> = std::iter::once((left, Side::Left))
            .chain(sides)
            .filter_map(|(leg, side)| Some((*self.keys.get(&leg)?, side)))
            .collect();
        if sides.is_empty() || !self.recordings.is_running(stream) {
            return;
        }
        let mut before = Vec::new();
        for seat in self.seats.iter_mut().flatten() {
            before.extend(seat.taps.extract_if(.., |tap| tap.stream == stream));
        }
        for (key, side) in sides {
            if let Some(tap) = self.recordings.tap(stream, side)
                && let Some(seat) = self.seat(key)
            {
                seat.taps.push(tap);
            }
        }
        for tap in before {
            self.recordings.untap(tap, now);
        }
    }

    fn close(&mut self, leg: LegId, now: Duration, buffers: &mut Buffers) {
        self.stop_play(leg);
        let ntp = self.settings.ntp_at_zero.saturating_add(now);
        let Some(key) = self.keys.get(&leg).copied() else {
            return;
        };
        if let Some(seat) = self.seats.get_mut(key).and_then(Option::as_mut)
            && let Some((length, to)) = seat.leg.goodbye(now, ntp, &mut buffers.outbound)
            && let Some(report) = buffers.outbound.get(..length)
        {
            self.unsent += u64::from(!send_report(&self.io, seat, report, to));
        }
        let seat = self.stand_up(leg, now);
        let quality = seat.map_or_else(MediaQuality::default, |seat| seat.leg.quality());
        self.outbox.push(MediaEvent::Closed { leg, quality });
    }

    fn move_out(&mut self, leg: LegId, to: usize, now: Duration) {
        let moved = self.stand_up(leg, now).map(|seat| {
            Box::new(Moved {
                leg: seat.leg,
                pair: seat.pair,
                secure: seat.secure,
                started: seat.started,
            })
        });
        self.moves.push((to, Command::Adopt { leg, moved }));
    }

    /// Ends everything: the process is on its way out.
    pub(super) fn close_all(&mut self, now: Duration, buffers: &mut Buffers) {
        let legs: Vec<LegId> = self.keys.keys().copied().collect();
        for leg in legs {
            self.close(leg, now, buffers);
        }
        self.recordings.stop_all(now);
        self.recordings.step(now);
    }
}
