//! Steps of a flow that act on the call: what the log is told of them.

use super::*;
use crate::call::control::{Colleague, Control, ControlId, ControlRequest, Destination};
use crate::call::outbound::{LegNames, Way as OutWay};
use crate::call::phone_call::{PhoneAnswer, PhoneAsk};
use crate::call::port::DialWays;
use router::event::DialOutcome;

const SURVEY: &str = r#"
flow: 1
name: support
prompts: { hello: { en: "Hello." }, rate: { en: "How was it?" } }
blocks:
  start:
    - answer:
    - play: hello
    - queue: { to: support, exits: { answered: after } }
    - hangup:
  after:
    - survey: { prompt: rate, keys: 1-5, store: csat }
    - hangup:
"#;

pub(super) fn logged(script: &Script) -> Vec<&Event> {
    let events = script.all.iter().filter_map(|output| match output {
        CallOutput::Log { event, .. } => Some(event),
        _ => None,
    });
    events.collect()
}

impl Script {
    /// A caller of this flow whom an agent has; the agent's leg.
    pub(super) fn talking_in(flow: &str) -> (Self, LegId) {
        let mut script = Self::begin_with(flow);
        let play = script.played();
        script.say(CallInput::Leg {
            leg: CUSTOMER,
            event: LegEvent::PlayEnded {
                play,
                finished: true,
            },
        });
        let leg = script.offer();
        script.accept(leg);
        (script, leg)
    }

    pub(super) fn accept(&mut self, leg: LegId) {
        self.say(CallInput::Leg {
            leg,
            event: LegEvent::Answered,
        });
        let offer = self.offer_id();
        self.say(CallInput::OfferAccepted {
            offer,
            agent: AgentId::from_number(7),
        });
    }

    pub(super) fn key(&mut self, key: char) {
        self.say(CallInput::Leg {
            leg: CUSTOMER,
            event: LegEvent::Key(key),
        });
    }
}

#[test]
fn an_answer_to_a_survey_is_logged_and_the_flow_has_ended_the_call() {
    let (mut script, agent) = Script::talking_in(SURVEY);
    script.leg_ends(agent, LegEndCause::Bye);
    script.key('3');
    let told = logged(&script).into_iter().any(|event| {
        matches!(event, Event::SurveyAnswered { question, answer: Some(3), .. } if question == "csat")
    });
    assert!(told);
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Flow)]);
}

const CONSENT: &str = r#"
flow: 1
name: support
prompts: { words: { en: "Recorded." } }
blocks:
  start:
    - answer:
    - RECORD
    - consent: { prompt: words, opt_out_key: 1, default: granted, timeout: 1s }
    - queue: { to: support, exits: { answered: start } }
    - hangup:
"#;

/// What is asked of recordings, in order.
fn of_recordings(script: &Script) -> Vec<String> {
    let commands = script.all.iter().filter_map(|output| match output {
        CallOutput::Leg(LegCommand::StartRecording { index, agent, .. }) => Some(format!(
            "start {index} with {}",
            if *agent == CUSTOMER {
                "nobody"
            } else {
                "the agent"
            }
        )),
        CallOutput::Leg(LegCommand::RecordOthers { agents, .. }) => {
            Some(format!("goes on with {}", agents.len()))
        }
        CallOutput::Leg(LegCommand::PauseRecording { paused, .. }) => {
            Some(format!("pause {paused}"))
        }
        CallOutput::Leg(LegCommand::StopRecording(_)) => Some("stop".to_owned()),
        _ => None,
    });
    commands.collect()
}

/// A caller who was asked, by the rule of the company.
fn asked(record: &str, policy: RecordPolicy) -> Script {
    let flow = CONSENT.replace("    - RECORD\n", record);
    let mut script = Script::begin_by(&flow, None, Some("own.wav"), policy);
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    script
}

fn talk(script: &mut Script) -> LegId {
    let leg = script.offer();
    script.accept(leg);
    leg
}

#[test]
fn who_refuses_is_recorded_in_no_talk_of_the_call() {
    let mut script = asked("", RecordPolicy::Always);
    script.key('1');
    let told = |event: &Event| {
        matches!(
            event,
            Event::RecordingConsent {
                granted: false,
                by_key: true,
                ..
            }
        )
    };
    assert!(logged(&script).into_iter().any(told));
    talk(&mut script);
    assert_eq!(of_recordings(&script), Vec::<String>::new());
    // Nor with an agent whom a supervisor gives the caller to.
    let colleague = Colleague {
        agent: AgentId::from_number(8),
        extension: "2002".to_owned(),
    };
    script.say(CallInput::Control(ControlRequest {
        id: ControlId(1),
        by: None,
        control: Control::Transfer {
            to: Destination::Colleague(colleague),
            notes: None,
        },
    }));
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    let leg = script
        .last
        .iter()
        .find_map(|output| match output {
            CallOutput::Leg(LegCommand::Dial { leg, .. }) => Some(*leg),
            _ => None,
        })
        .unwrap();
    script.say(CallInput::Leg {
        leg,
        event: LegEvent::Answered,
    });
    assert_eq!(of_recordings(&script), Vec::<String>::new());
}

#[test]
fn where_consent_is_needed_only_who_agreed_is_recorded() {
    let mut agreed = asked("", RecordPolicy::Consent);
    agreed.after(Duration::from_secs(1));
    talk(&mut agreed);
    assert_eq!(of_recordings(&agreed), ["start 1 with the agent"]);
    let mut unasked = Script::begin_by(FLOW, None, Some("own.wav"), RecordPolicy::Consent);
    let play = unasked.played();
    unasked.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    talk(&mut unasked);
    assert_eq!(of_recordings(&unasked), Vec::<String>::new());
    let mut never = asked("    - record: start\n", RecordPolicy::Never);
    never.after(Duration::from_secs(1));
    talk(&mut never);
    assert_eq!(of_recordings(&never), Vec::<String>::new());
}

#[test]
fn what_the_flow_begins_goes_on_into_the_talk_and_a_no_ends_it() {
    let record = "    - record: start\n    - record: pause\n";
    let mut script = asked(record, RecordPolicy::Always);
    script.after(Duration::from_secs(1));
    let agent = talk(&mut script);
    let begun = [
        "start 1 with nobody",
        "pause true",
        "pause false",
        "goes on with 1",
    ];
    assert_eq!(of_recordings(&script), begun);
    let paused = |event: &Event| {
        matches!(
            event,
            Event::TalkPaused {
                cause: router::event::PauseCause::Flow,
                recording: Some(_),
                ..
            }
        )
    };
    assert_eq!(
        logged(&script)
            .into_iter()
            .filter(|event| paused(event))
            .count(),
        1
    );
    script.leg_ends(agent, LegEndCause::Bye);
    assert_eq!(of_recordings(&script)[4], "stop");
    let mut script = asked(record, RecordPolicy::Always);
    script.key('1');
    let ended = ["start 1 with nobody", "pause true", "pause false", "stop"];
    assert_eq!(of_recordings(&script), ended);
    // Who hangs up in the menu leaves a recording that ends.
    let mut script = asked("    - record: start\n", RecordPolicy::Always);
    script.customer_hangs_up();
    assert_eq!(of_recordings(&script), ["start 1 with nobody", "stop"]);
    // The flow's own no holds for the talks that follow.
    let mut script = asked("    - record: stop\n", RecordPolicy::Always);
    script.after(Duration::from_secs(1));
    talk(&mut script);
    assert_eq!(of_recordings(&script), Vec::<String>::new());
}

#[test]
fn an_event_of_the_flow_is_logged_and_a_call_is_refused_with_its_reason() {
    let script = Script::begin_with(
        r#"
flow: 1
name: support
blocks:
  start:
    - notify: { event: asked, data: { why: test } }
    - hangup: busy
"#,
    );
    let told = |event: &Event| matches!(event, Event::Notified { event, data, .. } if event == "asked" && data["why"] == "test");
    assert!(logged(&script).into_iter().any(told));
    let refused = LegCommand::Reject {
        leg: CUSTOMER,
        status: 486,
    };
    assert!(script.did(&refused), "{:?}", script.last);
}

#[test]
fn a_key_takes_the_caller_out_of_the_queue_and_the_record_says_so() {
    let flow = FLOW.replace(
        "    loop:\n",
        "    keys: { 1: after, 2: { play: hello } }\n    loop:\n",
    );
    let mut script = Script::begin_with(&flow);
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    let entry = script.entry();
    script.key('2');
    assert!(
        script
            .inputs()
            .iter()
            .all(|input| !matches!(input, Input::Leave { .. }))
    );
    let agent = script.offer();
    script.key('1');
    assert!(script.inputs().contains(&Input::Leave {
        entry,
        cause: LeaveCause::KeyExit,
    }));
    assert!(script.did(&LegCommand::Hangup(agent)), "no phone rings on");
    assert_eq!(script.ended(), [(Outcome::SelfServed, EndCause::Flow)]);
}

const TRANSFER: &str = r#"
flow: 1
name: support
prompts: { sorry: { en: "Sorry." }, busy: { en: "Busy." } }
blocks:
  start:
    - answer:
    - STEP: { TO, ring: 20s, exits: { no_answer: sorry, busy: busy, failed: sorry } }
    - hangup:
  sorry: [ { play: sorry }, { hangup: } ]
  busy: [ { play: busy }, { hangup: } ]
"#;

fn way(trunk: &str, leg: u64) -> OutWay {
    OutWay {
        party: LegNames {
            leg: LegId(leg),
            log_leg: LogLegId::from_number(leg),
        },
        trunk: trunk.to_owned(),
        uri: Private::new("sip:+34911222333@192.0.2.1".to_owned()),
        caller_id: PhoneNumber::from_normalised("+34910000000"),
        credentials: None,
        record: true,
        of_trunk: 1,
        of_agent: 1,
    }
}

/// A caller for whom the first of two trunks rings.
fn dials() -> Script {
    let flow = TRANSFER
        .replace("STEP", "transfer")
        .replace("TO", "to: \"+34911222333\"");
    let mut script = Script::begin_with(&flow);
    assert!(script.did(&LegCommand::Ringback(CUSTOMER)));
    let ways = vec![way("first", 501), way("second", 502)];
    script.say(CallInput::WayFound(DialWays::Trunks(ways)));
    script
}

fn outcome(script: &Script) -> Vec<(Option<String>, DialOutcome)> {
    let told = logged(script).into_iter().filter_map(|event| match event {
        Event::FlowDialled { trunk, outcome, .. } => Some((trunk.clone(), *outcome)),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_trunk_that_fails_is_followed_by_the_next_and_the_talk_by_the_end() {
    let mut script = dials();
    script.leg_ends(LegId(501), LegEndCause::Rejected(503));
    let next = script.last.iter().any(|output| {
        matches!(output, CallOutput::Leg(LegCommand::DialOut { trunk, .. }) if trunk == "second")
    });
    assert!(next, "{:?}", script.last);
    script.say(CallInput::Leg {
        leg: LegId(502),
        event: LegEvent::Answered,
    });
    let bridge = LegCommand::Bridge {
        customer: CUSTOMER,
        agent: LegId(502),
    };
    assert!(script.did(&bridge));
    assert_eq!(of_recordings(&script), ["start 1 with the agent"]);
    script.leg_ends(LegId(502), LegEndCause::Bye);
    assert_eq!(of_recordings(&script)[1], "stop");
    assert_eq!(
        outcome(&script),
        [(Some("second".to_owned()), DialOutcome::Answered)]
    );
    assert_eq!(script.ended(), [(Outcome::SelfServed, EndCause::Flow)]);
}

#[test]
fn what_keeps_ringing_is_cancelled_by_time_and_by_the_caller() {
    let mut script = dials();
    script.say(CallInput::Leg {
        leg: LegId(501),
        event: LegEvent::Progress { status: 180 },
    });
    script.after(Duration::from_secs(19));
    assert!(outcome(&script).is_empty());
    script.after(Duration::from_secs(1));
    assert!(script.did(&LegCommand::Hangup(LegId(501))));
    assert_eq!(
        outcome(&script),
        [(Some("first".to_owned()), DialOutcome::NoAnswer)]
    );
    let mut script = dials();
    script.customer_hangs_up();
    assert!(script.did(&LegCommand::Hangup(LegId(501))));
    assert_eq!(
        outcome(&script),
        [(Some("first".to_owned()), DialOutcome::CallerLeft)]
    );
    assert_eq!(script.ended(), [(Outcome::SelfServed, EndCause::Customer)]);
    // Nobody may be called so, or the company does not answer.
    let mut refused = dials();
    refused.leg_ends(LegId(501), LegEndCause::Rejected(404));
    assert_eq!(
        outcome(&refused),
        [(Some("first".to_owned()), DialOutcome::Failed)]
    );
    let flow = TRANSFER
        .replace("STEP", "dial")
        .replace("TO", "agent: 2001");
    let mut nobody = Script::begin_with(&flow);
    nobody.after(Duration::from_secs(2));
    assert_eq!(outcome(&nobody), [(None, DialOutcome::Failed)]);
}

#[test]
fn an_agent_who_is_not_free_is_busy_and_one_who_rings_is_released() {
    let flow = TRANSFER
        .replace("STEP", "dial")
        .replace("TO", "agent: 2001");
    let agent = AgentId::from_number(7);
    let asked = || {
        let mut script = Script::begin_with(&flow);
        script.say(CallInput::WayFound(DialWays::Agent {
            agent,
            extension: "2001".to_owned(),
        }));
        script
    };
    let released = |script: &Script| {
        let release = PhoneAsk::Release { agent };
        let is = |output: &&CallOutput| matches!(output, CallOutput::Ask(ask) if *ask == release);
        script.all.iter().filter(is).count()
    };
    let mut busy = asked();
    busy.say(CallInput::PhoneAnswered(PhoneAnswer::Busy));
    assert_eq!(outcome(&busy), [(None, DialOutcome::Busy)]);
    assert_eq!(released(&busy), 0, "another call has the agent");
    let mut script = asked();
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    let leg = script.last.iter().find_map(|output| match output {
        CallOutput::Leg(LegCommand::Dial { leg, .. }) => Some(*leg),
        _ => None,
    });
    script.say(CallInput::Leg {
        leg: leg.unwrap(),
        event: LegEvent::Answered,
    });
    script.leg_ends(leg.unwrap(), LegEndCause::Bye);
    assert_eq!(released(&script), 1);
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Agent)]);
}
