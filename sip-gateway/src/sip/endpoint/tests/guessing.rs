//! Who guesses passwords learns nothing, and locks nobody else out.

use super::kit::{Net, OFFICE, PHONE, address, credentials, office_accounts, seconds};
use super::puppet::{Draft, STRANGER, header, status};
use crate::leg::{Accounts, Credentials, DigestAlgorithm};
use crate::sip::auth;
use crate::sip::endpoint::Limits;
use crate::sip::message::{HeaderName, Headers, Method};
use crate::sip::port::SipCommand;

/// One REGISTER with this password: asks for a challenge first. Gives the last status.
fn try_password(net: &mut Net, from: &str, user: &str, password: &str, cseq: u32) -> u16 {
    let mut draft = Draft::new("REGISTER");
    user.clone_into(&mut draft.from_user);
    draft.to = format!("<sip:{user}@office.test>");
    (draft.cseq, draft.call_id) = (cseq * 2, format!("from-{from}"));
    draft.branch = format!("z9hG4bKa{cseq}");
    let asked = draft.send(net, from);
    let Some(challenge) = asked
        .first()
        .and_then(|text| header(text, "WWW-Authenticate"))
    else {
        return status(&asked);
    };
    let mut headers = Headers::new();
    headers.push(HeaderName::WwwAuthenticate, challenge);
    let challenge = headers.www_authenticate().unwrap().remove(0);
    let with = Credentials {
        username: user.to_owned(),
        password: password.to_owned(),
    };
    let answer = auth::respond(
        &challenge,
        &with,
        &Method::Register,
        "sip:9000@office.test",
        "c",
        1,
    );
    draft.more = format!("Authorization: {}\r\n", answer.unwrap());
    draft.cseq += 1;
    draft.branch = format!("z9hG4bKb{cseq}");
    status(&draft.send(net, from))
}

#[test]
fn a_dictionary_with_the_right_password_in_it_finds_nothing() {
    let mut net = Net::new(1);
    for place in 1..=100 {
        let guess = if place == 50 {
            "secret of 2001"
        } else {
            "wrong"
        };
        let answer = try_password(&mut net, STRANGER, "2001", guess, place);
        assert_eq!(answer, 401, "place {place}");
    }
    let counters = net.endpoints[OFFICE].counters();
    assert_eq!((counters.failed_auth, counters.lockouts), (4, 1));
    assert_eq!(counters.locked_out, 96);
    // From elsewhere the agent is not locked out, and from there neither after a while.
    let other = "127.0.0.51:6000";
    assert_eq!(
        try_password(&mut net, other, "2001", "secret of 2001", 1),
        200
    );
    net.run(seconds(10));
    assert_eq!(
        try_password(&mut net, STRANGER, "2001", "secret of 2001", 101),
        200
    );
}

#[test]
fn the_registered_phone_goes_on_while_somebody_guesses_beside_it() {
    let mut net = Net::new(1);
    net.register(PHONE, "2001", credentials("2001"));
    net.run(seconds(1));
    // Behind the same address as the phone.
    let neighbour = "127.0.0.9:6000";
    for guess in 1..=20 {
        try_password(&mut net, neighbour, "2001", "wrong", guess);
    }
    assert_eq!(
        try_password(&mut net, neighbour, "2001", "secret of 2001", 21),
        401
    );
    // The phone's refresh, its call, and a refresh with an old nonce.
    let before = net.endpoints[OFFICE].counters().locked_out;
    let calls = net.count_incoming(OFFICE);
    net.dial(PHONE, OFFICE, Some(credentials("2001")));
    net.run(seconds(1));
    assert_eq!(net.count_incoming(OFFICE), calls + 1);
    net.run(seconds(500));
    assert_eq!(net.endpoints[OFFICE].counters().locked_out, before);
    assert_eq!(net.endpoints[OFFICE].occupancy().bindings, 1);
}

#[test]
fn known_and_unknown_users_are_locked_alike() {
    let answers = |user: &str| {
        let mut net = Net::new(1);
        let all: Vec<u16> = (1..=30)
            .map(|guess| try_password(&mut net, STRANGER, user, "wrong", guess))
            .collect();
        let counters = net.endpoints[OFFICE].counters();
        (all, counters.failed_auth, counters.locked_out)
    };
    let known = answers("2001");
    assert_eq!(known, (vec![401; 30], 4, 26));
    assert_eq!(known, answers("2999"));
}

#[test]
fn one_password_for_many_users_locks_the_source() {
    let mut net = Net::new(1);
    for user in 0..30 {
        try_password(&mut net, STRANGER, &format!("3{user:03}"), "1234", 1);
    }
    assert_eq!(
        try_password(&mut net, STRANGER, "2001", "secret of 2001", 1),
        401
    );
    assert_eq!(
        try_password(&mut net, "127.0.0.51:1", "2001", "secret of 2001", 1),
        200
    );
}

#[test]
fn the_algorithm_of_a_challenge_tells_nothing() {
    let asked_for = |net: &mut Net, user: &str| {
        let mut draft = Draft::new("REGISTER");
        draft.to = format!("<sip:{user}@office.test>");
        let answers = draft.send(net, STRANGER);
        header(&answers[0], "WWW-Authenticate")
            .unwrap()
            .contains("SHA-256")
    };
    let mut net = Net::new(1);
    assert!(!asked_for(&mut net, "2001") && asked_for(&mut net, "2002"));
    let spread: Vec<bool> = (3000..3200)
        .map(|user| asked_for(&mut net, &user.to_string()))
        .collect();
    let strong = spread.iter().filter(|strong| **strong).count();
    assert!((60..140).contains(&strong), "{strong} of 200");
    // The same for ever.
    let mut again = Net::new(2);
    let twice: Vec<bool> = (3000..3200)
        .map(|user| asked_for(&mut again, &user.to_string()))
        .collect();
    assert_eq!(spread, twice);
    // Where nobody uses SHA-256, nobody is asked for it.
    let mut accounts: Accounts = office_accounts();
    for device in &mut accounts.devices {
        device.algorithm = DigestAlgorithm::Md5;
    }
    net.command(OFFICE, SipCommand::SetAccounts(accounts));
    assert!((3000..3200).all(|user| !asked_for(&mut net, &user.to_string())));
}

#[test]
fn a_flood_is_not_read_and_trunks_are_not_cut_off() {
    let limits = Limits {
        messages_per_source: 100,
        ..Limits::default()
    };
    let mut net = Net::with_limits(1, limits);
    let mut flood = |from: &str| {
        let before = net.mail.len();
        let text = Draft::new("OPTIONS").text(from);
        for _ in 0..1_000 {
            net.post(super::kit::Packet {
                from: from.parse().unwrap(),
                to: address(OFFICE),
                bytes: text.clone().into_bytes().into(),
            });
        }
        net.run(seconds(1) / 100);
        net.mail.len() - before
    };
    assert_eq!(flood(STRANGER), 300);
    assert_eq!(flood(super::puppet::TRUNK), 1_000);
    let endpoint = &net.endpoints[OFFICE];
    assert_eq!(endpoint.counters().over_rate, 700);
    assert_eq!(
        endpoint.offenders().1.map(|ip| ip.to_string()).as_deref(),
        Some("127.0.0.50")
    );
}
