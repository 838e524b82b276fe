//! Two secured legs against each other cannot be: both are lite. So the party here is made of the same parts, with its
//! checks written by hand; the peer that is not ours is in the stories of the whole program.

use super::*;
use crate::secure_media::{DtlsRole, IceLogin, LocalSecure};
use std::time::Instant;

const US: &str = "127.0.0.1:4000";
const MS: Duration = Duration::from_millis(1);

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Both ends of a stream whose ways have been proved by hand.
struct Pair {
    leg: SecureLeg,
    party: Association,
}

impl Pair {
    /// `signalled` is the certificate that signalling told us of the party.
    fn new(
        role: DtlsRole,
        signalled: impl FnOnce(&Identity) -> crate::secure_media::Fingerprint,
    ) -> Self {
        let (ours, theirs) = (identity(), identity());
        let own = LocalSecure {
            login: IceLogin::from_random([3; 32]),
            fingerprint: ours.fingerprint(),
        };
        let remote = SecureRemote {
            login: own.login,
            fingerprint: signalled(&theirs),
            role,
        };
        let other = match role {
            DtlsRole::Client => DtlsRole::Server,
            DtlsRole::Server => DtlsRole::Client,
        };
        let mut leg = SecureLeg::new(ours, remote, Duration::ZERO).unwrap();
        leg.ice.prove(at(US));
        Self {
            leg,
            party: Association::new(theirs, own.fingerprint, other).unwrap(),
        }
    }

    fn shake(&mut self) {
        self.leg.association.begin(MS);
        self.leg.gather();
        self.party.begin(MS);
        for _ in 0..20 {
            while let Some(message) = self.party.poll_transmit() {
                assert_eq!(self.leg.receive(&message, at(US), MS), Incoming::Nothing);
            }
            while let Some((message, to)) = self.leg.poll_transmit() {
                assert_eq!(to, at(US));
                self.party.receive(&message, MS);
            }
        }
    }
}

fn identity() -> Arc<Identity> {
    Arc::new(Identity::new(Instant::now()).unwrap())
}

/// An RTP packet of PCMU.
fn packet(sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&[0; 4]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.resize(172, 0x55);
    packet
}

#[test]
fn packets_go_both_ways_whoever_began() {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        let mut pair = Pair::new(role, Identity::fingerprint);
        assert_eq!(pair.leg.protect(&packet(1, 7)), None, "no keys yet");
        pair.shake();
        assert!(pair.leg.is_ready() && pair.party.is_ready(), "{role:?}");
        let (out, to) = pair.leg.protect(&packet(1, 7)).unwrap();
        assert_eq!(to, at(US));
        assert_ne!(out[12..172], packet(1, 7)[12..]);
        assert_eq!(pair.party.unprotect(&out).unwrap(), packet(1, 7));
        let inward = pair.party.protect(&packet(9, 8)).unwrap();
        let heard = pair.leg.receive(&inward, at(US), MS);
        assert_eq!(heard, Incoming::Rtp(BytesMut::from(&packet(9, 8)[..])));
        assert_eq!(pair.leg.take_refused(), Refused::default());
        // The same again, from elsewhere, and with one bit changed.
        assert_eq!(pair.leg.receive(&inward, at(US), MS), Incoming::Nothing);
        let next = pair.party.protect(&packet(10, 8)).unwrap();
        let elsewhere = pair.leg.receive(&next, at("127.0.0.1:5000"), MS);
        assert_eq!(elsewhere, Incoming::Nothing);
        let mut damaged = next.clone();
        damaged[100] ^= 1;
        assert_eq!(pair.leg.receive(&damaged, at(US), MS), Incoming::Nothing);
        assert_eq!(pair.leg.take_refused().srtp, 3);
        assert!(matches!(
            pair.leg.receive(&next, at(US), MS),
            Incoming::Rtp(_)
        ));
    }
}

#[test]
fn another_certificate_than_signalled_never_gets_keys() {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        let mut pair = Pair::new(role, |_| identity().fingerprint());
        pair.shake();
        assert!(!pair.leg.is_ready(), "{role:?}");
        assert_eq!(pair.leg.protect(&packet(1, 7)), None);
        assert!(pair.leg.tick(MS * 20), "told, {role:?}");
        assert!(!pair.leg.tick(MS * 40), "once");
    }
}

#[test]
fn a_handshake_from_an_address_that_proved_nothing_is_not_looked_at() {
    let mut pair = Pair::new(DtlsRole::Server, Identity::fingerprint);
    pair.party.begin(MS);
    let hello = pair.party.poll_transmit().unwrap();
    pair.leg.receive(&hello, at("127.0.0.1:5000"), MS);
    assert_eq!(pair.leg.poll_transmit(), None);
    assert_eq!(pair.leg.take_refused().dtls, 1);
}

#[test]
fn nobody_who_comes_is_told_after_half_a_minute() {
    let mut pair = Pair::new(DtlsRole::Server, Identity::fingerprint);
    assert!(!pair.leg.tick(MS * 29_999));
    assert!(pair.leg.tick(MS * 30_000));
}

#[test]
fn junk_of_every_kind_costs_nothing_and_ends_nothing() {
    let mut pair = Pair::new(DtlsRole::Server, Identity::fingerprint);
    let mut junk = 0x9e37_79b9_u32;
    let mut spray = |leg: &mut SecureLeg| {
        for n in 0..4_000_u32 {
            let bytes: Vec<u8> = (0..n % 300)
                .map(|_| {
                    junk = junk.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (junk >> 24) as u8
                })
                .collect();
            let source = if n % 2 == 0 { US } else { "127.0.0.9:9" };
            // From the party's own address its handshake would be disturbed, as by any damage on the way.
            if !(leg.association.is_ready() || bytes.first().is_none_or(|b| !(20..64).contains(b)))
            {
                continue;
            }
            assert_eq!(leg.receive(&bytes, at(source), MS), Incoming::Nothing);
        }
        while leg.poll_transmit().is_some() {}
    };
    spray(&mut pair.leg);
    pair.shake();
    assert!(pair.leg.is_ready());
    spray(&mut pair.leg);
    let next = pair.party.protect(&packet(1, 8)).unwrap();
    assert!(matches!(
        pair.leg.receive(&next, at(US), MS),
        Incoming::Rtp(_)
    ));
    assert!(pair.leg.take_refused().total() > 6_000);
}
