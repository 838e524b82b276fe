//! Our own restart: agents come back as they were, except that no offer and no call survived.
//!
//! **Owns**: the restart row of the agent table. **Must not**: read a store; the driver hands the states in.

use super::Distributor;
use super::agent::{Clock, Pause, State};
use crate::agent::{AgentState, Reason};
use crate::event::Event;
use crate::id::{AgentId, InteractionId, QueueId};
use crate::time::Timestamp;

/// What the store had of one agent.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) state: AgentState,
    pub(super) reason: Option<Reason>,
    pub(super) idle_since: Timestamp,
    pub(super) interaction: Option<InteractionId>,
    pub(super) queue: Option<QueueId>,
}

impl Distributor {
    /// Counts only for an agent about whom nothing else was said yet. The log gets one line per agent who is
    /// logged in, also where the state is the same: the ready sequence is a new one in every epoch.
    pub(super) fn restore(&mut self, id: AgentId, stored: Stored, registered: bool) {
        let now = self.world.now;
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        if record.touched > 0 {
            return;
        }
        record.since = now;
        record.registered = registered;
        record.signed_off = false;
        self.counters.ready += 1;
        record.idle.since = stored.idle_since.min(now);
        record.idle.ready_seq = self.counters.ready;
        let logged_from = self.outputs.len();
        match stored.state {
            AgentState::Offline => {}
            #[cfg(test)]
            AgentState::Offered if self.world.has(super::planted::Planted::OfferLostInCrash) => {}
            // An own call of somebody who was offline.
            AgentState::OnCall if stored.reason == Some(Reason::SignedOff) => {
                self.enter(id, State::Offline, Clock::Keep);
            }
            AgentState::Available | AgentState::Offered => self.enter_available(id, Clock::Keep),
            // An own call of somebody who was not ready; no caller's call has a reason.
            AgentState::OnCall if stored.reason.is_some() => {
                self.restore_pause(id, stored.reason.clone(), registered);
            }
            AgentState::OnCall => self.restore_wrap_up(id, &stored, true),
            AgentState::WrapUp => self.restore_wrap_up(id, &stored, false),
            AgentState::NotReady => self.restore_pause(id, stored.reason.clone(), registered),
        }
        self.correct_origin(logged_from, &stored);
    }

    /// After a call that ended with us the work begins; work that had begun goes on, its time counted anew.
    fn restore_wrap_up(&mut self, id: AgentId, stored: &Stored, begins: bool) {
        let work = match (stored.queue, stored.interaction) {
            (Some(queue), interaction) => self.after_call_of(interaction, queue),
            // No caller of a queue: a call out.
            (None, Some(interaction)) => self.after_call_out(id, interaction),
            (None, None) => None,
        };
        let Some(work) = work else {
            if !begins {
                self.log_wrap_up_ended(id, stored.interaction);
            }
            self.enter_available(id, Clock::Restart);
            return;
        };
        self.enter(id, State::WrapUp(work), Clock::Keep);
        if let (true, Some(interaction)) = (begins, stored.interaction) {
            self.log(Event::WrapUpStarted {
                interaction,
                agent: id,
            });
        }
    }

    fn restore_pause(&mut self, id: AgentId, reason: Option<Reason>, registered: bool) {
        let cooldown = self.world.company.settings.miss_cooldown;
        let reason = reason.unwrap_or(Reason::Supervisor);
        // The phone came back while we were away: nobody would tell us again.
        if reason == Reason::DeviceLost && registered {
            self.enter_available(id, Clock::Restart);
            return;
        }
        let until = (reason == Reason::Cooldown).then(|| self.world.now + cooldown);
        let pause = Pause {
            until,
            ..Pause::until_return(reason)
        };
        self.enter(id, State::NotReady(pause), Clock::Keep);
    }

    /// The log goes on from the stored state, not from the `offline` in which a new Distributor begins.
    fn correct_origin(&mut self, logged_from: usize, stored: &Stored) {
        for output in self.outputs.iter_mut().skip(logged_from) {
            if let super::Output::Log(Event::AgentStateChanged {
                from, interaction, ..
            }) = output
            {
                *from = stored.state;
                *interaction = interaction.or(stored.interaction);
            }
        }
    }
}
