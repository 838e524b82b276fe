//! The twelve shapes of everyday traffic that parsers stumble over, at a running server over UDP and TCP: phones
//! register and calls are answered with them.

use crate::alive::{Alive, PATIENCE};
use crate::support::phone::digest::{self, Account};
use crate::support::phone::message::{Message, digest_parts};
use crate::support::phone::seconds;
use crate::wire::{Wire, place};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// One peer on one transport.
struct Peer {
    wire: Wire,
    server: String,
    here: String,
    requests: u32,
}

impl Peer {
    fn new(wire: Wire, server: String) -> Self {
        let here = wire.local().to_string();
        Self {
            wire,
            server,
            here,
            requests: 0,
        }
    }

    /// The mandatory lines but the start line, Via and Contact, then `more`.
    fn lines(&mut self, method: &str, user: &str, more: &[String], body: &str) -> String {
        self.requests += 1;
        let (here, server) = (&self.here, &self.server);
        let mut text = format!(
            "Max-Forwards: 70\r\nCall-ID: everyday-{}-{}\r\nCSeq: 1 {method}\r\n",
            self.wire.name(),
            self.requests
        );
        if !more.iter().any(|line| line.starts_with("From")) {
            write!(text, "From: <sip:{user}@{here}>;tag=e1\r\n").unwrap();
        }
        if !more.iter().any(|line| line.starts_with("To")) {
            let to = if method == "REGISTER" { user } else { "9000" };
            write!(text, "To: <sip:{to}@{server}>\r\n").unwrap();
        }
        for line in more {
            write!(text, "{line}\r\n").unwrap();
        }
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        text
    }

    fn via(&self) -> String {
        let (name, here, number) = (self.wire.name(), &self.here, self.requests);
        format!("SIP/2.0/{name} {here};branch=z9hG4bKe{number};rport")
    }

    fn contact(&self) -> String {
        format!("Contact: <sip:x@{}>", self.here)
    }

    /// Sends a request and gives its final answer.
    fn ask(&mut self, what: &str, text: &str) -> Message {
        self.wire.send(text.as_bytes());
        let answer = self.wire.next_final(PATIENCE);
        answer.unwrap_or_else(|| panic!("{what}: no answer to\n{text}"))
    }

    /// An INVITE that must be answered with 200, then ACK and BYE.
    fn call(&mut self, what: &str, uri: &str, via: Option<&str>, more: &[String]) -> Message {
        let mut more = more.to_vec();
        if !more.iter().any(|line| line.starts_with("Contact")) {
            more.push(self.contact());
        }
        let lines = self.lines("INVITE", "600111222", &more, &sdp());
        let via = via.map_or_else(|| self.via(), str::to_owned);
        let text = format!("INVITE {uri} SIP/2.0\r\nVia: {via}\r\n{lines}");
        self.finish_call(what, &text)
    }

    fn finish_call(&mut self, what: &str, invite: &str) -> Message {
        let answer = self.ask(what, invite);
        assert_eq!(answer.status(), Some(200), "{what}: {answer:?}");
        assert!(answer.body.contains("m=audio"), "{what}: {answer:?}");
        for (cseq, method) in [(1, "ACK"), (2, "BYE")] {
            let header = |name: &str| answer.header(name).unwrap().to_owned();
            let text = format!(
                "{method} sip:9000@{} SIP/2.0\r\nVia: SIP/2.0/{} {};branch=z9hG4bKe{}{method};rport\r\nMax-Forwards: 70\r\n\
                 From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
                self.server,
                self.wire.name(),
                self.here,
                self.requests,
                header("from"),
                header("to"),
                header("call-id"),
            );
            if method == "ACK" {
                self.wire.send(text.as_bytes());
            } else {
                let over = self.ask(what, &text);
                assert_eq!(over.status(), Some(200), "{what}: {over:?}");
            }
        }
        answer
    }

    /// A REGISTER that is challenged first; `prove` makes the credentials out of the challenge.
    fn register(
        &mut self,
        what: &str,
        extension: &str,
        more: &[String],
        prove: impl Fn(&str, &str) -> String,
    ) -> Message {
        let uri = format!("sip:{}", self.server);
        let start = format!("REGISTER {uri} SIP/2.0");
        let lines = self.lines("REGISTER", extension, more, "");
        let challenge = self.ask(what, &format!("{start}\r\nVia: {}\r\n{lines}", self.via()));
        assert_eq!(challenge.status(), Some(401), "{what}");
        let proof = prove(challenge.header("www-authenticate").unwrap(), &uri);
        let mut more = more.to_vec();
        more.push(format!("Authorization: {proof}"));
        let lines = self.lines("REGISTER", extension, &more, "");
        let answer = self.ask(what, &format!("{start}\r\nVia: {}\r\n{lines}", self.via()));
        assert_eq!(answer.status(), Some(200), "{what}: {answer:?}");
        answer
    }

    fn register_ana(&mut self, what: &str, more: &[String]) -> Vec<String> {
        let account = Account {
            username: "2001".to_owned(),
            password: "word-of-ana".to_owned(),
        };
        let answer = self.register(what, "2001", more, |challenge, uri| {
            digest::answer(&account, challenge, "REGISTER", uri).unwrap()
        });
        let contacts = answer.headers.into_iter();
        let contacts = contacts.filter(|(name, _)| name == "Contact");
        contacts.map(|(_, value)| value).collect()
    }

    fn status(&mut self, what: &str, start: &str, more: &[String]) -> Option<u16> {
        let method = start.split(' ').next()?.to_owned();
        let lines = self.lines(&method, "600111222", more, "");
        let text = format!("{start}\r\nVia: {}\r\n{lines}", self.via());
        self.ask(what, &text).status()
    }
}

fn sdp() -> String {
    "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n".to_owned()
}

/// Credentials in SHA-256 (RFC 8760) whose quoted values hold commas.
fn sha_256(challenge: &str, uri: &str) -> String {
    let hex = |text: String| -> String {
        let sum = Sha256::digest(text.as_bytes());
        sum.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let parts = digest_parts(challenge);
    assert_eq!(parts["algorithm"], "SHA-256");
    let (realm, nonce) = (&parts["realm"], &parts["nonce"]);
    let (cnonce, uri) = ("a, b=\\\"c\\\",,", format!("{uri};x=1,2"));
    let secret = hex(format!("2002:{realm}:word-of-ben"));
    let what = hex(format!("REGISTER:{uri}"));
    // The hash goes over the value without the backslashes (RFC 3261 25.1: a quoted pair is its second character).
    let plain = cnonce.replace('\\', "");
    let response = hex(format!("{secret}:{nonce}:00000001:{plain}:auth:{what}"));
    format!(
        "Digest username=\"2002\",realm=\"{realm}\" , nonce=\"{nonce}\",\turi=\"{uri}\", response=\"{response}\", \
         algorithm=SHA-256, cnonce=\"{cnonce}\", qop=auth, nc=00000001,"
    )
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// A record says that this number called.
fn wait_caller(alive: &Alive, number: &str) {
    let all = "/interactions?limit=500";
    alive.world.wait_for(all, seconds(10), |list| {
        let items = list["items"].as_array().unwrap();
        items.iter().any(|item| item["caller_number"] == number)
    });
}

/// Shapes of calls.
fn calls(alive: &mut Alive, peer: &mut Peer) {
    let server = peer.server.clone();
    let uri = format!("sip:9000@{server}");
    let (name, here) = (peer.wire.name(), peer.here.clone());

    let what = "compact names";
    let body = sdp();
    let text = format!(
        "INVITE {uri} SIP/2.0\r\nv: SIP/2.0/{name} {here};branch=z9hG4bKcompact;rport\r\nf: <sip:600111222@{here}>;tag=c\r\n\
         t: <{uri}>\r\ni: compact-{name}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nm: <sip:x@{here}>\r\nk: timer, replaces\r\n\
         x: 1800;refresher=uac\r\ns: hello\r\nc: application/sdp\r\nl: {}\r\n\r\n{body}",
        body.len()
    );
    peer.finish_call(what, &text);
    alive.check(what);

    let what = "several Vias in one line";
    let via = format!(
        "SIP/2.0/{name} {here};received=192.0.2.5;rport=1024;branch=z9hG4bKm1, SIP/2.0/TCP host;branch=z9hG4bKb;rport ,\
         SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKc;alias"
    );
    let answer = peer.call(what, &uri, Some(&via), &[]);
    let vias = answer.header("via").unwrap();
    assert!(
        vias.contains("df7jal23ls0d.invalid") && vias.contains("z9hG4bKb;rport"),
        "{vias}"
    );
    assert!(
        !vias.contains("192.0.2.5"),
        "the top one tells the truth: {vias}"
    );
    alive.check(what);

    let what = "IPv6 everywhere";
    let via = format!("SIP/2.0/{name} [2001:db8::2]:5080;branch=z9hG4bKv6;rport");
    let more = owned(&[
        "From: <sip:600111222@[2001:db8::2]>;tag=6",
        "To: <sip:9000@[2001:db8::1]>",
        "Contact: <sip:a@[2001:db8::2]:5080>",
    ]);
    peer.call(what, "sip:9000@[2001:db8::1]:5060", Some(&via), &more);
    alive.check(what);

    let what = "tel: everywhere";
    let more = owned(&[
        "From: \"Ana\" <tel:+34600111333;phone-context=example.com>;tag=1",
        "To: tel:9000;phone-context=example.com",
    ]);
    peer.call(what, "tel:9000;phone-context=example.com", None, &more);
    wait_caller(alive, "+34600111333");
    alive.check(what);

    let what = "a display name in UTF-8 with a bracket in quotes";
    let more = owned(&["From: \"José <jefe>; \\\"x\\\"\" <sip:600111444@example.com>;tag=9"]);
    peer.call(what, &uri, None, &more);
    wait_caller(alive, "+34600111444");
    alive.check(what);
}

/// Shapes of registrations.
fn registrations(alive: &mut Alive, peer: &mut Peer) {
    let what = "several Contacts in one line";
    let more = owned(&[
        "Contact: \"Ruiz, Ana\" <sip:a@192.0.2.1>;expires=60, sip:a@192.0.2.2;q=0.5 ,<sip:a@192.0.2.3>",
    ]);
    let contacts = peer.register_ana(what, &more).join(",");
    for host in 1..=3 {
        assert!(
            contacts.contains(&format!("sip:a@192.0.2.{host}")),
            "{contacts}"
        );
    }
    alive.check(what);

    let what = "Contact: *";
    let contacts = peer.register_ana(what, &owned(&["Contact: *", "Expires: 0"]));
    assert!(contacts.is_empty(), "{contacts:?}");
    alive.check(what);

    let what = "the Contact of a browser";
    let more = owned(&[concat!(
        "Contact: <sip:4k2j3@df7jal23ls0d.invalid;transport=ws;ob>;+sip.ice;reg-id=1;",
        "+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";expires=600",
    )]);
    let contacts = peer.register_ana(what, &more).join(",");
    assert!(
        contacts.contains("4k2j3@df7jal23ls0d.invalid"),
        "{contacts}"
    );
    peer.register_ana(what, &owned(&["Contact: *", "Expires: 0"]));
    alive.check(what);

    let what = "SHA-256 with commas in quotes";
    let more = owned(&["Contact: <sip:b@192.0.2.9>;expires=60"]);
    peer.register(what, "2002", &more, sha_256);
    alive.check(what);
}

/// Shapes that are understood and refused.
fn refusals(alive: &mut Alive, peer: &mut Peer) {
    let server = peer.server.clone();
    let more = [
        peer.contact(),
        "Refer-To: <sip:b@192.0.2.9:5070?Replaces=x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2>".to_owned(),
    ];
    let what = "Refer-To with Replaces";
    let start = format!("REFER sip:9000@{server} SIP/2.0");
    assert_eq!(peer.status(what, &start, &more), Some(405), "{what}");
    alive.check(what);

    let what = "a Request-URI with headers";
    let start = format!("INVITE sip:9000@{server}?Subject=a&X-Y=%0d%0aZ:1 SIP/2.0");
    let contact = [peer.contact()];
    assert_eq!(peer.status(what, &start, &contact), Some(400), "{what}");
    alive.check(what);

    let what = "PRACK with RAck";
    let start = format!("PRACK sip:9000@{server} SIP/2.0");
    let more = owned(&["To: <sip:9000@example.com>;tag=2", "RAck: 776656  1 INVITE"]);
    assert_eq!(peer.status(what, &start, &more), Some(481), "{what}");
    alive.check(what);
}

/// Escapes are undone once: what is still escaped then, or would be a URI, is nobody's number.
fn escapes(alive: &mut Alive, peer: &mut Peer) {
    let server = peer.server.clone();
    for (user, status) in [
        ("%39000", Some(200)),
        ("%2539000", Some(404)),
        ("sip%3A9000%40example.com", Some(404)),
    ] {
        let start = format!("INVITE sip:{user}@{server} SIP/2.0");
        let more = [format!("To: <sip:nobody@{server}>"), peer.contact()];
        if status == Some(200) {
            peer.call(user, &format!("sip:{user}@{server}"), None, &more);
        } else {
            assert_eq!(peer.status(user, &start, &more), status, "{user}");
        }
        alive.check(user);
    }
}

fn everything(alive: &mut Alive, wire: Wire) {
    let mut peer = Peer::new(wire, alive.world.sip.to_string());
    calls(alive, &mut peer);
    registrations(alive, &mut peer);
    refusals(alive, &mut peer);
    escapes(alive, &mut peer);
}

fn start() -> Alive {
    Alive::with_company(|company| {
        company.replace(
            "password = \"word-of-ben\"",
            "password = \"word-of-ben\"\ndigest = \"sha-256\"",
        )
    })
}

#[test]
fn the_twelve_shapes_over_udp() {
    let mut alive = start();
    let wire = Wire::udp(alive.world.sip, place(1), &[]);
    everything(&mut alive, wire);
}

#[test]
fn the_twelve_shapes_over_tcp() {
    let mut alive = start();
    let wire = Wire::tcp(alive.world.sip, place(1));
    everything(&mut alive, wire);
}
