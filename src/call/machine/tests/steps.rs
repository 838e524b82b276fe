//! Steps of a flow that act on the call: what the log is told of them.

use super::*;

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
