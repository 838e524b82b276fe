//! What is told of a rehearsed call.
//!
//! **Owns**: [`Moment`], the words for each output of a flow. **Must not know**: who reads them.

use ivr_flows::FlowOutput;
use ivr_flows::port::{DialTo, Sound, Words};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;

/// What sort of thing a moment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The caller hears something.
    Hears,
    /// A block is entered.
    Step,
    /// The caller waits in a queue.
    Queued,
    /// The flow asks who calls, asks a server outside, or has somebody called.
    Asks,
    /// A tag or the language is set.
    Sets,
    /// Anything else.
    Note,
    /// What may be typed.
    Help,
    /// The call is over.
    Ended,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since the call began.
    pub at: Duration,
    /// What sort of thing.
    pub kind: Kind,
    /// In words. They may hold what the caller typed: never to be logged.
    pub text: String,
    /// The first prompt of what is heard, by name.
    pub prompt: Option<String>,
    /// The call's language where something is heard.
    pub language: Option<String>,
    /// What is heard.
    pub sounds: Vec<Sound>,
}

impl Moment {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            at: Duration::ZERO,
            kind,
            text: text.into(),
            prompt: None,
            language: None,
            sounds: Vec::new(),
        }
    }
}

/// What is told of an output; none: nothing. `names`: prompts by their files.
pub(super) fn of(output: &FlowOutput, names: &HashMap<String, String>) -> Option<Moment> {
    let (kind, text) = match output {
        FlowOutput::Play {
            sounds,
            language,
            at_most,
            ..
        } => {
            let words = words(sounds);
            let text = match at_most {
                Some(time) => format!("hears {words} for {time:?}"),
                None => format!("hears {words}"),
            };
            let mut files = sounds.iter().filter_map(|sound| sound.file.as_ref());
            return Some(Moment {
                prompt: files.find_map(|file| names.get(file)).cloned(),
                language: Some(language.clone()),
                sounds: sounds.clone(),
                ..Moment::new(Kind::Hears, text)
            });
        }
        FlowOutput::StepEntered { block, .. } => (Kind::Step, format!("-- {block}")),
        FlowOutput::Enqueue { queue, .. } => (Kind::Queued, format!("waits in queue {queue}")),
        FlowOutput::FindCustomer { .. } => (Kind::Asks, "looks up the customer".to_owned()),
        FlowOutput::Fetch { request, .. } => {
            let place = request.id.as_ref().unwrap_or(&request.block);
            let method = request.method.as_str();
            let text = format!("asks a server outside: {method} by {place}");
            (Kind::Asks, text)
        }
        FlowOutput::Dial { to, ring, .. } => {
            let (DialTo::Number(who) | DialTo::Agent(who)) = to;
            let text = format!(
                "{who} is called, for {ring:?} at most; `done`, `busy`, `no_answer` or `failed`?"
            );
            (Kind::Asks, text)
        }
        FlowOutput::LanguageSet { language, .. } => (Kind::Sets, format!("language {language}")),
        FlowOutput::Tag { key, value } => (Kind::Sets, format!("tag {key} = {value}")),
        FlowOutput::Hangup { cause } => (Kind::Ended, format!("the call ends: {cause:?}")),
        FlowOutput::WayTaken(_) => return None,
        other => (Kind::Note, note(other)?),
    };
    Some(Moment::new(kind, text))
}

/// What changes nothing of what may be typed.
fn note(output: &FlowOutput) -> Option<String> {
    Some(match output {
        FlowOutput::EarlyMedia => "heard before the answer".to_owned(),
        FlowOutput::Answer => "answered".to_owned(),
        FlowOutput::StopPlay { .. } => "(cut off)".to_owned(),
        FlowOutput::LeaveQueue { .. } => "leaves the queue".to_owned(),
        FlowOutput::StartVoicemail { .. } => "(a message is recorded)".to_owned(),
        FlowOutput::StopVoicemail { mailbox } => match mailbox {
            Some(mailbox) => format!("leaves a message for {mailbox}"),
            None => "leaves no message: too short".to_owned(),
        },
        FlowOutput::MenuChosen { key, label, .. } => format!("chooses {key}: {label}"),
        FlowOutput::Typed { label, .. } => format!("the agent reads: typed {label}"),
        FlowOutput::Notify { event, .. } => format!("tells others: {event}"),
        FlowOutput::RefuseWith { status } => format!("is refused with {status}"),
        FlowOutput::Consent { granted: true, .. } => "may be recorded".to_owned(),
        FlowOutput::Consent { granted: false, .. } => "may not be recorded".to_owned(),
        FlowOutput::Record { what } => format!("recording: {}", what.as_str()),
        FlowOutput::SurveyAnswered { question, answer } => match answer {
            Some(answer) => format!("answers {question}: {answer}"),
            None => format!("does not answer {question}"),
        },
        FlowOutput::Incident { what } => format!("INCIDENT: {what}"),
        _ => return None,
    })
}

/// What sounds say.
fn words(sounds: &[Sound]) -> String {
    let words = sounds
        .iter()
        .map(|sound| match (&sound.words, sound.text()) {
            (Some(Words::Beep), Some(text)) => text,
            (_, Some(text)) => format!("\"{text}\""),
            (_, None) => format!("[{}]", sound.file.as_deref().unwrap_or_default()),
        });
    words.collect::<Vec<_>>().join(" ")
}

/// How long sounds are taken to last.
pub(super) fn length(sounds: &[Sound]) -> Duration {
    let each = sounds.iter().map(Sound::seems_to_last);
    each.fold(Duration::ZERO, Duration::saturating_add)
}
