//! What a media thread can be told.
//!
//! **Owns**: [`Command`] and which legs and streams it is about.

use crate::leg::{LegId, StreamId};
use crate::media::leg::MediaLeg;
use crate::media::outbound::StreamSeed;
use crate::media::port::{PlayRequest, RecordRequest, RemoteMedia};
use crate::media::secure::SecureLeg;

/// A command; `P` is the sockets of a leg.
#[derive(Debug)]
pub(crate) enum Command<P> {
    /// A leg begins, with its sockets.
    Open {
        leg: LegId,
        pair: P,
        seed: StreamSeed,
    },
    /// Signalling settled where the party is and what it speaks.
    SetRemote { leg: LegId, remote: RemoteMedia },
    /// Play towards the leg.
    Play { leg: LegId, request: PlayRequest },
    /// Stop what plays.
    Stop { leg: LegId },
    /// Let two legs hear each other.
    Bridge { a: LegId, b: LegId },
    /// Part them.
    Unbridge { leg: LegId },
    /// Send a key to the party.
    SendKey { leg: LegId, key: char },
    /// The party told a key in signalling.
    KeyTold { leg: LegId, key: char },
    /// Begin a recording.
    StartRecording(RecordRequest),
    /// Leave out what is said, or take it again.
    PauseRecording { stream: StreamId, paused: bool },
    /// End it.
    StopRecording(StreamId),
    /// The leg ends.
    Close { leg: LegId },
    /// Another thread will hand this leg over: what is said about it must wait for it.
    Expect { leg: LegId },
    /// Hand the leg over to that thread.
    MoveOut { leg: LegId, to: usize },
    /// The thread dies, as by a fault.
    #[cfg(test)]
    Die,
    /// A leg from another thread; none when it was gone there.
    Adopt {
        leg: LegId,
        moved: Option<Box<Moved<P>>>,
    },
}

/// A leg between two threads.
#[derive(Debug)]
pub(crate) struct Moved<P> {
    pub(super) leg: MediaLeg,
    pub(super) pair: P,
    pub(super) secure: Option<Box<SecureLeg>>,
    pub(super) started: bool,
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Leg(LegId),
    Stream(StreamId),
}

impl<P> Command<P> {
    /// The legs and streams whose order of commands this one belongs to.
    pub(super) fn subjects(&self) -> [Option<Subject>; 3] {
        let one = |leg: &LegId| [Some(Subject::Leg(*leg)), None, None];
        match self {
            Self::Open { leg, .. }
            | Self::SetRemote { leg, .. }
            | Self::Play { leg, .. }
            | Self::Stop { leg }
            | Self::Unbridge { leg }
            | Self::SendKey { leg, .. }
            | Self::KeyTold { leg, .. }
            | Self::Close { leg }
            | Self::Expect { leg }
            | Self::MoveOut { leg, .. }
            | Self::Adopt { leg, .. } => one(leg),
            Self::Bridge { a, b } => [Some(Subject::Leg(*a)), Some(Subject::Leg(*b)), None],
            Self::StartRecording(RecordRequest {
                stream,
                left,
                right,
                ..
            }) => [
                Some(Subject::Stream(*stream)),
                Some(Subject::Leg(*left)),
                Some(Subject::Leg(*right)),
            ],
            #[cfg(test)]
            Self::Die => [None; 3],
            Self::PauseRecording { stream, .. } | Self::StopRecording(stream) => {
                [Some(Subject::Stream(*stream)), None, None]
            }
        }
    }
}
