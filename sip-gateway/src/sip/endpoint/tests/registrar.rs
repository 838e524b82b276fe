//! REGISTER word for word, from a scripted phone.

use super::kit::{Net, OFFICE, seconds};
use super::puppet::{Draft, STRANGER, header, send, status};
use crate::sip::message::{HeaderName, Message, Response, parse_datagram};

/// The text of a REGISTER that answers a challenge.
fn register(net: &mut Net, change: impl Fn(&mut Draft)) -> Vec<String> {
    let mut draft = Draft::new("REGISTER");
    draft.uri = "sip:office.test".to_owned();
    draft.from_user = "2001".to_owned();
    draft.to = "<sip:2001@office.test>".to_owned();
    change(&mut draft);
    let challenged = send(net, STRANGER, &with_own_contact(&draft));
    assert_eq!(status(&challenged), 401);
    let Ok(Message::Response(response)) =
        parse_datagram(&challenged[0].clone().into_bytes().into())
    else {
        panic!("{}", challenged[0]);
    };
    draft.more.push_str(&authorization(&response, &draft));
    draft.branch.push('b');
    send(net, STRANGER, &with_own_contact(&draft))
}

/// A draft that brings its own Contact has no other.
fn with_own_contact(draft: &Draft) -> String {
    let text = draft.text(STRANGER);
    if draft.more.contains("Contact: ") {
        return text.replacen(&format!("Contact: <sip:x@{STRANGER}>\r\n"), "", 1);
    }
    text
}

fn authorization(response: &Response, draft: &Draft) -> String {
    let challenges = response.headers.www_authenticate().unwrap();
    let method = crate::sip::message::Method::parse(draft.method).unwrap();
    let credentials = super::kit::credentials("2001");
    let answer = crate::sip::auth::respond(
        &challenges[0],
        &credentials,
        &method,
        &draft.uri,
        "cnonce",
        1,
    );
    format!("{}: {}\r\n", HeaderName::Authorization, answer.unwrap())
}

#[test]
fn registrations_follow_rfc_3261_10_3() {
    let mut net = Net::new(1);
    let table: [(&str, u16, &[&str]); 12] = [
        ("Expires: 30\r\n", 423, &[]),
        ("", 200, &["<sip:x@127.0.0.50:6000>;expires=3600"]),
        (
            "Expires: 90\r\n",
            200,
            &["<sip:x@127.0.0.50:6000>;expires=90"],
        ),
        (
            "Expires: 999999\r\n",
            200,
            &["<sip:x@127.0.0.50:6000>;expires=3600"],
        ),
        (
            "Expires: soon\r\n",
            200,
            &["<sip:x@127.0.0.50:6000>;expires=3600"],
        ),
        (
            "Contact: <sip:y@h>;expires=70\r\nContact: <sip:x@127.0.0.50:6000>;expires=0\r\n",
            200,
            &["<sip:y@h>;expires=70"],
        ),
        (
            "Contact: <sip:z@h>;expires=20, <sip:y@h>;expires=0\r\n",
            423,
            &[],
        ),
        ("Contact: *\r\n", 400, &[]),
        ("Contact: *\r\nExpires: 10\r\n", 400, &[]),
        ("Contact: <tel:+34911>\r\n", 400, &[]),
        (
            "Contact: <sip:u@h?Route=%3Csip:evil%3E>\r\nContact: <sip:y@h>;expires=0\r\n",
            200,
            &["<sip:u@h?Route=%3Csip:evil%3E>;expires=3600"],
        ),
        ("Contact: *\r\nExpires: 0\r\n", 200, &[]),
    ];
    for (index, (more, expected, contacts)) in table.into_iter().enumerate() {
        let answers = register(&mut net, |draft| {
            draft.more = more.to_owned();
            draft.cseq = u32::try_from(index).unwrap_or(0) + 1;
            draft.branch = format!("z9hG4bKr{index}");
        });
        assert_eq!(status(&answers), expected, "{more}: {}", answers[0]);
        let listed: Vec<&str> = answers[0]
            .lines()
            .filter_map(|line| line.strip_prefix("Contact: "))
            .collect();
        assert_eq!(listed, contacts, "{more}");
        assert_eq!(
            header(&answers[0], "Min-Expires").is_some(),
            expected == 423
        );
    }
    // Older than what is there, by the same phone.
    assert_eq!(status(&register(&mut net, |draft| draft.cseq = 100)), 200);
    let old = register(&mut net, |draft| {
        draft.cseq = 99;
        draft.branch = "z9hG4bKold".to_owned();
    });
    assert_eq!(status(&old), 500);
    // Somebody else's address of record, with one's own password.
    let other = register(&mut net, |draft| {
        draft.from_user = "2002".to_owned();
        draft.branch = "z9hG4bKforeign".to_owned();
    });
    assert_eq!(status(&other), 403);
}

#[test]
fn credentials_count_once() {
    let mut net = Net::new(1);
    let mut captured = String::new();
    assert_eq!(status(&register(&mut net, |_| ())), 200);
    for (_, packet) in &net.trace {
        if packet.text().contains("Authorization: ") {
            captured = packet.text();
        }
    }
    // The very same packet is a repeat and gets the same answer; with a new branch it is a replay.
    assert_eq!(status(&send(&mut net, STRANGER, &captured)), 200);
    let replay = captured.replace("z9hG4bKREGISTER1b", "z9hG4bKreplay");
    let answers = send(&mut net, STRANGER, &replay);
    assert_eq!(status(&answers), 401);
    assert!(
        header(&answers[0], "WWW-Authenticate")
            .unwrap()
            .contains("stale=true")
    );
}

#[test]
fn headers_in_a_registered_contact_are_never_sent() {
    let mut net = Net::new(1);
    let contact = "Contact: <sip:u@h?Route=%3Csip:evil%3E&Evil=1>\r\n";
    assert_eq!(
        status(&register(&mut net, |draft| draft.more = contact.to_owned())),
        200
    );
    let leg = net.dial_device("2001");
    net.run(seconds(1));
    let invite = net
        .mail
        .iter()
        .find(|packet| packet.kind() == "INVITE")
        .unwrap();
    assert_eq!(invite.to, STRANGER.parse::<std::net::SocketAddr>().unwrap());
    assert!(
        invite.text().starts_with("INVITE sip:u@h SIP/2.0\r\n"),
        "{}",
        invite.text()
    );
    assert!(!invite.text().contains("vil"));
    net.hang_up(OFFICE, leg);
}
