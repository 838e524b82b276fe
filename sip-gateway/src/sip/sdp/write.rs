//! Our offers and answers.
//!
//! **Owns**: what our descriptions look like. **Must not know**: why they are sent.

use super::secure;
use super::{Codec, DEFAULT_PTIME_MS, Direction, LocalMedia, NegotiatedMedia, OFFERED_EVENTS};
use bytes::Bytes;
use sdp_types::{Attribute, Connection, Media, Origin, Session, Time};

pub(super) fn offer(local: &LocalMedia, codecs: &[Codec]) -> Bytes {
    // Browsers get G.711 alone: every bridge of theirs then forwards packets.
    let codecs = codecs
        .iter()
        .filter(|codec| local.secure.is_none() || **codec != Codec::G722);
    let numbers: Vec<(Codec, u8)> = codecs
        .filter_map(|codec| Some((*codec, codec.static_payload_type()?)))
        .collect();
    offer_of(local, &numbers, Some(OFFERED_EVENTS))
}

pub(super) fn offer_again(local: &LocalMedia, agreed: &NegotiatedMedia) -> Bytes {
    let number = (agreed.codec, agreed.payload_type);
    offer_of(local, &[number], agreed.telephone_event)
}

fn offer_of(local: &LocalMedia, numbers: &[(Codec, u8)], events: Option<u8>) -> Bytes {
    let mut session = frame(local);
    session.times.push(Time::new(0, 0));
    let mut stream = audio(local.port, numbers, events, local.direction);
    if let Some(own) = &local.secure {
        secure::offer(&mut session, &mut stream, own, local);
    }
    session.medias.push(stream);
    print(&session)
}

/// The answer to `offer`, with the stream at `place` taken and all others declined.
pub(super) fn answer(
    offer: &Session,
    place: usize,
    local: &LocalMedia,
    (agreed, direction): (&NegotiatedMedia, Direction),
) -> Bytes {
    let mut session = frame(local);
    // RFC 3264 6: the time line of the answer equals that of the offer.
    session.times.clone_from(&offer.times);
    if session.times.is_empty() {
        session.times.push(Time::new(0, 0));
    }
    for (at, theirs) in offer.medias.iter().enumerate() {
        if at != place {
            session.medias.push(declined(theirs));
            continue;
        }
        let mut stream = audio(
            local.port,
            &[(agreed.codec, agreed.payload_type)],
            agreed.telephone_event,
            direction,
        );
        if let (Some(party), Some(own)) = (&agreed.secure, &local.secure) {
            stream.proto.clone_from(&theirs.proto);
            secure::answer(&mut session, &mut stream, (theirs, party), (own, local));
        }
        session.medias.push(stream);
    }
    print(&session)
}

fn frame(local: &LocalMedia) -> Session {
    let origin = Origin::with_ip_addr(local.session_id, local.version, local.address);
    let mut session = Session::new(origin, "-");
    session.connection = Some(Connection::from_ip_addr(local.address));
    session
}

fn audio(port: u16, codecs: &[(Codec, u8)], events: Option<u8>, direction: Direction) -> Media {
    let mut formats: Vec<String> = codecs.iter().map(|(_, n)| n.to_string()).collect();
    formats.extend(events.map(|n| n.to_string()));
    let mut attributes: Vec<Attribute> = codecs
        .iter()
        .map(|(codec, number)| {
            let map = format!("{number} {}/{}", codec.name(), codec.clock_rate());
            Attribute::with_value("rtpmap", map)
        })
        .collect();
    if let Some(number) = events {
        let map = format!("{number} telephone-event/8000");
        attributes.push(Attribute::with_value("rtpmap", map));
        attributes.push(Attribute::with_value("fmtp", format!("{number} 0-16")));
    }
    attributes.push(Attribute::with_value("ptime", DEFAULT_PTIME_MS));
    attributes.push(Attribute::new(direction.as_str()));
    Media {
        attributes,
        ..bare("audio", port, "RTP/AVP", &formats.join(" "))
    }
}

/// Port 0 and the offered formats, which say nothing here but must be there (RFC 3264 6).
fn declined(theirs: &Media) -> Media {
    let mut media = bare(&theirs.media, 0, &theirs.proto, &theirs.fmt);
    media.attributes.extend(secure::mid(theirs));
    media
}

fn bare(media: &str, port: u16, proto: &str, formats: &str) -> Media {
    Media {
        media: media.to_owned(),
        port,
        num_ports: None,
        proto: proto.to_owned(),
        fmt: formats.to_owned(),
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

fn print(session: &Session) -> Bytes {
    let mut bytes = Vec::with_capacity(256);
    session
        .write(&mut bytes)
        .expect("writing into memory does not fail");
    bytes.into()
}
