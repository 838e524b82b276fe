//! Calls of an agent's own, outbound or internal: busy for every queue, and back to where the agent came from.
//!
//! **Owns**: these transitions by source state. **Must not**: know whom the agent calls.

use super::Distributor;
use super::agent::{AfterCall, Before, Clock, State};
use crate::agent::Reason;
use crate::company::WrapUp;
use crate::event::Event;
use crate::id::{AgentId, InteractionId};
use crate::outcome::OfferOutcome;
use std::time::Duration;

/// The longest after-call work of an agent without queues.
const CAP: Duration = Duration::from_secs(600);

impl Distributor {
    /// The agent's phone began a call; one to the outside is an interaction.
    pub(super) fn own_call_started(&mut self, id: AgentId, interaction: Option<InteractionId>) {
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
        let to = State::OwnCall {
            before,
            interaction,
        };
        self.enter(id, to, Clock::Keep);
    }

    /// That call ended; a call out that was answered (`talked`) is followed by after-call work as a caller's is. Who
    /// was not ready or offline goes back to that: nobody offers them anything.
    pub(super) fn own_call_ended(&mut self, id: AgentId, talked: Option<InteractionId>) {
        let keeps = self.world.company.settings.outbound_keeps_idle;
        let Some(record) = self.world.agents.get(&id) else {
            return;
        };
        let State::OwnCall { before, .. } = record.state.clone() else {
            return;
        };
        let asked = record.next.is_some();
        let work = talked.and_then(|interaction| self.after_call_out(id, interaction));
        let Some(record) = self.world.agents.get(&id) else {
            return;
        };
        match before {
            // Work of the last caller comes before what was asked for.
            Before::WrapUp(work) => self.enter(id, State::WrapUp(work), Clock::Keep),
            Before::Available if let Some(work) = work => {
                let interaction = work.interaction;
                self.enter(id, State::WrapUp(work), Clock::Keep);
                if let Some(interaction) = interaction {
                    self.log(Event::WrapUpStarted {
                        interaction,
                        agent: id,
                    });
                }
            }
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

    /// The company's length, else the longest of the agent's queues. None when there is none.
    pub(super) fn after_call_out(
        &self,
        id: AgentId,
        interaction: InteractionId,
    ) -> Option<AfterCall> {
        let company = &self.world.company;
        let queues = company.agents.get(&id)?.queues.keys();
        let queues = queues.filter_map(|queue| company.queues.get(queue));
        let cap = queues.clone().map(|queue| queue.wrap_up_cap).max();
        let cap = cap.unwrap_or(CAP);
        let length = match company.settings.outbound_wrap_up {
            Some(wanted) => length(wanted, cap),
            None => queues
                .map(|queue| length(queue.wrap_up, queue.wrap_up_cap))
                .max()?,
        };
        let clock = if company.settings.outbound_keeps_idle {
            Clock::Keep
        } else {
            Clock::Restart
        };
        let now = self.world.now;
        (!length.is_zero()).then(|| AfterCall {
            interaction: Some(interaction),
            until: now + length,
            cap: now + cap,
            queue: None,
            open: false,
            extended: 0,
            clock,
        })
    }
}

const fn length(wrap_up: WrapUp, cap: Duration) -> Duration {
    match wrap_up {
        WrapUp::None => Duration::ZERO,
        WrapUp::Timed(length) => length,
        WrapUp::Open => cap,
    }
}
