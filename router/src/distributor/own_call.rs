//! Calls of an agent's own, outbound or internal: busy for every queue, and back to where the agent came from.
//!
//! **Owns**: these transitions by source state. **Must not**: know whom the agent calls.

use super::Distributor;
use super::agent::{Before, Clock, State};
use crate::agent::Reason;
use crate::id::AgentId;
use crate::outcome::OfferOutcome;

impl Distributor {
    /// The agent's phone began a call.
    pub(super) fn own_call_started(&mut self, id: AgentId) {
        let Some(record) = self.world.agents.get(&id) else {
            return;
        };
        let before = match record.state.clone() {
            State::Offline => Before::Offline,
            State::Available => Before::Available,
            State::Offered { offer, .. } => {
                self.revoke(offer, OfferOutcome::Revoked);
                Before::Available
            }
            State::WrapUp(work) => Before::WrapUp(work),
            State::NotReady(pause) => Before::NotReady(pause),
            // A second line, or a consultation: the state holds already.
            State::Serving { .. } | State::OwnCall { .. } => return,
        };
        self.enter(id, State::OwnCall { before }, Clock::Keep);
    }

    /// That call ended.
    pub(super) fn own_call_ended(&mut self, id: AgentId) {
        let keeps = self.world.company.settings.outbound_keeps_idle;
        let Some(record) = self.world.agents.get(&id) else {
            return;
        };
        let State::OwnCall { before } = record.state.clone() else {
            return;
        };
        let asked = record.next.is_some();
        match before {
            // Work of the last caller comes before what was asked for.
            Before::WrapUp(work) => self.enter(id, State::WrapUp(work), Clock::Keep),
            Before::Available if keeps => self.after_work(id, Clock::Keep),
            Before::Available => self.after_work(id, Clock::Restart),
            Before::Offline | Before::NotReady(_) if asked => self.after_work(id, Clock::Restart),
            Before::NotReady(pause) if !record.signed_off => {
                let found = pause.reason == Reason::DeviceLost && record.registered;
                if found {
                    self.after_work(id, Clock::Restart);
                } else {
                    self.enter(id, State::NotReady(pause), Clock::Keep);
                }
            }
            Before::Offline | Before::NotReady(_) => self.enter(id, State::Offline, Clock::Keep),
        }
    }
}
