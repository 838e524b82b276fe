//! What the joining of SIP and media asks of whatever plays, bridges and records.
//!
//! **Owns**: [`MediaPlane`]: live the media threads, in a simulation a stand-in without packets. **Must not know**:
//! SIP, threads.

use crate::leg::{LegId, StreamId};
use crate::media::port::{PlayRequest, RecordRequest, RemoteMedia};
use crate::net::media_pool::{LocalAddress, MediaError, OpenError};
use crate::secure_media::LocalSecure;

/// The verbs of the media plane. What happens afterwards comes back as [`crate::media::port::MediaEvent`].
pub trait MediaPlane {
    /// Gives a leg its sockets. Legs with the same `affinity` live together.
    ///
    /// # Errors
    /// When there is no port, no room or no socket.
    fn open(&mut self, leg: LegId, affinity: u64) -> Result<LocalAddress, OpenError>;
    /// Who we are on a secured stream, with a login that nobody had before; none when there are no such streams.
    fn secure(&mut self) -> Option<LocalSecure> {
        None
    }
    /// Tells a leg where its party is and what it speaks; again at each change.
    ///
    /// # Errors
    /// When there is no such leg.
    fn set_remote(&mut self, leg: LegId, remote: RemoteMedia) -> Result<(), MediaError>;
    /// Plays towards a leg; replaces what plays there.
    ///
    /// # Errors
    /// When there is no such leg.
    fn play(&mut self, leg: LegId, request: PlayRequest) -> Result<(), MediaError>;
    /// Stops what plays; its `PlayEnded` still comes.
    ///
    /// # Errors
    /// When there is no such leg.
    fn stop(&mut self, leg: LegId) -> Result<(), MediaError>;
    /// Lets two legs hear each other; what plays on them stops.
    ///
    /// # Errors
    /// When one of them is unknown.
    fn bridge(&mut self, a: LegId, b: LegId) -> Result<(), MediaError>;
    /// Lets some legs hear some others: each with those whom it hears. What plays on them stops.
    ///
    /// # Errors
    /// When one of them is unknown.
    fn mix(&mut self, _members: Vec<(LegId, Vec<LegId>)>) -> Result<(), MediaError> {
        Ok(())
    }
    /// Parts a leg from its peer, or takes it out of a mix.
    ///
    /// # Errors
    /// When there is no such leg.
    fn unbridge(&mut self, leg: LegId) -> Result<(), MediaError>;
    /// The party may be gone: when it falls silent within a while, [`crate::media::port::MediaEvent::MediaLost`] says
    /// so at once, whether it is bridged or not.
    ///
    /// # Errors
    /// When there is no such leg.
    fn watch(&mut self, _leg: LegId) -> Result<(), MediaError> {
        Ok(())
    }
    /// Sends a key to the party.
    ///
    /// # Errors
    /// When there is no such leg.
    fn send_key(&mut self, leg: LegId, key: char) -> Result<(), MediaError>;
    /// The party told a key in signalling; its event comes when the press counts.
    ///
    /// # Errors
    /// When there is no such leg, or the plane hears no keys itself: then the press counts.
    fn key_told(&mut self, leg: LegId, _key: char) -> Result<(), MediaError> {
        Err(MediaError::UnknownLeg(leg))
    }
    /// Begins a recording.
    ///
    /// # Errors
    /// When one of its legs is unknown.
    fn start_recording(&mut self, request: RecordRequest) -> Result<(), MediaError>;
    /// Leaves out what is said from now on, or takes it again.
    ///
    /// # Errors
    /// When there is no such recording.
    fn pause_recording(&mut self, _stream: StreamId, _paused: bool) -> Result<(), MediaError> {
        Ok(())
    }
    /// Others are heard by it from now on.
    ///
    /// # Errors
    /// When there is no such recording, or one of the legs is unknown.
    fn record_others(
        &mut self,
        _stream: StreamId,
        _left: LegId,
        _right: Vec<LegId>,
    ) -> Result<(), MediaError> {
        Ok(())
    }
    /// Ends it; the end mark goes to its sink.
    ///
    /// # Errors
    /// When there is no such recording; one ends by itself when its legs are closed.
    fn stop_recording(&mut self, stream: StreamId) -> Result<(), MediaError>;
    /// Ends a leg's media; its `Closed` is its last event.
    ///
    /// # Errors
    /// When there is no such leg.
    fn close(&mut self, leg: LegId) -> Result<(), MediaError>;
}
