//! Things that a client says and the one event log keeps: written down, and in the record before the client is told.
//!
//! **Owns**: how long a client waits for that. **Must not know**: what is said.

use super::ApiState;
use super::error::ApiError;
use router::Event;
use std::time::Duration;

/// How long a client waits until its word is in the record.
const PATIENCE: Duration = Duration::from_secs(3);

/// Writes an event down and waits until whoever reads the record finds it there.
pub(super) async fn say(state: &ApiState, event: Event) -> Result<(), ApiError> {
    let now = state.clock.now();
    let written = state.journal.append_synced(now, event, None).await;
    let seq = written.map_err(|error| ApiError::internal(error.to_string()))?;
    let mut position = state.metrics.position.clone();
    match tokio::time::timeout(PATIENCE, position.reached(seq)).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(ApiError::unavailable(
            "It is written down, and not in the record yet; look again in a moment.",
        )),
    }
}

/// Writes an event down behind what was changed already; nobody waits for it.
pub(super) async fn note(state: &ApiState, event: Event) {
    let now = state.clock.now();
    if let Err(error) = state.journal.append(now, event, None).await {
        tracing::error!(%error, "a line of the log is lost");
    }
}
