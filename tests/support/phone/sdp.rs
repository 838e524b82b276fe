//! Session descriptions as the test phone offers and reads them: one audio line with one codec, and telephone events.

use super::shield::{Manners, Shield};
use std::io;
use std::net::SocketAddr;

/// Payload type of RFC 4733 events in our descriptions.
pub(crate) const EVENT_TYPE: u8 = 101;

/// What a phone speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Voice {
    /// Its one codec.
    pub(crate) codec: Codec,
    /// It knows no events (RFC 4733): its keys are tones in the audio.
    pub(crate) no_events: bool,
    /// It is a browser: ICE, DTLS and SRTP lie between it and the network.
    pub(crate) secure: Option<Manners>,
    /// Of a hundred packets of its media so many are lost on the way, both ways.
    pub(crate) loss: u8,
}

/// A codec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Codec {
    /// G.711, µ-law.
    #[default]
    Pcmu,
    /// G.711, A-law.
    Pcma,
    /// As bytes that the test brings and judges itself.
    G722,
}

impl Codec {
    /// Payload type (RFC 3551 6).
    pub(crate) fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }
}

/// Our offer or answer for media at `media`, with the one codec.
pub(crate) fn describe(media: SocketAddr, voice: Voice) -> String {
    let number = voice.codec.payload_type();
    let name = match voice.codec {
        Codec::Pcmu => "PCMU",
        Codec::Pcma => "PCMA",
        Codec::G722 => "G722",
    };
    let (ip, port) = (media.ip(), media.port());
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    let (format, events) = match voice.no_events {
        true => (String::new(), String::new()),
        false => (
            format!(" {EVENT_TYPE}"),
            format!("a=rtpmap:{EVENT_TYPE} telephone-event/8000\r\na=fmtp:{EVENT_TYPE} 0-16\r\n"),
        ),
    };
    format!(
        "v=0\r\no=testphone 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {number}{format}\r\na=rtpmap:{number} {name}/8000\r\n\
         {events}a=ptime:20\r\na=sendrecv\r\n"
    )
}

/// The same as a browser writes it.
pub(crate) fn describe_secure(shield: &Shield, voice: Voice) -> io::Result<String> {
    let plain = describe(([127, 0, 0, 1], 9).into(), voice);
    let media = plain
        .lines()
        .find_map(|line| line.strip_prefix("m=audio 9 RTP/AVP "));
    let maps = lines_of(&plain, "a=")
        .filter(|line| line.starts_with("rtpmap") || line.starts_with("fmtp"))
        .map(|line| format!("a={line}\r\n"));
    shield.describe(media.unwrap_or_default(), &maps.collect::<String>())
}

/// What the far end wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Where it wants its packets.
    pub(crate) address: SocketAddr,
    /// Payload type under which it wants events.
    pub(crate) event_type: Option<u8>,
}

/// Reads the first audio line; none when it is missing, refused (port 0) or without our codec.
pub(crate) fn read(sdp: &str, voice: Voice) -> Option<Remote> {
    let media = lines_of(sdp, "m=audio ").next()?;
    let mut words = media.split_whitespace();
    let port: u16 = words.next()?.parse().ok().filter(|port| *port != 0)?;
    let formats: Vec<&str> = words.skip(1).collect();
    if !formats.contains(&voice.codec.payload_type().to_string().as_str()) {
        return None;
    }
    // A media-level connection line comes last and wins.
    let host = lines_of(sdp, "c=IN IP").last()?;
    let host = host.split_once(' ')?.1.split('/').next()?.trim();
    let address = SocketAddr::new(host.parse().ok()?, port);
    let event_type = lines_of(sdp, "a=rtpmap:").find_map(|map| {
        let (number, name) = map.split_once(' ')?;
        name.starts_with("telephone-event/8000")
            .then(|| number.parse().ok())?
    });
    Some(Remote {
        address,
        event_type,
    })
}

fn lines_of<'a>(sdp: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    sdp.lines()
        .filter_map(move |line| line.trim().strip_prefix(start))
}
