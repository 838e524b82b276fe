//! Nobody but an authenticated agent gets a call placed through our trunk, in whatever shape they ask.

use crate::support::patience::LEAST;
use crate::support::phone::{End, Phone, seconds};
use crate::support::world::{COMPANY, Plan, World};
use std::net::UdpSocket;
use std::time::Duration;

const NUMBER: &str = "+34911222333";
const NOWHERE: &str = "127.0.0.9:0";
const TRUNK: &str = "127.0.0.2:0";

/// One request, as a stranger may write it.
struct Shape {
    method: &'static str,
    uri: String,
    from_user: &'static str,
    to: String,
    more: String,
}

impl Shape {
    fn invite(uri: impl Into<String>) -> Self {
        let uri = uri.into();
        Self {
            method: "INVITE",
            to: "<sip:somebody@elsewhere.test>".to_owned(),
            uri,
            from_user: "+34600111222",
            more: String::new(),
        }
    }

    fn with(mut self, more: impl Into<String>) -> Self {
        self.more = format!("{}\r\n", more.into());
        self
    }

    /// The final status, 0 when there is none.
    fn send(&self, world: &World, from: &str, number: usize) -> u16 {
        let socket = UdpSocket::bind(from).unwrap();
        socket.set_read_timeout(Some(LEAST)).unwrap();
        let own = socket.local_addr().unwrap();
        let (method, uri, user, to) = (self.method, &self.uri, self.from_user, &self.to);
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n",
            ip = own.ip()
        );
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{number};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{own}>;tag=a\r\nTo: {to}\r\nCall-ID: {number}-{own}\r\nCSeq: 1 {method}\r\n\
             Contact: <sip:x@{own}>\r\n{}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            self.more,
            sdp.len()
        );
        socket.send_to(text.as_bytes(), world.sip).unwrap();
        let mut buffer = [0; 4_096];
        while let Ok((length, _)) = socket.recv_from(&mut buffer) {
            let answer = String::from_utf8_lossy(&buffer[..length]);
            let status: u16 = answer.get(8..11).unwrap().parse().unwrap();
            if status >= 200 {
                return status;
            }
        }
        0
    }
}

fn shapes(us: &str, carrier: &str) -> Vec<Shape> {
    let users = [
        NUMBER,
        "911222333",
        "0034911222333",
        "%2B34911222333",
        "+34-911-222-333",
        "+34911222333;phone-context=+34",
        "9911222333",
        "*9911222333",
        "9000,911222333",
        "112",
    ];
    let mut shapes: Vec<Shape> = users
        .iter()
        .flat_map(|user| [us, carrier].map(|host| format!("sip:{user}@{host}")))
        .map(Shape::invite)
        .collect();
    shapes.push(Shape::invite(format!("tel:{NUMBER}")));
    shapes.push(Shape::invite(format!(
        "sip:{NUMBER}@{us};user=phone;line=0123456789abcdef"
    )));
    shapes.push(Shape::invite(format!("sip:{NUMBER}@{us};maddr=127.0.0.2")));
    for more in [
        format!("Route: <sip:{carrier};lr>"),
        format!("Route: <sip:{us};lr>, <sip:{carrier};lr>"),
        format!("Refer-To: <sip:{NUMBER}@{carrier}>"),
        "P-Asserted-Identity: <sip:2001@cordboard.localhost>".to_owned(),
        "Remote-Party-ID: <sip:2001@cordboard.localhost>;party=calling".to_owned(),
        "Diversion: <sip:2001@cordboard.localhost>".to_owned(),
        "Replaces: a;to-tag=b;from-tag=c".to_owned(),
        "X-Cordboard-Interaction: 1".to_owned(),
        "Authorization: Digest username=\"2001\"".to_owned(),
        "Proxy-Authorization: Digest username=\"2001\", realm=\"cordboard.localhost\", nonce=\"\", uri=\"\", response=\"\""
            .to_owned(),
    ] {
        shapes.push(Shape::invite(format!("sip:{NUMBER}@{us}")).with(more));
    }
    // As an agent, without the password.
    for user in ["2001", "%32001", "2001;x=1"] {
        let shape = Shape::invite(format!("sip:{NUMBER}@{us}"));
        shapes.push(Shape {
            from_user: user,
            ..shape
        });
    }
    // Others that make a server call somebody.
    for method in ["REFER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "PUBLISH"] {
        let shape = Shape::invite(format!("sip:2001@{us}"));
        let shape = Shape { method, ..shape };
        shapes.push(shape.with(format!(
            "Refer-To: <sip:{NUMBER}@{carrier}>\r\nEvent: refer"
        )));
    }
    shapes
}

#[test]
fn strangers_and_the_carrier_itself_place_no_call_out_in_any_shape() {
    let carrier = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let from = "from = [\"127.0.0.2/32\"]\n";
    let outbound = format!(
        "{from}outbound = {{ address = \"{}\", caller_id = \"+34910000000\", prefixes = [\"+34\"] }}\n",
        carrier.address()
    );
    let world = World::with(&Plan {
        company: COMPANY.replace(from, &outbound),
        ..Plan::default()
    });
    let ana = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    ana.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let (us, there) = (world.sip.to_string(), carrier.address().to_string());
    for (number, shape) in shapes(&us, &there).iter().enumerate() {
        for (place, from) in [NOWHERE, TRUNK].into_iter().enumerate() {
            let status = shape.send(&world, from, 2 * number + place);
            let (method, uri, more) = (shape.method, &shape.uri, &shape.more);
            assert!(
                (400..500).contains(&status),
                "{from} {method} {uri} {more}: {status}"
            );
        }
    }
    // A phone that sends a caller on to a number is not followed.
    let caller = carrier.call(world.sip, "9000", "+34600111222").unwrap();
    caller.wait_answered(seconds(3)).unwrap();
    caller.press("2");
    ana.wait_ring(seconds(5)).unwrap().decline(302);
    caller.hang_up();
    assert_eq!(caller.wait_ended(seconds(3)).unwrap(), End::WeHungUp);
    carrier.expect_quiet(Duration::from_millis(500)).unwrap();
    let list = world.get("/interactions?direction=outbound");
    assert!(list["items"].as_array().unwrap().is_empty(), "{list:#}");
}
