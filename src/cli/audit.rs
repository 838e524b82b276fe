//! `cordboard audit verify`.
//!
//! **Owns**: what is said about the chain of the audit, and the form of a head that somebody keeps. **Must not know**:
//! how the chain is made.

use super::output::{self, Problem, WRONG};
use super::{AuditVerifyArgs, check, token};
use crate::config::Settings;
use recordings::store::audit::{AuditCheck, Broken, Head};
use std::process::ExitCode;

/// Runs the command: exit 0 when every row fits, 1 when one does not, 2 when the audit cannot be read. Works beside a
/// running server.
pub async fn verify(args: &AuditVerifyArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let found = match look(&settings, args.head.as_ref()).await {
        Ok(found) => found,
        Err(problem) => return problem.report(),
    };
    if args.json {
        output::result(&as_json(&found).to_string());
    } else {
        output::result(&in_words(&found));
    }
    match found.broken {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::from(WRONG),
    }
}

async fn look(settings: &Settings, kept: Option<&Head>) -> Result<AuditCheck, Problem> {
    let file = settings.database_file();
    if !file.exists() {
        let why = format!("{} is not there", file.display());
        let help = "see `data` under [node]; `cordboard serve` makes the database";
        return Err(Problem::new("there is no audit to look at", why, help));
    }
    let store = token::open(settings).await?;
    let found = store.check_audit(kept).await;
    store.close().await;
    found.map_err(|error| {
        let help = "try again; see that no other program locks the database";
        Problem::new("cannot read the audit", error.to_string(), help)
    })
}

fn in_words(found: &AuditCheck) -> String {
    let Head { seq, hash } = &found.head;
    match &found.broken {
        None if *seq == 0 => "the audit has no rows yet".to_owned(),
        None => format!(
            "{seq} rows, and each fits the one before it\nhead {seq}:{hash}\n\
             Keep the head elsewhere: `--head {seq}:{hash}` later finds rows that were cut off or written anew."
        ),
        Some(Broken { seq, row: None }) => format!("row {seq} of the audit is missing"),
        Some(Broken {
            seq,
            row: Some(row),
        }) => {
            let (at, status) = (row.at.0.millis(), row.status);
            let moment = jiff::Timestamp::from_millisecond(at)
                .map_or_else(|_| at.to_string(), |moment| moment.to_string());
            // What somebody wrote into the table is shown, not obeyed.
            let shown = |text: &str| text.escape_debug().to_string();
            let (actor, role) = (shown(&row.actor), shown(&row.role));
            let (action, object) = (shown(&row.action), shown(&row.object));
            format!(
                "row {seq} of the audit does not fit: it was changed, or a row before it was taken out or put in\n  \
                 it says now: {moment} {actor} ({role}): {action}, {object}, {status}"
            )
        }
    }
}

fn as_json(found: &AuditCheck) -> serde_json::Value {
    let broken = found.broken.as_ref();
    serde_json::json!({
        "good": broken.is_none(),
        "rows": found.head.seq,
        "head": format!("{}:{}", found.head.seq, found.head.hash),
        "broken": broken.map(|broken| serde_json::json!({ "seq": broken.seq, "row": broken.row })),
    })
}

/// `SEQ:HASH`, as it was printed.
pub(super) fn read_head(text: &str) -> Result<Head, String> {
    let read = || {
        let (seq, hash) = text.split_once(':')?;
        let good = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        let seq = seq.parse().ok().filter(|seq| *seq > 0 && good)?;
        let hash = hash.to_ascii_lowercase();
        Some(Head { seq, hash })
    };
    read().ok_or_else(|| "write SEQ:HASH, as `cordboard audit verify` printed it".to_owned())
}
