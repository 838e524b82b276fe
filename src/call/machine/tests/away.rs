//! An agent whose phone is gone in a talk: what the customer hears, who is rung, where the customer goes in the end.

use super::*;
use crate::call::control::{Colleague, Control, ControlId, ControlRequest, Refused};
use crate::call::phone_call::PhoneAsk;
use router::event::{PauseCause, TalkChange};

const AGENT: AgentId = AgentId::from_number(7);

impl Script {
    /// A talk whose agent's phone has just fallen silent for good.
    fn parted() -> (Self, LegId) {
        let (mut script, leg) = Self::talking();
        script.after(Duration::from_secs(5));
        let event = LegEvent::MediaLost;
        script.say(CallInput::Leg { leg, event });
        (script, leg)
    }

    fn on(&mut self, leg: LegId, event: LegEvent) {
        self.say(CallInput::Leg { leg, event });
    }

    fn reachable(&mut self) -> Option<LegId> {
        let extension = "2001".to_owned();
        self.say(CallInput::AgentReachable {
            agent: AGENT,
            extension,
        });
        self.last.iter().find_map(|output| match output {
            CallOutput::Leg(LegCommand::Dial { leg, headers, .. }) => {
                let purpose = ("X-Cordboard-Purpose".to_owned(), "reconnect".to_owned());
                assert!(headers.contains(&purpose), "{headers:?}");
                Some(*leg)
            }
            _ => None,
        })
    }

    fn plays(&self, file: &str) -> bool {
        let is_it = |output: &CallOutput| matches!(output, CallOutput::Leg(LegCommand::Play(play)) if files(play) == [file]);
        self.last.iter().any(is_it)
    }

    fn asked(&self) -> Vec<PhoneAsk> {
        let ask = |output: &CallOutput| match output {
            CallOutput::Ask(ask) => Some(ask.clone()),
            _ => None,
        };
        self.last.iter().filter_map(ask).collect()
    }

    fn changes(&self) -> Vec<TalkChange> {
        let change = |output: &CallOutput| match output {
            CallOutput::Log {
                event: Event::TalkChanged { change, .. },
                ..
            } => Some(*change),
            _ => None,
        };
        self.all.iter().filter_map(change).collect()
    }

    fn count(&self, is_it: impl Fn(&CallOutput) -> bool) -> usize {
        self.all.iter().filter(|output| is_it(output)).count()
    }

    fn talks_ended(&self) -> usize {
        let ended = |input: &&Input| matches!(input, Input::TalkEnded { .. });
        self.inputs().iter().filter(ended).count()
    }

    /// The last time that the caller was queued.
    fn head_start(&self) -> Duration {
        let inputs = self.inputs();
        let mut starts = inputs.iter().filter_map(|input| match input {
            Input::Enqueue(request) => Some(request.head_start),
            _ => None,
        });
        starts.next_back().unwrap()
    }
}

#[test]
fn a_phone_that_comes_back_goes_on_with_its_talk() {
    let (mut script, old) = Script::parted();
    assert!(script.did(&LegCommand::Hangup(old)));
    assert!(script.plays("reconnecting"));
    assert_eq!(script.asked(), [PhoneAsk::Await { agent: AGENT }]);
    let paused = script.last.iter().any(|output| {
        matches!(output, CallOutput::Log { event: Event::TalkPaused { cause, recording: Some(_), .. }, .. } if *cause == PauseCause::Reconnect)
    });
    assert!(paused);
    let play = script.played();
    let finished = true;
    script.on(CUSTOMER, LegEvent::PlayEnded { play, finished });
    assert!(script.plays("own.wav"), "music after the words");
    script.leg_ends(old, LegEndCause::Local);
    script.after(Duration::from_secs(2));
    let leg = script.reachable().unwrap();
    assert_eq!(script.reachable(), None, "it rings once");
    script.on(leg, LegEvent::Progress { status: 180 });
    script.on(leg, LegEvent::Answered);
    assert!(script.did(&LegCommand::Bridge {
        customer: CUSTOMER,
        agent: leg
    }));
    let others = |output: &CallOutput| matches!(output, CallOutput::Leg(LegCommand::RecordOthers { agents, .. }) if *agents == [leg]);
    assert!(script.last.iter().any(others));
    let goes_on = |output: &CallOutput| {
        matches!(
            output,
            CallOutput::Leg(LegCommand::PauseRecording { paused: false, .. })
        )
    };
    assert!(script.last.iter().any(goes_on));
    assert_eq!(
        script.changes(),
        [TalkChange::AgentLost, TalkChange::AgentBack]
    );
    // One recording, one waiting, and the agent was never free.
    let records =
        |output: &CallOutput| matches!(output, CallOutput::Leg(LegCommand::StartRecording { .. }));
    assert_eq!(script.count(records), 1);
    assert_eq!(script.talks_ended(), 0);
    script.after(Duration::from_secs(60));
    script.leg_ends(leg, LegEndCause::Bye);
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Agent)]);
    assert_eq!(script.talks_ended(), 1);
}

#[test]
fn who_stays_away_sends_the_customer_to_the_front_of_the_queue() {
    let (mut script, old) = Script::parted();
    script.leg_ends(old, LegEndCause::Local);
    script.after(Duration::from_millis(19_900));
    assert_eq!(script.talks_ended(), 0);
    script.after(Duration::from_millis(100));
    assert_eq!(
        script.changes(),
        [
            TalkChange::AgentLost,
            TalkChange::AgentStayedAway,
            TalkChange::SentToQueue
        ]
    );
    assert_eq!(script.talks_ended(), 1);
    // They have waited since they first did: an hour of head start, and what has passed.
    assert_eq!(script.head_start(), Duration::from_secs(3_600 + 25));
    assert!(script.plays("own.wav"));
    assert_eq!(script.ended(), []);
    assert_eq!(script.reachable(), None, "it is too late");
    script.customer_hangs_up();
}

#[test]
fn a_phone_that_is_back_at_the_last_moment_has_time_to_ring() {
    let (mut script, _) = Script::parted();
    script.after(Duration::from_millis(19_900));
    let leg = script.reachable().unwrap();
    script.on(leg, LegEvent::Progress { status: 180 });
    script.after(Duration::from_millis(9_900));
    assert_eq!(script.talks_ended(), 0);
    script.after(Duration::from_millis(100));
    assert!(script.did(&LegCommand::Hangup(leg)));
    assert_eq!(script.talks_ended(), 1);
}

#[test]
fn a_phone_that_is_not_there_after_all_is_tried_again_and_one_that_declines_is_not() {
    let (mut script, _) = Script::parted();
    let leg = script.reachable().unwrap();
    script.leg_ends(leg, LegEndCause::Unreachable);
    assert!(script.did(&LegCommand::ForgetDevice {
        extension: "2001".to_owned()
    }));
    script.after(Duration::from_secs(1));
    assert_eq!(script.asked(), [PhoneAsk::Await { agent: AGENT }]);
    let leg = script.reachable().unwrap();
    // It says nothing at all.
    script.after(Duration::from_secs(5));
    assert!(script.did(&LegCommand::Hangup(leg)));
    script.leg_ends(leg, LegEndCause::Timeout { silent: true });
    script.after(Duration::from_secs(1));
    let leg = script.reachable().unwrap();
    script.leg_ends(leg, LegEndCause::Rejected(486));
    assert_eq!(script.talks_ended(), 1);
    assert_eq!(script.head_start(), Duration::from_secs(3_600 + 12));
}

#[test]
fn a_customer_who_leaves_meanwhile_ends_everything() {
    let (mut script, old) = Script::parted();
    let leg = script.reachable().unwrap();
    script.customer_hangs_up();
    assert!(script.did(&LegCommand::Hangup(leg)));
    assert_eq!(script.ended(), [(Outcome::Answered, EndCause::Customer)]);
    assert_eq!(script.talks_ended(), 1);
    script.leg_ends(leg, LegEndCause::Cancelled);
    assert!(!script.finished());
    script.leg_ends(old, LegEndCause::Local);
    assert!(script.finished());
}

#[test]
fn nobody_is_called_in_for_an_agent_who_is_away_and_a_hold_outlasts_it() {
    let (mut script, _) = Script::parted();
    let control = |id, control| {
        CallInput::Control(ControlRequest {
            id: ControlId(id),
            by: Some(AGENT),
            control,
        })
    };
    let colleague = Colleague {
        agent: AgentId::from_number(8),
        extension: "2002".to_owned(),
    };
    let notes = None;
    script.say(control(1, Control::Consult { colleague, notes }));
    let refused = |output: &CallOutput| {
        matches!(
            output,
            CallOutput::Answer {
                result: Err(Refused::AgentAway),
                ..
            }
        )
    };
    assert!(script.last.iter().any(refused));
    script.say(control(2, Control::Hold));
    let leg = script.reachable().unwrap();
    script.on(leg, LegEvent::Answered);
    let bridged = |output: &CallOutput| matches!(output, CallOutput::Leg(LegCommand::Bridge { agent, .. }) if *agent == leg);
    assert!(!script.last.iter().any(bridged));
    script.say(control(3, Control::Resume));
    assert!(script.last.iter().any(bridged));
}
