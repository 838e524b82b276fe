//! What the media plane is asked and what it says: values that cross between the gateway task and a media thread.
//!
//! **Owns**: play and record requests, record blocks, quality counters, what SDP said about a party's media, events.

use crate::leg::{LegId, PlayId, StreamId};
use crate::media::clip::Clip;
use crate::media::codec::AnyCodec;
use crate::media::g711::Codec;
use crate::media::opus;
use crate::secure_media::SecureRemote;
use std::net::SocketAddr;
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
    /// Stop as soon as a bridged party is heard: a ringing tone gives way to whatever the far end plays.
    pub until_heard: bool,
}

/// A stereo recording of two legs on one timeline.
#[derive(Clone, Debug)]
pub struct RecordRequest {
    /// Names the stream in its blocks.
    pub stream: StreamId,
    /// What the left channel hears: this leg's party.
    pub left: LegId,
    /// What the right channel hears. The left leg itself: nothing, the recording is of one party alone.
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
    /// Length of bursts of loss against those of random loss, 1 or more (ITU-T G.107).
    pub burst_ratio: f64,
    /// There and back on the network, ms, by the party's last report that told; none without one.
    pub round_trip_ms: Option<f64>,
    /// Packets of ours that the party missed, by its last report; none without one.
    pub far_lost: Option<u64>,
    /// What a listener would say of what the party sent, 1 to 4.5 ([`crate::media::mos`]); none when nothing came.
    pub mos: Option<f64>,
}

/// Which way media flows, from our side (RFC 4566 `a=` attributes, turned round when they are the party's).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendReceive,
    /// We send, the party is silent: it is on hold with us or muted.
    SendOnly,
    /// The party sends, we are silent: it has us on hold.
    ReceiveOnly,
    /// Nobody sends.
    Inactive,
}

impl Direction {
    /// We may send.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendReceive | Self::SendOnly)
    }

    /// The party may send.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendReceive | Self::ReceiveOnly)
    }
}

/// What offer and answer settled about a party's media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteMedia {
    /// Where it wants RTP.
    pub rtp: SocketAddr,
    /// Where it wants RTCP: the next port, or what `a=rtcp` says. None when it wants none.
    pub rtcp: Option<SocketAddr>,
    /// The codec, the same both ways.
    pub codec: AnyCodec,
    /// RTP payload type of the codec.
    pub payload_type: u8,
    /// RTP payload type of RFC 4733 events at the codec's clock; none when not negotiated.
    pub telephone_event: Option<u8>,
    /// How it wants to be spoken to, where the codec is Opus.
    pub opus: opus::Wish,
    /// Which way media flows.
    pub direction: Direction,
    /// The stream is secured: by whom packets are to be believed. Its addresses mean nothing then.
    pub secure: Option<SecureRemote>,
}

impl RemoteMedia {
    /// PCMU both ways with events as payload type 101, RTCP on the next port.
    #[must_use]
    pub fn pcmu(rtp: SocketAddr) -> Self {
        let rtcp = rtp
            .port()
            .checked_add(1)
            .map(|port| SocketAddr::new(rtp.ip(), port));
        let codec = AnyCodec::G711(Codec::Pcmu);
        let payload_type = codec.payload_type();
        Self {
            rtp,
            rtcp,
            codec,
            payload_type,
            telephone_event: Some(101),
            opus: opus::Wish::default(),
            direction: Direction::default(),
            secure: None,
        }
    }
}

/// What the media plane says. Of one leg, `Closed` is the last event.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaEvent {
    /// The party pressed a key (RFC 4733); once per press, at its first packet.
    Key {
        /// The leg.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        key: char,
    },
    /// A playing ended. Comes once for each play request of a leg that was open then.
    PlayEnded {
        /// The leg.
        leg: LegId,
        /// Which.
        play: PlayId,
        /// Ran to its end or for as long as it was asked to, rather than being stopped or replaced.
        finished: bool,
    },
    /// The first packet from the party was accepted.
    MediaStarted {
        /// The leg.
        leg: LegId,
    },
    /// A bridged leg that should send has sent nothing for the configured time; once per silence.
    MediaLost {
        /// The leg.
        leg: LegId,
    },
    /// A secured leg will never have keys: another certificate than signalled, no handshake in time. Once.
    NotSecured {
        /// The leg.
        leg: LegId,
    },
    /// The leg's sockets are closed.
    Closed {
        /// The leg.
        leg: LegId,
        /// What its media was like.
        quality: MediaQuality,
    },
}
