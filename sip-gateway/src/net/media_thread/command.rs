//! What a media thread can be told.
//!
//! **Owns**: [`Command`] and which legs and streams it is about.

use super::rooms::{Hearing, MEMBERS};
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
    /// Mix some, each with those whom it hears.
    Mix(Hearing),
    /// Part them.
    Unbridge { leg: LegId },
    /// Its party may be gone.
    Watch { leg: LegId },
    /// Send a key to the party.
    SendKey { leg: LegId, key: char },
    /// The party told a key in signalling.
    KeyTold { leg: LegId, key: char },
    /// Begin a recording.
    StartRecording(RecordRequest),
    /// Leave out what is said, or take it again.
    PauseRecording { stream: StreamId, paused: bool },
    /// Others are heard by it from now on.
    RecordOthers {
        stream: StreamId,
        left: LegId,
        right: Vec<LegId>,
    },
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

/// What one command is about at most: everybody of a room, and a recording.
const SUBJECTS: usize = MEMBERS + 1;

fn subjects(all: impl IntoIterator<Item = Subject>) -> [Option<Subject>; SUBJECTS] {
    let mut some = [None; SUBJECTS];
    for (slot, subject) in some.iter_mut().zip(all) {
        *slot = Some(subject);
    }
    some
}

impl<P> Command<P> {
    /// The legs and streams whose order of commands this one belongs to.
    pub(super) fn subjects(&self) -> [Option<Subject>; SUBJECTS] {
        let one = |leg: &LegId| subjects([Subject::Leg(*leg)]);
        match self {
            Self::Open { leg, .. }
            | Self::SetRemote { leg, .. }
            | Self::Play { leg, .. }
            | Self::Stop { leg }
            | Self::Unbridge { leg }
            | Self::Watch { leg }
            | Self::SendKey { leg, .. }
            | Self::KeyTold { leg, .. }
            | Self::Close { leg }
            | Self::Expect { leg }
            | Self::MoveOut { leg, .. }
            | Self::Adopt { leg, .. } => one(leg),
            Self::Bridge { a, b } => subjects([Subject::Leg(*a), Subject::Leg(*b)]),
            Self::Mix(hearing) => subjects(hearing.iter().map(|(leg, _)| Subject::Leg(*leg))),
            Self::RecordOthers {
                stream,
                left,
                right,
            } => {
                let right = right.iter().map(|leg| Subject::Leg(*leg));
                let first = [Subject::Stream(*stream), Subject::Leg(*left)];
                subjects(first.into_iter().chain(right))
            }
            Self::StartRecording(RecordRequest {
                stream,
                left,
                right,
                ..
            }) => subjects([
                Subject::Stream(*stream),
                Subject::Leg(*left),
                Subject::Leg(*right),
            ]),
            #[cfg(test)]
            Self::Die => [None; SUBJECTS],
            Self::PauseRecording { stream, .. } | Self::StopRecording(stream) => {
                subjects([Subject::Stream(*stream)])
            }
        }
    }
}
