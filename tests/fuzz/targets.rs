//! The bodies of the fuzz targets: each takes any bytes, hands them to one reader of ours, and holds its answer against
//! what must be true of it. Plain functions without a test's surroundings, so that they also run under a fuzzer.
//!
//! **Owns**: what must hold. **Must not know**: where the bytes come from.

/// What holds for messages is said once, beside the parser.
#[path = "../../sip-gateway/src/sip/message/tests/holds.rs"]
mod holds;

use bytes::Bytes;
use cordboard::config::{self, PasswordPolicy};
use recordings::Journal;
use sip_gateway::media::clip::Clip;
use sip_gateway::media::dtmf::{EventPayload, KeyReceiver, key_of};
use sip_gateway::media::opus;
use sip_gateway::media::rtcp;
use sip_gateway::media::rtp::{RtpHeader, RtpPacket, is_rtcp};
use sip_gateway::secure_media::{Fingerprint, IceLogin, LocalSecure};
use sip_gateway::sip::framing::{Frame, Framer};
use sip_gateway::sip::message::{
    HeaderName, Headers, MAX_MESSAGE, MAX_VALUE, Message, Request, Response, Uri, check_accept,
    check_content, find_body, parse_datagram, validate, validate_response,
};
use sip_gateway::sip::sdp::{self, LocalMedia};
use std::net::Ipv4Addr;
use std::path::Path;

/// A target by its name.
pub(crate) type Target = fn(&[u8]);

/// All of them.
pub(crate) const ALL: [(&str, Target); 13] = [
    ("sip_message", sip_message),
    ("sip_stream", sip_stream),
    ("sdp", sdp_offer_and_answer),
    ("digest_header", digest_header),
    ("rtp", rtp),
    ("rtcp", rtcp_compound),
    ("dtmf", dtmf),
    ("opus", opus_stream),
    ("wav", wav),
    ("flow", flow),
    ("expression", expression),
    ("journal", journal),
    ("company", company),
];

/// What is read is printed back the same; a refusal can be sent and read.
pub(crate) fn sip_message(data: &[u8]) {
    holds::any_datagram(data);
}

/// However a stream is cut, the same comes out of it. The first byte says how.
pub(crate) fn sip_stream(data: &[u8]) {
    let Some((cut, stream)) = data.split_first() else {
        return;
    };
    let whole = frames(stream, stream.len().max(1));
    assert_eq!(whole, frames(stream, usize::from(*cut) + 1));
    for frame in whole.into_iter().flatten() {
        if let Frame::Message(bytes) = frame {
            assert!(bytes.len() <= MAX_MESSAGE);
            sip_message(&bytes);
        }
    }
}

/// Everything up to the end or the loss of the frame, which is the last thing then.
fn frames(stream: &[u8], size: usize) -> Vec<Result<Frame, String>> {
    let (mut framer, mut all) = (Framer::default(), Vec::new());
    for piece in stream.chunks(size) {
        framer.push(piece);
        loop {
            match framer.poll() {
                Ok(Some(frame)) => all.push(Ok(frame)),
                Ok(None) => break,
                Err(error) => {
                    all.push(Err(format!("{error:?}")));
                    return all;
                }
            }
        }
    }
    all
}

/// An answer to any offer can be read and has as many streams; a refusal is 400 or 488.
pub(crate) fn sdp_offer_and_answer(data: &[u8]) {
    let local = LocalMedia {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 20_000,
        session_id: 1,
        version: 1,
        direction: sdp::Direction::SendRecv,
        secure: Some(LocalSecure {
            login: IceLogin::from_random([7; 32]),
            fingerprint: Fingerprint([9; 32]),
        }),
        opus: sdp::OpusPlace::First,
    };
    match sdp::answer(data, &local) {
        Ok((answer, agreed)) => {
            let offer = sdp::parse(data).unwrap();
            let read = sdp::parse(&answer).unwrap();
            assert_eq!(read.stream_count(), offer.stream_count());
            assert!((10..=60).contains(&agreed.ptime_ms));
            assert!(agreed.remote.port() != 0 && agreed.remote.is_ipv4());
        }
        Err(error) => assert!(matches!(error.status, 400 | 488), "{error:?}"),
    }
    let offer = sdp::make_offer(&local, &sdp::Codec::ALL);
    if let Err(error) = sdp::accept_answer(data, &offer) {
        assert!(matches!(error.status, 400 | 488), "{error:?}");
    }
}

/// Challenges and credentials that are read are printed back the same.
pub(crate) fn digest_header(data: &[u8]) {
    let names = [
        HeaderName::Authorization,
        HeaderName::ProxyAuthorization,
        HeaderName::WwwAuthenticate,
        HeaderName::ProxyAuthenticate,
    ];
    let read = |headers: &Headers| {
        [
            headers.authorization(),
            headers.proxy_authorization(),
            headers.www_authenticate(),
            headers.proxy_authenticate(),
        ]
    };
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut headers = Headers::new();
    for name in &names {
        headers.push(name.clone(), text.trim());
    }
    for (name, found) in names.into_iter().zip(read(&headers)) {
        for one in found.into_iter().flatten() {
            let mut again = Headers::new();
            again.push(name.clone(), &one);
            let found = read(&again).into_iter().flatten().flatten().next();
            assert_eq!(found, Some(one));
        }
    }
}

/// The payload lies inside the packet, and what the header says is what stands in it.
pub(crate) fn rtp(data: &[u8]) {
    let _ = is_rtcp(data);
    if let Ok(packet) = RtpPacket::parse(data) {
        assert!(packet.payload.len() + 12 <= data.len());
        let bytes = packet.header.to_bytes();
        assert_eq!(bytes[1..], data[1..12]);
    }
}

/// Reports are read or refused, whoever they are about.
pub(crate) fn rtcp_compound(data: &[u8]) {
    for own in [0, 0x0102_0304, u32::MAX] {
        if let Ok(compound) = rtcp::parse(data, own) {
            assert!(data.len() >= 4);
            assert!(compound.about_us.is_none_or(|block| block.ssrc == own));
        }
    }
}

/// However event packets come, there are at most as many keys as packets, and only keys that exist.
pub(crate) fn dtmf(data: &[u8]) {
    let mut receiver = KeyReceiver::default();
    for nine in data.chunks(9) {
        let Some((head, payload)) = nine.split_first_chunk::<5>() else {
            continue;
        };
        let timestamp = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        if let Some(event) = EventPayload::parse(payload) {
            let pressed = receiver.receive(u32::from(head[0] & 1), timestamp, event);
            let key = pressed.and_then(key_of);
            assert!(key.is_none_or(|key| "0123456789*#ABCD".contains(key)));
            let again = receiver.receive(u32::from(head[0] & 1), timestamp, event);
            assert_eq!(again, None, "one packet twice is one key");
        }
    }
}

/// Packets of one stream: 40 s and more of sound, each of which takes its time to decode however short it is.
const STREAM: usize = 2_000;

/// Whatever packets say and however they are numbered, there is sound of a bounded length. Each packet is its length,
/// the steps of its number and of its time in ticks of 2.5 ms, and its bytes.
pub(crate) fn opus_stream(data: &[u8]) {
    let (mut listener, mut samples) = (opus::Listener::default(), [0; opus::MOST]);
    let mut header = RtpHeader {
        marker: false,
        payload_type: 111,
        sequence: 65_000,
        timestamp: u32::MAX - 50_000,
        ssrc: 1,
    };
    let mut rest = data;
    for _ in 0..STREAM {
        let Some(([length, number, time], after)) = rest.split_first_chunk::<3>() else {
            return;
        };
        let (payload, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        header.sequence = header.sequence.wrapping_add(u16::from(*number));
        let ticks = u32::from(*time) * 120;
        header.timestamp = header.timestamp.wrapping_add(ticks);
        let heard = listener.hear(&header, payload, &mut samples);
        assert!(heard.samples <= opus::MOST);
        assert!(opus::samples(payload).is_none_or(|samples| samples <= 960));
    }
}

/// A clip is there with its samples, or the file is refused.
pub(crate) fn wav(data: &[u8]) {
    if let Ok(clip) = Clip::from_wav(data) {
        assert!(!clip.pcm().is_empty());
    }
}

/// A flow is read or refused with findings that lie inside the file; what was read can be checked.
pub(crate) fn flow(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match ivr_flows::parse(text, "fuzzed.flow.yaml") {
        Ok(flow) => drop(ivr_flows::check(&flow, None)),
        Err(findings) => assert!(!findings.is_empty()),
    }
    let checked = ivr_flows::check_source(text, "fuzzed.flow.yaml", None);
    let rendered = ivr_flows::render_human(&checked.findings, text);
    assert_eq!(rendered.is_empty(), checked.findings.is_empty());
}

/// The text as a condition and as a template in a flow.
pub(crate) fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let quoted = serde_json::to_string(text).unwrap();
    let template = serde_json::to_string(&format!("a {{{{ {text} }}}} b")).unwrap();
    let source = format!(
        "flow: 1\nname: fuzzed\nprompts:\n  hello: {{ file: hello.wav }}\nblocks:\n  start:\n    - answer:\n    \
         - play: hello\n      when: {quoted}\n    - tag: {{ reason: {template} }}\n    - hangup:\n"
    );
    flow(source.as_bytes());
}

/// Any bytes as the newest segment: the journal opens, and opened again it finds nothing more to mend.
pub(crate) fn journal(data: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let segment = folder.path().join("00000000000000000001.log");
    std::fs::write(segment, data).unwrap();
    let first = open(folder.path());
    let second = open(folder.path());
    assert_eq!(second.1, 0, "mended twice");
    assert_eq!(first.0, second.0, "the next number");
    assert!(first.0 >= 1);
}

/// The next sequence number, and how much was found broken.
fn open(folder: &Path) -> (u64, u64) {
    // Keeping room back on the disk is not what is tried here, and takes long.
    let settings = recordings::journal::Settings {
        reserve: 0,
        ..Default::default()
    };
    let opened = Journal::open(folder, 0, settings).unwrap();
    let found = (
        opened.next_seq,
        opened.damage.broken_lines + opened.damage.torn_bytes,
    );
    drop(opened.journal);
    opened.thread.join().unwrap();
    found
}

/// Company and settings are read, or refused with findings that name a place in the file.
pub(crate) fn company(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let lines = text.lines().count().max(1) + 1;
    let secrets = |_: &Path| Err("no secrets here".to_owned());
    let company = config::parse_company(text, "company.toml", PasswordPolicy::Required);
    assert!(company.value.is_some() || !company.findings.is_empty());
    let settings = config::parse_settings(text, "cordboard.toml", &[], &secrets);
    assert!(settings.value.is_some() || !settings.findings.is_empty());
    for finding in company.findings.iter().chain(&settings.findings) {
        assert!(finding.line <= lines, "{finding:?}");
    }
}
