//! SIP over connections: answers go back on them, requests go over them, and what happens when they end.

use super::kit::{ANSWER, OFFER, address, credentials, dial_to, office_accounts, seconds};
use super::puppet::{Draft, header, status};
use crate::leg::{Credentials, DeviceChange, DialTarget, LegEndCause, LegId};
use crate::sip::endpoint::{Endpoint, EndpointConfig, Limits};
use crate::sip::flow::{ConnectionId, Flow, Wire};
use crate::sip::message::{HeaderName, Message, Method, parse_datagram};
use crate::sip::port::{SipCommand, SipEvent, SipInput, SipOutput};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(super) const CLIENT: &str = "127.0.0.50:6000";
pub(super) const LEG: LegId = LegId(2);

pub(super) fn flow(id: u64) -> Flow {
    Flow::Stream(Wire::Tcp, ConnectionId(id), CLIENT.parse().unwrap())
}

pub(super) struct Office {
    pub(super) endpoint: Endpoint,
    pub(super) now: Instant,
    pub(super) events: Vec<SipEvent>,
    /// Connections that it wanted to be opened.
    pub(super) opened: Vec<Flow>,
    /// By connection, what was sent.
    pub(super) sent: Vec<(u64, String)>,
    /// Connections that are not TCP from [`CLIENT`].
    pub(super) by: BTreeMap<u64, Flow>,
    /// Requests with credentials that were sent to it.
    invites: Vec<String>,
}

impl Office {
    pub(super) fn new() -> Self {
        let config = EndpointConfig {
            domain: "office.test".to_owned(),
            stream_port: Some(5070),
            tls_port: None,
            advertised: address(0),
            agent_name: "test".to_owned(),
            seed: [1; 32],
            limits: Limits::default(),
        };
        let now = Instant::now();
        Self {
            endpoint: Endpoint::new(config, office_accounts(), now),
            now,
            events: Vec::new(),
            opened: Vec::new(),
            sent: Vec::new(),
            by: BTreeMap::new(),
            invites: Vec::new(),
        }
    }

    /// What is sent by this input.
    pub(super) fn input(&mut self, input: SipInput) -> Vec<String> {
        let before = self.sent.len();
        self.endpoint.handle(input, self.now);
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                SipOutput::Event(event) => self.events.push(event),
                SipOutput::TransmitStream { flow, open, bytes } => {
                    let connection = flow.connection().unwrap();
                    if open {
                        assert!(connection.0 >= ConnectionId::opened(0).0);
                        self.opened.push(flow);
                    }
                    let text = String::from_utf8(bytes.to_vec()).unwrap();
                    self.sent.push((connection.0, text));
                }
                SipOutput::Transmit { .. } => panic!("nobody here has datagrams"),
            }
        }
        let sent = self.sent.iter().skip(before);
        sent.map(|(_, text)| text.clone()).collect()
    }

    pub(super) fn send(&mut self, id: u64, text: &str) -> Vec<String> {
        let bytes = text.as_bytes().to_vec().into();
        let flow = self.by.get(&id).copied().unwrap_or_else(|| flow(id));
        self.input(SipInput::Stream { flow, bytes })
    }

    pub(super) fn close(&mut self, id: u64) {
        self.input(SipInput::FlowClosed { flow: flow(id) });
    }

    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.endpoint.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.input(SipInput::Tick);
        }
        self.now = end;
    }

    /// Sends a request, and again with what its challenge asks for.
    pub(super) fn authenticated(&mut self, id: u64, draft: Draft) -> Vec<String> {
        self.authenticated_as(id, draft, &credentials("2001"))
    }

    /// The same by this name.
    pub(super) fn authenticated_as(
        &mut self,
        id: u64,
        mut draft: Draft,
        by: &Credentials,
    ) -> Vec<String> {
        let challenged = self.send(id, &text(&draft));
        assert_eq!(status(&challenged), 401);
        let bytes = challenged[0].clone().into_bytes().into();
        let Ok(Message::Response(response)) = parse_datagram(&bytes) else {
            panic!("{}", challenged[0]);
        };
        let answer = crate::sip::auth::respond(
            &response.headers.www_authenticate().unwrap()[0],
            by,
            &Method::parse(draft.method).unwrap(),
            &draft.uri,
            "cnonce",
            1,
        );
        draft.branch.push('b');
        draft.cseq += 1;
        let answer = answer.unwrap();
        draft.more = format!("{}{}: {answer}\r\n", draft.more, HeaderName::Authorization);
        self.invites.push(text(&draft));
        self.send(id, &text(&draft))
    }

    pub(super) fn register(&mut self, id: u64) {
        let mut draft = Draft::new("REGISTER");
        draft.uri = "sip:office.test".to_owned();
        draft.from_user = "2001".to_owned();
        draft.to = "<sip:2001@office.test>".to_owned();
        draft.branch = format!("z9hG4bKregister{id}");
        draft.call_id = format!("register{id}");
        assert_eq!(status(&self.authenticated(id, draft)), 200);
    }

    pub(super) fn dial(&mut self) -> Vec<String> {
        self.dial_device("2001")
    }

    pub(super) fn dial_device(&mut self, name: &str) -> Vec<String> {
        self.input(SipInput::Command(SipCommand::Dial {
            leg: LEG,
            dial: dial_to(DialTarget::Device(name.to_owned()), "9000", None),
            destination: None,
            sdp: OFFER.into(),
        }))
    }

    /// 2001 calls; gives the leg and the tag that we gave.
    fn call(&mut self, id: u64) -> (LegId, String) {
        let mut draft = Draft::new("INVITE");
        draft.from_user = "2001".to_owned();
        let trying = self.authenticated(id, draft);
        assert_eq!(trying.len(), 1);
        let Some(SipEvent::Incoming { call, .. }) = self.events.last() else {
            panic!("{:?}", self.events);
        };
        let leg = call.leg;
        let ringing = self.input(SipInput::Command(SipCommand::Provisional {
            leg,
            status: 180,
            sdp: None,
        }));
        let to = header(&ringing[0], "To").unwrap();
        (leg, to)
    }

    pub(super) fn changes(&self) -> Vec<DeviceChange> {
        let changes = self.events.iter().filter_map(|event| match event {
            SipEvent::Device { change, .. } => Some(*change),
            _ => None,
        });
        changes.collect()
    }

    fn is_idle(&self) -> bool {
        let left = self.endpoint.occupancy();
        (left.transactions, left.legs, left.deadlines) == (0, 0, 0)
    }
}

pub(super) fn text(draft: &Draft) -> String {
    draft.text(CLIENT).replace("SIP/2.0/UDP", "SIP/2.0/TCP")
}

/// A response to a request of ours.
pub(super) fn answer(request: &str, status: &str, sdp: &[u8]) -> String {
    let copy = |name| format!("{name}: {}\r\n", header(request, name).unwrap());
    let mut to = copy("To");
    if !to.contains("tag=") {
        to = to.replace("\r\n", ";tag=theirs\r\n");
    }
    let (via, from, call_id, cseq) = (copy("Via"), copy("From"), copy("Call-ID"), copy("CSeq"));
    let content = if sdp.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "SIP/2.0 {status}\r\n{via}{from}{to}{call_id}{cseq}Contact: <sip:x@{CLIENT};transport=tcp>\r\n{content}\
         Content-Length: {}\r\n\r\n{}",
        sdp.len(),
        String::from_utf8_lossy(sdp)
    )
}

#[test]
fn answers_go_back_on_their_connection_whatever_via_says() {
    let mut office = Office::new();
    let draft = Draft::new("OPTIONS");
    let elsewhere = text(&draft).replace(&format!("TCP {CLIENT}"), "TCP 192.0.2.1:9;x=y");
    assert_eq!(status(&office.send(3, &elsewhere)), 200);
    assert_eq!(status(&office.send(4, &text(&draft))), 200);
    let connections: Vec<u64> = office.sent.iter().map(|(id, _)| *id).collect();
    assert_eq!(connections, [3, 4]);
    assert!(office.is_idle());
}

#[test]
fn a_ping_gets_its_pong() {
    let mut office = Office::new();
    assert_eq!(office.send(1, "\r\n\r\n"), ["\r\n"]);
}

#[test]
fn a_request_that_cannot_be_measured_is_answered_400() {
    let mut office = Office::new();
    for (length, wanted) in [
        ("Content-Length: 4\r\nContent-Length: 5\r\n", 400),
        ("Content-Length: -1\r\n", 400),
        ("", 400),
    ] {
        for method in ["OPTIONS", "INVITE"] {
            let head = text(&Draft::new(method)).replace("Content-Length: 0\r\n", length);
            let head = head.split("\r\n\r\n").next().unwrap();
            let sent = office.input(SipInput::BrokenStream {
                flow: flow(1),
                head: format!("{head}\r\n\r\n").into_bytes().into(),
                problem: "no frame",
            });
            assert_eq!(status(&sent), wanted, "{method} {length:?}");
        }
    }
    let garbage = b"\xff\xfe\r\n\r\n".to_vec().into();
    let (flow, problem) = (flow(1), "no frame");
    let sent = office.input(SipInput::BrokenStream {
        flow,
        head: garbage,
        problem,
    });
    assert!(sent.is_empty() && office.is_idle());
}

#[test]
fn calls_to_a_device_take_the_connection_it_registered_over() {
    let mut office = Office::new();
    office.register(7);
    assert!(office.endpoint.uses(flow(7)) && !office.endpoint.uses(flow(8)));
    let invite = &office.dial()[0];
    assert!(
        invite.contains("Via: SIP/2.0/TCP 127.0.0.1:5070;"),
        "{invite}"
    );
    let contact = header(invite, "Contact").unwrap();
    assert!(
        contact.ends_with("@127.0.0.1:5070;transport=tcp>"),
        "{contact}"
    );
    // Nothing is repeated on a stream.
    office.wait(seconds(10));
    assert_eq!(office.sent.last().unwrap(), &(7, invite.clone()));
    office.send(7, &answer(invite, "180 Ringing", b""));
    let ack = office.send(7, &answer(invite, "200 OK", ANSWER));
    assert!(ack[0].starts_with("ACK ") && ack[0].contains("Via: SIP/2.0/TCP "));
    let bye = office.input(SipInput::Command(SipCommand::Hangup { leg: LEG }));
    assert!(bye[0].starts_with("BYE ") && bye[0].contains("Via: SIP/2.0/TCP "));
    office.send(7, &answer(&bye[0], "200 OK", b""));
    assert!(office.sent.iter().all(|(id, _)| *id == 7));
    office.wait(seconds(40));
    assert_eq!(office.endpoint.occupancy().transactions, 0);
    assert_eq!(office.endpoint.occupancy().legs, 0);
}

#[test]
fn a_refused_call_leaves_nothing_behind_at_once() {
    let mut office = Office::new();
    office.register(1);
    let invite = office.dial()[0].clone();
    let ack = office.send(1, &answer(&invite, "486 Busy Here", b""));
    assert!(ack[0].starts_with("ACK "));
    assert_eq!(office.endpoint.occupancy().transactions, 0);
    assert_eq!(office.endpoint.occupancy().legs, 0);
}

#[test]
fn a_closed_connection_takes_its_registration_and_its_calls_with_it() {
    let mut office = Office::new();
    office.register(1);
    office.dial();
    office.close(1);
    let gone = DeviceChange::Gone { by_device: false };
    assert_eq!(office.changes(), [DeviceChange::Registered, gone]);
    let ended = SipEvent::Ended {
        leg: LEG,
        cause: LegEndCause::Unreachable,
    };
    assert!(office.events.contains(&ended), "{:?}", office.events);
    assert!(office.is_idle());
    office.close(1);
    assert_eq!(office.changes().len(), 2);
}

#[test]
fn a_device_that_came_back_over_another_connection_is_not_lost_with_the_first() {
    let mut office = Office::new();
    office.register(1);
    office.register(2);
    office.close(1);
    assert_eq!(office.changes(), [DeviceChange::Registered]);
    office.dial();
    assert_eq!(office.sent.last().unwrap().0, 2);
}

#[test]
fn a_caller_whose_connection_ends_while_it_waits_has_left() {
    let mut office = Office::new();
    let (leg, _) = office.call(1);
    office.close(1);
    let cause = LegEndCause::Cancelled;
    assert_eq!(office.events.last(), Some(&SipEvent::Ended { leg, cause }));
    assert!(office.is_idle());
}

#[test]
fn an_answered_caller_may_go_on_over_another_connection() {
    let mut office = Office::new();
    let (leg, to) = office.call(1);
    let sdp = ANSWER.into();
    let ok = office.input(SipInput::Command(SipCommand::Answer { leg, sdp }));
    let contact = header(&ok[0], "Contact").unwrap();
    assert!(
        contact.contains("127.0.0.1:5070;transport=tcp"),
        "{contact}"
    );
    let mut ack = Draft::new("ACK");
    (ack.from_user, ack.to, ack.cseq) = ("2001".to_owned(), to.clone(), 2);
    office.send(1, &text(&ack));
    assert!(matches!(
        office.events.last(),
        Some(SipEvent::Confirmed { .. })
    ));
    let mut info = Draft::new("INFO");
    (info.from_user, info.to, info.cseq) = ("2001".to_owned(), to.clone(), 2);
    info.more = "Content-Type: application/dtmf-relay\r\n".to_owned();
    info.body = "Signal=7\r\nDuration=100\r\n";
    assert_eq!(status(&office.send(1, &text(&info))), 200);
    let key = '7';
    assert_eq!(office.events.last(), Some(&SipEvent::Key { leg, key }));
    office.close(1);
    let mut options = Draft::new("OPTIONS");
    (options.from_user, options.to, options.cseq) = ("2001".to_owned(), to, 3);
    assert_eq!(status(&office.send(2, &text(&options))), 200);
    office.input(SipInput::Command(SipCommand::Hangup { leg }));
    let (id, bye) = office.sent.last().unwrap();
    assert!(*id == 2 && bye.starts_with("BYE "), "{id} {bye}");
    office.close(2);
    office.wait(seconds(33));
    assert!(office.is_idle());
}

#[test]
fn an_invite_that_comes_again_over_another_connection_is_answered_there() {
    let mut office = Office::new();
    let mut draft = Draft::new("INVITE");
    draft.from_user = "2001".to_owned();
    office.authenticated(1, draft);
    let Some(SipEvent::Incoming { call, .. }) = office.events.last() else {
        panic!("{:?}", office.events);
    };
    let (leg, sent) = (call.leg, office.invites.last().unwrap().clone());
    let again = office.send(2, &sent);
    assert!(again[0].starts_with("SIP/2.0 100 "), "{again:?}");
    assert_eq!(office.sent.last().unwrap().0, 2);
    assert_eq!(office.endpoint.occupancy().legs, 1, "one call");
    // The first connection ends, and with it nothing.
    office.close(1);
    let sdp = ANSWER.into();
    office.input(SipInput::Command(SipCommand::Answer { leg, sdp }));
    let (id, ok) = office.sent.last().unwrap().clone();
    assert!(id == 2 && ok.starts_with("SIP/2.0 200 "), "{id} {ok}");
    let mut ack = Draft::new("ACK");
    let to = header(&ok, "To").unwrap();
    (ack.from_user, ack.to, ack.cseq) = ("2001".to_owned(), to, 2);
    office.send(2, &text(&ack));
    office.input(SipInput::Command(SipCommand::Hangup { leg }));
    let (id, bye) = office.sent.last().unwrap();
    assert!(*id == 2 && bye.starts_with("BYE "), "{id} {bye}");
    // Somebody else's connection takes nothing over.
    let mut office = Office::new();
    let mut draft = Draft::new("INVITE");
    draft.from_user = "2001".to_owned();
    office.authenticated(1, draft);
    let bytes = office.invites.last().unwrap().clone().into_bytes().into();
    let stranger = Flow::Stream(
        Wire::Tcp,
        ConnectionId(9),
        "192.0.2.9:6000".parse().unwrap(),
    );
    office.input(SipInput::Stream {
        flow: stranger,
        bytes,
    });
    assert_eq!(office.sent.last().unwrap().0, 1);
}

/// 2001 is called over connection 1 and answers; the BYE that would end it is ours.
fn talking_over_one(office: &mut Office) {
    office.register(1);
    let invite = office.dial();
    office.send(1, &answer(&invite[0], "200 OK", ANSWER));
    assert!(matches!(
        office.events.last(),
        Some(SipEvent::Answered { .. })
    ));
}

#[test]
fn our_bye_finds_the_device_on_its_new_connection() {
    // It has come back before the BYE is wanted, and afterwards.
    for back_first in [true, false] {
        let mut office = Office::new();
        talking_over_one(&mut office);
        office.close(1);
        if back_first {
            office.register(2);
        }
        let leg = LEG;
        office.input(SipInput::Command(SipCommand::Hangup { leg }));
        let cause = LegEndCause::Local;
        assert!(office.events.contains(&SipEvent::Ended { leg, cause }));
        if !back_first {
            assert!(!office.sent.last().unwrap().1.starts_with("BYE "));
            office.wait(seconds(5));
            office.register(2);
        }
        let byes = office.sent.iter().filter(|sent| sent.1.starts_with("BYE "));
        let byes: Vec<(u64, String)> = byes.cloned().collect();
        assert_eq!(byes.len(), 1, "{back_first}");
        assert_eq!(byes[0].0, 2);
        office.send(2, &answer(&byes[0].1, "200 OK", b""));
        office.wait(seconds(33));
        assert_eq!(office.endpoint.occupancy().legs, 0);
    }
}

#[test]
fn a_bye_that_fails_with_its_connection_waits_and_is_given_up() {
    let mut office = Office::new();
    talking_over_one(&mut office);
    let leg = LEG;
    office.input(SipInput::Command(SipCommand::Hangup { leg }));
    assert!(office.sent.last().unwrap().1.starts_with("BYE "));
    // The connection turns out to be dead.
    office.close(1);
    assert_eq!(office.endpoint.occupancy().legs, 1);
    office.wait(seconds(33));
    assert!(office.is_idle());
}
