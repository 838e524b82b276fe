//! Signing in: users, passwords, sessions, one-time links, and who it is that asks.
//!
//! **Owns**: [`Access`], `/session`, the links that sign in once. **Must not know**: what a role may do (`right`
//! does), what the other routes are for.

pub(in crate::api) mod identity;
pub mod links;
pub(in crate::api) mod links_in;
pub mod origin;
pub mod password;
pub(in crate::api) mod routes;
pub mod sessions;
mod throttle;
pub mod users;
mod wrong_tries;

use crate::clock::Clock;
use links::Links;
use password::Checks;
use recordings::Store;
use sessions::{SessionKey, Sessions};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throttle::Throttle;
use tokio::sync::broadcast;
use wrong_tries::WrongTries;

/// How often sessions that ended by themselves are looked for.
const SWEEP: Duration = Duration::from_secs(15);

/// Everything about signing in that lives as long as the process. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Who is signed in.
    pub sessions: Sessions,
    /// Links that sign in once.
    pub links: Links,
    checks: Checks,
    throttle: Arc<Mutex<Throttle>>,
    wrong: Arc<Mutex<WrongTries>>,
    secure: Arc<AtomicBool>,
}

impl Access {
    /// Whether cookies go over TLS only: said once HTTP speaks it.
    pub fn set_secure(&self, secure: bool) {
        self.secure.store(secure, Ordering::Relaxed);
    }

    /// The sessions that end from here on, for whatever is bound to one.
    #[must_use]
    pub fn ended(&self) -> broadcast::Receiver<SessionKey> {
        self.sessions.ended()
    }

    /// Ends sessions whose time has passed. Runs for ever.
    pub async fn keep(self, store: Store, clock: Clock) {
        let warm = tokio::task::spawn_blocking(Checks::warm_up).await;
        drop(warm);
        loop {
            tokio::time::sleep(SWEEP).await;
            self.sessions.sweep(&store, clock.now()).await;
        }
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.secure.load(Ordering::Relaxed)
    }

    fn wrong_tries(&self) -> MutexGuard<'_, WrongTries> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 random bits in hexadecimal digits.
fn draw() -> String {
    let random: [u8; 16] = rand::random();
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whom tries are counted for: an IPv6 site (/64) is one source.
fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let site = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(site))
        }
        v4 => v4,
    }
}
