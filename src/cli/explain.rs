//! `cordboard explain ID`.
//!
//! **Owns**: finding the interaction. **Must not know**: how the story is told (`story` does) or stored.

use super::output::{self, Problem, WRONG};
use super::{ExplainArgs, check, story, token};
use crate::config;
use recordings::store::record::InteractionRecord;
use router::id::InteractionId;
use std::process::ExitCode;

/// Runs the command. Works beside a running server.
pub async fn run(args: &ExplainArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    match find(&settings, &args.id).await {
        Ok(Some(record)) => {
            output::result(&story::tell(&record));
            ExitCode::SUCCESS
        }
        Ok(None) => {
            let file = settings.database_file();
            let help = "`GET /api/v1/interactions` lists what there is";
            let why = format!("{} has no interaction {}", file.display(), args.id);
            output::note(&Problem::new("there is no such interaction", why, help).to_string());
            ExitCode::from(WRONG)
        }
        Err(problem) => problem.report(),
    }
}

pub(super) async fn find(
    settings: &config::Settings,
    id: &str,
) -> Result<Option<InteractionRecord>, Problem> {
    let id: InteractionId = id.parse().map_err(|_| {
        Problem::new(
            "cannot explain this",
            format!("`{}` is not an id", id.escape_debug()),
            "write the interaction's id, such as 0192f0c1-2345-7890-abcd-0123456789ab",
        )
    })?;
    let store = token::open(settings).await?;
    let record = store.interaction(id).await.map_err(|error| {
        let help = "try again; see that no other program locks the database";
        Problem::new("cannot read the interaction", error.to_string(), help)
    })?;
    store.close().await;
    Ok(record)
}
