//! The way from outside into live calls.
//!
//! **Owns**: [`CallControl`]: one question to the registry, one answer. **Must not know**: what is done with it.

use super::control::{Control, Refused};
use super::registry::RegistryMessage;
use router::id::{AgentId, InteractionId};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// How long whoever asks waits for the call.
const PATIENCE: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct CallControl {
    registry: mpsc::Sender<RegistryMessage>,
}

impl CallControl {
    /// Around the registry's inbox.
    #[must_use]
    pub const fn new(registry: mpsc::Sender<RegistryMessage>) -> Self {
        Self { registry }
    }

    /// The call that one of these names of browsers' phones began last; none when the registry is too busy to say.
    pub async fn last_of(&self, names: Vec<String>) -> Option<InteractionId> {
        let (reply, answer) = oneshot::channel();
        let message = RegistryMessage::LastCallOf { names, reply };
        self.registry.try_send(message).ok()?;
        tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()?
    }

    /// Asks something of a call, in the name of an agent, or of a supervisor.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn ask(
        &self,
        interaction: InteractionId,
        by: Option<AgentId>,
        control: Control,
    ) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        let message = RegistryMessage::Control {
            interaction,
            by,
            control,
            reply,
        };
        self.registry
            .try_send(message)
            .map_err(|_| Refused::TooBusy)?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(result)) => result,
            // The call ended meanwhile.
            Ok(Err(_)) => Err(Refused::NoCall),
            Err(_) => Err(Refused::TooBusy),
        }
    }
}

/// What a call's mailbox did not take: a call whose actor has just ended is no call any more, though the registry has not
/// heard of its end; one that lives and does not listen is too busy.
impl<T> From<TrySendError<T>> for Refused {
    fn from(unheard: TrySendError<T>) -> Self {
        match unheard {
            TrySendError::Closed(_) => Self::NoCall,
            TrySendError::Full(_) => Self::TooBusy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_just_ended_is_none_and_one_that_does_not_listen_is_busy() {
        let (call, mailbox) = mpsc::channel(1);
        let ask = || call.try_send(()).map_err(Refused::from);
        assert_eq!(ask(), Ok(()));
        assert_eq!(ask(), Err(Refused::TooBusy));
        drop(mailbox);
        assert_eq!(ask(), Err(Refused::NoCall));
    }
}
