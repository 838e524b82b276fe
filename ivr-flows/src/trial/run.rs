//! One test, run.
//!
//! **Owns**: the virtual clock of a test, what happens by itself (prompts end, agents answer), the judgement.
//! **Must not know**: how a flow goes on; that is the interpreter's.

use super::seen::{Moment, Seen, heard, prompts_by_file};
use super::{Act, Expect, QueueMock, Trial, What};
use crate::calendar::CompanyHours;
use crate::flow::{Action, Flow, Pos};
use crate::interpreter::Interpreter;
use crate::port::{
    CallFacts, CustomerAnswer, DialEnd, DialTo, FetchAnswer, FetchRequest, FlowInput, FlowOutput,
    PlayToken, Sound, Way,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Between two keys of one `press`.
const BETWEEN_KEYS: Duration = Duration::from_millis(300);
/// A caller who leaves a message speaks so long.
const MESSAGE: Duration = Duration::from_secs(10);
/// Calling somebody takes so long, and talking with them.
const CALLED: Duration = Duration::from_secs(60);
/// A call that is still alive so long after its last act hangs up.
const AFTER: Duration = Duration::from_secs(3 * 3600);
/// The same for what a press waits for.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Things that happen in one test at most.
const MOST: usize = 100_000;

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Everything that was seen, in order.
    pub transcript: Vec<Moment>,
    /// Why it failed, and where in the test file; none: it passed.
    pub missed: Option<(Pos, String)>,
    /// Steps that were entered: block by name, step from 0.
    pub steps: BTreeSet<(String, u32)>,
    /// Ways out that were taken.
    pub ways: BTreeSet<Way>,
    /// How much happened by itself: what it cost.
    pub happened: usize,
}

/// Runs a test.
#[must_use]
pub fn run(flow: &Arc<Flow>, trial: &Trial) -> Outcome {
    let mut call = Call::begin(flow, trial);
    let mut missed = None;
    for act in &trial.acts {
        if let Err(why) = call.act(act) {
            missed = Some((act.pos, why));
            break;
        }
    }
    if missed.is_none() {
        call.finish();
        missed = judge(trial, &call.transcript);
    }
    // Whatever else went wrong follows from it.
    if let Some(step) = call.unmocked.take() {
        let why = format!(
            "`http` of `{step}` has no answer in this test: write `mock: {{ http: {{ {step}: {{ body: {{ … }} }} }} }}`, `{{ status: 503 }}` or `timeout`"
        );
        missed = Some((trial.pos, why));
    }
    if let Some(calendar) = call.unsaid.take() {
        let why = format!(
            "`{calendar}` is a calendar of the company, which no test sees: write `hours: {{ {calendar}: open }}`, or `closed`, `holiday`, `emergency`"
        );
        missed = Some((trial.pos, why));
    }
    Outcome {
        transcript: call.transcript,
        missed,
        steps: call.steps,
        ways: call.ways,
        happened: call.happened,
    }
}

/// The first expectation that was not met behind those before it, or the first thing that must never be.
fn judge(trial: &Trial, transcript: &[Moment]) -> Option<(Pos, String)> {
    let mut rest = transcript;
    let mut before: Option<&Expect> = None;
    for (pos, expect) in &trial.expects {
        match rest.iter().position(|moment| moment.seen.is(expect)) {
            Some(place) => rest = rest.get(place + 1..).unwrap_or_default(),
            None => {
                let behind = before.map_or_else(String::new, |last| format!(" after `{last}`"));
                return Some((*pos, format!("expected: {expect}; it never came{behind}")));
            }
        }
        before = Some(expect);
    }
    let found = |expect: &Expect| transcript.iter().find(|moment| moment.seen.is(expect));
    trial.never.iter().find_map(|(pos, expect)| {
        let moment = found(expect)?;
        Some((*pos, format!("never expected: {expect}; it came:{moment}")))
    })
}

/// What plays.
struct Playing {
    token: PlayToken,
    /// The part that is heard now.
    prompt: Option<String>,
    ends: Duration,
    /// What comes behind it.
    parts: VecDeque<(Seen, Duration)>,
}

struct Call<'t> {
    trial: &'t Trial,
    flow: Interpreter,
    names: HashMap<String, String>,
    now: Duration,
    playing: Option<Playing>,
    /// Prompts that were heard since the last act, to their ends or cut off.
    over: BTreeSet<String>,
    /// In a queue, and when an agent answers.
    waiting: Option<Option<Duration>>,
    /// When the caller has left a message.
    spoken: Option<Duration>,
    /// When calling somebody is over, and how.
    called: Option<(Duration, DialEnd)>,
    /// When a server outside answers, and what.
    answer: Option<(Duration, u32, FetchAnswer)>,
    /// The first step whose answer the test does not say.
    unmocked: Option<String>,
    /// The first calendar of the company that was asked, and the test does not say what it says.
    unsaid: Option<String>,
    source: Arc<Flow>,
    /// What a question or a queue answers, once the flow has said all it wants.
    answers: Vec<FlowInput>,
    block: String,
    transcript: Vec<Moment>,
    steps: BTreeSet<(String, u32)>,
    ways: BTreeSet<Way>,
    happened: usize,
}

impl<'t> Call<'t> {
    fn begin(flow: &Arc<Flow>, trial: &'t Trial) -> Self {
        let facts = CallFacts {
            from: trial.caller.from.clone(),
            to: trial.caller.to.clone(),
            began_at: trial.caller.began_at,
            hours: CompanyHours {
                said: trial.caller.hours.clone(),
                ..CompanyHours::default()
            },
        };
        let mut call = Self {
            trial,
            names: prompts_by_file(flow),
            flow: Interpreter::with_facts(Arc::clone(flow), facts),
            now: Duration::ZERO,
            playing: None,
            over: BTreeSet::new(),
            waiting: None,
            spoken: None,
            called: None,
            answer: None,
            unmocked: None,
            unsaid: None,
            source: Arc::clone(flow),
            answers: Vec::new(),
            block: String::new(),
            transcript: Vec::new(),
            steps: BTreeSet::new(),
            ways: BTreeSet::new(),
            happened: 0,
        };
        call.give(FlowInput::Start);
        call
    }

    /// The calendar that a step asks, where it is the company's and the test does not say what it says.
    fn of_company(&self, block: &str, step: u32) -> Option<String> {
        let (flow, block) = match block.split_once(':') {
            Some((name, block)) => (self.source.set.get(name)?, block),
            None => (&self.source, block),
        };
        let block = flow.blocks.get(flow.block_index(block)?)?;
        let Action::Hours(hours) = &block.steps.get(usize::try_from(step).ok()?)?.action else {
            return None;
        };
        let name = &hours.check.text;
        let known = flow.calendars.contains_key(name) || self.trial.caller.hours.contains_key(name);
        (!known).then(|| name.clone())
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        if let Some(prompt) = &act.after {
            let until = self.now + PATIENCE;
            while !self.over.contains(prompt) {
                if !self.happens_before(until) {
                    return Err(format!(
                        "`{prompt}` was never heard, so nothing is done after it"
                    ));
                }
            }
        }
        self.over.clear();
        match &act.what {
            What::Press(keys) => return self.press(keys),
            What::Wait(time) => {
                let end = self.now + *time;
                while self.happens_before(end) {}
                self.now = end;
            }
            What::HangUp => self.hang_up(),
            What::AgentAnswers => {
                // What is said on the way to the queue is heard to its end first.
                let until = self.now + PATIENCE;
                while self.waiting.is_none() && self.happens_before(until) {}
                if self.waiting.take().is_none() {
                    return Err("the caller waits in no queue, so no agent can answer".to_owned());
                }
                self.did("an agent answers");
                self.give(FlowInput::AgentConnected);
            }
            What::AgentLeaves => {
                self.did("the agent hangs up");
                self.give(FlowInput::AgentLeft);
            }
        }
        Ok(())
    }

    /// Presses once the flow has said what it says; a caller who waits for an agent hears music for ever.
    fn press(&mut self, keys: &str) -> Result<(), String> {
        let until = self.now + PATIENCE;
        let busy = |this: &Self| this.playing.is_some() || this.answer.is_some();
        while busy(self) && self.waiting.is_none() && self.happens_before(until) {}
        if self.flow.is_over() {
            return Err(format!("the call was over before `{keys}` was pressed"));
        }
        for key in keys.chars() {
            self.did(&format!("presses {key}"));
            self.give(FlowInput::Key(key));
            self.now += BETWEEN_KEYS;
        }
        Ok(())
    }

    /// Goes on until the call is over. Who waits for an agent that nobody answers for hangs up.
    fn finish(&mut self) {
        let until = self.now + AFTER;
        while self.waiting != Some(None) && self.happens_before(until) {}
        if !self.flow.is_over() {
            self.hang_up();
            while self.happens_before(until) {}
        }
    }

    fn hang_up(&mut self) {
        if !self.flow.is_over() {
            self.did("hangs up");
            self.give(FlowInput::HungUp);
        }
    }

    /// The next thing that happens by itself; false when there is none before `until`.
    fn happens_before(&mut self, until: Duration) -> bool {
        let ends = self.playing.as_ref().map(|playing| playing.ends);
        let agent = self.waiting.flatten();
        let called = self.called.map(|(at, _)| at);
        let answer = self.answer.as_ref().map(|(at, ..)| *at);
        let due = self.flow.next_deadline();
        let all = [ends, agent, called, answer, self.spoken, due];
        let next = all.into_iter().flatten().min();
        self.happened += 1;
        let Some(next) = next.filter(|next| *next < until && self.happened < MOST) else {
            return false;
        };
        self.now = self.now.max(next);
        if ends == Some(next) {
            self.part_over();
        } else if agent == Some(next) {
            self.waiting = None;
            self.did("an agent answers");
            self.give(FlowInput::AgentConnected);
        } else if let Some((_, end)) = self.called.take_if(|(at, _)| *at == next) {
            self.give(FlowInput::DialEnded(end));
        } else if answer == Some(next) {
            if let Some((_, ask, answer)) = self.answer.take() {
                self.give(FlowInput::Fetched { ask, answer });
            }
        } else if self.spoken == Some(next) {
            self.spoken = None;
            self.give(FlowInput::CallerSilent);
        } else {
            self.give(FlowInput::Tick);
        }
        true
    }

    /// A part was heard to its end: the next one, or that is all.
    fn part_over(&mut self) {
        let Some(mut playing) = self.playing.take() else {
            return;
        };
        self.over.extend(playing.prompt.take());
        match playing.parts.pop_front() {
            Some((seen, lasts)) => {
                playing.prompt = prompt(&seen);
                playing.ends = self.now + lasts;
                self.playing = Some(playing);
                self.saw(seen);
            }
            None => self.give(FlowInput::PlayEnded(playing.token)),
        }
    }

    fn give(&mut self, input: FlowInput) {
        let mut input = Some(input);
        while let Some(next) = input {
            self.flow.handle(next, self.now);
            while let Some(output) = self.flow.poll_output() {
                self.take(output);
            }
            input = (!self.answers.is_empty()).then(|| self.answers.remove(0));
        }
    }

    fn take(&mut self, output: FlowOutput) {
        match output {
            FlowOutput::Play {
                token,
                sounds,
                at_most,
                ..
            } => self.plays(token, &sounds, at_most),
            FlowOutput::StopPlay { .. } => {
                let cut_off = self.playing.take();
                self.over.extend(cut_off.and_then(|playing| playing.prompt));
            }
            FlowOutput::Enqueue { queue, skills, .. } => self.enqueued(queue, skills),
            FlowOutput::FindCustomer { ask, .. } => {
                let found = self.trial.caller.customer.clone();
                let answer = found.map_or(CustomerAnswer::NotFound, CustomerAnswer::Found);
                self.answers.push(FlowInput::Customer { ask, answer });
            }
            FlowOutput::Fetch { ask, request } => self.fetches(ask, *request),
            FlowOutput::StartVoicemail { .. } => self.spoken = Some(self.now + MESSAGE),
            FlowOutput::StopVoicemail { mailbox } => {
                self.spoken = None;
                self.saw(Seen::Message(mailbox));
            }
            FlowOutput::LeaveQueue { .. } => {
                self.waiting = None;
                self.saw(Seen::LeftQueue);
            }
            FlowOutput::StepEntered { block, step, .. } => {
                let asked = self.of_company(&block, step);
                self.unsaid = self.unsaid.take().or(asked);
                self.entered(block, step);
            }
            FlowOutput::WayTaken(way) => {
                self.ways.insert(way);
            }
            FlowOutput::MenuChosen { label, .. } => self.saw(Seen::Chose(label)),
            FlowOutput::SurveyAnswered { question, answer } => {
                self.saw(Seen::Survey(question, answer));
            }
            FlowOutput::Dial { to, .. } => self.calls(to),
            FlowOutput::Notify { event, .. } => self.saw(Seen::Notified(event)),
            FlowOutput::RefuseWith { status } => self.saw(Seen::Refused(status)),
            FlowOutput::Consent { granted, .. } => self.saw(Seen::Consent(granted)),
            FlowOutput::Record { what } => self.saw(Seen::Record(what)),
            FlowOutput::LanguageSet { language, .. } => self.saw(Seen::Language(language)),
            FlowOutput::Tag { key, value } => self.saw(Seen::Tagged(key, value)),
            FlowOutput::Hangup { cause } => {
                (self.playing, self.waiting, self.called) = (None, None, None);
                self.saw(Seen::Ended(format!("{cause:?}")));
            }
            FlowOutput::Incident { what } => self.saw(Seen::Incident(what)),
            FlowOutput::EarlyMedia | FlowOutput::Answer | FlowOutput::Typed { .. } => {}
        }
    }

    fn plays(&mut self, token: PlayToken, sounds: &[Sound], at_most: Option<Duration>) {
        let mut parts: VecDeque<_> = heard(sounds, &self.names).into();
        let (seen, lasts) = parts.pop_front().unzip();
        if at_most.is_some() {
            parts.clear();
        }
        self.playing = Some(Playing {
            token,
            prompt: seen.as_ref().and_then(prompt),
            ends: self.now + at_most.or(lasts).unwrap_or_default(),
            parts,
        });
        if let Some(seen) = seen {
            self.saw(seen);
        }
    }

    /// It rings for a while; who answers talks for a minute.
    fn calls(&mut self, to: DialTo) {
        let (DialTo::Number(who) | DialTo::Agent(who)) = to;
        let end = self.trial.calls.get(&who).copied();
        let end = end.unwrap_or(DialEnd::Done);
        self.called = Some((self.now + CALLED, end));
        self.saw(Seen::Calls(who));
    }

    fn enqueued(&mut self, queue: String, skills: BTreeMap<String, u8>) {
        let nobody = QueueMock::default();
        let mock = self.trial.queues.get(&queue).unwrap_or(&nobody);
        self.waiting = Some(mock.answered_after.map(|after| self.now + after));
        self.answers.push(match mock.ends {
            Some(end) => {
                self.waiting = None;
                FlowInput::QueueEnded(end)
            }
            None => FlowInput::Queued {
                position: mock.position.max(1),
                expected: mock.expected,
            },
        });
        self.saw(Seen::Queued { to: queue, skills });
    }

    fn fetches(&mut self, ask: u32, request: FetchRequest) {
        let FetchRequest {
            id, block, method, ..
        } = request;
        let mocks = &self.trial.http;
        let own = id.as_ref().and_then(|id| mocks.get(id));
        let (after, answer) = match own.or_else(|| mocks.get(&block)) {
            Some(mock) => (mock.after, mock.answer.clone()),
            None => {
                let step = id.clone().unwrap_or_else(|| block.clone());
                self.unmocked.get_or_insert(step);
                (
                    Duration::ZERO,
                    FetchAnswer::Refused("the test has no answer"),
                )
            }
        };
        match answer {
            // The flow itself knows how long it waits.
            FetchAnswer::TimedOut => {}
            answer if after.is_zero() => self.answers.push(FlowInput::Fetched { ask, answer }),
            answer => self.answer = Some((self.now + after, ask, answer)),
        }
        self.saw(Seen::Fetched { id, block, method });
    }

    fn entered(&mut self, block: String, step: u32) {
        self.steps.insert((block.clone(), step));
        if self.block != block {
            self.block.clone_from(&block);
            self.saw(Seen::Block(block));
        }
    }

    fn did(&mut self, what: &str) {
        self.saw(Seen::Did(what.to_owned()));
    }

    fn saw(&mut self, seen: Seen) {
        self.transcript.push(Moment { at: self.now, seen });
    }
}

fn prompt(seen: &Seen) -> Option<String> {
    match seen {
        Seen::Heard { prompt, .. } => prompt.clone(),
        _ => None,
    }
}
