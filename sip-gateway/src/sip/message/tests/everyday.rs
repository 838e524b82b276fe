//! Twelve shapes of everyday traffic that other parsers stumbled over.

use super::*;

fn list(request: &Request) -> Vec<NameAddr> {
    match request.headers.contacts().unwrap() {
        Contacts::List(list) => list,
        Contacts::Star => panic!("a star"),
    }
}

fn register(more: &[&str]) -> Request {
    let mut lines = vec![
        "REGISTER sip:example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr",
        "From: <sip:a@example.com>;tag=1",
        "To: <sip:a@example.com>",
        "Call-ID: r1",
        "CSeq: 1 REGISTER",
    ];
    lines.extend(more);
    let read = request(parse_lines(&lines));
    assert_eq!(validate(&read), Ok(()));
    read
}

#[test]
fn compact_header_names() {
    let message = request(parse_lines(&[
        "INVITE sip:b@example.com SIP/2.0",
        "v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "f: <sip:a@example.com>;tag=1",
        "t: <sip:b@example.com>",
        "i: x@y",
        "CSeq: 1 INVITE",
        "m: <sip:a@192.0.2.1>",
        "k: timer, replaces",
        "x: 1800;refresher=uac",
        "r: <sip:c@example.com>",
        "b: <sip:d@example.com>",
        "u: talk",
        "o: hold",
        "e: identity",
        "y: abc",
        "c: application/sdp",
        "s: hello",
        "l: 0",
    ]));
    assert_eq!(validate(&message), Ok(()));
    let expected = [
        "Via",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
        "Supported",
        "Session-Expires",
        "Refer-To",
        "Referred-By",
        "Allow-Events",
        "Event",
        "Content-Encoding",
        "Identity",
        "Content-Type",
        "Subject",
    ];
    assert!(message.headers.iter().map(|(n, _)| n.as_str()).eq(expected));
    let supported = message.headers.supported().unwrap();
    assert!(supported.iter().map(|t| &**t).eq(["timer", "replaces"]));
}

#[test]
fn several_vias_in_one_line() {
    let message = options(&[
        "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;received=192.0.2.5;rport=1024, SIP/2.0/TCP host;branch=z9hG4bKb;rport , SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKc;alias",
    ]);
    let vias = message.headers.vias().unwrap();
    let [_, a, b, c] = &vias[..] else {
        panic!("four of them");
    };
    assert_eq!(a.received, Some("192.0.2.5".parse().unwrap()));
    assert_eq!((a.port, a.rport), (Some(5060), Rport::Port(1024)));
    assert_eq!((&*b.transport, b.rport), ("TCP", Rport::Asked));
    assert_eq!((&*c.transport, c.rport), ("WSS", Rport::Absent));
    assert!(c.params.has("alias"));
    let mut stamped = message.headers.clone();
    let mut top = stamped.via_top().unwrap();
    top.rport = Rport::Port(9);
    stamped.set_via_top(&top);
    assert_eq!(stamped.vias().unwrap()[0].rport, Rport::Port(9));
    assert_eq!(stamped.vias().unwrap()[1..], vias[1..]);
    stamped.set(
        HeaderName::Via,
        "SIP/2.0/UDP a;branch=z9hG4bK1;received=nobody , SIP / 2.0/UDP  b;;broken",
    );
    let top = stamped.via_top().unwrap();
    assert_eq!(top.received, None);
    stamped.set_via_top(&top);
    assert_eq!(
        stamped.get_str(&HeaderName::Via),
        Some("SIP/2.0/UDP a;branch=z9hG4bK1, SIP / 2.0/UDP  b;;broken")
    );
    let printed = a.to_string();
    assert_eq!(
        printed,
        "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;received=192.0.2.5;rport=1024"
    );
}

#[test]
fn several_contacts_in_one_line() {
    let message = register(&[
        "Contact: \"Ruiz, Ana\" <sip:a@192.0.2.1>;expires=60, sip:a@192.0.2.2;q=0.5 ,<sip:a@192.0.2.3>",
        "Contact: <sip:a@192.0.2.4>",
    ]);
    let contacts = list(&message);
    assert_eq!(contacts.len(), 4);
    assert_eq!(contacts[0].display.as_deref(), Some("Ruiz, Ana"));
    assert_eq!(contacts[0].params.get("expires"), Some("60"));
    assert_eq!(contacts[1].params.get("q"), Some("0.5"));
    assert_eq!(contacts[1].uri.to_string(), "sip:a@192.0.2.2");
}

#[test]
fn contact_star() {
    let message = register(&["Contact: *", "Expires: 0"]);
    assert_eq!(message.headers.contacts(), Ok(Contacts::Star));
    let both = options(&["Contact: *", "Contact: <sip:a@b>"]);
    assert!(both.headers.contacts().is_err());
    assert_eq!(validate(&options(&["Contact: *"])).unwrap_err().status, 400);
}

#[test]
fn contact_of_a_browser() {
    let message = register(&[concat!(
        "Contact: <sip:4k2j3@df7jal23ls0d.invalid;transport=ws;ob>;+sip.ice;reg-id=1;",
        "+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";expires=600",
    )]);
    let contact = &list(&message)[0];
    assert_eq!(
        contact.params.text("+sip.instance").as_deref(),
        Some("<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>")
    );
    assert_eq!(contact.params.get("reg-id"), Some("1"));
    assert!(contact.params.has("+sip.ice"));
    assert_eq!(contact.uri.param("transport"), Some("ws"));
    assert!(contact.uri.has_param("ob"));
    assert_eq!(
        contact.uri.host().unwrap().to_string(),
        "df7jal23ls0d.invalid"
    );
}

#[test]
fn refer_to_with_replaces() {
    let line = "Refer-To: <sip:b@192.0.2.9:5070?Replaces=x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2>";
    let target = options(&[line]).headers.refer_to().unwrap().unwrap();
    let headers = &target.uri.as_sip().unwrap().headers;
    assert_eq!(&*headers[0].0, "Replaces");
    assert_eq!(&*headers[0].1, "x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2");
    assert_eq!(format!("Refer-To: {target}"), line);
}

#[test]
fn request_uri_with_headers() {
    let message = request(parse_lines(&[
        "INVITE sip:b@example.com;transport=udp?Subject=a&X-Y=%0d%0aZ:1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "From: <sip:a@example.com>;tag=1",
        "To: <sip:b@example.com>",
        "Call-ID: x",
        "CSeq: 1 INVITE",
        "Contact: <sip:a@192.0.2.1>",
    ]));
    assert_eq!(message.uri.as_sip().unwrap().headers.len(), 2);
    assert_eq!(message.uri.user(), Some("b"));
    assert_eq!(message.headers.len(), 6, "never turned into headers");
    assert_eq!(validate(&message).unwrap_err().status, 400);
}

#[test]
fn ipv6_everywhere() {
    let message = request(parse_lines(&[
        "INVITE sip:9000@[2001:db8::1]:5060;transport=udp SIP/2.0",
        "Via: SIP/2.0/UDP [2001:db8::2]:5080;branch=z9hG4bK1;rport",
        "From: <sip:a@[2001:db8::2]>;tag=1",
        "To: <sip:9000@[2001:db8::1]>",
        "Call-ID: x@[2001:db8::2]",
        "CSeq: 1 INVITE",
        "Contact: <sip:a@[2001:db8::2]:5080>",
    ]));
    assert_eq!(validate(&message), Ok(()));
    assert_eq!(message.headers.via_top().unwrap().port, Some(5080));
    assert_eq!(list(&message)[0].uri.port(), Some(5080));
    assert_eq!(
        request(parse_datagram(&message.to_bytes()).unwrap()),
        message
    );
}

#[test]
fn tel_everywhere() {
    let message = request(parse_lines(&[
        "INVITE tel:+34910000000 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "From: \"Ana\" <tel:+34600111222;phone-context=example.com>;tag=1",
        "To: tel:+34910000000",
        "Call-ID: x",
        "CSeq: 1 INVITE",
        "Contact: <sip:a@192.0.2.1>",
        "P-Asserted-Identity: <tel:+34600111222>, \"Ana\" <sip:+34600111222@example.com;user=phone>",
    ]));
    assert_eq!(validate(&message), Ok(()));
    assert_eq!(
        message.uri.user_unescaped().as_deref(),
        Some("+34910000000")
    );
    let from = message.headers.from().unwrap();
    assert_eq!(from.uri.user_unescaped().as_deref(), Some("+34600111222"));
    assert_eq!(from.tag(), Some("1"));
    let asserted = message.headers.p_asserted_identity().unwrap();
    assert!(asserted[0].uri.is_tel());
    assert_eq!(asserted[1].uri.user(), Some("+34600111222"));
}

#[test]
fn display_name_in_utf8_with_a_bracket_in_quotes() {
    let message = options(&[]);
    let mut headers = message.headers;
    headers.set(
        HeaderName::From,
        "\"José <jefe>; \\\"x\\\"\" <sip:j@example.com>;tag=9",
    );
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("José <jefe>; \"x\""));
    assert_eq!(from.uri.user(), Some("j"));
    headers.set(HeaderName::To, &from);
    assert_eq!(headers.to(), Ok(from));
    headers.set(HeaderName::From, "José Núñez <sip:j@example.com>;tag=9");
    let unquoted = headers.from().unwrap();
    assert_eq!(unquoted.display.as_deref(), Some("José Núñez"));
}

#[test]
fn prack_with_rack() {
    let message = request(parse_lines(&[
        "PRACK sip:b@192.0.2.2 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "From: <sip:a@example.com>;tag=1",
        "To: <sip:b@example.com>;tag=2",
        "Call-ID: x",
        "CSeq: 2 PRACK",
        "RAck: 776656  1 INVITE",
    ]));
    assert_eq!(message.method, Method::Prack);
    assert_eq!(validate(&message), Ok(()));
    let rack = message.headers.rack().unwrap().unwrap();
    assert_eq!(rack.rseq, 776_656);
    assert_eq!(rack.cseq, CSeq::new(1, Method::Invite));
    for broken in [
        "1 INVITE",
        "1 2",
        "x 1 INVITE",
        "4294967296 1 INVITE",
        "1 2 INVITE x",
    ] {
        let line = format!("RAck: {broken}");
        assert!(
            options(&[line.as_str()]).headers.rack().is_err(),
            "{broken}"
        );
    }
}

#[test]
fn digest_with_commas_in_quotes() {
    let message = options(&[concat!(
        "Authorization: Digest username=\"a\\\"b, c\",realm=\"x, y=z\",\tnonce=\"n,1\" , uri=\"sip:h;x=1,2\",",
        "response=\"00ff\", algorithm=SHA-256, cnonce=\"\", qop=auth, nc=00000001,",
    )]);
    let credentials = &message.headers.authorization().unwrap()[0];
    assert!(credentials.is_digest());
    let parts = [
        ("username", "a\"b, c"),
        ("realm", "x, y=z"),
        ("nonce", "n,1"),
        ("URI", "sip:h;x=1,2"),
        ("response", "00ff"),
        ("algorithm", "SHA-256"),
        ("cnonce", ""),
        ("qop", "auth"),
        ("nc", "00000001"),
    ];
    for (name, value) in parts {
        assert_eq!(credentials.get(name), Some(value), "{name}");
    }
    for broken in [
        "Digest realm",
        "Digest realm=\"x",
        "Digest a=1 b=2",
        "Digest a=1, A=2",
        "=",
        "Digest =",
    ] {
        let line = format!("Authorization: {broken}");
        assert!(
            options(&[line.as_str()]).headers.authorization().is_err(),
            "{broken}"
        );
    }
}
