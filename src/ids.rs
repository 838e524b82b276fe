//! Makes ids: the only place that draws UUIDs.

use crate::call::port::IdSource;
use crate::call::registry::arrivals::ArrivalIds;
use router::id::{CustomerId, InteractionId, LegId as LogLegId, QueueEntryId, RecordingId};
use sip_gateway::leg::LegId;
use sip_gateway::net::Gateway;
use uuid::Uuid;

/// Ids for live calls: UUIDv7, so that they sort by time.
#[derive(Clone, Debug)]
pub struct LiveIds {
    gateway: Gateway,
}

impl LiveIds {
    /// Legs are numbered by the gateway.
    #[must_use]
    pub const fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }
    /// A new interaction.
    #[must_use]
    pub fn interaction(&self) -> InteractionId {
        InteractionId::from_uuid(Uuid::now_v7())
    }
}

impl ArrivalIds for LiveIds {
    fn interaction(&mut self) -> InteractionId {
        Self::interaction(self)
    }
    fn customer(&mut self) -> CustomerId {
        CustomerId::from_uuid(Uuid::now_v7())
    }
    fn log_leg(&mut self) -> LogLegId {
        LogLegId::from_uuid(Uuid::now_v7())
    }
    fn new_leg(&mut self) -> LegId {
        self.gateway.new_leg_id()
    }
}

impl IdSource for LiveIds {
    fn queue_entry(&mut self) -> QueueEntryId {
        QueueEntryId::from_uuid(Uuid::now_v7())
    }
    fn leg(&mut self) -> (LegId, LogLegId) {
        (self.new_leg(), self.log_leg())
    }
    fn recording(&mut self) -> RecordingId {
        RecordingId::from_uuid(Uuid::now_v7())
    }
}
