//! Steps that a server outside answers with.
//!
//! **Owns**: what it is told of the call, what its answer may hold, and the way into the steps.
//! **Must not know**: sockets, signatures. On the way back it is a flow that returns, as any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Interpreter;
use super::run::Move;
use crate::check_source;
use crate::flow::{Action, Flow, Value};

/// What the answer may hold. Calendars and inputs stay ours.
const KEYS: [&str; 6] = ["steps", "blocks", "prompts", "vars", "outputs", "waits"];
/// Behind these no step runs; behind any other the flow comes back by itself.
const LAST: [&str; 5] = ["go", "hangup", "menu", "queue", "return"];
/// Steps of an answer, those in all its blocks.
const MOST_STEPS: usize = 100;
/// The largest answer, in bytes of JSON.
const LARGEST: usize = 64 * 1024;

impl Interpreter {
    /// What is asked: the call as far as flows know it, and what the step hands over.
    pub(super) fn question(&self, with: Value) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        let call = [
            ("from", text(&self.facts.from)),
            ("to", text(&self.facts.to)),
            ("language", text(&self.language)),
        ];
        let call = call.map(|(name, value)| (name.to_owned(), value));
        let all = [
            ("block", text(&self.block_name())),
            ("call", Value::Map(call.into())),
            ("with", with),
        ];
        Value::Map(all.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// Into the steps of an answer; the error is an incident's words, without anything that the answer says.
    pub(super) fn enter_remote(&mut self, answer: Option<&Value>) -> Result<Move, String> {
        if self.is_deepest() {
            return Err("flows call each other too deeply".to_owned());
        }
        let flow = steps(answer, &self.language)?;
        let start = flow.block_index("start").unwrap_or_default();
        let vars = flow.vars.clone();
        self.go_through(Arc::new(flow), vars);
        Ok(Move::To(start))
    }
}

/// The answer as a flow of its own, in the language that the caller hears.
fn steps(answer: Option<&Value>, language: &str) -> Result<Flow, String> {
    let Some(Value::Map(answer)) = answer else {
        return Err("the answer is no JSON object".to_owned());
    };
    if answer.keys().any(|key| !KEYS.contains(&key.as_str())) {
        let known = KEYS.join("`, `");
        return Err(format!("the answer has a key besides `{known}`"));
    }
    let text = source(answer, language);
    if text.len() > LARGEST {
        return Err("the answer is too large".to_owned());
    }
    let checked = check_source(&text, "remote", None);
    let Some(flow) = checked.flow else {
        let codes: Vec<&str> = checked.findings.iter().map(|found| found.code).collect();
        let codes = codes.join(", ");
        return Err(format!("its steps are refused ({codes})"));
    };
    if flow.steps().count() > MOST_STEPS {
        return Err(format!("more than {MOST_STEPS} steps"));
    }
    if let Some(step) = flow.steps().find(|step| !may(&step.action)) {
        let name = step.action.name();
        return Err(format!("nobody outside may use `{name}`"));
    }
    if !flow.secret_vars.is_empty() {
        return Err("nobody outside may name a secret".to_owned());
    }
    Ok(flow)
}

/// What costs money, asks further servers or decides about recordings is for the company's own flows.
fn may(action: &Action) -> bool {
    !matches!(
        action,
        Action::Http(_)
            | Action::Call(_)
            | Action::Transfer(_)
            | Action::Record(_)
            | Action::Consent(_)
            | Action::NotYet(_)
    )
}

/// A flow file in JSON, which is YAML too.
fn source(answer: &BTreeMap<String, Value>, language: &str) -> String {
    use serde_json::{Map, Value as Json, json};
    let mut file = Map::new();
    file.insert("flow".to_owned(), json!(1));
    file.insert("name".to_owned(), json!("remote"));
    let languages = json!({ "default": language, "offer": [language] });
    file.insert("languages".to_owned(), languages);
    // Whoever is lost in these steps is in good hands again where they came from.
    let exits = json!({ "exits": { "exhausted": "return", "error": "return" } });
    file.insert("defaults".to_owned(), exits);
    let mut blocks = match answer.get("blocks").map(Value::to_json) {
        Some(Json::Object(blocks)) => blocks,
        _ => Map::new(),
    };
    if let Some(Json::Array(mut steps)) = answer.get("steps").map(Value::to_json) {
        let ends = steps.last().and_then(Json::as_object);
        let ends = ends.is_some_and(|step| LAST.iter().any(|last| step.contains_key(*last)));
        if !ends {
            steps.push(json!({ "return": null }));
        }
        blocks.insert("start".to_owned(), Json::Array(steps));
    }
    file.insert("blocks".to_owned(), Json::Object(blocks));
    let others = answer
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "steps" | "blocks"));
    file.extend(others.map(|(key, value)| (key.clone(), value.to_json())));
    Json::Object(file).to_string()
}
