//! Sign-in links that work once.
//!
//! **Owns**: which secrets are out, for whom and for how long. **Must not know**: sessions, pages.
//! Kept in memory alone: a restart takes every link back.

use super::sessions::NewSession;
use router::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Links that are out at most.
const LINKS: usize = 256;

/// Links by the hash of their secret. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Links(Arc<Mutex<HashMap<[u8; 32], Link>>>);

#[derive(Clone, Debug)]
struct Link {
    session: NewSession,
    until: Timestamp,
}

impl Links {
    /// Makes a link's secret, 128 random bits in hexadecimal digits; it works once until `now + life`. None when too
    /// many are out.
    #[must_use]
    pub fn create(&self, session: NewSession, life: Duration, now: Timestamp) -> Option<String> {
        let secret = super::draw();
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, link| link.until > now);
        if links.len() >= LINKS {
            return None;
        }
        let until = now + life;
        links.insert(hash(&secret), Link { session, until });
        Some(secret)
    }

    /// What the secret was for; from here on it is worth nothing.
    pub(super) fn spend(&self, secret: &str, now: Timestamp) -> Option<NewSession> {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let link = links.remove(&hash(secret))?;
        (link.until > now).then_some(link.session)
    }
}

/// The secret is 128 random bits, so a plain hash is enough, and comparing hashes tells nothing about secrets.
fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::right::RoleName;

    #[test]
    fn a_link_works_once_and_not_for_ever() {
        let links = Links::default();
        let life = Duration::from_secs(60);
        let at = Timestamp::from_millis;
        let session = || NewSession::caller();
        let secret = links.create(session(), life, at(0)).unwrap();
        assert_eq!(secret.len(), 32);
        assert!(links.spend("", at(1)).is_none());
        assert_eq!(links.spend(&secret, at(1)).unwrap().role, RoleName::Caller);
        assert!(links.spend(&secret, at(1)).is_none());
        let late = links.create(session(), life, at(0)).unwrap();
        assert!(links.spend(&late, at(60_000)).is_none());
    }
}
