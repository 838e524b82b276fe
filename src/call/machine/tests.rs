//! The call's life as scripts: inputs with times, outputs as short words.

mod message;
mod silence;

use super::CallMachine;
use crate::call::port::{
    CallInput, CallOutput, CallSetup, IdSource, KnownQueue, LegCommand, Offered, PlayFiles,
};
use router::distributor::port::LeaveCause;
use router::id::{
    AgentId, CustomerId, InteractionId, LegId as LogLegId, OfferId, QueueEntryId, QueueId,
    RecordingId,
};
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome, Refusal};
use router::{Event, Input, PhoneNumber, Timestamp};
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
            queues: Arc::new(BTreeMap::from([(
                "support".to_owned(),
                KnownQueue {
                    id: QueueId::from_number(1),
                    music: music.map(str::to_owned),
                },
            )])),
            record: true,
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

#[test]
fn a_queue_without_a_wait_of_the_flow_plays_its_own_music_and_stops_it_after() {
    let silent = FLOW.replace("use: wait, ", "");
    let mut script = Script::begin_with(&silent);
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    let plays = |script: &Script, file: &str| {
        script.last.iter().any(|output| {
            matches!(output, CallOutput::Leg(LegCommand::Play(play)) if files(play) == [file] && play.repeat == (file == "own.wav"))
        })
    };
    assert!(plays(&script, "own.wav"));
    let entry = script.entry();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::TimedOut,
        refusal: None,
    });
    assert!(script.did(&LegCommand::StopPlay(CUSTOMER)));
    assert!(plays(&script, "sorry.wav"));

    let with_wait = Script::waiting();
    let own = |output: &CallOutput| matches!(output, CallOutput::Leg(LegCommand::Play(play)) if files(play) == ["own.wav"]);
    assert!(
        !with_wait.all.iter().any(own),
        "the flow's wait plays instead"
    );
}

#[test]
fn an_agent_who_calls_us_is_busy_meanwhile() {
    let agent = AgentId::from_number(7);
    let mut script = Script::begin_as(FLOW, Some(agent));
    assert_eq!(
        script.inputs(),
        [Input::OwnCallStarted { agent }],
        "before anything else"
    );
    script.customer_hangs_up();
    assert!(script.inputs().contains(&Input::OwnCallEnded { agent }));
}

#[test]
fn the_journal_is_synced_before_the_200_ok() {
    let script = Script::begin();
    let synced = script
        .all
        .iter()
        .position(|o| matches!(o, CallOutput::LogSynced(Event::CallAnswered { .. })));
    let answered = script
        .all
        .iter()
        .position(|o| matches!(o, CallOutput::Leg(LegCommand::Answer(_))));
    assert!(synced.unwrap() < answered.unwrap());
}

#[test]
fn a_call_whose_line_is_not_on_the_disk_is_refused_and_never_answered() {
    let mut script = Script::begin();
    script.say(CallInput::JournalFailed);
    assert!(script.did(&LegCommand::Reject {
        leg: CUSTOMER,
        status: 503
    }));
    assert_eq!(script.ended(), [(Outcome::Failed, EndCause::Error)]);
    script.leg_ends(CUSTOMER, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn an_accepted_agent_is_logged_then_bridged_then_recorded() {
    let (script, agent) = Script::talking();
    let words: Vec<&str> = script
        .last
        .iter()
        .filter_map(|output| match output {
            CallOutput::Leg(LegCommand::Bridge {
                customer,
                agent: bridged,
            }) => {
                assert_eq!((*customer, *bridged), (CUSTOMER, agent));
                Some("bridge")
            }
            CallOutput::Leg(LegCommand::StartRecording { .. }) => Some("record"),
            CallOutput::Log {
                event: Event::Connected { .. },
                ..
            } => Some("connected"),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["connected", "bridge", "record"]);
}

#[test]
fn a_customer_who_hangs_up_in_the_talk_ends_everything_in_order() {
    let (mut script, agent) = Script::talking();
    script.customer_hangs_up();
    assert!(script.did(&LegCommand::Hangup(agent)));
    assert!(script.inputs().contains(&Input::TalkEnded {
        agent: AgentId::from_number(7),
        interaction: InteractionId::from_number(1)
    }));
    assert!(
        script
            .last
            .iter()
            .any(|o| matches!(o, CallOutput::Leg(LegCommand::StopRecording(_))))
    );
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Customer)]);
    assert!(!script.finished(), "the agent's leg still owes its end");
    script.leg_ends(agent, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn an_agent_who_leaves_first_gives_the_caller_back_to_the_flow() {
    let (mut script, agent) = Script::talking();
    script.leg_ends(agent, LegEndCause::Bye);
    assert!(script.did(&LegCommand::Unbridge(CUSTOMER)));
    assert!(
        script.did(&LegCommand::Hangup(CUSTOMER)),
        "the flow's `after` hangs up"
    );
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Agent)]);
    script.leg_ends(CUSTOMER, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn a_caller_who_leaves_while_it_rings_cancels_the_phone_and_waits_for_the_outcome() {
    let (mut script, agent) = Script::ringing();
    let entry = script.entry();
    script.customer_hangs_up();
    assert!(script.did(&LegCommand::Hangup(agent)));
    assert!(script.inputs().contains(&Input::Leave {
        entry,
        cause: LeaveCause::HungUp
    }));
    assert!(script.ended().is_empty());
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::ShortAbandoned,
        refusal: None,
    });
    assert_eq!(
        script.ended(),
        [(Outcome::ShortAbandoned, EndCause::Customer)]
    );
    script.leg_ends(agent, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn an_answer_that_crosses_the_callers_bye_changes_nothing() {
    let (mut script, agent) = Script::ringing();
    let entry = script.entry();
    script.customer_hangs_up();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    assert!(
        !script
            .inputs()
            .iter()
            .any(|input| matches!(input, Input::OfferAnswered { .. }))
    );
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Abandoned,
        refusal: None,
    });
    script.leg_ends(agent, LegEndCause::Local);
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn an_answer_that_counted_while_the_caller_left_frees_the_agent() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let offer = script.offer_id();
    script.customer_hangs_up();
    script.say(CallInput::OfferAccepted {
        offer,
        agent: AgentId::from_number(7),
    });
    assert!(script.inputs().contains(&Input::TalkEnded {
        agent: AgentId::from_number(7),
        interaction: InteractionId::from_number(1)
    }));
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
}

#[test]
fn an_agent_who_leaves_before_the_answer_is_counted_gives_the_caller_back_to_the_flow() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let offer = script.offer_id();
    script.leg_ends(agent, LegEndCause::Bye);
    assert!(
        !script
            .inputs()
            .iter()
            .any(|input| matches!(input, Input::OfferFailed { .. })),
        "the Distributor has been told of the answer, and its word decides"
    );
    script.say(CallInput::OfferAccepted {
        offer,
        agent: AgentId::from_number(7),
    });
    assert!(script.inputs().contains(&Input::TalkEnded {
        agent: AgentId::from_number(7),
        interaction: InteractionId::from_number(1)
    }));
    assert!(
        script.did(&LegCommand::Hangup(CUSTOMER)),
        "the flow's `after` hangs up"
    );
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Agent)]);
    script.leg_ends(CUSTOMER, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn an_agent_who_leaves_before_a_void_answer_owes_no_end() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let (offer, entry) = (script.offer_id(), script.entry());
    script.leg_ends(agent, LegEndCause::Bye);
    script.say(CallInput::OfferVoid { offer });
    assert!(script.ended().is_empty(), "the caller waits on");
    script.customer_hangs_up();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Abandoned,
        refusal: None,
    });
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn a_void_answer_releases_that_leg_and_the_caller_waits_on() {
    let (mut script, agent) = Script::ringing();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::Answered,
    });
    let offer = script.offer_id();
    script.say(CallInput::OfferVoid { offer });
    assert!(script.did(&LegCommand::Hangup(agent)));
    let next = script.offer();
    assert_ne!(next, agent);
}

#[test]
fn how_a_phone_fails_becomes_the_offers_outcome() {
    for (cause, wanted) in [
        (LegEndCause::Rejected(486), OfferOutcome::Declined),
        (LegEndCause::Rejected(600), OfferOutcome::Declined),
        (LegEndCause::Rejected(603), OfferOutcome::Declined),
        (LegEndCause::Rejected(408), OfferOutcome::NoAnswer),
        (LegEndCause::Rejected(404), OfferOutcome::Unreachable),
        (LegEndCause::Rejected(480), OfferOutcome::Unreachable),
        (LegEndCause::Rejected(503), OfferOutcome::Unreachable),
        (LegEndCause::Unreachable, OfferOutcome::Unreachable),
        (
            LegEndCause::Timeout { silent: true },
            OfferOutcome::Unreachable,
        ),
    ] {
        let (mut script, agent) = Script::ringing();
        script.leg_ends(agent, cause);
        let offer = script.offer_id();
        assert!(
            script.inputs().contains(&Input::OfferFailed {
                offer,
                outcome: wanted
            }),
            "{cause:?}"
        );
    }
}

#[test]
fn a_phone_that_rings_out_missed_it_and_one_that_says_nothing_is_unreachable() {
    let (mut script, agent) = Script::ringing();
    script.after(Duration::from_millis(19_999));
    assert!(!script.did(&LegCommand::Hangup(agent)));
    script.after(Duration::from_millis(1));
    assert!(script.did(&LegCommand::Hangup(agent)));
    let offer = script.offer_id();
    assert!(script.inputs().contains(&Input::OfferFailed {
        offer,
        outcome: OfferOutcome::NoAnswer
    }));

    let mut script = Script::waiting();
    script.offer();
    script.after(Duration::from_secs(5));
    let offer = script.offer_id();
    assert!(script.inputs().contains(&Input::OfferFailed {
        offer,
        outcome: OfferOutcome::Unreachable
    }));
}

#[test]
fn a_waiting_that_times_out_goes_on_in_the_flow_and_is_unserved() {
    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::TimedOut,
        refusal: None,
    });
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Flow)]);

    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Refused,
        refusal: Some(Refusal::Full),
    });
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Customer)]);
}

#[test]
fn a_caller_who_hangs_up_in_the_menu_served_themselves() {
    let mut script = Script::begin();
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::SelfServed, EndCause::Customer)]);
    assert!(script.finished());
}

#[test]
fn a_distributor_that_never_says_the_outcome_does_not_keep_the_record_open() {
    let mut script = Script::waiting();
    script.customer_hangs_up();
    assert!(script.ended().is_empty());
    script.after(Duration::from_secs(2));
    assert_eq!(script.ended().len(), 1);
    assert!(script.finished());
}

#[test]
fn a_leg_that_never_reports_its_end_does_not_keep_the_call() {
    let (mut script, _agent) = Script::talking();
    script.customer_hangs_up();
    assert!(!script.finished());
    assert!(script.machine.next_deadline().is_some());
    script.after(Duration::from_secs(40));
    assert!(script.finished());
}

#[test]
fn dead_media_ends_the_talk() {
    let (mut script, agent) = Script::talking();
    script.say(CallInput::Leg {
        leg: agent,
        event: LegEvent::MediaLost,
    });
    assert!(script.did(&LegCommand::Hangup(agent)));
    assert!(script.did(&LegCommand::Hangup(CUSTOMER)));
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::MediaLost)]);
}

#[test]
fn shutdown_ends_a_waiting_call_as_our_fault() {
    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::Shutdown);
    assert!(script.did(&LegCommand::Hangup(CUSTOMER)));
    assert!(script.inputs().contains(&Input::Leave {
        entry,
        cause: LeaveCause::Failed
    }));
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Failed,
        refusal: None,
    });
    assert_eq!(script.ended(), [(Outcome::Failed, EndCause::Shutdown)]);
}

/// Its driver would turn in circles until the legs are over.
#[test]
fn a_call_on_its_way_out_wants_no_time_of_its_flow() {
    let mut script = Script::begin_with(
        r#"
flow: 1
name: support
prompts: { choose: { en: "Press 1." } }
blocks:
  start:
    - answer:
    - menu:
        prompt: choose
        timeout: 5s
        tries: 3
        keys: { 1: { go: bye, label: Bye } }
        exits: { exhausted: bye, error: bye }
  bye:
    - hangup:
"#,
    );
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    script.say(CallInput::Shutdown);
    script.after(Duration::from_secs(6));
    let deadline = script.machine.next_deadline().unwrap();
    assert!(deadline > Timestamp::from_millis(script.at), "{deadline:?}");
}

/// Who calls, what was dialled and the time of day reach the flow.
/// A prompt that is stopped by the end, and a key on its way, come after it.
#[test]
fn a_call_on_its_way_out_enters_no_queue() {
    let mut script = Script::begin();
    let play = script.played();
    script.say(CallInput::Shutdown);
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: false,
        },
    });
    assert!(script.last.is_empty(), "{:?}", script.last);
}

#[test]
fn a_flow_decides_by_the_caller_and_the_time() {
    let flow = r#"
flow: 1
name: support
hours:
  night: { zone: UTC, week: { thu: "00:00-00:01" }, closed_on: [] }
blocks:
  start:
    - answer:
    - tag: { who: "{{ call.from }} to {{ call.to }}" }
    - hours: { check: night, exits: { open: open, closed: closed } }
  open: [ { tag: { it: "is open" } }, { hangup: } ]
  closed: [ { hangup: } ]
"#;
    let script = Script::begin_with(flow);
    let tags: Vec<String> = script
        .all
        .iter()
        .filter_map(|output| match output {
            CallOutput::Log {
                event: Event::Tagged { key, value, .. },
                ..
            } => Some(format!("{key}={value}")),
            _ => None,
        })
        .collect();
    // The virtual clock stands at 1970-01-01, a Thursday.
    assert_eq!(tags, ["who=+34600111222 to 9000", "it=is open"]);
}
