//! From `sdp-types`' model to streams that can be judged.
//!
//! **Owns**: [`Stream`] and its reading. **Must not know**: which stream is taken.

use super::secure::{self, AgreedSecure};
use super::{Codec, DEFAULT_PTIME_MS, Direction, MAX_BYTES, MAX_STREAMS, OpusWish, SdpError};
use sdp_types::{AddrType, Attribute, Connection, Media, NetType, Session};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A payload type of `telephone-event` and its clock in Hz.
pub(super) type Events = (u8, u32);

/// One audio stream of a description.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) remote: SocketAddr,
    pub(super) rtcp: SocketAddr,
    /// Codecs that we have too, with their payload types, in the description's order.
    pub(super) codecs: Vec<(Codec, u8)>,
    events: Vec<Events>,
    /// What is said of Opus, where it is among the codecs.
    pub(super) opus: OpusWish,
    pub(super) ptime_ms: u32,
    /// As the writer of the description sees it.
    pub(super) direction: Direction,
    /// Who its writer is, where the stream is secured.
    pub(super) secure: Option<AgreedSecure>,
}

impl Stream {
    /// Payload type of events beside a codec: they run at its clock (RFC 4733 2.1).
    pub(super) fn events_of(&self, codec: Codec) -> Option<u8> {
        let fits = |(_, clock): &&Events| *clock == codec.clock_rate();
        self.events.iter().find(fits).map(|(number, _)| *number)
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<Session, SdpError> {
    if bytes.len() > MAX_BYTES {
        return Err(SdpError::malformed("session description too long"));
    }
    // The library fills in an origin where there is none.
    if !bytes.split(|b| *b == b'\n').any(|l| l.starts_with(b"o=")) {
        return Err(SdpError::malformed("session description without origin"));
    }
    let session =
        Session::parse(bytes).map_err(|_| SdpError::malformed("broken session description"))?;
    if session.medias.len() > MAX_STREAMS {
        return Err(SdpError::unacceptable("too many streams"));
    }
    Ok(session)
}

/// Every stream in its place; an error says why a stream cannot be ours. `ipv4` is our own address family.
pub(super) fn read_streams(
    session: &Session,
    ipv4: bool,
) -> Result<Vec<Result<Stream, SdpError>>, SdpError> {
    session
        .medias
        .iter()
        .map(|media| match read_stream(session, media, ipv4) {
            // A broken connection line spoils the description, not just its stream.
            Err(error) if error.status == 400 => Err(error),
            other => Ok(other),
        })
        .collect()
}

fn read_stream(session: &Session, media: &Media, ipv4: bool) -> Result<Stream, SdpError> {
    if !media.media.eq_ignore_ascii_case("audio") {
        return Err(SdpError::unacceptable("no audio stream"));
    }
    if media.port == 0 {
        return Err(SdpError::unacceptable("audio stream is declined"));
    }
    let secure = match secure::is_secured(&media.proto) {
        true => Some(secure::read(session, media)?),
        false if media.proto.eq_ignore_ascii_case("RTP/AVP") => None,
        false => {
            return Err(SdpError::unacceptable(
                "transport is neither RTP/AVP nor DTLS-SRTP",
            ));
        }
    };
    let connection = media
        .connections
        .first()
        .or(session.connection.as_ref())
        .ok_or_else(|| SdpError::malformed("no connection line"))?;
    let remote = match (read_address(connection, ipv4), &secure) {
        (Ok(address), _) => SocketAddr::new(address, media.port),
        // ICE finds the way: a browser names what it likes here, or nothing that is one.
        (Err(_), Some(_)) => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), media.port),
        (Err(error), None) => return Err(error),
    };
    let (codecs, events) = read_formats(media);
    let opus = codecs.iter().find(|(codec, _)| *codec == Codec::Opus);
    Ok(Stream {
        remote,
        rtcp: read_rtcp(media, remote),
        opus: opus.map_or_else(OpusWish::default, |(_, number)| read_wish(media, *number)),
        codecs,
        events,
        ptime_ms: read_ptime(session, media),
        direction: read_direction(&media.attributes)
            .or_else(|| read_direction(&session.attributes))
            .unwrap_or_default(),
        secure,
    })
}

fn read_address(connection: &Connection, ipv4: bool) -> Result<IpAddr, SdpError> {
    if connection.nettype != NetType::In {
        return Err(SdpError::malformed("network type is not IN"));
    }
    if matches!(connection.addrtype, AddrType::Other(_)) {
        return Err(SdpError::malformed("address type is neither IP4 nor IP6"));
    }
    let Ok(address) = connection.connection_address.parse::<IpAddr>() else {
        return Err(SdpError::unacceptable(
            "connection address is no single IP address",
        ));
    };
    if address.is_ipv4() != (connection.addrtype == AddrType::Ip4) {
        return Err(SdpError::malformed("address is not of its type"));
    }
    let address = address.to_canonical();
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if address.is_multicast() || broadcast {
        return Err(SdpError::unacceptable(
            "connection address is no single host",
        ));
    }
    // `IN IP6 ::` and `IN IP4 0.0.0.0` mean hold whatever our own family is.
    if address.is_ipv4() != ipv4 && !address.is_unspecified() {
        return Err(SdpError::unacceptable("address family is not ours"));
    }
    Ok(address)
}

/// Codecs and the numbers of telephone-event, from the formats of the m-line and their rtpmaps.
fn read_formats(media: &Media) -> (Vec<(Codec, u8)>, Vec<Events>) {
    let mut codecs = Vec::new();
    let mut events = Vec::new();
    let types = media.fmt.split_ascii_whitespace();
    for payload_type in types.filter_map(|t| t.parse::<u8>().ok().filter(|n| *n < 128)) {
        let map = rtpmap(media, payload_type);
        let codec = match map {
            Some((name, rate)) => codec_of(name, rate),
            None => static_codec(payload_type),
        };
        if let Some(codec) = codec {
            codecs.push((codec, payload_type));
        }
        if let Some((name, rate)) = map
            && name.eq_ignore_ascii_case("telephone-event")
            && let Ok(clock) = rate.parse()
        {
            events.push((payload_type, clock));
        }
    }
    (codecs, events)
}

/// Encoding name and clock rate (with channels, if written) of a payload type.
fn rtpmap(media: &Media, payload_type: u8) -> Option<(&str, &str)> {
    media
        .get_attribute_values("rtpmap")
        .flatten()
        .filter_map(|value| value.split_once(' '))
        .find(|(number, _)| number.parse() == Ok(payload_type))
        .and_then(|(_, encoding)| encoding.trim().split_once('/'))
}

/// What the `fmtp` line of Opus says (RFC 7587 6.1).
fn read_wish(media: &Media, payload_type: u8) -> OpusWish {
    let lines = media.get_attribute_values("fmtp").flatten();
    let said = lines
        .filter_map(|value| value.split_once(' '))
        .filter(|(number, _)| number.parse() == Ok(payload_type))
        .flat_map(|(_, said)| said.split(';'))
        .filter_map(|one| one.trim().split_once('='));
    let mut wish = OpusWish::default();
    for (name, value) in said {
        if name.eq_ignore_ascii_case("maxaveragebitrate") {
            wish.max_bitrate = value.parse().ok();
        } else if name.eq_ignore_ascii_case("useinbandfec") {
            wish.fec = value == "1";
        }
    }
    wish
}

fn codec_of(name: &str, rate: &str) -> Option<Codec> {
    if name.eq_ignore_ascii_case(Codec::Opus.name()) {
        return (rate == "48000/2").then_some(Codec::Opus);
    }
    let rate = rate.strip_suffix("/1").unwrap_or(rate);
    Codec::ALL.into_iter().find(|codec| {
        codec.name().eq_ignore_ascii_case(name) && rate.parse() == Ok(codec.clock_rate())
    })
}

fn static_codec(payload_type: u8) -> Option<Codec> {
    Codec::ALL
        .into_iter()
        .find(|codec| codec.static_payload_type() == Some(payload_type))
}

/// `a=rtcp:port [IN IP4 address]`, else the next port. The highest port has none: RTCP goes to itself then and is
/// dropped there.
fn read_rtcp(media: &Media, remote: SocketAddr) -> SocketAddr {
    let next = SocketAddr::new(remote.ip(), remote.port().saturating_add(1));
    let Some(Some(value)) = media.get_first_attribute_value("rtcp") else {
        return next;
    };
    let mut parts = value.split_ascii_whitespace();
    let port = parts.next().and_then(|p| p.parse().ok()).filter(|p| *p > 0);
    let address = parts.nth(2).and_then(|a| a.parse().ok());
    match port {
        // Only the address that RTP goes to: a third party would be a target to flood.
        Some(port) if address.is_none_or(|a: IpAddr| a.to_canonical() == remote.ip()) => {
            SocketAddr::new(remote.ip(), port)
        }
        _ => next,
    }
}

fn read_ptime(session: &Session, media: &Media) -> u32 {
    media
        .get_first_attribute_value("ptime")
        .or_else(|| session.get_first_attribute_value("ptime"))
        .flatten()
        .and_then(|value| value.trim().parse().ok())
        .filter(|ms| (10..=60).contains(ms))
        .unwrap_or(DEFAULT_PTIME_MS)
}

fn read_direction(attributes: &[Attribute]) -> Option<Direction> {
    const ALL: [Direction; 4] = [
        Direction::SendRecv,
        Direction::SendOnly,
        Direction::RecvOnly,
        Direction::Inactive,
    ];
    attributes.iter().find_map(|a| {
        ALL.into_iter()
            .find(|d| a.attribute.eq_ignore_ascii_case(d.as_str()))
    })
}
