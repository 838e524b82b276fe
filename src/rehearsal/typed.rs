//! What a line means.
//!
//! **Owns**: the words that may be typed. **Must not know**: the call.

use crate::config::duration;
use ivr_flows::port::{CustomerAnswer, DialEnd, FetchAnswer, KnownCustomer, QueueEnd};
use ivr_flows::{FlowInput, Value};
use std::time::Duration;

/// Longest line that is looked at, in bytes.
const LONGEST_LINE: usize = 200;
/// The same where a server outside answers.
const LONGEST_ANSWER: usize = 16 * 1024;

/// A line that is understood.
pub(super) enum Typed {
    /// On to what happens next by itself.
    OnToTheNext,
    Help,
    /// The caller presses them.
    Keys(String),
    Input(FlowInput),
    /// The waiting ends so.
    EndsWait(FlowInput),
    /// So much of it passes.
    Time(Duration),
    /// Who calls.
    Customer(CustomerAnswer),
    /// What a server outside answers.
    Fetched(FetchAnswer),
}

/// Reads a line without room around it.
pub(super) fn read(line: &str) -> Result<Typed, &'static str> {
    let longest = match line.starts_with("http ") {
        true => LONGEST_ANSWER,
        false => LONGEST_LINE,
    };
    let keys = |c: char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
    let input = match line {
        _ if line.len() > longest => return Err("that line is too long"),
        "" => return Ok(Typed::OnToTheNext),
        "help" => return Ok(Typed::Help),
        "stranger" => return Ok(Typed::Customer(CustomerAnswer::NotFound)),
        "agent" => return Ok(Typed::EndsWait(FlowInput::AgentConnected)),
        "full" => return ends_wait(QueueEnd::Full),
        "closed" => return ends_wait(QueueEnd::Closed),
        "timeout" => return ends_wait(QueueEnd::TimedOut),
        "no_agents" => return ends_wait(QueueEnd::NoAgents),
        "bye" => FlowInput::HungUp,
        "silent" => FlowInput::CallerSilent,
        "left" => FlowInput::AgentLeft,
        "done" => FlowInput::DialEnded(DialEnd::Done),
        "busy" => FlowInput::DialEnded(DialEnd::Busy),
        "no_answer" => FlowInput::DialEnded(DialEnd::NoAnswer),
        "failed" => FlowInput::DialEnded(DialEnd::Failed),
        _ if line.chars().all(keys) => return Ok(Typed::Keys(line.to_owned())),
        _ => return several(line),
    };
    Ok(Typed::Input(input))
}

fn ends_wait(end: QueueEnd) -> Result<Typed, &'static str> {
    Ok(Typed::EndsWait(FlowInput::QueueEnded(end)))
}

/// Lines with something behind their first word.
fn several(line: &str) -> Result<Typed, &'static str> {
    let read = if let Some(text) = line.strip_prefix("http ") {
        return fetched(text.trim()).map(Typed::Fetched);
    } else if let Some(time) = line.strip_prefix('+') {
        duration::parse(time).map(Typed::Time)
    } else if let Some(queued) = line.strip_prefix("place ") {
        place(queued).map(Typed::Input)
    } else {
        let name = line.strip_prefix("customer ");
        name.map(|name| Typed::Customer(CustomerAnswer::Found(customer(name))))
    };
    read.ok_or("that is not understood; `help` shows what may be typed")
}

/// `timeout`, `unreachable`, or a status and perhaps JSON: `200 {"status": "sent"}`, `404`.
fn fetched(text: &str) -> Result<FetchAnswer, &'static str> {
    let (status, body) = match text.split_once(' ').unwrap_or((text, "")) {
        ("timeout", "") => return Ok(FetchAnswer::TimedOut),
        ("unreachable", "") => return Ok(FetchAnswer::Unreachable),
        (status, body) => (status, body.trim()),
    };
    let status: u16 = status
        .parse()
        .map_err(|_| "write a status, such as `http 404`, or `http timeout`")?;
    let body = (!body.is_empty())
        .then(|| Value::from_json(body))
        .transpose()?;
    Ok(FetchAnswer::Answered { status, body })
}

/// `3`, or `3 2m` with the expected wait.
fn place(text: &str) -> Option<FlowInput> {
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
