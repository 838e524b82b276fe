//! An INVITE with one element made abnormal, for every element and every anomaly: some 6,000 messages, and behind each
//! a valid request that must be answered.
//!
//! Each is refused with 4xx, 501 or 505, or taken as if nothing were odd (404: the number is none of ours), or, where
//! nobody can say whom to answer, met with silence. None makes a call.

use crate::alive::Alive;
use crate::support::mutate::escaped;
use crate::support::phone::seconds;
use crate::wire::{Wire, place};

/// The message, with the elements between braces; `{length}` is the body's unless it is the element.
const HEAD: &str = "{method} {scheme}:{user}@{host}:{port};{uri-name}={uri-value} {version}\r\n\
    Via: {via-protocol}/{via-transport} {via-host};branch={branch};rport;{via-name}={via-value}\r\n\
    Max-Forwards: {max-forwards}\r\n\
    From: \"{from-display}\" <{from-scheme}:{from-user}@{from-host}>;tag={from-tag}\r\n\
    To: {to-display} <{to-scheme}:{to-user}@{to-host}:{to-port}>\r\n\
    Call-ID: {call-id}@{call-host}\r\n\
    CSeq: {cseq} {cseq-method}\r\n\
    Contact: \"{contact-display}\" <sip:{contact-user}@{contact-host}>;expires={contact-expires};q={q}\r\n\
    Expires: {expires}\r\n\
    Accept: {accept}\r\n\
    Supported: {supported}\r\n\
    Authorization: {auth-scheme} username=\"{auth-user}\", realm={auth-realm}, nonce=\"{nonce}\", nc={nc}\r\n\
    {name}: {value}\r\n\
    Content-Type: {type}/{subtype}\r\n\
    Content-Length: {length}\r\n\r\n";
const BODY: &str = "v={sdp-version}\r\no={origin} {session} {session-version} IN {family} {origin-host}\r\ns={subject}\r\n\
    c=IN {c-family} {c-host}\r\nt={begin} {end}\r\nm={media} {media-port} {profile} {format}\r\n\
    a=rtpmap:{map-number} {map-name}/{map-rate}\r\na=ptime:{ptime}\r\na={attribute}\r\n";

/// Elements and what stands there in a message that is right.
const ELEMENTS: [(&str, &str); 62] = [
    ("method", "INVITE"),
    ("scheme", "sip"),
    ("user", "4711"),
    ("host", "example.com"),
    ("port", "5060"),
    ("uri-name", "user"),
    ("uri-value", "phone"),
    ("version", "SIP/2.0"),
    ("via-protocol", "SIP/2.0"),
    ("via-transport", "UDP"),
    ("via-host", "here"),
    ("branch", "z9hG4bK"),
    ("via-name", "x"),
    ("via-value", "y"),
    ("max-forwards", "70"),
    ("from-display", "Ana"),
    ("from-scheme", "sip"),
    ("from-user", "600111222"),
    ("from-host", "example.com"),
    ("from-tag", "g1"),
    ("to-display", "Us"),
    ("to-scheme", "sip"),
    ("to-user", "4711"),
    ("to-host", "example.com"),
    ("to-port", "5060"),
    ("call-id", "generated"),
    ("call-host", "example.com"),
    ("cseq", "1"),
    ("cseq-method", "INVITE"),
    ("contact-display", "Ana"),
    ("contact-user", "ana"),
    ("contact-host", "192.0.2.1"),
    ("contact-expires", "60"),
    ("q", "0.5"),
    ("expires", "60"),
    ("accept", "application/sdp"),
    ("supported", "timer"),
    ("auth-scheme", "Digest"),
    ("auth-user", "2001"),
    ("auth-realm", "\"x\""),
    ("nonce", "n"),
    ("nc", "00000001"),
    ("name", "X-Other"),
    ("value", "x"),
    ("type", "application"),
    ("subtype", "sdp"),
    ("length", ""),
    ("sdp-version", "0"),
    ("origin", "-"),
    ("session", "1"),
    ("family", "IP4"),
    ("subject", "-"),
    ("c-family", "IP4"),
    ("c-host", "192.0.2.1"),
    ("begin", "0"),
    ("media", "audio"),
    ("media-port", "4000"),
    ("profile", "RTP/AVP"),
    ("format", "0 101"),
    ("map-number", "101"),
    ("map-name", "telephone-event"),
    ("attribute", "sendrecv"),
];

/// The rest, which is never odd.
const FIXED: [(&str, &str); 5] = [
    ("session-version", "1"),
    ("origin-host", "192.0.2.1"),
    ("end", "0"),
    ("map-rate", "8000"),
    ("ptime", "20"),
];

/// Odd texts.
const TEXTS: &[&str] = &[
    " ",
    "\t",
    "   ",
    "\0",
    "\r",
    "\n",
    "\r\n",
    "\r\n ",
    "\r\n\r\n",
    "%s%s%s%s",
    "%n%n%n%n",
    "%x%d",
    "%00",
    "%0d%0a",
    "%zz",
    "%",
    "%25",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\u{1F600}",
    "*",
    "..",
    "../../etc/passwd",
    "localhost",
    "::1",
    "[::1]",
    "[",
    "[::",
    "1.2.3.4.5",
    "256.256.256.256",
    "255.255.255.255",
    "<script>",
    "' OR 1=1 --",
    "a b",
];

/// What is put in the place of an element.
fn anomalies() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = vec![Vec::new()];
    all.extend(TEXTS.iter().map(|text| text.as_bytes().to_vec()));
    let broken: [&[u8]; 6] = [
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xc3",
        b"a\xffb",
    ];
    all.extend(broken.iter().map(|bytes| bytes.to_vec()));
    for sign in ",;:<>@\"\\()[]{}?=&/|+-".chars() {
        all.push(sign.to_string().into_bytes());
        all.push(sign.to_string().repeat(17).into_bytes());
    }
    for bits in [8, 16, 31, 32, 63, 64] {
        let power = 1_u128 << bits;
        all.extend([power - 1, power].map(|number| number.to_string().into_bytes()));
    }
    let numbers = [
        "-1",
        "0",
        "-0",
        "+1",
        "00001",
        "1e9",
        "0x10",
        "1.5",
        "-99999999999999999999999",
        "NaN",
    ];
    all.extend(numbers.iter().map(|text| text.as_bytes().to_vec()));
    for length in [64, 255, 256, 1_024, 4_096, 8_192, 16_384] {
        all.push(vec![b'a'; length]);
        all.push(b"1".repeat(length + 1));
    }
    all
}

fn fill(template: &str, odd: (&str, &[u8]), own: &[(&str, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap();
        out.extend_from_slice(before.as_bytes());
        rest = behind;
        if name == odd.0 {
            out.extend_from_slice(odd.1);
        } else if let Some((_, value)) = own.iter().find(|(known, _)| *known == name) {
            out.extend_from_slice(value.as_bytes());
        } else {
            let mut known = ELEMENTS.iter().chain(&FIXED);
            let (_, value) = known.find(|(known, _)| *known == name).unwrap();
            out.extend_from_slice(value.as_bytes());
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

fn message(wire: &Wire, number: usize, element: &str, anomaly: &[u8]) -> Vec<u8> {
    let body = fill(BODY, (element, anomaly), &[]);
    let own = [
        ("via-host", wire.local().to_string()),
        ("via-transport", wire.name().to_owned()),
        ("branch", format!("z9hG4bKg{number}")),
        ("call-id", format!("generated-{number}")),
        ("length", body.len().to_string()),
    ];
    let mut bytes = fill(HEAD, (element, anomaly), &own);
    bytes.extend(body);
    bytes
}

/// What came back is fair; how many of it were 503.
fn judge(wire: &mut Wire, what: impl Fn() -> String) -> usize {
    let mut busy = 0;
    while let Some(answer) = wire.next(seconds(0)) {
        let status = answer.status().unwrap_or(0);
        let is_fair = (400..500).contains(&status) || matches!(status, 100 | 501 | 503 | 505);
        assert!(is_fair, "{}: {answer:?}", what());
        busy += usize::from(status == 503);
    }
    busy
}

#[test]
fn every_element_with_every_anomaly() {
    // Faster than any real callers; being turned away is another test's question.
    let mut alive =
        Alive::with_company(|company| company + "\n[limits]\nmax_calls_per_second = 10000\n");
    let anomalies = anomalies();
    let (mut number, mut busy) = (0, 0);
    for (element, right) in ELEMENTS {
        // Sources of their own: what a flood from one address may do is another test's question.
        let mut wire = Wire::udp(alive.world.sip, place(2_000 + number as u16), &[]);
        let mut stream = Wire::tcp(alive.world.sip, place(2_000 + number as u16));
        let is_right = !matches!(
            element,
            "length" | "branch" | "call-id" | "via-host" | "via-transport"
        );
        if is_right {
            number += 1;
            wire.send(&message(&wire, number, element, right.as_bytes()));
            let answer = wire.next_final(crate::alive::PATIENCE).unwrap();
            assert_eq!(answer.status(), Some(404), "the valid case: {answer:?}");
        }
        for anomaly in &anomalies {
            number += 1;
            let bytes = message(&wire, number, element, anomaly);
            let what = || format!("{element} = {}", escaped(&anomaly[..anomaly.len().min(80)]));
            wire.send(&bytes[..bytes.len().min(65_000)]);
            alive.ping("a generated message");
            busy += judge(&mut wire, what);
            if number % 8 == 0 {
                stream.send(&message(&stream, number, element, anomaly));
                alive.ping("a generated message on a stream");
                busy += judge(&mut stream, what);
                stream = Wire::tcp(alive.world.sip, place(2_000 + number as u16));
            }
        }
        alive.check(element);
    }
    assert!(number >= 4_500, "{number} cases");
    assert!(busy * 50 < number, "{busy} of {number} were turned away");
    let calls = alive.calls() as usize;
    alive
        .world
        .wait_for("/interactions?limit=500", seconds(10), |list| {
            list["items"].as_array().unwrap().len() == calls
        });
}
