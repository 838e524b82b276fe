//! Asking a server outside while the caller waits.
//!
//! **Owns**: what is asked, how long the caller waits for it, what is heard meanwhile, and which exit an answer takes.
//! **Must not know**: sockets; the value of a secret.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::{Interpreter, State};
use crate::expression::{Failure, Part, Scope, Template};
use crate::flow::{Action, ExitName, Http, Saying, Value};
use crate::port::{FetchAnswer, FetchBody, FetchRequest, FetchSecret, FlowOutput, PlayToken};

/// From so long on the caller hears the filler.
const FILLER_AFTER: Duration = Duration::from_secs(1);
/// Whoever asks keeps the times itself; this much later nothing is waited for any more.
const SLACK: Duration = Duration::from_secs(1);
/// Longest URL, header and body that are sent, in bytes.
const LONGEST_URL: usize = 4_096;
const LONGEST_HEADER: usize = 1_024;
const LARGEST_BODY: usize = 64 * 1024;

/// One question.
#[derive(Debug)]
pub(super) struct FetchRun {
    ask: u32,
    until: Duration,
    /// When the filler begins; none: it has, or there is none.
    filler_at: Option<Duration>,
    filler: Option<PlayToken>,
}

impl FetchRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        Some(self.filler_at.map_or(self.until, |at| at.min(self.until)))
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        self.filler
    }
}

impl Interpreter {
    pub(super) fn enter_http(&mut self, http: &Http) -> Move {
        let request = match self.request(http) {
            Ok(request) => request,
            Err(why) => {
                let what = format!("it cannot ask: {why}");
                return self.http_exit(http, ExitName::Error, &what);
            }
        };
        let tries = http.retries.saturating_add(1);
        let most = http.timeout.saturating_mul(tries).saturating_add(SLACK);
        self.fetches = self.fetches.saturating_add(1);
        let ask = self.fetches;
        self.put(FlowOutput::Fetch {
            ask,
            request: Box::new(request),
        });
        let filler_at = (!http.filler.is_empty()).then(|| self.now.saturating_add(FILLER_AFTER));
        self.state = State::Fetching(FetchRun {
            ask,
            until: self.now.saturating_add(most),
            filler_at,
            filler: None,
        });
        Move::Stay
    }

    fn request(&self, http: &Http) -> Result<FetchRequest, Failure> {
        let scope = self.scope();
        let mut headers = Vec::new();
        for (name, value) in &http.headers {
            let value = value.text(&scope)?;
            if value.len() > LONGEST_HEADER || value.chars().any(|c| c.is_control()) {
                return Err("a header is too long, or holds signs that headers do not have");
            }
            headers.push((name.clone(), value));
        }
        let body = http.body.as_ref().map(|body| body.value(&scope));
        let body = body.transpose()?;
        let body = match body {
            Some(with) if http.remote.is_some() => Some(self.question(with)),
            body => body,
        };
        let body = match body {
            None => None,
            Some(Value::Text(text)) => Some(FetchBody { text, json: false }),
            Some(value) => Some(FetchBody {
                text: value.to_json().to_string(),
                json: true,
            }),
        };
        if body
            .as_ref()
            .is_some_and(|body| body.text.len() > LARGEST_BODY)
        {
            return Err("a body is too large");
        }
        let place = Self::step_at(&self.flow, self.at);
        Ok(FetchRequest {
            block: self.block_name(),
            id: place
                .and_then(|step| step.id.as_ref())
                .map(|id| id.text.clone()),
            method: http.method,
            url: url(&http.url, &scope)?,
            headers,
            body,
            secret: http.secret.as_ref().map(|secret| FetchSecret {
                name: secret.name.text.clone(),
                header: secret.header.clone(),
                signs: http.remote.is_some(),
            }),
            timeout: http.timeout,
            retries: http.retries,
            wants_body: http.into.is_some() || http.remote.is_some(),
        })
    }

    /// An answer that comes when nothing waits for it is no answer.
    pub(super) fn fetched(&mut self, ask: u32, answer: FetchAnswer) {
        if !matches!(&self.state, State::Fetching(run) if run.ask == ask) {
            return;
        }
        self.stop_playing();
        self.in_http(|this, http| this.answered_with(http, answer));
    }

    fn in_http(&mut self, act: impl FnOnce(&mut Self, &Http) -> Move) {
        let flow = Arc::clone(&self.flow);
        if let Some(Action::Http(http)) = Self::action(&flow, self.at) {
            let next = act(self, http);
            self.go(next);
        }
    }

    fn answered_with(&mut self, http: &Http, answer: FetchAnswer) -> Move {
        let (exit, what) = match answer {
            FetchAnswer::Answered { status, body } if (200..300).contains(&status) => {
                if http.remote.is_some() {
                    return match self.enter_remote(body.as_ref()) {
                        Ok(next) => next,
                        Err(why) => self.http_exit(http, ExitName::Invalid, &why),
                    };
                }
                let Some(name) = &http.into else {
                    return Move::Next;
                };
                let kept = body.ok_or("it has no body");
                match kept.and_then(|body| self.assign(&name.text, body)) {
                    Ok(()) => return Move::Next,
                    Err(why) => (ExitName::Error, format!("the answer is of no use: {why}")),
                }
            }
            FetchAnswer::Answered { status, .. } => {
                let exit = match status {
                    404 | 410 => ExitName::NotFound,
                    400..500 => ExitName::ClientError,
                    500..600 => ExitName::ServerError,
                    _ => ExitName::Error,
                };
                (exit, format!("the answer has status {status}"))
            }
            FetchAnswer::TimedOut => (ExitName::Timeout, "no answer came in time".to_owned()),
            FetchAnswer::Unreachable => {
                let what = "the server cannot be reached".to_owned();
                (ExitName::ServerError, what)
            }
            FetchAnswer::Refused(why) => (ExitName::Error, why.to_owned()),
        };
        self.http_exit(http, exit, &what)
    }

    /// What a flow has a word for is no incident.
    fn http_exit(&mut self, http: &Http, exit: ExitName, what: &str) -> Move {
        let exit = match exit {
            _ if http.remote.is_none() => exit,
            ExitName::Timeout => exit,
            _ => ExitName::Invalid,
        };
        let flow = Arc::clone(&self.flow);
        if !http.has_word(&flow.defaults.exits, exit) {
            let step = if http.remote.is_some() {
                "a `remote`"
            } else {
                "an `http`"
            };
            self.incident(&format!("{step} step failed: {what}"));
        }
        match http.way(&flow.defaults.exits, exit) {
            Some((place, word, target)) => {
                self.took_exit(place, word);
                self.target(target)
            }
            None => self.backstop("nothing says what happens when an `http` step fails"),
        }
    }

    /// The filler begins, or the answer is waited for no longer.
    pub(super) fn http_timeout(&mut self) {
        let State::Fetching(run) = &self.state else {
            return;
        };
        if run.until <= self.now {
            let ask = run.ask;
            return self.fetched(ask, FetchAnswer::TimedOut);
        }
        let left = run.until.saturating_sub(self.now);
        let flow = Arc::clone(&self.flow);
        let Some(Action::Http(http)) = Self::action(&flow, self.at) else {
            return;
        };
        self.be_heard();
        let sayings: Vec<&Saying> = http.filler.iter().collect();
        let token = self.begin_play(&sayings, &[], Some(left));
        if let State::Fetching(run) = &mut self.state {
            run.filler_at = None;
            run.filler = Some(token);
        }
    }

    /// The filler cannot be heard, or was stopped by its own length.
    pub(super) fn filler_ended(&mut self, token: PlayToken) {
        if let State::Fetching(run) = &mut self.state
            && run.filler == Some(token)
        {
            run.filler = None;
        }
    }
}

/// The URL with its values, each as one part of a path or a query: none can add a part of its own.
fn url(template: &Template, scope: &Scope<'_>) -> Result<String, Failure> {
    let mut url = String::new();
    for part in &template.parts {
        match part {
            Part::Text(text) => url.push_str(text),
            Part::Value(expression) => {
                let value = expression.value(scope)?.text()?;
                if value == "." || value == ".." {
                    return Err("a value in the URL leads to another folder");
                }
                encode(&value, &mut url);
            }
        }
        if url.len() > LONGEST_URL {
            return Err("the URL is too long");
        }
    }
    Ok(url)
}

fn encode(value: &str, url: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |half: u8| HEX.get(usize::from(half)).copied().map_or('0', char::from);
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            _ => url.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
}
