//! Flows that phones open and keep (RFC 5626): over connections and over datagrams, several per phone, through a
//! restart of ours.

use super::kit::{ANSWER, Net, OFFER, OFFICE, Packet, dial_to, seconds};
use super::puppet::{self, Draft, header, status};
use super::streams::{CLIENT, LEG, Office, answer, flow};
use crate::leg::{DeviceChange, DialTarget, LegEndCause, LegId, RegistrationRecord};
use crate::sip::flow::{Flow, Wire};
use crate::sip::message::{HeaderName, Message, Method, parse_datagram};
use crate::sip::port::{SipCommand, SipEvent, SipInput};

fn outbound(id: u64, instance: &str, reg_id: u32) -> Draft {
    let mut draft = Draft::new("REGISTER");
    draft.uri = "sip:office.test".to_owned();
    draft.from_user = "2001".to_owned();
    draft.to = "<sip:2001@office.test>".to_owned();
    draft.branch = format!("z9hG4bKoutbound{id}");
    draft.call_id = format!("outbound{id}");
    draft.more = format!(
        "Supported: path, outbound\r\nContact: <sip:2001@phone.invalid;transport=tcp>;reg-id={reg_id};\
         +sip.instance=\"<urn:uuid:{instance}>\"\r\n"
    );
    draft.contact = Some(String::new());
    draft
}

#[test]
fn flows_of_one_instance_are_one_phone_with_several_ways() {
    let mut office = Office::new();
    let answers = office.authenticated(1, outbound(1, "a", 1));
    assert_eq!(status(&answers), 200);
    let head = |name| header(&answers[0], name).unwrap_or_default();
    assert_eq!(
        (head("Require"), head("Flow-Timer")),
        ("outbound".to_owned(), "120".to_owned())
    );
    let contact = head("Contact");
    assert!(
        contact.contains("reg-id=1") && contact.contains("+sip.instance=\"<urn:uuid:a>\""),
        "{contact}"
    );
    // A second flow of the same phone, and another phone.
    office.authenticated(2, outbound(2, "a", 2));
    office.authenticated(3, outbound(3, "b", 1));
    assert_eq!(office.endpoint.occupancy().bindings, 3);
    let before = office.sent.len();
    office.dial();
    let invited: Vec<u64> = office.sent[before..].iter().map(|sent| sent.0).collect();
    assert_eq!(
        invited,
        [2, 3],
        "one INVITE for each phone, by its newest flow"
    );
    // The newest way is gone: the older one is used.
    office.input(SipInput::Command(SipCommand::Hangup { leg: LEG }));
    office.close(2);
    office.close(3);
    office.wait(seconds(40));
    let before = office.sent.len();
    let leg = LegId(4);
    let dial = dial_to(DialTarget::Device("2001".to_owned()), "9000", None);
    office.input(SipInput::Command(SipCommand::Dial {
        leg,
        dial,
        destination: None,
        sdp: OFFER.into(),
    }));
    assert_eq!(
        office.sent[before..]
            .iter()
            .map(|sent| sent.0)
            .collect::<Vec<_>>(),
        [1]
    );
    // The same flow over a new connection takes the place of the old one.
    office.authenticated(4, outbound(4, "a", 1));
    assert_eq!(office.endpoint.occupancy().bindings, 1);
    // It has promised to ping: a silent connection is a dead one. An ordinary phone may be silent.
    assert!(!office.endpoint.uses(flow(4)));
    office.register(5);
    assert!(office.endpoint.uses(flow(5)));
}

/// The connections that the INVITEs of one more call go to.
fn invited(office: &mut Office, leg: LegId) -> Vec<u64> {
    let before = office.sent.len();
    office.input(SipInput::Command(SipCommand::Dial {
        leg,
        dial: dial_to(DialTarget::Device("2001".to_owned()), "9000", None),
        destination: None,
        sdp: OFFER.into(),
    }));
    let sent = office.sent[before..].iter();
    sent.filter(|(_, text)| text.starts_with("INVITE "))
        .map(|(id, _)| *id)
        .collect()
}

fn ends(events: &[SipEvent]) -> Vec<(LegId, LegEndCause)> {
    let ends = events.iter().filter_map(|event| match event {
        SipEvent::Ended { leg, cause } => Some((*leg, *cause)),
        _ => None,
    });
    ends.collect()
}

/// A flow that fails while the phone is called: the phone's next one is tried at once.
#[test]
fn a_failed_flow_is_followed_by_the_phones_next_one() {
    for told in [true, false] {
        let mut office = Office::new();
        office.authenticated(1, outbound(1, "a", 1));
        office.authenticated(2, outbound(2, "a", 2));
        assert_eq!(invited(&mut office, LEG), [2]);
        let invite = office.sent.last().unwrap().1.clone();
        if told {
            // An edge on the way says so.
            let sent = office.send(2, &answer(&invite, "430 Flow Failed", b""));
            assert!(sent[0].starts_with("ACK "), "{sent:?}");
        } else {
            office.close(2);
        }
        let (id, again) = office.sent.last().unwrap().clone();
        assert!(id == 1 && again.starts_with("INVITE "), "{id} {again}");
        assert_ne!(header(&again, "Call-ID"), header(&invite, "Call-ID"));
        assert_eq!(ends(&office.events), []);
        // It is the same phone still: what it says counts.
        let sent = office.send(1, &answer(&again, "486 Busy Here", b""));
        assert!(sent[0].starts_with("ACK "));
        assert_eq!(ends(&office.events), [(LEG, LegEndCause::Rejected(486))]);
    }
    // A phone that refuses is not asked again, and one that was cancelled is not either.
    let mut office = Office::new();
    office.authenticated(1, outbound(1, "a", 1));
    office.authenticated(2, outbound(2, "a", 2));
    invited(&mut office, LEG);
    let invite = office.sent.last().unwrap().1.clone();
    office.send(2, &answer(&invite, "486 Busy Here", b""));
    assert_eq!(ends(&office.events), [(LEG, LegEndCause::Rejected(486))]);
    invited(&mut office, LegId(4));
    office.input(SipInput::Command(SipCommand::Hangup { leg: LegId(4) }));
    office.close(2);
    assert!(
        !office.sent.last().unwrap().1.starts_with("INVITE ") || office.sent.last().unwrap().0 == 2
    );
    // The last flow fails as well.
    let mut office = Office::new();
    office.authenticated(1, outbound(1, "a", 1));
    invited(&mut office, LEG);
    let invite = office.sent.last().unwrap().1.clone();
    office.send(1, &answer(&invite, "430 Flow Failed", b""));
    assert_eq!(ends(&office.events), [(LEG, LegEndCause::Rejected(430))]);
}

/// What the store had after the last word of these phones.
fn kept(office: &mut Office) -> Vec<RegistrationRecord> {
    let changed = office.endpoint.take_changed_registrations(office.now);
    changed
        .into_iter()
        .flat_map(|device| device.bindings)
        .collect()
}

fn restarted(records: &[RegistrationRecord]) -> Office {
    let mut office = Office::new();
    for record in records {
        office.endpoint.restore_registration(record, office.now);
    }
    office.input(SipInput::Tick);
    office
}

#[test]
fn a_phone_of_a_connection_is_there_after_our_restart_and_called_over_a_new_one() {
    let mut before = Office::new();
    before.register(1);
    let records = kept(&mut before);
    assert!(records.len() == 1 && records[0].stream, "{records:?}");

    let mut office = restarted(&records);
    assert_eq!(office.changes(), [DeviceChange::Registered]);
    office.dial();
    let [Flow::Stream(Wire::Tcp, id, peer)] = office.opened[..] else {
        panic!("{:?}", office.opened);
    };
    assert_eq!(peer.to_string(), CLIENT);
    let own = Flow::Stream(Wire::Tcp, id, peer);
    let invite = office.sent.last().unwrap().1.clone();
    assert!(invite.starts_with("INVITE ") && invite.contains("Via: SIP/2.0/TCP "));
    let bytes = answer(&invite, "200 OK", ANSWER).into_bytes().into();
    let ack = office.input(SipInput::Stream { flow: own, bytes });
    assert!(ack[0].starts_with("ACK "));
    // The next call goes over the connection that is there now, and so does a restart's memory.
    assert_eq!(invited(&mut office, LegId(4)), [id.0]);
    assert_eq!(office.opened.len(), 1);
    assert_eq!(kept(&mut office).len(), 1);
    // The phone itself comes back: one phone, and nothing new of it.
    office.register(9);
    assert_eq!(office.endpoint.occupancy().bindings, 1);
    assert_eq!(invited(&mut office, LegId(6)), [9]);
    assert_eq!(office.changes(), [DeviceChange::Registered]);
}

#[test]
fn a_dead_flow_of_before_our_restart_holds_up_no_call() {
    // The connection cannot be made: the call ends then, and the phone is gone until it registers.
    let mut before = Office::new();
    before.register(1);
    let records = kept(&mut before);
    let mut office = restarted(&records);
    office.dial();
    let flow = office.opened[0];
    office.input(SipInput::FlowClosed { flow });
    assert_eq!(ends(&office.events), [(LEG, LegEndCause::Unreachable)]);
    let gone = DeviceChange::Gone { by_device: false };
    assert_eq!(office.changes(), [DeviceChange::Registered, gone]);
    assert_eq!(office.endpoint.occupancy().bindings, 0);
    // Behind a translator, by a name, at somebody else's address: nobody is connected to, and nothing is waited for.
    for contact in [
        "sip:x@phone.invalid",
        "sip:x@192.0.2.77:5060",
        "sip:x@127.0.0.50:0",
    ] {
        let mut records = records.clone();
        records[0].contact = contact.to_owned();
        let mut office = restarted(&records);
        assert_eq!(office.changes(), [DeviceChange::Registered]);
        office.dial();
        assert!(
            office.opened.is_empty() && office.sent.is_empty(),
            "{contact}"
        );
        assert_eq!(ends(&office.events), [(LEG, LegEndCause::Unreachable)]);
        // When it registers it is called again.
        office.register(3);
        assert_eq!(invited(&mut office, LegId(4)), [3], "{contact}");
    }
}

#[test]
fn flows_of_one_phone_come_back_as_one_phone() {
    let mut before = Office::new();
    before.authenticated(1, outbound(1, "a", 1));
    before.authenticated(2, outbound(2, "a", 2));
    let records = kept(&mut before);
    assert_eq!(records.len(), 2);
    let mut office = restarted(&records);
    assert_eq!(office.endpoint.occupancy().bindings, 2);
    // One flow is back: the phone is called by it alone.
    office.authenticated(7, outbound(7, "a", 1));
    assert_eq!(office.endpoint.occupancy().bindings, 2);
    assert_eq!(invited(&mut office, LEG), [7]);
}

const PHONE: &str = "127.0.0.50:6000";
const MOVED: &str = "127.0.0.50:6001";

/// Registers 2001 over datagrams with these lines; gives the answer to it.
fn register(net: &mut Net, from: &str, serial: u32, more: &str) -> String {
    let mut draft = Draft::new("REGISTER");
    draft.uri = "sip:office.test".to_owned();
    draft.from_user = "2001".to_owned();
    draft.to = "<sip:2001@office.test>".to_owned();
    draft.call_id = format!("udp{serial}");
    draft.branch = format!("z9hG4bKudp{serial}");
    draft.more = more.to_owned();
    draft.contact = Some(String::new());
    let challenged = draft.send(net, from);
    let Ok(Message::Response(response)) =
        parse_datagram(&challenged[0].clone().into_bytes().into())
    else {
        panic!("{challenged:?}");
    };
    let challenge = &response.headers.www_authenticate().unwrap()[0];
    let (method, credentials) = (Method::Register, super::kit::credentials("2001"));
    let answer = crate::sip::auth::respond(challenge, &credentials, &method, &draft.uri, "c", 1);
    draft.more = format!(
        "{more}{}: {}\r\n",
        HeaderName::Authorization,
        answer.unwrap()
    );
    draft.branch.push('b');
    draft.cseq += 1;
    draft.send(net, from).pop().unwrap()
}

fn flow_lines(reg_id: u32) -> String {
    format!(
        "Supported: path, outbound\r\n\
         Contact: <sip:2001@10.0.0.7:5060;ob>;reg-id={reg_id};+sip.instance=\"<urn:uuid:a>\"\r\n"
    )
}

fn invites(net: &mut Net) -> Vec<(String, String)> {
    // Earlier calls of the test go on asking.
    let call = |packet: &Packet| header(&packet.text(), "Call-ID");
    let known: Vec<_> = net.trace.iter().map(|(_, packet)| call(packet)).collect();
    net.mail.clear();
    net.dial_device("2001");
    net.run(std::time::Duration::from_millis(50));
    let is_new = |packet: &&Packet| packet.kind() == "INVITE" && !known.contains(&call(packet));
    let mail = net.mail.iter().filter(is_new);
    mail.map(|packet| (packet.to.to_string(), packet.text()))
        .collect()
}

#[test]
fn flows_over_datagrams_are_agreed_on_and_replaced() {
    let mut net = Net::new(1);
    let ok = register(&mut net, PHONE, 1, &flow_lines(1));
    assert!(ok.starts_with("SIP/2.0 200 "), "{ok}");
    assert_eq!(header(&ok, "Require").as_deref(), Some("outbound"));
    assert_eq!(header(&ok, "Flow-Timer").as_deref(), Some("25"));
    let contact = header(&ok, "Contact").unwrap();
    assert!(
        contact.contains(";ob>") && contact.contains("reg-id=1"),
        "{contact}"
    );
    let found = invites(&mut net);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].0 == PHONE
            && found[0]
                .1
                .starts_with("INVITE sip:2001@10.0.0.7:5060;ob SIP/2.0")
    );
    // Its translator has forgotten it: the same flow from elsewhere takes the place of the first.
    register(&mut net, MOVED, 2, &flow_lines(1));
    assert_eq!(net.endpoints[OFFICE].occupancy().bindings, 1);
    assert_eq!(invites(&mut net)[0].0, MOVED);
    // A second flow: one phone, by the newest; the older one when that fails.
    register(&mut net, PHONE, 3, &flow_lines(2));
    assert_eq!(net.endpoints[OFFICE].occupancy().bindings, 2);
    let found = invites(&mut net);
    assert_eq!((found.len(), found[0].0.as_str()), (1, PHONE));
    let peer = PHONE.parse().unwrap();
    net.mail.clear();
    net.input(OFFICE, SipInput::Refused { peer });
    net.run(std::time::Duration::from_millis(50));
    assert!(
        net.mail
            .iter()
            .any(|packet| packet.kind() == "INVITE" && packet.to.to_string() == MOVED)
    );
    // Who does not say `outbound` has an ordinary binding, whatever else it writes.
    let mut net = Net::new(1);
    let plain = flow_lines(1).replace("path, outbound", "path");
    let ok = register(&mut net, PHONE, 1, &plain);
    assert_eq!(
        (header(&ok, "Require"), header(&ok, "Flow-Timer")),
        (None, None)
    );
    assert!(!header(&ok, "Contact").unwrap().contains("reg-id"));
}

#[test]
fn a_call_follows_its_phone_to_the_flow_that_replaces_its_own() {
    let mut net = Net::new(1);
    register(&mut net, PHONE, 1, &flow_lines(1));
    net.mail.clear();
    let leg = net.dial_device("2001");
    net.run(std::time::Duration::from_millis(50));
    let invite = net.mail.last().unwrap().text();
    let ok = answer(&invite, "200 OK", ANSWER).replace("TCP", "UDP");
    puppet::send(&mut net, PHONE, &ok);
    assert!(net.is_answered(OFFICE, leg));
    register(&mut net, MOVED, 2, &flow_lines(1));
    net.mail.clear();
    net.hang_up(OFFICE, leg);
    net.run(std::time::Duration::from_millis(50));
    let bye = net
        .mail
        .iter()
        .find(|packet| packet.kind() == "BYE")
        .unwrap();
    assert_eq!(bye.to.to_string(), MOVED);
}

#[test]
fn stun_on_the_sip_port_tells_a_phone_where_it_is_seen() {
    let mut net = Net::new(1);
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    request.extend(*b"transaction!");
    let source = PHONE.parse().unwrap();
    let mut ask = |bytes: &[u8]| {
        net.mail.clear();
        let bytes = bytes.to_vec().into();
        net.input(OFFICE, SipInput::Datagram { source, bytes });
        net.run(std::time::Duration::from_millis(50));
        net.mail
            .iter()
            .map(|packet| (packet.to, packet.bytes.clone()))
            .collect::<Vec<_>>()
    };
    let told = ask(&request);
    assert_eq!((told.len(), told[0].0), (1, source));
    assert_eq!(told[0].1[..2], [1, 1]);
    let port = u16::from_be_bytes([told[0].1[26], told[0].1[27]]) ^ 0x2112;
    assert_eq!(port, source.port());
    // Damaged: nothing.
    request[3] = 4;
    assert_eq!(ask(&request), []);
    let counters = net.endpoints[OFFICE].counters();
    assert_eq!((counters.keep_alives, counters.unreadable), (1, 1));
    // Who sends too many is not answered: nobody is flooded through us.
    request[3] = 0;
    for _ in 0..20_000 {
        let bytes = request.clone().into();
        net.input(OFFICE, SipInput::Datagram { source, bytes });
    }
    let sent = net.endpoints[OFFICE].counters().sent;
    assert!(sent <= 3_001, "{sent} answers at once");
    // Over a connection it is no message at all.
    let mut office = Office::new();
    let bytes = request.into();
    let sent = office.input(SipInput::Stream {
        flow: flow(1),
        bytes,
    });
    assert_eq!(sent, Vec::<String>::new());
}
