//! What an offer that failed does to the agent it rang at.
//!
//! **Owns**: cooldown, `missed`, and the count of misses in a row. **Must not**: touch the caller (`offer.rs` does).

use super::Distributor;
use super::agent::{Clock, Pause, State};
use crate::agent::Reason;
use crate::event::Event;
use crate::id::AgentId;

/// The name under which the supervisor is told of an agent who misses too many in a row.
const MAX_MISSES: &str = "max_misses";

impl Distributor {
    /// Declined or not answered. A screenless phone cools down and returns by itself; an agent with a desk, and
    /// anybody at the last allowed miss in a row, returns by hand.
    pub(super) fn agent_missed(&mut self, id: AgentId) {
        let settings = &self.world.company.settings;
        let (limit, cooldown) = (settings.max_misses.max(1), settings.miss_cooldown);
        let screenless = self.is_screenless(id);
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        record.misses = record.misses.saturating_add(1);
        let too_many = record.misses >= limit;
        if too_many {
            // Counted anew, so that the agent who returns has the full number again.
            record.misses = 0;
        }
        let pause = if screenless && !too_many {
            Pause {
                reason: Reason::Cooldown,
                until: Some(self.world.now + cooldown),
                keep_clock_until: None,
            }
        } else {
            Pause::until_return(Reason::Missed)
        };
        self.enter(id, State::NotReady(pause), Clock::Keep);
        if too_many {
            self.log(Event::SupervisorTold {
                interaction: None,
                agent: Some(id),
                queue: None,
                what: MAX_MISSES.to_owned(),
            });
        }
    }

    /// The cooldown passed.
    pub(super) fn cooldown_ended(&mut self, id: AgentId) {
        self.enter_available(id, Clock::Restart);
    }
}
