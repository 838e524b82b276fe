//! The server's side: nonces, and the check of credentials.
//!
//! **Owns**: [`NonceStore`]. **Must not know**: accounts and what they may do.
//!
//! A nonce carries its time of issue and a keyed hash that names the source it was given to, so issuing one stores
//! nothing and a flood of requests without credentials costs no memory. A nonce is stored only once credentials with
//! the right password have used it, to count its `nc`; the store is bounded.
//!
//! The nonce is judged first: with one that is old or was given to another source, nobody hears whether the password
//! was right, and nobody can make wrong guesses in the name of a source that never asked.

use super::digest::{self, DigestInput};
use crate::leg::DigestAlgorithm;
use crate::sip::message::{AuthHeader, Method};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;

/// How long a nonce may be used.
const LIFETIME: Duration = Duration::from_secs(300);
/// Nonces in use at most.
const CAPACITY: usize = 16_384;
/// How far behind the highest `nc` an unused one may come: requests overtake each other on UDP.
const WINDOW: u32 = 64;
/// Stands in for the hash of a user that does not exist; as long as a real one.
const NO_HA1: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Issues nonces and checks credentials.
#[derive(Debug)]
pub struct NonceStore {
    secret: Secret,
    /// The first time seen; nonces count from it.
    epoch: Option<Instant>,
    used: HashMap<NonceKey, Use>,
    /// The keys of `used`, oldest use first.
    order: VecDeque<NonceKey>,
    capacity: usize,
    /// Nonces issued up to here were pushed out of the store: without their counts they are stale.
    forgotten_until: Option<u64>,
}

/// Time of issue in ms and randomness: what names a nonce.
type NonceKey = (u64, u64);

struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Which `nc` values of a nonce have been used: the highest, and one bit for each below it.
#[derive(Debug)]
struct Use {
    highest: u32,
    seen_below: u64,
}

/// What the credentials must prove.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// Our realm.
    pub realm: &'a str,
    /// The one user name that may stand in the credentials.
    pub username: &'a str,
    /// [`super::ha1`] of the user; none when there is no such user. Both take the same path and the same time.
    pub ha1: Option<&'a str>,
    /// The user's algorithm.
    pub algorithm: DigestAlgorithm,
    /// Where the request comes from.
    pub source: IpAddr,
}

/// What credentials are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Right, and this `nc` is used up now.
    Ok,
    /// The nonce is too old, not ours or not this source's; the password was not looked at. Challenge again with
    /// `stale=true`.
    Stale,
    /// Wrong user, password, realm, algorithm or shape: challenge again.
    Bad,
    /// Right password, but this `nc` was used before: challenge again and count it.
    Replayed,
}

impl NonceStore {
    /// An empty store. The secret must be random and is kept for the life of the process: nonces of an earlier
    /// process are stale.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self::with_capacity(secret, CAPACITY)
    }

    pub(super) fn with_capacity(secret: [u8; 32], capacity: usize) -> Self {
        Self {
            secret: Secret(secret),
            epoch: None,
            used: HashMap::new(),
            order: VecDeque::new(),
            capacity: capacity.max(1),
            forgotten_until: None,
        }
    }

    /// Nonces whose counts are stored now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// True when no counts are stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// A challenge for WWW-Authenticate with a fresh nonce for this source. `randomness` must never come twice; `stale`
    /// repeats the verdict on the credentials that came with the request.
    pub fn challenge(
        &mut self,
        now: Instant,
        (realm, source): (&str, IpAddr),
        algorithm: DigestAlgorithm,
        stale: bool,
        randomness: u64,
    ) -> AuthHeader {
        let key = (self.millis(now), randomness);
        let mut header = AuthHeader::new("Digest");
        header.push_quoted("realm", realm);
        let nonce = self.write_nonce(key, (realm, source), algorithm);
        header.push_quoted("nonce", &nonce);
        header.push_token("algorithm", digest::algorithm_name(algorithm));
        header.push_quoted("qop", "auth");
        if stale {
            header.push_token("stale", "true");
        }
        header
    }

    /// Checks credentials from Authorization. The digest's `uri` is part of the proof but is not compared with the
    /// Request-URI: phones and proxies write it differently.
    pub fn verify(
        &mut self,
        credentials: &AuthHeader,
        method: &Method,
        expected: &Expected<'_>,
        now: Instant,
    ) -> Verdict {
        let part = |name| credentials.get(name).unwrap_or_default();
        let Some(key) = self.read_nonce(part("nonce"), expected, now) else {
            return Verdict::Stale;
        };
        let nc = part("nc");
        let nobody = match expected.algorithm {
            DigestAlgorithm::Md5 => NO_HA1.get(..32).unwrap_or(NO_HA1),
            DigestAlgorithm::Sha256 => NO_HA1,
        };
        let response = DigestInput {
            algorithm: expected.algorithm,
            ha1: expected.ha1.unwrap_or(nobody),
            method: method.as_str(),
            uri: part("uri"),
            nonce: part("nonce"),
            auth: Some((nc, part("cnonce"))),
        }
        .response();
        let given = part("response").to_ascii_lowercase();
        let proven = bool::from(response.as_bytes().ct_eq(given.as_bytes()));
        let fits = credentials.is_digest()
            && part("username") == expected.username
            && part("realm") == expected.realm
            && digest::algorithm_of(credentials.get("algorithm")) == Some(expected.algorithm)
            && part("qop").eq_ignore_ascii_case("auth")
            && !part("cnonce").is_empty()
            && expected.ha1.is_some();
        match read_count(nc) {
            Some(count) if proven & fits => self.count(key, count),
            _ => Verdict::Bad,
        }
    }

    fn count(&mut self, key: NonceKey, nc: u32) -> Verdict {
        if let Some(uses) = self.used.get_mut(&key) {
            return uses.count(nc);
        }
        // Its counts may have been pushed out: then nobody knows any more which were used.
        if self.forgotten_until.is_some_and(|until| key.0 <= until) {
            return Verdict::Stale;
        }
        self.make_room();
        self.order.push_back(key);
        self.used.insert(key, Use::first(nc));
        Verdict::Ok
    }

    /// Pushes out the oldest until one more fits.
    fn make_room(&mut self) {
        while self.used.len() >= self.capacity {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.used.remove(&oldest);
            self.forgotten_until = self.forgotten_until.max(Some(oldest.0));
        }
    }

    /// Takes away what has expired.
    fn sweep(&mut self, now: u64) {
        while let Some(oldest) = self.order.front() {
            if now.saturating_sub(oldest.0) <= lifetime() {
                return;
            }
            self.used.remove(oldest);
            self.order.pop_front();
        }
    }

    fn millis(&mut self, now: Instant) -> u64 {
        let epoch = *self.epoch.get_or_insert(now);
        u64::try_from(now.saturating_duration_since(epoch).as_millis()).unwrap_or(u64::MAX)
    }

    fn write_nonce(
        &self,
        key: NonceKey,
        (realm, source): (&str, IpAddr),
        algorithm: DigestAlgorithm,
    ) -> String {
        let (issued, randomness) = (key.0.to_be_bytes(), key.1.to_be_bytes());
        let name = digest::algorithm_name(algorithm);
        let source = match source.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        };
        let parts = [
            &issued[..],
            &randomness,
            &source,
            name.as_bytes(),
            realm.as_bytes(),
        ];
        let seal = digest::hmac_sha256(&self.secret.0, &parts);
        let seal = seal.first_chunk::<16>().map_or(&seal[..], |s| &s[..]);
        digest::hex(&[&issued[..], &randomness, seal].concat())
    }

    /// The key of a nonce that is ours and not too old.
    fn read_nonce(
        &mut self,
        nonce: &str,
        expected: &Expected<'_>,
        now: Instant,
    ) -> Option<NonceKey> {
        let now = self.millis(now);
        self.sweep(now);
        let (issued, rest) = nonce.split_at_checked(16)?;
        let (randomness, _) = rest.split_at_checked(16)?;
        let key = (
            u64::from_str_radix(issued, 16).ok()?,
            u64::from_str_radix(randomness, 16).ok()?,
        );
        let ours = self.write_nonce(key, (expected.realm, expected.source), expected.algorithm);
        let sealed = bool::from(ours.as_bytes().ct_eq(nonce.as_bytes()));
        let age = now.checked_sub(key.0)?;
        (sealed && age <= lifetime()).then_some(key)
    }
}

impl Use {
    fn first(nc: u32) -> Self {
        Self {
            highest: nc,
            seen_below: 0,
        }
    }

    fn count(&mut self, nc: u32) -> Verdict {
        if nc > self.highest {
            let ahead = nc.saturating_sub(self.highest);
            // The old highest becomes the bit `ahead - 1`; what is shifted out counts as used.
            self.seen_below = self.seen_below.checked_shl(ahead).unwrap_or(0)
                | 1_u64.checked_shl(ahead.saturating_sub(1)).unwrap_or(0);
            self.highest = nc;
            return Verdict::Ok;
        }
        let behind = self.highest.saturating_sub(nc);
        if behind == 0 || behind > WINDOW {
            return Verdict::Replayed;
        }
        let bit = 1_u64.checked_shl(behind.saturating_sub(1)).unwrap_or(0);
        if self.seen_below & bit != 0 {
            return Verdict::Replayed;
        }
        self.seen_below |= bit;
        Verdict::Ok
    }
}

fn lifetime() -> u64 {
    u64::try_from(LIFETIME.as_millis()).unwrap_or(u64::MAX)
}

/// `nc`: exactly eight hex digits, not zero.
fn read_count(text: &str) -> Option<u32> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(text, 16).ok().filter(|n| *n > 0)
}
