//! Customer and agent hear each other: bridge, record, and what ends it.

use super::CallMachine;
use super::phase::{Ending, Phase, Talking};
use crate::call::port::{IdSource, LegCommand};
use ivr_flows::FlowInput;
use router::id::{AgentId, OfferId};
use router::outcome::{EndCause, EntryOutcome};
use router::{Event, Input, Timestamp};
use sip_gateway::leg::{LegEndCause, LegId};
use sip_gateway::media::port::MediaQuality;

impl CallMachine {
    /// The answer counts. Its line goes into the log first, so that a crash right after the bridge leaves a talk; the
    /// line is not waited for, because music must yield at once. Making the recording's file may take a while.
    pub(super) fn offer_accepted(
        &mut self,
        offer: OfferId,
        agent: AgentId,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let ringing = match &mut self.phase {
            Phase::Waiting(waiting) => waiting.ringing.take_if(|ringing| ringing.offer == offer),
            _ => None,
        };
        let Some(ringing) = ringing else {
            return self.accepted_too_late(agent);
        };
        if ringing.gone {
            return self.left_at_once(agent, now, ids);
        }
        let customer = self.customer.leg;
        let interaction = self.setup.interaction;
        self.log(Event::Connected {
            interaction,
            agent,
            leg: ringing.log_leg,
        });
        self.leg(LegCommand::Bridge {
            customer,
            agent: ringing.leg,
        });
        let recording = ringing.record.then(|| ids.recording());
        if let Some(recording) = recording {
            self.history.recordings += 1;
            self.leg(LegCommand::StartRecording {
                recording,
                index: self.history.recordings,
                customer,
                agent: ringing.leg,
            });
        }
        self.history.connected = true;
        self.phase = Phase::Talking(Talking {
            agent,
            leg: ringing.leg,
            log_leg: ringing.log_leg,
            recording,
        });
        self.drive_flow(FlowInput::AgentConnected, now, ids);
    }

    /// The answer counted while our word that the caller left was on its way: the agent's leg is being ended already,
    /// so the agent goes into wrap-up. The Distributor counts the waiting as answered; the caller heard nobody, so the
    /// interaction does not.
    fn accepted_too_late(&mut self, agent: AgentId) {
        self.distribute(Input::TalkEnded {
            agent,
            interaction: self.setup.interaction,
        });
        if matches!(&self.phase, Phase::Ending(Ending { owed: Some(_), .. })) {
            self.waited_in_vain();
            self.say_ended();
        }
    }

    /// The answer counted and the agent has hung up already: nobody was heard, the flow goes on as after any talk
    /// that the agent ended.
    fn left_at_once(&mut self, agent: AgentId, now: Timestamp, ids: &mut dyn IdSource) {
        self.distribute(Input::TalkEnded {
            agent,
            interaction: self.setup.interaction,
        });
        self.history.last_entry = Some(EntryOutcome::Answered);
        self.history.agent_left_last = true;
        self.phase = Phase::InFlow;
        self.leg(LegCommand::StopPlay(self.customer.leg));
        self.drive_flow(FlowInput::AgentConnected, now, ids);
        self.drive_flow(FlowInput::AgentLeft, now, ids);
    }

    pub(super) fn talks_with(&self, leg: LegId) -> bool {
        matches!(&self.phase, Phase::Talking(talking) if talking.leg == leg)
    }

    /// The agent left first: the flow goes on for the customer.
    pub(super) fn agent_hung_up(
        &mut self,
        cause: LegEndCause,
        quality: Option<MediaQuality>,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let Phase::Talking(talking) = std::mem::replace(&mut self.phase, Phase::InFlow) else {
            return;
        };
        self.leg(LegCommand::Unbridge(self.customer.leg));
        self.talk_over(&talking);
        self.log_leg_ended(talking.log_leg, cause, quality);
        self.history.agent_left_last = true;
        self.drive_flow(FlowInput::AgentLeft, now, ids);
    }

    /// Stops the recording and sends the agent into wrap-up.
    pub(super) fn talk_over(&mut self, talking: &Talking) {
        if let Some(recording) = talking.recording {
            self.leg(LegCommand::StopRecording(recording));
        }
        self.distribute(Input::TalkEnded {
            agent: talking.agent,
            interaction: self.setup.interaction,
        });
    }

    /// A bridged leg has been silent for too long: nobody is there.
    pub(super) fn media_lost(&mut self, now: Timestamp) {
        if matches!(self.phase, Phase::Talking(_)) {
            self.end_from_our_side(EndCause::MediaLost, now);
        }
    }
}
