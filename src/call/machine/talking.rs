//! Customer and agent hear each other: bridge, record, and what ends it.

use super::CallMachine;
use super::away::Away;
use super::helper::{Purpose, Stage};
use super::phase::{Ending, Line, Main, Phase, Ringing, Talking};
use super::sound::{Joined, Sound};
use crate::call::control::Who;
use crate::call::port::{IdSource, LegCommand};
use ivr_flows::FlowInput;
use router::event::TalkChange;
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
        let Some((ringing, others, line)) = self.winner(offer) else {
            return self.accepted_too_late(agent);
        };
        self.taken_elsewhere(&others);
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
        let recording = self.talk_recording(ringing.record, ringing.leg, ids);
        self.history.connected = true;
        self.phase = Phase::Talking(Talking {
            main: Some(Main {
                who: Who::Agent(agent),
                leg: ringing.leg,
                log_leg: ringing.log_leg,
                called_in: false,
                holds: false,
            }),
            line,
            recording,
            held: false,
            away: None,
            help: false,
            helpers: Vec::new(),
            sound: Sound {
                joined: Joined::Pair(customer, ringing.leg),
                ..Sound::default()
            },
            pause: None,
            recorded: vec![ringing.leg],
        });
        self.drive_flow(FlowInput::AgentConnected, now, ids);
    }

    /// The phone that has the caller, the others that ring for the same one, and the line.
    fn winner(&mut self, offer: OfferId) -> Option<(Ringing, Vec<Ringing>, Line)> {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return None;
        };
        let mut ringing = waiting.ringing.iter();
        let place = ringing.position(|phone| phone.offer == offer)?;
        let winner = waiting.ringing.swap_remove(place);
        let others = std::mem::take(&mut waiting.ringing);
        Some((winner, others, waiting.line.clone()))
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

    /// The leg of the agent who has the call.
    pub(super) fn talks_with(&self, leg: LegId) -> bool {
        matches!(&self.phase, Phase::Talking(Talking { main: Some(main), .. }) if main.leg == leg)
    }

    /// The agent is out of the call: by hanging up (`ended`), or sent out. A colleague who was called in gets the
    /// customer; else the flow goes on.
    pub(super) fn agent_leaves(
        &mut self,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let Some(talking) = self.talk() else { return };
        let colleague = talking.colleague().map(|one| (one.leg, one.stage));
        match colleague {
            Some((leg, Stage::Talks | Stage::Merged)) => {
                let main = talking.main.take();
                self.out_of_the_call(main, ended);
                self.has_the_customer(leg, TalkChange::Transferred);
            }
            Some((_, Stage::Rings)) => {
                if let Some(colleague) = talking.colleague_mut() {
                    colleague.purpose = Purpose::Transfer;
                }
                let main = talking.main.take();
                self.out_of_the_call(main, ended);
            }
            None => {
                self.talk_ends(ended);
                self.history.agent_left_last = true;
                self.drive_flow(FlowInput::AgentLeft, now, ids);
            }
        }
    }

    fn out_of_the_call(
        &mut self,
        main: Option<Main>,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
    ) {
        let Some(main) = main else { return };
        match ended {
            Some((cause, quality)) => self.log_leg_ended(main.log_leg, cause, quality),
            None => self.close_agent_leg(main.leg, main.log_leg, None),
        }
        self.agent_is_free(main);
    }

    /// The same, whose phone may be gone already.
    pub(super) fn main_leaves(
        &mut self,
        main: Option<Main>,
        away: Option<Away>,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
    ) {
        match (main, away) {
            (Some(main), Some(away)) => {
                self.rings_no_more(away);
                self.agent_is_free(main);
            }
            (main, _) => self.out_of_the_call(main, ended),
        }
    }

    /// Nobody talks with the customer any more, who is in the flow from here on.
    pub(super) fn talk_ends(&mut self, ended: Option<(LegEndCause, Option<MediaQuality>)>) {
        let Phase::Talking(talking) = std::mem::replace(&mut self.phase, Phase::InFlow) else {
            return;
        };
        let customer = self.customer.leg;
        self.leg(LegCommand::Unbridge(customer));
        if talking.pause.is_some() {
            self.leg(LegCommand::StopPlay(customer));
        }
        self.talk_over(talking, ended);
    }

    /// Stops the recording, ends every leg but the customer's, sends the agents into wrap-up.
    pub(super) fn talk_over(
        &mut self,
        talking: Talking,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
    ) {
        let interaction = self.setup.interaction;
        self.help_ends_with(&talking);
        if talking.pause.is_some() {
            self.log(Event::TalkResumed {
                interaction,
                recording: talking.recording,
            });
        }
        if let Some(recording) = talking.recording {
            self.leg(LegCommand::StopRecording(recording));
        }
        self.main_leaves(talking.main, talking.away, ended);
        for helper in talking.helpers {
            self.release_helper(&helper, None);
        }
    }

    /// A joined leg has been silent for too long: nobody is there. An agent who is not alone with the customer just
    /// leaves; another's phone may come back.
    pub(super) fn media_lost(&mut self, leg: LegId, now: Timestamp, ids: &mut dyn IdSource) {
        let is_agent = leg != self.customer.leg;
        let Some(talking) = self.talk() else {
            // A caller's page that was closed, in the menus or a queue.
            if !is_agent {
                self.end_from_our_side(EndCause::Customer, now);
            }
            return;
        };
        if is_agent && talking.colleague().is_some() {
            self.agent_leaves(None, now, ids);
        } else if is_agent {
            self.agent_lost(now, ids);
        } else {
            self.end_from_our_side(EndCause::MediaLost, now);
        }
    }
}
