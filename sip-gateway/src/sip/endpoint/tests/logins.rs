//! Names that are made for a while: what they are good for, where, and until when.

use super::kit::seconds;
use super::puppet::{Draft, header, status};
use super::streams::{CLIENT, Office, text};
use crate::leg::{CallSource, Credentials, DeviceChange, IncomingCall};
use crate::login::{Holder, Login};
use crate::sip::flow::{ConnectionId, Flow, Wire};
use crate::sip::port::{SipCommand, SipEvent, SipInput};
use std::time::Duration;

/// An office whose connection 1 is a browser's and 9 is TCP.
fn office() -> Office {
    let mut office = Office::new();
    for n in 1..=4 {
        let peer = CLIENT.parse().unwrap();
        let flow = Flow::Stream(Wire::Ws, ConnectionId(n), peer);
        office.by.insert(n, flow);
    }
    office
}

fn secret(username: &str) -> Credentials {
    Credentials {
        username: username.to_owned(),
        password: format!("word of {username}"),
    }
}

/// Makes one that lasts ten minutes.
fn add(office: &mut Office, username: &str, holder: Holder) -> Credentials {
    let Credentials { username, password } = secret(username);
    office.input(SipInput::Command(SipCommand::AddLogin(Login {
        username: username.clone(),
        password: password.clone(),
        holder,
        lasts: Duration::from_secs(600),
    })));
    Credentials { username, password }
}

fn draft(method: &'static str, from: &str, n: u32) -> Draft {
    let mut draft = Draft::new(method);
    draft.from_user = from.to_owned();
    draft.branch = format!("z9hG4bK{method}{n}");
    draft.call_id = format!("{method}{n}");
    if method == "REGISTER" {
        draft.uri = "sip:office.test".to_owned();
        draft.to = format!("<sip:{from}@office.test>");
        draft.contact = Some("Contact: <sip:x@y.invalid;transport=ws>\r\n".to_owned());
    }
    draft
}

fn calls(office: &Office) -> Vec<&IncomingCall> {
    let events = office.events.iter();
    let calls = events.filter_map(|event| match event {
        SipEvent::Incoming { call, .. } => Some(call),
        _ => None,
    });
    calls.collect()
}

#[test]
fn an_agents_name_registers_calls_and_ends_with_its_session() {
    let mut office = office();
    // Its own phone speaks SHA-256; a browser cannot.
    let login = add(&mut office, "n1", Holder::Device("2002".to_owned()));
    let answers = office.authenticated_as(1, draft("REGISTER", "2002", 1), &login);
    assert_eq!(status(&answers), 200);
    let contact = header(&answers[0], "Contact").unwrap();
    assert!(
        contact.contains("expires=600"),
        "no longer than the name: {contact}"
    );
    let trying = office.authenticated_as(1, draft("INVITE", "2002", 1), &login);
    assert!(trying[0].starts_with("SIP/2.0 100 "));
    assert_eq!(
        calls(&office)[0].source,
        CallSource::Device("2002".to_owned())
    );
    let username = login.username.clone();
    office.input(SipInput::Command(SipCommand::RemoveLogin { username }));
    let gone = DeviceChange::Gone { by_device: false };
    assert_eq!(office.changes(), [DeviceChange::Registered, gone]);
    let again = office.authenticated_as(1, draft("REGISTER", "2002", 2), &login);
    assert_eq!(status(&again), 401);
}

#[test]
fn a_registration_ends_with_its_name_and_a_new_name_takes_it_over() {
    let mut office = office();
    let first = add(&mut office, "n1", Holder::Device("2001".to_owned()));
    office.wait(seconds(300));
    assert_eq!(
        status(&office.authenticated_as(1, draft("REGISTER", "2001", 1), &first)),
        200
    );
    let second = add(&mut office, "n2", Holder::Device("2001".to_owned()));
    assert_eq!(
        status(&office.authenticated_as(1, draft("REGISTER", "2001", 2), &second)),
        200
    );
    let username = first.username.clone();
    office.input(SipInput::Command(SipCommand::RemoveLogin { username }));
    assert_eq!(office.changes(), [DeviceChange::Registered]);
    office.wait(seconds(599));
    assert_eq!(office.changes().len(), 1);
    office.wait(seconds(2));
    assert_eq!(office.changes().len(), 2, "nobody has refreshed it");
    let late = office.authenticated_as(1, draft("REGISTER", "2001", 3), &second);
    assert_eq!(status(&late), 401);
}

#[test]
fn names_count_over_websocket_alone_and_for_their_own_device() {
    let mut office = office();
    let login = add(&mut office, "n1", Holder::Device("2001".to_owned()));
    let tcp = office.authenticated_as(9, draft("REGISTER", "2001", 1), &login);
    assert_eq!(status(&tcp), 401);
    let other = office.authenticated_as(1, draft("REGISTER", "2002", 2), &login);
    assert_eq!(status(&other), 401);
    let itself = office.authenticated_as(1, draft("REGISTER", "n1", 3), &login);
    assert_eq!(status(&itself), 401);
    let wrong = Credentials {
        password: "guess".to_owned(),
        ..login.clone()
    };
    assert_eq!(
        status(&office.authenticated_as(1, draft("REGISTER", "2001", 4), &wrong)),
        401
    );
    assert_eq!(
        status(&office.authenticated_as(1, draft("REGISTER", "2001", 5), &login)),
        200
    );
}

#[test]
fn unknown_and_ended_names_and_unknown_users_hear_the_same_and_lock_nobody_out() {
    let mut office = office();
    let ended = add(&mut office, "n1", Holder::Device("2001".to_owned()));
    office.wait(seconds(600));
    let words = |answers: &[String]| -> Vec<String> {
        let lines = answers.last().unwrap().lines();
        let same = |line: &&str| {
            let varies = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
            !varies.iter().any(|name| line.starts_with(name))
        };
        let blind = |line: &str| match line.split_once("nonce=") {
            Some((before, after)) => {
                let rest: Vec<&str> = after.split('"').skip(2).collect();
                format!("{before}{}", rest.concat())
            }
            None => line.to_owned(),
        };
        lines.filter(same).map(blind).collect()
    };
    let mut heard = Vec::new();
    for (n, (user, by)) in [
        ("2001", ended.clone()),
        ("2001", secret("never-made")),
        ("2002", secret("never-made")),
        ("4711", secret("never-made")),
        ("4711", ended.clone()),
    ]
    .into_iter()
    .enumerate()
    {
        let n = u32::try_from(n).unwrap();
        let answers = office.authenticated_as(1, draft("REGISTER", user, n), &by);
        assert_eq!(status(&answers), 401);
        heard.push(words(&answers));
    }
    heard.dedup();
    assert_eq!(heard.len(), 1, "{heard:#?}");
    // A tab that was left open asks for ever; that is no guess at the password of the agent's phone beside it.
    for n in 10..30 {
        office.authenticated_as(1, draft("REGISTER", "2001", n), &ended);
    }
    office.register(9);
    assert_eq!(office.endpoint.counters().lockouts, 0);
}

#[test]
fn a_guest_registers_under_its_own_name_and_is_called_by_it() {
    let mut office = office();
    let login = add(&mut office, "g1", Holder::Guest);
    let answers = office.authenticated_as(1, draft("REGISTER", "g1", 1), &login);
    assert_eq!(status(&answers), 200);
    let as_agent = office.authenticated_as(1, draft("REGISTER", "2001", 2), &login);
    assert_eq!(status(&as_agent), 401);
    // A company that is saved again takes no guest away.
    let accounts = super::kit::office_accounts();
    office.input(SipInput::Command(SipCommand::SetAccounts(accounts)));
    assert_eq!(office.changes(), [DeviceChange::Registered]);
    let invite = office.dial_device("g1");
    assert!(invite[0].starts_with("INVITE sip:x@y.invalid;transport=ws SIP/2.0"));
    let username = login.username;
    office.input(SipInput::Command(SipCommand::RemoveLogin { username }));
    assert_eq!(office.changes().len(), 2);
}

#[test]
fn a_caller_calls_from_its_number_once_at_a_time_and_registers_nowhere() {
    let mut office = office();
    let number = Some("+34600111222".to_owned());
    let login = add(&mut office, "c1", Holder::Caller { number });
    let refused = office.authenticated_as(1, draft("REGISTER", "c1", 1), &login);
    assert_eq!(status(&refused), 403);
    let as_agent = office.authenticated_as(1, draft("REGISTER", "2001", 2), &login);
    assert_eq!(status(&as_agent), 401);
    assert!(office.changes().is_empty());
    let trying = office.authenticated_as(1, draft("INVITE", "c1", 1), &login);
    assert!(trying[0].starts_with("SIP/2.0 100 "));
    let call = calls(&office)[0].clone();
    assert!(matches!(call.source, CallSource::Caller { .. }));
    assert_eq!(call.caller_user.as_deref(), Some("+34600111222"));
    assert_eq!(
        (call.caller_name, call.dialed_user.as_str()),
        (None, "9000")
    );
    let second = office.authenticated_as(2, draft("INVITE", "c1", 2), &login);
    assert_eq!(status(&second), 486);
    let leg = call.leg;
    office.input(SipInput::Command(SipCommand::Hangup { leg }));
    let third = office.authenticated_as(1, draft("INVITE", "c1", 3), &login);
    assert!(third[0].starts_with("SIP/2.0 100 "));
}

#[test]
fn a_caller_that_calls_without_end_has_to_wait() {
    let mut office = office();
    let login = add(&mut office, "c1", Holder::Caller { number: None });
    let mut taken = 0;
    for n in 0..20 {
        let answers = office.authenticated_as(1, draft("INVITE", "c1", n), &login);
        if status(&answers) == 503 {
            assert_eq!(header(&answers[0], "Retry-After").as_deref(), Some("60"));
            continue;
        }
        taken += 1;
        let leg = calls(&office).last().unwrap().leg;
        office.input(SipInput::Command(SipCommand::Hangup { leg }));
    }
    assert_eq!(taken, 12);
    office.wait(seconds(60));
    let answers = office.authenticated_as(1, draft("INVITE", "c1", 99), &login);
    assert!(answers[0].starts_with("SIP/2.0 100 "), "{answers:?}");
    // Nothing of this is a way in for others.
    let plain = office.send(1, &text(&draft("INVITE", "c1", 100)));
    assert_eq!(status(&plain), 401);
}
