//! Credentials that were made for a while, and what may be done with them.
//!
//! **Owns**: [`Logins`]: names with their HA1 and end, how often a caller may call. **Must not know**: messages, digest's
//! arithmetic, registrations.

use crate::leg::{DigestAlgorithm, LegId};
use crate::login::{Holder, Login};
use crate::sip::auth::ha1;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Names at once; the one that ends first makes room.
const MOST: usize = 16_384;
/// Calls that one caller may begin in [`CALLS_TIME`].
const CALLS: u32 = 12;
/// Over which time they are counted.
const CALLS_TIME: Duration = Duration::from_secs(60);

/// Somebody who has proven to be the holder of such a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) username: String,
    pub(crate) holder: Holder,
    pub(crate) ends: Instant,
}

#[derive(Debug)]
struct Entry {
    ha1: String,
    pass: Pass,
    /// Calls begun since the moment beside it.
    calls: (u32, Instant),
    /// The last of them.
    call: Option<LegId>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    all: HashMap<String, Entry>,
}

impl Logins {
    /// Lets a name count from now on.
    pub(crate) fn add(&mut self, login: Login, realm: &str, now: Instant) {
        let Login {
            username,
            password,
            holder,
            lasts,
        } = login;
        self.all.retain(|_, entry| entry.pass.ends > now);
        if self.all.len() >= MOST {
            let first = self.all.values().min_by_key(|entry| entry.pass.ends);
            if let Some(first) = first.map(|entry| entry.pass.username.clone()) {
                self.all.remove(&first);
            }
        }
        let entry = Entry {
            ha1: ha1(DigestAlgorithm::Md5, &username, realm, &password),
            calls: (0, now),
            call: None,
            pass: Pass {
                username: username.clone(),
                holder,
                ends: now + lasts,
            },
        };
        self.all.insert(username, entry);
    }

    /// The name counts no longer.
    pub(crate) fn remove(&mut self, username: &str) {
        self.all.remove(username);
    }

    /// The HA1 of a name that counts now for this user of From or To: a device's extension, or a caller's own name.
    pub(crate) fn find(&self, username: &str, user: &str, now: Instant) -> Option<(&Pass, &str)> {
        let entry = self.all.get(username)?;
        let is_for = match &entry.pass.holder {
            Holder::Device(extension) => extension == user,
            Holder::Guest | Holder::Caller { .. } => username == user,
        };
        (is_for && entry.pass.ends > now).then_some((&entry.pass, entry.ha1.as_str()))
    }

    /// Whether this is the name of a guest, which counts now.
    pub(crate) fn is_guest(&self, username: &str, now: Instant) -> bool {
        let entry = self.all.get(username);
        entry.is_some_and(|entry| entry.pass.holder == Holder::Guest && entry.pass.ends > now)
    }

    /// The last call of this caller.
    pub(crate) fn call_of(&self, username: &str) -> Option<LegId> {
        self.all.get(username)?.call
    }

    /// Whether this caller may begin one more call now; then it is counted.
    pub(crate) fn begin_call(&mut self, username: &str, leg: LegId, now: Instant) -> bool {
        let Some(entry) = self.all.get_mut(username) else {
            return false;
        };
        let (count, since) = &mut entry.calls;
        if now.saturating_duration_since(*since) >= CALLS_TIME {
            (*count, *since) = (0, now);
        }
        if *count >= CALLS {
            return false;
        }
        *count += 1;
        entry.call = Some(leg);
        true
    }
}
