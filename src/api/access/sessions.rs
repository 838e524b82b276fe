//! Who is signed in: sessions of the console, each known by a secret in a cookie.
//!
//! **Owns**: how long a session lasts, [`SessionKey`], what is believed while the database is away, and who is told
//! that one ended. **Must not know**: cookies, passwords, what a role may do.
//!
//! The secret is 128 random bits; the database has its SHA-256. A session ends 30 minutes after its last use, 12 hours
//! after the sign-in, by signing out, or when the user's password changes.

use crate::api::right::RoleName;
use recordings::store::sessions::StoredSession;
use recordings::{Store, StoreError};
use router::{Private, Timestamp};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;

/// A session that nobody uses ends after this long.
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session ends after this long, used or not.
pub const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// The database hears of a session's use this often at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// How long a request waits for the database before what was remembered counts.
const PATIENCE: Duration = Duration::from_secs(1);
/// Sessions at once; more cannot sign in.
const SESSIONS: usize = 4_096;
/// Ends that wait for a slow listener; it is told how many it missed.
const ENDED: usize = 256;

/// Names a session to the rest of the program, without being worth anything to a thief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key of a cookie's secret.
    #[must_use]
    pub(super) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}

/// What a session will be for.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Who signs in.
    pub login: String,
    /// As people see it.
    pub name: Private<String>,
    /// What the session may do.
    pub role: RoleName,
    /// The agent that the user is.
    pub agent_login: Option<String>,
}

impl NewSession {
    /// The demo's customer, who is nobody in particular.
    #[must_use]
    pub fn caller() -> Self {
        Self {
            login: "caller".to_owned(),
            name: Private::new("Customer".to_owned()),
            role: RoleName::Caller,
            agent_login: None,
        }
    }
}

/// One session and when the database last heard of its use.
#[derive(Clone, Debug)]
struct Known {
    session: StoredSession,
    told_at: Timestamp,
}

/// Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Sessions {
    known: Arc<Mutex<HashMap<SessionKey, Known>>>,
    ended: broadcast::Sender<SessionKey>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            ended: broadcast::channel(ENDED).0,
        }
    }
}

/// When a session ends unless it is used before.
pub(super) fn ends_at(session: &StoredSession) -> Timestamp {
    (session.last_used_at + IDLE).min(session.created_at + LONGEST)
}

impl Sessions {
    /// Begins a session; gives the cookie's secret, which cannot be read again.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::api) async fn begin(
        &self,
        store: &Store,
        new: NewSession,
        now: Timestamp,
    ) -> Result<(String, StoredSession), StoreError> {
        let secret = super::draw();
        let key = SessionKey::of(&secret);
        let session = StoredSession {
            hash: key.0,
            login: new.login,
            name: new.name,
            role: new.role.as_str().to_owned(),
            agent_login: new.agent_login,
            created_at: now,
            last_used_at: now,
        };
        store.create_session(&session).await?;
        self.remember(key, session.clone(), now);
        Ok((secret, session))
    }

    /// The session of this key, used now. None when it is over.
    ///
    /// # Errors
    /// When the database cannot be asked and the session was not seen before.
    pub(super) async fn used(
        &self,
        store: &Store,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<StoredSession>, StoreError> {
        let Some(mut session) = self.find(store, key, now).await? else {
            return Ok(None);
        };
        session.last_used_at = session.last_used_at.max(now);
        let tell = self.remember(key, session.clone(), now);
        if tell {
            // A use that is not written down shortens the session after a restart, no more.
            let told = store.use_session(&key.0, now);
            let _ = tokio::time::timeout(PATIENCE, told).await;
        }
        Ok(Some(session))
    }

    /// Whether this session goes on; asking is no use of it.
    ///
    /// # Errors
    /// As [`Self::used`].
    pub async fn is_alive(
        &self,
        store: &Store,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.find(store, key, now).await?.is_some())
    }

    async fn find(
        &self,
        store: &Store,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<StoredSession>, StoreError> {
        let known = self.known().get(&key).map(|known| known.session.clone());
        let found = match tokio::time::timeout(PATIENCE, store.session(&key.0)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) if error.is_transient() && known.is_some() => known.clone(),
            Ok(Err(error)) => return Err(error),
            Err(_) => known.clone(),
        };
        let used = known.map(|known| known.last_used_at);
        let found = found.map(|session| StoredSession {
            last_used_at: session
                .last_used_at
                .max(used.unwrap_or(session.last_used_at)),
            ..session
        });
        let alive = found.filter(|session| now < ends_at(session));
        if alive.is_none() {
            self.forget(key);
        }
        Ok(alive)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails: the session may still be good after a restart.
    pub(super) async fn end(&self, store: &Store, key: SessionKey) -> Result<(), StoreError> {
        self.forget(key);
        store.delete_session(&key.0).await.map(|_| ())
    }

    /// The sessions that end from here on.
    #[must_use]
    pub fn ended(&self) -> broadcast::Receiver<SessionKey> {
        self.ended.subscribe()
    }

    /// Looks for sessions that are over without anybody asking: their time has passed, or another process has ended
    /// them. Those who follow [`Self::ended`] hear of them.
    pub(in crate::api) async fn sweep(&self, store: &Store, now: Timestamp) {
        let keys: Vec<SessionKey> = self.known().keys().copied().collect();
        for key in keys {
            // While the database is away nothing is known to be over.
            let _ = self.find(store, key, now).await;
        }
        let since = |length: Duration| {
            let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
            Timestamp::from_millis(now.millis().saturating_sub(length))
        };
        // The last minute of use may not be written down yet.
        let _ = store
            .delete_old_sessions(since(LONGEST), since(IDLE + TOLD_EVERY))
            .await;
    }

    /// Whether another session may begin.
    pub(super) fn has_room(&self) -> bool {
        self.known().len() < SESSIONS
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<SessionKey, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the database should hear of it.
    fn remember(&self, key: SessionKey, session: StoredSession, now: Timestamp) -> bool {
        let mut known = self.known();
        let told_at = known.get(&key).map_or(session.created_at, |k| k.told_at);
        let tell = now.since(told_at) >= TOLD_EVERY;
        let told_at = if tell { now } else { told_at };
        known.insert(key, Known { session, told_at });
        tell
    }

    fn forget(&self, key: SessionKey) {
        if self.known().remove(&key).is_some() {
            // Nobody need listen.
            let _ = self.ended.send(key);
        }
    }
}
