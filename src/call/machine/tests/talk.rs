//! Answering and talking: what is logged, bridged and recorded in which order.

use super::*;
use router::overflow::Way;

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
        message: None,
        way: Way::Exit,
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
fn agents_screens_get_who_waits_and_why_before_the_waiting_and_the_name_when_it_comes() {
    const ASKS: &str = r#"
flow: 1
name: support
languages: { default: en, offer: [en, es] }
vars: { order_number: { type: string, default: none } }
prompts:
  ask: { en: "Ask." }
blocks:
  start:
    - answer:
    - menu: { prompt: ask, keys: { 1: { go: order, label: An order } }, exits: { exhausted: bye } }
  order:
    - language: es
    - collect: { into: order_number, prompt: ask, digits: 4, exits: { exhausted: bye } }
    - queue: support
  bye:
    - hangup:
"#;
    let mut script = Script::begin_with(ASKS);
    let mut heard = String::new();
    for key in "14321".chars() {
        script.say(CallInput::Leg {
            leg: CUSTOMER,
            event: LegEvent::Key(key),
        });
        for output in &script.last {
            match output {
                CallOutput::ShowCaller(card) => {
                    heard.push_str(&format!("{}; ", card.why.join(", ")));
                }
                CallOutput::Distribute(Input::Enqueue(_)) => heard.push_str("waits"),
                _ => {}
            }
        }
    }
    assert_eq!(
        heard,
        "pressed 1: An order, chose Spanish, typed the order number; waits"
    );
    let name = Private::new("Eva".to_owned());
    script.say(CallInput::CustomerKnown {
        name: Some(name.clone()),
        last_agent: None,
    });
    let shown = script.last.iter().find_map(|output| match output {
        CallOutput::ShowCaller(card) => Some(card.clone()),
        _ => None,
    });
    let shown = shown.unwrap();
    assert_eq!(shown.name, Some(name));
    assert_eq!(shown.why.len(), 3);
    assert!(!format!("{shown:?}").contains("Eva"), "a name in Debug");
}

#[test]
fn the_agent_of_the_last_talk_is_asked_for() {
    const HOLDS: &str = r#"
flow: 1
name: support
prompts:
  hello: { en: "Hello." }
blocks:
  start:
    - answer:
    - play: hello
    - queue: { to: support, last_agent: 20s, ladder: [{ after: 9s, queues: [support, sales], max_tier: 2 }] }
"#;
    let mut script = Script::begin_with(HOLDS);
    let agent = AgentId::from_number(7);
    script.say(CallInput::CustomerKnown {
        name: None,
        last_agent: Some(agent),
    });
    let play = script.played();
    script.say(CallInput::Leg {
        leg: CUSTOMER,
        event: LegEvent::PlayEnded {
            play,
            finished: true,
        },
    });
    let wishes = script.inputs().into_iter().find_map(|input| match input {
        Input::Enqueue(request) => Some(request.wishes),
        _ => None,
    });
    let wishes = wishes.unwrap();
    assert_eq!(wishes.last_agent, Some(agent));
    assert_eq!(wishes.hold, Some(Duration::from_secs(20)));
    let step = &wishes.ladder.unwrap()[0];
    assert_eq!(
        (step.after, step.max_tier),
        (Duration::from_secs(9), Some(2))
    );
    // The company of this call has no queue of the other name.
    assert_eq!(step.queues, [QueueId::from_number(1)]);
}
