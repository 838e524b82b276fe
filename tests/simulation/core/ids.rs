//! New ids, counted, so that the same seed gives the same ones. **Owns**: [`Ids`]. **Must not know**: what they name.

use cordboard::call::port::IdSource;
use cordboard::call::registry::arrivals::ArrivalIds;
use router::id::{CustomerId, InteractionId, LegId as LogLegId, QueueEntryId, RecordingId};
use sip_gateway::leg::LegId;

/// New ids, counted.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    next: u64,
}

impl Ids {
    pub(super) const fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl ArrivalIds for Ids {
    fn interaction(&mut self) -> InteractionId {
        InteractionId::from_number(self.number())
    }
    fn customer(&mut self) -> CustomerId {
        CustomerId::from_number(self.number())
    }
    fn log_leg(&mut self) -> LogLegId {
        LogLegId::from_number(self.number())
    }
    fn new_leg(&mut self) -> LegId {
        LegId(2 * self.number())
    }
}

impl IdSource for Ids {
    fn queue_entry(&mut self) -> QueueEntryId {
        QueueEntryId::from_number(self.number())
    }
    fn leg(&mut self) -> (LegId, LogLegId) {
        (self.new_leg(), self.log_leg())
    }
    fn recording(&mut self) -> RecordingId {
        RecordingId::from_number(self.number())
    }
}
