//! One call through a flow, typed line by line, without audio and with a virtual clock: behind `cordboard flow simulate`
//! and `POST /flows/{name}/try`. PURE: nobody outside is asked; whatever a flow asks is answered by a line.
//!
//! **Owns**: [`Rehearsal`]: the time, what plays, what happens by itself. **Must not know**: what a flow does next (that
//! is the interpreter's, the same one that runs live calls), who reads what is told.

mod moment;
mod typed;

pub use moment::{Kind, Moment};

use ivr_flows::interpreter::{WaitsFor, Worth};
use ivr_flows::port::{CustomerAnswer, PlayToken};
use ivr_flows::{CallFacts, Flow, FlowInput, FlowOutput, Interpreter, trial};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use typed::Typed;

/// Most time that one line may let pass, so that a slip does not fill the terminal.
const LONGEST: Duration = Duration::from_secs(3600);
/// Things that happen by themselves in one call at most.
const MOST: usize = 20_000;
/// What may be typed.
pub const HELP: &str = "  keys      1, 12, *, #: the caller presses them\n  (empty)   on to what happens next by itself\n  \
    +30s      time passes\n  agent     an agent answers; `left`: the agent hangs up first\n  \
    place 3   the caller's place in the queue; `place 3 2m`: and the expected wait\n  \
    customer Ana Ruiz es gold   whom the flow finds, perhaps with a language and a tier; `stranger`: nobody\n  \
    http 200 {\"status\": \"sent\"}   what a server outside answers; `http timeout`, `http unreachable`\n  \
    silent    the caller who leaves a message stops speaking\n  full, closed, timeout, no_agents: the waiting ends so\n  \
    done, busy, no_answer, failed: so ends calling somebody\n  \
    bye       the caller hangs up\n  quit      end";

/// One rehearsed call.
#[derive(Debug)]
pub struct Rehearsal {
    flow: Interpreter,
    now: Duration,
    /// Prompts by their files.
    names: HashMap<String, String>,
    /// What plays, and when it ends.
    playing: Option<(PlayToken, Duration)>,
    waiting: bool,
    /// Who calls, where that is known before the flow asks.
    known: Option<CustomerAnswer>,
    /// The last question for a customer.
    asked: Option<u32>,
    /// The question to a server outside that waits for its answer.
    fetching: Option<u32>,
    /// The step that was entered last: block by name, step from 0.
    place: Option<(String, u32)>,
    happened: usize,
    told: Vec<Moment>,
}

impl Rehearsal {
    /// A call that has just begun, and what came of it so far. With `known` the flow's question who calls is answered at
    /// once, else by a line.
    #[must_use]
    pub fn begin(
        flow: Arc<Flow>,
        facts: CallFacts,
        known: Option<CustomerAnswer>,
    ) -> (Self, Vec<Moment>) {
        let mut call = Self {
            names: trial::prompts_by_file(&flow),
            flow: Interpreter::with_facts(flow, facts),
            now: Duration::ZERO,
            playing: None,
            waiting: false,
            known,
            asked: None,
            fetching: None,
            place: None,
            happened: 0,
            told: Vec::new(),
        };
        call.give(FlowInput::Start);
        let told = std::mem::take(&mut call.told);
        (call, told)
    }

    /// Whether the call is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.flow.is_over()
    }

    /// The step that was entered last: its block by name, and its number from 0. Where the flow is in another one that it
    /// calls, the block is `FLOW:BLOCK`.
    #[must_use]
    pub fn place(&self) -> Option<(&str, u32)> {
        let (block, step) = self.place.as_ref()?;
        Some((block, *step))
    }

    /// Whose turn it is.
    #[must_use]
    pub fn waits_for(&self) -> WaitsFor {
        self.flow.waits_for()
    }

    /// What an expression is worth as the call stands.
    #[must_use]
    pub fn worth(&self, expression: &str) -> Worth {
        self.flow.worth(expression)
    }

    /// Takes one line as typed; gives what came of it.
    pub fn line(&mut self, line: &str) -> Vec<Moment> {
        match typed::read(line.trim()) {
            Ok(typed) => self.do_it(typed),
            Err(why) => self.note(why),
        }
        std::mem::take(&mut self.told)
    }

    fn do_it(&mut self, typed: Typed) {
        match typed {
            Typed::OnToTheNext if self.next().is_some() => self.happen(),
            Typed::OnToTheNext => {
                self.note("nothing happens by itself now; `help` shows what may be typed");
            }
            Typed::Help => self.tell(Moment::new(Kind::Help, HELP)),
            Typed::Keys(keys) => keys.chars().for_each(|key| self.give(FlowInput::Key(key))),
            Typed::Input(input) => self.give(input),
            // What ends the waiting makes sense only while the caller waits.
            Typed::EndsWait(input) if std::mem::take(&mut self.waiting) => {
                if matches!(input, FlowInput::AgentConnected) {
                    self.note("an agent answers");
                }
                self.give(input);
            }
            Typed::EndsWait(_) => self.note("the caller waits in no queue"),
            Typed::Time(time) => self.pass(time.min(LONGEST)),
            Typed::Customer(answer) => match self.asked {
                Some(ask) => self.give(FlowInput::Customer { ask, answer }),
                None => self.note("the flow has not asked for a customer"),
            },
            Typed::Fetched(answer) => match self.fetching.take() {
                Some(ask) => self.give(FlowInput::Fetched { ask, answer }),
                None => self.note("the flow asks no server outside"),
            },
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now.saturating_add(time);
        while self.next().is_some_and(|next| next <= end) {
            if self.happened >= MOST {
                return self.note("more has happened than one call may have here: begin anew");
            }
            self.happen();
        }
        self.now = end;
    }

    /// When something happens by itself.
    fn next(&self) -> Option<Duration> {
        let ends = self.playing.map(|(_, ends)| ends);
        ends.into_iter().chain(self.flow.next_deadline()).min()
    }

    /// The next thing that happens by itself.
    fn happen(&mut self) {
        let Some(next) = self.next() else { return };
        self.happened = self.happened.saturating_add(1);
        self.now = self.now.max(next);
        match self.playing.take_if(|(_, ends)| *ends <= next) {
            Some((token, _)) => self.give(FlowInput::PlayEnded(token)),
            None => self.give(FlowInput::Tick),
        }
    }

    fn give(&mut self, input: FlowInput) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.flow.handle(input, self.now);
            while let Some(output) = self.flow.poll_output() {
                inputs.extend(self.take(&output));
            }
        }
    }

    /// Keeps what an output changes and tells of it; what is answered at once is given back.
    fn take(&mut self, output: &FlowOutput) -> Option<FlowInput> {
        let mut answer = None;
        match output {
            FlowOutput::StepEntered { block, step, .. } => {
                let stays = self.place().is_some_and(|(own, _)| own == block);
                self.place = Some((block.clone(), *step));
                if stays {
                    return None;
                }
            }
            FlowOutput::Play {
                token,
                sounds,
                at_most,
                ..
            } => {
                let ends = at_most.unwrap_or_else(|| moment::length(sounds));
                self.playing = Some((*token, self.now.saturating_add(ends)));
            }
            FlowOutput::StopPlay { .. } | FlowOutput::Hangup { .. } => self.playing = None,
            FlowOutput::Enqueue { .. } => self.waiting = true,
            FlowOutput::LeaveQueue { .. } => self.waiting = false,
            FlowOutput::FindCustomer { ask, .. } => {
                self.asked = Some(*ask);
                let known = self.known.clone();
                answer = known.map(|answer| FlowInput::Customer { ask: *ask, answer });
            }
            FlowOutput::Fetch { ask, .. } => self.fetching = Some(*ask),
            _ => {}
        }
        if let Some(moment) = moment::of(output, &self.names) {
            self.tell(moment);
        }
        answer
    }

    fn note(&mut self, words: &str) {
        self.tell(Moment::new(Kind::Note, words));
    }

    fn tell(&mut self, moment: Moment) {
        self.told.push(Moment {
            at: self.now,
            ..moment
        });
    }
}
