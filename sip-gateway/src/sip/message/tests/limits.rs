//! Framing, sizes at and around their limits, and what others have been smuggled past.

use super::*;

fn datagram(text: &str) -> Result<Message, ParseError> {
    parse_datagram(&Bytes::copy_from_slice(text.as_bytes()))
}

/// An OPTIONS with this in place of the empty line and the body.
fn with_end(end: &str) -> Result<Message, ParseError> {
    datagram(&format!(
        "OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n\
         Call-ID: c\r\nCSeq: 1 OPTIONS\r\n{end}"
    ))
}

fn layer(end: &str) -> Layer {
    with_end(end).unwrap_err().layer
}

fn body(end: &str) -> Bytes {
    request(with_end(end).unwrap()).body
}

#[test]
fn content_length() {
    assert_eq!(body("\r\nabc").as_ref(), b"abc", "to the end without it");
    assert_eq!(body("Content-Length: 2\r\n\r\nabc").as_ref(), b"ab");
    assert_eq!(
        body("l :\r\n 02\r\nContent-Length: 2\r\n\r\nabc").as_ref(),
        b"ab"
    );
    assert_eq!(body("Content-Length: 0\r\n\r\nabc").as_ref(), b"");
    for length in [
        "4",
        "-1",
        "+1",
        "",
        "1 2",
        "0x1",
        "1,1",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999999999",
    ] {
        let end = format!("Content-Length: {length}\r\n\r\nabc");
        assert_eq!(layer(&end), Layer::Framing, "{length}");
    }
    assert_eq!(
        layer("Content-Length: 1\r\nl: 2\r\n\r\nabc"),
        Layer::Framing
    );
}

#[test]
fn lines() {
    assert_eq!(
        body("A: 1\nB: 2\n\nabc").as_ref(),
        b"abc",
        "bare LF ends a line"
    );
    assert_eq!(layer("A: 1\r\n"), Layer::Framing);
    assert_eq!(layer("A: 1"), Layer::Framing);
    assert_eq!(layer("A: x\ry\r\n\r\n"), Layer::Header);
    assert_eq!(layer("A: x\0y\r\n\r\n"), Layer::Header);
    assert_eq!(layer("no colon\r\n\r\n"), Layer::Header);
    assert_eq!(layer(": no name\r\n\r\n"), Layer::Header);
    assert_eq!(layer("two words: x\r\n\r\n"), Layer::Header);
    assert_eq!(layer("J\u{f3}se: x\r\n\r\n"), Layer::Header);
    let folded = request(with_end("A: \r\n\t x \r\n \r\n  y\t\r\n\r\n").unwrap());
    let name = HeaderName::parse("a").unwrap();
    assert_eq!(folded.headers.get(&name), Some(&b"x y"[..]));
    // White space at the end of the empty line makes it a continuation: nothing is left behind the headers.
    assert_eq!(layer("A: 1\r\n \r\n"), Layer::Framing);
}

#[test]
fn what_is_no_message_gets_no_answer() {
    for text in [
        "",
        "\r\n\r\n",
        "\0",
        "hello",
        "\r\nhello\r\n\r\n",
        "SIP/2.0 200\r\n",
        "SIP/2.0 99 x\r\n\r\n",
        "SIP/2.0 700 x\r\n\r\n",
        "SIP/2.0 2000 x\r\n\r\n",
        "SIP/2.0 2 x\r\n\r\n",
        "SIP/3.0 200 x\r\n\r\n",
        "ACK sip:a@b SIP/9.0\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        "OPTIONS sip:a@b SIP/9.0\r\nFrom: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let error = datagram(text).unwrap_err();
        assert_eq!((error.status, error.partial), (None, None), "{text:?}");
    }
    assert!(
        datagram("\r\n\r\nSIP/2.0 200\r\n\r\n").is_ok(),
        "no reason, no space"
    );
}

#[test]
fn non_utf8_values_are_kept() {
    let mut bytes = b"SIP/2.0 200 OK\r\nOdd: a".to_vec();
    bytes.extend_from_slice(b"\xff\xfe\r\nFrom: \"\xe9\" <sip:a@b>;tag=1\r\nAfter: 1\r\n\r\n");
    let Message::Response(response) = parse_datagram(&Bytes::from(bytes)).unwrap() else {
        panic!("a response");
    };
    let name = HeaderName::parse("Odd").unwrap();
    assert_eq!(response.headers.get(&name), Some(&b"a\xff\xfe"[..]));
    assert_eq!(response.headers.get_str(&name), None);
    assert_eq!(response.headers.len(), 3);
    assert_eq!(response.headers.from().unwrap().tag(), Some("1"));
    let again = parse_datagram(&response.to_bytes()).unwrap();
    assert_eq!(again, Message::Response(response));
}

/// Each header with values of 1 byte, the limit and around it, and 64 KiB.
#[test]
fn length_ladder() {
    let names = [
        "Via",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
        "Route",
        "Accept",
        "Max-Forwards",
        "Expires",
        "Require",
        "Authorization",
        "Content-Type",
        "X-Other",
    ];
    for name in names {
        // One byte of the line is the space behind the colon.
        for (length, fits) in [
            (1, true),
            (MAX_VALUE - 2, true),
            (MAX_VALUE - 1, true),
            (MAX_VALUE, false),
            (65_536, false),
        ] {
            for fill in ["a", "1", ",", ";", "\"", "<", "%", "a;", "\"\","] {
                let value: String = fill.chars().cycle().take(length).collect();
                let text = format!("OPTIONS sip:b@h SIP/2.0\r\n{name}: {value}\r\n\r\n");
                match datagram(&text) {
                    Ok(message) => {
                        assert!(fits, "{name} {length}");
                        holds::any_message(&message);
                    }
                    Err(error) => assert!(!fits, "{name} {length}: {error}"),
                }
            }
        }
    }
    for (length, fits) in [(MAX_VALUE - 24, true), (MAX_VALUE - 23, false)] {
        let text = format!("OPTIONS sip:{}@h.x SIP/2.0\r\n\r\n", "u".repeat(length));
        assert_eq!(datagram(&text).is_ok(), fits, "{length}");
    }
    let long_uri = format!(
        "OPTIONS sip:{}@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        "u".repeat(MAX_VALUE)
    );
    assert_eq!(datagram(&long_uri).unwrap_err().status, Some(414));
}

#[test]
fn numbers_of_things() {
    let lines = |n: usize| format!("{}\r\n", "X: 1\r\n".repeat(n - 5));
    assert!(with_end(&lines(MAX_HEADERS)).is_ok());
    assert_eq!(layer(&lines(MAX_HEADERS + 1)), Layer::Header);
    let padded = |size: usize| {
        let head = "SIP/2.0 200 OK\r\n\r\n";
        datagram(&format!("{head}{}", "x".repeat(size - head.len())))
    };
    assert!(padded(MAX_MESSAGE).is_ok());
    assert!(padded(MAX_MESSAGE + 1).is_err());
    // Many values of one header over many lines end in an error, not in minutes.
    let line = format!("Route: {}<sip:a>\r\n", "<sip:a>,".repeat(1_000));
    let many = request(with_end(&format!("{}\r\n", line.repeat(7))).unwrap());
    assert!(many.headers.routes().is_err());
    let params = format!("Via: SIP/2.0/UDP h{}\r\n\r\n", ";a".repeat(4_000));
    let repeated = request(with_end(&params).unwrap());
    assert!(repeated.headers.vias().is_err());
}

/// Every subset of the mandatory headers: an answer of 4xx or none, never more.
#[test]
fn any_header_may_be_missing() {
    let lines = [
        "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
        "From: <sip:a@h>;tag=1",
        "To: <sip:b@h>",
        "Call-ID: c",
        "CSeq: 1 INVITE",
        "Contact: <sip:a@h>",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
    ];
    for subset in 0_u32..256 {
        let mut text = "INVITE sip:b@h SIP/2.0\r\n".to_owned();
        for (bit, line) in lines.iter().enumerate() {
            if subset & (1 << bit) != 0 {
                text.push_str(line);
                text.push_str("\r\n");
            }
        }
        let invite = request(datagram(&format!("{text}\r\n")).unwrap());
        let mandatory_there = subset & 0b11_1111 == 0b11_1111;
        match validate(&invite) {
            Ok(()) => assert!(mandatory_there, "{subset:b}"),
            Err(refusal) => {
                assert!(!mandatory_there, "{subset:b}");
                assert_eq!(refusal.status, 400);
                let response = refusal.to_response(&invite);
                assert!(parse_datagram(&response.to_bytes()).is_ok());
            }
        }
    }
}

#[test]
fn headers_cannot_hide_behind_white_space() {
    let hidden = request(
        with_end("X-Cordboard-Queue : a\r\nX-CORDBOARD-QUEUE\t:b\r\nTo\t: <sip:x@h>\r\n\r\n")
            .unwrap(),
    );
    let name = HeaderName::parse("x-cordboard-queue").unwrap();
    assert_eq!(hidden.headers.count(&name), 2);
    let mut headers = hidden.headers.clone();
    assert_eq!(headers.remove(&name), 2);
    assert_eq!(validate(&hidden).unwrap_err().status, 400, "two To");
    let tagged = options(&[]);
    let mut headers = tagged.headers;
    for value in [
        "<sip:b@h>\t;\ttag\t=\t7",
        "<sip:b@h>;x=\"a;tag=1\";tag=7",
        "sip:b@h;tag=7",
    ] {
        headers.set(HeaderName::To, value);
        assert_eq!(headers.to().unwrap().tag(), Some("7"), "{value}");
    }
    for value in [
        "<sip:b@h>;tag=",
        "<sip:b@h>;tag=1;Tag=2",
        "<sip:b@h>;tag=1 x",
        "<sip:b@h> tag=1",
    ] {
        headers.set(HeaderName::To, value);
        assert!(headers.to().is_err(), "{value}");
    }
}

#[test]
fn cseq_and_other_numbers() {
    let cases = [
        ("0 OPTIONS", true),
        ("2147483647 OPTIONS", true),
        ("2147483648 OPTIONS", false),
        ("4294967297 OPTIONS", false),
        ("-1 OPTIONS", false),
        ("1OPTIONS", false),
        ("1", false),
        ("OPTIONS", false),
        ("1 OPTIONS x", false),
    ];
    for (value, fits) in cases {
        let mut message = options(&[]);
        message.headers.set(HeaderName::CSeq, value);
        assert_eq!(message.headers.cseq().is_ok(), fits, "{value}");
        assert_eq!(validate(&message).is_ok(), fits, "{value}");
    }
    assert_eq!(
        options(&["Expires: 4294967295"]).headers.expires(),
        Ok(Some(u32::MAX))
    );
    assert!(options(&["Expires: 4294967296"]).headers.expires().is_err());
    assert!(
        options(&["Max-Forwards: 256"])
            .headers
            .max_forwards()
            .is_err()
    );
    assert_eq!(validate(&options(&["Max-Forwards: 256"])), Ok(()));
    assert_eq!(
        validate(&options(&["Max-Forwards: 1", "Max-Forwards: 1"]))
            .unwrap_err()
            .status,
        400
    );
}
