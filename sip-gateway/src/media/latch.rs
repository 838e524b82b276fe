//! Whom to believe: symmetric RTP with a short learning window (RFC 4961, RFC 7362 restricted latching).
//!
//! **Owns**: [`Latch`]. **Must not know**: packets beyond their source address.
//!
//! A party behind NAT signals one address and sends from another. We learn the one it sends from, but only from the
//! signalled IP, or from any IP when the signalled one is private and its NAT may hide it, and only at the start.
//! Then the latch is closed until signalling names another address: whoever sprays packets at our port later is
//! ignored, and nothing is ever sent to an address that neither signalling named nor the window proved.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Packets in a row from one address that close the window.
const CONFIRMATIONS: u8 = 3;
/// The window closes this long after its first packet.
const WINDOW: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Learning(Option<Candidate>),
    Locked(SocketAddr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    address: SocketAddr,
    in_a_row: u8,
    window_ends: Duration,
}

/// Where a party's media comes from and where to send ours.
#[derive(Clone, Copy, Debug)]
pub struct Latch {
    signalled: SocketAddr,
    state: State,
}

impl Latch {
    /// Begins with the address that SDP named.
    #[must_use]
    pub fn new(signalled: SocketAddr) -> Self {
        Self {
            signalled,
            state: State::Learning(None),
        }
    }

    /// SDP names an address again (re-INVITE). The same address keeps what was learned.
    pub fn signal(&mut self, signalled: SocketAddr) {
        if signalled != self.signalled {
            *self = Self::new(signalled);
        }
    }

    /// Whether a valid packet from `source` is to be believed; learns from it.
    pub fn accept(&mut self, source: SocketAddr, now: Duration) -> bool {
        match &mut self.state {
            State::Locked(address) => *address == source,
            State::Learning(candidate) => {
                let close = Self::learn(self.signalled, candidate, source, now);
                let accepted = candidate.is_some_and(|candidate| candidate.address == source);
                if accepted && close {
                    self.state = State::Locked(source);
                }
                accepted
            }
        }
    }

    /// Takes note of a packet in the window; true when the window closes.
    fn learn(
        signalled: SocketAddr,
        candidate: &mut Option<Candidate>,
        source: SocketAddr,
        now: Duration,
    ) -> bool {
        let named = source.ip() == signalled.ip();
        if !named && !may_be_hidden(signalled.ip()) {
            return false;
        }
        match candidate {
            Some(known) if known.address == source => {
                known.in_a_row = known.in_a_row.saturating_add(1)
            }
            // The signalled IP is never displaced by another.
            Some(known) if known.address.ip() == signalled.ip() && !named => return false,
            Some(known) => {
                known.address = source;
                known.in_a_row = 1;
            }
            None => {
                let window_ends = now.saturating_add(WINDOW);
                *candidate = Some(Candidate {
                    address: source,
                    in_a_row: 1,
                    window_ends,
                });
            }
        }
        source == signalled
            || candidate
                .is_some_and(|known| known.in_a_row >= CONFIRMATIONS || now >= known.window_ends)
    }

    /// The address that was learned, once the window has closed.
    #[must_use]
    pub fn learned(&self) -> Option<SocketAddr> {
        match self.state {
            State::Locked(address) => Some(address),
            State::Learning(_) => None,
        }
    }

    /// Where to send: the learned address, until then the signalled one. None when neither can be sent to.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        let address = self.learned().unwrap_or(self.signalled);
        (!address.ip().is_unspecified() && address.port() != 0).then_some(address)
    }
}

/// Whether packets of a party that named this address may come from another IP: private, shared (RFC 6598),
/// and link-local addresses lie behind NAT if the party is not on our own network. The unspecified address is not
/// among them: it is an old way to say hold, and nobody must be learned then.
fn may_be_hidden(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let shared = first == 100 && (64..128).contains(&second);
            ip.is_private() || ip.is_link_local() || shared
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_signalled_address_locks_at_once() {
        let mut latch = Latch::new(address("192.0.2.1:4000"));
        assert_eq!(latch.destination(), Some(address("192.0.2.1:4000")));
        assert!(latch.accept(address("192.0.2.1:4000"), MS));
        assert!(!latch.accept(address("192.0.2.1:4002"), MS * 20));
        assert!(!latch.accept(address("198.51.100.1:4000"), MS * 40));
    }

    #[test]
    fn another_port_of_the_signalled_ip_is_learned_after_three() {
        let mut latch = Latch::new(address("192.0.2.1:4000"));
        for n in 0..3 {
            assert_eq!(latch.destination(), Some(address("192.0.2.1:4000")));
            assert!(latch.accept(address("192.0.2.1:5555"), MS * n));
        }
        assert_eq!(latch.destination(), Some(address("192.0.2.1:5555")));
        assert!(!latch.accept(address("192.0.2.1:4000"), MS * 100));
    }

    #[test]
    fn the_window_ends_after_a_second() {
        let mut latch = Latch::new(address("192.0.2.1:4000"));
        assert!(latch.accept(address("192.0.2.1:1"), MS));
        assert!(latch.accept(address("192.0.2.1:2"), MS * 500));
        assert_eq!(latch.learned(), None);
        assert!(latch.accept(address("192.0.2.1:1"), MS * 1001));
        assert_eq!(latch.learned(), Some(address("192.0.2.1:1")));
    }

    #[test]
    fn a_public_address_is_never_left() {
        let mut latch = Latch::new(address("192.0.2.1:4000"));
        for n in 0..100 {
            assert!(!latch.accept(address("198.51.100.1:4000"), MS * 20 * n));
        }
        assert_eq!(latch.destination(), Some(address("192.0.2.1:4000")));
        let mut loopback = Latch::new(address("127.0.0.1:4000"));
        assert!(!loopback.accept(address("127.0.0.2:4000"), MS));
    }

    #[test]
    fn a_private_address_may_be_hidden_by_nat_but_wins_when_it_shows_itself() {
        for hidden in [
            "192.168.1.5:4000",
            "100.64.3.2:4000",
            "10.1.1.1:1",
            "[fd00::5]:4000",
        ] {
            let mut latch = Latch::new(address(hidden));
            for n in 0..3 {
                assert!(
                    latch.accept(address("198.51.100.7:6000"), MS * n),
                    "{hidden}"
                );
            }
            assert_eq!(latch.learned(), Some(address("198.51.100.7:6000")));
        }
        let mut latch = Latch::new(address("192.168.1.5:4000"));
        assert!(latch.accept(address("198.51.100.7:6000"), MS));
        assert!(latch.accept(address("192.168.1.5:4001"), MS * 2));
        assert!(!latch.accept(address("198.51.100.7:6000"), MS * 3));
        assert!(
            latch.accept(address("192.168.1.5:4001"), MS * 4)
                && latch.accept(address("192.168.1.5:4001"), MS * 5)
        );
        assert_eq!(latch.learned(), Some(address("192.168.1.5:4001")));
    }

    #[test]
    fn signalling_opens_the_latch_only_for_another_address() {
        let mut latch = Latch::new(address("192.0.2.1:4000"));
        latch.accept(address("192.0.2.1:4000"), MS);
        latch.signal(address("192.0.2.1:4000"));
        assert!(latch.learned().is_some());
        latch.signal(address("192.0.2.9:4000"));
        assert!(!latch.accept(address("192.0.2.1:4000"), MS));
        assert!(latch.accept(address("192.0.2.9:4000"), MS));
    }

    #[test]
    fn an_unspecified_address_is_not_sent_to_and_nobody_is_learned() {
        let mut held = Latch::new(address("0.0.0.0:4000"));
        assert!((0..9).all(|n| !held.accept(address("198.51.100.7:6000"), MS * n)));
        assert_eq!(Latch::new(address("0.0.0.0:4000")).destination(), None);
        assert_eq!(Latch::new(address("192.0.2.1:0")).destination(), None);
    }
}
