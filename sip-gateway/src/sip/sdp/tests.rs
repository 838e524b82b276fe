//! Offers, answers, hold, and descriptions that are wrong.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const LOCAL: LocalMedia = LocalMedia {
    address: IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1)),
    port: 20_000,
    session_id: 7,
    version: 1,
    direction: Direction::SendRecv,
    secure: None,
    opus: OpusPlace::Off,
};

/// A description with this connection and these lines from the first m-line on.
fn sdp(connection: &str, media: &[&str]) -> String {
    let mut text = format!("v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\n{connection}t=0 0\r\n");
    for line in media {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text
}

const IP4: &str = "c=IN IP4 192.0.2.1\r\n";

fn answered(media: &[&str]) -> (String, NegotiatedMedia) {
    let (bytes, agreed) = answer(sdp(IP4, media).as_bytes(), &LOCAL).unwrap();
    (String::from_utf8(bytes.to_vec()).unwrap(), agreed)
}

fn refused(text: &str) -> u16 {
    answer(text.as_bytes(), &LOCAL).unwrap_err().status
}

#[test]
fn the_offerers_first_codec_and_events_at_its_number() {
    let (text, agreed) = answered(&[
        "m=audio 49170 RTP/AVP 18 8 0 96",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-15",
        "a=ptime:30",
    ]);
    assert_eq!(
        agreed.remote,
        "192.0.2.1:49170".parse::<SocketAddr>().unwrap()
    );
    assert_eq!(
        agreed.rtcp,
        "192.0.2.1:49171".parse::<SocketAddr>().unwrap()
    );
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcma, 8));
    assert_eq!(agreed.telephone_event, Some(96));
    assert_eq!(agreed.ptime_ms, 30);
    assert_eq!(agreed.direction, Direction::SendRecv);
    assert_eq!(
        text,
        "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 8 96\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn rtpmap_decides_what_a_number_means() {
    let (_, agreed) = answered(&["m=audio 4000 RTP/AVP 0"]);
    assert_eq!((agreed.payload_type, agreed.telephone_event), (0, None));
    let (_, agreed) = answered(&["m=audio 4000 RTP/AVP 99", "a=rtpmap:99 pcmu/8000/1"]);
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcmu, 99));
    let (_, agreed) = answered(&["m=audio 4000 RTP/AVP 8 0"]);
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcma, 8));
    for media in [
        &["m=audio 4000 RTP/AVP 9 0"][..],
        &["m=audio 4000 RTP/AVP 9 8", "a=rtpmap:9 G722/8000"],
    ] {
        let (text, agreed) = answered(media);
        assert_eq!((agreed.codec, agreed.payload_type), (Codec::G722, 9));
        assert!(text.contains("m=audio 20000 RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\n"));
    }
    // A number can be given another meaning.
    let (_, agreed) = answered(&["m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 PCMA/8000"]);
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcma, 0));
    // Events at another clock are not ours.
    let (_, agreed) = answered(&[
        "m=audio 4000 RTP/AVP 0 100",
        "a=rtpmap:100 telephone-event/48000",
    ]);
    assert_eq!(agreed.telephone_event, None);
    for media in [
        &["m=audio 4000 RTP/AVP 18 3"][..],
        &["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/16000"],
        &["m=audio 4000 RTP/AVP 300 x"],
    ] {
        assert_eq!(refused(&sdp(IP4, media)), 488, "{media:?}");
    }
}

#[test]
fn other_streams_are_declined_in_their_places() {
    let (text, agreed) = answered(&[
        "m=video 5000 RTP/AVP 31",
        "m=audio 0 RTP/AVP 0",
        "m=audio 6000 UDP/TLS/RTP/SAVPF 0",
        "m=audio 7000 RTP/AVP 0",
        "m=audio 8000 RTP/AVP 0",
        "m=application 9000 UDP/BFCP *",
    ]);
    assert_eq!(agreed.remote.port(), 7000);
    let lines: Vec<&str> = text.lines().filter(|l| l.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 31",
            "m=audio 0 RTP/AVP 0",
            "m=audio 0 UDP/TLS/RTP/SAVPF 0",
            "m=audio 20000 RTP/AVP 0",
            "m=audio 0 RTP/AVP 0",
            "m=application 0 UDP/BFCP *",
        ]
    );
}

#[test]
fn hold_is_understood_and_answered() {
    let cases = [
        (IP4, "a=sendonly", Direction::RecvOnly, "a=recvonly"),
        (IP4, "a=recvonly", Direction::SendOnly, "a=sendonly"),
        (IP4, "a=inactive", Direction::Inactive, "a=inactive"),
        (IP4, "a=sendrecv", Direction::SendRecv, "a=sendrecv"),
        (
            "c=IN IP4 0.0.0.0\r\n",
            "a=sendrecv",
            Direction::RecvOnly,
            "a=recvonly",
        ),
        (
            "c=IN IP4 0.0.0.0\r\n",
            "a=inactive",
            Direction::Inactive,
            "a=inactive",
        ),
    ];
    for (connection, line, direction, answer_line) in cases {
        let offer = sdp(connection, &["m=audio 4000 RTP/AVP 0", line]);
        let (bytes, agreed) = answer(offer.as_bytes(), &LOCAL).unwrap();
        assert_eq!(agreed.direction, direction, "{connection} {line}");
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.contains(answer_line), "{text}");
    }
    // At session level, unless the stream says otherwise.
    let session = format!("{IP4}a=sendonly\r\n");
    let offer = sdp(&session, &["m=audio 4000 RTP/AVP 0"]);
    let agreed = answer(offer.as_bytes(), &LOCAL).unwrap().1;
    assert_eq!(agreed.direction, Direction::RecvOnly);
    let offer = sdp(&session, &["m=audio 4000 RTP/AVP 0", "a=sendrecv"]);
    let agreed = answer(offer.as_bytes(), &LOCAL).unwrap().1;
    assert_eq!(agreed.direction, Direction::SendRecv);
}

#[test]
fn addresses_and_rtcp() {
    let agreed = answered(&["m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.9", "a=rtcp-mux"]).1;
    assert_eq!(
        agreed.remote,
        "192.0.2.9:4000".parse::<SocketAddr>().unwrap()
    );
    assert_eq!(agreed.rtcp, "192.0.2.9:4001".parse::<SocketAddr>().unwrap());
    let (text, agreed) = answered(&["m=audio 4000 RTP/AVP 0", "a=rtcp:5001", "a=rtcp-mux"]);
    assert_eq!(agreed.rtcp, "192.0.2.1:5001".parse::<SocketAddr>().unwrap());
    assert!(!text.contains("rtcp"), "rtcp-mux is declined by silence");
    let stranger = ["m=audio 65535 RTP/AVP 0", "a=rtcp:5001 IN IP4 203.0.113.1"];
    assert_eq!(
        answered(&stranger).1.rtcp,
        "192.0.2.1:65535".parse::<SocketAddr>().unwrap()
    );

    let six = LocalMedia {
        address: "::1".parse().unwrap(),
        ..LOCAL
    };
    let offer = sdp("c=IN IP6 2001:db8::1\r\n", &["m=audio 4000 RTP/AVP 0"]);
    let (bytes, agreed) = answer(offer.as_bytes(), &six).unwrap();
    assert_eq!(
        agreed.remote,
        "[2001:db8::1]:4000".parse::<SocketAddr>().unwrap()
    );
    assert!(String::from_utf8_lossy(&bytes).contains("c=IN IP6 ::1\r\n"));
    assert_eq!(refused(&offer), 488, "no IPv6 here");
    // RFC 5118 4.9: a mapped address is the IPv4 address.
    let mapped = sdp("c=IN IP6 ::ffff:192.0.2.7\r\n", &["m=audio 4000 RTP/AVP 0"]);
    let agreed = answer(mapped.as_bytes(), &LOCAL).unwrap().1;
    assert_eq!(
        agreed.remote,
        "192.0.2.7:4000".parse::<SocketAddr>().unwrap()
    );
    // RFC 5118 4.8: each stream has its own family.
    let media = [
        "m=video 5000 RTP/AVP 31",
        "c=IN IP6 2001:db8::1",
        "m=audio 4000 RTP/AVP 0",
    ];
    assert_eq!(
        answered(&media).1.remote,
        "192.0.2.1:4000".parse::<SocketAddr>().unwrap()
    );
}

#[test]
fn wrong_descriptions_are_refused() {
    let audio = "m=audio 4000 RTP/AVP 0";
    let cases = [
        (String::new(), 400),
        ("hello".to_owned(), 400),
        ("v=0\r\n".to_owned(), 400),
        (sdp(IP4, &[audio]).replace("v=0", "v=1"), 400),
        (
            sdp(IP4, &[audio]).replace("o=- 1 2 IN IP4 192.0.2.1\r\n", ""),
            400,
        ),
        (sdp(IP4, &[audio]).replace("o=- 1 2", "o=- 1"), 400),
        (
            sdp(IP4, &[audio]).replace("- 1 2 ", "- 1 99999999999999999999999 "),
            400,
        ),
        (sdp("", &[audio]), 400),
        (sdp("c=IN IP5 192.0.2.1\r\n", &[audio]), 400),
        (sdp("c=TN IP4 192.0.2.1\r\n", &[audio]), 400),
        (sdp("c=IN IP4 2001:db8::1\r\n", &[audio]), 400),
        (sdp("c=IN IP4 sip.example.com\r\n", &[audio]), 488),
        (sdp("c=IN IP4 224.2.1.1/127\r\n", &[audio]), 488),
        (sdp("c=IN IP4 224.2.1.1\r\n", &[audio]), 488),
        (sdp("c=IN IP4 255.255.255.255\r\n", &[audio]), 488),
        (sdp(IP4, &[]), 488),
        (sdp(IP4, &["m=video 4000 RTP/AVP 31"]), 488),
        (sdp(IP4, &["m=audio 4000 RTP/SAVP 0"]), 488),
        (sdp(IP4, &["m=audio 70000 RTP/AVP 0"]), 400),
        (sdp(IP4, &["m=audio -1 RTP/AVP 0"]), 400),
        (sdp(IP4, &["m=audio 4000"]), 400),
        (sdp(IP4, &[audio, "a=fmtp:0 x\0y"]), 400),
        (sdp(IP4, &[audio; 17]), 488),
        (sdp(IP4, &[audio, &"a=x:".repeat(5000)]), 400),
    ];
    for (text, status) in cases {
        assert_eq!(refused(&text), status, "{text:?}");
    }
    let odd = [
        audio,
        "a=rtpmap:",
        "a=rtpmap:0",
        "a=ptime:99999999999",
        "a=rtcp:99999",
        "a=rtcp",
    ];
    let agreed = answered(&odd).1;
    assert_eq!(agreed.ptime_ms, 20);
    assert_eq!(agreed.rtcp.port(), 4001);
}

#[test]
fn our_offer_and_their_answer() {
    let offer = make_offer(&LOCAL, &[Codec::Pcmu, Codec::Pcma]);
    assert_eq!(
        std::str::from_utf8(&offer).unwrap(),
        "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    let theirs = LocalMedia {
        port: 30_000,
        ..LOCAL
    };
    let (answer_bytes, they_agreed) = answer(&offer, &theirs).unwrap();
    let we_agreed = accept_answer(&answer_bytes, &offer).unwrap();
    assert_eq!(they_agreed.remote.port(), 20_000);
    assert_eq!(we_agreed.remote.port(), 30_000);
    assert_eq!(we_agreed.telephone_event, Some(101));
    assert_eq!(we_agreed.direction, Direction::SendRecv);

    let held = sdp(IP4, &["m=audio 4000 RTP/AVP 0", "a=recvonly"]);
    let agreed = accept_answer(held.as_bytes(), &offer).unwrap();
    assert_eq!(agreed.direction, Direction::SendOnly);
    assert_eq!(agreed.telephone_event, None);

    let other = sdp(IP4, &["m=audio 4000 RTP/AVP 8"]);
    let agreed = accept_answer(other.as_bytes(), &offer).unwrap();
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcma, 8));

    for media in [
        &["m=audio 0 RTP/AVP 0"][..],
        &["m=audio 4000 RTP/AVP 18"],
        &["m=audio 4000 RTP/AVP 99", "a=rtpmap:99 PCMU/8000"],
        &["m=video 4000 RTP/AVP 31"],
        &["m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"],
        &[],
    ] {
        assert!(
            accept_answer(sdp(IP4, media).as_bytes(), &offer).is_err(),
            "{media:?}"
        );
    }
}

/// Lines that are right, odd or broken.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "v=0",
        "o=- 1 2 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "c=IN IP6 ::",
        "t=0 0",
        "m=audio 4000 RTP/AVP 0 101",
        "m=audio 4000/2 RTP/AVP 8 9 0",
        "m=video 0 RTP/AVP 31",
        "a=rtpmap:101 telephone-event/8000",
        "a=rtpmap:0 PCMU",
        "a=rtpmap:0 /8000",
        "a=fmtp:101 0-16",
        "a=rtcp:1 IN IP4 192.0.2.1",
        "a=sendonly",
        "a=ptime:-1",
        "a",
        "a=",
        "r=7d 1h 0 25h",
        "z=0 -1h",
        "k=clear:x",
        "b=AS:99999999999999999999",
    ]);
    prop_oneof![
        12 => known.prop_map(|line| line.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(3264),
        ..ProptestConfig::default()
    })]

    /// Whatever is offered: no panic, a status of 400 or 488, and an answer that fits and can be read.
    #[test]
    fn any_offer_gets_an_answer_or_a_refusal(
        start in 0_usize..3,
        lines in proptest::collection::vec(any_line(), 0..12),
    ) {
        let head = ["", "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\n", "v=0\no=- 1 2 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"];
        let mut offer = head[start].as_bytes().to_vec();
        for line in &lines {
            offer.extend_from_slice(line);
            offer.extend_from_slice(b"\r\n");
        }
        let ours = make_offer(&LOCAL, &Codec::ALL);
        let _ = accept_answer(&offer, &ours);
        match answer(&offer, &LOCAL) {
            Ok((bytes, agreed)) => {
                let read = parse(&bytes).unwrap();
                prop_assert_eq!(read.stream_count(), parse(&offer).unwrap().stream_count());
                prop_assert!(agreed.remote.port() > 0);
                prop_assert!(!(agreed.remote.ip().is_unspecified() && agreed.direction.sends()));
            }
            Err(error) => prop_assert!(matches!(error.status, 400 | 488)),
        }
    }
}

mod secured {
    //! Offers and answers of browsers.

    use super::*;
    use crate::secure_media::{DtlsRole, Fingerprint, IceLogin};

    /// As Chromium writes it, without most of its formats; candidates as many as asked for.
    fn browser(candidates: usize) -> String {
        let print = Fingerprint([0xAB; 32]);
        let candidates: String = (0..candidates)
            .map(|n| format!("a=candidate:{n} 1 udp 2113937151 0123abcd-{n}.local 50000 typ host generation 0 network-cost 999\r\n"))
            .collect();
        format!(
            "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
             a=extmap-allow-mixed\r\na=msid-semantic: WMS x\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
             {candidates}a=ice-ufrag:LXQc\r\na=ice-pwd:zzzzzzzzzzzzzzzzzzzzzzzz\r\na=ice-options:trickle\r\n\
             a=fingerprint:sha-256 {print}\r\na=setup:actpass\r\na=mid:0\r\n\
             a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:x y\r\na=rtcp-mux\r\n\
             a=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=rtpmap:9 G722/8000\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n\
             a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
        )
    }

    fn own() -> LocalMedia {
        LocalMedia {
            secure: Some(LocalSecure {
                login: IceLogin::from_random([7; 32]),
                fingerprint: Fingerprint([1; 32]),
            }),
            ..LOCAL
        }
    }

    #[test]
    fn a_browsers_offer_is_answered_in_kind() {
        let offer = browser(2);
        assert!(wants_secure(offer.as_bytes()) && !wants_secure(&make_offer(&LOCAL, &Codec::ALL)));
        let (bytes, agreed) = answer(offer.as_bytes(), &own()).unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let secure = agreed.secure.unwrap();
        assert_eq!(secure.fingerprint, Fingerprint([0xAB; 32]));
        assert_eq!(secure.role, DtlsRole::Server);
        assert_eq!(
            (agreed.codec, agreed.telephone_event),
            (Codec::Pcmu, Some(126))
        );
        assert_eq!(
            agreed.direction,
            Direction::SendRecv,
            "0.0.0.0 is no hold here"
        );
        for line in [
            "a=ice-lite",
            "a=group:BUNDLE 0",
            "m=audio 20000 UDP/TLS/RTP/SAVPF 0 126",
            "a=rtcp-mux",
            "a=mid:0",
            "a=setup:passive",
            "a=candidate:1 1 UDP 2130706431 127.0.0.1 20000 typ host",
            "m=video 0 UDP/TLS/RTP/SAVPF 96",
            "a=mid:1",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
        }
        assert!(text.contains(&format!("a=fingerprint:sha-256 {}", Fingerprint([1; 32]))));
    }

    #[test]
    fn an_offer_of_8_kb_is_read() {
        let offer = browser(85);
        assert!((8_000..16_000).contains(&offer.len()), "{}", offer.len());
        assert!(answer(offer.as_bytes(), &own()).is_ok());
    }

    #[test]
    fn a_secured_offer_is_never_answered_in_clear() {
        let offer = browser(1);
        assert_eq!(answer(offer.as_bytes(), &LOCAL).unwrap_err().status, 488);
        for (what, with) in [
            ("a=rtcp-mux\r\n", ""),
            ("a=fingerprint:sha-256", "a=fingerprint:md5"),
            ("AB:AB:AB\r\n", "AB:AB\r\n"),
            ("a=ice-ufrag:LXQc\r\n", ""),
            ("a=ice-pwd:zzzzzzzz", "a=ice-pwd:"),
            ("a=setup:actpass", "a=setup:holdconn"),
            ("UDP/TLS/RTP/SAVPF 111", "TCP/TLS/RTP/SAVPF 111"),
            ("UDP/TLS/RTP/SAVPF 111", "RTP/SAVP 111"),
            (" 9 0 8 13", " 13"),
        ] {
            let broken = offer.replace(what, with);
            assert_ne!(broken, offer);
            let status = answer(broken.as_bytes(), &own()).unwrap_err().status;
            assert_eq!(status, 488, "{what}");
        }
    }

    #[test]
    fn our_offer_is_a_browsers_and_its_answer_must_be_one() {
        let offer = make_offer(&own(), &Codec::ALL);
        let text = String::from_utf8(offer.to_vec()).unwrap();
        assert!(
            text.contains("m=audio 20000 UDP/TLS/RTP/SAVPF 0 8 101\r\n"),
            "{text}"
        );
        assert!(text.contains("a=setup:actpass\r\n") && text.contains("a=mid:0\r\n"));
        // A peer of our own kind answers it; so the role is turned round.
        let (bytes, theirs) = answer(&offer, &own()).unwrap();
        assert_eq!(theirs.secure.unwrap().role, DtlsRole::Server);
        let agreed = accept_answer(&bytes, &offer).unwrap();
        assert_eq!(agreed.secure.unwrap().role, DtlsRole::Client);
        let plain = make_offer(&LOCAL, &Codec::ALL);
        let (plain_answer, _) = answer(&plain, &LOCAL).unwrap();
        assert!(
            accept_answer(&plain_answer, &offer).is_err(),
            "no downgrade"
        );
        assert!(accept_answer(&bytes, &plain).is_err());
    }

    fn with_opus(opus: OpusPlace) -> LocalMedia {
        LocalMedia { opus, ..own() }
    }

    #[test]
    fn opus_is_taken_where_the_policy_has_it() {
        let wish = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10; useinbandfec=1;maxaveragebitrate=20000\r\n";
        let offer = browser(1).replace("a=rtpmap:111 opus/48000/2\r\n", wish);
        let nothing_else = offer.replace(" 111 63 9 0 8 13 110 126", " 111 110 126");
        for (place, offer, taken) in [
            (OpusPlace::Off, &offer, Some(Codec::Pcmu)),
            (OpusPlace::Last, &offer, Some(Codec::Pcmu)),
            (OpusPlace::First, &offer, Some(Codec::Opus)),
            (OpusPlace::Off, &nothing_else, None),
            (OpusPlace::Last, &nothing_else, Some(Codec::Opus)),
        ] {
            let answered = answer(offer.as_bytes(), &with_opus(place));
            assert_eq!(
                answered.as_ref().ok().map(|(_, agreed)| agreed.codec),
                taken
            );
            let Ok((bytes, agreed)) = answered else {
                continue;
            };
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            if agreed.codec == Codec::Opus {
                assert_eq!(
                    (agreed.payload_type, agreed.telephone_event),
                    (111, Some(110))
                );
                let (max_bitrate, fec) = (Some(20_000), true);
                assert_eq!(agreed.opus, OpusWish { max_bitrate, fec });
                assert!(text.contains(" UDP/TLS/RTP/SAVPF 111 110\r\n"), "{text}");
                assert!(text.contains(
                    "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1;"
                ));
                assert!(text.contains("a=rtpmap:110 telephone-event/48000\r\n"));
            } else {
                assert_eq!(agreed.telephone_event, Some(126));
                assert_eq!(agreed.opus, OpusWish::default());
                assert!(!text.contains("opus"));
            }
        }
        let mono = offer.replace("opus/48000/2", "opus/48000");
        let (_, agreed) = answer(mono.as_bytes(), &with_opus(OpusPlace::First)).unwrap();
        assert_eq!(agreed.codec, Codec::Pcmu, "RFC 7587 7: always two channels");
        let plain = offer
            .replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")
            .replace("0.0.0.0", "192.0.2.1");
        let (_, agreed) = answer(plain.as_bytes(), &with_opus(OpusPlace::First)).unwrap();
        assert_eq!(agreed.codec, Codec::G722, "a plain stream never has it");
    }

    #[test]
    fn opus_stands_where_the_policy_has_it_in_our_offers() {
        for (place, formats, taken) in [
            (OpusPlace::Off, "0 8 101", Codec::Pcmu),
            (OpusPlace::Last, "0 8 111 101 110", Codec::Pcmu),
            (OpusPlace::First, "111 0 8 101 110", Codec::Opus),
        ] {
            let offer = make_offer(&with_opus(place), &Codec::ALL);
            let text = String::from_utf8(offer.to_vec()).unwrap();
            assert!(
                text.contains(&format!(" UDP/TLS/RTP/SAVPF {formats}\r\n")),
                "{text}"
            );
            let plain = LocalMedia {
                secure: None,
                ..with_opus(place)
            };
            let plain = String::from_utf8(make_offer(&plain, &Codec::ALL).to_vec()).unwrap();
            assert!(plain.contains(" RTP/AVP 0 8 9 101\r\n"), "{plain}");
            // A browser answers with all that it has of it, in the order of the offer.
            let everything = text
                .replace("actpass", "active")
                .replace("a=ice-lite\r\n", "");
            let agreed = accept_answer(everything.as_bytes(), &offer).unwrap();
            let events = if taken == Codec::Opus { 110 } else { 101 };
            assert_eq!(
                (agreed.codec, agreed.telephone_event),
                (taken, Some(events))
            );
            // What goes on says the same.
            let again =
                String::from_utf8(offer_again(&with_opus(place), &agreed).to_vec()).unwrap();
            let number = agreed.payload_type;
            assert!(
                again.contains(&format!("SAVPF {number} {events}\r\n")),
                "{again}"
            );
        }
        let offer = make_offer(&with_opus(OpusPlace::Off), &Codec::ALL);
        let opus = make_offer(&with_opus(OpusPlace::First), &Codec::ALL);
        let (bytes, _) = answer(&opus, &with_opus(OpusPlace::First)).unwrap();
        assert!(accept_answer(&bytes, &offer).is_err(), "nobody offered it");
    }

    #[test]
    fn another_login_is_a_restart() {
        let secure = |offer: &str| answer(offer.as_bytes(), &own()).unwrap().1.secure.unwrap();
        let (before, same) = (secure(&browser(1)), secure(&browser(3)));
        let after = secure(&browser(1).replace("LXQc", "Qw3r"));
        assert!(!same.restarts(&before) && after.restarts(&before));
        assert!(
            !format!("{after:?}").contains("zzzz"),
            "the password is hidden"
        );
    }
}
