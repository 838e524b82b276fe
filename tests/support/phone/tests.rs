//! The phone's own arithmetic against published vectors, and two phones calling each other directly.

use crate::support::patience::until;
use crate::support::phone::audio::{self, NumberReport, Numbered};
use crate::support::phone::message::{Message, parameter};
use crate::support::phone::{End, Phone, Sending, digest, md5, seconds};
use std::time::{Duration, Instant};

#[test]
fn md5_vectors_of_rfc_1321() {
    assert_eq!(md5::md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(
        md5::md5_hex(b"message digest"),
        "f96b697d7cb7938d525a2f31aaf161d0"
    );
    let long = b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
    assert_eq!(md5::md5_hex(long), "57edf4a22be3c955ac49da2e2107b67a");
}

#[test]
fn digest_example_of_rfc_2617() {
    let account = digest::Account {
        username: "Mufasa".to_owned(),
        password: "Circle Of Life".to_owned(),
    };
    let challenge =
        "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
    let answer = digest::answer(&account, challenge, "GET", "/dir/index.html").unwrap();
    // Without qop, so computed once by hand from the RFC's HA1 and HA2.
    let ha1 = md5::md5_hex(b"Mufasa:testrealm@host.com:Circle Of Life");
    assert_eq!(ha1, "939e7578ed9e3c518a452acee763bce9");
    let whole =
        format!("{ha1}:dcd98b7102dd2f0e8b11d0f600bfb0c093:39aff3a2bab6126f332b942af96d3366");
    assert!(answer.contains(&md5::md5_hex(whole.as_bytes())));
}

#[test]
fn alaw_is_the_table_of_g711() {
    assert_eq!(audio::from_alaw(0xaa), 32_256);
    assert_eq!(audio::from_alaw(0x2a), -32_256);
    assert_eq!(audio::from_alaw(0xd5), 8);
    for byte in 0..=255_u8 {
        assert_eq!(audio::to_alaw(audio::from_alaw(byte)), byte);
    }
}

#[test]
fn ulaw_is_the_table_of_g711() {
    assert_eq!(audio::from_ulaw(0x80), 32_124);
    assert_eq!(audio::from_ulaw(0x00), -32_124);
    assert_eq!(audio::from_ulaw(0xff), 0);
    for byte in 0..=255_u8 {
        let again = audio::to_ulaw(audio::from_ulaw(byte));
        assert!(
            again == byte || byte == 0x7f,
            "{byte:02x} became {again:02x}"
        );
    }
}

#[test]
fn a_tone_is_told_from_its_neighbours_and_from_noise() {
    let tone: Vec<i16> = (0..5)
        .flat_map(|packet| audio::tone(440.0, packet * 160))
        .collect();
    assert!(audio::dominance(&tone, 440.0, 8000.0) > 0.98);
    assert!(audio::dominance(&tone, 520.0, 8000.0) < 0.05);
    assert!(audio::dominance(&[0; 800], 440.0, 8000.0) < 0.01);
    assert!((audio::level(&tone) + 15.2).abs() < 0.5);
}

#[test]
fn numbers_survive_linear_samples_and_leave_the_tone_audible() {
    let packets: Vec<Numbered> = [0, 1, 77, 65_536, u32::MAX]
        .map(|number| Numbered { leg: 0xa5, number })
        .to_vec();
    let samples: Vec<i16> = packets
        .iter()
        .flat_map(|numbered| numbered.payload(440.0))
        .map(audio::from_ulaw)
        .collect();
    let found = Numbered::find_all(&samples);
    let expected: Vec<_> = packets
        .iter()
        .enumerate()
        .map(|(place, found)| (place * 160, *found))
        .collect();
    assert_eq!(found, expected);
    let steady: Vec<i16> = (0..5)
        .flat_map(|number| Numbered { leg: 1, number }.payload(440.0))
        .map(audio::from_ulaw)
        .collect();
    assert!(audio::dominance(&steady, 440.0, 8000.0) > 0.8);
}

#[test]
fn a_missing_and_a_repeated_number_are_named() {
    let report = NumberReport::new([3, 4, 6, 6, 7].into_iter());
    assert_eq!(report.range, Some((3, 7)));
    assert_eq!(
        (report.missing_numbers, report.repeated, report.seen),
        (vec![5], vec![6], 4)
    );
}

#[test]
fn compact_names_and_folding_are_read() {
    let text = b"INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9\r\nf: <sip:x@y>\r\n ;tag=7\r\ni: c\r\n\r\n";
    let message = Message::parse(text).unwrap();
    assert_eq!(message.branch(), "z9");
    assert_eq!(message.tag("from").as_deref(), Some("7"));
    assert_eq!(
        parameter("<sip:a;tag=no@b>;tag=yes", "tag").as_deref(),
        Some("yes")
    );
}

fn phone(ip: &str) -> Phone {
    let ip = ip.parse().expect("an address");
    Phone::start(ip).expect("a free port on loopback")
}

#[test]
fn two_phones_hear_each_others_tones_keys_and_every_packet() {
    let (one, two) = (phone("127.0.0.61"), phone("127.0.0.62"));
    let call = one.call(two.address(), "2001", "+442079460101").unwrap();
    let ringing = two.wait_ring(seconds(2)).unwrap();
    assert_eq!(ringing.caller(), "+442079460101");
    call.wait_ringing(seconds(2)).unwrap();
    let other = ringing.answer().unwrap();
    call.wait_answered(seconds(2)).unwrap();
    call.send(Sending::Numbered { leg: 1, hz: 440.0 });
    other.send(Sending::Numbered { leg: 2, hz: 600.0 });
    other.wait_tone(440.0, seconds(2)).unwrap();
    call.wait_tone(600.0, seconds(2)).unwrap();
    call.press("2#");
    let keys = || other.heard().keys();
    until(seconds(2), || keys() == "2#", keys);
    call.hang_up();
    assert_eq!(other.wait_ended(seconds(2)).unwrap(), End::TheyHungUp);
    assert_eq!(other.heard().keys(), "2#");
    let numbers = other.heard().numbers(1);
    assert_eq!(numbers.missing, 0, "{numbers:?}");
    assert_eq!(other.heard().lost(), 0);
    assert!(call.heard().gaps(Duration::from_millis(300)).is_empty());
    // What is sent again was late, on a machine that had other things to do.
    assert!(two.repeats_seen() <= one.repeats_sent());
}

#[test]
fn cancel_and_decline_end_as_they_should() {
    let (one, two) = (phone("127.0.0.63"), phone("127.0.0.64"));
    let call = one.call(two.address(), "2001", "anonymous").unwrap();
    let ringing = two.wait_ring(seconds(2)).unwrap().ignore();
    call.wait_ringing(seconds(2)).unwrap();
    call.hang_up();
    assert_eq!(ringing.wait_ended(seconds(2)).unwrap(), End::TheyCancelled);
    assert_eq!(call.wait_ended(seconds(2)).unwrap(), End::Rejected(487));
    let call = one.call(two.address(), "2001", "anonymous").unwrap();
    two.wait_ring(seconds(2)).unwrap().decline(486);
    assert_eq!(call.wait_ended(seconds(2)).unwrap(), End::Rejected(486));
    assert_eq!(one.ping(two.address()).unwrap(), 200);
    assert_eq!(one.live_calls() + two.live_calls(), 0);
}

#[test]
fn what_is_not_answered_is_sent_again_and_the_failure_shows_it() {
    let (one, two) = (phone("127.0.0.65"), phone("127.0.0.66"));
    two.unplug(true);
    let call = one.call(two.address(), "2001", "anonymous").unwrap();
    let began = Instant::now();
    let limit = Duration::from_millis(1_200);
    let failure = call.answered_within(limit).unwrap_err();
    assert!(began.elapsed() < seconds(4));
    // After 0.5 s, and after 1.5 s where the machine is late.
    let sent = failure.to_string().matches("INVITE sip:2001@").count();
    assert!((2..=3).contains(&sent), "{failure}");
    two.unplug(false);
    let answered = two.wait_ring(seconds(3)).unwrap().answer().unwrap();
    call.wait_answered(seconds(2)).unwrap();
    answered.hang_up();
    assert_eq!(call.wait_ended(seconds(2)).unwrap(), End::TheyHungUp);
}
