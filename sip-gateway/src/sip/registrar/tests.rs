//! The registrar's rules, without messages.

use super::{Binding, ContactUpdate, OutOfOrder, Registrar, Registration, Update};
use crate::leg::DeviceChange;
use crate::sip::flow::{ConnectionId, Flow, Wire};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn contact(uri: &str, expires: u64) -> ContactUpdate {
    ContactUpdate {
        contact: uri.to_owned(),
        expires: Duration::from_secs(expires),
        instance: None,
        reg_id: None,
        outbound: false,
    }
}

fn source() -> SocketAddr {
    "127.0.0.9:40000".parse().unwrap()
}

fn request(call_id: &str, cseq: u32, update: Update) -> Registration<'_> {
    Registration {
        extension: "2001",
        call_id,
        cseq,
        source: source().into(),
        login: None,
        update,
    }
}

fn one(call_id: &str, cseq: u32, uri: &str, expires: u64) -> Registration<'static> {
    let call_id: &'static str = if call_id == "a" { "a" } else { "b" };
    request(call_id, cseq, Update::Contacts(vec![contact(uri, expires)]))
}

fn contacts(registrar: &Registrar, now: Instant) -> Vec<&str> {
    registrar
        .bindings("2001", now)
        .map(|b| b.contact.as_str())
        .collect()
}

#[test]
fn first_and_last_registration_are_told_and_refreshes_are_not() {
    let (now, mut registrar) = (Instant::now(), Registrar::new(10));
    let registered = Ok(Some(DeviceChange::Registered));
    let gone = Ok(Some(DeviceChange::Gone { by_device: true }));
    assert_eq!(
        registrar.register(&one("a", 1, "sip:x", 60), now),
        registered
    );
    assert_eq!(registrar.register(&one("a", 2, "sip:x", 60), now), Ok(None));
    assert_eq!(registrar.register(&one("b", 1, "sip:y", 60), now), Ok(None));
    assert_eq!(registrar.register(&one("a", 3, "sip:x", 0), now), Ok(None));
    assert_eq!(registrar.register(&one("b", 2, "sip:y", 0), now), gone);
    assert!(registrar.is_empty() && registrar.next_deadline().is_none());
}

#[test]
fn older_requests_change_nothing() {
    let (now, mut registrar) = (Instant::now(), Registrar::new(10));
    registrar.register(&one("a", 5, "sip:x", 60), now).unwrap();
    for cseq in [4, 5] {
        assert_eq!(
            registrar.register(&one("a", cseq, "sip:x", 0), now),
            Err(OutOfOrder)
        );
        let both = Update::Contacts(vec![contact("sip:new", 60), contact("sip:x", 0)]);
        assert_eq!(
            registrar.register(&request("a", cseq, both), now),
            Err(OutOfOrder)
        );
        let all = request("a", cseq, Update::RemoveAll);
        assert_eq!(registrar.register(&all, now), Err(OutOfOrder));
    }
    assert_eq!(contacts(&registrar, now), ["sip:x"]);
    // A device that restarted has another Call-ID and counts anew.
    registrar.register(&one("b", 1, "sip:x", 60), now).unwrap();
    registrar
        .register(&request("b", 2, Update::RemoveAll), now)
        .unwrap();
    assert!(registrar.is_empty());
}

#[test]
fn expiry_is_told_once_and_only_for_the_last_binding() {
    let (now, mut registrar) = (Instant::now(), Registrar::new(10));
    registrar.register(&one("a", 1, "sip:x", 60), now).unwrap();
    registrar.register(&one("b", 1, "sip:y", 90), now).unwrap();
    let at = |seconds| now + Duration::from_secs(seconds);
    assert_eq!(registrar.next_deadline(), Some(at(60)));
    assert!(registrar.expire(at(59)).is_empty());
    assert!(registrar.expire(at(60)).is_empty());
    assert_eq!(contacts(&registrar, at(60)), ["sip:y"]);
    assert_eq!(registrar.next_deadline(), Some(at(90)));
    assert_eq!(registrar.expire(at(90)), ["2001"]);
    assert!(registrar.expire(at(91)).is_empty() && registrar.is_empty());
}

#[test]
fn an_instance_that_moves_replaces_its_binding() {
    let (now, mut registrar) = (Instant::now(), Registrar::new(10));
    let moved = |uri: &str, reg_id| ContactUpdate {
        instance: Some("\"<urn:uuid:1>\"".to_owned()),
        reg_id: Some(reg_id),
        ..contact(uri, 60)
    };
    for (call_id, uri, reg_id) in [
        ("a", "sip:x:1", 1),
        ("b", "sip:x:2", 1),
        ("c", "sip:x:3", 2),
    ] {
        let update = Update::Contacts(vec![moved(uri, reg_id)]);
        registrar
            .register(&request(call_id, 1, update), now)
            .unwrap();
    }
    assert_eq!(contacts(&registrar, now), ["sip:x:2", "sip:x:3"]);
}

#[test]
fn the_oldest_contact_makes_room() {
    let (now, mut registrar) = (Instant::now(), Registrar::new(2));
    for (cseq, uri) in [(1, "sip:1"), (2, "sip:2"), (3, "sip:1"), (4, "sip:3")] {
        registrar.register(&one("a", cseq, uri, 60), now).unwrap();
    }
    assert_eq!(contacts(&registrar, now), ["sip:1", "sip:3"]);
}

#[test]
fn bindings_survive_a_restart_with_the_time_they_had_left() {
    let (now, mut registrar) = (Instant::now(), Registrar::new(10));
    registrar.register(&one("a", 1, "sip:x", 60), now).unwrap();
    registrar.register(&one("b", 1, "sip:y", 90), now).unwrap();
    let later = now + Duration::from_secs(70);
    let [changed] = &registrar.take_changed(later)[..] else {
        panic!("one device has changed");
    };
    assert!(registrar.has_changed().is_none() && registrar.take_changed(later).is_empty());
    let records = &changed.bindings;
    assert_eq!((changed.extension.as_str(), records.len()), ("2001", 1));
    let mut fresh = Registrar::new(10);
    assert!(fresh.restore(&records[0], later));
    assert!(!fresh.restore(&records[0], later));
    let binding: Vec<&Binding> = fresh.bindings("2001", later).collect();
    assert_eq!((binding.len(), binding[0].source), (1, source().into()));
    assert_eq!(binding[0].expires_at, later + Duration::from_secs(20));
    assert_eq!(fresh.retain(|_| true), Vec::<String>::new());
    assert_eq!(fresh.retain(|_| false), ["2001"]);
    assert_eq!((fresh.len(), fresh.next_deadline()), (0, None));
}

#[test]
fn what_came_over_tls_is_never_called_in_clear_after_a_restart() {
    for (wire, kept) in [
        (Wire::Tcp, 1),
        (Wire::Tls, 0),
        (Wire::Ws, 0),
        (Wire::Wss, 0),
    ] {
        let (now, mut registrar) = (Instant::now(), Registrar::new(10));
        let over = Registration {
            source: Flow::Stream(wire, ConnectionId(1), source()),
            ..one("a", 1, "sip:2001@127.0.0.9:5060", 60)
        };
        registrar.register(&over, now).unwrap();
        let [changed] = &registrar.take_changed(now)[..] else {
            panic!("one device has changed");
        };
        assert_eq!(changed.bindings.len(), kept, "{wire:?}");
    }
}

#[test]
fn a_refresh_is_no_news() {
    let (now, mut registrar) = (Instant::now(), Registrar::new(10));
    let told = |registrar: &mut Registrar, cseq, uri: &str, expires| {
        registrar
            .register(&one("a", cseq, uri, expires), now)
            .unwrap();
        let news = registrar.has_changed();
        registrar.take_changed(now);
        news
    };
    assert_eq!(told(&mut registrar, 1, "sip:x", 60), Some(true));
    assert_eq!(told(&mut registrar, 2, "sip:x", 90), Some(false));
    assert_eq!(told(&mut registrar, 3, "sip:y", 90), Some(true));
    assert_eq!(told(&mut registrar, 4, "sip:x", 90), Some(false));
    assert_eq!(told(&mut registrar, 5, "sip:y", 0), Some(true));
    let mut moved = one("a", 6, "sip:x", 90);
    moved.source = Flow::Udp("127.0.0.9:40001".parse().unwrap());
    registrar.register(&moved, now).unwrap();
    assert_eq!(registrar.has_changed(), Some(true));
}
