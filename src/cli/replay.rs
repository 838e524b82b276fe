//! `cordboard replay`: the stored log through the Distributor of today.
//!
//! **Owns**: which stretch of the log is read, and how a difference is told. **Must not know**: what is compared
//! ([`router::Replay`] does).

use super::output::{self, Problem, WRONG};
use super::{ReplayArgs, check, token};
use crate::config::{self, Ids, PasswordPolicy, Settings};
use recordings::Store;
use router::replay::{Compared, Difference};
use router::{Event, Replay, RoutingCompany, Timestamp};
use std::path::Path;
use std::process::ExitCode;

/// Lines read at once.
const BATCH: u32 = 2_000;

/// What a replay came to.
#[derive(Debug)]
struct Found {
    compared: Compared,
    difference: Option<Box<Difference>>,
}

/// Runs the command: exit 0 when every decision came out as it stands in the log, 1 when one did not, 2 when the log cannot
/// be read. Works beside a running server.
pub async fn run(args: &ReplayArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let file = settings.database_file();
    if !file.exists() {
        let why = format!("{} is not there", file.display());
        let help = "see `data` under [node]; `cordboard serve` makes the database";
        return Problem::new("there is no log to replay", why, help).report();
    }
    let store = match token::open(&settings).await {
        Ok(store) => store,
        Err(problem) => return problem.report(),
    };
    let replay = match &args.company {
        None => Replay::new(),
        Some(path) => match rules_of(&settings, path, &store).await {
            Ok(company) => Replay::with_rules(company),
            Err(code) => return code,
        },
    };
    let found = compare(&store, replay, (args.from, args.to)).await;
    store.close().await;
    match found {
        Ok(found) => tell(&found, args.json),
        Err(problem) => problem.report(),
    }
}

/// The rules of a company file, by the ids that the log has for its names.
async fn rules_of(
    settings: &Settings,
    path: &Path,
    store: &Store,
) -> Result<RoutingCompany, ExitCode> {
    let mut settings = settings.clone();
    path.clone_into(&mut settings.node.company);
    let (company, _) = config::load_company(&settings, PasswordPolicy::FilledByDemo)
        .map_err(|findings| check::cannot_go_on(&findings))?;
    let names = async {
        Ok::<_, recordings::error::StoreError>(Ids {
            agents: swapped(store.agent_logins().await?),
            queues: swapped(store.queue_names().await?),
        })
    };
    match names.await {
        Ok(ids) => Ok(company.routing(&ids)),
        Err(error) => Err(unreadable(&error.to_string()).report()),
    }
}

fn swapped<Id>(
    names: impl IntoIterator<Item = (Id, String)>,
) -> std::collections::BTreeMap<String, Id> {
    names.into_iter().map(|(id, name)| (name, id)).collect()
}

/// Everything from the start of the router before `from` on: its state then is the sum of what it was told.
async fn compare(
    store: &Store,
    mut replay: Replay,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
) -> Result<Found, Problem> {
    let cannot = |error: recordings::error::StoreError| unreadable(&error.to_string());
    let mut after = match from {
        None => 0,
        Some(from) => store.router_start_before(from).await.map_err(cannot)?,
    };
    loop {
        let lines = store.log_after(after, BATCH).await.map_err(cannot)?;
        let Some(last) = lines.last() else {
            break;
        };
        after = last.seq;
        for line in &lines {
            // By when it was decided: the line of an input is a little later than its time.
            if to.is_some_and(|to| line.at > to)
                && !matches!(line.event, Event::RouterStarted { .. })
            {
                return Ok(finished(replay));
            }
            if let Err(difference) = replay.line(line) {
                return Ok(Found {
                    compared: replay.compared(),
                    difference: Some(difference),
                });
            }
        }
    }
    Ok(finished(replay))
}

fn finished(replay: Replay) -> Found {
    let compared = replay.compared();
    Found {
        compared,
        difference: replay.end().err(),
    }
}

fn unreadable(why: &str) -> Problem {
    let help = "try again; see that no other program locks the database";
    Problem::new("cannot read the log", why, help)
}

fn tell(found: &Found, json: bool) -> ExitCode {
    let Compared {
        epochs,
        inputs,
        decisions,
        others,
        unknown,
    } = found.compared;
    if json {
        let difference = found.difference.as_ref().map(|difference| {
            serde_json::json!({
                "seq": difference.seq,
                "logged": difference.logged,
                "replayed": difference.replayed,
            })
        });
        let whole = serde_json::json!({
            "same": found.difference.is_none(),
            "starts": epochs,
            "inputs": inputs,
            "decisions": decisions,
            "others": others,
            "not_compared": unknown,
            "difference": difference,
        });
        output::result(&whole.to_string());
    } else {
        let mut text = format!(
            "{decisions} decisions and {others} other lines of the router came out the same, from {inputs} inputs since \
             {epochs} starts"
        );
        if unknown > 0 {
            text.push_str(&format!(
                "\n{unknown} lines were not compared: what the router was told is not in the log before them"
            ));
        }
        if let Some(difference) = &found.difference {
            text.push_str(&in_words(difference));
        }
        output::result(&text);
    }
    match found.difference {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::from(WRONG),
    }
}

fn in_words(difference: &Difference) -> String {
    let shown = |event: &Event| serde_json::to_string(event).unwrap_or_default();
    let replayed = difference
        .replayed
        .as_ref()
        .map_or_else(|| "nothing".to_owned(), shown);
    format!(
        "\nthe first difference is line {} of the log\n  logged:   {}\n  replayed: {replayed}",
        difference.seq,
        shown(&difference.logged)
    )
}
