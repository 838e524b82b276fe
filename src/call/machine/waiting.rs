//! What supervisors ask of a caller who waits: another queue, or an agent by name.
//!
//! **Owns**: the place in the line that goes along, and the way back when the new queue or the agent does not take the
//! caller. **Must not know**: who may ask (the API): agents may not.

use super::CallMachine;
use super::helper::Purpose;
use super::phase::{Line, Moved, Phase, Talking, Waiting};
use super::sound::Sound;
use crate::call::control::{Control, ControlId, Destination, Refused};
use crate::call::port::{IdSource, KnownQueue, LegCommand};
use ivr_flows::FlowInput;
use router::company::Skills;
use router::distributor::port::{EntryRequest, LeaveCause};
use router::event::TalkChange;
use router::outcome::EntryOutcome;
use router::overflow::{Cause, Way};
use router::requirement::Wishes;
use router::{Input, Timestamp};
use sip_gateway::leg::LegId;
use std::time::Duration;

impl CallMachine {
    /// Whether it was about a waiting caller, and has been dealt with.
    pub(super) fn control_waiting(
        &mut self,
        id: ControlId,
        control: &Control,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) -> bool {
        let Phase::Waiting(waiting) = &self.phase else {
            return false;
        };
        let (to, notes) = match control {
            Control::Transfer { to, notes } => (to, notes),
            Control::Prioritise { class, ahead } => {
                self.prioritise(*class, *ahead);
                self.answer_control(id, Ok(()));
                return true;
            }
            _ => return false,
        };
        let answers = waiting.is_being_answered();
        match to {
            _ if answers => self.answer_control(id, Err(Refused::BeingAnswered)),
            Destination::Colleague(agent) => {
                self.call_in(id, Purpose::Transfer, agent.clone().into(), notes.clone());
            }
            Destination::Queue { name, known } => {
                let moved = self.move_to(name, known, now, ids);
                if moved.is_ok() {
                    self.hand_on(notes.clone());
                }
                self.answer_control(id, moved);
            }
        }
        true
    }

    /// Another place in the order, here and in the queues to which the caller goes from here.
    fn prioritise(&mut self, class: Option<u8>, ahead: Option<Duration>) {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return;
        };
        waiting.line.class = class.or(waiting.line.class);
        if let Some(ahead) = ahead {
            let others = waiting.head_start.saturating_sub(waiting.ahead);
            (waiting.ahead, waiting.head_start) = (ahead, others.saturating_add(ahead));
        }
        let entry = waiting.entry;
        self.distribute(Input::Reprioritise {
            entry,
            class,
            ahead,
        });
    }

    /// The time that was waited goes along: nobody goes to the end of a line for having been in another. The flow is
    /// not asked: to it, the caller waits on.
    fn move_to(
        &mut self,
        name: &str,
        known: &KnownQueue,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) -> Result<(), Refused> {
        // An agent who was asked for may ring in a moment: then there is nobody to be moved.
        if self.is_asking_for_an_agent() {
            return Err(Refused::ColleagueCalled);
        }
        let Phase::Waiting(waiting) = &mut self.phase else {
            return Err(Refused::NoTalk);
        };
        if waiting.line.known.id == known.id {
            return Err(Refused::SameQueue);
        }
        let waited = waiting.since.map(|since| now.since(since));
        let head_start = waiting.head_start + waited.unwrap_or_default();
        let line = Line {
            name: name.to_owned(),
            known: known.clone(),
            skills: Skills::new(),
            wishes: Box::new(moved_wishes(&waiting.line.wishes)),
            class: waiting.line.class,
            since: waiting.line.since,
        };
        let before = std::mem::replace(&mut waiting.line, line);
        waiting.moved = Some(Moved {
            back: before,
            head_start,
        });
        waiting.head_start = head_start;
        let (entry, ringing) = (waiting.entry, std::mem::take(&mut waiting.ringing));
        self.close_all(&ringing);
        let cause = LeaveCause::Moved;
        self.distribute(Input::Leave { entry, cause });
        self.changed(TalkChange::SentToQueue, None, Some(known.id));
        self.wait_anew(false, ids);
        Ok(())
    }

    /// In the line that the phase names, as a new waiting.
    fn wait_anew(&mut self, returning: bool, ids: &mut dyn IdSource) {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return;
        };
        waiting.entry = ids.queue_entry();
        waiting.since = None;
        waiting.ahead = Duration::ZERO;
        let request = EntryRequest {
            entry: waiting.entry,
            interaction: self.setup.interaction,
            queue: waiting.line.known.id,
            skills: waiting.line.skills.clone(),
            wishes: (*waiting.line.wishes).clone(),
            head_start: waiting.head_start,
            class: waiting.line.class,
            returning,
        };
        self.distribute(Input::Enqueue(request));
    }

    /// The queue that a supervisor chose has not taken the caller, or has closed: back to the one before, with the time
    /// that was waited there. False when nobody moved the caller.
    pub(super) fn moved_in_vain(&mut self, outcome: EntryOutcome, ids: &mut dyn IdSource) -> bool {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return false;
        };
        let moved = waiting.moved.take();
        let Some(moved) = moved.filter(|_| outcome == EntryOutcome::Refused) else {
            return false;
        };
        waiting.line = moved.back;
        waiting.head_start = moved.head_start;
        let ringing = std::mem::take(&mut waiting.ringing);
        self.close_all(&ringing);
        let queue = match &self.phase {
            Phase::Waiting(waiting) => Some(waiting.line.known.id),
            _ => None,
        };
        self.changed(TalkChange::SentToQueue, None, queue);
        self.wait_anew(true, ids);
        true
    }

    /// The queue sends the caller on to another one, with the time waited. As with a move the flow is not asked, and what
    /// it asked of agents stays behind: the other queue's rules hold. False when there is nowhere to go.
    pub(super) fn goes_on_to(&mut self, way: Way, now: Timestamp, ids: &mut dyn IdSource) -> bool {
        let (Way::Queue(to), Phase::Waiting(waiting)) = (way, &mut self.phase) else {
            return false;
        };
        let queues = &self.setup.queues;
        let Some((name, known)) = queues.iter().find(|(_, known)| known.id == to) else {
            return false;
        };
        let mut wishes = waiting.line.wishes.elsewhere();
        wishes.been.push(waiting.line.known.id);
        if let Some(moved) = waiting.moved.take() {
            // Nobody goes back from there: what the flow says counts again, and no more.
            wishes.own_exits = moved.back.wishes.own_exits;
        }
        waiting.line = Line {
            name: name.clone(),
            known: known.clone(),
            skills: Skills::new(),
            wishes: Box::new(wishes),
            class: waiting.line.class,
            since: waiting.line.since,
        };
        let waited = waiting.since.map(|since| now.since(since));
        waiting.head_start = waiting
            .head_start
            .saturating_add(waited.unwrap_or_default());
        let ringing = std::mem::take(&mut waiting.ringing);
        self.close_all(&ringing);
        self.wait_anew(false, ids);
        true
    }

    /// The agent who was asked for is free: out of the line, and the phone rings for the customer. Whoever does not
    /// answer gives the caller back to the front of the line.
    pub(super) fn out_of_the_line(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        if !matches!(self.phase, Phase::Waiting(_)) {
            return;
        }
        let Phase::Waiting(waiting) = std::mem::replace(&mut self.phase, Phase::InFlow) else {
            return;
        };
        self.close_all(&waiting.ringing);
        self.distribute(Input::Leave {
            entry: waiting.entry,
            cause: LeaveCause::Moved,
        });
        // As long as nobody has answered, one who hangs up has waited in vain.
        self.history.last_entry = Some(EntryOutcome::Abandoned);
        self.silent_queue = None;
        self.leg(LegCommand::StopPlay(self.customer.leg));
        self.phase = Phase::Talking(Talking {
            main: None,
            line: waiting.line,
            recording: None,
            held: false,
            away: None,
            helpers: Vec::new(),
            sound: Sound::default(),
            pause: None,
            recorded: Vec::new(),
            help: false,
        });
        if waiting.sent.is_none() {
            self.drive_flow(FlowInput::AgentConnected, now, ids);
        }
    }

    /// The first agent whom the customer hears, and who came by no offer: recorded as others are.
    pub(super) fn pulled(&mut self, leg: LegId, ids: &mut dyn IdSource) {
        let first = !std::mem::replace(&mut self.history.connected, true);
        let begun = self.history.flow_recording.is_some();
        let recorded = self
            .talk()
            .is_none_or(|talking| talking.recording.is_some());
        if recorded || !(first || begun) {
            return;
        }
        let recording = self.talk_recording(self.setup.record, leg, ids);
        if let Some(talking) = self.talk() {
            talking.recording = recording;
            talking.recorded = vec![leg];
        }
    }
}

/// What goes along to the queue that a supervisor chose. Whom it does not take it gives back: the ways that it has for
/// such callers are not theirs.
fn moved_wishes(before: &Wishes) -> Wishes {
    let mut own_exits = before.own_exits.clone();
    for cause in [Cause::Full, Cause::NoAgents] {
        if !own_exits.contains(&cause) {
            own_exits.push(cause);
        }
    }
    Wishes {
        own_exits,
        ..Wishes::default()
    }
}

impl Waiting {
    /// An agent has answered; only the Distributor's word is missing.
    pub(super) fn is_being_answered(&self) -> bool {
        self.ringing.iter().any(|ringing| ringing.answered)
    }
}
