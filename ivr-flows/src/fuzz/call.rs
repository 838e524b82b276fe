//! One call by chance.
//!
//! **Owns**: the virtual clock of the call, what happens in it, and the judgement of each output.
//! **Must not know**: how a flow goes on; that is the interpreter's.

use super::Ended;
use super::dice::Dice;
use crate::calendar::{CompanyHours, Opening};
use crate::flow::{Action, Flow, Value};
use crate::interpreter::Interpreter;
use crate::port::{
    CallFacts, CustomerAnswer, DialEnd, FetchAnswer, FlowEnd, FlowInput, FlowOutput, KnownCustomer,
    PlayToken, QueueEnd, Sound, Words,
};
use std::sync::Arc;
use std::time::Duration;

/// A caller does something so often at most; then they listen only, and the call must end by itself.
const MOST_ACTS: usize = 60;
/// Things that happen in one call at most. A caller who waits a quarter of an hour to music makes a hundred.
const MOST_EVENTS: usize = 20_000;
/// Digits of a `sensitive` step are looked for from this many on: fewer are in many texts by chance.
const TELLING: usize = 5;
/// Keys, those of menus more often than others.
const KEYS: [char; 20] = [
    '1', '2', '3', '1', '2', '9', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*', '#',
    '#',
];

pub(super) struct Call<'f> {
    source: &'f Flow,
    flow: Interpreter,
    dice: Dice,
    now: Duration,
    acts: usize,
    /// What plays, and when it ends by itself.
    playing: Option<(PlayToken, Duration)>,
    place: Place,
    /// A message is recorded; the caller is silent from then on.
    silent_from: Option<Duration>,
    /// What was asked, and when the answer comes.
    asked: Option<(u32, Duration)>,
    /// What a server outside was asked, and when its answer comes.
    fetching: Option<(u32, Duration)>,
    audible: bool,
    /// A queue or a recording failed in this call.
    failed: bool,
    steps: u64,
    ended: Option<FlowEnd>,
    noted: Option<Vec<(Duration, String)>>,
}

/// Where the caller is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Menus,
    /// In a queue until then.
    Queue(Duration),
    /// With an agent until then.
    Agent(Duration),
    /// Somebody outside rings or talks until then.
    Called(Duration),
}

impl<'f> Call<'f> {
    pub(super) fn new(source: &'f Arc<Flow>, seed: u64, note: bool) -> Self {
        let mut dice = Dice::new(seed);
        let from = ["", "+34600111222", "anonymous", "600"];
        let facts = CallFacts {
            from: dice.one(&from, "").to_owned(),
            to: "9000".to_owned(),
            // Any moment within two years of 2026, so that all opening hours are met.
            began_at: (!dice.once_in(50)).then(|| {
                let minutes = i64::try_from(dice.below(2 * 365 * 24 * 60)).unwrap_or(0);
                1_767_225_600_000_i64.saturating_add(minutes.saturating_mul(60_000))
            }),
            hours: hours(source, &mut dice),
        };
        Self {
            source,
            flow: Interpreter::with_facts(Arc::clone(source), facts),
            dice,
            now: Duration::ZERO,
            acts: 0,
            playing: None,
            place: Place::Menus,
            silent_from: None,
            asked: None,
            fetching: None,
            audible: false,
            failed: false,
            steps: 0,
            ended: None,
            noted: note.then(Vec::new),
        }
    }

    /// Runs it to its end.
    pub(super) fn run(&mut self) -> Result<Ended, String> {
        self.give(FlowInput::Start)?;
        for _ in 0..MOST_EVENTS {
            if let Some(cause) = self.ended {
                if cause == FlowEnd::Backstop {
                    return Err("a backstop ended the call".to_owned());
                }
                return Ok(Ended {
                    cause,
                    after: self.now,
                    steps: self.steps,
                });
            }
            self.next()?;
        }
        Err(format!("the call has not ended after {MOST_EVENTS} events"))
    }

    pub(super) fn transcript(self) -> Vec<(Duration, String)> {
        self.noted.unwrap_or_default()
    }

    /// The caller acts, or else the next thing happens that happens by itself.
    fn next(&mut self) -> Result<(), String> {
        let due = self.due();
        if self.acts < MOST_ACTS && self.dice.below(3) > 0 {
            let pause = self.dice.time(Duration::from_secs(4));
            let at = self.now.saturating_add(pause);
            if due.is_none_or(|due| at < due) {
                self.now = at;
                self.acts = self.acts.saturating_add(1);
                return self.act();
            }
        }
        let Some(due) = due else {
            return Err("the call stands still: nothing plays, nothing is waited for".to_owned());
        };
        self.now = self.now.max(due);
        self.happens()
    }

    fn due(&self) -> Option<Duration> {
        let place = match self.place {
            Place::Menus => None,
            Place::Queue(until) | Place::Agent(until) | Place::Called(until) => Some(until),
        };
        let plays = self.playing.map(|(_, ends)| ends);
        let asked = self.asked.map(|(_, at)| at);
        [
            place,
            plays,
            asked,
            self.fetching.map(|(_, at)| at),
            self.silent_from,
            self.flow.next_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn act(&mut self) -> Result<(), String> {
        if self.dice.once_in(40) {
            self.note("hangs up");
            return self.give(FlowInput::HungUp);
        }
        let key = self.dice.one(&KEYS, '1');
        self.note("presses a key");
        self.give(FlowInput::Key(key))
    }

    fn happens(&mut self) -> Result<(), String> {
        let due = |at: Duration| at <= self.now;
        match (self.playing, self.asked, self.place) {
            (Some((token, ends)), ..) if due(ends) => {
                self.playing = None;
                let fails = self.dice.once_in(200);
                self.give(if fails {
                    FlowInput::PlayFailed(token)
                } else {
                    FlowInput::PlayEnded(token)
                })
            }
            (_, Some((ask, at)), _) if due(at) => {
                self.asked = None;
                let answer = self.customer();
                self.give(FlowInput::Customer { ask, answer })
            }
            _ if self.fetching.is_some_and(|(_, at)| due(at)) => self.fetched(),
            (_, _, Place::Queue(until)) if due(until) => self.queue_ends(),
            (_, _, Place::Called(until)) if due(until) => {
                self.place = Place::Menus;
                let (name, end) = self.dice.one(&DialEnd::ALL, ("failed", DialEnd::Failed));
                self.note(name);
                self.give(FlowInput::DialEnded(end))
            }
            (_, _, Place::Agent(until)) if due(until) => {
                self.place = Place::Menus;
                let leaves = self.dice.below(3) > 0;
                self.note(if leaves {
                    "the agent hangs up"
                } else {
                    "hangs up"
                });
                self.give(if leaves {
                    FlowInput::AgentLeft
                } else {
                    FlowInput::HungUp
                })
            }
            _ if self.silent_from.is_some_and(due) => {
                self.silent_from = None;
                let fails = self.fails(20);
                self.give(if fails {
                    FlowInput::RecordingFailed
                } else {
                    FlowInput::CallerSilent
                })
            }
            _ => self.give(FlowInput::Tick),
        }
    }

    /// Whether something of ours fails now. A second failure in one call ends it by a backstop, as it should.
    fn fails(&mut self, once_in: usize) -> bool {
        self.dice.once_in(once_in) && !std::mem::replace(&mut self.failed, true)
    }

    fn customer(&mut self) -> CustomerAnswer {
        let languages = &self.source.languages.offer;
        match self.dice.below(3) {
            0 => CustomerAnswer::NotFound,
            1 => CustomerAnswer::Failed,
            _ => CustomerAnswer::Found(KnownCustomer {
                name: "Ana".to_owned(),
                language: languages
                    .get(self.dice.below(languages.len()))
                    .cloned()
                    .unwrap_or_default(),
                ..KnownCustomer::default()
            }),
        }
    }

    /// A server outside answers: with nothing that fits in half of the calls.
    fn fetched(&mut self) -> Result<(), String> {
        let Some((ask, _)) = self.fetching.take() else {
            return Ok(());
        };
        let answered = |status, body| FetchAnswer::Answered { status, body };
        let answer = match self.dice.below(8) {
            0 => answered(404, None),
            1 => answered(500, None),
            2 => FetchAnswer::TimedOut,
            3 => FetchAnswer::Unreachable,
            4 => answered(200, None),
            5 => answered(200, Some(Value::Text("sent".to_owned()))),
            _ => answered(200, Some(Value::Map(Default::default()))),
        };
        self.note("a server outside answers, or does not");
        self.give(FlowInput::Fetched { ask, answer })
    }

    fn queue_ends(&mut self) -> Result<(), String> {
        const ENDS: [QueueEnd; 4] = [
            QueueEnd::TimedOut,
            QueueEnd::Full,
            QueueEnd::Closed,
            QueueEnd::NoAgents,
        ];
        self.place = Place::Menus;
        match self.dice.below(10) {
            0..4 => {
                let talk = self.dice.time(Duration::from_secs(600));
                self.place = Place::Agent(self.now.saturating_add(talk));
                self.note("an agent answers");
                self.give(FlowInput::AgentConnected)
            }
            4..8 => {
                let end = if self.fails(10) {
                    QueueEnd::Failed
                } else {
                    self.dice.one(&ENDS, QueueEnd::TimedOut)
                };
                self.note("the queue ends");
                self.give(FlowInput::QueueEnded(end))
            }
            8 => {
                self.note("the queue is closed");
                let message = Sound::words(Words::Beep);
                self.give(FlowInput::QueueClosed { message })
            }
            _ => {
                self.note("the queue sends to its voicemail");
                self.give(FlowInput::QueueVoicemail {
                    mailbox: "support".to_owned(),
                    greeting: None,
                })
            }
        }
    }

    fn give(&mut self, input: FlowInput) -> Result<(), String> {
        self.flow.handle(input, self.now);
        while let Some(output) = self.flow.poll_output() {
            if self.ended.is_some() {
                return Err("something came after the end of the call".to_owned());
            }
            self.secret(&output)?;
            self.take(output)?;
        }
        Ok(())
    }

    fn take(&mut self, output: FlowOutput) -> Result<(), String> {
        match output {
            FlowOutput::EarlyMedia | FlowOutput::Answer => self.audible = true,
            FlowOutput::Play {
                token,
                sounds,
                at_most,
                ..
            } => {
                if !self.audible {
                    return Err("something is played to a caller who cannot hear it yet".to_owned());
                }
                let all: Duration = sounds.iter().map(Sound::seems_to_last).sum();
                let lasts = at_most.unwrap_or(all);
                self.playing = Some((token, self.now.saturating_add(lasts)));
                self.note("hears something");
            }
            FlowOutput::StopPlay { token } => {
                self.playing = self.playing.filter(|(playing, _)| *playing != token);
            }
            FlowOutput::Enqueue { .. } => self.waits(),
            FlowOutput::LeaveQueue { .. } => self.place = Place::Menus,
            FlowOutput::FindCustomer { ask, .. } => {
                let wait = self.dice.time(Duration::from_secs(2));
                self.asked = Some((ask, self.now.saturating_add(wait)));
            }
            FlowOutput::Fetch { ask, .. } => {
                let wait = self.dice.time(Duration::from_secs(5));
                self.fetching = Some((ask, self.now.saturating_add(wait)));
                self.note("a server outside is asked");
            }
            FlowOutput::StartVoicemail { silence } => {
                let speaks = self
                    .dice
                    .time(Duration::from_secs(200))
                    .saturating_add(silence);
                self.silent_from = Some(self.now.saturating_add(speaks));
            }
            FlowOutput::StopVoicemail { .. } => self.silent_from = None,
            FlowOutput::StepEntered {
                block,
                step,
                action,
            } => {
                self.steps = self.steps.saturating_add(1);
                self.note(&format!("{block}.{} {action}", step.saturating_add(1)));
            }
            FlowOutput::Hangup { cause } => self.ended = Some(cause),
            FlowOutput::Incident { what } => {
                self.note(&what);
                // An expression may fail in a call: that is what `error` exits are for.
                if what.contains("any flow may") || what.contains("nothing says what comes next") {
                    return Err(what);
                }
            }
            FlowOutput::Dial { ring, .. } => self.calls(ring),
            FlowOutput::WayTaken(_)
            | FlowOutput::SurveyAnswered { .. }
            | FlowOutput::Consent { .. }
            | FlowOutput::Record { .. }
            | FlowOutput::Notify { .. }
            | FlowOutput::RefuseWith { .. }
            | FlowOutput::MenuChosen { .. }
            | FlowOutput::Typed { .. }
            | FlowOutput::LanguageSet { .. }
            | FlowOutput::Tag { .. } => {}
        }
        Ok(())
    }

    fn waits(&mut self) {
        let wait = self.dice.time(Duration::from_secs(1200));
        self.place = Place::Queue(self.now.saturating_add(wait));
        self.note("waits in a queue");
        // Told by the queue at once in a real call; here before anything else happens.
        let position = self.dice.below(5).saturating_add(1);
        let expected = None;
        self.flow
            .handle(FlowInput::Queued { position, expected }, self.now);
    }

    fn calls(&mut self, ring: Duration) {
        self.note("somebody is called");
        let time = self.dice.time(ring.saturating_mul(2));
        self.place = Place::Called(self.now.saturating_add(time));
    }

    /// No output may hold what a `sensitive` step took.
    fn secret(&self, output: &FlowOutput) -> Result<(), String> {
        // Of the flow that the call is in: another one's variables may have the same names.
        let flow = self.flow.flow();
        if let Some(name) = flow
            .secret_vars
            .keys()
            .find(|name| self.flow.var(name).is_some())
        {
            return Err(format!("`{name}` is a secret, and has a value in the call"));
        }
        for name in flow.secrets() {
            let Some(Value::Text(digits)) = self.flow.var(name) else {
                continue;
            };
            if digits.len() < TELLING {
                continue;
            }
            let told = match output {
                FlowOutput::Play { sounds, .. } => {
                    let texts = sounds.iter().filter_map(Sound::text);
                    // Digits are said one by one.
                    let mut whole = texts.map(|text| text.split_whitespace().collect::<String>());
                    whole.any(|text| text.contains(digits.as_str()))
                }
                FlowOutput::Tag { value, .. } => value.contains(digits.as_str()),
                FlowOutput::Typed {
                    digits: Some(shown),
                    ..
                } => shown.0.contains(digits.as_str()),
                // A body is for the server alone; addresses and headers stand in logs.
                FlowOutput::Fetch { request, .. } => {
                    let headers = request.headers.iter().map(|(_, value)| value);
                    let mut open = std::iter::once(&request.url).chain(headers);
                    open.any(|text| text.contains(digits.as_str()))
                }
                FlowOutput::Incident { what } => what.contains(digits.as_str()),
                _ => false,
            };
            if told {
                return Err(format!("what `{name}` holds is `sensitive`, and was told"));
            }
        }
        Ok(())
    }

    fn note(&mut self, what: &str) {
        let now = self.now;
        if let Some(noted) = &mut self.noted {
            noted.push((now, what.to_owned()));
        }
    }
}

/// Any answer of the company's calendars, and now and then one of the flow's own is closed by hand.
fn hours(source: &Flow, dice: &mut Dice) -> CompanyHours {
    let mut hours = CompanyHours::default();
    for step in source.steps() {
        let Action::Hours(asked) = &step.action else {
            continue;
        };
        let name = &asked.check.text;
        if !source.calendars.contains_key(name) {
            let any = Opening::ALL.map(|(_, opening)| opening);
            hours
                .said
                .insert(name.clone(), dice.one(&any, Opening::Closed));
        } else if dice.once_in(20) {
            hours.said.insert(name.clone(), Opening::Emergency);
        }
    }
    hours
}
