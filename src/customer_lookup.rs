//! Who calls: the customer's name for the agent's phone, looked up beside the call.
//!
//! **Owns**: one task and its bounded queue. A lookup that is slow or dropped never delays a call; the agent then
//! sees the number alone.

use crate::call::registry::RegistryMessage;
use recordings::Store;
use router::PhoneNumber;
use router::id::InteractionId;
use tokio::sync::mpsc;

/// Lookups that wait at most; further ones are dropped.
const LOOKUPS: usize = 256;

/// Handle of the lookup task.
#[derive(Clone, Debug)]
pub struct CustomerLookup {
    asks: mpsc::Sender<(InteractionId, PhoneNumber)>,
}

impl CustomerLookup {
    /// A handle and the task to spawn.
    pub fn new(
        store: Store,
        answers: mpsc::Sender<RegistryMessage>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (asks, mut queue) = mpsc::channel::<(InteractionId, PhoneNumber)>(LOOKUPS);
        let task = async move {
            while let Some((interaction, number)) = queue.recv().await {
                match store.customer_name_by_number(&number).await {
                    Ok(Some(name)) => {
                        let _ = answers
                            .send(RegistryMessage::CustomerKnown { interaction, name })
                            .await;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%interaction, %error, "customer lookup failed"),
                }
            }
        };
        (Self { asks }, task)
    }

    /// Asks for a customer's name; the answer reaches the call by the registry.
    pub fn ask(&self, interaction: InteractionId, number: PhoneNumber) {
        let _ = self.asks.try_send((interaction, number));
    }
}
