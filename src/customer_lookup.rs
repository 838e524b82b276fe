//! Who calls: looked up beside the call, for the agent's phone and for flows.
//!
//! **Owns**: one task and its two bounded queues. A lookup that is slow or dropped never delays a call: the agent then
//! sees the number alone, and a flow goes on when its own time is over.
//!
//! A statement costs as much for thirty names as for one, and waking this task for each call nearly as much again. So
//! after names were looked up, the next ones gather for a moment; after a pause the first one is looked up at once.

use crate::call::port::CustomerQuestion;
use crate::call::registry::RegistryMessage;
use crate::clock::Clock;
use crate::company_view::CompanyView;
use ivr_flows::port::{CustomerAnswer, KnownCustomer};
use recordings::store::customers::{CustomerDetails, CustomerRecord, NewCustomer};
use recordings::{Store, StoreError};
use router::id::{AgentId, CustomerId, InteractionId};
use router::{PhoneNumber, Private};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Lookups that wait at most; further ones are dropped.
const LOOKUPS: usize = 256;

/// Names gather this long after the last ones were looked up. A call that rings sooner rings with its number alone.
const GATHER: Duration = Duration::from_millis(40);

/// The customer's name, for the agent's phone.
type NameAsk = (InteractionId, PhoneNumber);
/// The customer, for the flow.
type FindAsk = (InteractionId, CustomerQuestion);

type Names = HashMap<PhoneNumber, Private<String>>;
type Agents = HashMap<PhoneNumber, AgentId>;

/// Handle of the lookup task.
#[derive(Clone, Debug)]
pub struct CustomerLookup {
    names: mpsc::Sender<NameAsk>,
    finds: mpsc::Sender<FindAsk>,
}

struct Lookup {
    store: Store,
    company: watch::Receiver<Arc<CompanyView>>,
    clock: Clock,
    answers: mpsc::Sender<RegistryMessage>,
}

impl CustomerLookup {
    /// A handle and the task to spawn.
    pub fn new(
        store: Store,
        company: watch::Receiver<Arc<CompanyView>>,
        clock: Clock,
        answers: mpsc::Sender<RegistryMessage>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (names, name_asks) = mpsc::channel(LOOKUPS);
        let (finds, find_asks) = mpsc::channel(LOOKUPS);
        let task = async move {
            let lookup = Lookup {
                store,
                company,
                clock,
                answers,
            };
            tokio::join!(lookup.names(name_asks), lookup.finds(find_asks));
        };
        (Self { names, finds }, task)
    }

    /// Asks for a customer's name; the answer reaches the call by the registry.
    pub fn ask(&self, interaction: InteractionId, number: PhoneNumber) {
        let _ = self.names.try_send((interaction, number));
    }

    /// Asks for the customer of a flow's question, in the same way. False: too many wait already.
    #[must_use]
    pub fn find(&self, interaction: InteractionId, question: CustomerQuestion) -> bool {
        self.finds.try_send((interaction, question)).is_ok()
    }
}

impl Lookup {
    /// While names gather nobody waits for the queue, so that whoever asks wakes nobody.
    async fn names(&self, mut asks: mpsc::Receiver<NameAsk>) {
        let mut some = Vec::with_capacity(LOOKUPS);
        while asks.recv_many(&mut some, LOOKUPS).await > 0 {
            let numbers: Vec<PhoneNumber> = some.iter().map(|(_, number)| number.clone()).collect();
            match self.of_numbers(&numbers).await {
                Ok((names, agents)) => {
                    for (interaction, number) in some.drain(..) {
                        let name = names.get(&number).cloned();
                        let last_agent = agents.get(&number).copied();
                        if name.is_some() || last_agent.is_some() {
                            let known = RegistryMessage::CustomerKnown {
                                interaction,
                                name,
                                last_agent,
                            };
                            let _ = self.answers.send(known).await;
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, calls = some.len(), "customer lookup failed");
                    some.clear();
                }
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    /// The names behind numbers, and whom they spoke with last.
    async fn of_numbers(&self, numbers: &[PhoneNumber]) -> Result<(Names, Agents), StoreError> {
        let names = self.store.customer_names_by_number(numbers).await?;
        let agents = self.store.last_agents_by_number(numbers).await?;
        Ok((names, agents))
    }

    async fn finds(&self, mut asks: mpsc::Receiver<FindAsk>) {
        while let Some((interaction, question)) = asks.recv().await {
            let (customer, answer) = self.find(&question).await.unwrap_or_else(|error| {
                tracing::warn!(%interaction, %error, "customer lookup failed");
                (None, CustomerAnswer::Failed)
            });
            let found = RegistryMessage::CustomerFound {
                interaction,
                ask: question.ask,
                customer,
                answer,
            };
            let _ = self.answers.send(found).await;
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
        tier: record.tier.unwrap_or_default(),
    };
    (Some(record.id), CustomerAnswer::Found(customer))
}
