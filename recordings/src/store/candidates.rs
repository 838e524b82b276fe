//! Who a caller may be: a number is only a hint, until somebody asked.
//!
//! **Owns**: looking for the customers of a number, and which customers an agent has come to know. **Must not know**:
//! who may see what of them.

use super::Store;
use super::customers::{CustomerRecord, ids_by_number, one};
use crate::error::StoreError;
use router::id::{AgentId, CustomerId};
use router::{PhoneNumber, Timestamp};

/// As many are shown of a number that very many share.
const MOST: usize = 20;

impl Store {
    /// The customers with this normalised number, the oldest first; at most 20. Those of whom nothing but the number
    /// is known come too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customers_with_number(
        &self,
        number: &PhoneNumber,
    ) -> Result<Vec<CustomerRecord>, StoreError> {
        let mut conn = self.read().await?;
        let ids = ids_by_number(&mut conn, number).await?;
        let mut found = Vec::new();
        for id in ids.into_iter().take(MOST) {
            found.extend(one(&mut conn, id).await?);
        }
        Ok(found)
    }

    /// Whether an own interaction of the agent is this customer's by somebody's word.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent_knows(
        &self,
        agent: AgentId,
        customer: CustomerId,
    ) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM interactions i WHERE i.customer_id = $1 \
             AND i.customer_confirmed_at IS NOT NULL AND (i.agent_id = $2 OR EXISTS \
             (SELECT 1 FROM legs l WHERE l.interaction_id = i.id AND l.agent_id = $2 \
             AND l.connected_at IS NOT NULL)) LIMIT 1",
        )
        .bind(customer.to_string())
        .bind(agent.to_string())
        .fetch_optional(&mut *self.read().await?)
        .await?;
        Ok(found.is_some())
    }

    /// Whether the number called, or was called, in an own interaction of the agent that began at `since` or later, or
    /// in one that is offered to the agent now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent_met_number(
        &self,
        agent: AgentId,
        number: &PhoneNumber,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM interactions i WHERE i.started_at >= $1 \
             AND (i.caller_number = $2 OR i.dialed_number = $2) AND (i.agent_id = $3 OR EXISTS \
             (SELECT 1 FROM legs l WHERE l.interaction_id = i.id AND l.agent_id = $3 \
             AND l.connected_at IS NOT NULL) OR EXISTS (SELECT 1 FROM offers o \
             WHERE o.interaction_id = i.id AND o.agent_id = $3 AND o.ended_at IS NULL)) LIMIT 1",
        )
        .bind(since.millis())
        .bind(number.reveal())
        .bind(agent.to_string())
        .fetch_optional(&mut *self.read().await?)
        .await?;
        Ok(found.is_some())
    }
}
