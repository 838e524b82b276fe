//! ICE as a lite agent (RFC 8445 2.5): we have one address that everybody can reach, so we ask nobody and answer the
//! checks of parties that know our password.
//!
//! **Owns**: [`IceLite`]: which checks to believe, which addresses have proved themselves, where to send. PURE.
//! **Must not know**: SDP, DTLS, sockets, cryptography (the keyed hash is handed in).
//!
//! A check that names somebody else, has a wrong hash or is damaged gets no answer at all: we never answer to an address
//! that has not proved that it knows the password.

use crate::secure_media::IceLogin;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use subtle::ConstantTimeEq;

const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const HEADER: usize = 20;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
/// RFC 5389 15.5.
const FINGERPRINT_XOR: u32 = 0x5354_554E;
/// Length of an HMAC-SHA1.
const HASH: usize = 20;
/// Attributes of a check at most.
const MAX_ATTRIBUTES: usize = 32;
/// Addresses of one party that are remembered.
const MAX_PATHS: usize = 8;
/// Sound from another path alone for so long: the party has moved there, whether it says so or not.
const MOVED: Duration = Duration::from_millis(100);

/// HMAC-SHA1 of the pieces with a key.
pub type KeyedHash<'a> = &'a dyn Fn(&[u8], &[&[u8]]) -> Option<[u8; HASH]>;

/// Whether these bytes are STUN among what shares an RTP port (RFC 7983 7).
#[must_use]
pub fn is_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| *first < 4) && bytes.get(4..8) == Some(&COOKIE)
}

/// Our end of a stream's ICE.
#[derive(Debug)]
pub struct IceLite {
    login: IceLogin,
    /// The login before a restart: its checks count until the first one by the new login.
    before: Option<IceLogin>,
    /// Addresses that have proved themselves, oldest first.
    paths: Vec<SocketAddr>,
    selected: Option<SocketAddr>,
    nominated: bool,
    /// Since when sound has come from elsewhere and none from where we send.
    elsewhere_since: Option<Duration>,
}

impl IceLite {
    /// Nobody has proved anything yet.
    #[must_use]
    pub fn new(login: IceLogin) -> Self {
        Self {
            login,
            before: None,
            paths: Vec::new(),
            selected: None,
            nominated: false,
            elsewhere_since: None,
        }
    }

    /// Begins again with another login (RFC 8445 2.4); the path in use stays until one is proved by it.
    pub fn restart(&mut self, login: IceLogin) {
        if login != self.login {
            self.before = Some(std::mem::replace(&mut self.login, login));
            self.nominated = false;
        }
    }

    /// Whether the address has proved itself.
    #[must_use]
    pub fn knows(&self, source: SocketAddr) -> bool {
        self.paths.contains(&source)
    }

    /// Sound with a right tag came from there: a party sends it the way that it has chosen, and says so by a nomination
    /// only when its next check is due (2.5 s in browsers).
    pub fn heard(&mut self, source: SocketAddr, now: Duration) {
        if self.selected == Some(source) {
            self.elsewhere_since = None;
        } else if self.knows(source) {
            let since = *self.elsewhere_since.get_or_insert(now);
            if now.saturating_sub(since) >= MOVED {
                self.select(source);
            }
        }
    }

    fn select(&mut self, path: SocketAddr) {
        self.selected = Some(path);
        self.elsewhere_since = None;
    }

    /// Where to send: what the party nominated last or where its sound comes from, until then the first address that
    /// proved itself.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.selected
    }

    /// Takes a datagram that [`is_stun`]; the answer to it, or none when it is not to be believed.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        source: SocketAddr,
        hash: KeyedHash<'_>,
    ) -> Option<Vec<u8>> {
        let check = Check::read(bytes)?;
        let login = self.login_of(&check)?;
        let expected = hash(login.password().as_bytes(), &check.signed())?;
        if !bool::from(expected.ct_eq(&check.integrity)) {
            return None;
        }
        let password = login.password().as_bytes().to_owned();
        if check.controlled {
            // RFC 8445 7.3.1.1: a lite agent is always the controlled one.
            let body = attribute(ERROR_CODE, b"\0\0\x04\x57Role Conflict");
            return answer(BINDING_ERROR, &check, &body, &password, hash);
        }
        // Who begins anew may have lost the path there was: the first that is proved now is better than it.
        let first = login == self.login && self.before.take().is_some();
        if first {
            self.paths.retain(|path| Some(*path) == self.selected);
        }
        self.proved(source, check.nominates);
        if first {
            self.select(source);
        }
        let body = attribute(XOR_MAPPED_ADDRESS, &xored(source, check.transaction));
        answer(BINDING_SUCCESS, &check, &body, &password, hash)
    }

    /// USERNAME is ours, a colon, theirs. Comparing it tells nothing: it is in every check, in clear.
    fn login_of(&self, check: &Check<'_>) -> Option<IceLogin> {
        let colon = check.user.iter().position(|byte| *byte == b':')?;
        let ours = check.user.get(..colon)?;
        [Some(self.login), self.before]
            .into_iter()
            .flatten()
            .find(|login| login.user().as_bytes() == ours)
    }

    #[cfg(test)]
    pub(super) fn prove(&mut self, source: SocketAddr) {
        self.proved(source, true);
    }

    fn proved(&mut self, source: SocketAddr, nominates: bool) {
        if !self.knows(source) {
            if self.paths.len() >= MAX_PATHS {
                let oldest = self.paths.iter().position(|p| Some(*p) != self.selected);
                self.paths.remove(oldest.unwrap_or_default());
            }
            self.paths.push(source);
        }
        if nominates || (!self.nominated && self.selected.is_none()) {
            self.select(source);
            self.nominated |= nominates;
        }
    }
}

/// A binding request that is whole.
struct Check<'a> {
    transaction: &'a [u8],
    user: &'a [u8],
    nominates: bool,
    controlled: bool,
    integrity: [u8; HASH],
    /// The head with the length that the hash was made with.
    head: [u8; HEADER],
    /// What lies between the head and the hash.
    body: &'a [u8],
}

impl<'a> Check<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let length = usize::from(short(bytes, 2)?);
        let fits = length.checked_add(HEADER)? == bytes.len() && length.is_multiple_of(4);
        if short(bytes, 0)? != BINDING_REQUEST || !fits || !is_stun(bytes) {
            return None;
        }
        let (mut user, mut integrity) = (None, None);
        let (mut nominates, mut controlled, mut whole) = (false, false, false);
        let mut at = HEADER;
        for _ in 0..MAX_ATTRIBUTES {
            if at == bytes.len() {
                break;
            }
            let (kind, size) = (short(bytes, at)?, usize::from(short(bytes, at + 2)?));
            let value = bytes.get(at + 4..at + 4 + size)?;
            match kind {
                FINGERPRINT => {
                    let sum = crc32fast::hash(bytes.get(..at)?) ^ FINGERPRINT_XOR;
                    if value != sum.to_be_bytes() || at + 8 != bytes.len() {
                        return None;
                    }
                    whole = true;
                }
                // What follows the hash is not protected by it, so it does not count (RFC 5389 15.4).
                _ if integrity.is_some() => {}
                USERNAME => user = Some(value),
                USE_CANDIDATE => nominates = true,
                ICE_CONTROLLED => controlled = true,
                MESSAGE_INTEGRITY => integrity = Some((at, value.try_into().ok()?)),
                _ => {}
            }
            at += 4 + size.next_multiple_of(4);
        }
        // RFC 8445 7.1.2: every check has the checksum.
        let (end, integrity) = integrity.filter(|_| whole)?;
        let mut head: [u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
        let signed = u16::try_from(end + 4 + HASH - HEADER).ok()?;
        head[2..4].copy_from_slice(&signed.to_be_bytes());
        Some(Self {
            transaction: bytes.get(8..HEADER)?,
            user: user?,
            nominates,
            controlled,
            integrity,
            head,
            body: bytes.get(HEADER..end)?,
        })
    }

    /// The pieces that the hash covers.
    fn signed(&self) -> [&[u8]; 2] {
        [&self.head, self.body]
    }
}

/// A message of ours: hashed with the password that the check knew, then the checksum.
fn answer(
    kind: u16,
    check: &Check<'_>,
    body: &[u8],
    password: &[u8],
    hash: KeyedHash<'_>,
) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(HEADER + body.len() + 32);
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&[0; 2]);
    message.extend_from_slice(&COOKIE);
    message.extend_from_slice(check.transaction);
    message.extend_from_slice(body);
    set_length(&mut message, 4 + HASH)?;
    let integrity = hash(password, &[&message])?;
    message.extend_from_slice(&attribute(MESSAGE_INTEGRITY, &integrity));
    set_length(&mut message, 8)?;
    let sum = crc32fast::hash(&message) ^ FINGERPRINT_XOR;
    message.extend_from_slice(&attribute(FINGERPRINT, &sum.to_be_bytes()));
    Some(message)
}

/// Writes the length as it will be when `more` bytes have been added.
fn set_length(message: &mut [u8], more: usize) -> Option<()> {
    let length = u16::try_from(message.len() + more - HEADER).ok()?;
    message
        .get_mut(2..4)?
        .copy_from_slice(&length.to_be_bytes());
    Some(())
}

/// An attribute, filled up to a multiple of four; values are short.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend_from_slice(&(value.len() as u16).to_be_bytes());
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// RFC 5389 15.2.
fn xored(address: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let [first, second, ..] = COOKIE;
    let family = if address.is_ipv4() { 1 } else { 2 };
    let [high, low] = address.port().to_be_bytes();
    let mut value = vec![0, family, high ^ first, low ^ second];
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let key = COOKIE.iter().chain(transaction);
    value.extend(ip.iter().zip(key).map(|(byte, key)| byte ^ key));
    value
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(pair.try_into().ok()?))
}

#[cfg(test)]
#[path = "ice_tests.rs"]
mod tests;
