//! What must hold for any bytes: nothing panics, and what was read is printed back the same.

use super::holds::{any_datagram, any_message};
use super::torture;
use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A small generator of random numbers with a fixed seed (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap()
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() % end.max(1)
    }
}

/// One to four changes: a byte changed, taken out, put in, a piece doubled, the end cut off.
fn mutate(seed: &[u8], random: &mut Random) -> Vec<u8> {
    const SPICE: &[u8] = b"\r\n\0 \t:;,<>\"\\@%=?[]/*SIP09\xff\xc3";
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let spice = SPICE[random.below(SPICE.len())];
        match random.below(12) {
            0..=4 if !bytes.is_empty() => bytes[at] = spice,
            5 | 6 if !bytes.is_empty() => {
                bytes.remove(at);
            }
            7..=9 => bytes.insert(at, spice),
            10 => {
                let end = (at + random.below(60)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn mutations_never_panic_and_print_back_the_same() {
    let seeds: Vec<Vec<u8>> = torture::all().into_iter().map(|t| t.bytes).collect();
    let mut random = Random(0x5EED_CAFE_F00D_D00D);
    let (mut read, mut refused) = (0, 0);
    for round in 0..12_000 {
        match any_datagram(&mutate(&seeds[round % seeds.len()], &mut random)) {
            true => read += 1,
            false => refused += 1,
        }
    }
    // The changes are mild enough to reach behind the parser.
    assert!(read > 3_000 && refused > 1_000, "{read} {refused}");
}

fn settings() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(4475),
        ..ProptestConfig::default()
    }
}

prop_compose! {
    fn any_uri()(
        user in proptest::option::of("[ -~é]{1,12}"),
        host in prop_oneof!["[a-z][a-z0-9-]{0,8}\\.example", Just("192.0.2.7".to_owned()), Just("2001:db8::7".to_owned())],
        port in proptest::option::of(any::<u16>()),
        param in proptest::option::of("[a-z%;=@ ]{1,6}"),
    ) -> Uri {
        let mut uri = Uri::sip(user.as_deref(), host.as_str(), port);
        if let Some(param) = param {
            uri.set_param("p", Some(&param));
            uri.set_param("lr", None);
        }
        uri
    }
}

prop_compose! {
    fn any_name_addr()(
        display in "[ -~é<>\",;\\\\]{0,10}",
        uri in any_uri(),
        tag in proptest::option::of("[a-zA-Z0-9.~-]{1,12}"),
        odd in proptest::option::of("[ -~]{0,8}"),
    ) -> NameAddr {
        let mut value = NameAddr::new(uri).with_display(&display);
        if let Some(tag) = tag {
            value.set_tag(&tag);
        }
        if let Some(odd) = odd {
            value.params.set("+x.odd", Some(&odd));
        }
        value
    }
}

prop_compose! {
    fn any_via()(
        transport in "UDP|TCP|TLS|WSS|[A-Z]{1,5}",
        host in "[a-z]{1,6}|192\\.0\\.2\\.9",
        port in proptest::option::of(any::<u16>()),
        branch in "z9hG4bK[a-zA-Z0-9.-]{1,16}",
        received in proptest::option::of(any::<std::net::IpAddr>()),
        rport in prop_oneof![Just(Rport::Absent), Just(Rport::Asked), any::<u16>().prop_map(Rport::Port)],
    ) -> Via {
        let mut via = Via::new(&transport, host.as_str(), port, &branch);
        via.received = received;
        via.rport = rport;
        via
    }
}

prop_compose! {
    fn any_headers()(
        vias in proptest::collection::vec(any_via(), 1..4),
        from in any_name_addr(),
        to in any_name_addr(),
        call_id in "[!-~]{1,20}",
        cseq in 0..=CSEQ_MAX,
        routes in proptest::collection::vec(any_name_addr(), 0..4),
        others in proptest::collection::vec(("X-[a-zA-Z0-9!%*_+`'~.-]{1,10}", "[ -~é]{0,30}"), 0..4),
    ) -> Headers {
        let mut headers = Headers::new();
        for via in &vias {
            headers.push(HeaderName::Via, via);
        }
        headers.push(HeaderName::From, &from);
        headers.push(HeaderName::To, &to);
        headers.push(HeaderName::CallId, call_id);
        headers.push(HeaderName::CSeq, CSeq::new(cseq, Method::Info));
        for route in &routes {
            headers.push(HeaderName::Route, route);
        }
        for (name, value) in others {
            headers.push(HeaderName::parse(&name).unwrap(), value.trim());
        }
        assert_eq!(headers.vias(), Ok(vias));
        assert_eq!(headers.from(), Ok(from));
        assert_eq!(headers.to(), Ok(to));
        assert_eq!(headers.routes(), Ok(routes));
        headers
    }
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn what_is_printed_is_read_back(
        uri in any_uri(),
        headers in any_headers(),
        body in proptest::collection::vec(any::<u8>(), 0..40),
        status in 100_u16..700,
        reason in "[ -~é]{0,20}",
        is_request in any::<bool>(),
    ) {
        let body = Bytes::from(body);
        let message = if is_request {
            Message::Request(Request { method: Method::Info, uri, headers, body })
        } else {
            Message::Response(Response { status, reason, headers, body })
        };
        prop_assert_eq!(parse_datagram(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn authentication_headers_are_read_back(
        parts in proptest::collection::btree_map("[a-z]{1,8}", "[ -~é]{0,20}", 0..6),
    ) {
        let mut header = AuthHeader::new("Digest");
        for (name, value) in &parts {
            header.push_quoted(name, value);
        }
        let mut headers = Headers::new();
        headers.push(HeaderName::WwwAuthenticate, &header);
        prop_assert_eq!(headers.www_authenticate(), Ok(vec![header]));
    }

    #[test]
    fn any_text_as_a_value_is_read_or_refused(value in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let names = ["Via", "From", "Contact", "CSeq", "RAck", "Authorization", "Accept", "Route", "Require"];
        let mut headers = Headers::new();
        for name in names {
            headers.push(HeaderName::parse(name).unwrap(), value.as_str());
        }
        let mut request = Request::new(Method::Options, Uri::sip(None, "h", None));
        request.headers = headers;
        any_message(&Message::Request(request));
        if let Ok(uri) = Uri::parse(&value) {
            prop_assert_eq!(Uri::parse(&uri.to_string()), Ok(uri));
        }
        any_datagram(&bytes);
    }
}
