//! Session descriptions: offer and answer (RFC 3264) for one audio stream.
//!
//! **Owns**: what we offer, what we accept, and the values both sides agreed on. **Must not know**: dialogs, sockets,
//! media threads. `sdp-types` is imported in this folder alone.
//!
//! PCMU, PCMA, G.722, Opus (RFC 7587, on secured streams where the policy has it) and `telephone-event`. Every other stream of an offer is answered with port 0, in its place. A
//! secured stream (`UDP/TLS/RTP/SAVPF`, what browsers speak) is answered by a secured one or not at all.

mod read;
mod secure;
#[cfg(test)]
mod tests;
mod write;

use crate::secure_media::LocalSecure;
use bytes::Bytes;
use read::{Stream, read_streams};
pub use secure::AgreedSecure;
use std::net::{IpAddr, SocketAddr};

/// Bytes of a description at most.
const MAX_BYTES: usize = 16_384;
/// Streams of a description at most.
const MAX_STREAMS: usize = 16;
/// Packet time when nobody asks for another, and when what is asked for is not sensible.
const DEFAULT_PTIME_MS: u32 = 20;
/// The numbers of `telephone-event` in our offers, at 8 kHz and beside Opus.
const OFFERED_EVENTS: u8 = 101;
const OFFERED_OPUS_EVENTS: u8 = 110;
/// The number of Opus in our offers.
const OFFERED_OPUS: u8 = 111;

/// Our end of the stream, for an offer or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// Where we receive.
    pub address: IpAddr,
    /// RTP port; RTCP is expected at the next one.
    pub port: u16,
    /// `o=` session id; stays the same through a session.
    pub session_id: u64,
    /// `o=` version; one more with each description that differs from the last one (RFC 3264 8).
    pub version: u64,
    /// What we want at most: less than both ways while the other side is on hold.
    pub direction: Direction,
    /// Who we are on a secured stream; without it none is taken, and our offers are plain.
    pub secure: Option<LocalSecure>,
    /// Where Opus stands among the codecs of a secured stream.
    pub opus: OpusPlace,
}

/// Where Opus stands among the codecs of a browser's leg. A plain stream never has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpusPlace {
    /// Not offered, not taken: each leg of it costs more than the rest of its call.
    #[default]
    Off,
    /// Behind the others: for parties that have nothing else.
    Last,
    /// Before the others: for networks that lose packets.
    First,
}

/// What the party says of the Opus that it wants to receive (RFC 7587 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpusWish {
    /// Bits per second at most, `maxaveragebitrate`.
    pub max_bitrate: Option<u32>,
    /// It uses in-band FEC, `useinbandfec=1`.
    pub fec: bool,
}

/// Codecs that we can negotiate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 µ-law, 8 kHz, static payload type 0.
    Pcmu,
    /// G.711 A-law, 8 kHz, static payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s: 16 kHz of audio, but an RTP clock of 8 kHz (RFC 3551 4.5.2). Static payload type 9.
    G722,
    /// Opus: 48 kHz of RTP clock and "two channels" whatever it carries (RFC 7587 7). No static payload type.
    Opus,
}

impl Codec {
    /// All but Opus, in the order of our offers. Narrow-band first: trunks speak it, so most bridges then forward
    /// packets as they are; a call in G.722 costs transcoding and gains nothing while the other side is a trunk. Who
    /// prefers G.722 says so in an offer and gets it.
    pub const ALL: [Self; 3] = [Self::Pcmu, Self::Pcma, Self::G722];

    /// Name in `rtpmap`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// RTP clock in Hz.
    #[must_use]
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// Static payload type (RFC 3551 6), if it has one.
    #[must_use]
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::Opus => None,
        }
    }

    /// What a secured stream may have of these, best first: browsers list G.722 before G.711 out of habit, and it would
    /// cost every bridge a transcoding.
    fn of_secured(opus: OpusPlace) -> impl Iterator<Item = Self> {
        let [first, last] =
            [OpusPlace::First, OpusPlace::Last].map(|place| (opus == place).then_some(Self::Opus));
        first.into_iter().chain(Self::ALL).chain(last)
    }
}

/// Which way audio may flow, as seen from us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// We send only; they listen.
    SendOnly,
    /// We receive only: we are on hold and may hear their music.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The same, seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            both => both,
        }
    }

    /// We may send.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// We may receive.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// Attribute name.
    fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// What both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegotiatedMedia {
    /// Where to send RTP. Unspecified address (`0.0.0.0`) when the other side is on hold the old way; `direction` does
    /// not send then.
    pub remote: SocketAddr,
    /// Where to send RTCP: `a=rtcp` (RFC 3605) or the next port.
    pub rtcp: SocketAddr,
    /// The codec of both ways.
    pub codec: Codec,
    /// Its payload type.
    pub payload_type: u8,
    /// Payload type of `telephone-event` at the codec's clock (RFC 4733), when agreed.
    pub telephone_event: Option<u8>,
    /// How they want to be spoken to, where the codec is Opus.
    pub opus: OpusWish,
    /// Packet time they want to receive, 10-60 ms.
    pub ptime_ms: u32,
    /// Which way audio may flow, as seen from us.
    pub direction: Direction,
    /// Who they are, when the stream is secured (DTLS-SRTP); `remote` and `rtcp` mean nothing then.
    pub secure: Option<AgreedSecure>,
}

/// A description that we cannot use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct SdpError {
    /// 400: no description at all. 488: nothing in it that we could take.
    pub status: u16,
    /// Why, without any of the content.
    pub problem: &'static str,
}

impl SdpError {
    fn malformed(problem: &'static str) -> Self {
        Self {
            status: 400,
            problem,
        }
    }

    fn unacceptable(problem: &'static str) -> Self {
        Self {
            status: 488,
            problem,
        }
    }
}

/// A description that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription(sdp_types::Session);

impl SessionDescription {
    /// How many streams (m-lines) it has.
    #[must_use]
    pub fn stream_count(&self) -> usize {
        self.0.medias.len()
    }

    /// `o=` session id and version: the same pair again means that nothing changed (RFC 3264 8).
    #[must_use]
    pub fn origin(&self) -> (&str, u64) {
        (&self.0.origin.sess_id, self.0.origin.sess_version)
    }
}

/// Reads a description.
///
/// # Errors
/// 400: not SDP, a mandatory line is missing, a number does not fit, NUL bytes, too long.
pub fn parse(bytes: &[u8]) -> Result<SessionDescription, SdpError> {
    read::parse(bytes).map(SessionDescription)
}

/// An offer of one audio stream with these codecs, in this order, and `telephone-event`.
#[must_use]
pub fn make_offer(local: &LocalMedia, codecs: &[Codec]) -> Bytes {
    write::offer(local, codecs)
}

/// An offer that changes nothing of what was agreed but, perhaps, the direction: the same codec, the same numbers
/// (RFC 3264 8.3.2).
#[must_use]
pub fn offer_again(local: &LocalMedia, agreed: &NegotiatedMedia) -> Bytes {
    write::offer_again(local, agreed)
}

/// Answers an offer: the first audio stream that we can take is taken, with the first of its codecs that we have (the
/// offerer's wish counts), everything else declined in its place. Our direction is the reverse of theirs, as
/// far as `local` allows it (RFC 3264 6.1); what comes back says what they allow.
///
/// # Errors
/// 400 when the offer is no SDP, 488 when it has no audio that we can take.
pub fn answer(offer: &[u8], local: &LocalMedia) -> Result<(Bytes, NegotiatedMedia), SdpError> {
    let offer = parse(offer)?;
    let streams = read_streams(&offer.0, local.address.is_ipv4())?;
    let mut reason = SdpError::unacceptable("no audio stream");
    for (place, stream) in streams.iter().enumerate() {
        let taken = |stream| {
            take(stream, |codec| {
                place_of(codec, Codec::of_secured(local.opus))
            })
        };
        match stream.as_ref().map_err(|e| *e).and_then(taken) {
            Ok(agreed) if agreed.secure.is_some() && local.secure.is_none() => {
                reason = SdpError::unacceptable("no secured streams here");
            }
            Ok(agreed) => {
                let direction = narrower(agreed.direction, local.direction);
                let bytes = write::answer(&offer.0, place, local, (&agreed, direction));
                return Ok((bytes, agreed));
            }
            Err(error) if error.status == 400 => return Err(error),
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

/// Reads the answer to an offer of ours.
///
/// # Errors
/// 400 when the answer is no SDP, 488 when it does not fit the offer or declines our stream. The status is for the
/// record: an answer is not answered, the dialog is ended.
pub fn accept_answer(answer: &[u8], our_offer: &[u8]) -> Result<NegotiatedMedia, SdpError> {
    let offer = parse(our_offer)?;
    let answer = parse(answer)?;
    if answer.stream_count() != offer.stream_count() {
        return Err(SdpError::unacceptable(
            "answer with another number of streams",
        ));
    }
    let ipv4 = is_ipv4(&offer);
    let ours = first_stream(&offer.0, ipv4)?;
    let theirs = first_stream(&answer.0, ipv4)?;
    let mut agreed = take(&theirs, |codec| {
        place_of(codec, ours.codecs.iter().map(|(ours, _)| *ours))
    })?;
    if ours.secure.is_some() != agreed.secure.is_some() {
        return Err(SdpError::unacceptable(
            "answer of another kind than the offer",
        ));
    }
    if !ours.codecs.contains(&(agreed.codec, agreed.payload_type)) {
        return Err(SdpError::unacceptable(
            "answer with a codec that was not offered",
        ));
    }
    if ours.events_of(agreed.codec) != agreed.telephone_event {
        agreed.telephone_event = None;
    }
    agreed.direction = narrower(agreed.direction, ours.direction);
    Ok(agreed)
}

/// Which way audio may flow by an offer of ours; none when it is no description.
#[must_use]
pub fn offered_direction(our_offer: &[u8]) -> Option<Direction> {
    let offer = parse(our_offer).ok()?;
    let stream = first_stream(&offer.0, is_ipv4(&offer)).ok()?;
    Some(stream.direction)
}

fn is_ipv4(session: &SessionDescription) -> bool {
    let connection = session.0.connection.as_ref();
    connection.is_none_or(sdp_types::Connection::is_ipv4)
}

fn first_stream(session: &sdp_types::Session, ipv4: bool) -> Result<Stream, SdpError> {
    read_streams(session, ipv4)?
        .into_iter()
        .next()
        .unwrap_or_else(|| Err(SdpError::unacceptable("no audio stream")))
}

/// Whether an offer has a secured audio stream, which needs [`LocalMedia::secure`] to be answered.
#[must_use]
pub fn wants_secure(offer: &[u8]) -> bool {
    parse(offer).is_ok_and(|offer| secure::is_wanted(&offer.0))
}

fn place_of(codec: Codec, mut among: impl Iterator<Item = Codec>) -> Option<usize> {
    among.position(|one| one == codec)
}

/// What we agree to of a stream of theirs. Where it is secured, our own order counts: the place that `ours` says.
fn take(
    stream: &Stream,
    ours: impl Fn(Codec) -> Option<usize>,
) -> Result<NegotiatedMedia, SdpError> {
    let mut codecs = stream.codecs.iter();
    let first = match stream.secure {
        None => codecs.find(|(codec, _)| *codec != Codec::Opus),
        Some(_) => codecs
            .filter(|(codec, _)| *codec != Codec::Opus || ours(*codec).is_some())
            .min_by_key(|(codec, _)| ours(*codec).unwrap_or(usize::MAX)),
    };
    let (codec, payload_type) =
        *first.ok_or_else(|| SdpError::unacceptable("no codec that we have"))?;
    let mut direction = stream.direction.reversed();
    if stream.secure.is_none() && stream.remote.ip().is_unspecified() {
        // Hold as before RFC 3264: nobody listens at 0.0.0.0.
        direction = narrower(direction, Direction::RecvOnly);
    }
    Ok(NegotiatedMedia {
        remote: stream.remote,
        rtcp: stream.rtcp,
        codec,
        payload_type,
        telephone_event: stream.events_of(codec),
        opus: match codec {
            Codec::Opus => stream.opus,
            _ => OpusWish::default(),
        },
        ptime_ms: stream.ptime_ms,
        direction,
        secure: stream.secure.clone(),
    })
}

/// What both directions allow.
#[must_use]
pub fn narrower(a: Direction, b: Direction) -> Direction {
    match (a.sends() && b.sends(), a.receives() && b.receives()) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}
