//! We register with a carrier: its calls reach us, it hears when we go, and nobody else gets in by it.

use crate::support::patience::LEAST;
use crate::support::phone::{End, Phone, seconds};
use crate::support::world::{COMPANY, Plan, World};
use std::net::{SocketAddr, UdpSocket};

const ACCOUNT: &str = "account77";
const PASSWORD: &str = "word-of-the-account";

fn open(registrar: SocketAddr) -> World {
    let trunk = "from = [\"127.0.0.2/32\"]\n";
    let register = format!(
        "register = {{ registrar = \"{registrar}\", username = \"{ACCOUNT}\", password = \"{PASSWORD}\", \
         uri = \"sip:{ACCOUNT}@carrier.example\", number = \"9000\" }}\n"
    );
    World::with(&Plan {
        company: COMPANY.replace(trunk, &register),
        ..Plan::default()
    })
}

/// A carrier's machine that says what the test tells it to.
struct Registrar(UdpSocket);

impl Registrar {
    fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.2:0").unwrap();
        socket.set_read_timeout(Some(LEAST)).unwrap();
        Self(socket)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next REGISTER with credentials; one without is challenged.
    fn next(&self) -> (String, SocketAddr) {
        let mut buffer = [0; 4_096];
        loop {
            let (length, from) = self.0.recv_from(&mut buffer).unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            assert!(
                text.starts_with("REGISTER sip:carrier.example SIP/2.0\r\n"),
                "{text}"
            );
            assert!(!text.contains(PASSWORD));
            if text.contains("\r\nAuthorization: Digest ") {
                return (text, from);
            }
            let challenge = "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n";
            self.answer(&text, from, "401 Unauthorized", challenge);
        }
    }

    fn answer(&self, request: &str, to: SocketAddr, status: &str, more: &str) {
        let wanted = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let copied: Vec<&str> = request
            .lines()
            .filter(|line| wanted.iter().any(|name| line.starts_with(name)))
            .collect();
        let text = format!(
            "SIP/2.0 {status}\r\n{}\r\n{more}Content-Length: 0\r\n\r\n",
            copied.join("\r\n")
        );
        self.0.send_to(text.as_bytes(), to).unwrap();
    }
}

fn contact(request: &str) -> String {
    let line = request.lines().find(|line| line.starts_with("Contact:"));
    let line = line.unwrap().trim_start_matches("Contact: ");
    line.trim_matches(['<', '>']).to_owned()
}

/// The status of the first answer but 100 to an INVITE from this address.
fn invite(world: &World, from: &str, uri: &str, more: &str) -> u16 {
    let socket = UdpSocket::bind(from).unwrap();
    socket.set_read_timeout(Some(LEAST)).unwrap();
    let own = socket.local_addr().unwrap();
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n",
        ip = own.ip()
    );
    let text = format!(
        "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{port};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:+34600111222@{own}>;tag=a\r\nTo: <sip:{ACCOUNT}@carrier.example>\r\nCall-ID: {own}\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:x@{own}>\r\n{more}Content-Type: application/sdp\r\n\
         Content-Length: {length}\r\n\r\n{sdp}",
        port = own.port(),
        length = sdp.len()
    );
    socket.send_to(text.as_bytes(), world.sip).unwrap();
    let mut buffer = [0; 4_096];
    loop {
        let (length, _) = socket.recv_from(&mut buffer).unwrap();
        let answer = String::from_utf8_lossy(&buffer[..length]);
        let status = answer.get(8..11).unwrap().parse().unwrap();
        if status != 100 {
            return status;
        }
    }
}

#[test]
fn calls_to_our_contact_come_in_and_the_carrier_hears_when_we_go() {
    let registrar = Registrar::new();
    let world = open(registrar.address());
    let (request, from) = registrar.next();
    let contact = contact(&request);
    assert!(contact.starts_with(&format!("sip:{ACCOUNT}@")), "{contact}");
    let granted = format!("Contact: <{contact}>;expires=600\r\n");
    registrar.answer(&request, from, "200 OK", &granted);
    world.wait_metrics(
        &["cordboard_trunk_registered{trunk=\"carrier\"} 1"],
        seconds(5),
    );
    // The carrier calls our Contact from another of its machines; the account's number is answered.
    assert_eq!(invite(&world, "127.0.0.9:0", &contact, ""), 200);
    let record = world.wait_for("/interactions?direction=inbound", seconds(5), |list| {
        !list["items"].as_array().unwrap().is_empty()
    });
    assert_eq!(record["items"][0]["trunk"], "carrier", "{record:#}");
    assert_eq!(record["items"][0]["dialed_number"], "9000");
    assert_eq!(record["items"][0]["caller_number"], "+34600111222");
    // Nobody else does, and nobody calls out by it.
    let plain = contact.split(";line=").next().unwrap().to_owned();
    assert_eq!(invite(&world, "127.0.0.9:0", &plain, ""), 401);
    let out = contact.replace(ACCOUNT, "+34911222333");
    assert_eq!(invite(&world, "127.0.0.9:0", &out, ""), 404);
    world.terminate();
    let (leaving, from) = registrar.next();
    assert!(leaving.contains("\r\nExpires: 0\r\n"), "{leaving}");
    registrar.answer(&leaving, from, "200 OK", "");
    world.wait_log("no longer registered with the carrier", seconds(5));
    let log = world.log();
    for secret in [PASSWORD, ACCOUNT, contact.split(";line=").nth(1).unwrap()] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_refusal_is_told_and_the_test_phones_registrar_takes_us() {
    let registrar = Registrar::new();
    let world = open(registrar.address());
    let (request, from) = registrar.next();
    registrar.answer(&request, from, "403 Forbidden", "");
    world.wait_metrics(
        &["cordboard_trunk_registered{trunk=\"carrier\"} 0"],
        seconds(5),
    );
    world.wait_metrics(
        &["cordboard_trunk_refusal_status{trunk=\"carrier\"} 403"],
        seconds(5),
    );
    world.wait_log("the carrier refuses our name or password", seconds(5));

    // A registrar of other hands: it checks our digest itself.
    let carrier = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    carrier.be_registrar(ACCOUNT, PASSWORD);
    let world = open(carrier.address());
    assert_eq!(
        carrier.wait_registered(ACCOUNT, seconds(5)).unwrap(),
        world.sip
    );
    let call = carrier.call(world.sip, "9000", "+34600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.hang_up();
    let call = carrier.call(world.sip, "7777", "+34600111222").unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(404));
}
