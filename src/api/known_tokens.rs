//! Tokens that the database has confirmed, for the time in which it cannot be asked.
//!
//! **Owns**: what [`find`] falls back on, and for how long. **Must not know**: what a role may do.
//!
//! Live state goes on while the database is away, and whoever looked at it before must be able to go on looking. A
//! token that the database does not know is forgotten at once; one that was revoked while the database was away works
//! until it is back.

use recordings::store::tokens::StoredToken;
use recordings::{Store, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tokens remembered at most.
const TOKENS: usize = 1_024;
/// How long a token is believed after the database confirmed it.
const BELIEVED: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a request waits for the database before a remembered token counts.
const PATIENCE: Duration = Duration::from_secs(1);

/// By hash, each with the moment the database confirmed it.
type Confirmed = HashMap<[u8; 32], (StoredToken, Instant)>;

/// Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct KnownTokens(Arc<Mutex<Confirmed>>);

impl KnownTokens {
    /// The token with this hash.
    ///
    /// # Errors
    /// When the database cannot be asked and has not confirmed the token before.
    pub(super) async fn find(
        &self,
        store: &Store,
        hash: &[u8; 32],
    ) -> Result<Option<StoredToken>, StoreError> {
        let known = self.remembered(hash);
        let asked = match &known {
            Some(_) => tokio::time::timeout(PATIENCE, store.token(hash)).await,
            None => Ok(store.token(hash).await),
        };
        match asked {
            Ok(Ok(found)) => {
                self.remember(hash, found.clone());
                Ok(found)
            }
            Ok(Err(error)) if error.is_transient() && known.is_some() => Ok(known),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(known),
        }
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<StoredToken> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, confirmed) = tokens.get(hash)?;
        (confirmed.elapsed() < BELIEVED).then(|| token.clone())
    }

    fn remember(&self, hash: &[u8; 32], found: Option<StoredToken>) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Some(token) => {
                if tokens.len() >= TOKENS {
                    tokens.retain(|_, (_, confirmed)| confirmed.elapsed() < PATIENCE);
                }
                if tokens.len() < TOKENS {
                    tokens.insert(*hash, (token, Instant::now()));
                }
            }
            None => drop(tokens.remove(hash)),
        }
    }
}
