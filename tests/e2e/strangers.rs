//! Who may not: unknown numbers, calls from nowhere known, wrong passwords, a trunk that plays an agent. What is
//! answered tells nobody who exists.

use crate::support::patience::LEAST;
use crate::support::phone::digest::{self, Account};
use crate::support::phone::message::Message;
use crate::support::phone::{End, Phone, seconds};
use crate::support::world::World;
use std::net::{SocketAddr, UdpSocket};

#[test]
fn an_unknown_number_is_404_for_the_trunk() {
    let world = World::start();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    for number in ["9999", "%00", "09000", "+34910000001"] {
        let call = customer.call(world.sip, number, "600111222").unwrap();
        assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(404));
    }
    assert_eq!(world.get("/interactions")["items"], serde_json::json!([]));
}

#[test]
fn a_trunk_that_claims_an_agents_extension_must_authenticate_as_that_agent() {
    let world = World::start();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = customer.call(world.sip, "9000", "2001").unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(401));
    customer.set_account("2001", "word-of-ben");
    let call = customer.call(world.sip, "9000", "2001").unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(401));
    customer.set_account("2001", "word-of-ana");
    let call = customer.call(world.sip, "9000", "2001").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.hang_up();
    // Without an agent's name the trunk is the trunk.
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.hang_up();
}

#[test]
fn a_call_from_nowhere_known_is_challenged_alike_whoever_it_claims_to_be() {
    let world = World::start();
    let stranger = Stranger::at("127.0.0.9:0", world.sip);
    let mut seen = Vec::new();
    for from in ["2001", "2999", "9000", "600111222", ""] {
        for to in ["9000", "9999", "2002"] {
            for method in ["INVITE", "REGISTER", "SUBSCRIBE", "MESSAGE"] {
                let answer = stranger.ask(&request(method, from, to, world.sip, &stranger, None));
                assert_eq!(answer.status(), Some(401), "{method} {from} -> {to}");
                seen.push((method, shape(&answer, &[from, to])));
            }
        }
    }
    let first = |method: &str| &seen.iter().find(|(known, _)| *known == method).unwrap().1;
    for (method, shape) in &seen {
        assert_eq!(shape, first(method), "{method}");
    }
    assert_eq!(world.get("/interactions")["items"], serde_json::json!([]));
}

#[test]
fn a_wrong_password_is_refused_alike_for_known_and_unknown_users() {
    let world = World::start();
    for method in ["REGISTER", "INVITE"] {
        let shapes: Vec<String> = ["2001", "2002", "2999", "nobody"]
            .iter()
            .map(|user| refused_with_a_wrong_password(&world, method, user))
            .collect();
        for other in &shapes[1..] {
            assert_eq!(&shapes[0], other, "{method}");
        }
    }
    assert_eq!(world.get("/agents/ana")["registered"], false);
}

/// Asks, is challenged, answers with a wrong password; what the second answer looks like.
fn refused_with_a_wrong_password(world: &World, method: &str, user: &str) -> String {
    let stranger = Stranger::at("127.0.0.9:0", world.sip);
    let to = if method == "REGISTER" { user } else { "9000" };
    let challenge = stranger.ask(&request(method, user, to, world.sip, &stranger, None));
    let account = Account {
        username: user.to_owned(),
        password: "guessed".to_owned(),
    };
    let uri = format!("sip:{to}@{}", world.sip);
    let asked = challenge.header("www-authenticate").unwrap();
    let credentials = digest::answer(&account, asked, method, &uri).unwrap();
    let again = request(method, user, to, world.sip, &stranger, Some(&credentials));
    let refusal = stranger.ask(&again);
    assert!(matches!(refusal.status(), Some(401 | 403)), "{refusal:?}");
    shape(&refusal, &[user, to])
}

/// An answer with everything that differs by right taken out: nonce, tag, ids, and the names that we asked with.
fn shape(answer: &Message, names: &[&str]) -> String {
    let mut lines = vec![answer.start.clone()];
    for (name, value) in &answer.headers {
        let value = match name.to_ascii_lowercase().as_str() {
            "via" | "call-id" => "…".to_owned(),
            "from" | "to" => {
                let mut value = value.split(";tag=").next().unwrap().to_owned();
                for name in names.iter().filter(|name| !name.is_empty()) {
                    value = value.replace(&format!("sip:{name}@"), "sip:…@");
                }
                value.replace("<sip:127", "<sip:…@127")
            }
            "www-authenticate" => {
                let nonce = digest_nonce(value);
                assert!(nonce.len() >= 16, "a nonce worth its name: {value}");
                value.replace(&nonce, &"n".repeat(nonce.len()))
            }
            _ => value.clone(),
        };
        lines.push(format!("{name}: {value}"));
    }
    lines.push(answer.body.clone());
    lines.join("\n")
}

fn digest_nonce(challenge: &str) -> String {
    crate::support::phone::message::digest_parts(challenge)["nonce"].clone()
}

/// A request of our own words.
fn request(
    method: &str,
    from: &str,
    to: &str,
    server: SocketAddr,
    stranger: &Stranger,
    credentials: Option<&str>,
) -> Message {
    let id = stranger.next();
    let here = stranger.socket.local_addr().unwrap();
    let user = |name: &str| {
        if name.is_empty() {
            format!("<sip:{server}>")
        } else {
            format!("<sip:{name}@{server}>")
        }
    };
    let mut request = Message::new(format!("{method} sip:{to}@{server} SIP/2.0"))
        .with(
            "Via",
            format!("SIP/2.0/UDP {here};branch=z9hG4bK{id};rport"),
        )
        .with("Max-Forwards", "70")
        .with("From", format!("{};tag=t{id}", user(from)))
        .with("To", user(to))
        .with("Call-ID", format!("stranger-{id}"))
        .with("CSeq", format!("1 {method}"))
        .with("Contact", format!("<sip:x@{here}>"));
    if let Some(credentials) = credentials {
        request = request.with("Authorization", credentials);
    }
    request
}

/// A socket that asks and is answered.
struct Stranger {
    socket: UdpSocket,
    server: SocketAddr,
    count: std::cell::Cell<u32>,
}

impl Stranger {
    fn at(local: &str, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind(local).unwrap();
        socket.set_read_timeout(Some(LEAST)).unwrap();
        Self {
            socket,
            server,
            count: std::cell::Cell::new(0),
        }
    }

    fn next(&self) -> String {
        self.count.set(self.count.get() + 1);
        format!(
            "{}x{}",
            self.socket.local_addr().unwrap().port(),
            self.count.get()
        )
    }

    /// The final answer; a refused INVITE is acknowledged.
    fn ask(&self, request: &Message) -> Message {
        self.socket
            .send_to(&request.to_bytes(), self.server)
            .unwrap();
        let mut buffer = [0; 4096];
        loop {
            let length = self
                .socket
                .recv(&mut buffer)
                .unwrap_or_else(|_| panic!("no answer to {request:?}"));
            let answer = Message::parse(&buffer[..length]).unwrap();
            if answer.call_id() == request.call_id() && answer.status().is_some_and(|s| s >= 200) {
                if request.method() == "INVITE" {
                    let mut ack = request.clone();
                    ack.start = ack.start.replace("INVITE", "ACK");
                    for (name, value) in &mut ack.headers {
                        match name.as_str() {
                            "CSeq" => *value = "1 ACK".to_owned(),
                            "To" => *value = answer.header("to").unwrap().to_owned(),
                            _ => {}
                        }
                    }
                    self.socket.send_to(&ack.to_bytes(), self.server).unwrap();
                }
                return answer;
            }
        }
    }
}
