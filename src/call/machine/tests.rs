//! The call's life as scripts: inputs with times, outputs as short words.

mod away;
mod crossing;
mod ending;
mod message;
mod moved;
mod ring_all;
mod silence;
mod steps;
mod talk;

use super::CallMachine;
use crate::call::port::{
    CallInput, CallOutput, CallSetup, IdSource, KnownQueue, LegCommand, Offered, PlayFiles,
};
use crate::config::settings::RecordPolicy;
use router::distributor::port::LeaveCause;
use router::id::{
    AgentId, CustomerId, InteractionId, LegId as LogLegId, OfferId, QueueEntryId, QueueId,
    RecordingId,
};
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome, Refusal};
use router::{Event, Input, PhoneNumber, Private, Timestamp};
use sip_gateway::leg::{LegEndCause, LegEvent, LegId, PlayId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const FLOW: &str = r#"
flow: 1
name: support
prompts:
  hello: { en: "Hello." }
  sorry: { en: "Sorry." }
  bye: { en: "Bye." }
  music: { file: moh.wav }
blocks:
  start:
    - answer:
    - play: hello
    - queue: { to: support, use: wait, exits: { answered: after, timeout: late, full: late, closed: late, no_agents: late } }
  late:
    - play: sorry
    - hangup:
  after:
    - hangup:
waits:
  wait:
    loop:
      - play: { prompt: music, for: 30s }
"#;

#[derive(Debug, Default)]
struct Counter(u64);

impl IdSource for Counter {
    fn queue_entry(&mut self) -> QueueEntryId {
        self.0 += 1;
        QueueEntryId::from_number(self.0)
    }
    fn leg(&mut self) -> (LegId, LogLegId) {
        self.0 += 1;
        (LegId(self.0), LogLegId::from_number(self.0))
    }
    fn recording(&mut self) -> RecordingId {
        self.0 += 1;
        RecordingId::from_number(self.0)
    }
}

struct Script {
    machine: CallMachine,
    ids: Counter,
    at: i64,
    last: Vec<CallOutput>,
    all: Vec<CallOutput>,
    offers: u64,
}

const CUSTOMER: LegId = LegId(9_000);

impl Script {
    fn begin() -> Self {
        Self::begin_with(FLOW)
    }

    fn begin_with(flow: &str) -> Self {
        Self::begin_as(flow, None)
    }

    fn begin_as(flow: &str, caller_agent: Option<AgentId>) -> Self {
        Self::begin_in(flow, caller_agent, Some("own.wav"))
    }

    fn begin_in(flow: &str, caller_agent: Option<AgentId>, music: Option<&str>) -> Self {
        Self::begin_by(flow, caller_agent, music, RecordPolicy::Always)
    }

    fn begin_by(
        flow: &str,
        caller_agent: Option<AgentId>,
        music: Option<&str>,
        record: RecordPolicy,
    ) -> Self {
        let flow = ivr_flows::parse(flow, "support.flow.yaml").unwrap();
        let setup = CallSetup {
            interaction: InteractionId::from_number(1),
            leg: CUSTOMER,
            log_leg: LogLegId::from_number(1),
            sip_call_id: "call-1".to_owned(),
            trunk: Some("carrier".to_owned()),
            caller_agent,
            caller_number: Some(PhoneNumber::from_normalised("+34600111222")),
            caller_name: None,
            dialed_number: PhoneNumber::from_normalised("9000"),
            new_customer: Some(CustomerId::from_number(1)),
            flow: Arc::new(flow),
            hours: ivr_flows::calendar::CompanyHours::default(),
            queues: Arc::new(BTreeMap::from([
                (
                    "support".to_owned(),
                    KnownQueue {
                        voicemail_prompt: None,
                        id: QueueId::from_number(1),
                        music: music.map(str::to_owned),
                    },
                ),
                (
                    "second".to_owned(),
                    KnownQueue {
                        voicemail_prompt: None,
                        id: QueueId::from_number(2),
                        music: None,
                    },
                ),
            ])),
            record,
        };
        let machine = CallMachine::new(setup, Timestamp::from_millis(0));
        let mut script = Self {
            machine,
            ids: Counter(100),
            at: 0,
            last: Vec::new(),
            all: Vec::new(),
            offers: 0,
        };
        script.say(CallInput::Begin);
        script
    }

    /// A caller who has heard the greeting and waits, with music.
    fn waiting() -> Self {
        let mut script = Self::begin();
        let play = script.played();
        script.say(CallInput::Leg {
            leg: CUSTOMER,
            event: LegEvent::PlayEnded {
                play,
                finished: true,
            },
        });
        let entry = script.entry();
        script.say(CallInput::Queued {
            entry,
            position: 1,
            expected: None,
        });
        script
    }

    /// A waiting caller for whom an agent's phone rings. Returns the agent's leg.
    fn ringing() -> (Self, LegId) {
        let mut script = Self::waiting();
        let leg = script.offer();
        script.say(CallInput::Leg {
            leg,
            event: LegEvent::Progress { status: 180 },
        });
        (script, leg)
    }

    fn talking() -> (Self, LegId) {
        let (mut script, leg) = Self::ringing();
        script.say(CallInput::Leg {
            leg,
            event: LegEvent::Answered,
        });
        let offer = script.offer_id();
        script.say(CallInput::OfferAccepted {
            offer,
            agent: AgentId::from_number(7),
        });
        (script, leg)
    }

    fn offer_id(&self) -> OfferId {
        OfferId {
            epoch: 1,
            seq: self.offers,
        }
    }

    fn offer(&mut self) -> LegId {
        self.offers += 1;
        let offered = Offered {
            entry: self.entry(),
            offer: self.offer_id(),
            agent: AgentId::from_number(7),
            extension: "2001".to_owned(),
            queue_name: "support".to_owned(),
            ring_timeout: Duration::from_secs(20),
            record: None,
        };
        self.say(CallInput::Offered(offered));
        self.last
            .iter()
            .find_map(|output| match output {
                CallOutput::Leg(LegCommand::Dial { leg, .. }) => Some(*leg),
                _ => None,
            })
            .expect("the phone is dialled")
    }

    fn say(&mut self, input: CallInput) {
        self.machine
            .handle(input, Timestamp::from_millis(self.at), &mut self.ids);
        self.last.clear();
        while let Some(output) = self.machine.poll_output() {
            self.last.push(output.clone());
            self.all.push(output);
        }
    }

    fn after(&mut self, time: Duration) {
        self.at += i64::try_from(time.as_millis()).unwrap();
        self.say(CallInput::Tick);
    }

    fn customer_hangs_up(&mut self) {
        self.say(CallInput::Leg {
            leg: CUSTOMER,
            event: LegEvent::Ended {
                cause: LegEndCause::Bye,
                quality: None,
            },
        });
    }

    fn leg_ends(&mut self, leg: LegId, cause: LegEndCause) {
        self.say(CallInput::Leg {
            leg,
            event: LegEvent::Ended {
                cause,
                quality: None,
            },
        });
    }

    fn played(&self) -> PlayId {
        self.all
            .iter()
            .rev()
            .find_map(|output| match output {
                CallOutput::Leg(LegCommand::Play(play)) => Some(play.play),
                _ => None,
            })
            .expect("something plays")
    }

    fn entry(&self) -> QueueEntryId {
        self.inputs()
            .iter()
            .find_map(|input| match input {
                Input::Enqueue(request) => Some(request.entry),
                _ => None,
            })
            .expect("the caller is queued")
    }

    /// Everything said to the Distributor so far.
    fn inputs(&self) -> Vec<Input> {
        self.all
            .iter()
            .filter_map(|output| match output {
                CallOutput::Distribute(input) => Some(input.clone()),
                _ => None,
            })
            .collect()
    }

    fn did(&self, wanted: &LegCommand) -> bool {
        self.last
            .iter()
            .any(|output| matches!(output, CallOutput::Leg(command) if command == wanted))
    }

    fn ended(&self) -> Vec<(Outcome, EndCause)> {
        self.all
            .iter()
            .filter_map(|output| match output {
                CallOutput::Log {
                    event:
                        Event::CallEnded {
                            outcome, end_cause, ..
                        },
                    ..
                } => Some((*outcome, *end_cause)),
                _ => None,
            })
            .collect()
    }

    fn finished(&self) -> bool {
        self.machine.is_finished()
    }
}

/// The files of a playing.
fn files(play: &PlayFiles) -> Vec<&str> {
    let files = play.sounds.iter();
    files.filter_map(|sound| sound.file.as_deref()).collect()
}
