//! What the media plane is asked and what it says: values that cross between the gateway task and a media thread.
//!
//! **Owns**: play and record requests, record blocks, quality counters.

use crate::leg::{LegId, PlayId, StreamId};
use crate::media::clip::Clip;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// Something to play towards a leg.
#[derive(Clone, Debug)]
pub struct PlayRequest {
    /// Names this playing in its [`crate::leg::LegEvent::PlayEnded`].
    pub play: PlayId,
    /// Played one after the other.
    pub clips: Vec<Arc<Clip>>,
    /// Start over at the end, for ever.
    pub repeat: bool,
    /// Go on where the same clips last stopped on this leg (music), instead of at the beginning.
    pub resume: bool,
    /// Stop by itself after this long.
    pub at_most: Option<Duration>,
}

/// A stereo recording of two legs on one timeline.
#[derive(Clone, Debug)]
pub struct RecordRequest {
    /// Names the stream in its blocks.
    pub stream: StreamId,
    /// What the left channel hears: this leg's party.
    pub left: LegId,
    /// What the right channel hears.
    pub right: LegId,
    /// Samples per second of each channel: 8000 or 16000.
    pub sample_rate: u32,
    /// Where blocks go; bounded. When it is full the block is dropped, counted, and its place on the timeline is
    /// filled with silence by the writer, who sees the jump of `start_frame`.
    pub sink: SyncSender<RecordBlock>,
}

/// A piece of a recording on its way to the writer thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordBlock {
    /// Interleaved stereo samples, at least 0.2 s but for the last block.
    Samples {
        /// The stream.
        stream: StreamId,
        /// Place of the first frame on the timeline, in frames from the recording's start.
        start_frame: u64,
        /// frames × 2 samples: left, right, left, right …
        samples: Vec<i16>,
    },
    /// Nothing more follows.
    End {
        /// The stream.
        stream: StreamId,
        /// Length of the whole timeline in frames.
        frames: u64,
    },
}

/// What a leg's media was like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaQuality {
    /// RTP packets accepted.
    pub packets_received: u64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Packets missing by sequence number (RFC 3550 A.3).
    pub packets_lost: u64,
    /// Packets ignored: foreign source, wrong version, broken.
    pub packets_ignored: u64,
    /// Interarrival jitter (RFC 3550 6.4.1), ms.
    pub jitter_ms: f64,
    /// Codec name, such as `PCMU`.
    pub codec: String,
}
