//! Stands in for the media threads: says what they would say, without a packet.
//!
//! **Owns**: when a prompt ends, whose keys arrive at which leg, when a bridged party has been silent for too long,
//! which recordings are open. **Must not know**: SIP, calls.

use sip_gateway::leg::{LegId, PlayId, StreamId};
use sip_gateway::legs::MediaPlane;
use sip_gateway::media::port::{
    MediaEvent, MediaQuality, PlayRequest, RecordBlock, RecordRequest, RemoteMedia,
};
use sip_gateway::net::media_pool::{LocalAddress, MediaError, OpenError};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

/// A bridged leg without any packet for this long is told of, microseconds.
const LOST_AFTER: u64 = 30_000_000;

#[derive(Debug, Default)]
struct Seat {
    remote: Option<RemoteMedia>,
    playing: Option<(PlayId, Option<u64>)>,
    /// Whom it hears.
    hears: Vec<LegId>,
    bridged_at: u64,
    lost_told: bool,
}

/// The stand-in. Time is microseconds since the start of the seed.
#[derive(Debug, Default)]
pub(crate) struct StandIn {
    pub(crate) now: u64,
    seats: BTreeMap<LegId, Seat>,
    recordings: BTreeMap<StreamId, RecordRequest>,
    /// Parties whose network is gone, and since when.
    silent: BTreeMap<IpAddr, u64>,
    pub(crate) events: VecDeque<MediaEvent>,
    opened: u16,
}

impl StandIn {
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let plays = self.seats.values().filter_map(|seat| seat.playing?.1);
        let lost = self.seats.values().filter_map(|seat| self.lost_at(seat));
        plays.chain(lost).min()
    }

    fn lost_at(&self, seat: &Seat) -> Option<u64> {
        let remote = seat.remote.filter(|_| !seat.lost_told)?;
        seat.hears.first().filter(|_| remote.direction.receives())?;
        let since = self.silent.get(&remote.rtp.ip())?;
        Some(seat.bridged_at.max(*since) + LOST_AFTER)
    }

    pub(crate) fn tick(&mut self) {
        let now = self.now;
        let ended: Vec<(LegId, PlayId)> = self
            .seats
            .iter()
            .filter_map(|(leg, seat)| match seat.playing {
                Some((play, Some(at))) if at <= now => Some((*leg, play)),
                _ => None,
            })
            .collect();
        for (leg, play) in ended {
            self.over(leg, play, true);
        }
        let lost: Vec<LegId> = self
            .seats
            .iter()
            .filter(|(_, seat)| self.lost_at(seat).is_some_and(|at| at <= now))
            .map(|(leg, _)| *leg)
            .collect();
        for leg in lost {
            if let Some(seat) = self.seats.get_mut(&leg) {
                seat.lost_told = true;
            }
            self.events.push_back(MediaEvent::MediaLost { leg });
        }
    }

    fn over(&mut self, leg: LegId, play: PlayId, finished: bool) {
        if let Some(seat) = self.seats.get_mut(&leg) {
            seat.playing = None;
        }
        self.events.push_back(MediaEvent::PlayEnded {
            leg,
            play,
            finished,
        });
    }

    fn hush(&mut self, leg: LegId) {
        if let Some((play, _)) = self.seats.get(&leg).and_then(|seat| seat.playing) {
            self.over(leg, play, false);
        }
    }

    fn seat(&mut self, leg: LegId) -> Result<&mut Seat, MediaError> {
        self.seats.get_mut(&leg).ok_or(MediaError::UnknownLeg(leg))
    }

    fn part(&mut self, leg: LegId) {
        if let Some(seat) = self.seats.get_mut(&leg) {
            seat.hears.clear();
        }
        for seat in self.seats.values_mut() {
            seat.hears.retain(|other| *other != leg);
        }
    }

    fn end_recording(&mut self, stream: StreamId) {
        if let Some(request) = self.recordings.remove(&stream) {
            let _ = request.sink.send(RecordBlock::End { stream, frames: 0 });
        }
    }

    /// A party presses a key.
    pub(crate) fn key_from(&mut self, ip: IpAddr, key: char) -> bool {
        let heard = self.seats.iter().find(|(_, seat)| {
            seat.remote
                .is_some_and(|remote| remote.rtp.ip() == ip && remote.direction.receives())
        });
        let leg = heard.map(|(leg, _)| *leg);
        if let Some(leg) = leg {
            self.events.push_back(MediaEvent::Key { leg, key });
        }
        leg.is_some()
    }

    /// A party's network is gone, or back.
    pub(crate) fn set_silent(&mut self, ip: IpAddr, silent: bool) {
        if silent {
            self.silent.insert(ip, self.now);
        } else {
            self.silent.remove(&ip);
        }
    }

    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> + '_ {
        self.seats.keys().copied()
    }

    /// Whom a leg hears.
    pub(crate) fn hears(&self, leg: LegId) -> &[LegId] {
        self.seats.get(&leg).map_or(&[], |seat| &seat.hears)
    }

    /// Whether something plays towards it.
    pub(crate) fn plays(&self, leg: LegId) -> bool {
        self.seats
            .get(&leg)
            .is_some_and(|seat| seat.playing.is_some())
    }

    /// The legs of every open recording.
    pub(crate) fn recordings(&self) -> impl Iterator<Item = (StreamId, [LegId; 2])> + '_ {
        self.recordings
            .iter()
            .map(|(stream, request)| (*stream, [request.left, request.right]))
    }
}

impl MediaPlane for StandIn {
    fn open(&mut self, leg: LegId, _: u64) -> Result<LocalAddress, OpenError> {
        if self.seats.contains_key(&leg) {
            return Err(OpenError::AlreadyOpen(leg));
        }
        self.seats.insert(leg, Seat::default());
        self.opened += 1;
        let rtp = SocketAddr::from(([127, 0, 0, 1], 20_000 + 2 * (self.opened % 10_000)));
        Ok(LocalAddress { rtp })
    }

    fn set_remote(&mut self, leg: LegId, remote: RemoteMedia) -> Result<(), MediaError> {
        self.seat(leg)?.remote = Some(remote);
        Ok(())
    }

    fn play(&mut self, leg: LegId, request: PlayRequest) -> Result<(), MediaError> {
        self.seat(leg)?;
        self.hush(leg);
        let length: u64 = request
            .clips
            .iter()
            .map(|clip| clip.duration().as_micros() as u64)
            .sum();
        let length = (!request.repeat).then_some(length);
        let limit = request.at_most.map(|limit| limit.as_micros() as u64);
        let ends = length.into_iter().chain(limit).min();
        let at = ends.map(|after| self.now + after);
        self.seat(leg)?.playing = Some((request.play, at));
        Ok(())
    }

    fn stop(&mut self, leg: LegId) -> Result<(), MediaError> {
        self.seat(leg)?;
        self.hush(leg);
        Ok(())
    }

    fn bridge(&mut self, a: LegId, b: LegId) -> Result<(), MediaError> {
        self.seat(a)?;
        self.seat(b)?;
        for (one, other) in [(a, b), (b, a)] {
            self.hush(one);
            self.part(one);
            let now = self.now;
            let seat = self.seat(one)?;
            seat.bridged_at = now;
            seat.lost_told = false;
            seat.hears = vec![other];
        }
        self.seat(a)?.hears = vec![b];
        Ok(())
    }

    fn mix(&mut self, members: Vec<(LegId, Vec<LegId>)>) -> Result<(), MediaError> {
        for (leg, _) in &members {
            self.seat(*leg)?;
        }
        let before: Vec<LegId> = members.iter().map(|(leg, _)| *leg).collect();
        for leg in &before {
            self.hush(*leg);
            self.part(*leg);
        }
        for (leg, hears) in members {
            let now = self.now;
            let seat = self.seat(leg)?;
            (seat.bridged_at, seat.lost_told) = (now, false);
            seat.hears = hears;
        }
        Ok(())
    }

    fn record_others(
        &mut self,
        stream: StreamId,
        left: LegId,
        right: Vec<LegId>,
    ) -> Result<(), MediaError> {
        let right = right.first().copied().unwrap_or(left);
        self.seat(left)?;
        self.seat(right)?;
        let request = self.recordings.get_mut(&stream);
        let request = request.ok_or(MediaError::UnknownStream(stream))?;
        (request.left, request.right) = (left, right);
        Ok(())
    }

    fn unbridge(&mut self, leg: LegId) -> Result<(), MediaError> {
        self.seat(leg)?;
        self.part(leg);
        Ok(())
    }

    fn send_key(&mut self, leg: LegId, _: char) -> Result<(), MediaError> {
        self.seat(leg).map(drop)
    }

    fn start_recording(&mut self, request: RecordRequest) -> Result<(), MediaError> {
        self.seat(request.left)?;
        self.seat(request.right)?;
        self.recordings.insert(request.stream, request);
        Ok(())
    }

    fn stop_recording(&mut self, stream: StreamId) -> Result<(), MediaError> {
        if !self.recordings.contains_key(&stream) {
            return Err(MediaError::UnknownStream(stream));
        }
        self.end_recording(stream);
        Ok(())
    }

    fn close(&mut self, leg: LegId) -> Result<(), MediaError> {
        self.seat(leg)?;
        self.hush(leg);
        self.part(leg);
        self.seats.remove(&leg);
        let over: Vec<StreamId> = self
            .recordings()
            .filter(|(_, legs)| legs.iter().all(|leg| !self.seats.contains_key(leg)))
            .map(|(stream, _)| stream)
            .collect();
        for stream in over {
            self.end_recording(stream);
        }
        let quality = MediaQuality::default();
        self.events.push_back(MediaEvent::Closed { leg, quality });
        Ok(())
    }
}
