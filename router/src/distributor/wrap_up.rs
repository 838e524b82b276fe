//! After-call work: none, timed, or open with a cap. One state per agent, so every queue honours it.
//!
//! **Owns**: its beginning, extension and end. **Must not**: know notes or codes that are written meanwhile.

use super::Distributor;
use super::agent::{AfterCall, Before, Clock, State};
use super::port::WrapUpView;
use crate::company::{self, WrapUp};
use crate::event::Event;
use crate::id::{AgentId, InteractionId, QueueId};
use crate::time::Timestamp;
use std::time::Duration;

impl Distributor {
    /// The agent's leg of a served call ended.
    pub(super) fn talk_ended(&mut self, id: AgentId, ended: InteractionId) {
        let Some(record) = self.world.agents.get(&id) else {
            return;
        };
        let State::Serving { interaction, queue } = record.state else {
            return;
        };
        if interaction == ended {
            self.begin_wrap_up(id, Some(interaction), queue);
        }
    }

    /// The queue of the call says how long; its edits count from here.
    pub(super) fn begin_wrap_up(
        &mut self,
        id: AgentId,
        interaction: Option<InteractionId>,
        queue: QueueId,
    ) {
        let Some(work) = self.after_call_of(interaction, queue) else {
            self.after_work(id, Clock::Restart);
            return;
        };
        self.enter(id, State::WrapUp(work), Clock::Keep);
        if let Some(interaction) = interaction {
            self.log(Event::WrapUpStarted {
                interaction,
                agent: id,
            });
        }
    }

    /// None when the queue asks for none, or is gone.
    pub(super) fn after_call_of(
        &self,
        interaction: Option<InteractionId>,
        id: QueueId,
    ) -> Option<AfterCall> {
        let queue = self.world.company.queues.get(&id)?;
        let now = self.world.now;
        let cap = now + queue.wrap_up_cap;
        let until: Timestamp = match queue.wrap_up {
            WrapUp::None => return None,
            WrapUp::Timed(length) if length.is_zero() => return None,
            WrapUp::Timed(length) => now + length,
            WrapUp::Open => cap,
        };
        Some(AfterCall {
            interaction,
            until,
            cap,
            queue: Some(id),
            open: queue.wrap_up == WrapUp::Open,
            extended: 0,
            clock: Clock::Restart,
        })
    }

    /// The agent is done, or time is.
    pub(super) fn end_wrap_up(&mut self, id: AgentId) {
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        match &mut record.state {
            State::WrapUp(work) => {
                let (interaction, clock) = (work.interaction, work.clock);
                self.log_wrap_up_ended(id, interaction);
                self.after_work(id, clock);
            }
            State::OwnCall { before, .. } => {
                let Before::WrapUp(work) = before else {
                    return;
                };
                let interaction = work.interaction;
                *before = Before::Available;
                self.log_wrap_up_ended(id, interaction);
            }
            State::Offline
            | State::Available
            | State::Offered { .. }
            | State::Serving { .. }
            | State::NotReady(_) => {}
        }
    }

    /// Longer by `by`, at most to the cap; never shorter than it is.
    pub(super) fn extend_wrap_up(&mut self, id: AgentId, by: Duration) {
        let Some(record) = self.world.agents.get_mut(&id) else {
            return;
        };
        let (State::WrapUp(work)
        | State::OwnCall {
            before: Before::WrapUp(work),
            ..
        }) = &mut record.state
        else {
            return;
        };
        let until = (work.until + by).min(work.cap.max(work.until));
        if until == work.until {
            return;
        }
        work.until = until;
        work.extended = work.extended.saturating_add(1);
        if let Some(interaction) = work.interaction {
            self.log(Event::WrapUpExtended {
                interaction,
                agent: id,
                until,
            });
        }
    }

    /// The after-call work that an agent does now, also behind a call of their own.
    #[must_use]
    pub fn wrap_up(&self, id: AgentId) -> Option<WrapUpView> {
        let record = self.world.agents.get(&id)?;
        let (State::WrapUp(work)
        | State::OwnCall {
            before: Before::WrapUp(work),
            ..
        }) = &record.state
        else {
            return None;
        };
        let rules = work
            .queue
            .and_then(|queue| self.world.company.queues.get(&queue));
        let (extend_by, extensions) = rules.map_or_else(
            || (company::extend_by(), company::extensions()),
            |rules| (rules.wrap_up_extend, rules.wrap_up_extensions),
        );
        let may_grow = !work.open && !extend_by.is_zero() && work.until < work.cap;
        Some(WrapUpView {
            interaction: work.interaction,
            queue: work.queue,
            ends_at: work.until,
            open: work.open,
            extend_by,
            extensions_left: if may_grow {
                extensions.saturating_sub(work.extended)
            } else {
                0
            },
        })
    }

    pub(super) fn log_wrap_up_ended(&mut self, id: AgentId, interaction: Option<InteractionId>) {
        if let Some(interaction) = interaction {
            self.log(Event::WrapUpEnded {
                interaction,
                agent: id,
            });
        }
    }
}
