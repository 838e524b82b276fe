//! Makes ids: the only place that draws UUIDs.

use crate::call::port::IdSource;
use crate::call::registry::arrivals::ArrivalIds;
use crate::clock::Clock;
use router::id::{CustomerId, InteractionId, LegId as LogLegId, QueueEntryId, RecordingId};
use sip_gateway::leg::LegId;
use sip_gateway::net::Gateway;
use std::sync::{Mutex, PoisonError};
use uuid::{ContextV7, Uuid};

/// Draws of one millisecond keep their order.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Ids for live calls: UUIDv7, so that they sort by time. The time is the process's, so setting the wall clock back
/// or forward does not change their order.
#[derive(Clone, Debug)]
pub struct LiveIds {
    gateway: Gateway,
    clock: Clock,
}

impl LiveIds {
    /// Legs are numbered by the gateway.
    #[must_use]
    pub const fn new(gateway: Gateway, clock: Clock) -> Self {
        Self { gateway, clock }
    }

    fn draw(&self) -> Uuid {
        let now = u64::try_from(self.clock.now().millis()).unwrap_or_default();
        let nanos = u32::try_from(now % 1_000).unwrap_or_default() * 1_000_000;
        let order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*order, now / 1_000, nanos))
    }

    /// A new interaction.
    #[must_use]
    pub fn interaction(&self) -> InteractionId {
        InteractionId::from_uuid(self.draw())
    }
}

impl ArrivalIds for LiveIds {
    fn interaction(&mut self) -> InteractionId {
        Self::interaction(self)
    }
    fn customer(&mut self) -> CustomerId {
        CustomerId::from_uuid(self.draw())
    }
    fn log_leg(&mut self) -> LogLegId {
        LogLegId::from_uuid(self.draw())
    }
    fn new_leg(&mut self) -> LegId {
        self.gateway.new_leg_id()
    }
}

impl IdSource for LiveIds {
    fn queue_entry(&mut self) -> QueueEntryId {
        QueueEntryId::from_uuid(self.draw())
    }
    fn leg(&mut self) -> (LegId, LogLegId) {
        (self.new_leg(), self.log_leg())
    }
    fn recording(&mut self) -> RecordingId {
        RecordingId::from_uuid(self.draw())
    }
}
