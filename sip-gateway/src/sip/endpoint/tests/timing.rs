//! How long an answer takes says nothing about which users exist: Welch's t over 10,000 interleaved tries of each kind.
//!
//! The pauses after wrong passwords are switched off here, because they would hide what is measured: with them the
//! fourth try is answered without any look at the password.

use super::kit::device;
use super::puppet::{Draft, header};
use crate::leg::{Accounts, Credentials, DigestAlgorithm};
use crate::sip::auth;
use crate::sip::endpoint::{Endpoint, EndpointConfig, Limits};
use crate::sip::message::{HeaderName, Headers, Method};
use crate::sip::port::{SipInput, SipOutput};
use bytes::Bytes;
use std::time::Instant;

const FROM: &str = "127.0.0.50:6000";
const TRIES: usize = 10_000;
/// Values above this share of all are interruptions of the machine, not work of ours.
const KEPT: usize = 90;
const WANTED: f64 = 4.5;

/// 100 devices, one of four with SHA-256.
fn office() -> Endpoint {
    let devices = (2000..2100).map(|extension| {
        let mut device = device(&extension.to_string());
        if extension % 4 == 0 {
            device.algorithm = DigestAlgorithm::Sha256;
        }
        device
    });
    let accounts = Accounts {
        devices: devices.collect(),
        trunks: Vec::new(),
    };
    let config = EndpointConfig {
        domain: "office.test".to_owned(),
        stream_port: None,
        tls_port: None,
        advertised: "127.0.0.1:5060".parse().unwrap(),
        agent_name: "test".to_owned(),
        seed: [9; 32],
        limits: Limits {
            messages_per_source: u32::MAX,
            free_guesses: u32::MAX,
            free_users: u32::MAX,
            ..Limits::default()
        },
    };
    Endpoint::new(config, accounts, Instant::now())
}

fn ask(endpoint: &mut Endpoint, text: &Bytes) -> Vec<String> {
    let source = FROM.parse().unwrap();
    let bytes = text.clone();
    endpoint.handle(SipInput::Datagram { source, bytes }, Instant::now());
    let outputs = std::iter::from_fn(|| endpoint.poll_output());
    let sent = outputs.filter_map(|output| match output {
        SipOutput::Transmit { bytes, .. } => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    });
    sent.collect()
}

fn draft(method: &'static str, user: &str) -> Draft {
    let mut draft = Draft::new(method);
    user.clone_into(&mut draft.from_user);
    if method == "REGISTER" {
        draft.to = format!("<sip:{user}@office.test>");
    }
    draft
}

/// The request, with a wrong password when `guess` is wanted.
fn request(endpoint: &mut Endpoint, method: &'static str, user: &str, guess: bool) -> Bytes {
    let mut draft = draft(method, user);
    if guess {
        let answers = ask(endpoint, &draft.text(FROM).into_bytes().into());
        let mut headers = Headers::new();
        headers.push(
            HeaderName::WwwAuthenticate,
            header(&answers[0], "WWW-Authenticate").unwrap(),
        );
        let challenge = headers.www_authenticate().unwrap().remove(0);
        let with = Credentials {
            username: user.to_owned(),
            password: "guess".to_owned(),
        };
        let uri = "sip:9000@office.test";
        let method = Method::parse(method).unwrap();
        let answer = auth::respond(&challenge, &with, &method, uri, "c", 1).unwrap();
        draft.more = format!("Authorization: {answer}\r\n");
    }
    draft.text(FROM).into_bytes().into()
}

/// Mean and variance of the values up to `most`.
fn moments(values: &[f64], most: f64) -> (f64, f64, f64) {
    let kept: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| *value <= most)
        .collect();
    let count = kept.len() as f64;
    let mean = kept.iter().sum::<f64>() / count;
    let variance = kept.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance, count)
}

/// 100 users that do not exist, as many of them with SHA-256 as among those that do: a nonce of SHA-256 costs more, and
/// which users have it is no secret; `guessing.rs` shows that it does not tell who exists.
fn strangers(endpoint: &mut Endpoint) -> Vec<u64> {
    let (mut strong, mut weak) = (Vec::new(), Vec::new());
    for user in 7000..8000 {
        let text = draft("REGISTER", &user.to_string()).text(FROM);
        let answers = ask(endpoint, &text.into_bytes().into());
        if answers[0].contains("SHA-256") {
            strong.push(user);
        } else {
            weak.push(user);
        }
    }
    let strong = strong.into_iter().take(25);
    let all: Vec<u64> = strong.chain(weak.into_iter().take(75)).collect();
    assert_eq!(all.len(), 100);
    all
}

/// Welch's t of known against unknown users, in nanoseconds a try, and the two means.
fn welch(method: &'static str, guess: bool) -> (f64, f64, f64) {
    let mut endpoint = office();
    let mut dice = super::kit::Dice(4);
    let users = [(2000..2100).collect(), strangers(&mut endpoint)];
    let texts = users.map(|users: Vec<u64>| {
        let texts = users
            .iter()
            .map(|user| request(&mut endpoint, method, &user.to_string(), guess));
        texts.collect::<Vec<Bytes>>()
    });
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..TRIES {
        let kind = usize::try_from(dice.below(2)).unwrap();
        let place = usize::try_from(dice.below(100)).unwrap();
        let text = texts[kind][place].clone();
        let source = FROM.parse().unwrap();
        let now = Instant::now();
        let before = Instant::now();
        endpoint.handle(
            SipInput::Datagram {
                source,
                bytes: text,
            },
            now,
        );
        let took = before.elapsed();
        let answer = endpoint.poll_output();
        assert!(
            matches!(answer, Some(SipOutput::Transmit { bytes, .. }) if bytes.starts_with(b"SIP/2.0 401"))
        );
        times[kind].push(took.as_nanos() as f64);
    }
    let mut all: Vec<f64> = times.concat();
    all.sort_by(f64::total_cmp);
    let most = all[all.len() * KEPT / 100];
    let (known, v1, n1) = moments(&times[0], most);
    let (unknown, v2, n2) = moments(&times[1], most);
    (
        (known - unknown) / (v1 / n1 + v2 / n2).sqrt(),
        known,
        unknown,
    )
}

fn judge(method: &'static str, guess: bool) {
    // A round may be spoilt by what else the machine does; a real difference shows in every one.
    let mut rounds = Vec::new();
    while rounds.len() < 3 {
        let round = welch(method, guess);
        rounds.push(round);
        if round.0.abs() < WANTED {
            println!("{method} guess={guess}: t, known ns, unknown ns: {rounds:.1?}");
            return;
        }
    }
    panic!("{method} guess={guess}: {rounds:.1?}");
}

#[test]
fn a_challenge_takes_as_long_for_known_and_unknown_users() {
    judge("REGISTER", false);
    judge("INVITE", false);
}

#[test]
fn a_wrong_password_takes_as_long_for_known_and_unknown_users() {
    judge("REGISTER", true);
    judge("INVITE", true);
}
