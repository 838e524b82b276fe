//! Passwords of users: argon2id (RFC 9106), kept as PHC strings.
//!
//! **Owns**: the cost of a password, the limit on how many are worked on at once, and that a login that nobody has
//! costs the same as one that somebody has. **Must not know**: users, sessions.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use router::Private;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bytes of a password at least.
pub const SHORTEST: usize = 8;
/// Bytes of a password at most: nobody makes us hash a book.
pub const LONGEST: usize = 256;
/// Passwords worked on at once: each takes 19 MiB and some tens of milliseconds of a core.
const AT_ONCE: usize = 2;
/// How long a try waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a try against a login that nobody has is compared with. Nothing fits it.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let random: [u8; 32] = rand::random();
    hash_now(&random).unwrap_or_default()
});

/// Why there is no answer about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many at once.
    #[error("too many sign-ins are being looked at")]
    Busy,
    /// The work itself failed.
    #[error("a password could not be worked on")]
    Failed,
}

/// The hash of a new password, with a salt of its own. Takes some tens of milliseconds of the calling thread.
///
/// # Errors
/// [`PasswordError::Failed`] when the system gives no randomness or no memory.
pub fn hash(password: &Private<String>) -> Result<Private<String>, PasswordError> {
    hash_now(password.reveal().as_bytes()).map(Private::new)
}

fn hash_now(password: &[u8]) -> Result<String, PasswordError> {
    let hash = Argon2::default().hash_password(password);
    hash.map(|hash| hash.to_string())
        .map_err(|_| PasswordError::Failed)
}

/// The places of those who wait for an answer.
#[derive(Clone, Debug)]
pub(super) struct Checks(Arc<Semaphore>);

impl Default for Checks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Checks {
    /// Whether a password fits. Without a hash, which is to say without a user, the same work is done for nothing.
    pub(super) async fn fits(
        &self,
        password: Private<String>,
        hash: Option<Private<String>>,
    ) -> Result<bool, PasswordError> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let place = place.map_err(|_| PasswordError::Busy)?;
        let place = place.map_err(|_| PasswordError::Failed)?;
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let known = hash.is_some();
            let against = hash.map_or_else(|| NOBODY.clone(), Private::into_inner);
            let same = PasswordHash::new(&against).is_ok_and(|against| {
                let password = password.reveal().as_bytes();
                Argon2::default()
                    .verify_password(password, &against)
                    .is_ok()
            });
            same && known
        });
        work.await.map_err(|_| PasswordError::Failed)
    }

    /// Does the work for a login that nobody has once, so that the first such try is no slower than the next.
    pub(super) fn warm_up() {
        LazyLock::force(&NOBODY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_login_that_nobody_has_costs_the_same() {
        let secret = |text: &str| Private::new(text.to_owned());
        let kept = hash(&secret("correct horse")).unwrap();
        let checks = Checks::default();
        Checks::warm_up();
        let mut least = [Duration::MAX; 2];
        // The least of some tries is the work itself, however busy the machine is.
        for _ in 0..40 {
            for (least, hash) in least.iter_mut().zip([Some(kept.clone()), None]) {
                let begun = std::time::Instant::now();
                assert!(!checks.fits(secret("wrong horse"), hash).await.unwrap());
                *least = begun.elapsed().min(*least);
            }
            let [known, unknown] = least;
            if known < unknown * 3 / 2 && unknown < known * 3 / 2 {
                return;
            }
        }
        panic!("{least:?}");
    }

    #[tokio::test]
    async fn only_the_password_fits_its_hash() {
        let secret = |text: &str| Private::new(text.to_owned());
        let kept = hash(&secret("correct horse")).unwrap();
        assert!(kept.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(kept, hash(&secret("correct horse")).unwrap());
        let checks = Checks::default();
        let fits = async |password: &str, hash: Option<Private<String>>| {
            checks.fits(secret(password), hash).await.unwrap()
        };
        assert!(fits("correct horse", Some(kept.clone())).await);
        assert!(!fits("correct horsf", Some(kept)).await);
        assert!(!fits("correct horse", None).await);
        assert!(!fits("x", Some(secret("no hash at all"))).await);
    }
}
