//! Calls and what drives them: their mailboxes, their timers, and what becomes of what they ask for.
//!
//! **Owns**: what the actors of the product do around their machines. **Must not know**: SIP, who is distributed where.

use super::{Core, Inbox, ToRegistry, micros_of, name, short, timestamp};
use crate::company;
use cordboard::call::actor::MAILBOX;
use cordboard::call::internal::InternalCall;
use cordboard::call::leg_commands::{ForGateway, WantedRecording};
use cordboard::call::machine::CallMachine;
use cordboard::call::outbound::OutboundCall;
use cordboard::call::phone_call::{PhoneMachine, PhoneOutput};
use cordboard::call::port::{CallInput, CallOutput, PlayFiles};
use cordboard::call::registry::arrivals::ArrivalIds;
use cordboard::call::ringback;
use cordboard::call::service::ServiceCall;
use cordboard::distributor_task::desk::DeskInput;
use ivr_flows::port::{CustomerAnswer, KnownCustomer};
use router::id::{InteractionId, RecordingId};
use router::{Event, Timestamp};
use sip_gateway::leg::{GatewayCommand, LegEvent, LegId, StreamId};
use sip_gateway::media::port::{PlayRequest, RecordRequest};
use std::collections::BTreeMap;

/// The machine of a call.
#[derive(Debug)]
pub(crate) enum Machine {
    Call(Box<CallMachine>),
    Internal(InternalCall),
    Service(ServiceCall),
    /// No trunk of the company allows one: all are refused, and recorded so.
    Outbound(Box<OutboundCall>),
}

/// A call and its driver.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) machine: Machine,
    pub(super) inbox: Inbox<CallInput>,
    pub(super) legs: Vec<LegId>,
    pub(super) streams: BTreeMap<RecordingId, StreamId>,
    /// Waits for the disk: until when, for which line, and whether it will be written.
    pub(super) stalled: Option<(u64, Event, bool)>,
    pub(super) over: bool,
    /// It has asked for its customer.
    pub(super) has_asked: bool,
}

impl Call {
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        match &self.machine {
            Machine::Call(machine) => machine.next_deadline(),
            Machine::Internal(machine) => machine.next_deadline(),
            Machine::Service(machine) => machine.next_deadline(),
            Machine::Outbound(machine) => machine.next_deadline(),
        }
    }

    pub(super) fn due(&self) -> Option<u64> {
        if self.over {
            return None;
        }
        if let Some((until, ..)) = self.stalled {
            return Some(until);
        }
        let tick = self.next_deadline().map(micros_of);
        self.inbox.wake.into_iter().chain(tick).min()
    }
}

impl Core {
    /// Into a call's mailbox; gives the input back when nobody reads it.
    pub(crate) fn tell_call(&mut self, id: InteractionId, input: CallInput) -> Option<CallInput> {
        let now = self.now;
        match self.calls.get_mut(&id) {
            Some(call) if !call.over && call.inbox.waiting.len() < MAILBOX => {
                call.inbox.push(input, now, &mut self.dice);
                None
            }
            _ => Some(input),
        }
    }

    pub(super) fn call_due(&mut self, id: InteractionId) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some((_, event, written)) = call.stalled.take() {
            if written {
                self.log(event);
            } else {
                self.count("journal failures");
                self.say(&name(id), "the line cannot be written");
                self.handle(id, CallInput::JournalFailed);
            }
            return self.drain_call(id);
        }
        let timed_out = call
            .next_deadline()
            .is_some_and(|then| micros_of(then) <= now);
        let awake = call.inbox.wake.is_some_and(|wake| wake <= now);
        // Whichever is ready may be taken first.
        let input = if awake && !(timed_out && self.dice.percent(50)) {
            call.inbox.pop(now, &mut self.dice)
        } else {
            timed_out.then_some(CallInput::Tick)
        };
        if let Some(input) = input {
            self.handle(id, input);
            self.drain_call(id);
        }
    }

    fn handle(&mut self, id: InteractionId, input: CallInput) {
        let now = timestamp(self.now);
        if !matches!(
            input,
            CallInput::Tick | CallInput::Leg { .. } | CallInput::Begin
        ) {
            let text = format!("hears {}", short(&input));
            self.say(&name(id), &text);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match &mut call.machine {
            Machine::Call(machine) => machine.handle(input, now, &mut self.ids),
            Machine::Internal(machine) => machine.handle(input, now),
            Machine::Service(machine) => machine.handle(input, now),
            Machine::Outbound(machine) => machine.handle(input, now),
        }
    }

    /// Carries out what a call asks, in order, until it waits for the disk.
    fn drain_call(&mut self, id: InteractionId) {
        while let Some(call) = self.calls.get_mut(&id) {
            let phone = match &mut call.machine {
                Machine::Call(machine) => {
                    let Some(output) = machine.poll_output() else {
                        break;
                    };
                    self.carry_out(id, output);
                    if self
                        .calls
                        .get(&id)
                        .is_some_and(|call| call.stalled.is_some())
                    {
                        return;
                    }
                    continue;
                }
                Machine::Internal(machine) => machine.poll_output(),
                Machine::Service(machine) => machine.poll_output(),
                Machine::Outbound(machine) => machine.poll_output(),
            };
            let Some(output) = phone else { break };
            match output.for_gateway() {
                Err(other) => match *other {
                    PhoneOutput::Ask(ask) => {
                        self.tell_desk(DeskInput::FromPhone { call: id, ask });
                    }
                    PhoneOutput::Log { event, .. } => self.log(event),
                    other => panic!("no call to the outside is taken here: {other:?}"),
                },
                Ok(command) => self.gateway(id, command),
            }
        }
        self.bury(id);
    }

    /// A call whose machine has finished tells everybody.
    fn bury(&mut self, id: InteractionId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let finished = match &call.machine {
            Machine::Call(machine) => machine.is_finished(),
            Machine::Internal(machine) => machine.is_finished(),
            Machine::Service(machine) => machine.is_finished(),
            Machine::Outbound(machine) => machine.is_finished(),
        };
        if finished && !std::mem::replace(&mut call.over, true) {
            call.inbox.clear();
            let legs = call.legs.clone();
            self.tell_registry(ToRegistry::CallOver(id, legs));
            self.tell_desk(DeskInput::Detach { interaction: id });
        }
    }

    fn carry_out(&mut self, id: InteractionId, output: CallOutput) {
        match output {
            CallOutput::Leg(command) => self.gateway(id, command.for_gateway()),
            CallOutput::Distribute(input) => self.tell_desk(DeskInput::FromCall {
                interaction: id,
                input,
            }),
            CallOutput::ShowCaller(card) => self.tell_desk(DeskInput::Caller {
                interaction: id,
                card,
            }),
            CallOutput::Log { event, .. } => self.log(event),
            CallOutput::LogSynced(event) => {
                let wait = match self.dice.below(100) {
                    0..=1 => self.dice.below(3_000_000),
                    2..=9 => self.dice.below(200_000),
                    _ => self.dice.below(6_000),
                };
                let written = !self.dice.percent(1);
                let until = self.now + wait;
                if let Some(call) = self.calls.get_mut(&id) {
                    call.stalled = Some((until, event, written));
                }
            }
            CallOutput::Ask(ask) => self.tell_desk(DeskInput::FromPhone { call: id, ask }),
            CallOutput::Answer { result, .. } => self.count(match result {
                Ok(()) => "controls",
                Err(_) => "controls refused",
            }),
            // No flow of the simulation calls anybody outside queues.
            CallOutput::FindWay(_) | CallOutput::WayOver => {}
            CallOutput::FindCustomer(question) => self.ask_customer(id, question.ask),
            // The flows here ask nobody outside.
            CallOutput::Fetch { .. } => {}
            CallOutput::Finished => {}
        }
    }

    /// The database answers when it can; one question in twenty is lost. The first question of a call finds somebody,
    /// any other nobody, so that an answer can be told from the one before.
    fn ask_customer(&mut self, id: InteractionId, ask: u32) {
        let first = self
            .calls
            .get_mut(&id)
            .is_some_and(|call| !std::mem::replace(&mut call.has_asked, true));
        let wait = match self.dice.below(20) {
            0 => return,
            1..=8 => self.dice.below(5_000_000),
            _ => self.dice.below(30_000),
        };
        let (customer, answer) = match first {
            true => {
                let known = KnownCustomer {
                    name: "Ana".to_owned(),
                    language: "en".to_owned(),
                    ..KnownCustomer::default()
                };
                let customer = self.ids.customer();
                (Some(customer), CustomerAnswer::Found(known))
            }
            false => (None, CustomerAnswer::NotFound),
        };
        let found = CallInput::CustomerFound {
            ask,
            customer,
            answer,
        };
        self.lookups
            .insert((self.now + wait, self.ids.number()), (id, found));
        self.count("customer look-ups");
    }

    pub(super) fn next_lookup(&self) -> Option<u64> {
        self.lookups.first_key_value().map(|((at, _), _)| *at)
    }

    /// An answer is there; the call may be gone.
    pub(super) fn look_up(&mut self) {
        if let Some((_, (id, found))) = self.lookups.pop_first() {
            self.tell_call(id, found);
        }
    }

    fn gateway(&mut self, id: InteractionId, command: ForGateway) {
        let command = match command {
            ForGateway::AsIs(command) => command,
            ForGateway::Dial { leg, command } => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.legs.push(leg);
                }
                self.tell_registry(ToRegistry::Leg(leg, id));
                command
            }
            ForGateway::Ringback(leg) => ringback::play(leg, &self.tone),
            ForGateway::HoldTone(leg) => ringback::hold_tone(leg),
            ForGateway::PauseRecording { recording, paused } => {
                let stream = self.stream_of(id, recording);
                match stream {
                    Some(stream) => GatewayCommand::PauseRecording { stream, paused },
                    None => return,
                }
            }
            ForGateway::RecordOthers {
                recording,
                customer,
                agents,
            } => match self.stream_of(id, recording) {
                Some(stream) => GatewayCommand::RecordOthers {
                    stream,
                    left: customer,
                    right: agents,
                },
                None => return,
            },
            ForGateway::Play(play) => match self.play(id, play) {
                Some(command) => command,
                None => return,
            },
            ForGateway::StartRecording(wanted) => match self.start_recording(id, wanted) {
                Some(command) => command,
                None => return,
            },
            ForGateway::StopRecording(recording) => {
                let call = self.calls.get_mut(&id);
                match call.and_then(|call| call.streams.remove(&recording)) {
                    Some(stream) => GatewayCommand::StopRecording(stream),
                    None => return,
                }
            }
        };
        if let GatewayCommand::Answer(leg) = &command
            && self.owners.get(leg) == Some(&id)
            && matches!(
                self.calls.get(&id),
                Some(Call {
                    machine: Machine::Call(_),
                    ..
                })
            )
            && !self.answered.contains(&id)
        {
            self.unlogged_answers.push(id);
        }
        self.say(&name(id), &short(&command));
        self.commands.push(command, self.now, &mut self.dice);
    }

    fn stream_of(&self, id: InteractionId, recording: RecordingId) -> Option<StreamId> {
        self.calls.get(&id)?.streams.get(&recording).copied()
    }

    fn play(&mut self, id: InteractionId, play: PlayFiles) -> Option<GatewayCommand> {
        let clips: Vec<_> = play
            .sounds
            .iter()
            .filter_map(|sound| company::clip(sound.file.as_deref()?))
            .collect();
        if clips.is_empty() {
            let event = LegEvent::PlayEnded {
                play: play.play,
                finished: true,
            };
            self.tell_call(
                id,
                CallInput::Leg {
                    leg: play.leg,
                    event,
                },
            );
            return None;
        }
        Some(GatewayCommand::Play {
            leg: play.leg,
            request: PlayRequest {
                play: play.play,
                clips,
                repeat: play.repeat,
                resume: play.resume,
                at_most: play.at_most,
                until_heard: false,
            },
        })
    }

    fn start_recording(
        &mut self,
        id: InteractionId,
        wanted: WantedRecording,
    ) -> Option<GatewayCommand> {
        if self.dice.percent(2) {
            self.say(&name(id), "this talk is not recorded: no file");
            return None;
        }
        self.streams += 1;
        let stream = StreamId(self.streams);
        let call = self.calls.get_mut(&id)?;
        call.streams.insert(wanted.recording, stream);
        self.recording.insert(stream, (id, wanted.recording));
        self.log(Event::RecordingStarted {
            interaction: id,
            recording: wanted.recording,
            index: wanted.index,
            path: String::new(),
            sample_rate: 8_000,
            recording_kind: router::event::RecordingKind::Talk,
        });
        Some(GatewayCommand::StartRecording(RecordRequest {
            stream,
            left: wanted.customer,
            right: wanted.agent,
            sample_rate: 8_000,
            sink: self.blocks.0.clone(),
        }))
    }
}
