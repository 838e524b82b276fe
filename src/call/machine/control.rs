//! What the agent, or a supervisor, asks of the talk.
//!
//! **Owns**: what each request means in each situation, and the answer. **Must not know**: who may ask at all (the API),
//! beyond that an agent must have the call.

use super::CallMachine;
use super::helper::{Purpose, Stage, heard_as};
use super::phase::{Line, Main, Phase, Sent, Talking, Waiting};
use crate::call::control::{
    CalledIn, Colleague, Control, ControlId, ControlRequest, Destination, MonitorMode, Refused, Who,
};
use crate::call::port::{IdSource, LegCommand};
use ivr_flows::FlowInput;
use router::company::Skills;
use router::distributor::port::EntryRequest;
use router::event::TalkChange;
use router::{Input, Private, Timestamp};
use sip_gateway::leg::LegId;
use std::time::Duration;

/// A caller who comes back stands before everybody who came within this time before they first did.
const FRONT: Duration = Duration::from_secs(3_600);

impl CallMachine {
    pub(super) fn control(
        &mut self,
        request: ControlRequest,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let ControlRequest { id, by, control } = request;
        if by.is_none() && self.control_waiting(id, &control, now, ids) {
            return;
        }
        let main = match self.may(by) {
            Ok(main) => main,
            // Of no talk at all.
            Err(Refused::NoTalk) if matches!(control, Control::Prioritise { .. }) => {
                return self.answer_control(id, Err(Refused::NotWaiting));
            }
            Err(refused) => return self.answer_control(id, Err(refused)),
        };
        let result = match control {
            Control::Transfer {
                to: Destination::Colleague(colleague),
                notes,
            } => return self.wants_colleague(id, Purpose::Transfer, colleague, notes),
            Control::Consult { colleague, notes } => {
                return self.wants_colleague(id, Purpose::Consult, colleague, notes);
            }
            Control::Monitor { mode, supervisor } => return self.monitor(id, mode, supervisor),
            Control::Hold => self.hold(true, main),
            Control::Resume => self.hold(false, main),
            Control::Hangup => {
                self.agent_leaves(None, now, ids);
                Ok(())
            }
            Control::Transfer {
                to: Destination::Queue { name, known },
                notes,
            } => self.transfer_to_queue(
                Line {
                    name,
                    known,
                    skills: Skills::new(),
                    wishes: Box::default(),
                    class: None,
                    since: now,
                },
                notes,
                ids,
            ),
            Control::Prioritise { .. } => Err(Refused::NotWaiting),
            Control::Help => self.ask_help(main),
            Control::NoHelp => self.no_help(by.is_some(), main),
            Control::Cancel => self.cancel(now, ids),
            Control::Complete => self.complete(),
            Control::Merge => self.merge(),
        };
        self.answer_control(id, result);
    }

    /// The talk's agent, when it is the one who asks, or a supervisor does.
    fn may(&mut self, by: Option<router::id::AgentId>) -> Result<Main, Refused> {
        let talking = self.talk();
        let main = talking.and_then(|talking| talking.main);
        match (by, main) {
            (_, None) => Err(Refused::NoTalk),
            (Some(by), Some(main)) if main.who != Who::Agent(by) => Err(Refused::NotYours),
            (_, Some(main)) => Ok(main),
        }
    }

    fn wants_colleague(
        &mut self,
        id: ControlId,
        purpose: Purpose,
        colleague: Colleague,
        notes: Option<Private<String>>,
    ) {
        let talking = self.talk();
        let refused = talking.and_then(|talking| {
            let called = talking.colleague().map(|_| Refused::ColleagueCalled);
            let away = talking.away.as_ref();
            called.or_else(|| away.map(|_| Refused::AgentAway))
        });
        if let Some(refused) = refused {
            return self.answer_control(id, Err(refused));
        }
        self.call_in(id, purpose, colleague.into(), notes);
    }

    fn hold(&mut self, held: bool, main: Main) -> Result<(), Refused> {
        let talking = self.talk().ok_or(Refused::NoTalk)?;
        if talking.colleague().is_some() {
            return Err(Refused::ColleagueCalled);
        }
        if !held && main.holds {
            return Err(Refused::PhoneHolds);
        }
        talking.held = held;
        Ok(())
    }

    /// The agent's phone holds us, or takes us back.
    pub(super) fn phone_holds(&mut self, leg: LegId, holds: bool) {
        let main = self.talk().and_then(|talking| talking.main.as_mut());
        if let Some(main) = main.filter(|main| main.leg == leg) {
            main.holds = holds;
        }
    }

    fn cancel(&mut self, now: Timestamp, ids: &mut dyn IdSource) -> Result<(), Refused> {
        let leg = self.colleague_leg()?.0;
        self.helper_leaves(leg, None, now, ids);
        if let Some(talking) = self.talk() {
            talking.held = false;
        }
        Ok(())
    }

    fn colleague_leg(&mut self) -> Result<(LegId, Stage), Refused> {
        let talking = self.talk().ok_or(Refused::NoTalk)?;
        let colleague = talking.colleague().ok_or(Refused::NoColleague)?;
        Ok((colleague.leg, colleague.stage))
    }

    /// A colleague who has not answered yet gets the customer when they do.
    fn complete(&mut self) -> Result<(), Refused> {
        let (leg, stage) = self.colleague_leg()?;
        if stage == Stage::Rings {
            self.rings_for_customer();
        } else {
            self.has_the_customer(leg, TalkChange::Transferred);
        }
        Ok(())
    }

    fn rings_for_customer(&mut self) {
        if let Some(colleague) = self.talk().and_then(Talking::colleague_mut) {
            colleague.purpose = Purpose::Transfer;
        }
    }

    fn merge(&mut self) -> Result<(), Refused> {
        let (_, stage) = self.colleague_leg()?;
        let colleague = self.talk().and_then(Talking::colleague_mut);
        let colleague = colleague.ok_or(Refused::NoColleague)?;
        if stage == Stage::Rings {
            return Err(Refused::NotAnswered);
        }
        colleague.stage = Stage::Merged;
        if stage == Stage::Merged {
            return Ok(());
        }
        let (who, leg) = (colleague.who, colleague.log_leg);
        if let Some(talking) = self.talk() {
            talking.held = false;
        }
        self.changed_by(TalkChange::Merged, who, leg);
        let interaction = self.setup.interaction;
        if let Some(agent) = who.agent() {
            self.log(router::Event::Connected {
                interaction,
                agent,
                leg,
            });
        }
        Ok(())
    }

    /// Rings the supervisor's phone; one who hears the call already does so in the new way at once.
    fn monitor(&mut self, id: ControlId, mode: MonitorMode, supervisor: CalledIn) {
        let who = supervisor.who;
        let talking = self.talk();
        let hears = talking.and_then(|talking| {
            let monitors = |purpose| matches!(purpose, Purpose::Monitor(_));
            let mut helpers = talking.helpers.iter_mut();
            helpers.find(|helper| helper.who == who && monitors(helper.purpose))
        });
        let Some(helper) = hears else {
            return self.call_in(id, Purpose::Monitor(mode), supervisor, None);
        };
        let (leg, log_leg, stage) = (helper.leg, helper.log_leg, helper.stage);
        let same = helper.purpose == Purpose::Monitor(mode);
        helper.purpose = Purpose::Monitor(mode);
        match (mode, stage) {
            (_, Stage::Rings) => {}
            (MonitorMode::TakeOver, _) => self.has_the_customer(leg, TalkChange::TookOver),
            _ if same => {}
            _ => self.changed_by(heard_as(mode), who, log_leg),
        }
        if stage != Stage::Rings {
            self.help_has_come(who, log_leg);
        }
        self.answer_control(id, Ok(()));
    }

    /// The agent is out at once; a queue that does not take the caller gives them back to the front of the one before.
    fn transfer_to_queue(
        &mut self,
        line: Line,
        notes: Option<Private<String>>,
        ids: &mut dyn IdSource,
    ) -> Result<(), Refused> {
        let talking = self.talk().ok_or(Refused::NoTalk)?;
        if talking.colleague().is_some() {
            return Err(Refused::ColleagueCalled);
        }
        let before = talking.line.clone();
        let queue = line.known.id;
        self.hand_on(notes);
        self.changed(TalkChange::SentToQueue, None, Some(queue));
        self.talk_ends(None);
        self.wait_in(line, Duration::ZERO, Some(before), ids);
        Ok(())
    }

    /// A transfer failed and nobody is there to go back to.
    pub(super) fn back_to_the_line(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        let Some(talking) = self.talk() else { return };
        let line = talking.line.clone();
        self.changed(TalkChange::SentToQueue, None, Some(line.known.id));
        self.talk_ends(None);
        let front = in_front(&line, now);
        self.wait_in(line, front, None, ids);
    }

    fn wait_in(
        &mut self,
        line: Line,
        head_start: Duration,
        back: Option<Line>,
        ids: &mut dyn IdSource,
    ) {
        let entry = ids.queue_entry();
        let request = EntryRequest {
            entry,
            interaction: self.setup.interaction,
            queue: line.known.id,
            skills: line.skills.clone(),
            wishes: (*line.wishes).clone(),
            head_start,
            class: line.class,
            returning: back.is_none(),
        };
        let music = line.known.music.clone();
        self.phase = Phase::Waiting(Waiting {
            entry,
            ringing: Vec::new(),
            line,
            sent: Some(Sent { back }),
            since: None,
            head_start,
            ahead: Duration::ZERO,
            moved: None,
        });
        match music {
            Some(file) => self.play_music(file),
            None => self.leg(LegCommand::HoldTone(self.customer.leg)),
        }
        self.distribute(Input::Enqueue(request));
    }

    /// The queue that an agent sent the caller to has not kept them: back to the one before, then to the flow.
    pub(super) fn sent_in_vain(
        &mut self,
        sent: Sent,
        end: FlowInput,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        match sent.back {
            // The queue has a box for whom it has no agent.
            Some(line) if !matches!(end, FlowInput::QueueVoicemail { .. }) => {
                let front = in_front(&line, now);
                self.wait_in(line, front, None, ids);
            }
            _ => {
                self.leg(LegCommand::StopPlay(self.customer.leg));
                // Nobody is sent away from a closed queue without a word.
                let end = match end {
                    FlowInput::QueueClosed { .. } | FlowInput::QueueVoicemail { .. } => end,
                    _ => FlowInput::AgentLeft,
                };
                self.drive_flow(end, now, ids);
            }
        }
    }
}

/// The head start of a caller who comes back to a line: the front, and among those there whoever came first.
fn in_front(line: &Line, now: Timestamp) -> Duration {
    FRONT.saturating_add(now.since(line.since))
}
