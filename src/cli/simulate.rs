//! `cordboard flow simulate`: one call through a flow, in the terminal, without audio and with a virtual clock.
//!
//! **Owns**: how moments of a rehearsed call are shown. **Must not know**: what a line means, what a flow does next; the
//! rehearsal does.

use super::output::{self, Problem, WRONG};
use super::{SimulateArgs, flow_check};
use crate::rehearsal::{Kind, Moment, Rehearsal};
use ivr_flows::CallFacts;
use ivr_flows::calendar::CompanyHours;
use std::io::BufRead as _;
use std::process::ExitCode;

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
    let (mut call, told) = Rehearsal::begin(flow, facts, None);
    output::result(&shown(&told));
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if call.is_over() || line.trim() == "quit" {
            break;
        }
        output::result(&shown(&call.line(&line)));
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

/// What is shown, line by line.
#[must_use]
pub fn shown(moments: &[Moment]) -> String {
    let line = |moment: &Moment| match moment.kind {
        Kind::Help => moment.text.clone(),
        _ => {
            let seconds = moment.at.as_secs();
            let clock = format!("{:>3}:{:02}", seconds / 60, seconds % 60);
            format!("{clock}  {}\n", moment.text)
        }
    };
    moments.iter().map(line).collect()
}
