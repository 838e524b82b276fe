//! Tests of the message types.

use super::*;

fn parse(text: &str) -> Message {
    parse_datagram(&Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

#[test]
fn an_invite_is_read_and_answered() {
    let Message::Request(invite) = parse(
        "INVITE sip:9000@127.0.0.1:5060 SIP/2.0\r\n\
         v: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bKx1, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx0\r\n\
         f: \"Ana, \\\"x\\\"\" <sip:ana@example.com>;tag=a1\r\n\
         t: <sip:9000@example.com>\r\n\
         i: call-1\r\n\
         CSeq: 7 INVITE\r\n\
         m: <sip:ana@127.0.0.1:5080>\r\n\
         l: 4\r\n\
         \r\n\
         v=0\nrest",
    ) else {
        panic!("a request")
    };
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
