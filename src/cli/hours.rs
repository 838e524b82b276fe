//! `cordboard hours [close|open]`: the calendars of a running server, by its API.
//!
//! **Owns**: what is asked and what is written; the exit code: 1 when the server refuses, 2 when it cannot be asked.
//! **Must not know**: what a closing does to calls.

use super::api_client::ApiClient;
use super::output::{self, Problem, WRONG};
use super::{HoursArgs, HoursCloseArgs, HoursCommand, HoursOpenArgs, ServerArgs};
use crate::config::duration;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Runs the command.
pub async fn run(args: &HoursArgs) -> ExitCode {
    let done = match &args.command {
        None => list(&args.server).await,
        Some(HoursCommand::Close(args)) => close(args).await,
        Some(HoursCommand::Open(args)) => open(args).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        Err(problem) => problem.report(),
    }
}

async fn list(server: &ServerArgs) -> Result<bool, Problem> {
    let client = ApiClient::new(server)?;
    let (status, answer) = client.ask("GET", "/calendars", None).await?;
    if status != 200 {
        return Ok(refused("calendars", status, &answer));
    }
    let items = answer["items"].as_array().into_iter().flatten();
    let lines: Vec<String> = items.map(line).collect();
    if lines.is_empty() {
        output::result("no flow and no company file has a calendar");
    } else {
        output::result(&lines.join("\n"));
    }
    Ok(true)
}

/// `office  company  emergency until 2026-01-31T18:00:00Z by eve: flood`.
fn line(item: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = item["flow"]
        .as_str()
        .map_or_else(|| "company".to_owned(), |flow| format!("flow {flow}"));
    let mut line = format!("{}  {of}  {}", text(&item["name"]), text(&item["now"]));
    let closure = &item["closure"];
    if !closure.is_null() {
        let (until, by) = (text(&closure["until"]), text(&closure["by"]));
        line.push_str(&format!(
            " until {until} by {by}: {}",
            text(&closure["reason"])
        ));
    }
    line
}

async fn close(args: &HoursCloseArgs) -> Result<bool, Problem> {
    let client = ApiClient::new(&args.server)?;
    let message = match &args.message {
        None => Value::Null,
        Some(message) => {
            let (status, answer) = client.ask("GET", "/closure-messages", None).await?;
            if status != 200 {
                return Ok(refused(&args.name, status, &answer));
            }
            by_name_or_words(message, &answer["prompts"])
        }
    };
    let body = json!({ "until": until(&args.until)?, "message": message, "reason": args.reason });
    let (status, answer) = client.ask("PUT", &path(&args.name), Some(&body)).await?;
    if status != 200 {
        return Ok(refused(&args.name, status, &answer));
    }
    let until = answer["until"].as_str().unwrap_or_default();
    output::result(&format!("{}: closed until {until}", args.name));
    Ok(true)
}

async fn open(args: &HoursOpenArgs) -> Result<bool, Problem> {
    let client = ApiClient::new(&args.server)?;
    let (status, answer) = client.ask("DELETE", &path(&args.name), None).await?;
    if status != 204 {
        return Ok(refused(&args.name, status, &answer));
    }
    output::result(&format!("{}: as its hours say", args.name));
    Ok(true)
}

/// A prompt that there is, with or without its ending, else words.
fn by_name_or_words(message: &str, prompts: &Value) -> Value {
    let known = prompts
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let mut named =
        known.filter(|file| *file == message || file.strip_suffix(".wav") == Some(message));
    match named.next() {
        Some(file) => json!({ "prompt": file }),
        None => json!({ "words": message }),
    }
}

/// A moment, or a time from now.
fn until(text: &str) -> Result<String, Problem> {
    if let Some(ahead) = duration::parse(text) {
        let at = jiff::Timestamp::try_from(std::time::SystemTime::now() + ahead);
        return at.map(|at| at.to_string()).map_err(|_| no_time(text));
    }
    let at: jiff::Timestamp = text.parse().map_err(|_| no_time(text))?;
    Ok(at.to_string())
}

fn no_time(text: &str) -> Problem {
    let help = "write `--until 2h`, or a moment such as `--until 2026-01-31T18:00:00Z`";
    Problem::new("nothing was closed", format!("`{text}` is no time"), help)
}

fn path(name: &str) -> String {
    let mut path = "/calendars/".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path + "/closure"
}

fn refused(name: &str, status: u16, answer: &Value) -> bool {
    let detail = answer["detail"].as_str().unwrap_or("no reason was given");
    output::note(&format!("{name}: refused ({status}): {detail}"));
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_times_and_messages_are_sent_as_the_api_takes_them() {
        assert_eq!(
            path("shop hours/é"),
            "/calendars/shop%20hours%2F%C3%A9/closure"
        );
        assert_eq!(
            until("2026-01-31T19:00:00+01:00").unwrap(),
            "2026-01-31T18:00:00Z"
        );
        assert!(until("2h").is_ok() && until("tomorrow").is_err());
        let prompts = json!(["closed.wav"]);
        assert_eq!(
            by_name_or_words("closed", &prompts),
            json!({ "prompt": "closed.wav" })
        );
        assert_eq!(
            by_name_or_words("Flood.", &prompts),
            json!({ "words": "Flood." })
        );
    }
}
