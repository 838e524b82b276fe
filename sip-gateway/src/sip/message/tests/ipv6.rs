//! RFC 5118: IPv6 addresses in every place.

use super::*;
use std::net::IpAddr;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn references_are_read_with_their_ports() {
    // 4.1, 4.4
    let register = request(parse_lines(&[
        "REGISTER sip:[2001:db8::10]:5070 SIP/2.0",
        "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111",
        "From: <sip:user@example.com>;tag=81x2",
        "To: <sip:user@example.com>",
        "Call-ID: SSG9559905523997077@hlau_4100",
        "Contact: \"Caller\" <sip:caller@[2001:db8::1]:5061>",
        "CSeq: 98176 REGISTER",
    ]));
    assert_eq!(validate(&register), Ok(()));
    assert_eq!(register.uri.host().unwrap().ip(), Some(ip("2001:db8::10")));
    assert_eq!(register.uri.port(), Some(5070));
    let via = register.headers.via_top().unwrap();
    assert_eq!((via.host.ip(), via.port), (Some(ip("2001:db8::9:1")), None));
    assert_eq!(
        register.uri.to_string(),
        "sip:[2001:db8::10]:5070",
        "brackets on the wire"
    );
}

#[test]
fn addresses_without_brackets_are_refused() {
    // 4.2
    let text = "REGISTER sip:2001:db8::10 SIP/2.0\r\n\
        Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3\r\n\r\n";
    let error = parse_datagram(&Bytes::from_static(text.as_bytes())).unwrap_err();
    assert_eq!((error.layer, error.status), (Layer::StartLine, Some(400)));
    let broken = options(&["Contact: <sip:a@2001:db8::1>"]);
    assert_eq!(validate(&broken).unwrap_err().status, 400);
}

#[test]
fn a_port_inside_the_brackets_is_part_of_the_address() {
    // 4.3
    let uri = Uri::parse("sip:[2001:db8::10:5070]").unwrap();
    assert_eq!(uri.host().unwrap().ip(), Some(ip("2001:db8::10:5070")));
    assert_eq!(uri.port(), None);
}

#[test]
fn received_is_read_with_and_without_brackets() {
    // 4.5
    for written in ["2001:db8::9:255", "[2001:db8::9:255]"] {
        let line =
            format!("Via: SIP/2.0/UDP [2001:db8::9:1];received={written};branch=z9hG4bKas3-111");
        let message = options(&[]);
        let mut headers = message.headers;
        headers.set(HeaderName::Via, line.strip_prefix("Via: ").unwrap());
        let via = headers.via_top().unwrap();
        assert_eq!(via.received, Some(ip("2001:db8::9:255")), "{written}");
        assert_eq!(via.branch.as_deref(), Some("z9hG4bKas3-111"));
    }
}

#[test]
fn families_may_be_mixed() {
    // 4.7, 4.9
    let message = options(&[
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa, SIP/2.0/TCP [::ffff:192.0.2.2]:5060;branch=z9hG4bKb",
        "Record-Route: <sip:[2001:db8::9:1];lr>, <sip:192.0.2.254:5080;lr>",
    ]);
    assert_eq!(message.headers.vias().unwrap().len(), 3);
    let routes = message.headers.record_routes().unwrap();
    assert_eq!(
        routes[0].uri.host().unwrap().ip(),
        Some(ip("2001:db8::9:1"))
    );
    assert_eq!(routes[1].uri.port(), Some(5080));
}

#[test]
fn three_colons_are_no_address() {
    // 4.10
    assert!(Uri::parse("sip:user@[2001:db8:::192.0.2.1]").is_err());
    assert!(Uri::parse("sip:user@[2001:db8::192.0.2.1]").is_ok());
    for broken in [
        "sip:[",
        "sip:[]",
        "sip:[::1",
        "sip:::1]",
        "sip:[::1]x",
        "sip:[::1]:",
    ] {
        assert!(Uri::parse(broken).is_err(), "{broken}");
    }
}
