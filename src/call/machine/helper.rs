//! Colleagues and supervisors who are called in: asked for at the Distributor, rung, answered, gone.
//!
//! **Owns**: their legs, and that each whom the Distributor made busy is free again. **Must not know**: what everybody
//! hears meanwhile (`sound.rs`).

use super::phase::{Main, Phase, Talking};
use super::ringing::leg_ended;
use super::{CallMachine, SILENT_PHONE};
use crate::call::control::{CalledIn, ControlId, MonitorMode, Refused, Who};
use crate::call::phone_call::{PhoneAnswer, PhoneAsk};
use crate::call::port::{CallOutput, IdSource, LegCommand};
use router::event::TalkChange;
use router::id::{LegId as LogLegId, QueueId};
use router::{Event, Private, Timestamp};
use sip_gateway::leg::{LegEndCause, LegEvent, LegId};
use sip_gateway::media::port::MediaQuality;
use std::time::Duration;

/// How long the phone of one who is called in rings.
const RINGS: Duration = Duration::from_secs(20);
/// Supervisors who hear one call at most.
const SUPERVISORS: usize = 3;

/// Why somebody is called in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Transfer,
    Consult,
    Monitor(MonitorMode),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Rings,
    /// Answered: a colleague talks with the agent, a supervisor hears the call.
    Talks,
    /// Customer, agent and colleague hear each other.
    Merged,
}

/// The Distributor is asked whether they are free.
#[derive(Debug)]
pub(super) struct Asked {
    id: ControlId,
    purpose: Purpose,
    called: CalledIn,
    /// For the colleague.
    notes: Option<Private<String>>,
}

/// One who was called in.
#[derive(Clone, Debug)]
pub(super) struct Helper {
    pub(super) who: Who,
    phone: String,
    pub(super) leg: LegId,
    pub(super) log_leg: LogLegId,
    /// The log has not heard of the leg.
    pub(super) unlogged: Option<Who>,
    pub(super) purpose: Purpose,
    pub(super) stage: Stage,
    /// A provisional answer came: the phone is there.
    heard: bool,
    silent_at: Timestamp,
    until: Timestamp,
}

impl Talking {
    /// The one who is to take the customer or is consulted.
    pub(super) fn colleague(&self) -> Option<&Helper> {
        let of_agent = |helper: &&Helper| !matches!(helper.purpose, Purpose::Monitor(_));
        self.helpers.iter().find(of_agent)
    }

    pub(super) fn colleague_mut(&mut self) -> Option<&mut Helper> {
        let of_agent = |helper: &&mut Helper| !matches!(helper.purpose, Purpose::Monitor(_));
        self.helpers.iter_mut().find(of_agent)
    }

    pub(super) fn take_helper(&mut self, leg: LegId) -> Option<Helper> {
        let place = self.helpers.iter().position(|helper| helper.leg == leg)?;
        Some(self.helpers.remove(place))
    }
}

impl CallMachine {
    pub(super) fn talk(&mut self) -> Option<&mut Talking> {
        match &mut self.phase {
            Phase::Talking(talking) => Some(talking),
            _ => None,
        }
    }

    pub(super) fn ask(&mut self, ask: PhoneAsk) {
        self.outputs.push_back(CallOutput::Ask(ask));
    }

    pub(super) fn answer_control(&mut self, id: ControlId, result: Result<(), Refused>) {
        self.outputs.push_back(CallOutput::Answer { id, result });
    }

    /// Who talks changed, by one who was called in, or by a queue that the customer was sent to. The leg of a supervisor
    /// who is no agent is named: it tells whose it was.
    pub(super) fn changed(
        &mut self,
        change: TalkChange,
        about: Option<(Who, LogLegId)>,
        queue: Option<QueueId>,
    ) {
        let main = self.talk().and_then(|talking| talking.main);
        let user = about.and_then(|(who, _)| who.user());
        self.log(Event::TalkChanged {
            interaction: self.setup.interaction,
            change,
            agent: about.and_then(|(who, _)| who.agent()),
            by: main.and_then(|main| main.who.agent()),
            queue,
            user,
            leg: about.filter(|_| user.is_some()).map(|(_, leg)| leg),
        });
    }

    pub(super) fn changed_by(&mut self, change: TalkChange, who: Who, leg: LogLegId) {
        self.changed(change, Some((who, leg)), None);
    }

    fn release(&mut self, who: Who) {
        self.ask(match who {
            Who::Agent(agent) => PhoneAsk::Release { agent },
            Who::User(user) => PhoneAsk::ReleaseUser { user },
        });
    }

    /// First the Distributor says whether they are free, and makes them busy in the same step.
    pub(super) fn call_in(
        &mut self,
        id: ControlId,
        purpose: Purpose,
        called: CalledIn,
        notes: Option<Private<String>>,
    ) {
        let of_supervisor = matches!(purpose, Purpose::Monitor(_));
        let supervisors = self.talk().map_or(0, |talking| {
            let monitors = |helper: &&Helper| matches!(helper.purpose, Purpose::Monitor(_));
            talking.helpers.iter().filter(monitors).count()
        });
        if of_supervisor && supervisors >= SUPERVISORS {
            return self.answer_control(id, Err(Refused::TooMany));
        }
        if !of_supervisor && self.is_asking_for_an_agent() {
            return self.answer_control(id, Err(Refused::ColleagueCalled));
        }
        let ask = match called.who {
            Who::Agent(agent) => PhoneAsk::Reserve {
                agent,
                even_offline: of_supervisor,
            },
            Who::User(user) => PhoneAsk::ReserveUser {
                user,
                phone: called.phone.clone(),
            },
        };
        self.asked.push_back(Asked {
            id,
            purpose,
            called,
            notes,
        });
        self.ask(ask);
    }

    /// The Distributor's word; in the order of the questions.
    pub(super) fn reserved(&mut self, answer: PhoneAnswer, now: Timestamp, ids: &mut dyn IdSource) {
        let Some(asked) = self.asked.pop_front() else {
            return self.dial_reserved(answer, now, ids);
        };
        let who = asked.called.who;
        let result = match (answer, who) {
            (PhoneAnswer::Busy, Who::Agent(_)) => Err(Refused::Busy),
            (PhoneAnswer::Busy, Who::User(_)) => Err(Refused::SupervisorBusy),
            (PhoneAnswer::Unreachable | PhoneAnswer::NothingChanged, Who::Agent(_)) => {
                Err(Refused::Unreachable)
            }
            (PhoneAnswer::Unreachable | PhoneAnswer::NothingChanged, Who::User(_)) => {
                Err(Refused::NoPhone)
            }
            (PhoneAnswer::Done, _) => self.still_wanted(asked.purpose),
        };
        self.answer_control(asked.id, result);
        match (answer, result) {
            (PhoneAnswer::Done, Ok(())) => {
                self.out_of_the_line(now, ids);
                self.hand_on(asked.notes);
                self.ring_in(asked.purpose, asked.called, now, ids);
            }
            (PhoneAnswer::Done, Err(_)) => self.release(who),
            _ => {}
        }
    }

    /// Somebody who is to take the customer, or to be consulted, was asked for and not answered yet.
    pub(super) fn is_asking_for_an_agent(&self) -> bool {
        let of_agent = |asked: &Asked| !matches!(asked.purpose, Purpose::Monitor(_));
        self.asked.iter().any(of_agent)
    }

    fn still_wanted(&mut self, purpose: Purpose) -> Result<(), Refused> {
        if let (Phase::Waiting(waiting), Purpose::Transfer) = (&self.phase, purpose) {
            let answers = waiting.is_being_answered();
            return if answers {
                Err(Refused::BeingAnswered)
            } else {
                Ok(())
            };
        }
        let talking = self.talk().ok_or(Refused::NoTalk)?;
        if talking.main.is_none() {
            return Err(Refused::NoTalk);
        }
        let taken = talking.colleague().is_some() && !matches!(purpose, Purpose::Monitor(_));
        if taken {
            return Err(Refused::ColleagueCalled);
        }
        if talking.away.is_some() && !matches!(purpose, Purpose::Monitor(_)) {
            return Err(Refused::AgentAway);
        }
        Ok(())
    }

    fn ring_in(
        &mut self,
        purpose: Purpose,
        called: CalledIn,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let (leg, log_leg) = ids.leg();
        // What the page of a phone in a browser answers by itself.
        let (change, why) = match purpose {
            Purpose::Transfer => (
                TalkChange::TransferBegan,
                ("X-Cordboard-Purpose", "transfer"),
            ),
            Purpose::Consult => (TalkChange::ConsultBegan, ("X-Cordboard-Purpose", "consult")),
            Purpose::Monitor(mode) => (
                TalkChange::MonitorBegan,
                ("X-Cordboard-Monitor", mode.as_str()),
            ),
        };
        self.changed_by(change, called.who, log_leg);
        let interaction = self.setup.interaction;
        let (from_number, from_name) =
            (self.setup.caller_number.clone(), self.customer_name.clone());
        let Some(talking) = self.talk() else { return };
        talking.helpers.push(Helper {
            who: called.who,
            phone: called.phone.clone(),
            leg,
            log_leg,
            unlogged: Some(called.who),
            purpose,
            stage: Stage::Rings,
            heard: false,
            silent_at: now + SILENT_PHONE,
            until: now + RINGS,
        });
        let queue = talking.line.name.clone();
        let header = |name: &str, value: String| (name.to_owned(), value);
        self.leg(LegCommand::Dial {
            leg,
            extension: called.phone,
            from_number,
            from_name,
            headers: vec![
                header("X-Cordboard-Interaction", interaction.to_string()),
                header("X-Cordboard-Queue", queue),
                header(why.0, why.1.to_owned()),
            ],
        });
    }

    fn helper_at(&mut self, leg: LegId) -> Option<&mut Helper> {
        let talking = self.talk()?;
        talking.helpers.iter_mut().find(|helper| helper.leg == leg)
    }

    /// What happened on a helper's leg; false when it is none's.
    pub(super) fn helper_event(
        &mut self,
        leg: LegId,
        event: &LegEvent,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) -> bool {
        let Some(helper) = self.helper_at(leg) else {
            return false;
        };
        match event {
            LegEvent::Dialled { sip_call_id } => {
                let (log_leg, unlogged) = (helper.log_leg, helper.unlogged.take());
                if let Some(who) = unlogged {
                    self.log_leg_started(log_leg, who, sip_call_id.clone());
                }
            }
            LegEvent::Progress { .. } | LegEvent::EarlyMedia => helper.heard = true,
            LegEvent::Answered => {
                helper.heard = true;
                self.helper_answered(leg, ids);
            }
            LegEvent::MediaLost => self.helper_leaves(leg, None, now, ids),
            LegEvent::Ended { cause, quality } => {
                self.helper_leaves(leg, Some((*cause, quality.clone())), now, ids);
            }
            LegEvent::Key(_)
            | LegEvent::PlayEnded { .. }
            | LegEvent::MediaStarted
            | LegEvent::Holds(_)
            | LegEvent::Confirmed => {}
        }
        true
    }

    fn helper_answered(&mut self, leg: LegId, ids: &mut dyn IdSource) {
        let Some(helper) = self.helper_at(leg) else {
            return;
        };
        helper.stage = Stage::Talks;
        let (who, log_leg, purpose) = (helper.who, helper.log_leg, helper.purpose);
        if let Some(agent) = who.agent() {
            self.ask(PhoneAsk::Talked { agent });
        }
        match purpose {
            Purpose::Transfer => {
                self.has_the_customer(leg, TalkChange::Transferred);
                self.pulled(leg, ids);
            }
            Purpose::Consult => self.changed_by(TalkChange::ConsultAnswered, who, log_leg),
            Purpose::Monitor(MonitorMode::TakeOver) => {
                self.has_the_customer(leg, TalkChange::TookOver);
            }
            Purpose::Monitor(mode) => self.changed_by(heard_as(mode), who, log_leg),
        }
        if matches!(purpose, Purpose::Monitor(_)) {
            self.help_has_come(who, log_leg);
        }
    }

    /// One who was called in has the call from here on; whoever had it is out.
    pub(super) fn has_the_customer(&mut self, leg: LegId, change: TalkChange) {
        let Some(helper) = self.talk().and_then(|talking| talking.take_helper(leg)) else {
            return;
        };
        if change == TalkChange::TookOver {
            self.help_has_come(helper.who, helper.log_leg);
        }
        self.help_is_over();
        self.changed_by(change, helper.who, helper.log_leg);
        let Some(talking) = self.talk() else { return };
        talking.held = false;
        let away = talking.away.take();
        let before = talking.main.replace(Main {
            who: helper.who,
            leg: helper.leg,
            log_leg: helper.log_leg,
            called_in: true,
            holds: false,
        });
        let interaction = self.setup.interaction;
        // Of a supervisor who is no agent, the change itself says that they have the customer.
        if let Some(agent) = helper.who.agent().filter(|_| helper.stage != Stage::Merged) {
            self.log(Event::Connected {
                interaction,
                agent,
                leg: helper.log_leg,
            });
        }
        self.main_leaves(before, away, None);
    }

    /// The Distributor may send the agent into after-call work.
    pub(super) fn agent_is_free(&mut self, main: Main) {
        match main.who {
            Who::Agent(agent) if !main.called_in => {
                let interaction = self.setup.interaction;
                self.distribute(router::Input::TalkEnded { agent, interaction });
            }
            who => self.release(who),
        }
    }

    /// One who was called in is gone, does not answer, or is sent away: `ended` when the leg is over already.
    pub(super) fn helper_leaves(
        &mut self,
        leg: LegId,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let Some(helper) = self.talk().and_then(|talking| talking.take_helper(leg)) else {
            return;
        };
        let unreachable = match &ended {
            Some((cause, _)) => {
                matches!(
                    cause,
                    LegEndCause::Unreachable | LegEndCause::Timeout { silent: true }
                )
            }
            None => !helper.heard && now >= helper.silent_at,
        };
        self.release_helper(&helper, ended);
        if unreachable && helper.stage == Stage::Rings {
            self.leg(LegCommand::ForgetDevice {
                extension: helper.phone,
            });
        }
        let change = match helper.purpose {
            Purpose::Transfer => TalkChange::TransferFailed,
            Purpose::Consult => TalkChange::ConsultEnded,
            Purpose::Monitor(_) => TalkChange::MonitorEnded,
        };
        self.changed_by(change, helper.who, helper.log_leg);
        let Some(talking) = self.talk() else { return };
        match helper.purpose {
            Purpose::Monitor(_) => {}
            // The customer goes on waiting until the agent is back from the consultation.
            Purpose::Consult if helper.stage != Stage::Merged => talking.held = true,
            _ if talking.main.is_none() => self.back_to_the_line(now, ids),
            _ => {}
        }
    }

    /// Its leg ends, its agent is free.
    pub(super) fn release_helper(
        &mut self,
        helper: &Helper,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
    ) {
        match ended {
            Some((cause, quality)) => {
                self.log_unlogged(helper.log_leg, helper.unlogged);
                let interaction = self.setup.interaction;
                self.log(leg_ended(interaction, helper.log_leg, cause, quality));
            }
            None => self.close_agent_leg(helper.leg, helper.log_leg, helper.unlogged),
        }
        self.release(helper.who);
    }

    /// Phones that ring out, or say nothing at all.
    pub(super) fn helper_timer(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        let due = |helper: &&Helper| helper.deadline().is_some_and(|due| now >= due);
        let leg = self.talk().and_then(|talking| {
            let mut helpers = talking.helpers.iter();
            helpers.find(due).map(|helper| helper.leg)
        });
        if let Some(leg) = leg {
            self.helper_leaves(leg, None, now, ids);
        }
    }

    pub(super) fn helper_deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Talking(talking) => talking.helpers.iter().filter_map(Helper::deadline).min(),
            _ => None,
        }
    }
}

impl Helper {
    fn deadline(&self) -> Option<Timestamp> {
        let due = if self.heard {
            self.until
        } else {
            self.silent_at
        };
        (self.stage == Stage::Rings).then_some(due)
    }
}

/// What the log calls it.
pub(super) const fn heard_as(mode: MonitorMode) -> TalkChange {
    match mode {
        MonitorMode::Listen => TalkChange::Listens,
        MonitorMode::Whisper => TalkChange::Whispers,
        MonitorMode::Barge => TalkChange::Barges,
        MonitorMode::TakeOver => TalkChange::TookOver,
    }
}
