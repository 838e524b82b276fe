//! Who calls: looked up beside the call, for the agent's phone and for flows.
//!
//! **Owns**: one task and its bounded queue. A lookup that is slow or dropped never delays a call: the agent then sees
//! the number alone, and a flow goes on when its own time is over.

use crate::call::port::CustomerQuestion;
use crate::call::registry::RegistryMessage;
use crate::clock::Clock;
use crate::company_view::CompanyView;
use ivr_flows::port::{CustomerAnswer, KnownCustomer};
use recordings::store::customers::{CustomerDetails, CustomerRecord, NewCustomer};
use recordings::{Store, StoreError};
use router::id::{CustomerId, InteractionId};
use router::{PhoneNumber, Private};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Lookups that wait at most; further ones are dropped.
const LOOKUPS: usize = 256;

/// What the task is asked.
#[derive(Debug)]
enum Ask {
    /// The customer's name, for the agent's phone.
    Name(InteractionId, PhoneNumber),
    /// The customer, for the flow.
    Find(InteractionId, CustomerQuestion),
}

/// Handle of the lookup task.
#[derive(Clone, Debug)]
pub struct CustomerLookup {
    asks: mpsc::Sender<Ask>,
}

struct Lookup {
    store: Store,
    company: watch::Receiver<Arc<CompanyView>>,
    clock: Clock,
}

impl CustomerLookup {
    /// A handle and the task to spawn.
    pub fn new(
        store: Store,
        company: watch::Receiver<Arc<CompanyView>>,
        clock: Clock,
        answers: mpsc::Sender<RegistryMessage>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (asks, mut queue) = mpsc::channel::<Ask>(LOOKUPS);
        let task = async move {
            let lookup = Lookup {
                store,
                company,
                clock,
            };
            while let Some(ask) = queue.recv().await {
                if let Some(answer) = lookup.answer(ask).await {
                    let _ = answers.send(answer).await;
                }
            }
        };
        (Self { asks }, task)
    }

    /// Asks for a customer's name; the answer reaches the call by the registry.
    pub fn ask(&self, interaction: InteractionId, number: PhoneNumber) {
        let _ = self.asks.try_send(Ask::Name(interaction, number));
    }

    /// Asks for the customer of a flow's question, in the same way. False: too many wait already.
    #[must_use]
    pub fn find(&self, interaction: InteractionId, question: CustomerQuestion) -> bool {
        let ask = Ask::Find(interaction, question);
        self.asks.try_send(ask).is_ok()
    }
}

impl Lookup {
    async fn answer(&self, ask: Ask) -> Option<RegistryMessage> {
        match ask {
            Ask::Name(interaction, number) => {
                match self.store.customer_name_by_number(&number).await {
                    Ok(name) => {
                        name.map(|name| RegistryMessage::CustomerKnown { interaction, name })
                    }
                    Err(error) => {
                        tracing::warn!(%interaction, %error, "customer lookup failed");
                        None
                    }
                }
            }
            Ask::Find(interaction, question) => {
                let (customer, answer) = self.find(&question).await.unwrap_or_else(|error| {
                    tracing::warn!(%interaction, %error, "customer lookup failed");
                    (None, CustomerAnswer::Failed)
                });
                Some(RegistryMessage::CustomerFound {
                    interaction,
                    ask: question.ask,
                    customer,
                    answer,
                })
            }
        }
    }

    async fn find(
        &self,
        question: &CustomerQuestion,
    ) -> Result<(Option<CustomerId>, CustomerAnswer), StoreError> {
        let nobody = (None, CustomerAnswer::NotFound);
        let Some(number) = self.company.borrow().normalise(&question.number.0) else {
            return Ok(nobody);
        };
        let found = self.store.customer_by_number(&number).await?;
        let is_fresh = |record: &CustomerRecord| Some(record.id) == question.fresh;
        match found.filter(|record| question.create || !is_fresh(record)) {
            Some(record) => Ok(known(record)),
            None if !question.create => Ok(nobody),
            None => {
                let fresh = CustomerId::from_uuid(uuid::Uuid::now_v7());
                self.make(fresh, number).await
            }
        }
    }

    /// Somebody else may make the same customer in the same moment: then that one counts.
    async fn make(
        &self,
        id: CustomerId,
        number: PhoneNumber,
    ) -> Result<(Option<CustomerId>, CustomerAnswer), StoreError> {
        let customer = NewCustomer {
            id,
            details: CustomerDetails {
                numbers: vec![number.clone()],
                ..CustomerDetails::default()
            },
        };
        match self
            .store
            .create_customer(&customer, self.clock.now())
            .await
        {
            Ok(record) => Ok(known(record)),
            Err(StoreError::Taken(_)) => {
                let found = self.store.customer_by_number(&number).await?;
                Ok(found.map_or((None, CustomerAnswer::NotFound), known))
            }
            Err(error) => Err(error),
        }
    }
}

fn known(record: CustomerRecord) -> (Option<CustomerId>, CustomerAnswer) {
    let text = |value: Option<Private<String>>| value.map(Private::into_inner).unwrap_or_default();
    let customer = KnownCustomer {
        name: text(record.name),
        company: text(record.company),
        language: record.language.unwrap_or_default(),
    };
    (Some(record.id), CustomerAnswer::Found(customer))
}
