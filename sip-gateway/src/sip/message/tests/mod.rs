//! Tests of the message types.

mod bodies;
mod everyday;
mod holds;
mod ipv6;
mod limits;
mod properties;
pub(in crate::sip) mod torture;
mod torture_table;
mod uris;

use super::*;

/// Reads a message that must be readable. Lines end with LF here and with CRLF on the wire; the empty line comes by
/// itself.
fn parse_lines(lines: &[&str]) -> Message {
    let text = format!("{}\r\n\r\n", lines.join("\r\n"));
    parse_datagram(&Bytes::from(text)).unwrap()
}

fn request(message: Message) -> Request {
    match message {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

/// An OPTIONS that is right, with these lines more.
fn options(more: &[&str]) -> Request {
    let mut lines = vec![
        "OPTIONS sip:b@example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKo",
        "From: <sip:a@example.com>;tag=1",
        "To: <sip:b@example.com>",
        "Call-ID: o1",
        "CSeq: 1 OPTIONS",
    ];
    lines.extend(more);
    request(parse_lines(&lines))
}

#[test]
fn an_invite_is_read_and_answered() {
    let text = "INVITE sip:9000@127.0.0.1:5060 SIP/2.0\r\n\
         v: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bKx1, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx0\r\n\
         f: \"Ana, \\\"x\\\"\" <sip:ana@example.com>;tag=a1\r\n\
         t: <sip:9000@example.com>\r\n\
         i: call-1\r\n\
         CSeq: 7 INVITE\r\n\
         m: <sip:ana@127.0.0.1:5080>\r\n\
         l: 4\r\n\
         \r\n\
         v=0\nrest";
    let invite = request(parse_datagram(&Bytes::from_static(text.as_bytes())).unwrap());
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.uri.user_unescaped().as_deref(), Some("9000"));
    assert_eq!(invite.body.as_ref(), b"v=0\n");
    let via = invite.headers.via_top().unwrap();
    assert_eq!((via.port, via.rport), (Some(5080), Rport::Asked));
    assert_eq!(via.branch.as_deref(), Some("z9hG4bKx1"));
    assert_eq!(invite.headers.vias().unwrap().len(), 2);
    let from = invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Ana, \"x\""));
    assert_eq!(from.tag(), Some("a1"));
    assert_eq!(validate(&invite), Ok(()));

    let answer = Response::to_request(&invite, 404).with_to_tag("t1");
    let Message::Response(read) = parse_datagram(&answer.to_bytes()).unwrap() else {
        panic!("a response")
    };
    assert_eq!(read, answer);
    assert_eq!((read.status, read.reason.as_str()), (404, "Not Found"));
    assert_eq!(validate_response(&read), Ok(()));
}

#[test]
fn values_of_ours_cannot_begin_another_header() {
    let name = HeaderName::parse("X-Cordboard-Queue").unwrap();
    for bad in ["a\r\nEvil: 1", "a\nb", "a\rb", "a\0b"] {
        assert!(HeaderValue::try_new(&name, bad).is_err());
        let mut request = options(&[]);
        request.headers.push(name.clone(), bad);
        let name_addr = NameAddr::new(Uri::sip(Some(bad), "example.com", None))
            .with_display(bad)
            .with_tag(bad);
        request.headers.set(HeaderName::From, &name_addr);
        request.uri = Uri::sip(Some(bad), "example.com", None);
        let read = parse_datagram(&request.to_bytes()).unwrap();
        assert_eq!(read.headers().len(), request.headers.len());
        assert_eq!(
            read.headers().get(&HeaderName::parse("Evil").unwrap()),
            None
        );
        read.headers().from().unwrap();
    }
    let mut response = Response::new(200);
    response.reason = "OK\r\nEvil: 1".to_owned();
    let read = parse_datagram(&response.to_bytes()).unwrap();
    assert!(read.headers().is_empty());
}

#[test]
fn headers_keep_their_order() {
    let mut headers = Headers::new();
    headers.push(HeaderName::Route, "<sip:a>");
    headers.push(HeaderName::Subject, "s");
    headers.push(HeaderName::Route, "<sip:b>");
    headers.push_front(HeaderName::Via, "first");
    headers.set(HeaderName::Route, "<sip:c>");
    headers.set_first(HeaderName::Subject, "t");
    let list: Vec<_> = headers
        .iter()
        .map(|(n, v)| format!("{n}={}", v.as_str().unwrap()))
        .collect();
    assert_eq!(list, ["Via=first", "Route=<sip:c>", "Subject=t"]);
    assert_eq!(headers.remove(&HeaderName::Via), 1);
    assert_eq!(headers.count(&HeaderName::Via), 0);
}

#[test]
fn reason_phrases_are_those_of_the_rfcs() {
    let cases = [
        (100, "Trying"),
        (180, "Ringing"),
        (183, "Session Progress"),
        (200, "OK"),
        (202, "Accepted"),
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (408, "Request Timeout"),
        (415, "Unsupported Media Type"),
        (416, "Unsupported URI Scheme"),
        (420, "Bad Extension"),
        (480, "Temporarily Unavailable"),
        (481, "Call/Transaction Does Not Exist"),
        (486, "Busy Here"),
        (487, "Request Terminated"),
        (488, "Not Acceptable Here"),
        (491, "Request Pending"),
        (500, "Server Internal Error"),
        (503, "Service Unavailable"),
        (505, "Version Not Supported"),
        (603, "Decline"),
        (499, "Bad Request"),
    ];
    for (status, phrase) in cases {
        assert_eq!(reason_phrase(status), phrase);
    }
}

#[test]
fn rsip_names_our_methods() {
    for method in Method::KNOWN {
        let name = vocabulary::rsip_method(&method).unwrap();
        assert_eq!(name.to_string(), method.as_str());
        assert_eq!(Method::from(name), method);
        assert_eq!(Method::parse(method.as_str()), Some(method));
    }
    let lower = Method::parse("invite").unwrap();
    assert_eq!(vocabulary::rsip_method(&lower), None);
    assert_eq!(Method::parse("IN VITE"), None);
    assert_eq!(vocabulary::rsip_status(486).code(), 486);
}

#[test]
fn contents_and_accept() {
    let body = Bytes::from_static(b"x");
    let sdp = options(&[]).with_body("application/SDP;charset=utf-8", body.clone());
    assert_eq!(check_content(&sdp, &["application/sdp"]), Ok(()));
    let refusal = check_content(&sdp, &["application/dtmf-relay"]).unwrap_err();
    let response = refusal.to_response(&sdp);
    assert_eq!(response.status, 415);
    let accept = response.headers.get_str(&HeaderName::Accept);
    assert_eq!(accept, Some("application/dtmf-relay"));
    let mut zipped = sdp.clone();
    zipped.headers.push(HeaderName::ContentEncoding, "gzip");
    assert_eq!(
        check_content(&zipped, &["application/sdp"])
            .unwrap_err()
            .status,
        415
    );
    let mut untyped = options(&[]);
    untyped.body = body;
    assert_eq!(
        check_content(&untyped, &["application/sdp"])
            .unwrap_err()
            .status,
        400
    );

    let produced = "application/sdp";
    let cases = [
        (None, true),
        (Some("application/sdp"), true),
        (Some("text/plain, application/*;q=0.3"), true),
        (Some("*/*"), true),
        (Some("text/*"), false),
        (Some(""), false),
    ];
    for (accept, fits) in cases {
        let line = accept.map(|a| format!("Accept: {a}"));
        let request = options(&line.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(check_accept(&request, produced).is_ok(), fits, "{accept:?}");
    }
}
