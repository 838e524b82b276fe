//! The media threads as [`crate::legs`] sees them.

use super::{LocalAddress, MediaError, MediaPool, OpenError};
use crate::leg::{LegId, StreamId};
use crate::legs::MediaPlane;
use crate::media::port::{PlayRequest, RecordRequest, RemoteMedia};
use crate::secure_media::LocalSecure;

impl MediaPlane for MediaPool {
    fn open(&mut self, leg: LegId, affinity: u64) -> Result<LocalAddress, OpenError> {
        Self::open(self, leg, affinity)
    }
    fn secure(&mut self) -> Option<LocalSecure> {
        Self::secure(self)
    }
    fn set_remote(&mut self, leg: LegId, remote: RemoteMedia) -> Result<(), MediaError> {
        Self::set_remote(self, leg, remote)
    }
    fn play(&mut self, leg: LegId, request: PlayRequest) -> Result<(), MediaError> {
        Self::play(self, leg, request)
    }
    fn stop(&mut self, leg: LegId) -> Result<(), MediaError> {
        Self::stop(self, leg)
    }
    fn bridge(&mut self, a: LegId, b: LegId) -> Result<(), MediaError> {
        Self::bridge(self, a, b)
    }
    fn mix(&mut self, members: Vec<(LegId, Vec<LegId>)>) -> Result<(), MediaError> {
        Self::mix(self, members)
    }
    fn unbridge(&mut self, leg: LegId) -> Result<(), MediaError> {
        Self::unbridge(self, leg)
    }
    fn watch(&mut self, leg: LegId) -> Result<(), MediaError> {
        Self::watch(self, leg)
    }
    fn send_key(&mut self, leg: LegId, key: char) -> Result<(), MediaError> {
        Self::send_key(self, leg, key)
    }
    fn key_told(&mut self, leg: LegId, key: char) -> Result<(), MediaError> {
        Self::key_told(self, leg, key)
    }
    fn start_recording(&mut self, request: RecordRequest) -> Result<(), MediaError> {
        Self::start_recording(self, request)
    }
    fn pause_recording(&mut self, stream: StreamId, paused: bool) -> Result<(), MediaError> {
        Self::pause_recording(self, stream, paused)
    }

    fn record_others(
        &mut self,
        stream: StreamId,
        left: LegId,
        right: Vec<LegId>,
    ) -> Result<(), MediaError> {
        Self::record_others(self, stream, left, right)
    }
    fn stop_recording(&mut self, stream: StreamId) -> Result<(), MediaError> {
        Self::stop_recording(self, stream)
    }
    fn close(&mut self, leg: LegId) -> Result<(), MediaError> {
        Self::close(self, leg)
    }
}
