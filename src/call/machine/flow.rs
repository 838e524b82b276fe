//! Carrying out what the flow asks for.
//!
//! **Owns**: the translation between the interpreter's words and the call's.

use super::CallMachine;
use super::asked::{Asked, wishes};
use super::phase::{Line, Phase, Waiting};
use crate::call::port::{CallOutput, IdSource, LegCommand, PlayFiles};
use ivr_flows::port::{FlowEnd, QueueEnd, Sound, Words};
use ivr_flows::{FlowInput, FlowOutput};
use router::closure::ClosureMessage;
use router::distributor::port::{EntryRequest, LeaveCause};
use router::id::QueueEntryId;
use router::outcome::{EndCause, EntryOutcome, Refusal};
use router::overflow::Way;
use router::{Event, Input, Timestamp};
use sip_gateway::leg::PlayId;
use std::time::Duration;

/// Names the queue's own music; the interpreter counts its playings from 0.
pub(super) const MUSIC: PlayId = PlayId(u64::MAX);

impl CallMachine {
    /// Hands one input to the interpreter and carries out all it asks for. A call on its way out has no flow any more:
    /// a prompt that we stopped, or a key on its way, must not lead the caller into a queue.
    pub(super) fn drive_flow(&mut self, input: FlowInput, now: Timestamp, ids: &mut dyn IdSource) {
        if matches!(self.phase, Phase::Ending(_)) {
            return;
        }
        self.interpreter.handle(input, now.since(self.began));
        while let Some(output) = self.interpreter.poll_output() {
            if let Some(answer) = self.flow_output(output, now, ids) {
                self.interpreter.handle(answer, now.since(self.began));
            }
        }
        if let Some(file) = self.silent_queue.take()
            && matches!(self.phase, Phase::Waiting(_))
        {
            self.play_music(file);
        }
    }

    /// Carries out one output; a request that cannot be met is answered at once.
    fn flow_output(
        &mut self,
        output: FlowOutput,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) -> Option<FlowInput> {
        if let FlowOutput::StopVoicemail { mailbox } = output {
            self.message_over(mailbox);
            return None;
        }
        // A caller who has left hears and waits no more.
        let output = self.flow_note(output).filter(|_| !self.customer.over)?;
        match output {
            FlowOutput::EarlyMedia => self.leg(LegCommand::EarlyMedia(self.customer.leg)),
            FlowOutput::Answer => self.answer(),
            FlowOutput::Play {
                token,
                sounds,
                language,
                repeat,
                resume,
                at_most,
            } => self.play_files(PlayFiles {
                leg: self.customer.leg,
                play: PlayId(token.0),
                sounds,
                language,
                repeat,
                resume,
                at_most,
            }),
            FlowOutput::StopPlay { .. } => self.leg(LegCommand::StopPlay(self.customer.leg)),
            FlowOutput::Enqueue {
                queue,
                skills,
                head_start,
                class,
                wishes: also,
            } => {
                let asked = Asked {
                    skills,
                    head_start,
                    class,
                    wishes: wishes(*also, &self.setup.queues, self.last_agent),
                };
                return self.enqueue(&queue, asked, now, ids);
            }
            FlowOutput::FindCustomer {
                ask,
                number,
                create,
            } => self.find_customer(ask, number, create),
            FlowOutput::Fetch { ask, request } => {
                self.outputs.push_back(CallOutput::Fetch { ask, request });
            }
            FlowOutput::StartVoicemail { silence } => self.start_message(silence, now, ids),
            FlowOutput::Dial { to, shown, ring } => self.dial(to, shown, ring, now),
            FlowOutput::RefuseWith { status } => self.history.refuse_with = Some(status),
            FlowOutput::Consent { granted, by_key } => self.consented(granted, by_key),
            FlowOutput::Record { what } => self.flow_records(what, ids),
            FlowOutput::LeaveQueue { by_key: true } => self.leave_queue(LeaveCause::KeyExit),
            FlowOutput::LeaveQueue { by_key: false } => self.leave_queue(LeaveCause::TimedOut),
            FlowOutput::Hangup { cause } => self.flow_ended(cause, now),
            FlowOutput::StopVoicemail { .. }
            | FlowOutput::WayTaken(_)
            | FlowOutput::StepEntered { .. }
            | FlowOutput::MenuChosen { .. }
            | FlowOutput::Typed { .. }
            | FlowOutput::SurveyAnswered { .. }
            | FlowOutput::Notify { .. }
            | FlowOutput::LanguageSet { .. }
            | FlowOutput::Tag { .. }
            | FlowOutput::Incident { .. } => {}
        }
        None
    }

    fn play_files(&mut self, play: PlayFiles) {
        self.silent_queue = None;
        self.leg(LegCommand::Play(play));
    }

    /// Logs what is only to be noted; gives back what is to be done.
    fn flow_note(&mut self, output: FlowOutput) -> Option<FlowOutput> {
        let interaction = self.setup.interaction;
        let event = match output {
            FlowOutput::StepEntered {
                block,
                step,
                action,
            } => self.step_entered(block, step, action),
            FlowOutput::WayTaken(way) => {
                self.way = Some(way.name);
                return None;
            }
            FlowOutput::MenuChosen { block, key, label } => Event::MenuChosen {
                interaction,
                block,
                key,
                label,
            },
            FlowOutput::Typed {
                block,
                label,
                digits,
            } => Event::Typed {
                interaction,
                block,
                label,
                digits: digits.map(|digits| digits.0),
            },
            FlowOutput::LanguageSet { language, chosen } => Event::LanguageSet {
                interaction,
                language,
                chosen,
            },
            FlowOutput::SurveyAnswered { question, answer } => Event::SurveyAnswered {
                interaction,
                question,
                answer,
            },
            FlowOutput::Notify { event, data } => Event::Notified {
                interaction,
                event,
                data,
            },
            FlowOutput::Tag { key, value } => Event::Tagged {
                interaction,
                key,
                value,
            },
            FlowOutput::Incident { what } => Event::SupervisorTold {
                interaction: Some(interaction),
                agent: None,
                queue: None,
                what,
            },
            other => return Some(other),
        };
        self.log(event);
        None
    }

    fn step_entered(&mut self, block: String, step: u32, action: &str) -> Event {
        // Whatever asks the caller something new is no longer the agent's goodbye.
        let says_goodbye = [
            "play", "say", "set", "tag", "go", "record", "notify", "wait", "hangup",
        ];
        if !says_goodbye.contains(&action) {
            self.history.agent_left_last = false;
        }
        Event::StepEntered {
            interaction: self.setup.interaction,
            block,
            step,
            action: action.to_owned(),
            exit: self.way.take(),
        }
    }

    /// Waits in a queue. A name that the company does not have (any more) is our fault, never the caller's.
    fn enqueue(
        &mut self,
        name: &str,
        asked: Asked,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) -> Option<FlowInput> {
        let Some(known) = self.setup.queues.get(name).cloned() else {
            self.history.failed = true;
            let what = format!(
                "flow {}: the company has no queue {name}",
                self.setup.flow.name()
            );
            self.log(Event::SupervisorTold {
                interaction: Some(self.setup.interaction),
                agent: None,
                queue: None,
                what,
            });
            return Some(FlowInput::QueueEnded(QueueEnd::Failed));
        };
        self.silent_queue.clone_from(&known.music);
        let (entry, queue) = (ids.queue_entry(), known.id);
        self.phase = Phase::Waiting(Waiting {
            entry,
            ringing: Vec::new(),
            line: Line {
                name: name.to_owned(),
                known,
                skills: asked.skills.clone(),
                wishes: Box::new(asked.wishes.clone()),
                class: asked.class,
                since: now,
            },
            sent: None,
            since: None,
            head_start: asked.head_start,
            ahead: Duration::ZERO,
            moved: None,
        });
        self.show_caller();
        self.distribute(Input::Enqueue(EntryRequest {
            entry,
            interaction: self.setup.interaction,
            queue,
            skills: asked.skills,
            wishes: asked.wishes,
            head_start: asked.head_start,
            class: asked.class,
            returning: false,
        }));
        None
    }

    /// The journal's line is on the disk before the 200 OK leaves.
    fn answer(&mut self) {
        if self.customer.answered || self.customer.over {
            return;
        }
        self.customer.answered = true;
        self.outputs
            .push_back(CallOutput::LogSynced(Event::CallAnswered {
                interaction: self.setup.interaction,
            }));
        self.leg(LegCommand::Answer(self.customer.leg));
    }

    /// The flow takes the caller out of the queue; the Distributor's `EntryLeft` is not waited for, since the flow
    /// goes on already.
    fn leave_queue(&mut self, cause: LeaveCause) {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return;
        };
        let entry = waiting.entry;
        let ringing = std::mem::take(&mut waiting.ringing);
        self.close_all(&ringing);
        self.phase = Phase::InFlow;
        self.history.last_entry = Some(match cause {
            LeaveCause::KeyExit => EntryOutcome::KeyExit,
            LeaveCause::TimedOut => EntryOutcome::TimedOut,
            LeaveCause::HungUp => EntryOutcome::Abandoned,
            LeaveCause::Moved => EntryOutcome::Overflowed,
            LeaveCause::Failed => EntryOutcome::Failed,
        });
        self.distribute(Input::Leave { entry, cause });
    }

    pub(super) fn queued(
        &mut self,
        entry: QueueEntryId,
        (position, expected): (usize, Option<Duration>),
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        if self.waits_as(entry) {
            if let Phase::Waiting(waiting) = &mut self.phase {
                waiting.since.get_or_insert(now);
            }
            self.drive_flow(FlowInput::Queued { position, expected }, now, ids);
        }
    }

    /// The Distributor ended the waiting, or says how a waiting that we ended has ended.
    pub(super) fn entry_left(
        &mut self,
        entry: QueueEntryId,
        outcome: EntryOutcome,
        (way, end): (Way, FlowInput),
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        if self.owes(entry) {
            self.history.last_entry = Some(outcome);
            self.say_ended();
            return;
        }
        if !self.waits_as(entry) {
            return;
        }
        if self.goes_on_to(way, now, ids) || self.moved_in_vain(outcome, ids) {
            return;
        }
        let (mut sent, mut end) = (None, end);
        if let Phase::Waiting(waiting) = std::mem::replace(&mut self.phase, Phase::InFlow) {
            self.close_all(&waiting.ringing);
            sent = waiting.sent;
            end = by_way(way, end, waiting.line);
        }
        self.history.last_entry = Some(outcome);
        if let Some(sent) = sent {
            return self.sent_in_vain(sent, end, now, ids);
        }
        self.leg(LegCommand::StopPlay(self.customer.leg));
        self.drive_flow(end, now, ids);
    }

    fn waits_as(&self, wanted: QueueEntryId) -> bool {
        matches!(&self.phase, Phase::Waiting(Waiting { entry, .. }) if *entry == wanted)
    }

    fn flow_ended(&mut self, cause: FlowEnd, now: Timestamp) {
        if matches!(self.phase, Phase::Ending(_)) {
            return;
        }
        let cause = match cause {
            FlowEnd::CallerLeft => EndCause::Customer,
            FlowEnd::Backstop => EndCause::Error,
            FlowEnd::AfterQueue | FlowEnd::Hangup if self.history.agent_left_last => {
                EndCause::Agent
            }
            FlowEnd::AfterQueue | FlowEnd::Hangup => EndCause::Flow,
        };
        self.end_from_our_side(cause, now);
    }
}

/// What the flow hears of a waiting that the Distributor ended.
pub(super) fn ended_by(
    outcome: EntryOutcome,
    refusal: Option<Refusal>,
    message: Option<ClosureMessage>,
) -> FlowInput {
    let Some(message) = message else {
        return FlowInput::QueueEnded(flow_end(outcome, refusal));
    };
    FlowInput::QueueClosed {
        message: said(message),
    }
}

/// What callers hear of somebody's closing.
#[must_use]
pub fn said(message: ClosureMessage) -> Sound {
    match message {
        ClosureMessage::Prompt(file) => Sound {
            file: Some(file),
            words: None,
            voice: None,
        },
        ClosureMessage::Words(words) => Sound {
            file: None,
            words: Some(Words::Fixed(words)),
            voice: None,
        },
    }
}

/// What the flow hears where the queue has a way of its own.
fn by_way(way: Way, end: FlowInput, line: Line) -> FlowInput {
    match way {
        Way::Exit | Way::Queue(_) => end,
        Way::Closed => FlowInput::QueueEnded(QueueEnd::Closed),
        Way::Voicemail => FlowInput::QueueVoicemail {
            mailbox: line.name,
            greeting: line.known.voicemail_prompt.map(|file| Sound {
                file: Some(file),
                words: None,
                voice: None,
            }),
        },
    }
}

/// Which exit of the flow's `queue` step an ended waiting takes.
fn flow_end(outcome: EntryOutcome, refusal: Option<Refusal>) -> QueueEnd {
    match (outcome, refusal) {
        (EntryOutcome::TimedOut, _) => QueueEnd::TimedOut,
        (EntryOutcome::Refused, Some(Refusal::Full)) => QueueEnd::Full,
        (EntryOutcome::Refused, Some(Refusal::Closed)) => QueueEnd::Closed,
        (EntryOutcome::Refused, Some(Refusal::NoAgents)) => QueueEnd::NoAgents,
        _ => QueueEnd::Failed,
    }
}
