//! A phone on a TCP connection to a live gateway: it registers, calls and is called, with its bytes cut and glued.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

use bytes::Bytes;
use sip_gateway::leg::{
    Accounts, Credentials, Device, DeviceChange, Dial, DialTarget, DigestAlgorithm, GatewayCommand,
    GatewayEvent, LegEndCause, LegEvent, LegId, RegistrationRecord,
};
use sip_gateway::net::{Gateway, GatewayConfig};
use sip_gateway::sip::auth;
use sip_gateway::sip::framing::{Frame, Framer};
use sip_gateway::sip::message::{Message, Method, parse_datagram};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

async fn gateway() -> (Gateway, Receiver<GatewayEvent>) {
    gateway_after(Vec::new()).await
}

/// One that comes back after a restart, with these bindings.
async fn gateway_after(bindings: Vec<RegistrationRecord>) -> (Gateway, Receiver<GatewayEvent>) {
    let address = Ipv4Addr::LOCALHOST.into();
    let device = Device {
        extension: "2001".to_owned(),
        password: "secret".to_owned(),
        algorithm: DigestAlgorithm::Md5,
    };
    let config = GatewayConfig {
        listen: SocketAddr::new(address, 0),
        listen_tcp: vec![SocketAddr::new(address, 0)],
        tls: None,
        advertise: None,
        domain: "office.test".to_owned(),
        media_listen: address,
        media_ports: 10_000..=29_999,
        opus: sip_gateway::sip::sdp::OpusPlace::Off,
        media_threads: 1,
        media_lost_after: Duration::from_secs(60),
        accounts: Accounts {
            devices: vec![device],
            trunks: Vec::new(),
        },
        bindings,
        user_agent: "test".to_owned(),
    };
    Gateway::start(config).await.unwrap()
}

/// How the phone puts a message on the wire.
#[derive(Clone, Copy)]
enum Cut {
    Whole,
    ByteByByte,
}

struct Phone {
    stream: TcpStream,
    framer: Framer,
    cut: Cut,
    serial: u32,
}

impl Phone {
    async fn connect(gateway: &Gateway, cut: Cut) -> Self {
        let stream = TcpStream::connect(gateway.tcp_addresses()[0])
            .await
            .unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            framer: Framer::default(),
            cut,
            serial: 0,
        }
    }

    async fn write(&mut self, text: &str) {
        let size = match self.cut {
            Cut::Whole => text.len(),
            Cut::ByteByByte => 1,
        };
        for piece in text.as_bytes().chunks(size) {
            self.stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    }

    async fn read(&mut self) -> String {
        let mut buffer = [0; 1024];
        loop {
            match self.framer.poll().unwrap() {
                Some(Frame::Message(bytes)) => return String::from_utf8(bytes.to_vec()).unwrap(),
                Some(Frame::Ping) | None => {}
            }
            let count = timeout(PATIENCE, self.stream.read(&mut buffer)).await;
            let count = count.expect("a message in time").unwrap();
            assert_ne!(count, 0, "the gateway closed the connection");
            self.framer.push(&buffer[..count]);
        }
    }

    /// The next message that begins so.
    async fn expect(&mut self, start: &str) -> String {
        loop {
            let text = self.read().await;
            if text.starts_with(start) {
                return text;
            }
            assert!(text.starts_with("SIP/2.0 1"), "{start} wanted:\n{text}");
        }
    }

    fn request(
        &mut self,
        method: &str,
        (to, call_id): (&str, &str),
        more: &str,
        body: &str,
    ) -> String {
        self.serial += 1;
        let (here, serial) = (self.stream.local_addr().unwrap(), self.serial);
        let uri = if method == "REGISTER" {
            "sip:office.test"
        } else {
            "sip:9000@office.test"
        };
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/TCP {here};branch=z9hG4bK{method}{serial};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:2001@office.test>;tag=phone\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {serial} {method}\r\n\
             Contact: <sip:2001@{here};transport=tcp>\r\n{more}{content}l : {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Sends a request, and again with its challenge answered.
    async fn prove(&mut self, method: &str, ids: (&str, &str), body: &str) {
        let text = self.request(method, ids, "", body);
        self.write(&text).await;
        let challenged = self.expect("SIP/2.0 401").await;
        let Ok(Message::Response(response)) = parse_datagram(&Bytes::from(challenged)) else {
            panic!("no response");
        };
        let uri = text.split(' ').nth(1).unwrap();
        let credentials = Credentials {
            username: "2001".to_owned(),
            password: "secret".to_owned(),
        };
        let challenge = &response.headers.www_authenticate().unwrap()[0];
        let known = Method::parse(method).unwrap();
        let answer = auth::respond(challenge, &credentials, &known, uri, "cnonce", 1).unwrap();
        let mut acked = String::new();
        if method == "INVITE" {
            let to = header(&text_of(&response), "To");
            let branch = format!("INVITE{}", self.serial);
            self.serial -= 1;
            acked = self.request("ACK", (&to, ids.1), "", "");
            acked = acked.replace(&format!("ACK{}", self.serial), &branch);
        }
        // The ACK and the request that follows it arrive in one piece, or byte by byte.
        let again = self.request(method, ids, &format!("Authorization: {answer}\r\n"), body);
        self.write(&format!("{acked}{again}")).await;
    }

    async fn register(&mut self) {
        self.prove("REGISTER", ("<sip:2001@office.test>", "register"), "")
            .await;
        self.expect("SIP/2.0 200").await;
    }

    /// Answers a request of the gateway.
    async fn answer(&mut self, request: &str, status: &str, body: &str) {
        let copy = |name| format!("{name}: {}\r\n", header(request, name));
        let mut to = copy("To");
        if !to.contains("tag=") {
            to = to.replace("\r\n", ";tag=phone\r\n");
        }
        let here = self.stream.local_addr().unwrap();
        let content = if body.is_empty() {
            ""
        } else {
            "c: application/sdp\r\n"
        };
        let text = format!(
            "SIP/2.0 {status}\r\n{}{}{to}{}{}Contact: <sip:2001@{here};transport=tcp>\r\n{content}Content-Length:\r\n {}\r\n\r\n{body}",
            copy("Via"),
            copy("From"),
            copy("Call-ID"),
            copy("CSeq"),
            body.len()
        );
        self.write(&text).await;
    }
}

fn text_of(response: &sip_gateway::sip::message::Response) -> String {
    String::from_utf8(response.to_bytes().to_vec()).unwrap()
}

fn header(text: &str, name: &str) -> String {
    let prefix = format!("{name}: ");
    let mut found = text.lines().filter_map(|line| line.strip_prefix(&prefix));
    found.next().unwrap().to_owned()
}

/// The next event that is of use; bindings are told for the store.
async fn event(events: &mut Receiver<GatewayEvent>) -> GatewayEvent {
    loop {
        let event = timeout(PATIENCE, events.recv()).await;
        match event.expect("an event in time").unwrap() {
            GatewayEvent::Bindings(_) => {}
            event => return event,
        }
    }
}

/// The next event of this leg that is one of these.
async fn leg_event(
    events: &mut Receiver<GatewayEvent>,
    wanted: impl Fn(&LegEvent) -> bool,
) -> LegEvent {
    loop {
        if let GatewayEvent::Leg { event, .. } = event(events).await
            && wanted(&event)
        {
            return event;
        }
    }
}

fn ended_by_peer(event: &LegEvent) -> bool {
    matches!(
        event,
        LegEvent::Ended {
            cause: LegEndCause::Bye,
            ..
        }
    )
}

fn dial_2001() -> Dial {
    Dial {
        target: DialTarget::Device("2001".to_owned()),
        from_user: Some("9000".to_owned()),
        from_name: None,
        headers: Vec::new(),
        credentials: None,
    }
}

async fn called(phone: &mut Phone, gateway: &Gateway, events: &mut Receiver<GatewayEvent>) {
    let leg = gateway.new_leg_id();
    let dial = dial_2001();
    gateway
        .send(GatewayCommand::Dial { leg, dial })
        .await
        .unwrap();
    let invite = phone.expect("INVITE ").await;
    assert!(
        invite.contains("Via: SIP/2.0/TCP ") && invite.contains(";transport=tcp>"),
        "{invite}"
    );
    phone.answer(&invite, "180 Ringing", "").await;
    phone.answer(&invite, "200 OK", SDP).await;
    phone.expect("ACK ").await;
    leg_event(events, |event| matches!(event, LegEvent::Answered)).await;
    gateway.send(GatewayCommand::Hangup(leg)).await.unwrap();
    let bye = phone.expect("BYE ").await;
    phone.answer(&bye, "200 OK", "").await;
    leg_event(events, |event| matches!(event, LegEvent::Ended { .. })).await;
}

async fn calls(phone: &mut Phone, gateway: &Gateway, events: &mut Receiver<GatewayEvent>) {
    phone
        .prove("INVITE", ("<sip:9000@office.test>", "call"), SDP)
        .await;
    let leg: LegId = match event(events).await {
        GatewayEvent::Incoming(call) => call.leg,
        other => panic!("{other:?}"),
    };
    gateway.send(GatewayCommand::Ring(leg)).await.unwrap();
    gateway.send(GatewayCommand::Answer(leg)).await.unwrap();
    let ok = phone.expect("SIP/2.0 200").await;
    assert!(header(&ok, "Contact").contains(";transport=tcp"), "{ok}");
    let to = header(&ok, "To");
    phone.serial -= 1;
    let ack = phone.request("ACK", (&to, "call"), "", "");
    let bye = phone.request("BYE", (&to, "call"), "", "");
    phone.write(&format!("{ack}{bye}")).await;
    phone.expect("SIP/2.0 200").await;
    leg_event(events, ended_by_peer).await;
}

async fn both_ways(cut: Cut) {
    let (gateway, mut events) = gateway().await;
    let mut phone = Phone::connect(&gateway, cut).await;
    phone.register().await;
    let device = |change| GatewayEvent::Device {
        extension: "2001".to_owned(),
        change,
    };
    assert_eq!(
        format!("{:?}", event(&mut events).await),
        format!("{:?}", device(DeviceChange::Registered))
    );
    called(&mut phone, &gateway, &mut events).await;
    calls(&mut phone, &gateway, &mut events).await;
    drop(phone);
    let gone = device(DeviceChange::Gone { by_device: false });
    assert_eq!(
        format!("{:?}", event(&mut events).await),
        format!("{gone:?}")
    );
}

#[tokio::test]
async fn a_phone_registers_calls_and_is_called() {
    both_ways(Cut::Whole).await;
}

#[tokio::test]
async fn the_same_byte_by_byte() {
    both_ways(Cut::ByteByByte).await;
}

/// A phone's binding as an earlier process left it: over a connection from this address, which is its contact too.
fn left_behind(contact: SocketAddr) -> RegistrationRecord {
    RegistrationRecord {
        extension: "2001".to_owned(),
        contact: format!("sip:2001@{contact};transport=tcp"),
        source: SocketAddr::new(contact.ip(), 1),
        stream: true,
        call_id: "register".to_owned(),
        cseq: 7,
        instance: None,
        reg_id: None,
        expires_in: 600,
    }
}

#[tokio::test]
async fn a_phone_of_before_our_restart_is_called_over_a_connection_of_ours() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let contact = listener.local_addr().unwrap();
    let (gateway, mut events) = gateway_after(vec![left_behind(contact)]).await;
    assert!(matches!(
        event(&mut events).await,
        GatewayEvent::Device {
            change: DeviceChange::Registered,
            ..
        }
    ));
    let waits = async {
        let (stream, _) = listener.accept().await.unwrap();
        Phone {
            stream,
            framer: Framer::default(),
            cut: Cut::Whole,
            serial: 0,
        }
    };
    let leg = gateway.new_leg_id();
    let dial = dial_2001();
    let command = GatewayCommand::Dial { leg, dial };
    gateway.send(command).await.unwrap();
    let mut phone = timeout(PATIENCE, waits).await.expect("a connection");
    let invite = phone.expect("INVITE ").await;
    phone.answer(&invite, "200 OK", SDP).await;
    phone.expect("ACK ").await;
    leg_event(&mut events, |event| matches!(event, LegEvent::Answered)).await;
    gateway.send(GatewayCommand::Hangup(leg)).await.unwrap();
    let bye = phone.expect("BYE ").await;
    phone.answer(&bye, "200 OK", "").await;
    // The same connection carries the next call, and its end takes the binding along.
    called(&mut phone, &gateway, &mut events).await;
    drop(phone);
    let gone = timeout(PATIENCE, async {
        while !matches!(event(&mut events).await, GatewayEvent::Device { .. }) {}
    });
    gone.await.expect("the phone is told as gone");
}

#[tokio::test]
async fn a_dead_flow_of_before_our_restart_costs_a_call_no_time() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let contact = nobody.local_addr().unwrap();
    drop(nobody);
    let (gateway, mut events) = gateway_after(vec![left_behind(contact)]).await;
    let (leg, dial, begun) = (gateway.new_leg_id(), dial_2001(), std::time::Instant::now());
    let command = GatewayCommand::Dial { leg, dial };
    gateway.send(command).await.unwrap();
    let end = leg_event(&mut events, |event| matches!(event, LegEvent::Ended { .. })).await;
    let LegEvent::Ended { cause, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!(cause, LegEndCause::Unreachable);
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn pings_are_answered_and_a_lost_frame_ends_the_connection_after_its_400() {
    let (gateway, _events) = gateway().await;
    let mut phone = Phone::connect(&gateway, Cut::Whole).await;
    phone.write("\r\n\r\n").await;
    let mut pong = [0; 2];
    timeout(PATIENCE, phone.stream.read_exact(&mut pong))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&pong, b"\r\n");
    let options = phone.request("OPTIONS", ("<sip:9000@office.test>", "ping"), "", "");
    let broken = options.replace("l : 0", "l: 5\r\nContent-Length: 6");
    phone
        .write(&format!("{options}{broken}and whatever lies behind"))
        .await;
    phone.expect("SIP/2.0 200").await;
    phone.expect("SIP/2.0 400").await;
    let mut rest = Vec::new();
    timeout(PATIENCE, phone.stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn one_source_has_64_connections_and_the_rest_work_on() {
    let (gateway, _events) = gateway().await;
    let mut phones = Vec::new();
    for _ in 0..64 {
        phones.push(Phone::connect(&gateway, Cut::Whole).await);
    }
    let mut refused = Phone::connect(&gateway, Cut::Whole).await;
    let mut nothing = [0; 1];
    let end = timeout(PATIENCE, refused.stream.read(&mut nothing))
        .await
        .unwrap();
    assert!(matches!(end, Ok(0) | Err(_)));
    phones.truncate(63);
    // Room comes back with the connection that left.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut next = Phone::connect(&gateway, Cut::Whole).await;
        let options = next.request("OPTIONS", ("<sip:9000@office.test>", "x"), "", "");
        let _ = next.stream.write_all(options.as_bytes()).await;
        if matches!(next.stream.read(&mut nothing).await, Ok(1)) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "no room came back");
    }
}
