//! Log-in, log-out, not ready, and the phone's coming and going.
//!
//! **Owns**: these rows of the agent table, by source state. **Must not**: know calls beyond the open offer.

use super::Distributor;
use super::agent::{Clock, State};
use crate::agent::Wanted;
use crate::id::AgentId;
use crate::outcome::OfferOutcome;

impl Distributor {
    /// The first registration, or one after the phone was gone. A refresh is never told, so it undoes nothing.
    pub(super) fn phone_registered(&mut self, id: AgentId) {
        let screenless = self.is_screenless(id);
        let now = self.world.now;
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        record.registered = true;
        record.signed_off = false;
        match &record.state {
            State::Offline if screenless => self.enter_available(id, Clock::Restart),
            State::NotReady(pause) if record.state.is_device_lost() => {
                let soon = pause.keep_clock_until.is_some_and(|until| now <= until);
                let clock = if soon { Clock::Keep } else { Clock::Restart };
                self.enter_available(id, clock);
            }
            State::Offline
            | State::Available
            | State::Offered { .. }
            | State::Serving { .. }
            | State::OwnCall { .. }
            | State::WrapUp(_)
            | State::NotReady(_) => {}
        }
    }

    /// The last registration ended: lost, or taken back by the phone itself.
    pub(super) fn phone_gone(&mut self, id: AgentId, by_agent: bool) {
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        record.registered = false;
        record.signed_off = by_agent;
        match record.state {
            State::Offline => {}
            State::Available => self.enter_phoneless(id, by_agent),
            State::Offered { offer, .. } => {
                self.revoke(offer, OfferOutcome::Unreachable);
                self.enter_phoneless(id, by_agent);
            }
            // Takes effect when the work is done: see `enter_available`.
            State::Serving { .. } | State::OwnCall { .. } | State::WrapUp(_) => {}
            State::NotReady(_) if by_agent => self.enter(id, State::Offline, Clock::Keep),
            State::NotReady(_) => {}
        }
    }

    fn enter_phoneless(&mut self, id: AgentId, by_agent: bool) {
        if by_agent {
            self.enter(id, State::Offline, Clock::Keep);
        } else {
            self.enter_device_lost(id, Clock::Keep);
        }
    }

    /// An agent or a supervisor asks for a state.
    pub(super) fn set_state(&mut self, id: AgentId, wanted: Wanted) {
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        match &record.state {
            State::Serving { .. } | State::OwnCall { .. } => record.next = Some(wanted),
            State::Offered { offer, .. } => {
                if wanted != Wanted::Available {
                    let offer = *offer;
                    self.revoke(offer, OfferOutcome::Revoked);
                    self.enter_wanted(id, wanted);
                }
            }
            State::WrapUp(work) => {
                let interaction = work.interaction;
                record.next = None;
                self.log_wrap_up_ended(id, interaction);
                self.enter_wanted(id, wanted);
            }
            State::Available | State::Offline | State::NotReady(_) => {
                if !already(&record.state, record.registered, &wanted) {
                    self.enter_wanted(id, wanted);
                }
            }
        }
    }

    /// A desk phone without a screen: registered means available.
    pub(super) fn is_screenless(&self, id: AgentId) -> bool {
        self.world
            .company
            .agents
            .get(&id)
            .is_some_and(|agent| agent.ready_on_register)
    }
}

/// Whether asking changes nothing: asked twice, or ready asked for without a phone.
fn already(state: &State, registered: bool, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Available => *state == State::Available || (state.is_device_lost() && !registered),
        Wanted::NotReady { reason } => state.reason() == Some(reason),
        Wanted::Offline => *state == State::Offline,
    }
}
