use super::super::key::{ClientKey, ServerKey};
use crate::sip::message::{Message, Method, Request, parse_datagram};

fn request(method: &str, via: &str, rest: &str) -> Request {
    let text = format!(
        "{method} sip:9000@host SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:9000@host>{rest}\
         \r\nCall-ID: c\r\nCSeq: 7 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    match parse_datagram(&text.into_bytes().into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn key(method: &str, via: &str, rest: &str) -> ServerKey {
    let request = request(method, via, rest);
    let via = request.headers.via_top().unwrap();
    ServerKey::of_request(&request, &via).unwrap()
}

#[test]
fn a_branch_with_the_cookie_counts_with_sent_by_and_method() {
    let invite = key("INVITE", "host:5062;branch=z9hG4bKx", "");
    assert_eq!(
        invite,
        key("INVITE", "HOST:5062;branch=z9hG4bKx;rport", ";tag=z")
    );
    assert_eq!(invite, key("ACK", "host:5062;branch=z9hG4bKx", ";tag=z"));
    assert_eq!(
        invite,
        key("CANCEL", "host:5062;branch=z9hG4bKx", "").cancelled()
    );
    for other in [
        key("BYE", "host:5062;branch=z9hG4bKx", ""),
        key("INVITE", "host:5062;branch=z9hG4bKy", ""),
        key("INVITE", "host:5063;branch=z9hG4bKx", ""),
        key("INVITE", "other:5062;branch=z9hG4bKx", ""),
    ] {
        assert_ne!(invite, other);
    }
    assert_eq!(
        key("BYE", "host;branch=z9hG4bKx", ""),
        key("BYE", "host:5060;branch=z9hG4bKx", "")
    );
}

#[test]
fn without_the_cookie_the_request_itself_counts() {
    for via in ["host", "host;branch=1", "host;branch=z9hG4bK"] {
        let invite = key("INVITE", via, "");
        assert_eq!(invite, key("INVITE", via, ""), "{via}");
        assert_eq!(invite, key("ACK", via, ";tag=ours"), "{via}");
        assert_ne!(invite, key("BYE", via, ""), "{via}");
        assert_ne!(invite, key("INVITE", "host;branch=2", ""), "{via}");
    }
}

#[test]
fn responses_match_by_branch_and_cseq_method() {
    let invite = request("INVITE", "host;branch=z9hG4bKx", "");
    let found = ClientKey::of_response(&invite.headers).unwrap();
    assert_eq!(found, Some(ClientKey::new("z9hG4bKx", Method::Invite)));
    assert_ne!(found, Some(ClientKey::new("z9hG4bKx", Method::Cancel)));
    let none = request("INVITE", "host", "");
    assert_eq!(ClientKey::of_response(&none.headers).unwrap(), None);
}
