//! `cordboard flow replay ID`: a call that happened as a test for its flow.
//!
//! **Owns**: which stored events say what the caller did. **Must not know**: what a test looks like; `ivr_flows::trial` does.

use super::flow_args::FlowReplayArgs;
use super::output::{self, Problem, WRONG};
use super::{check, explain, flow_files};
use ivr_flows::port::{KnownCustomer, QueueEnd};
use ivr_flows::trial::{self, Happened, Story};
use ivr_flows::{Flow, check_source};
use recordings::store::record::{EventRecord, InteractionRecord};
use router::Event;
use router::outcome::{EndCause, EntryOutcome, Refusal};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Runs the command: exit 0 when the test passes with the flow as it is now, 1 when it does not or there is no such call.
/// Works beside a running server.
pub async fn run(args: &FlowReplayArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let record = match explain::find(&settings, &args.id).await {
        Ok(Some(record)) => record,
        Ok(None) => {
            let why = format!("the database has no interaction {}", args.id);
            let help = "`GET /api/v1/interactions` lists what there is";
            output::note(&Problem::new("there is no such call", why, help).to_string());
            return ExitCode::from(WRONG);
        }
        Err(problem) => return problem.report(),
    };
    match replayed(&record, &settings.node.flows, args.with_numbers) {
        Ok(replayed) => tell(&replayed),
        Err(problem) => problem.report(),
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Replayed {
    /// The test.
    pub test: String,
    /// The flow was another text when the call came.
    pub changed: bool,
    /// Why the test fails with the flow as it is now; none: it passes.
    pub missed: Option<String>,
}

fn tell(replayed: &Replayed) -> ExitCode {
    output::result(&replayed.test);
    if replayed.changed {
        output::note("the flow has changed since that call");
    }
    match &replayed.missed {
        None => ExitCode::SUCCESS,
        Some(why) => {
            output::note(&format!("with the flow as it is now the test fails: {why}"));
            ExitCode::from(WRONG)
        }
    }
}

/// A stored call as a test, tried out.
///
/// # Errors
/// When the call ran no flow, or its flow cannot be used.
pub fn replayed(
    record: &InteractionRecord,
    flows: &Path,
    personal: bool,
) -> Result<Replayed, Problem> {
    let flow = flow_of(record, flows)?;
    let changed = flow.content_hash() != record.summary.flow_version;
    let story = story_of(record, personal);
    let test = trial::from_call(&flow, &story);
    let cannot = |why: String| {
        let help = "tell us: this is a mistake of Cordboard";
        Problem::new("the test that was made cannot be read", why, help)
    };
    let trials = trial::read(&test, "replayed.test.yaml").map_err(|found| {
        cannot(
            found
                .first()
                .map_or_else(String::new, |one| one.message.clone()),
        )
    })?;
    let flow = Arc::new(flow);
    let mut missed = trials
        .trials
        .iter()
        .map(|one| trial::run(&flow, one).missed);
    let missed = missed.find_map(|missed| missed.map(|(_, why)| why));
    Ok(Replayed {
        test,
        changed,
        missed,
    })
}

fn flow_of(record: &InteractionRecord, flows: &Path) -> Result<Flow, Problem> {
    let name = &record.summary.flow;
    let path = flows.join(format!("{name}{}", flow_files::ENDING));
    let problem = |why: String| {
        let what = format!("cannot use the flow {name} of that call");
        Problem::new(
            what,
            why,
            "see `flows` under [node]; a call out has no flow",
        )
    };
    let source = std::fs::read_to_string(&path)
        .map_err(|error| problem(format!("{}: {error}", path.display())))?;
    let checked = check_source(&source, &path.display().to_string(), None);
    checked
        .flow
        .ok_or_else(|| problem(format!("{} has errors: see `flow check`", path.display())))
}

/// What the record says that happened.
fn story_of(record: &InteractionRecord, personal: bool) -> Story {
    let summary = &record.summary;
    let began = summary.times.started_at;
    let number = |number: &Option<router::PhoneNumber>| {
        number.as_ref().map(|number| number.reveal().to_owned())
    };
    let mut happened = Vec::new();
    let mut language = String::new();
    let mut known = false;
    for line in &record.events {
        let at = Duration::from_millis(line.at.0.millis().abs_diff(began.0.millis()));
        let Some(event) = event(line) else { continue };
        match &event {
            Event::LanguageSet {
                language: set,
                chosen: false,
                ..
            } => language.clone_from(set),
            Event::CustomerIdentified { .. } => known = true,
            _ => {}
        }
        happened.extend(of(&event, record).into_iter().map(|what| (at, what)));
    }
    let name = summary.parties.caller_name.as_ref();
    let name = name.map(|name| name.reveal().clone()).unwrap_or_default();
    Story {
        began: began.to_string(),
        from: number(&summary.parties.caller_number),
        to: number(&summary.parties.dialed_number),
        customer: known.then_some(KnownCustomer {
            name,
            language,
            ..KnownCustomer::default()
        }),
        personal,
        happened,
    }
}

/// A stored line as it was written, but for its moments, which records show as text and nobody needs here. None: a line
/// of another version.
fn event(line: &EventRecord) -> Option<Event> {
    let mut event = line.event.clone();
    for moment in ["at", "v", "idle_since", "until"] {
        if let Some(value) = event.get_mut(moment) {
            *value = Value::from(0);
        }
    }
    serde_json::from_value(Value::Object(event)).ok()
}

/// What an event says of the caller.
fn of(event: &Event, record: &InteractionRecord) -> Vec<Happened> {
    let one = match event {
        Event::StepEntered { block, step, .. } => Happened::Step {
            block: block.clone(),
            step: *step,
        },
        Event::MenuChosen { key, label, .. } => Happened::Chose {
            key: key.clone(),
            label: label.clone(),
        },
        Event::Typed { digits, .. } => Happened::Typed(digits.clone()),
        Event::Tagged { key, value, .. } => Happened::Tagged {
            key: key.clone(),
            value: value.clone(),
        },
        Event::LanguageSet { language, .. } => Happened::Language(language.clone()),
        Event::QueueEntered { entry, .. } => {
            let entries = record.queue_entries.iter();
            let mut own = entries.filter(|own| own.id == *entry);
            match own.next().and_then(|own| own.queue.clone()) {
                Some(name) => Happened::Queued(name),
                None => return Vec::new(),
            }
        }
        // An agent who answers may be gone before the two are joined.
        Event::Connected { .. }
        | Event::QueueLeft {
            outcome: EntryOutcome::Answered,
            ..
        } => Happened::Answered,
        Event::QueueLeft {
            outcome, refusal, ..
        } => match ended(*outcome, *refusal) {
            Some(end) => Happened::NotAnswered(end),
            None => return Vec::new(),
        },
        Event::CallEnded { end_cause, .. } => {
            let mut all = vec![Happened::Ended];
            if *end_cause == EndCause::Customer {
                all.insert(0, Happened::HungUp);
            }
            return all;
        }
        _ => return Vec::new(),
    };
    vec![one]
}

fn ended(outcome: EntryOutcome, refusal: Option<Refusal>) -> Option<QueueEnd> {
    match (outcome, refusal) {
        (EntryOutcome::Refused, Some(Refusal::Full)) => Some(QueueEnd::Full),
        (EntryOutcome::Refused, Some(Refusal::Closed)) => Some(QueueEnd::Closed),
        (EntryOutcome::Refused, Some(Refusal::NoAgents)) => Some(QueueEnd::NoAgents),
        (EntryOutcome::TimedOut | EntryOutcome::Overflowed, _) => Some(QueueEnd::TimedOut),
        _ => None,
    }
}
