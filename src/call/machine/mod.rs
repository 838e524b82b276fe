//! The machine of one call: flow -> queue -> offer -> agent -> talk -> end.
//!
//! **Owns**: what a call does next. PURE: no clock, task, socket or randomness; the same machine runs live, in
//! simulation and in replay. **Must not know**: which agent is best (the Distributor), what a menu says (the flow).
//!
//! One file per phase: `flow.rs` carries out what the interpreter asks, `message.rs` what it asks of customers and
//! messages, `ringing.rs` an offer at an agent's phone,
//! `waiting.rs` what is asked of one who waits, `talking.rs` the bridge, `control.rs` what is asked of a talk, `asides.rs`
//! help and notes, `helper.rs` colleagues and supervisors who are called in, `away.rs` an agent whose phone is gone and
//! may come back, `dialled.rs` whom the flow calls outside queues, `recorded.rs` whether it is recorded, `sound.rs` what everybody hears meanwhile, `ending.rs` the way out and the outcome.

mod asides;
mod asked;
mod away;
mod control;
mod dialled;
mod ending;
mod flow;
mod helper;
mod message;
mod phase;
mod recorded;
pub(in crate::call) mod ringing;
mod silence;
mod sound;
mod talking;
#[cfg(test)]
mod tests;
mod view;
mod waiting;

pub use view::Place;

pub use flow::said;

use crate::call::port::{CallInput, CallOutput, CallSetup, Handed, IdSource, LegCommand};
use helper::Asked;
use ivr_flows::CallFacts;
use ivr_flows::interpreter::Interpreter;
use phase::{ClosingLeg, CustomerLeg, Ending, History, Phase};
use router::event::{Direction, LegRole, PersonalData};
use router::id::AgentId;
use router::outcome::EndCause;
use router::why::Why;
use router::{Event, Private, Timestamp};
use silence::Heard;
use sip_gateway::leg::{LegEvent, LegId, PlayId};
use std::collections::VecDeque;
use std::time::Duration;

/// A phone that has sent no provisional answer for this long counts as unreachable (UDP loses packets; five
/// transmissions have been sent by then).
const SILENT_PHONE: Duration = Duration::from_secs(5);

/// One call.
#[derive(Debug)]
pub struct CallMachine {
    setup: CallSetup,
    began: Timestamp,
    customer: CustomerLeg,
    interpreter: Interpreter,
    phase: Phase,
    history: History,
    /// Agents' legs that are being ended; each still owes its `Ended`.
    closing: Vec<ClosingLeg>,
    customer_name: Option<Private<String>>,
    /// Whom the customer spoke with last.
    last_agent: Option<AgentId>,
    /// Music of a queue that was just entered, until it is known whether the flow itself plays there.
    silent_queue: Option<String>,
    /// The way that the flow took last, until the step it leads to begins.
    way: Option<String>,
    heard: Heard,
    /// Who is to be called in, once the Distributor says that they are free; in the order of the questions.
    asked: VecDeque<Asked>,
    /// What the caller told the flow, for the agent's screen.
    why: Why,
    /// What the agent before wrote for the next one.
    handed: Option<Handed>,
    outputs: VecDeque<CallOutput>,
    finished: bool,
}

impl CallMachine {
    /// A call whose INVITE arrived at `now`. Feed it [`CallInput::Begin`] first.
    #[must_use]
    pub fn new(setup: CallSetup, now: Timestamp) -> Self {
        Self {
            customer: CustomerLeg {
                leg: setup.leg,
                log_leg: setup.log_leg,
                answered: false,
                over: false,
            },
            interpreter: Interpreter::with_facts(setup.flow.clone(), facts(&setup, now)),
            customer_name: setup.caller_name.clone(),
            last_agent: None,
            setup,
            began: now,
            phase: Phase::InFlow,
            silent_queue: None,
            way: None,
            heard: Heard::default(),
            asked: VecDeque::new(),
            why: Why::default(),
            handed: None,
            history: History::default(),
            closing: Vec::new(),
            outputs: VecDeque::new(),
            finished: false,
        }
    }

    /// Takes one input. Never blocks, never fails: what does not fit the phase changes nothing.
    pub fn handle(&mut self, input: CallInput, now: Timestamp, ids: &mut dyn IdSource) {
        match input {
            CallInput::Begin => self.begin(now, ids),
            CallInput::Leg { leg, event } if leg == self.customer.leg => {
                self.customer_event(event, now, ids)
            }
            CallInput::Leg { leg, event } => self.agent_event(leg, event, now, ids),
            CallInput::CustomerKnown { name, last_agent } => {
                self.customer_known(name, last_agent);
            }
            CallInput::Queued {
                entry,
                position,
                expected,
            } => self.queued(entry, (position, expected), now, ids),
            CallInput::PlayFailed { play } => {
                self.play_over(play);
                self.drive_flow(play_failed(play), now, ids);
            }
            CallInput::CustomerFound {
                ask,
                customer,
                answer,
            } => self.customer_found(ask, customer, answer, now, ids),
            CallInput::Fetched { ask, answer } => {
                self.drive_flow(ivr_flows::FlowInput::Fetched { ask, answer }, now, ids);
            }
            CallInput::CallerSilent => {
                self.drive_flow(ivr_flows::FlowInput::CallerSilent, now, ids);
            }
            CallInput::MessageFailed { recording } => self.message_failed(recording, now, ids),
            CallInput::Offered(offered) => self.offered(offered, now, ids),
            CallInput::OfferRevoked { offer } | CallInput::OfferVoid { offer } => {
                self.offer_over(offer)
            }
            CallInput::OfferAccepted { offer, agent } => {
                self.offer_accepted(offer, agent, now, ids)
            }
            CallInput::EntryLeft {
                entry,
                outcome,
                refusal,
                message,
                way,
            } => {
                let end = flow::ended_by(outcome, refusal, message);
                self.entry_left(entry, outcome, (way, end), now, ids);
            }
            CallInput::JournalFailed => self.journal_failed(now),
            CallInput::Shutdown => self.end_from_our_side(EndCause::Shutdown, now),
            CallInput::Tick => self.tick(now, ids),
            CallInput::WayFound(ways) => self.way_found(ways, now, ids),
            CallInput::PhoneAnswered(answer) => self.reserved(answer, now, ids),
            CallInput::AgentReachable { agent, extension } => {
                self.agent_reachable(agent, extension, now, ids);
            }
            CallInput::Control(request) => self.control(request, now, ids),
        }
        self.settle_talk();
        self.fill_silence();
        self.finish_when_empty();
    }

    /// The next thing to do; drain until `None` after each `handle`.
    pub fn poll_output(&mut self) -> Option<CallOutput> {
        self.outputs.pop_front()
    }

    /// When to hand in [`CallInput::Tick`] at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        // A call on its way out has no flow any more: its time would come and pass, again and again.
        let in_flow = !matches!(self.phase, Phase::Ending(_));
        let flow = self
            .interpreter
            .next_deadline()
            .filter(|_| in_flow)
            .map(|after| self.began + after);
        let deadlines = [
            flow,
            self.ring_deadline(),
            self.helper_deadline(),
            self.dial_deadline(),
            self.away_deadline(),
            self.ending_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Whether [`CallOutput::Finished`] was said.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    fn begin(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        let setup = &self.setup;
        let personal = PersonalData {
            notes: None,
            caller_number: setup.caller_number.clone(),
            caller_name: setup.caller_name.clone(),
            dialed_number: Some(setup.dialed_number.clone()),
            new_customer: setup.new_customer,
        };
        let arrived = Event::CallArrived {
            interaction: setup.interaction,
            leg: setup.log_leg,
            trunk: setup.trunk.clone(),
            flow: setup.flow.name().to_owned(),
            flow_version: setup.flow.content_hash().to_owned(),
            direction: match setup.trunk {
                Some(_) => Direction::Inbound,
                None => Direction::Internal,
            },
            agent: None,
        };
        let started = Event::LegStarted {
            interaction: setup.interaction,
            leg: setup.log_leg,
            role: LegRole::Customer,
            agent: None,
            sip_call_id: setup.sip_call_id.clone(),
        };
        self.outputs.push_back(CallOutput::Log {
            event: arrived,
            personal: Some(personal),
        });
        self.log(started);
        if let Some(agent) = self.setup.caller_agent {
            self.distribute(router::Input::OwnCallStarted { agent });
        }
        self.drive_flow(ivr_flows::FlowInput::Start, now, ids);
    }

    /// What happened on the customer's leg.
    fn customer_event(&mut self, event: LegEvent, now: Timestamp, ids: &mut dyn IdSource) {
        match event {
            LegEvent::Key(key) => self.drive_flow(ivr_flows::FlowInput::Key(key), now, ids),
            LegEvent::PlayEnded { play, .. } => {
                self.play_over(play);
                let token = ivr_flows::port::PlayToken(play.0);
                self.drive_flow(ivr_flows::FlowInput::PlayEnded(token), now, ids);
            }
            LegEvent::MediaLost => self.media_lost(self.customer.leg, now, ids),
            LegEvent::Ended { cause, quality } => self.customer_left(cause, quality, now, ids),
            LegEvent::Dialled { .. }
            | LegEvent::Progress { .. }
            | LegEvent::EarlyMedia
            | LegEvent::Answered
            | LegEvent::Confirmed
            | LegEvent::Holds(_)
            | LegEvent::MediaStarted => {}
        }
    }

    /// What happened on an agent's leg: ringing, talking or being ended.
    fn agent_event(&mut self, leg: LegId, event: LegEvent, now: Timestamp, ids: &mut dyn IdSource) {
        if self.helper_event(leg, &event, now, ids)
            || self.away_event(leg, &event, now, ids)
            || self.dial_event(leg, &event, now, ids)
        {
            return;
        }
        match event {
            LegEvent::Ended { cause, quality } => {
                self.agent_leg_ended(leg, cause, quality, now, ids)
            }
            LegEvent::Dialled { sip_call_id } => self.agent_dialled(leg, sip_call_id),
            // What a phone sends before it answers is not for a caller who hears music.
            LegEvent::Progress { status } => self.agent_progress(leg, status > 100),
            LegEvent::EarlyMedia => self.agent_progress(leg, true),
            LegEvent::Answered => self.agent_answered(leg),
            LegEvent::MediaLost if self.talks_with(leg) => self.media_lost(leg, now, ids),
            LegEvent::Holds(holds) => self.phone_holds(leg, holds),
            LegEvent::MediaLost
            | LegEvent::Key(_)
            | LegEvent::PlayEnded { .. }
            | LegEvent::MediaStarted
            | LegEvent::Confirmed => {}
        }
    }

    fn tick(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        self.ring_timer(now);
        self.helper_timer(now, ids);
        self.dial_timer(now, ids);
        self.away_timer(now, ids);
        self.ending_timer(now);
        if !matches!(self.phase, Phase::Ending(_)) {
            self.drive_flow(ivr_flows::FlowInput::Tick, now, ids);
        }
    }

    /// A playing is over, or cannot be heard.
    fn play_over(&mut self, play: PlayId) {
        self.heard.ended(play);
        self.told_to_wait(play);
    }

    fn log(&mut self, event: Event) {
        self.why.told(&event);
        self.outputs.push_back(CallOutput::Log {
            event,
            personal: None,
        });
    }

    fn leg(&mut self, command: LegCommand) {
        self.heard.told(&command);
        self.outputs.push_back(CallOutput::Leg(command));
    }

    fn distribute(&mut self, input: router::Input) {
        self.outputs.push_back(CallOutput::Distribute(input));
    }

    fn finish_when_empty(&mut self) {
        let ended = matches!(&self.phase, Phase::Ending(Ending { said: true, .. }));
        if ended && self.customer.over && self.closing.is_empty() && !self.finished {
            self.finished = true;
            self.outputs.push_back(CallOutput::Finished);
        }
    }
}

fn play_failed(play: PlayId) -> ivr_flows::FlowInput {
    ivr_flows::FlowInput::PlayFailed(ivr_flows::port::PlayToken(play.0))
}

/// What the flow may know of the call. It decides with them and puts none of them into a log line.
fn facts(setup: &CallSetup, now: Timestamp) -> CallFacts {
    let from = setup.caller_number.as_ref();
    CallFacts {
        from: from.map_or_else(String::new, |number| number.reveal().to_owned()),
        to: setup.dialed_number.reveal().to_owned(),
        began_at: Some(now.millis()),
        hours: setup.hours.clone(),
    }
}
