//! Runs one flow for one call: decides what the caller hears, which keys count and where the call goes.
//!
//! **Owns**: the place in the flow, type-ahead, tries and their counters, the waiting loop, the backstops.
//! **Must not know**: the clock (times are handed in), audio, SIP, the router; it says what it wants as
//! [`FlowOutput`] and is told what happened as [`FlowInput`].
//!
//! ```text
//!            +--> Playing --+               AgentConnected
//! New --Start+--> Menu -----+--> Waiting ------------------> Talking
//!            +--------------+       | QueueEnded, gave up       | AgentLeft
//!                  ^                v                           v
//!                  +----------- next step or exit <-------------+      HungUp, hangup, end --> Over
//! ```

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::expression::{Expression, Failure, Scope};
use crate::flow::{Action, Flow, Step, Value, Voicemail};
use crate::port::{CallFacts, FlowEnd, FlowInput, FlowOutput, KnownCustomer, PlayToken};

mod call;
mod collect;
mod confirm;
mod http;
mod language;
mod leaving;
mod limits;
mod menu;
mod opening;
mod recording;
mod remote;
mod run;
mod saying;
mod small;
mod step_run;
mod survey;
mod transfer;
mod turn;
mod vars;
mod voicemail;
mod wait_keys;
mod waiting;
mod worth;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use call::DEEPEST;
use call::Frame;
use collect::CollectRun;
use http::FetchRun;
use limits::Limits;
use menu::MenuRun;
use step_run::StepRun;
pub use turn::WaitsFor;
use voicemail::VoicemailRun;
use waiting::WaitRun;
pub use worth::Worth;

/// Keys kept for the next menu; what is pressed beyond is dropped.
const MOST_KEYS: usize = 32;

/// One call in one flow. The flow stays the one the call began with.
///
/// Drive it so: [`Self::handle`] what happened, then drain [`Self::poll_output`], then come back at
/// [`Self::next_deadline`] with [`FlowInput::Tick`] unless something else happens first. Times are the time since the
/// call began; a time before an earlier one counts as that one. Any input is taken in any state: what does not fit
/// is passed over.
#[derive(Debug)]
pub struct Interpreter {
    /// The flow the call is in now.
    flow: Arc<Flow>,
    /// All that may be called.
    set: Arc<BTreeMap<String, Arc<Flow>>>,
    /// Those that wait for it to return, the first one outermost.
    frames: Vec<Frame>,
    out: VecDeque<FlowOutput>,
    state: State,
    at: Place,
    /// The last `queue` step, whose exits hold when the agent leaves.
    queued_at: Option<Place>,
    /// The voicemail of a queue that sent the caller there; no step has it.
    queue_box: Option<Arc<Voicemail>>,
    /// Type-ahead, oldest first.
    keys: VecDeque<char>,
    vars: BTreeMap<String, Value>,
    /// Every tag that the flow can set; empty until it is.
    tags: BTreeMap<String, String>,
    facts: CallFacts,
    /// Last known place in a queue; 0 before any.
    position: usize,
    /// How long until an agent is expected to answer.
    expected: Option<Duration>,
    /// Who calls, once `customer` found out.
    customer: Option<KnownCustomer>,
    /// Questions for a customer so far.
    asks: u32,
    /// Questions to servers outside so far.
    fetches: u32,
    /// The call's language.
    language: String,
    /// It was told that a text cannot be worked out.
    words_failed: bool,
    /// How often each bounded `go` was taken.
    taken: HashMap<Place, u32>,
    limits: Limits,
    answered: bool,
    /// The caller hung up.
    left: bool,
    /// The caller hears us, answered or not.
    audible: bool,
    tokens: u64,
    now: Duration,
}

/// A step: block and step by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Place {
    block: usize,
    step: usize,
}

#[derive(Debug)]
enum State {
    New,
    Playing {
        token: PlayToken,
        barge_in: bool,
    },
    Menu(MenuRun),
    Collect(CollectRun),
    /// Waits to hear who calls.
    Asking {
        ask: u32,
        until: Duration,
    },
    /// Waits for a server outside.
    Fetching(FetchRun),
    Voicemail(VoicemailRun),
    /// Any other step that keeps the caller for a while.
    Step(StepRun),
    Waiting(WaitRun),
    /// Hears why the queue, or the calendar, is closed.
    TurnedAway {
        token: PlayToken,
    },
    Talking,
    Over,
}

impl Interpreter {
    /// A call that has not begun, of which nothing is known.
    #[must_use]
    pub fn new(flow: Arc<Flow>) -> Self {
        Self::with_facts(flow, CallFacts::default())
    }

    /// A call that has not begun.
    #[must_use]
    pub fn with_facts(flow: Arc<Flow>, facts: CallFacts) -> Self {
        let vars = flow.vars.clone();
        let tags = flow
            .tag_names()
            .map(|name| (name.to_owned(), String::new()))
            .collect();
        Self {
            language: flow.languages.default.clone(),
            set: Arc::clone(&flow.set),
            frames: Vec::new(),
            flow,
            out: VecDeque::new(),
            state: State::New,
            at: Place::default(),
            queued_at: None,
            queue_box: None,
            keys: VecDeque::new(),
            vars,
            tags,
            facts,
            position: 0,
            expected: None,
            customer: None,
            asks: 0,
            fetches: 0,
            words_failed: false,
            taken: HashMap::new(),
            limits: Limits::new(),
            answered: false,
            left: false,
            audible: false,
            tokens: 0,
            now: Duration::ZERO,
        }
    }

    /// Takes what happened at `now`, the time since the call began. Never fails and never blocks.
    pub fn handle(&mut self, input: FlowInput, now: Duration) {
        self.now = self.now.max(now);
        // These end what goes on, so a deadline that passed in the meantime no longer matters.
        match input {
            FlowInput::HungUp => return self.caller_left(),
            FlowInput::AgentConnected => return self.agent_connected(),
            FlowInput::QueueEnded(end) if matches!(self.state, State::Waiting(_)) => {
                return self.queue_ended(end);
            }
            FlowInput::QueueClosed { message }
                if matches!(self.state, State::Waiting(_) | State::Talking) =>
            {
                return self.turned_away(message);
            }
            FlowInput::QueueVoicemail { mailbox, greeting }
                if matches!(self.state, State::Waiting(_) | State::Talking) =>
            {
                return self.queue_voicemail(mailbox, greeting);
            }
            _ => {}
        }
        self.deadlines();
        match input {
            FlowInput::Start => self.start(),
            FlowInput::Key(key) => self.key(key),
            FlowInput::PlayEnded(token) => self.play_ended(token),
            FlowInput::AgentLeft => self.agent_left(),
            FlowInput::PlayFailed(token) => self.play_failed(token),
            FlowInput::Customer { ask, answer } => self.customer_answered(ask, answer),
            FlowInput::DialEnded(end) => self.dial_ended(end),
            FlowInput::Fetched { ask, answer } => self.fetched(ask, answer),
            FlowInput::CallerSilent => self.caller_silent(),
            FlowInput::RecordingFailed => self.recording_failed(),
            FlowInput::Queued { position, expected } => {
                self.position = position;
                self.expected = expected;
            }
            FlowInput::QueueEnded(_)
            | FlowInput::QueueClosed { .. }
            | FlowInput::QueueVoicemail { .. }
            | FlowInput::Tick
            | FlowInput::HungUp
            | FlowInput::AgentConnected => {}
        }
    }

    /// The next thing to do, oldest first; drain until None after each [`Self::handle`].
    pub fn poll_output(&mut self) -> Option<FlowOutput> {
        self.out.pop_front()
    }

    /// When to call [`Self::handle`] with [`FlowInput::Tick`], if nothing happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        let own = self.state_deadline();
        let cap = match self.state {
            State::New | State::Talking | State::Over => None,
            State::Playing { .. }
            | State::Menu(_)
            | State::Collect(_)
            | State::Asking { .. }
            | State::Fetching(_)
            | State::Voicemail(_)
            | State::Step(_)
            | State::TurnedAway { .. }
            | State::Waiting(_) => self.limits.deadline(),
        };
        own.into_iter().chain(cap).min()
    }

    /// Whether the flow is over; nothing is asked for from here on.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// The flow this call runs.
    #[must_use]
    pub fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }

    /// A variable of the flow.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&Value> {
        self.vars.get(name)
    }

    fn state_deadline(&self) -> Option<Duration> {
        match &self.state {
            State::New
            | State::Playing { .. }
            | State::TurnedAway { .. }
            | State::Talking
            | State::Over => None,
            State::Menu(menu) => menu.deadline(),
            State::Collect(collect) => collect.deadline(),
            State::Asking { until, .. } => Some(*until),
            State::Fetching(fetch) => fetch.deadline(),
            State::Voicemail(voicemail) => voicemail.deadline(),
            State::Step(step) => step.deadline(),
            State::Waiting(wait) => wait.deadline(),
        }
    }

    fn start(&mut self) {
        if !matches!(self.state, State::New) {
            return;
        }
        self.limits.begin(self.now);
        let first = match self.flow.block_index("start") {
            Some(block) => run::Move::To(block),
            None => self.backstop("there is no block `start`"),
        };
        self.go(first);
    }

    fn key(&mut self, key: char) {
        let key = key.to_ascii_uppercase();
        if !matches!(key, '0'..='9' | '*' | '#' | 'A'..='D') {
            return;
        }
        match self.state {
            State::Playing { token, barge_in } => {
                self.keep(key);
                if barge_in {
                    self.put(FlowOutput::StopPlay { token });
                    let next = self.interrupted();
                    self.go(next);
                }
            }
            State::Menu(_) => self.menu_key(key),
            State::Collect(_) => self.collect_key(key),
            State::Voicemail(_) => self.voicemail_key(key),
            State::Step(_) => self.step_key(key),
            State::Asking { .. } | State::Fetching(_) => self.keep(key),
            State::TurnedAway { token } => {
                self.keep(key);
                self.put(FlowOutput::StopPlay { token });
                self.take_closed_exit();
            }
            State::Waiting(_) => self.wait_key(key),
            // Keys pressed while talking are meant for nobody.
            State::New | State::Talking | State::Over => {}
        }
    }

    /// Keeps a key for the next menu.
    fn keep(&mut self, key: char) {
        if self.keys.len() < MOST_KEYS {
            self.keys.push_back(key);
        }
    }

    fn play_ended(&mut self, token: PlayToken) {
        match &self.state {
            State::Playing { token: current, .. } if *current == token => self.go(run::Move::Next),
            State::Menu(menu) if menu.asks(token) => self.menu_asked(),
            State::Collect(collect) if collect.asks(token) => self.collect_asked(),
            State::Voicemail(voicemail) if voicemail.greets(token) => self.message_begins(),
            State::Step(step) if step.plays(token) => self.step_played(),
            State::Waiting(wait) if wait.plays(token) => self.wait_on(),
            State::Fetching(_) => self.filler_ended(token),
            State::TurnedAway { token: current } if *current == token => self.take_closed_exit(),
            _ => {}
        }
    }

    /// What a deadline that has passed means.
    fn deadlines(&mut self) {
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= self.now);
        if due(self.next_deadline()) && !due(self.state_deadline()) {
            self.stop_playing();
            let next = self.backstop("the call was longer in the flow than any flow may last");
            return self.go(next);
        }
        if !due(self.state_deadline()) {
            return;
        }
        match self.state {
            State::Menu(_) => self.menu_timeout(),
            State::Collect(_) => self.collect_timeout(),
            State::Asking { .. } => self.customer_timeout(),
            State::Fetching(_) => self.http_timeout(),
            State::Voicemail(_) => self.message_over(false),
            State::Step(_) => self.step_timeout(),
            State::Waiting(_) => self.wait_timeout(),
            State::New
            | State::Playing { .. }
            | State::TurnedAway { .. }
            | State::Talking
            | State::Over => {}
        }
    }

    /// Stops whatever plays or is recorded; the state is the caller's to change.
    fn stop_playing(&mut self) {
        let token = match &self.state {
            State::Playing { token, .. } | State::TurnedAway { token } => Some(*token),
            State::Menu(menu) => menu.token(),
            State::Collect(collect) => collect.token(),
            State::Fetching(fetch) => fetch.token(),
            State::Voicemail(voicemail) => voicemail.token(),
            State::Step(step) => step.token(),
            State::Waiting(wait) => wait.token(),
            State::New | State::Asking { .. } | State::Talking | State::Over => None,
        };
        if let Some(token) = token {
            self.put(FlowOutput::StopPlay { token });
        }
        self.stop_message();
    }

    fn put(&mut self, output: FlowOutput) {
        self.out.push_back(output);
    }

    fn end(&mut self, cause: FlowEnd) {
        self.state = State::Over;
        self.put(FlowOutput::Hangup { cause });
    }

    /// What expressions can see of this call.
    fn scope(&self) -> Scope<'_> {
        Scope {
            vars: &self.vars,
            tags: &self.tags,
            facts: &self.facts,
            now: self.moment().map(|millis| millis.div_euclid(1_000)),
            language: &self.language,
            position: self.position,
            ewt: self
                .expected
                .map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX)),
            customer: self.customer.as_ref(),
        }
    }

    /// What time it is, in milliseconds since 1970; none: no clock was handed in.
    fn moment(&self) -> Option<i64> {
        let elapsed = i64::try_from(self.now.as_millis()).ok()?;
        self.facts.began_at?.checked_add(elapsed)
    }

    fn truth(&self, of: &Expression) -> Result<bool, Failure> {
        of.truth(&self.scope())
    }

    fn step_at(flow: &Flow, at: Place) -> Option<&Step> {
        flow.blocks.get(at.block)?.steps.get(at.step)
    }

    /// The action at the present place. Borrows the flow, not the interpreter.
    fn action(flow: &Flow, at: Place) -> Option<&Action> {
        Self::step_at(flow, at).map(|step| &step.action)
    }
}
