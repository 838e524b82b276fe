//! Session descriptions as the test phone offers and reads them: one audio line, PCMU or PCMA, and telephone events.

use std::net::SocketAddr;

/// Payload type of RFC 4733 events in our descriptions.
pub(crate) const EVENT_TYPE: u8 = 101;

/// Our offer or answer for media at `media`, with the one codec.
pub(crate) fn describe(media: SocketAddr, pcma: bool) -> String {
    let (number, name) = if pcma { (8, "PCMA") } else { (0, "PCMU") };
    let (ip, port) = (media.ip(), media.port());
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=testphone 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {number} {EVENT_TYPE}\r\na=rtpmap:{number} {name}/8000\r\n\
         a=rtpmap:{EVENT_TYPE} telephone-event/8000\r\na=fmtp:{EVENT_TYPE} 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    )
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
pub(crate) fn read(sdp: &str, pcma: bool) -> Option<Remote> {
    let media = lines_of(sdp, "m=audio ").next()?;
    let mut words = media.split_whitespace();
    let port: u16 = words.next()?.parse().ok().filter(|port| *port != 0)?;
    let formats: Vec<&str> = words.skip(1).collect();
    if !formats.contains(&if pcma { "8" } else { "0" }) {
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
