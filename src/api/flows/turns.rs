//! Editors take turns, so that calls keep their processor.
//!
//! **Owns**: how many requests of editors are computed at once, and how long one waits. **Must not know**: what is
//! computed.

use crate::api::error::ApiError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Requests that are computed at once.
const AT_ONCE: usize = 2;
/// Requests that wait for that; more are refused at once.
const WAITING: usize = 32;
/// Longest wait for one's turn.
const TURN: Duration = Duration::from_secs(10);

/// Whose turn it is. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EditorTurns {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    ears: Arc<Semaphore>,
}

impl Default for EditorTurns {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            ears: Arc::new(Semaphore::new(1)),
        }
    }
}

impl EditorTurns {
    /// Computes on a thread that may be busy. The turn lasts as long as the work does, whether or not somebody still
    /// waits for its answer: who sends and goes away gains nothing.
    ///
    /// # Errors
    /// Those of the work; that there are too many.
    pub(in crate::api) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = self.turn().await.ok_or_else(|| {
            ApiError::unavailable("Many flows are being edited; try again.").retry_after(1)
        })?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await
            .map_err(|error| ApiError::internal(error.to_string()))?
    }

    /// The turn of somebody who has words said that callers do not hear now: one at a time, so that most of the speech
    /// program is left to calls.
    ///
    /// # Errors
    /// That there are too many.
    pub(super) async fn ear(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let turn = timeout(TURN, Arc::clone(&self.ears).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| {
            ApiError::unavailable("Many are listening to flows; try again.").retry_after(1)
        })
    }

    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let _place = self.places.try_acquire().ok()?;
        let turn = timeout(TURN, Arc::clone(&self.turns).acquire_owned());
        turn.await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Mutex;

    #[tokio::test]
    async fn a_turn_outlives_who_asked_and_too_many_are_refused_at_once() {
        let turns = EditorTurns::default();
        let gate = Arc::new(Mutex::new(()));
        let closed = gate.lock().await;
        for _ in 0..AT_ONCE {
            let (began, begins) = tokio::sync::oneshot::channel();
            let (own, gate) = (turns.clone(), Arc::clone(&gate));
            let asked = tokio::spawn(async move {
                let work = move || {
                    let _ = began.send(());
                    drop(gate.blocking_lock());
                    Ok(())
                };
                own.compute(work).await.is_ok()
            });
            begins.await.unwrap();
            // Whoever asked goes away; the work is not done.
            asked.abort();
            assert!(asked.await.unwrap_err().is_cancelled());
        }
        assert_eq!(turns.turns.available_permits(), 0);
        let waiting: Vec<_> = (0..AT_ONCE + WAITING)
            .map(|_| {
                let own = turns.clone();
                tokio::spawn(async move { own.compute(|| Ok(())).await.is_ok() })
            })
            .collect();
        while turns.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(turns.compute(|| Ok(())).await.is_err());
        drop(closed);
        for asked in waiting {
            assert!(asked.await.unwrap());
        }
    }
}
