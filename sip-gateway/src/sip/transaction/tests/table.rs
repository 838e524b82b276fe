use super::super::key::ClientKey;
use super::super::table::Transactions;
use super::super::timers::{T1_64, T4};
use super::{bytes, show};
use crate::sip::flow::Flow;
use crate::sip::message::Method;
use std::net::SocketAddr;
use std::time::Instant;

#[test]
fn a_client_lives_from_its_request_to_its_last_timer() {
    let (now, mut out) = (Instant::now(), Vec::new());
    let peer = Flow::Udp("127.0.0.1:9".parse().unwrap());
    let mut table: Transactions<u8> = Transactions::default();
    let key = ClientKey::new("z9hG4bKx", Method::Bye);
    let id = table.start_client(key.clone(), bytes("BYE"), (peer, 7), now, &mut out);
    assert_eq!(
        (table.find_client(&key), table.peer_and_user(id)),
        (Some(id), Some((peer, 7)))
    );
    assert_eq!(table.users_of(peer), [id]);
    assert!(!table.fire(id, now, &mut out));
    assert_eq!(table.reap(id), None);
    table.response(id, 200, bytes(""), now, &mut out);
    assert_eq!(show(&out), ">BYE up");
    assert_eq!(table.next_deadline(id), Some(now + T4));
    assert!(table.fire(id, now + T4, &mut out));
    assert_eq!(table.reap(id), Some(7));
    assert!(
        table.is_empty() && table.find_client(&key).is_none() && table.users_of(peer).is_empty()
    );
}

#[test]
fn a_peer_that_is_gone_fails_its_clients_only() {
    let (now, mut out) = (Instant::now(), Vec::new());
    let peer = |port: u16| Flow::Udp(SocketAddr::from(([127, 0, 0, 1], port)));
    let mut table: Transactions<u8> = Transactions::default();
    let a = table.start_client(
        ClientKey::new("a", Method::Invite),
        bytes("A"),
        (peer(1), 1),
        now,
        &mut out,
    );
    let b = table.start_client(
        ClientKey::new("b", Method::Invite),
        bytes("B"),
        (peer(2), 2),
        now,
        &mut out,
    );
    out.clear();
    for id in table.users_of(peer(1)) {
        table.transport_error(id, now, &mut out);
    }
    assert_eq!(show(&out), "failed");
    assert_eq!(
        (table.reap(a), table.reap(b), table.len()),
        (Some(1), None, 1)
    );
    assert_eq!(table.next_deadline(b), Some(now + T1_64 / 64));
}
