//! An agent whose phone is gone without a word, and may come back: a page that is loaded again, a browser that died.
//!
//! **Owns**: how long the customer waits for it, and the leg that rings it then. The same agent is rung first; one who
//! stays away sends the customer to the front of the queue. **Must not know**: how it is found out that a phone is gone
//! (the gateway), when it is back (the Distributor's task).

use super::CallMachine;
use super::SILENT_PHONE;
use super::ringing::leg_ended;
use super::sound::Fill;
use crate::call::control::Who;
use crate::call::phone_call::PhoneAsk;
use crate::call::port::{IdSource, LegCommand};
use router::event::TalkChange;
use router::id::{AgentId, LegId as LogLegId};
use router::{Event, Timestamp};
use sip_gateway::leg::{LegEndCause, LegEvent, LegId, PlayId};
use sip_gateway::media::port::MediaQuality;
use std::time::Duration;

/// How long the customer waits for the phone.
const COMES_BACK: Duration = Duration::from_secs(20);
/// A phone that is back at the last moment rings so long all the same.
const RINGS: Duration = Duration::from_secs(10);
/// Between two tries to ring it.
const AGAIN: Duration = Duration::from_secs(1);
/// What the customer is told: this file of the prompts folder, else our own words.
pub(super) const PROMPT: &str = crate::speech::RECONNECTING;
/// Names its playing; the interpreter counts its own from 0.
pub(super) const ONE_MOMENT: PlayId = PlayId(u64::MAX - 1);

/// An agent whose phone is waited for.
#[derive(Debug)]
pub(super) struct Away {
    agent: AgentId,
    /// When the customer has waited long enough.
    until: Timestamp,
    /// The customer has been told to wait.
    told: bool,
    ringing: Option<Returning>,
    /// When to ask for the phone again.
    again: Option<Timestamp>,
}

/// The phone that rings again.
#[derive(Debug)]
struct Returning {
    extension: String,
    leg: LegId,
    log_leg: LogLegId,
    /// The agent, until the log has heard of the leg.
    unlogged: Option<Who>,
    /// A provisional answer came: the phone is there.
    heard: bool,
    silent_at: Timestamp,
    until: Timestamp,
}

impl Returning {
    fn deadline(&self) -> Timestamp {
        if self.heard {
            self.until
        } else {
            self.until.min(self.silent_at)
        }
    }
}

impl Away {
    /// What the customer hears meanwhile.
    pub(super) const fn fill(&self) -> Fill {
        if self.told {
            Fill::Music
        } else {
            Fill::OneMoment
        }
    }

    /// Whose phone it is.
    pub(super) const fn agent(&self) -> AgentId {
        self.agent
    }

    /// The leg that rings.
    pub(super) fn leg(&self) -> Option<LegId> {
        self.ringing.as_ref().map(|ringing| ringing.leg)
    }

    fn deadline(&self) -> Timestamp {
        match (&self.ringing, self.again) {
            (Some(ringing), _) => ringing.deadline(),
            (None, Some(again)) => again.min(self.until),
            (None, None) => self.until,
        }
    }
}

impl CallMachine {
    /// The phone of the agent who is alone with the customer is gone. A supervisor who is no agent and took the call
    /// over is not waited for.
    pub(super) fn agent_lost(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        let Some(talking) = self.talk() else { return };
        let Some(main) = talking.main.filter(|_| talking.away.is_none()) else {
            return;
        };
        let Who::Agent(agent) = main.who else {
            self.changed_by(TalkChange::AgentLost, main.who, main.log_leg);
            return self.back_to_the_line(now, ids);
        };
        talking.away = Some(Away {
            agent,
            until: now + COMES_BACK,
            told: false,
            ringing: None,
            again: None,
        });
        self.close_agent_leg(main.leg, main.log_leg, None);
        self.changed_by(TalkChange::AgentLost, main.who, main.log_leg);
        self.ask(PhoneAsk::Await { agent });
    }

    fn away(&mut self) -> Option<&mut Away> {
        self.talk()?.away.as_mut()
    }

    /// The words have been said, or cannot be heard: music from here on.
    pub(super) fn told_to_wait(&mut self, play: PlayId) {
        if let Some(away) = self.away().filter(|_| play == ONE_MOMENT) {
            away.told = true;
        }
    }

    /// There is a phone to ring.
    pub(super) fn agent_reachable(
        &mut self,
        agent: AgentId,
        extension: String,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let waits = |away: &mut Away| away.agent == agent && away.ringing.is_none();
        if !self.away().is_some_and(waits) {
            return;
        }
        let (leg, log_leg) = ids.leg();
        let interaction = self.setup.interaction;
        let (from_number, from_name) =
            (self.setup.caller_number.clone(), self.customer_name.clone());
        let Some(talking) = self.talk() else { return };
        let queue = talking.line.name.clone();
        if let Some(away) = &mut talking.away {
            away.again = None;
            away.ringing = Some(Returning {
                extension: extension.clone(),
                leg,
                log_leg,
                unlogged: Some(Who::Agent(agent)),
                heard: false,
                silent_at: now + SILENT_PHONE,
                until: away.until.max(now + RINGS),
            });
        }
        let header = |name: &str, value: String| (name.to_owned(), value);
        self.leg(LegCommand::Dial {
            leg,
            extension,
            from_number,
            from_name,
            headers: vec![
                header("X-Cordboard-Interaction", interaction.to_string()),
                header("X-Cordboard-Queue", queue),
                // The page answers it by itself: it was its own call.
                header("X-Cordboard-Purpose", "reconnect".to_owned()),
            ],
        });
    }

    /// What happened on the leg that rings the phone again; false when it is another.
    pub(super) fn away_event(
        &mut self,
        leg: LegId,
        event: &LegEvent,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) -> bool {
        let ringing = self.away().and_then(|away| away.ringing.as_mut());
        let Some(ringing) = ringing.filter(|ringing| ringing.leg == leg) else {
            return false;
        };
        match event {
            LegEvent::Dialled { sip_call_id } => {
                let (log_leg, unlogged) = (ringing.log_leg, ringing.unlogged.take());
                if let Some(who) = unlogged {
                    self.log_leg_started(log_leg, who, sip_call_id.clone());
                }
            }
            LegEvent::Progress { .. } | LegEvent::EarlyMedia => ringing.heard = true,
            LegEvent::Answered => self.agent_is_back(),
            LegEvent::Ended { cause, quality } => {
                self.not_back(Some((*cause, quality.clone())), now, ids);
            }
            LegEvent::MediaLost
            | LegEvent::Key(_)
            | LegEvent::PlayEnded { .. }
            | LegEvent::MediaStarted
            | LegEvent::Holds(_)
            | LegEvent::Confirmed => {}
        }
        true
    }

    fn agent_is_back(&mut self) {
        let Some(talking) = self.talk() else { return };
        let Some(Away {
            agent,
            ringing: Some(ringing),
            ..
        }) = talking.away.take()
        else {
            return;
        };
        if let Some(main) = &mut talking.main {
            (main.leg, main.log_leg, main.holds) = (ringing.leg, ringing.log_leg, false);
        }
        self.log_unlogged(ringing.log_leg, ringing.unlogged);
        self.changed_by(TalkChange::AgentBack, Who::Agent(agent), ringing.log_leg);
        self.log(Event::Connected {
            interaction: self.setup.interaction,
            agent,
            leg: ringing.log_leg,
        });
    }

    /// The phone did not take it: it is tried again as long as there is time, unless the agent declined.
    fn not_back(
        &mut self,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let Some(away) = self.away() else { return };
        let Some(ringing) = away.ringing.take() else {
            return;
        };
        let cause = ended.as_ref().map(|(cause, _)| *cause);
        away.again = Some(now + AGAIN);
        let time_is_up = now >= away.until || (cause.is_none() && ringing.heard);
        let unreachable = match cause {
            Some(cause) => matches!(
                cause,
                LegEndCause::Unreachable | LegEndCause::Timeout { silent: true }
            ),
            None => !ringing.heard,
        };
        match ended {
            Some((cause, quality)) => {
                self.log_unlogged(ringing.log_leg, ringing.unlogged);
                let interaction = self.setup.interaction;
                self.log(leg_ended(interaction, ringing.log_leg, cause, quality));
            }
            None => self.close_agent_leg(ringing.leg, ringing.log_leg, ringing.unlogged),
        }
        if unreachable {
            let extension = ringing.extension;
            self.leg(LegCommand::ForgetDevice { extension });
        }
        let declined = matches!(
            cause,
            Some(LegEndCause::Rejected(486 | 600 | 603) | LegEndCause::Bye)
        );
        if declined || time_is_up {
            self.stays_away(now, ids);
        }
    }

    fn stays_away(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        let main = self.talk().and_then(|talking| talking.main);
        if let Some(main) = main {
            self.changed_by(TalkChange::AgentStayedAway, main.who, main.log_leg);
        }
        self.back_to_the_line(now, ids);
    }

    /// The call goes on without it, or ends.
    pub(super) fn rings_no_more(&mut self, away: Away) {
        if let Some(ringing) = away.ringing {
            self.close_agent_leg(ringing.leg, ringing.log_leg, ringing.unlogged);
        }
    }

    pub(super) fn away_timer(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        let Some(away) = self.away().filter(|away| now >= away.deadline()) else {
            return;
        };
        if away.ringing.is_some() {
            return self.not_back(None, now, ids);
        }
        if now >= away.until {
            return self.stays_away(now, ids);
        }
        away.again = None;
        let agent = away.agent;
        self.ask(PhoneAsk::Await { agent });
    }

    pub(super) fn away_deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            super::phase::Phase::Talking(talking) => talking.away.as_ref().map(Away::deadline),
            _ => None,
        }
    }
}
