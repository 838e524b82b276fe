//! What lies between a socket and the leg of a browser: ICE, DTLS and SRTP on one port (RFC 7983, RFC 5764).
//!
//! **Owns**: [`SecureLeg`]: telling the three apart, whom to believe, encrypting and decrypting. PURE. **Must not know**:
//! sockets, threads, RTP beyond its first bytes, what a leg does with its packets.
//!
//! First authenticate, then learn: an address counts when it has proved by ICE that it knows our password; only such an
//! address may shake hands; only packets with a right tag reach the leg. Whatever else comes is counted and dropped.

pub mod dtls_srtp;
pub mod ice;

use crate::media::rtp::is_rtcp;
use crate::secure_media::SecureRemote;
use bytes::BytesMut;
use dtls_srtp::{Association, Identity, SecureError};
use ice::IceLite;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// The party's address as the leg's machine sees it: where it really is, is known here alone.
pub const PARTY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);
/// A party that has not shaken hands by then will not.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was dropped, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Connectivity checks that did not know the password, and other STUN.
    pub stun: u64,
    /// DTLS from elsewhere or of no use.
    pub dtls: u64,
    /// SRTP and SRTCP from elsewhere, with a wrong tag, or repeated.
    pub srtp: u64,
    /// Nothing of the three.
    pub other: u64,
}

impl Refused {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.stun + self.dtls + self.srtp + self.other
    }

    /// Adds others.
    pub fn add(&mut self, more: Self) {
        self.stun += more.stun;
        self.dtls += more.dtls;
        self.srtp += more.srtp;
        self.other += more.other;
    }
}

/// What a datagram was.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// For us, or dropped.
    Nothing,
    /// An RTP packet.
    Rtp(BytesMut),
    /// An RTCP packet.
    Rtcp(BytesMut),
}

/// The secured side of a leg.
#[derive(Debug)]
pub struct SecureLeg {
    identity: Arc<Identity>,
    remote: SecureRemote,
    ice: IceLite,
    association: Association,
    refused: Refused,
    to_send: VecDeque<(Vec<u8>, SocketAddr)>,
    give_up_at: Duration,
    told: bool,
}

impl SecureLeg {
    /// Waits for the party's first check.
    ///
    /// # Errors
    /// When the cryptography refuses.
    pub fn new(
        identity: Arc<Identity>,
        remote: SecureRemote,
        now: Duration,
    ) -> Result<Self, SecureError> {
        let association = Association::new(identity.clone(), remote.fingerprint, remote.role)?;
        Ok(Self {
            identity,
            remote,
            ice: IceLite::new(remote.login),
            association,
            refused: Refused::default(),
            to_send: VecDeque::new(),
            give_up_at: now.saturating_add(PATIENCE),
            told: false,
        })
    }

    /// Signalling says it again, perhaps otherwise: another login is a restart of ICE under the same keys, another
    /// certificate another handshake (RFC 8842 4).
    ///
    /// # Errors
    /// When the cryptography refuses.
    pub fn set_remote(&mut self, remote: SecureRemote, now: Duration) -> Result<(), SecureError> {
        self.ice.restart(remote.login);
        if remote.fingerprint != self.remote.fingerprint {
            self.association =
                Association::new(self.identity.clone(), remote.fingerprint, remote.role)?;
            self.give_up_at = now.saturating_add(PATIENCE);
            self.told = false;
        }
        self.remote = remote;
        Ok(())
    }

    /// There are keys and somewhere to send to.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.association.is_ready() && self.ice.destination().is_some()
    }

    /// What was dropped since the last look.
    pub fn take_refused(&mut self) -> Refused {
        std::mem::take(&mut self.refused)
    }

    /// Takes a datagram; afterwards [`Self::poll_transmit`] until it gives none.
    pub fn receive(&mut self, bytes: &[u8], source: SocketAddr, now: Duration) -> Incoming {
        match bytes.first() {
            Some(0..=3) => self.check(bytes, source, now),
            Some(20..=63) => {
                let taken = self.ice.knows(source) && self.association.receive(bytes, now);
                self.refused.dtls += u64::from(!taken);
                self.gather();
            }
            Some(128..=191) => return self.packet(bytes, source, now),
            _ => self.refused.other += 1,
        }
        Incoming::Nothing
    }

    fn check(&mut self, bytes: &[u8], source: SocketAddr, now: Duration) {
        let identity = &self.identity;
        let hash = |key: &[u8], pieces: &[&[u8]]| identity.keyed_hash(key, pieces);
        match self.ice.receive(bytes, source, &hash) {
            Some(answer) => self.to_send.push_back((answer, source)),
            None => self.refused.stun += 1,
        }
        if self.ice.destination().is_some() {
            self.association.begin(now);
            self.gather();
        }
    }

    fn packet(&mut self, bytes: &[u8], source: SocketAddr, now: Duration) -> Incoming {
        let known = self.ice.knows(source);
        let plain = match (known, is_rtcp(bytes)) {
            (false, _) => None,
            (true, true) => self.association.unprotect_report(bytes).map(Incoming::Rtcp),
            (true, false) => self.association.unprotect(bytes).map(Incoming::Rtp),
        };
        self.refused.srtp += u64::from(plain.is_none());
        if matches!(plain, Some(Incoming::Rtp(_))) {
            self.ice.heard(source, now);
        }
        plain.unwrap_or(Incoming::Nothing)
    }

    /// Sends again what is due. True when the handshake has failed, once.
    pub fn tick(&mut self, now: Duration) -> bool {
        if self.association.is_ready() {
            return false;
        }
        self.association.tick(now);
        self.gather();
        let failed = self.association.has_failed() || now >= self.give_up_at;
        failed && !std::mem::replace(&mut self.told, true)
    }

    fn gather(&mut self) {
        while let Some(message) = self.association.poll_transmit() {
            if let Some(to) = self.ice.destination() {
                self.to_send.push_back((message.to_vec(), to));
            }
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<(Vec<u8>, SocketAddr)> {
        self.to_send.pop_front()
    }

    /// Encrypts an RTP packet; none while there is nobody to send it to.
    pub fn protect(&mut self, packet: &[u8]) -> Option<(BytesMut, SocketAddr)> {
        let to = self.ice.destination()?;
        Some((self.association.protect(packet)?, to))
    }

    /// Encrypts an RTCP packet; none while there is nobody to send it to.
    pub fn protect_report(&mut self, packet: &[u8]) -> Option<(BytesMut, SocketAddr)> {
        let to = self.ice.destination()?;
        Some((self.association.protect_report(packet)?, to))
    }
}

#[cfg(test)]
mod tests;
