//! Checks that are believed and those that are not, against the vector of RFC 5769 and damage of every byte.

use super::*;
use crate::media::secure::dtls_srtp::Identity;
use std::time::Instant;

const US: &str = "127.0.0.1:4000";
const ELSEWHERE: &str = "192.0.2.7:4000";

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn login(seed: u8) -> IceLogin {
    IceLogin::from_random([seed; 32])
}

fn identity() -> Identity {
    Identity::new(Instant::now()).unwrap()
}

/// A check as a browser sends it.
fn check(identity: &Identity, login: &IceLogin, extra: &[Vec<u8>]) -> Vec<u8> {
    let mut message = vec![0, 1, 0, 0];
    message.extend_from_slice(&COOKIE);
    message.extend_from_slice(b"transaction!");
    let user = format!("{}:theirs", login.user());
    message.extend_from_slice(&attribute(USERNAME, user.as_bytes()));
    for attribute in extra {
        message.extend_from_slice(attribute);
    }
    set_length(&mut message, 24).unwrap();
    let hash = identity.keyed_hash(login.password().as_bytes(), &[&message]);
    message.extend_from_slice(&attribute(MESSAGE_INTEGRITY, &hash.unwrap()));
    set_length(&mut message, 8).unwrap();
    let sum = crc32fast::hash(&message) ^ FINGERPRINT_XOR;
    message.extend_from_slice(&attribute(FINGERPRINT, &sum.to_be_bytes()));
    message
}

struct Agent {
    identity: Identity,
    ice: IceLite,
}

impl Agent {
    fn new() -> Self {
        Self {
            identity: identity(),
            ice: IceLite::new(login(3)),
        }
    }

    fn hear(&mut self, bytes: &[u8], source: &str) -> Option<Vec<u8>> {
        let identity = &self.identity;
        let hash = |key: &[u8], pieces: &[&[u8]]| identity.keyed_hash(key, pieces);
        self.ice.receive(bytes, at(source), &hash)
    }
}

#[test]
fn the_hash_is_that_of_rfc_5769() {
    let request = [
        0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6,
        0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74,
        0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e,
        0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36,
        0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20,
        0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
        0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5,
        0x7a, 0x3b, 0xcf,
    ];
    let check = Check::read(&request).unwrap();
    assert_eq!(check.user, b"evtj:h6vY");
    assert!(check.controlled && !check.nominates);
    let hash = identity().keyed_hash(b"VOkJxbRl1RmTxUk/WvJxBt", &check.signed());
    assert_eq!(hash, Some(check.integrity));
}

#[test]
fn a_check_with_our_password_is_answered_and_proves_its_address() {
    let mut agent = Agent::new();
    let request = check(&agent.identity, &login(3), &[]);
    let answer = agent.hear(&request, US).unwrap();
    assert_eq!(short(&answer, 0), Some(BINDING_SUCCESS));
    assert_eq!(&answer[8..20], b"transaction!");
    // XOR-MAPPED-ADDRESS of 127.0.0.1:4000.
    let mapped = [
        0,
        1,
        0x0f ^ 0x21,
        0xa0 ^ 0x12,
        127 ^ 0x21,
        0x12,
        0xa4,
        1 ^ 0x42,
    ];
    assert_eq!(&answer[20..32], [&[0, 0x20, 0, 8][..], &mapped].concat());
    assert!(agent.ice.knows(at(US)) && !agent.ice.knows(at(ELSEWHERE)));
    assert_eq!(agent.ice.destination(), Some(at(US)));
}

#[test]
fn whoever_does_not_know_the_password_gets_nothing_and_proves_nothing() {
    let mut agent = Agent::new();
    let right = check(&agent.identity, &login(3), &[]);
    let stranger = check(&agent.identity, &login(4), &[]);
    assert_eq!(agent.hear(&stranger, US), None);
    for length in 0..right.len() {
        assert_eq!(agent.hear(&right[..length], US), None, "{length}");
    }
    for place in 0..right.len() {
        let mut damaged = right.clone();
        damaged[place] ^= 0x10;
        assert_eq!(agent.hear(&damaged, US), None, "byte {place}");
    }
    let mut unsigned = right.clone();
    unsigned.truncate(right.len() - 32);
    set_length(&mut unsigned, 0).unwrap();
    assert_eq!(agent.hear(&unsigned, US), None);
    assert_eq!(agent.ice.destination(), None);
}

#[test]
fn the_address_nominated_last_is_sent_to() {
    let mut agent = Agent::new();
    let nominates = [attribute(USE_CANDIDATE, &[])];
    let plain = check(&agent.identity, &login(3), &[]);
    let nominating = check(&agent.identity, &login(3), &nominates);
    agent.hear(&plain, US).unwrap();
    agent.hear(&plain, ELSEWHERE).unwrap();
    assert_eq!(agent.ice.destination(), Some(at(US)));
    agent.hear(&nominating, ELSEWHERE).unwrap();
    agent.hear(&plain, US).unwrap();
    assert_eq!(agent.ice.destination(), Some(at(ELSEWHERE)));
    // However many addresses prove themselves, the one in use is not forgotten.
    for port in 5_000..5_100 {
        agent.hear(&plain, &format!("192.0.2.8:{port}")).unwrap();
    }
    assert!(agent.ice.knows(at(ELSEWHERE)) && agent.ice.paths.len() == MAX_PATHS);
    // A nomination behind the hash counts for nothing.
    let mut appended = plain.clone();
    appended.truncate(plain.len() - 8);
    appended.extend_from_slice(&nominates[0]);
    set_length(&mut appended, 0).unwrap();
    agent.hear(&appended, US);
    assert_eq!(agent.ice.destination(), Some(at(ELSEWHERE)));
}

#[test]
fn a_restart_takes_the_new_login_and_keeps_the_path_until_it_is_used() {
    let mut agent = Agent::new();
    let nominates = [attribute(USE_CANDIDATE, &[])];
    let (old, new) = (login(3), login(5));
    let before = check(&agent.identity, &old, &nominates);
    let after = check(&agent.identity, &new, &nominates);
    agent.hear(&before, US).unwrap();
    assert_eq!(agent.hear(&after, US), None, "not yet");
    agent.ice.restart(new);
    assert_eq!(agent.ice.destination(), Some(at(US)));
    agent.hear(&before, US).unwrap();
    agent.hear(&after, ELSEWHERE).unwrap();
    assert_eq!(agent.ice.destination(), Some(at(ELSEWHERE)));
    assert_eq!(agent.hear(&before, US), None, "no longer");
}

#[test]
fn after_a_restart_the_first_path_that_is_proved_counts_before_it_is_nominated() {
    let mut agent = Agent::new();
    let (old, new) = (login(3), login(5));
    let nominated = check(&agent.identity, &old, &[attribute(USE_CANDIDATE, &[])]);
    agent.hear(&nominated, US).unwrap();
    agent.ice.restart(new);
    // Who begins anew has often lost the path there was; a browser nominates up to 2.5 s after its first check.
    let plain = check(&agent.identity, &new, &[]);
    agent.hear(&plain, ELSEWHERE).unwrap();
    assert_eq!(agent.ice.destination(), Some(at(ELSEWHERE)));
    agent.hear(&plain, US).unwrap();
    assert_eq!(
        agent.ice.destination(),
        Some(at(ELSEWHERE)),
        "the first, until one is nominated"
    );
}

#[test]
fn sound_is_answered_where_it_comes_from_once_the_path_before_is_silent() {
    let mut agent = Agent::new();
    let both = check(&agent.identity, &login(3), &[]);
    agent.hear(&both, US).unwrap();
    agent.hear(&both, ELSEWHERE).unwrap();
    let ms = Duration::from_millis;
    for (source, now, wanted) in [
        (US, 0, US),
        (ELSEWHERE, 20, US),
        // It was late, no more.
        (US, 30, US),
        (ELSEWHERE, 100, US),
        (ELSEWHERE, 180, US),
        (ELSEWHERE, 200, ELSEWHERE),
        (US, 220, ELSEWHERE),
    ] {
        agent.ice.heard(at(source), ms(now));
        assert_eq!(agent.ice.destination(), Some(at(wanted)), "{now} ms");
    }
    // Nobody who has proved nothing is sent anything.
    let stranger = "198.51.100.66:6";
    for now in [300, 500, 700] {
        agent.ice.heard(at(stranger), ms(now));
    }
    assert_eq!(agent.ice.destination(), Some(at(ELSEWHERE)));
}

#[test]
fn a_party_that_thinks_it_is_controlled_is_told_of_the_conflict() {
    let mut agent = Agent::new();
    let controlled = [attribute(ICE_CONTROLLED, &[1; 8])];
    let request = check(&agent.identity, &login(3), &controlled);
    let answer = agent.hear(&request, US).unwrap();
    assert_eq!(short(&answer, 0), Some(BINDING_ERROR));
    assert_eq!(&answer[20..28], [0, 9, 0, 17, 0, 0, 4, 87]);
    assert_eq!(agent.ice.destination(), None);
}
