//! Our offers and answers.
//!
//! **Owns**: what our descriptions look like. **Must not know**: why they are sent.

use super::secure;
use super::{
    Codec, DEFAULT_PTIME_MS, Direction, LocalMedia, NegotiatedMedia, OFFERED_EVENTS, OFFERED_OPUS,
    OFFERED_OPUS_EVENTS,
};
use bytes::Bytes;
use sdp_types::{Attribute, Connection, Media, Origin, Session, Time};

/// What we want to receive: speech of 16 kHz at most, with what makes good for losses (RFC 7587 6.1).
const OPUS_WISH: &str = "minptime=10;useinbandfec=1;maxplaybackrate=16000;maxaveragebitrate=32000";

/// Payload types of an offer or answer: codecs, and events with their clocks.
struct Numbers {
    codecs: Vec<(Codec, u8)>,
    events: Vec<(u8, u32)>,
}

impl Numbers {
    fn agreed(agreed: &NegotiatedMedia) -> Self {
        let clock = agreed.codec.clock_rate();
        let events = agreed.telephone_event.map(|number| (number, clock));
        Self {
            codecs: vec![(agreed.codec, agreed.payload_type)],
            events: events.into_iter().collect(),
        }
    }
}

pub(super) fn offer(local: &LocalMedia, codecs: &[Codec]) -> Bytes {
    // Browsers get no G.722: each bridge of theirs then forwards packets, or is worth its transcoding.
    let codecs: Vec<Codec> = match local.secure {
        None => codecs.to_vec(),
        Some(_) => Codec::of_secured(local.opus)
            .filter(|codec| *codec == Codec::Opus || codecs.contains(codec))
            .filter(|codec| *codec != Codec::G722)
            .collect(),
    };
    let number = |codec: &Codec| codec.static_payload_type().unwrap_or(OFFERED_OPUS);
    let mut events = vec![(OFFERED_EVENTS, Codec::Pcmu.clock_rate())];
    if codecs.contains(&Codec::Opus) {
        events.push((OFFERED_OPUS_EVENTS, Codec::Opus.clock_rate()));
    }
    let codecs = codecs.iter().map(|codec| (*codec, number(codec))).collect();
    offer_of(local, &Numbers { codecs, events })
}

pub(super) fn offer_again(local: &LocalMedia, agreed: &NegotiatedMedia) -> Bytes {
    offer_of(local, &Numbers::agreed(agreed))
}

fn offer_of(local: &LocalMedia, numbers: &Numbers) -> Bytes {
    let mut session = frame(local);
    session.times.push(Time::new(0, 0));
    let mut stream = audio(local.port, numbers, local.direction);
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
        let mut stream = audio(local.port, &Numbers::agreed(agreed), direction);
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

fn audio(port: u16, numbers: &Numbers, direction: Direction) -> Media {
    let Numbers { codecs, events } = numbers;
    let all = codecs.iter().map(|(_, number)| number);
    let all = all.chain(events.iter().map(|(number, _)| number));
    let formats: Vec<String> = all.map(u8::to_string).collect();
    let mut attributes = Vec::new();
    for (codec, number) in codecs {
        let (name, clock) = (codec.name(), codec.clock_rate());
        let channels = if *codec == Codec::Opus { "/2" } else { "" };
        let map = format!("{number} {name}/{clock}{channels}");
        attributes.push(Attribute::with_value("rtpmap", map));
        if *codec == Codec::Opus {
            let wish = format!("{number} {OPUS_WISH}");
            attributes.push(Attribute::with_value("fmtp", wish));
        }
    }
    for (number, clock) in events {
        let map = format!("{number} telephone-event/{clock}");
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
