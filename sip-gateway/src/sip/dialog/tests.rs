//! Dialogs: route set, remote target, sequence numbers (RFC 3261 12).

use super::{Dialog, DialogKey, OutOfOrder, Path};
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Message, Method, Request, Response, Via, parse_datagram};
use std::net::SocketAddr;

const ROUTES: &str = "Record-Route: <sip:192.0.2.1;lr>, <sip:proxy.test;lr>\r\nRecord-Route: <sip:192.0.2.3:5070;lr>\r\n";

fn invite(more: &str) -> Request {
    let text = format!(
        "INVITE sip:9000@office.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\nFrom: \"A\" <sip:a@b>;tag=f\r\n\
         To: <sip:9000@office.test>\r\nCall-ID: c\r\nCSeq: 5 INVITE\r\nContact: <sip:a@192.0.2.9:5071;x=1>\r\n{more}\
         Content-Length: 0\r\n\r\n"
    );
    match parse_datagram(&text.into_bytes().into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn answer(more: &str) -> Response {
    let text = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\nFrom: \"A\" <sip:a@b>;tag=f\r\n\
         To: <sip:9000@office.test>;tag=t\r\nCall-ID: c\r\nCSeq: 5 INVITE\r\n{more}Content-Length: 0\r\n\r\n"
    );
    match parse_datagram(&text.into_bytes().into()) {
        Ok(Message::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

fn fallback() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

fn via() -> Via {
    Via::new("UDP", "127.0.0.1", Some(5060), "z9hG4bKnew")
}

fn all(request: &Request, name: &HeaderName) -> Vec<String> {
    let values = request.headers.all(name);
    values
        .map(|value| value.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_called_side_keeps_the_route_in_order() {
    let mut dialog =
        Dialog::from_invite(&invite(ROUTES), "ours", Path::Fallback(fallback())).unwrap();
    let bye = dialog.request(Method::Bye, via());
    assert_eq!(bye.uri.to_string(), "sip:a@192.0.2.9:5071;x=1");
    let routes = [
        "<sip:192.0.2.1;lr>",
        "<sip:proxy.test;lr>",
        "<sip:192.0.2.3:5070;lr>",
    ];
    assert_eq!(all(&bye, &HeaderName::Route), routes);
    assert_eq!(
        all(&bye, &HeaderName::From),
        ["<sip:9000@office.test>;tag=ours"]
    );
    assert_eq!(all(&bye, &HeaderName::To), ["\"A\" <sip:a@b>;tag=f"]);
    assert_eq!(all(&bye, &HeaderName::CSeq), ["1 BYE"]);
    assert_eq!(
        dialog.destination().address(),
        "192.0.2.1:5060".parse::<SocketAddr>().unwrap()
    );
    let key = DialogKey {
        call_id: "c".to_owned(),
        local_tag: "ours".to_owned(),
        remote_tag: "f".to_owned(),
    };
    assert_eq!(dialog.key(), &key);
}

#[test]
fn the_calling_side_turns_the_route_round_and_counts_on() {
    let contact = "Contact: <sip:z@192.0.2.77>\r\n";
    let response = answer(&format!("{ROUTES}{contact}"));
    let mut dialog =
        Dialog::from_answer(&invite(""), &response, Path::Fallback(fallback())).unwrap();
    let ack = dialog.ack(5, via());
    assert_eq!(
        (ack.uri.to_string().as_str(), all(&ack, &HeaderName::CSeq)),
        ("sip:z@192.0.2.77", vec!["5 ACK".to_owned()])
    );
    assert_eq!(all(&ack, &HeaderName::Route)[0], "<sip:192.0.2.3:5070;lr>");
    assert_eq!(
        dialog.destination().address(),
        "192.0.2.3:5070".parse::<SocketAddr>().unwrap()
    );
    assert_eq!(
        all(&dialog.request(Method::Bye, via()), &HeaderName::CSeq),
        ["6 BYE"]
    );
}

#[test]
fn a_strict_router_gets_the_target_in_the_last_route() {
    let strict = "Record-Route: <sip:192.0.2.1>, <sip:192.0.2.2;lr>\r\n";
    let mut dialog =
        Dialog::from_invite(&invite(strict), "ours", Path::Fallback(fallback())).unwrap();
    let bye = dialog.request(Method::Bye, via());
    assert_eq!(bye.uri.to_string(), "sip:192.0.2.1");
    assert_eq!(
        all(&bye, &HeaderName::Route),
        ["<sip:192.0.2.2;lr>", "<sip:a@192.0.2.9:5071;x=1>"]
    );
}

#[test]
fn names_fall_back_to_the_known_address_and_flows_win_over_contacts() {
    let named = answer("Contact: <sip:z@phone.test>\r\n");
    let dialog = Dialog::from_answer(&invite(""), &named, Path::Fallback(fallback())).unwrap();
    assert_eq!(dialog.destination().address(), fallback());
    let private = answer("Contact: <sip:z@10.0.0.1>\r\n");
    let mut dialog =
        Dialog::from_answer(&invite(""), &private, Path::Flow(fallback().into())).unwrap();
    assert_eq!(dialog.destination().address(), fallback());
    dialog.moved_to(Flow::Udp("127.0.0.1:10".parse().unwrap()));
    assert_eq!(
        dialog.destination().address(),
        "127.0.0.1:10".parse::<SocketAddr>().unwrap()
    );
}

#[test]
fn the_peer_counts_upwards_and_may_move() {
    let mut dialog = Dialog::from_invite(&invite(""), "ours", Path::Fallback(fallback())).unwrap();
    assert_eq!(dialog.receive(4), Err(OutOfOrder));
    assert_eq!(dialog.receive(9), Ok(()));
    assert_eq!(dialog.receive(8), Err(OutOfOrder));
    dialog.refresh_target(&answer("Contact: <sip:new@192.0.2.8>\r\n").headers);
    assert_eq!(
        dialog.destination().address(),
        "192.0.2.8:5060".parse::<SocketAddr>().unwrap()
    );
    // Two contacts, or none of SIP, move nothing.
    dialog.refresh_target(&answer("Contact: <sip:a@192.0.2.4>, <sip:b@192.0.2.5>\r\n").headers);
    dialog.refresh_target(&answer("Contact: <tel:+34911>\r\n").headers);
    assert_eq!(
        dialog.destination().address(),
        "192.0.2.8:5060".parse::<SocketAddr>().unwrap()
    );
}
