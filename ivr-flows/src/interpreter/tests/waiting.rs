//! Queues: the loop while waiting, the agent, and every way out.

use std::time::Duration;

use super::Call;
use crate::port::{FlowInput, QueueEnd};

const FLOW: &str = "
defaults:
  exits: { error: sorry, closed: inherited }
prompts:
  music: { file: moh/calm.wav }
  busy: { en: a }
blocks:
  start:
    - answer:
    - queue: { to: support, use: w, head_start: 2m, class: emergency, exits: { full: own, EXIT } }
    - tag: { at: next }
    - queue: last
  own:
    - tag: { at: own }
    - hangup:
  from-wait:
    - tag: { at: wait }
    - hangup:
  inherited:
    - tag: { at: inherited }
    - hangup:
  sorry:
    - tag: { at: sorry }
    - queue: again
waits:
  w:
    loop:
      - play: { prompt: music, for: 30s }
      - play: busy
    give_up_after: 5m
    exits: { full: from-wait, answered: from-wait }
";

fn call() -> Call {
    let mut call = Call::new(&FLOW.replace(", EXIT", ""));
    assert_eq!(
        call.heard(),
        "answer, queue support ahead 120s class 0, play moh/calm for 30s"
    );
    call
}

#[test]
fn the_loop_plays_until_an_agent_is_there_and_stops_at_once() {
    let mut call = call();
    assert_eq!(
        call.other(FlowInput::Queued {
            position: 3,
            expected: None
        }),
        ""
    );
    assert_eq!(call.ended(), "play busy");
    call.seconds(3);
    assert_eq!(call.ended(), "play moh/calm for 30s");
    assert_eq!(call.other(FlowInput::AgentConnected), "stop");
    assert_eq!(call.flow.next_deadline(), None, "a talk has no limit");
    assert_eq!(call.key('1'), "");
    assert_eq!(call.seconds(10_000), "");
    assert_eq!(
        call.other(FlowInput::AgentLeft),
        "tag at=wait, hangup Hangup"
    );
}

#[test]
fn keys_while_waiting_are_for_nobody() {
    let mut call = call();
    assert_eq!(call.key('1'), "");
    assert!(call.flow.keys.is_empty());
}

#[test]
fn exits_are_the_steps_own_then_the_waits_then_inherited_then_the_next_step() {
    for (end, heard) in [
        (QueueEnd::Full, "stop, tag at=own, hangup Hangup"),
        (QueueEnd::Closed, "stop, tag at=inherited, hangup Hangup"),
        (QueueEnd::NoAgents, "stop, tag at=next, queue last"),
        (QueueEnd::TimedOut, "stop, tag at=next, queue last"),
        (QueueEnd::Failed, "stop, tag at=sorry, queue again"),
    ] {
        assert_eq!(call().queue_ended(end), heard, "{end:?}");
    }
}

#[test]
fn after_the_last_queue_the_call_ends_politely() {
    let mut waits = call();
    waits.queue_ended(QueueEnd::NoAgents);
    assert_eq!(waits.queue_ended(QueueEnd::Full), "hangup AfterQueue");
    let mut talked = call();
    talked.queue_ended(QueueEnd::NoAgents);
    talked.other(FlowInput::AgentConnected);
    assert_eq!(talked.other(FlowInput::AgentLeft), "hangup AfterQueue");
}

#[test]
fn whoever_waits_too_long_leaves_by_timeout() {
    let mut call = Call::new(&FLOW.replace("EXIT", "timeout: own"));
    call.heard();
    assert_eq!(call.seconds(299), "");
    assert_eq!(
        call.seconds(1),
        "stop, leave queue, by key false, tag at=own, hangup Hangup"
    );
}

#[test]
fn an_agent_who_answers_while_the_caller_gives_up_has_the_caller() {
    let mut call = call();
    assert_eq!(
        call.seconds(300),
        "stop, leave queue, by key false, tag at=next, queue last"
    );
    assert_eq!(call.other(FlowInput::AgentConnected), "");
    assert_eq!(call.other(FlowInput::AgentLeft), "hangup AfterQueue");
}

#[test]
fn a_queue_that_fails_again_in_its_error_exit_ends_the_call_and_is_told() {
    let mut call = call();
    call.queue_ended(QueueEnd::Failed);
    let heard = call.queue_ended(QueueEnd::Failed);
    assert!(
        heard.starts_with("incident: ") && heard.ends_with("hangup Backstop"),
        "{heard}"
    );
}

#[test]
fn a_loop_whose_files_cannot_be_played_makes_no_storm() {
    let mut call = call();
    let mut rounds = 0;
    for _ in 0..100 {
        if call.playing.is_none() {
            break;
        }
        rounds += 1;
        call.ended();
    }
    assert_eq!(rounds, 2, "a round, then a pause");
    assert_eq!(call.pass(Duration::from_millis(999)), "");
    assert_eq!(call.pass(Duration::from_millis(1)), "play moh/calm for 30s");
}

#[test]
fn a_queue_without_a_wait_is_silent_and_has_no_deadline() {
    let mut call = Call::new("blocks:\n  start:\n    - answer:\n    - queue: support\n");
    assert_eq!(call.heard(), "answer, queue support");
    assert_eq!(call.flow.next_deadline(), None);
    assert_eq!(call.seconds(100_000), "");
    assert_eq!(call.queue_ended(QueueEnd::TimedOut), "hangup AfterQueue");
}

#[test]
fn an_unanswered_call_hears_what_is_played_and_is_answered_before_the_first_queue() {
    let mut call = Call::new("blocks:\n  start:\n    - tag: { a: b }\n    - queue: support\n");
    assert_eq!(call.heard(), "tag a=b, answer, queue support");
    let mut call = Call::new(
        "prompts: { hello: { en: a } }\nblocks:\n  start:\n    - play: hello\n    - answer:\n    - queue: support\n",
    );
    assert_eq!(call.heard(), "early, play hello");
    assert_eq!(call.ended(), "answer, queue support", "answered once");
    let mut call = Call::new(
        "prompts: { hello: { en: a } }\nblocks:\n  start:\n    - play: hello\n    - play: hello\n    - queue: support\n",
    );
    assert_eq!(call.heard(), "early, play hello");
    assert_eq!(call.ended(), "play hello", "heard already");
    assert_eq!(call.ended(), "answer, queue support");
    let mut call = Call::new(
        "prompts: { hello: { en: a } }\nblocks:\n  start:\n    - answer:\n    - play: hello\n    - hangup:\n",
    );
    assert_eq!(call.heard(), "answer, play hello");
}

#[test]
fn ends_that_come_late_change_nothing() {
    let mut call = call();
    call.other(FlowInput::AgentConnected);
    assert_eq!(call.queue_ended(QueueEnd::Full), "");
    assert_eq!(call.other(FlowInput::AgentConnected), "");
    assert_eq!(
        call.other(FlowInput::AgentLeft),
        "tag at=wait, hangup Hangup"
    );
    assert_eq!(call.other(FlowInput::AgentLeft), "");
    assert_eq!(call.other(FlowInput::HungUp), "");
}

#[test]
fn the_agents_exit_is_that_of_the_queue_wherever_the_flow_has_gone() {
    let source = FLOW.replace("EXIT", "timeout: away").replace(
        "  own:\n",
        "  away:\n    - play: busy\n    - hangup:\n  own:\n",
    );
    let mut call = Call::new(&source);
    assert!(call.seconds(300).ends_with("play busy"));
    assert_eq!(call.other(FlowInput::AgentConnected), "stop");
    assert_eq!(
        call.other(FlowInput::AgentLeft),
        "tag at=wait, hangup Hangup"
    );
}

#[test]
fn after_a_choice_of_the_caller_the_error_exit_is_open_again() {
    let source = "
defaults: { exits: { error: again, exhausted: hangup } }
prompts: { ask: { en: a } }
blocks:
  start:
    - queue: support
    - hangup:
  again:
    - menu: { prompt: ask, keys: { 1: start } }
";
    let mut call = Call::new(source);
    for _ in 0..3 {
        assert!(call.queue_ended(QueueEnd::Failed).ends_with("play ask"));
        call.key('1');
    }
}

#[test]
fn a_closed_queue_says_why_and_the_call_goes_on_by_its_exit() {
    use crate::port::{PlayToken, Sound, Words};
    let prompt = || FlowInput::QueueClosed {
        message: Sound {
            file: Some("flood.wav".into()),
            words: None,
            voice: None,
        },
    };
    let mut waits = call();
    assert_eq!(waits.other(prompt()), "stop, play flood");
    assert_eq!(waits.ended(), "tag at=inherited, hangup Hangup");
    // A key skips it and is kept, as with any prompt.
    let mut pressed = call();
    pressed.other(prompt());
    assert_eq!(pressed.key('1'), "stop, tag at=inherited, hangup Hangup");
    // An agent who gave the caller back to a queue that is closed by now.
    let mut talked = call();
    talked.other(FlowInput::AgentConnected);
    assert_eq!(talked.other(prompt()), "play flood");
    assert_eq!(talked.ended(), "tag at=inherited, hangup Hangup");
    // Words, and no word in the flow for a closed queue: the end comes after them.
    let mut plain = Call::new(
        &FLOW
            .replace(", EXIT", "")
            .replace(", closed: inherited", ""),
    );
    plain.heard();
    plain.queue_ended(QueueEnd::NoAgents);
    let words = Sound::words(Words::Fixed("We are closed".into()));
    assert_ne!(plain.other(FlowInput::QueueClosed { message: words }), "");
    assert_eq!(plain.ended(), "hangup AfterQueue");
    // Where nothing of it can be heard, it is the same without.
    let mut silent = call();
    silent.other(prompt());
    assert_eq!(
        silent.other(FlowInput::PlayFailed(PlayToken(1))),
        "tag at=inherited, hangup Hangup"
    );
    // Nobody who hears the menu is sent away.
    let mut gone = call();
    gone.other(FlowInput::HungUp);
    assert_eq!(gone.other(prompt()), "");
}

#[test]
fn what_is_asked_for_besides_goes_along() {
    let mut call = Call::new(
        "blocks:\n  start:\n    - answer:\n    - queue: { to: support, any_of: [{ billing: 2 }, { spanish: 1 }], \
         ladder: [{ after: 45s, skills: { billing: 0 }, max_tier: 2, queues: last, head_start: 1m }], last_agent: 20s }\n",
    );
    let heard = call.heard();
    for part in [
        "any_of: [{\"billing\": 2}, {\"spanish\": 1}]",
        "after: 45s",
        "skills: {\"billing\": 0}",
        "max_tier: Some(2)",
        "queues: [\"last\"]",
        "head_start: 60s",
        "last_agent: Some(20s)",
    ] {
        assert!(heard.contains(part), "{part}: {heard}");
    }
}

/// What is inherited is said for every queue: a queue that has a way of its own knows better.
#[test]
fn the_exits_of_the_step_and_of_its_wait_are_told_and_inherited_ones_are_not() {
    let flow = "
prompts: { moh: { en: a } }
defaults: { exits: { no_agents: end, error: end } }
waits:
  calm: { loop: [{ play: { prompt: moh, for: 30s } }], exits: { full: end } }
blocks:
  start:
    - answer:
    - queue: { to: support, use: calm, exits: { timeout: end } }
  end:
    - hangup:
";
    let mut call = Call::new(flow);
    call.heard();
    let own = call.own_exits.clone();
    assert_eq!(own, [QueueEnd::TimedOut, QueueEnd::Full]);
}
