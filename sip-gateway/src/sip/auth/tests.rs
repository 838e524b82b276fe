//! Digest: the RFCs' own numbers, and the life of a nonce.

use super::digest::{DigestInput, hex, hmac_sha256};
use super::*;
use crate::leg::{Credentials, DigestAlgorithm};
use crate::sip::message::{AuthHeader, HeaderName, Headers, Method};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const REALM: &str = "cordboard.localhost";
const URI: &str = "sip:cordboard.localhost";

#[test]
fn rfc_2617_and_rfc_7616_examples() {
    let old = DigestInput {
        algorithm: DigestAlgorithm::Md5,
        ha1: &ha1(
            DigestAlgorithm::Md5,
            "Mufasa",
            "testrealm@host.com",
            "Circle Of Life",
        ),
        method: "GET",
        uri: "/dir/index.html",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        auth: Some(("00000001", "0a4f113b")),
    };
    assert_eq!(old.response(), "6629fae49393a05397450978507c4ef1");
    let without_qop = DigestInput { auth: None, ..old };
    assert_eq!(without_qop.response(), "670fd8c2df070c60b045671b8b24ff02");

    let new = |algorithm| {
        DigestInput {
            algorithm,
            ha1: &ha1(
                algorithm,
                "Mufasa",
                "http-auth@example.org",
                "Circle of Life",
            ),
            method: "GET",
            uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            auth: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
        }
        .response()
    };
    assert_eq!(
        new(DigestAlgorithm::Md5),
        "8ca523f5e9506fed4657c9700eebdbec"
    );
    assert_eq!(
        new(DigestAlgorithm::Sha256),
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
}

#[test]
fn hmac_of_rfc_4231_with_a_padded_key() {
    // Case 2 has a short key; HMAC pads keys with zeros, so a padded key gives the same.
    let mut key = [0; 32];
    key.iter_mut().zip(b"Jefe").for_each(|(k, b)| *k = *b);
    let mac = hmac_sha256(&key, &[b"what do ya want ", b"for nothing?"]);
    assert_eq!(
        hex(&mac),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

struct World {
    store: NonceStore,
    start: Instant,
    random: u64,
    /// Where credentials come from.
    source: IpAddr,
}

impl World {
    fn new(capacity: usize) -> Self {
        Self {
            store: NonceStore::with_capacity([7; 32], capacity),
            start: Instant::now(),
            random: 0,
            source: HERE,
        }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn challenge(&mut self, seconds: u64, algorithm: DigestAlgorithm) -> AuthHeader {
        self.random += 1;
        let now = self.at(seconds);
        self.store
            .challenge(now, (REALM, HERE), algorithm, false, self.random)
    }

    fn verify(&mut self, seconds: u64, answer: &AuthHeader) -> Verdict {
        self.verify_as(seconds, answer, DigestAlgorithm::Md5, Some("secret"))
    }

    fn verify_as(
        &mut self,
        seconds: u64,
        answer: &AuthHeader,
        algorithm: DigestAlgorithm,
        password: Option<&str>,
    ) -> Verdict {
        let ha1 = password.map(|password| ha1(algorithm, "2001", REALM, password));
        let expected = Expected {
            realm: REALM,
            username: "2001",
            ha1: ha1.as_deref(),
            algorithm,
            source: self.source,
        };
        let now = self.at(seconds);
        self.store.verify(answer, &Method::Register, &expected, now)
    }
}

fn answer(challenge: &AuthHeader, password: &str, nc: u32) -> AuthHeader {
    let credentials = Credentials {
        username: "2001".to_owned(),
        password: password.to_owned(),
    };
    respond(
        challenge,
        &credentials,
        &Method::Register,
        URI,
        "c0ffee",
        nc,
    )
    .unwrap()
}

/// As the other side sees it after printing and reading.
fn over_the_wire(header: AuthHeader) -> AuthHeader {
    let mut headers = Headers::new();
    headers.push(HeaderName::Authorization, header);
    headers.authorization().unwrap().remove(0)
}

#[test]
fn right_credentials_pass_once_per_count() {
    for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Sha256] {
        let mut world = World::new(10);
        let challenge = over_the_wire(world.challenge(0, algorithm));
        let mut check = |nc| {
            let credentials = over_the_wire(answer(&challenge, "secret", nc));
            world.verify_as(1, &credentials, algorithm, Some("secret"))
        };
        assert_eq!(check(1), Verdict::Ok);
        assert_eq!(check(1), Verdict::Replayed);
        assert_eq!(check(2), Verdict::Ok);
        assert_eq!(check(10), Verdict::Ok);
        assert_eq!(check(9), Verdict::Ok, "overtaken on the way");
        assert_eq!(check(9), Verdict::Replayed);
        assert_eq!(check(2), Verdict::Replayed);
        assert_eq!(check(200), Verdict::Ok);
        assert_eq!(check(100), Verdict::Replayed, "behind the window");
        assert_eq!(check(136), Verdict::Ok, "last of the window");
        assert_eq!(check(135), Verdict::Replayed, "first outside of it");
    }
}

#[test]
fn wrong_and_unknown_are_bad_alike_and_store_nothing() {
    let mut world = World::new(10);
    let challenge = world.challenge(0, DigestAlgorithm::Md5);
    let wrong = answer(&challenge, "guess", 1);
    let right = answer(&challenge, "secret", 1);
    assert_eq!(world.verify(1, &wrong), Verdict::Bad);
    let md5 = DigestAlgorithm::Md5;
    assert_eq!(world.verify_as(1, &right, md5, None), Verdict::Bad);
    // Nor with a nonce that was made for another algorithm.
    let sha = DigestAlgorithm::Sha256;
    assert_eq!(
        world.verify_as(1, &right, sha, Some("secret")),
        Verdict::Stale
    );
    assert!(world.store.is_empty());
    assert_eq!(world.verify(1, &right), Verdict::Ok);
    assert_eq!(world.store.len(), 1);
}

#[test]
fn a_missing_part_is_bad_or_stale_and_never_a_panic() {
    let mut world = World::new(10);
    let challenge = world.challenge(0, DigestAlgorithm::Md5);
    let full = answer(&challenge, "secret", 1).to_string();
    let parts: Vec<&str> = full.strip_prefix("Digest ").unwrap().split(", ").collect();
    for left_out in 0..parts.len() {
        let kept: Vec<&str> = (0..parts.len())
            .filter(|i| *i != left_out)
            .map(|i| parts[i])
            .collect();
        let mut headers = Headers::new();
        headers.push(
            HeaderName::Authorization,
            format!("Digest {}", kept.join(", ")),
        );
        let credentials = headers.authorization().unwrap().remove(0);
        let verdict = world.verify(1, &credentials);
        // An absent algorithm means MD5 (RFC 7616 3.4).
        let allowed = parts[left_out].starts_with("algorithm");
        assert_eq!(
            verdict == Verdict::Ok,
            allowed,
            "without {}",
            parts[left_out]
        );
    }
}

#[test]
fn nonces_grow_old_and_foreign_ones_are_stale() {
    let mut world = World::new(10);
    let challenge = world.challenge(0, DigestAlgorithm::Md5);
    let first = answer(&challenge, "secret", 1);
    assert_eq!(world.verify(300, &first), Verdict::Ok);
    let second = answer(&challenge, "secret", 2);
    assert_eq!(world.verify(301, &second), Verdict::Stale);
    assert!(world.store.is_empty(), "expired counts are swept");

    let mut foreign = NonceStore::new([8; 32]);
    let challenge = foreign.challenge(world.at(0), (REALM, HERE), DigestAlgorithm::Md5, false, 1);
    let credentials = answer(&challenge, "secret", 1);
    assert_eq!(world.verify(1, &credentials), Verdict::Stale);
    let guessed = answer(&challenge, "guess", 1);
    assert_eq!(
        world.verify(1, &guessed),
        Verdict::Stale,
        "stale tells nothing"
    );
}

#[test]
fn a_nonce_serves_the_source_it_was_given_to() {
    let mut world = World::new(10);
    let challenge = world.challenge(0, DigestAlgorithm::Md5);
    let right = answer(&challenge, "secret", 1);
    world.source = "192.0.2.2".parse().unwrap();
    assert_eq!(world.verify(1, &right), Verdict::Stale);
    world.source = "::ffff:192.0.2.1".parse().unwrap();
    assert_eq!(world.verify(1, &right), Verdict::Ok);
}

#[test]
fn the_store_is_bounded_and_forgets_safely() {
    let mut world = World::new(3);
    let answers: Vec<AuthHeader> = (0..5)
        .map(|second| {
            let challenge = world.challenge(second, DigestAlgorithm::Md5);
            answer(&challenge, "secret", 1)
        })
        .collect();
    for credentials in &answers {
        assert_eq!(world.verify(10, credentials), Verdict::Ok);
        assert!(world.store.len() <= 3);
    }
    // The first two were pushed out; using them again must not pass.
    assert_eq!(world.verify(10, &answers[0]), Verdict::Stale);
    assert_eq!(world.verify(10, &answers[1]), Verdict::Stale);
    assert_eq!(world.verify(10, &answers[4]), Verdict::Replayed);
}

#[test]
fn challenges_that_cannot_be_answered() {
    let read = |text: &str| {
        let mut headers = Headers::new();
        headers.push(HeaderName::WwwAuthenticate, text);
        headers.www_authenticate().unwrap().remove(0)
    };
    let credentials = Credentials {
        username: "u".to_owned(),
        password: "p".to_owned(),
    };
    let try_it = |text: &str| respond(&read(text), &credentials, &Method::Invite, URI, "c", 1);
    let cases = [
        ("Basic realm=\"x\"", ChallengeError::Scheme),
        (
            "Digest realm=\"x\", nonce=\"n\", algorithm=MD5-sess",
            ChallengeError::Algorithm,
        ),
        (
            "Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
            ChallengeError::Qop,
        ),
        ("Digest realm=\"x\"", ChallengeError::Incomplete),
    ];
    for (text, error) in cases {
        assert_eq!(try_it(text).unwrap_err(), error, "{text}");
    }
    let list = [
        read("Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256"),
        read("Digest realm=\"x\", nonce=\"n\", algorithm=SHA-256, qop=\"auth,auth-int\""),
        read("Digest realm=\"x\", nonce=\"n\""),
    ];
    assert_eq!(choose(&list), Some(&list[1]));
    let plain = respond(&list[2], &credentials, &Method::Invite, URI, "c", 1).unwrap();
    assert_eq!((plain.get("qop"), plain.get("nc")), (None, None));
}
