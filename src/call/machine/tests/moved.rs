//! A caller who waits is sent to another queue, or to an agent by name.

use super::*;
use crate::call::control::{Colleague, Control, ControlId, ControlRequest, Destination, Refused};
use crate::call::phone_call::{PhoneAnswer, PhoneAsk};
use router::distributor::port::EntryRequest;
use router::overflow::{Cause, Way};

const BEN: AgentId = AgentId::from_number(8);
const SALES: QueueId = QueueId::from_number(2);

impl Script {
    fn asks(&mut self, by: Option<AgentId>, to: Destination) -> Option<Result<(), Refused>> {
        self.say(CallInput::Control(ControlRequest {
            id: ControlId(1),
            by,
            control: Control::Transfer { to, notes: None },
        }));
        self.answered()
    }

    fn answered(&self) -> Option<Result<(), Refused>> {
        let mut outputs = self.last.iter();
        outputs.find_map(|output| match output {
            CallOutput::Answer { result, .. } => Some(*result),
            _ => None,
        })
    }

    fn enqueued(&self) -> EntryRequest {
        let inputs = self.inputs();
        let mut requests = inputs.into_iter().filter_map(|input| match input {
            Input::Enqueue(request) => Some(request),
            _ => None,
        });
        requests.next_back().unwrap()
    }

    fn refused(&mut self, entry: QueueEntryId) {
        self.say(CallInput::EntryLeft {
            entry,
            outcome: EntryOutcome::Refused,
            refusal: Some(Refusal::Full),
            message: None,
            way: Way::Exit,
        });
    }

    /// The agent's phone that rings since the last input.
    fn dialled(&self) -> Option<LegId> {
        let mut outputs = self.last.iter();
        outputs.find_map(|output| match output {
            CallOutput::Leg(LegCommand::Dial { leg, .. }) => Some(*leg),
            _ => None,
        })
    }
}

fn sales() -> Destination {
    Destination::Queue {
        name: "sales".to_owned(),
        known: KnownQueue {
            voicemail_prompt: None,
            id: SALES,
            music: None,
        },
    }
}

fn support() -> Destination {
    Destination::Queue {
        name: "support".to_owned(),
        known: KnownQueue {
            voicemail_prompt: None,
            id: QueueId::from_number(1),
            music: None,
        },
    }
}

fn ben() -> Destination {
    Destination::Colleague(Colleague {
        agent: BEN,
        extension: "2002".to_owned(),
    })
}

#[test]
fn the_time_that_was_waited_goes_along_and_the_flow_notices_nothing() {
    let mut script = Script::waiting();
    let first = script.enqueued();
    script.after(Duration::from_secs(12));
    let plays = script.all.len();
    assert_eq!(script.asks(None, sales()), Some(Ok(())));
    let second = script.enqueued();
    assert_eq!(
        (second.queue, second.head_start),
        (SALES, Duration::from_secs(12))
    );
    assert_ne!(second.entry, first.entry);
    assert!(script.inputs().contains(&Input::Leave {
        entry: first.entry,
        cause: LeaveCause::Moved
    }));
    // What the Distributor says of the old waiting is old.
    script.say(CallInput::EntryLeft {
        entry: first.entry,
        outcome: EntryOutcome::Overflowed,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    let sounds = |output: &CallOutput| {
        matches!(
            output,
            CallOutput::Leg(LegCommand::Play(_) | LegCommand::StopPlay(_))
        )
    };
    assert!(!script.all[plays..].iter().any(sounds), "the music goes on");
    // A second time: all that was waited.
    script.say(CallInput::Queued {
        entry: second.entry,
        position: 1,
        expected: None,
    });
    script.after(Duration::from_secs(5));
    assert_eq!(script.asks(None, support()), Some(Ok(())));
    assert_eq!(script.enqueued().head_start, Duration::from_secs(17));
}

/// A queue that does not take them gives them back, whatever ways it has of its own; where it sends them on after a wait,
/// that is over.
#[test]
fn who_was_moved_takes_no_way_of_a_queue_that_does_not_take_them() {
    let flow = "flow: 1\nname: support\nblocks:\n  start:\n    - answer:\n    - queue: support\n";
    let mut script = Script::begin_with(flow);
    let first = script.enqueued();
    script.say(CallInput::Queued {
        entry: first.entry,
        position: 1,
        expected: None,
    });
    assert_eq!(first.wishes.own_exits, []);
    assert_eq!(script.asks(None, sales()), Some(Ok(())));
    let second = script.enqueued();
    assert_eq!(second.wishes.own_exits, [Cause::Full, Cause::NoAgents]);
    script.say(CallInput::EntryLeft {
        entry: second.entry,
        outcome: EntryOutcome::Overflowed,
        refusal: None,
        message: None,
        way: Way::Queue(first.queue),
    });
    let third = script.enqueued();
    assert_eq!(third.queue, first.queue);
    assert_eq!(third.wishes.own_exits, []);
}

#[test]
fn a_queue_that_does_not_take_the_caller_gives_them_back() {
    let mut script = Script::waiting();
    script.after(Duration::from_secs(30));
    script.asks(None, sales());
    let there = script.enqueued().entry;
    script.refused(there);
    let back = script.enqueued();
    assert_eq!(back.queue, QueueId::from_number(1));
    assert_eq!(back.head_start, Duration::from_secs(30));
    // Refused there too: the flow's own exit, as without any move.
    script.refused(back.entry);
    let sorry = |output: &CallOutput| matches!(output, CallOutput::Leg(LegCommand::Play(play)) if files(play) == ["sorry.wav"]);
    assert!(script.last.iter().any(sorry));
}

#[test]
fn what_cannot_be_moved_says_why() {
    let mut script = Script::waiting();
    assert_eq!(script.asks(None, support()), Some(Err(Refused::SameQueue)));
    // An agent may not.
    assert_eq!(script.asks(Some(BEN), sales()), Some(Err(Refused::NoTalk)));
    let (mut script, leg) = Script::ringing();
    script.say(CallInput::Leg {
        leg,
        event: LegEvent::Answered,
    });
    assert_eq!(
        script.asks(None, sales()),
        Some(Err(Refused::BeingAnswered))
    );
    assert_eq!(script.asks(None, ben()), Some(Err(Refused::BeingAnswered)));
    let inputs = script.inputs();
    assert!(
        !inputs
            .iter()
            .any(|input| matches!(input, Input::Leave { .. }))
    );
}

#[test]
fn a_move_while_a_phone_rings_stops_it() {
    let (mut script, leg) = Script::ringing();
    script.asks(None, sales());
    assert!(script.did(&LegCommand::Hangup(leg)));
    script.leg_ends(leg, LegEndCause::Cancelled);
    script.customer_hangs_up();
    let entry = script.enqueued().entry;
    assert!(script.inputs().contains(&Input::Leave {
        entry,
        cause: LeaveCause::HungUp
    }));
}

/// Ben was asked for and is free: his phone rings.
fn pulled() -> (Script, LegId) {
    let mut script = Script::waiting();
    let entry = script.enqueued().entry;
    assert_eq!(
        script.asks(None, ben()),
        None,
        "the Distributor is asked first"
    );
    let asked = |output: &CallOutput| matches!(output, CallOutput::Ask(PhoneAsk::Reserve { agent, .. }) if *agent == BEN);
    assert!(script.last.iter().any(asked));
    assert_eq!(
        script.asks(None, sales()),
        Some(Err(Refused::ColleagueCalled))
    );
    script.say(CallInput::PhoneAnswered(PhoneAnswer::Done));
    assert_eq!(script.answered(), Some(Ok(())));
    assert!(script.inputs().contains(&Input::Leave {
        entry,
        cause: LeaveCause::Moved
    }));
    assert!(script.did(&LegCommand::Ringback(CUSTOMER)));
    let leg = script.dialled().unwrap();
    (script, leg)
}

#[test]
fn an_agent_by_name_talks_with_the_caller_and_is_recorded() {
    let (mut script, leg) = pulled();
    script.say(CallInput::Leg {
        leg,
        event: LegEvent::Answered,
    });
    assert!(script.did(&LegCommand::Bridge {
        customer: CUSTOMER,
        agent: leg
    }));
    let starts = |output: &CallOutput| matches!(output, CallOutput::Leg(LegCommand::StartRecording { agent, index: 1, .. }) if *agent == leg);
    assert!(script.last.iter().any(starts));
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Customer)]);
}

#[test]
fn an_agent_who_does_not_answer_gives_the_caller_back_to_the_front() {
    let (mut script, leg) = pulled();
    script.leg_ends(leg, LegEndCause::Rejected(486));
    let again = script.enqueued();
    assert_eq!(again.queue, QueueId::from_number(1));
    assert!(again.head_start >= Duration::from_secs(3_600));
    // From there as any other.
    script.say(CallInput::EntryLeft {
        entry: again.entry,
        outcome: EntryOutcome::TimedOut,
        refusal: None,
        message: None,
        way: Way::Exit,
    });
    script.customer_hangs_up();
    assert_eq!(script.ended().len(), 1);
}

#[test]
fn an_agent_who_is_busy_leaves_the_caller_where_they_are() {
    for answer in [PhoneAnswer::Busy, PhoneAnswer::Unreachable] {
        let mut script = Script::waiting();
        script.asks(None, ben());
        let inputs = script.inputs().len();
        script.say(CallInput::PhoneAnswered(answer));
        assert!(matches!(script.answered(), Some(Err(_))));
        assert_eq!(
            script.inputs().len(),
            inputs,
            "nothing was said to the Distributor"
        );
        assert_eq!(script.dialled(), None);
    }
}

#[test]
fn a_caller_who_leaves_while_the_chosen_agent_rings_has_abandoned() {
    let (mut script, leg) = pulled();
    script.customer_hangs_up();
    assert!(script.did(&LegCommand::Hangup(leg)));
    assert_eq!(script.ended(), [(Outcome::Abandoned, EndCause::Customer)]);
}

/// Its queue is full, or the caller has waited too long: to the queue that it names, then to the flow.
#[test]
fn a_queue_sends_the_caller_on_to_another_and_none_twice() {
    let mut script = Script::waiting();
    let first = script.enqueued();
    script.after(Duration::from_secs(20));
    let plays = script.all.len();
    script.say(CallInput::EntryLeft {
        entry: first.entry,
        outcome: EntryOutcome::Overflowed,
        refusal: None,
        message: None,
        way: Way::Queue(SALES),
    });
    let second = script.enqueued();
    assert_eq!(
        (second.queue, second.head_start, second.returning),
        (SALES, Duration::from_secs(20), false)
    );
    assert_eq!(second.wishes.been, [first.queue]);
    assert_eq!(second.wishes.own_exits, first.wishes.own_exits);
    assert_eq!(script.all.len(), plays + 1, "the flow goes on playing");
    // That one does not take them: by the exit of the flow, not back.
    script.say(CallInput::EntryLeft {
        entry: second.entry,
        outcome: EntryOutcome::Refused,
        refusal: Some(Refusal::Full),
        message: None,
        way: Way::Exit,
    });
    assert_eq!(script.enqueued().entry, second.entry, "waits nowhere");
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Customer)]);
}

#[test]
fn a_queue_sends_the_caller_to_its_voicemail() {
    let mut script = Script::waiting();
    let entry = script.entry();
    script.say(CallInput::EntryLeft {
        entry,
        outcome: EntryOutcome::Voicemail,
        refusal: None,
        message: None,
        way: Way::Voicemail,
    });
    let files = |output: &CallOutput| match output {
        CallOutput::Leg(LegCommand::Play(play)) => Some(play.sounds.len()),
        _ => None,
    };
    let heard: Vec<usize> = script.last.iter().filter_map(files).collect();
    assert_eq!(heard, [1], "the tone");
    // Who hangs up before the tone has left no message.
    script.customer_hangs_up();
    assert_eq!(script.ended(), [(Outcome::Unserved, EndCause::Customer)]);
}

#[test]
fn another_place_goes_along_to_the_next_queue() {
    let mut script = Script::waiting();
    let entry = script.entry();
    let place = |script: &mut Script, ahead| {
        script.say(CallInput::Control(ControlRequest {
            id: ControlId(1),
            by: None,
            control: Control::Prioritise {
                class: Some(0),
                ahead: Some(Duration::from_secs(ahead)),
            },
        }));
        assert_eq!(script.answered(), Some(Ok(())));
    };
    place(&mut script, 90);
    place(&mut script, 60);
    assert!(script.inputs().contains(&Input::Reprioritise {
        entry,
        class: Some(0),
        ahead: Some(Duration::from_secs(60)),
    }));
    assert_eq!(script.asks(None, sales()), Some(Ok(())));
    let next = script.enqueued();
    assert_eq!(
        (next.head_start, next.class),
        (Duration::from_secs(60), Some(0))
    );
}
