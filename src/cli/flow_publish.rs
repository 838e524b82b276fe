//! `cordboard flow publish|push|discard|promote|rollback|versions`: the versions of a running server, by its API.
//!
//! **Owns**: what is asked and what is written; the exit code: 1 when the server refuses, 2 when it cannot be asked.
//! **Must not know**: what makes a flow good; the server says.

use super::api_client::ApiClient;
use super::output::{self, Problem, WRONG};
use super::{FlowCommand, FlowPushArgs, FlowVersionsArgs, HowToPublish, ServerArgs, flow_files};
use crate::flows::TESTS;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Lines of a failed test's transcript that are shown at most.
const LINES: usize = 12;

/// Runs the command.
pub async fn run(command: &FlowCommand) -> ExitCode {
    let done = match command {
        FlowCommand::Publish(args) => publish(&args.server, &args.name, &args.how).await,
        FlowCommand::Push(args) => push(args).await,
        FlowCommand::Discard(args) => discard(&args.server, &args.name).await,
        FlowCommand::Promote(args) => act(&args.server, &args.name, "promote", &json!({})).await,
        FlowCommand::Rollback(args) => {
            let body = json!({ "to": args.to });
            act(&args.server, &args.name, "rollback", &body).await
        }
        FlowCommand::Versions(args) => versions(args).await,
        FlowCommand::Check(_)
        | FlowCommand::Simulate(_)
        | FlowCommand::Fuzz(_)
        | FlowCommand::Replay(_)
        | FlowCommand::Tool(_)
        | FlowCommand::Test(_) => Ok(true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        Err(problem) => problem.report(),
    }
}

/// The draft becomes a version.
async fn publish(server: &ServerArgs, name: &str, how: &HowToPublish) -> Result<bool, Problem> {
    let client = ApiClient::new(server)?;
    let (status, draft) = client
        .ask("GET", &format!("/flows/{name}/draft"), None)
        .await?;
    if status != 200 {
        return Ok(told(name, status, &draft));
    }
    let body = with(
        how,
        json!({ "base": draft["base"], "revision": draft["revision"] }),
    );
    post(&client, name, "publish", &body).await
}

/// Throws the draft away that is there now.
async fn discard(server: &ServerArgs, name: &str) -> Result<bool, Problem> {
    let client = ApiClient::new(server)?;
    let path = format!("/flows/{name}/draft");
    let (status, draft) = client.ask("GET", &path, None).await?;
    if status != 200 {
        return Ok(told(name, status, &draft));
    }
    let path = format!("{path}?revision={}", draft["revision"]);
    let (status, answer) = client.ask("DELETE", &path, None).await?;
    if status != 204 {
        return Ok(told(name, status, &answer));
    }
    let (revision, author) = (&draft["revision"], draft["author"].as_str());
    output::result(&format!(
        "{name}: draft {revision} of {} is gone",
        author.unwrap_or("somebody")
    ));
    Ok(true)
}

async fn act(server: &ServerArgs, name: &str, verb: &str, body: &Value) -> Result<bool, Problem> {
    let client = ApiClient::new(server)?;
    post(&client, name, verb, body).await
}

async fn post(client: &ApiClient, name: &str, verb: &str, body: &Value) -> Result<bool, Problem> {
    let path = format!("/flows/{name}/{verb}");
    let (status, answer) = client.ask("POST", &path, Some(body)).await?;
    Ok(told(name, status, &answer))
}

/// Every flow of a folder; one that is refused keeps none of the others from being published.
async fn push(args: &FlowPushArgs) -> Result<bool, Problem> {
    let client = ApiClient::new(&args.server)?;
    let mut good = true;
    let files = flow_files::find(&args.folder)?;
    if files.is_empty() {
        let help = "name a folder of NAME.flow.yaml";
        return Err(Problem::new(
            "there is nothing to push",
            "no flow file was found",
            help,
        ));
    }
    for file in files {
        let Some(name) = flow_files::name_of(&file) else {
            continue;
        };
        good &= push_one(&client, name, &file, &args.how).await?;
    }
    Ok(good)
}

async fn push_one(
    client: &ApiClient,
    name: &str,
    file: &Path,
    how: &HowToPublish,
) -> Result<bool, Problem> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| {
            let what = format!("cannot read {}", path.display());
            Problem::new(what, error.to_string(), "save it as UTF-8")
        })
    };
    let text = read(file)?;
    let beside = file.with_file_name(format!("{name}{TESTS}"));
    let tests = beside.exists().then(|| read(&beside)).transpose()?;
    let (status, flow) = client.ask("GET", &format!("/flows/{name}"), None).await?;
    if status != 200 && status != 404 {
        return Ok(told(name, status, &flow));
    }
    if flow["text"] == json!(text) && flow["tests"] == json!(tests) {
        output::result(&format!("{name}: unchanged"));
        return Ok(true);
    }
    let aliases = flow["aliases"].as_array().into_iter().flatten();
    let mut live = aliases.filter(|alias| alias["alias"] == crate::flows::LIVE);
    let base = live.next().map(|alias| alias["version"].clone());
    let body = json!({ "base": base, "text": text, "tests": tests });
    post(client, name, "publish", &with(how, body)).await
}

fn with(how: &HowToPublish, mut body: Value) -> Value {
    body["comment"] = json!(how.comment);
    body["accept_warnings"] = json!(how.accept_warnings);
    body["canary"] = json!(how.canary);
    body
}

async fn versions(args: &FlowVersionsArgs) -> Result<bool, Problem> {
    let client = ApiClient::new(&args.server)?;
    let name = &args.name;
    let (status, flow) = client.ask("GET", &format!("/flows/{name}"), None).await?;
    if status != 200 {
        return Ok(told(name, status, &flow));
    }
    let mut items = Vec::new();
    let mut path = format!("/flows/{name}/versions?limit=500");
    loop {
        let (status, page) = client.ask("GET", &path, None).await?;
        if status != 200 {
            return Ok(told(name, status, &page));
        }
        items.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => path = format!("/flows/{name}/versions?limit=500&cursor={next}"),
            None => break,
        }
    }
    if args.json {
        let document =
            json!({ "items": items, "aliases": flow["aliases"], "in_use": flow["in_use"] });
        output::result(&document.to_string());
        return Ok(true);
    }
    if items.is_empty() {
        let edited = flow["edited"].as_str().unwrap_or_default();
        output::result(&format!("{name} has no versions. {edited}"));
    }
    for version in &items {
        output::result(&line(version, &flow));
    }
    Ok(true)
}

/// Number, time, author, comment, and what points at it.
fn line(version: &Value, flow: &Value) -> String {
    let number = &version["number"];
    let text = |key: &str| version[key].as_str().unwrap_or_default().replace('\n', " ");
    let mut line = format!(
        "{number}\t{}\t{}\t{}",
        text("made_at"),
        text("author"),
        text("comment")
    );
    for alias in flow["aliases"].as_array().into_iter().flatten() {
        let name = alias["alias"].as_str().unwrap_or_default();
        if alias["version"] == *number {
            let _ = write!(line, "\t@{name}");
        }
        if alias["canary"]["version"] == *number {
            let _ = write!(line, "\t@{name} {} %", alias["canary"]["percent"]);
        }
    }
    for used in flow["in_use"].as_array().into_iter().flatten() {
        if used["version"] == *number {
            let _ = write!(line, "\t{} live calls", used["calls"]);
        }
    }
    line
}

/// Writes what the server said; whether it did what was asked.
fn told(name: &str, status: u16, answer: &Value) -> bool {
    if status == 200 {
        let version = &answer["version"];
        let said = match answer["canary"].as_object() {
            Some(canary) => format!(
                "{name}: {} % of new calls take version {}, the others version {version}",
                canary["percent"], canary["version"]
            ),
            None => format!("{name}: new calls take version {version}"),
        };
        output::result(&said);
        return true;
    }
    let detail = answer["detail"]
        .as_str()
        .unwrap_or("the server gave no reason");
    let mut text = format!("{name}: {detail}\n");
    for finding in answer["report"]["findings"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let word = |key: &str| finding[key].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "  {}:{}:{}: {} {}: {}; {}",
            word("file"),
            finding["line"],
            finding["column"],
            word("level"),
            word("code"),
            word("message"),
            word("help")
        );
    }
    for failed in answer["report"]["tests"]["failed"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let word = |key: &str| failed[key].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "  FAIL {}: line {}: {}",
            word("name"),
            failed["line"],
            word("why")
        );
        let lines = failed["transcript"].as_array();
        let skipped = lines.map_or(0, |lines| lines.len().saturating_sub(LINES));
        for line in lines.into_iter().flatten().skip(skipped) {
            let _ = writeln!(text, "    {}", line.as_str().unwrap_or_default());
        }
    }
    output::note(&text);
    false
}
