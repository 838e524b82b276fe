//! STUN as phones write it, as the RFC's vectors have it, and damaged.

use super::*;
use proptest::prelude::*;

const V4: &str = "192.0.2.1:32853";
const V6: &str = "[2001:db8:1234:5678:11:2233:4455:6677]:32853";
/// The transaction of the samples in RFC 5769 2.
const SAMPLE: [u8; 12] = [
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
];

fn request(attributes: &[(u16, &[u8])], fingerprint: bool) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, value) in attributes {
        body.extend(kind.to_be_bytes());
        body.extend((value.len() as u16).to_be_bytes());
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let length = body.len() as u16 + if fingerprint { 8 } else { 0 };
    let mut bytes = BINDING_REQUEST.to_be_bytes().to_vec();
    bytes.extend(length.to_be_bytes());
    bytes.extend(COOKIE.to_be_bytes());
    bytes.extend(SAMPLE);
    bytes.extend(body);
    if fingerprint {
        let sum = crc32fast::hash(&bytes) ^ FINGERPRINT_XOR;
        bytes.extend(FINGERPRINT.to_be_bytes());
        bytes.extend(4u16.to_be_bytes());
        bytes.extend(sum.to_be_bytes());
    }
    bytes
}

fn answer_to(bytes: &[u8]) -> Option<Vec<u8>> {
    answer(bytes, V4.parse().unwrap()).map(|bytes| bytes.to_vec())
}

/// The address attribute of the samples: RFC 5769 2.2 and 2.3.
#[test]
fn addresses_are_written_as_in_rfc_5769() {
    let asked = request(&[], false);
    let told = answer(&asked, V4.parse().unwrap()).unwrap();
    assert_eq!(told[..4], [0x01, 0x01, 0x00, 0x0c]);
    assert_eq!(told[4..20], asked[4..20]);
    let v4 = [
        0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    ];
    assert_eq!(told[20..], v4);
    let told = answer(&asked, V6.parse().unwrap()).unwrap();
    let v6 = [
        0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1,
        0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,
    ];
    assert_eq!(told[20..], v6);
    // IPv4 seen through an IPv6 socket is IPv4.
    let mapped = answer(&asked, "[::ffff:192.0.2.1]:32853".parse().unwrap()).unwrap();
    assert_eq!(mapped[20..], v4);
}

#[test]
fn a_fingerprint_is_checked_and_answered_by_one() {
    let good = request(&[(0x8022, b"phone")], true);
    let told = answer_to(&good).unwrap();
    let (head, sum) = told.split_at(told.len() - 4);
    let expected = crc32fast::hash(&told[..told.len() - 8]) ^ FINGERPRINT_XOR;
    assert_eq!(
        (&head[head.len() - 4..], sum),
        (&[0x80, 0x28, 0, 4][..], &expected.to_be_bytes()[..])
    );
    // The two bytes of its type apart: changed, they name another attribute.
    let type_at = good.len() - 8;
    for place in (0..good.len()).filter(|place| place - place % 2 != type_at) {
        let mut bad = good.clone();
        bad[place] ^= 0x10;
        assert_eq!(answer_to(&bad), None, "byte {place}");
    }
    // It is the last attribute or none.
    let mut followed = request(&[], true);
    followed.extend([0x80, 0x22, 0, 0]);
    followed[3] += 4;
    assert_eq!(answer_to(&followed), None);
}

#[test]
fn what_is_no_request_or_no_whole_one_gets_nothing() {
    let whole = request(&[(0x0006, b"ana:bob")], false);
    assert!(answer_to(&whole).is_some());
    for length in 0..whole.len() {
        assert_eq!(answer_to(&whole[..length]), None, "{length} bytes");
    }
    // Indications, answers, other methods, another cookie.
    for kind in [0x0011u16, 0x0101, 0x0111, 0x0003, 0x4001, 0x8001] {
        let mut other = whole.clone();
        other[..2].copy_from_slice(&kind.to_be_bytes());
        assert_eq!(answer_to(&other), None, "{kind:x}");
    }
    let mut classic = whole.clone();
    classic[4] = 0;
    assert!(!is_stun(&classic) && answer_to(&classic).is_none());
    // An attribute that ends behind the message.
    let mut long = whole;
    long[23] = 200;
    assert_eq!(answer_to(&long), None);
    assert!(!is_stun(b"INVITE sip:a@b SIP/2.0\r\n\r\n") && !is_stun(b"\r\n\r\n"));
}

#[test]
fn what_must_be_understood_and_is_not_is_refused_by_420() {
    // "Answer from another port": a request that would make us send elsewhere.
    let told = answer_to(&request(&[(0x0003, &[0, 0, 0, 6])], false)).unwrap();
    assert_eq!(told[..2], BINDING_ERROR.to_be_bytes());
    assert_eq!(
        told[20..],
        [0, 9, 0, 4, 0, 0, 4, 20, 0, 10, 0, 2, 0, 3, 0, 0]
    );
    // Behind the integrity nothing counts.
    let signed = request(&[(0x0008, &[0; 20]), (0x0003, &[0, 0, 0, 6])], false);
    assert_eq!(
        answer_to(&signed).unwrap()[..2],
        BINDING_SUCCESS.to_be_bytes()
    );
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_is_amplified(
        kinds in proptest::collection::vec((any::<u16>(), 0usize..40), 0..12),
        fingerprint: bool,
        flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        v6: bool,
    ) {
        let zeros = [0; 40];
        let list: Vec<(u16, &[u8])> = kinds.iter().map(|(kind, size)| (*kind, &zeros[..*size])).collect();
        let mut bytes = request(&list, fingerprint);
        for (place, flip) in flips {
            let place = place % bytes.len();
            bytes[place] ^= flip;
        }
        let source = if v6 { V6 } else { V4 };
        if let Some(told) = answer(&bytes, source.parse().unwrap()) {
            prop_assert!(told.len() <= bytes.len() + LONGER, "{} for {}", told.len(), bytes.len());
            prop_assert_eq!(usize::from(u16::from_be_bytes([told[2], told[3]])), told.len() - 20);
        }
    }

    #[test]
    fn any_bytes_are_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (is_stun(&bytes), answer_to(&bytes));
    }
}
