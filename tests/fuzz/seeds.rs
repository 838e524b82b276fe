//! Well-formed inputs of each target, to begin the damage with.
//!
//! **Owns**: examples. **Must not know**: what is made of them.

use std::path::Path;

/// The messages of RFC 4475 are those of the parser's own tests.
#[path = "../../sip-gateway/src/sip/message/tests/torture/mod.rs"]
#[allow(dead_code, reason = "the parser's tests read more of them")]
mod messages;

use sip_gateway::media::opus::{Speaker, Wish};
use sip_gateway::sip::message::Layer;

/// Inputs that the target of this name understands.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "sip_message" => sip_messages(),
        "sip_stream" => sip_streams(),
        "sdp" => texts(&SDP),
        "digest_header" => texts(&DIGEST),
        "rtp" => rtp(),
        "rtcp" => rtcp(),
        "dtmf" => dtmf(),
        "opus" => opus(),
        "wav" => wav(),
        "flow" => files(&[
            "ivr-flows/examples/hello/flows/hello.flow.yaml",
            "ivr-flows/examples/fernhill/flows/support.flow.yaml",
        ]),
        "expression" => texts(&EXPRESSIONS),
        "journal" => journal(),
        "company" => files(&[
            "ivr-flows/examples/hello/company.toml",
            "ivr-flows/examples/fernhill/company.toml",
        ]),
        _ => Vec::new(),
    }
}

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn files(all: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &&str| std::fs::read(root.join(name)).unwrap();
    all.iter().map(read).collect()
}

fn sip_messages() -> Vec<Vec<u8>> {
    messages::all().into_iter().map(|m| m.bytes).collect()
}

/// Several messages behind each other; the first byte is the size of the pieces.
fn sip_streams() -> Vec<Vec<u8>> {
    let all = sip_messages();
    let glued = |(n, three): (usize, &[Vec<u8>])| {
        let mut stream = vec![n as u8];
        stream.extend(three.concat());
        stream
    };
    let mut streams: Vec<Vec<u8>> = all.chunks(3).enumerate().map(glued).collect();
    streams.push(b"\x00\r\n\r\n\r\n\r\n".to_vec());
    streams
}

const SDP: [&str; 5] = [
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 9 101\r\n\
     a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendonly\r\na=rtcp:4003 IN IP4 192.0.2.2\r\n",
    "v=0\r\no=j 9223372036854775807 1 IN IP4 h\r\ns=x\r\nt=0 0\r\nm=video 9 RTP/AVP 31\r\nm=audio 9 RTP/AVP 8\r\n\
     c=IN IP4 192.0.2.1/127\r\na=inactive\r\nm=audio 0 RTP/SAVP 0\r\nm=application 5 UDP/BFCP *\r\n",
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
    "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96 0\r\n\
     a=rtpmap:96 opus/48000/2\r\n",
    "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nb=AS:64\nt=0 0\nr=7d 1h 0 25h\nz=0 0\nk=clear:x\na=x:y\nm=audio 4000/2 RTP/AVP 0\nc=IN IP4 192.0.2.1\n",
];

const DIGEST: [&str; 4] = [
    "Digest username=\"2001\", realm=\"a\", nonce=\"b\", uri=\"sip:c\", response=\"d\", algorithm=MD5, cnonce=\"e\", qop=auth, nc=00000001, opaque=\"\"",
    "Digest realm=\"x, \\\"y\\\"\", nonce=\"n,1\", qop=\"auth,auth-int\", stale=TRUE, algorithm=SHA-256",
    "NoOneKnowsThisScheme opaque-data=here",
    "Digest\trealm=a,nonce = b ,, uri=c",
];

const EXPRESSIONS: [&str; 8] = [
    "tags.reason == 'help' && caller.known",
    "customer.tier in ['gold', 'silver'] ? 1 : 2",
    "size(caller.number) > 3 || !has(tags.x)",
    "1 + 2 * -3 % 4 / 5.5e10 >= 0x1F",
    "caller.number.startsWith('+34') && caller.number.matches('^[+0-9]+$')",
    "[1, 2, 3].exists(x, x > 2) && {'a': 1}['a'] == 1",
    "'\\u00e9\\n' + \"b\" + r'raw'",
    "((((((((((1))))))))))",
];

fn rtp() -> Vec<Vec<u8>> {
    let mut plain = vec![0x80, 0x80, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4];
    plain.extend([0xff; 160]);
    let mut odd = vec![
        0xb2, 101, 0xff, 0xff, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 6, 6, 6, 6,
    ];
    odd.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4, 9, 9, 9, 0, 0, 4]);
    vec![plain, odd]
}

fn rtcp() -> Vec<Vec<u8>> {
    let mut report = vec![0x81, 200, 0, 12, 1, 2, 3, 4];
    report.extend([7; 20]);
    report.extend([1, 2, 3, 4, 10, 0xff, 0xff, 0xfe]);
    report.extend([0; 16]);
    let mut names = vec![0x81, 202, 0, 3, 1, 2, 3, 4, 1, 3, b'a', b'@', b'b', 0, 0, 0];
    let bye = [0x81, 203, 0, 1, 1, 2, 3, 4];
    names.extend(bye);
    let receiver = vec![0x80, 201, 0, 1, 1, 2, 3, 4];
    vec![[report, names].concat(), receiver]
}

/// Source, timestamp, event, flags and volume, duration: nine bytes a packet.
fn dtmf() -> Vec<Vec<u8>> {
    let packet = |time: u32, event: u8, end: bool, duration: u16| {
        let mut packet = vec![0];
        packet.extend(time.to_be_bytes());
        packet.extend([event, u8::from(end) << 7 | 10]);
        packet.extend(duration.to_be_bytes());
        packet
    };
    let press = [
        packet(800, 5, false, 160),
        packet(800, 5, false, 320),
        packet(800, 5, true, 320),
        packet(800, 5, true, 320),
        packet(4_000, 11, false, 160),
    ];
    let long = [
        packet(0, 1, false, u16::MAX),
        packet(65_535, 1, false, 160),
        packet(u32::MAX, 16, true, 0),
    ];
    vec![press.concat(), long.concat()]
}

/// Length, step of the number, step of the time, packet: some in a row, some with losses between them.
fn opus() -> Vec<Vec<u8>> {
    let speech = |wish, step: u8| {
        let mut speaker = Speaker::new(wish);
        let packet = |at: i32| {
            let voice = |n: i32| ((at * 160 + n) % 67 * 200 - 6_000) as i16;
            let samples = std::array::from_fn(|n| voice(n as i32));
            let mut packet = [0; 255];
            let length = speaker.speak(&samples, &mut packet);
            let mut whole = vec![length as u8, step, step * 8];
            whole.extend_from_slice(&packet[..length]);
            whole
        };
        (0..8).flat_map(packet).collect()
    };
    let fec = Wish {
        max_bitrate: None,
        fec: true,
    };
    vec![speech(Wish::default(), 1), speech(fec, 2), speech(fec, 4)]
}

fn wav() -> Vec<Vec<u8>> {
    use hound::SampleFormat::{Float, Int};
    let write = |channels, sample_rate, bits_per_sample, sample_format| {
        let spec = hound::WavSpec {
            channels,
            sample_rate,
            bits_per_sample,
            sample_format,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for n in 0..400_i32 {
            match sample_format {
                Int => writer.write_sample(n % 100).unwrap(),
                Float => writer.write_sample(n as f32 / 400.0).unwrap(),
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    };
    vec![
        write(1, 8_000, 16, Int),
        write(2, 44_100, 16, Int),
        write(1, 16_000, 8, Int),
        write(2, 48_000, 24, Int),
        write(1, 22_050, 32, Float),
    ]
}

/// Lines as the journal writes them: two that are right, one whose sum is wrong, one that is torn.
fn journal() -> Vec<Vec<u8>> {
    let line = |json: &str| format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
    let known = "{\"seq\":1,\"at\":1,\"event\":{\"kind\":\"started\"}}";
    let next = "{\"seq\":2,\"at\":2,\"event\":{\"kind\":\"started\"}}";
    let good = line(known) + &line(next);
    let wrong = good.replacen("\"seq\":1", "\"seq\":7", 1);
    let torn = good[..good.len() - 9].to_owned();
    texts(&[&good, &wrong, &torn, "zzzzzzzz {}\n", "00000000 \n\n"])
}
