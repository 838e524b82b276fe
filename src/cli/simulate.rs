//! `cordboard flow simulate`: one call through a flow, in the terminal, without audio and with a virtual clock.
//!
//! **Owns**: the words that may be typed, what is shown.
//! **Must not know**: what a flow does next; that is the interpreter's, the same one that runs live calls.

use super::output::{self, Problem, WRONG};
use super::{SimulateArgs, flow_check};
use crate::config::duration;
use ivr_flows::calendar::CompanyHours;
use ivr_flows::port::{
    CustomerAnswer, DialEnd, DialTo, FetchAnswer, KnownCustomer, PlayToken, QueueEnd, Sound, Words,
};
use ivr_flows::{CallFacts, Flow, FlowInput, FlowOutput, Interpreter, Value};
use std::io::BufRead as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Most time that one line may let pass, so that a slip does not fill the terminal.
const LONGEST: Duration = Duration::from_secs(3600);
/// Longest line that is looked at.
const LONGEST_LINE: usize = 200;
const HELP: &str = "  keys      1, 12, *, #: the caller presses them\n  (empty)   on to what happens next by itself\n  \
    +30s      time passes\n  agent     an agent answers; `left`: the agent hangs up first\n  \
    place 3   the caller's place in the queue; `place 3 2m`: and the expected wait\n  \
    customer Ana Ruiz es gold   whom the flow finds, perhaps with a language and a tier; `stranger`: nobody\n  \
    http 200 {\"status\": \"sent\"}   what a server outside answers; `http timeout`, `http unreachable`\n  \
    silent    the caller who leaves a message stops speaking\n  full, closed, timeout, no_agents: the waiting ends so\n  \
    done, busy, no_answer, failed: so ends calling somebody\n  \
    bye       the caller hangs up\n  quit      end";

/// Runs the command: reads lines from standard input until the call or the input is over.
#[must_use]
pub fn run(args: &SimulateArgs) -> ExitCode {
    let (findings, flow) = match flow_check::check_file(&args.file, None) {
        Ok(checked) => checked,
        Err(problem) => return problem.report(),
    };
    let Some(flow) = flow else {
        flow_check::report(&findings, super::Format::Human);
        return ExitCode::from(WRONG);
    };
    let facts = match facts(args) {
        Ok(facts) => facts,
        Err(problem) => return problem.report(),
    };
    output::note("type keys, an empty line to go on, or `help`");
    let (mut simulation, said) = Simulation::begin(flow, facts);
    output::result(&said);
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if simulation.is_over() || line.trim() == "quit" {
            break;
        }
        output::result(&simulation.line(&line));
    }
    ExitCode::SUCCESS
}

fn facts(args: &SimulateArgs) -> Result<CallFacts, Problem> {
    let began = match &args.at {
        None => jiff::Timestamp::now(),
        Some(text) => text.parse().map_err(|_| {
            let help = "write it as 2026-12-24T10:00:00+01:00";
            Problem::new(format!("`{text}` is no time"), "it cannot be read", help)
        })?,
    };
    Ok(CallFacts {
        from: args.from.clone(),
        to: args.to.clone(),
        began_at: Some(began.as_millisecond()),
        hours: CompanyHours {
            said: args.hours.iter().cloned().collect(),
            ..CompanyHours::default()
        },
    })
}

/// One simulated call.
#[derive(Debug)]
pub struct Simulation {
    flow: Interpreter,
    now: Duration,
    /// What plays, and when it ends.
    playing: Option<(PlayToken, Duration)>,
    waiting: bool,
    /// The last question for a customer.
    asked: Option<u32>,
    /// The question to a server outside that waits for its answer.
    fetching: Option<u32>,
    block: String,
    said: String,
}

impl Simulation {
    /// A call that has just begun, and what is shown of it.
    #[must_use]
    pub fn begin(flow: Arc<Flow>, facts: CallFacts) -> (Self, String) {
        let mut simulation = Self {
            flow: Interpreter::with_facts(flow, facts),
            now: Duration::ZERO,
            playing: None,
            waiting: false,
            asked: None,
            fetching: None,
            block: String::new(),
            said: String::new(),
        };
        simulation.give(FlowInput::Start);
        let said = std::mem::take(&mut simulation.said);
        (simulation, said)
    }

    /// Whether the call is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.flow.is_over()
    }

    /// Takes one line as typed; gives what is shown, line by line.
    pub fn line(&mut self, line: &str) -> String {
        let line = line.trim();
        let keys = |c: char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
        match line {
            _ if line.len() > LONGEST_LINE => self.say("that line is too long"),
            "" => self.go_on(),
            "help" => self.said.push_str(HELP),
            "bye" => self.give(FlowInput::HungUp),
            "agent" => self.leave_queue(FlowInput::AgentConnected),
            "stranger" => self.answer(CustomerAnswer::NotFound),
            "silent" => self.give(FlowInput::CallerSilent),
            "left" => self.give(FlowInput::AgentLeft),
            "done" => self.give(FlowInput::DialEnded(DialEnd::Done)),
            "busy" => self.give(FlowInput::DialEnded(DialEnd::Busy)),
            "no_answer" => self.give(FlowInput::DialEnded(DialEnd::NoAnswer)),
            "failed" => self.give(FlowInput::DialEnded(DialEnd::Failed)),
            "full" => self.leave_queue(FlowInput::QueueEnded(QueueEnd::Full)),
            "closed" => self.leave_queue(FlowInput::QueueEnded(QueueEnd::Closed)),
            "timeout" => self.leave_queue(FlowInput::QueueEnded(QueueEnd::TimedOut)),
            "no_agents" => self.leave_queue(FlowInput::QueueEnded(QueueEnd::NoAgents)),
            _ if line.chars().all(keys) => {
                line.chars().for_each(|key| self.give(FlowInput::Key(key)));
            }
            _ => self.words(line),
        }
        std::mem::take(&mut self.said)
    }

    /// What ends the waiting makes sense only while the caller waits.
    fn leave_queue(&mut self, input: FlowInput) {
        if std::mem::take(&mut self.waiting) {
            self.give(input);
        } else {
            self.say("the caller waits in no queue");
        }
    }

    fn words(&mut self, line: &str) {
        if let Some(time) = line.strip_prefix('+').and_then(duration::parse) {
            let end = self.now.saturating_add(time.min(LONGEST));
            while self.next().is_some_and(|next| next <= end) {
                self.happen();
            }
            self.now = end;
        } else if let Some(queued) = line.strip_prefix("place ").and_then(queued) {
            self.give(queued);
        } else if let Some(text) = line.strip_prefix("http ") {
            self.fetched(text.trim());
        } else if let Some(name) = line.strip_prefix("customer ") {
            self.answer(CustomerAnswer::Found(customer(name)));
        } else {
            self.say("that is not understood; `help` shows what may be typed");
        }
    }

    /// The flow hears who calls.
    fn answer(&mut self, answer: CustomerAnswer) {
        match self.asked {
            Some(ask) => self.give(FlowInput::Customer { ask, answer }),
            None => self.say("the flow has not asked for a customer"),
        }
    }

    /// `timeout`, `unreachable`, or a status and perhaps JSON.
    fn fetched(&mut self, text: &str) {
        let answer = match text.split_once(' ').unwrap_or((text, "")) {
            ("timeout", "") => Ok(FetchAnswer::TimedOut),
            ("unreachable", "") => Ok(FetchAnswer::Unreachable),
            (status, body) => answered(status, body.trim()),
        };
        match (answer, self.fetching.take()) {
            (Ok(answer), Some(ask)) => self.give(FlowInput::Fetched { ask, answer }),
            (Ok(_), None) => self.say("the flow asks no server outside"),
            (Err(why), asked) => {
                self.fetching = asked;
                self.say(why);
            }
        }
    }

    fn go_on(&mut self) {
        if self.next().is_some() {
            self.happen();
        } else {
            self.say("nothing happens by itself now; `help` shows what may be typed");
        }
    }

    /// When something happens by itself.
    fn next(&self) -> Option<Duration> {
        let ends = self.playing.map(|(_, ends)| ends);
        ends.into_iter().chain(self.flow.next_deadline()).min()
    }

    /// The next thing that happens by itself.
    fn happen(&mut self) {
        let Some(next) = self.next() else { return };
        self.now = self.now.max(next);
        match self.playing.take_if(|(_, ends)| *ends <= next) {
            Some((token, _)) => self.give(FlowInput::PlayEnded(token)),
            None => self.give(FlowInput::Tick),
        }
    }

    fn give(&mut self, input: FlowInput) {
        self.flow.handle(input, self.now);
        while let Some(output) = self.flow.poll_output() {
            self.show(output);
        }
    }

    fn show(&mut self, output: FlowOutput) {
        let words = match output {
            FlowOutput::EarlyMedia => "heard before the answer".to_owned(),
            FlowOutput::Answer => "answered".to_owned(),
            FlowOutput::Play {
                token,
                sounds,
                at_most,
                ..
            } => {
                let (words, length) = heard(&sounds);
                let ends = self.now.saturating_add(at_most.unwrap_or(length));
                self.playing = Some((token, ends));
                match at_most {
                    Some(time) => format!("hears {words} for {time:?}"),
                    None => format!("hears {words}"),
                }
            }
            FlowOutput::StopPlay { .. } => {
                self.playing = None;
                "(cut off)".to_owned()
            }
            FlowOutput::Enqueue { queue, .. } => {
                self.waiting = true;
                format!("waits in queue {queue}")
            }
            FlowOutput::FindCustomer { ask, .. } => {
                self.asked = Some(ask);
                "looks up the customer".to_owned()
            }
            FlowOutput::Fetch { ask, request } => {
                self.fetching = Some(ask);
                let place = request.id.as_ref().unwrap_or(&request.block);
                format!(
                    "asks a server outside: {} by {place}",
                    request.method.as_str()
                )
            }
            FlowOutput::StartVoicemail { .. } => "(a message is recorded)".to_owned(),
            FlowOutput::StopVoicemail {
                mailbox: Some(mailbox),
            } => {
                format!("leaves a message for {mailbox}")
            }
            FlowOutput::StopVoicemail { mailbox: None } => {
                "leaves no message: too short".to_owned()
            }
            FlowOutput::LeaveQueue { .. } => {
                self.waiting = false;
                "leaves the queue".to_owned()
            }
            FlowOutput::WayTaken(_) => return,
            FlowOutput::StepEntered { block, .. } => {
                if self.block == block {
                    return;
                }
                self.block.clone_from(&block);
                format!("-- {block}")
            }
            FlowOutput::Hangup { cause } => {
                self.playing = None;
                format!("the call ends: {cause:?}")
            }
            other => told(other),
        };
        self.say(&words);
    }

    fn say(&mut self, words: &str) {
        let seconds = self.now.as_secs();
        let clock = format!("{:>3}:{:02}", seconds / 60, seconds % 60);
        self.said.push_str(&format!("{clock}  {words}\n"));
    }
}

/// What changes nothing of what may be typed.
fn told(output: FlowOutput) -> String {
    match output {
        FlowOutput::MenuChosen { key, label, .. } => format!("chooses {key}: {label}"),
        FlowOutput::Typed { label, .. } => format!("the agent reads: typed {label}"),
        FlowOutput::Dial { to, ring, .. } => {
            let (DialTo::Number(who) | DialTo::Agent(who)) = to;
            format!(
                "{who} is called, for {ring:?} at most; `done`, `busy`, `no_answer` or `failed`?"
            )
        }
        FlowOutput::Notify { event, .. } => format!("tells others: {event}"),
        FlowOutput::RefuseWith { status } => format!("is refused with {status}"),
        FlowOutput::Consent { granted: true, .. } => "may be recorded".to_owned(),
        FlowOutput::Consent { granted: false, .. } => "may not be recorded".to_owned(),
        FlowOutput::Record { what } => format!("recording: {}", what.as_str()),
        FlowOutput::SurveyAnswered { question, answer } => match answer {
            Some(answer) => format!("answers {question}: {answer}"),
            None => format!("does not answer {question}"),
        },
        FlowOutput::LanguageSet { language, .. } => format!("language {language}"),
        FlowOutput::Tag { key, value } => format!("tag {key} = {value}"),
        FlowOutput::Incident { what } => format!("INCIDENT: {what}"),
        _ => String::new(),
    }
}

/// What sounds say, and how long that takes.
fn heard(sounds: &[Sound]) -> (String, Duration) {
    let words = sounds
        .iter()
        .map(|sound| match (&sound.words, sound.text()) {
            (Some(Words::Beep), Some(text)) => text,
            (_, Some(text)) => format!("\"{text}\""),
            (_, None) => format!("[{}]", sound.file.as_deref().unwrap_or_default()),
        });
    let words: Vec<String> = words.collect();
    let length = sounds.iter().map(Sound::seems_to_last);
    (
        words.join(" "),
        length.fold(Duration::ZERO, Duration::saturating_add),
    )
}

/// `200 {"status": "sent"}`, `404`.
fn answered(status: &str, body: &str) -> Result<FetchAnswer, &'static str> {
    let status: u16 = status
        .parse()
        .map_err(|_| "write a status, such as `http 404`, or `http timeout`")?;
    let body = (!body.is_empty())
        .then(|| Value::from_json(body))
        .transpose()?;
    Ok(FetchAnswer::Answered { status, body })
}

/// `3`, or `3 2m` with the expected wait.
fn queued(text: &str) -> Option<FlowInput> {
    let (place, wait) = text.split_once(' ').unwrap_or((text, ""));
    let expected = match wait {
        "" => None,
        wait => Some(duration::parse(wait)?),
    };
    let position = place.parse().ok()?;
    Some(FlowInput::Queued { position, expected })
}

/// `Ana Ruiz`, or `Ana Ruiz es` with a language, or `Ana Ruiz es gold` with a tier behind it, in small letters: the `de`
/// of a name is no language.
fn customer(text: &str) -> KnownCustomer {
    let small = |word: &str| word.bytes().all(|c| c.is_ascii_lowercase());
    let is_language = |word: &str| word.len() == 2 && small(word);
    let words: Vec<&str> = text.split_whitespace().collect();
    let (name, language, tier) = match words.as_slice() {
        [name @ .., language] if is_language(language) => (name, *language, ""),
        [name @ .., language, tier] if is_language(language) && small(tier) => {
            (name, *language, *tier)
        }
        name => (name, "", ""),
    };
    KnownCustomer {
        name: name.join(" "),
        language: language.to_owned(),
        tier: tier.to_owned(),
        ..KnownCustomer::default()
    }
}
