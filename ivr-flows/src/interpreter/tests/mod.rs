//! Calls as transcripts: what happens on the left, what the caller hears on the right, under a virtual clock.

use std::sync::Arc;
use std::time::Duration;

use super::Interpreter;
use crate::port::{CallFacts, FlowInput, FlowOutput, PlayToken, QueueEnd, Sound, Words};

mod backstop;
mod branching;
mod call;
mod collect;
mod customer;
mod http;
mod language;
mod leaving;
mod menu;
mod opening;
pub(crate) mod property;
mod recording;
mod saying;
mod small;
mod survey;
mod transfer;
mod type_ahead;
mod vars;
mod voicemail;
mod wait_keys;
mod waiting;

/// One call. Outputs become short words; what is only told to others with `steps` alone.
struct Call {
    flow: Interpreter,
    now: Duration,
    playing: Option<PlayToken>,
    heard: Vec<String>,
    steps: bool,
    /// Of the queue step entered last.
    own_exits: Vec<QueueEnd>,
}

impl Call {
    /// A call that has begun, in the flow with these lines after `flow:` and `name:`.
    fn new(source: &str) -> Self {
        let mut call = Self::not_begun(source);
        call.give(FlowInput::Start);
        call
    }

    fn not_begun(source: &str) -> Self {
        Self::with_facts(source, CallFacts::default())
    }

    fn with_facts(source: &str, facts: CallFacts) -> Self {
        let source = format!("flow: 1\nname: test\n{source}");
        let flow = crate::parse(&source, "test.flow.yaml").unwrap_or_else(|findings| {
            panic!("{}", crate::render_human(&findings, &source));
        });
        Self::of(Arc::new(flow), facts)
    }

    fn of(flow: Arc<crate::flow::Flow>, facts: CallFacts) -> Self {
        Self {
            flow: Interpreter::with_facts(flow, facts),
            now: Duration::ZERO,
            playing: None,
            heard: Vec::new(),
            steps: false,
            own_exits: Vec::new(),
        }
    }

    fn give(&mut self, input: FlowInput) {
        self.flow.handle(input, self.now);
        while let Some(output) = self.flow.poll_output() {
            self.note(output);
        }
    }

    fn note(&mut self, output: FlowOutput) {
        if only_told(&output) && !self.steps {
            return;
        }
        let words = match output {
            FlowOutput::EarlyMedia => "early".to_owned(),
            FlowOutput::Answer => "answer".to_owned(),
            FlowOutput::Play {
                token,
                sounds,
                language,
                repeat,
                resume,
                at_most,
            } => {
                assert_eq!(repeat, resume);
                assert_eq!(repeat, at_most.is_some());
                self.playing = Some(token);
                let files: Vec<String> = sounds.iter().map(sound).collect();
                let other = (language != "en").then(|| format!("[{language}] "));
                let length = at_most
                    .map(|time| format!(" for {time:?}"))
                    .unwrap_or_default();
                format!(
                    "play {}{}{length}",
                    other.unwrap_or_default(),
                    files.join("+")
                )
            }
            FlowOutput::StopPlay { token } => {
                assert_eq!(self.playing.take(), Some(token), "stops what does not play");
                "stop".to_owned()
            }
            FlowOutput::Enqueue {
                queue,
                skills,
                head_start,
                class,
                wishes,
            } => {
                assert!(skills.values().all(|level| (1..=10).contains(level)));
                let more = (!head_start.is_zero()).then(|| format!(" ahead {head_start:?}"));
                let class = class.map(|class| format!(" class {class}"));
                let mut wishes = *wishes;
                self.own_exits = std::mem::take(&mut wishes.own_exits);
                let wishes = wished(&wishes);
                format!(
                    "queue {queue}{wishes}{}{}",
                    more.unwrap_or_default(),
                    class.unwrap_or_default()
                )
            }
            FlowOutput::LeaveQueue { by_key } => format!("leave queue, by key {by_key}"),
            FlowOutput::StepEntered {
                block,
                step,
                action,
            } => format!("{block}.{step} {action}"),
            FlowOutput::MenuChosen { block, key, label } => format!("{block}: {key} = {label}"),
            FlowOutput::Tag { key, value } => format!("tag {key}={value}"),
            FlowOutput::Hangup { cause } => format!("hangup {cause:?}"),
            FlowOutput::Incident { what } => format!("incident: {what}"),
            other => person(&other),
        };
        self.heard.push(words);
    }

    /// What was heard since the last time, as one line.
    fn heard(&mut self) -> String {
        std::mem::take(&mut self.heard).join(", ")
    }

    fn key(&mut self, key: char) -> String {
        self.give(FlowInput::Key(key));
        self.heard()
    }

    /// The playing ends by itself.
    fn ended(&mut self) -> String {
        let token = self.playing.take().expect("something plays");
        self.give(FlowInput::PlayEnded(token));
        self.heard()
    }

    /// Time passes; deadlines are kept on the way.
    fn pass(&mut self, time: Duration) -> String {
        let end = self.now + time;
        while let Some(due) = self.flow.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.give(FlowInput::Tick);
        }
        self.now = end;
        self.heard()
    }

    fn seconds(&mut self, seconds: u64) -> String {
        self.pass(Duration::from_secs(seconds))
    }

    fn queue_ended(&mut self, end: QueueEnd) -> String {
        self.give(FlowInput::QueueEnded(end));
        self.heard()
    }

    fn other(&mut self, input: FlowInput) -> String {
        self.give(input);
        self.heard()
    }
}

/// Whether it changes nothing for the caller.
fn only_told(output: &FlowOutput) -> bool {
    matches!(
        output,
        FlowOutput::StepEntered { .. }
            | FlowOutput::WayTaken(_)
            | FlowOutput::Typed { .. }
            | FlowOutput::LanguageSet { .. }
    )
}

/// What is asked of or about the caller.
fn person(output: &FlowOutput) -> String {
    match output {
        FlowOutput::WayTaken(way) => format!("way {}", way.name),
        FlowOutput::FindCustomer {
            ask,
            number,
            create,
        } => {
            format!(
                "find {} {ask}{}",
                number.0,
                if *create { " or make" } else { "" }
            )
        }
        FlowOutput::StartVoicemail { silence } => format!("record, silence {silence:?}"),
        FlowOutput::StopVoicemail { mailbox } => format!("message {mailbox:?}"),
        FlowOutput::Typed {
            block,
            label,
            digits,
        } => {
            let digits = digits.as_ref().map_or("***", |digits| &digits.0);
            format!("{block} typed {label} {digits}")
        }
        FlowOutput::Dial { to, shown, ring } => format!("dial {to:?} as {shown:?} for {ring:?}"),
        FlowOutput::Notify { event, data } => format!("notify {event} {data:?}"),
        FlowOutput::RefuseWith { status } => format!("refuse {status}"),
        FlowOutput::Consent { granted, by_key } => format!("consent {granted}, by key {by_key}"),
        FlowOutput::Record { what } => format!("recording {}", what.as_str()),
        FlowOutput::SurveyAnswered { question, answer } => format!("survey {question} {answer:?}"),
        FlowOutput::LanguageSet { language, chosen } => format!("language {language} {chosen}"),
        FlowOutput::Fetch { ask, request } => fetch(*ask, request),
        other => panic!("{other:?}"),
    }
}

fn fetch(ask: u32, request: &crate::port::FetchRequest) -> String {
    let mut words = format!("fetch {ask} {} {}", request.method.as_str(), request.url);
    for (name, value) in &request.headers {
        words.push_str(&format!(" [{name}: {value}]"));
    }
    if let Some(body) = &request.body {
        words.push_str(&format!(" sends {}", body.text));
        assert_eq!(body.json, body.text.starts_with(['{', '[']));
    }
    if let Some(secret) = &request.secret {
        words.push_str(&format!(" {} in {:?}", secret.name, secret.header));
    }
    let (timeout, retries) = (request.timeout, request.retries);
    let by = request.id.as_deref().unwrap_or("no id");
    format!(
        "{words}, {timeout:?} + {retries}, by {by} in {}",
        request.block
    )
}

/// A file by its name, words in quotes.
fn sound(sound: &Sound) -> String {
    let words = match &sound.words {
        Some(Words::Fixed(text)) => format!("\"{text}\""),
        Some(Words::Number(number)) => format!("#{number}"),
        Some(Words::Digits(digits)) => format!("digits {digits}"),
        Some(Words::Phrase(phrase)) => format!("~{}", phrase.text()),
        Some(Words::Value(value)) => format!("<{value}>"),
        Some(Words::Beep) => "beep".to_owned(),
        None => String::new(),
    };
    match &sound.file {
        Some(file) => file.trim_end_matches(".wav").to_owned(),
        None => words,
    }
}

/// A menu with everything, and what it leads to. `MENU` is replaced by more fields.
const MENU: &str = "
defaults:
  input: { timeout: 6s, between_digits: 3s, tries: 3 }
  no_input: [silence-1, silence-2]
  no_match: [wrong-1, wrong-2]
prompts:
  ask: { en: a }
  short: { en: a }
  silence-1: { en: a }
  silence-2: { en: a }
  wrong-1: { en: a }
  wrong-2: { en: a }
  info: { en: a }
blocks:
  start:
    - answer:
    - menu:
        prompt: ask
        keys:
          1: { go: one, label: One }
          2: two
          9: repeat
          0: hangup
        exits: { exhausted_silence: silent, exhausted_wrong: wrong }
        MENU
  one:
    - tag: { at: one }
    - menu: { prompt: info, keys: { 5: two }, exits: { exhausted: silent } }
  two:
    - tag: { at: two }
    - hangup:
  silent:
    - tag: { end: silent }
    - hangup:
  wrong:
    - tag: { end: wrong }
    - hangup:
";

fn menu(more: &str) -> Call {
    Call::new(&MENU.replace("MENU", more))
}

/// Nothing when nothing is asked for.
fn wished(wishes: &crate::port::QueueWishes) -> String {
    if *wishes == crate::port::QueueWishes::default() {
        return String::new();
    }
    format!(" {wishes:?}")
}
