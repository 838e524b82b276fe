//! `cordboard token create`.
//!
//! **Owns**: who may get a token: an agent's token needs an agent of the company. **Must not know**: how tokens are
//! made and kept; `api::token` does.

use super::output::{self, Problem};
use super::{TokenArgs, check};
use crate::api::right::RoleName;
use crate::config::{self, ConfigFinding, PasswordPolicy, Settings};
use recordings::{Store, StoreError};
use std::process::ExitCode;

/// Makes a token, keeps its hash, and gives the token, which cannot be read again.
///
/// # Errors
/// When the database fails.
pub async fn create(
    store: &Store,
    role: RoleName,
    agent: Option<&str>,
) -> Result<String, StoreError> {
    crate::api::token::create(store, role, agent).await
}

/// Runs the command. Works beside a running server.
pub async fn run(args: &TokenArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let logins = match logins(args, &settings) {
        Ok(logins) => logins,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    match make(args, &settings, &logins).await {
        Ok(token) => {
            output::result(&token);
            ExitCode::SUCCESS
        }
        Err(problem) => problem.report(),
    }
}

/// The company's agents; read only where one is needed.
fn logins(args: &TokenArgs, settings: &Settings) -> Result<Vec<String>, Vec<ConfigFinding>> {
    if args.role != RoleName::Agent {
        return Ok(Vec::new());
    }
    let (company, _) = config::load_company(settings, PasswordPolicy::FilledByDemo)?;
    Ok(company
        .agents
        .into_iter()
        .map(|agent| agent.login)
        .collect())
}

async fn make(args: &TokenArgs, settings: &Settings, logins: &[String]) -> Result<String, Problem> {
    let agent = agent_of(args, logins)?;
    let store = open(settings).await?;
    let token = create(&store, args.role, agent).await.map_err(|error| {
        let help = "try again; see that the disk has room";
        Problem::new("cannot keep the token", error.to_string(), help)
    })?;
    store.close().await;
    Ok(token)
}

fn agent_of<'a>(args: &'a TokenArgs, logins: &[String]) -> Result<Option<&'a str>, Problem> {
    match (args.role, args.agent.as_deref()) {
        (RoleName::Agent, Some(login)) if logins.iter().any(|l| l == login) => Ok(Some(login)),
        (RoleName::Agent, Some(login)) => Err(Problem::new(
            "cannot make the token",
            format!("the company has no agent \"{login}\""),
            config::nearest(login, logins.iter().map(String::as_str)).map_or_else(
                || format!("agents: {}", logins.join(", ")),
                |near| format!("did you mean \"{near}\"?"),
            ),
        )),
        (RoleName::Agent, None) => Err(Problem::new(
            "cannot make the token",
            "an agent's token speaks for one agent",
            "add `--agent LOGIN`",
        )),
        (_, Some(_)) => Err(Problem::new(
            "cannot make the token",
            "`--agent` is for `--role agent` only",
            "take `--agent` out, or write `--role agent`",
        )),
        (_, None) => Ok(None),
    }
}

/// Opens the store of these settings; makes the data folder when it is missing.
pub(super) async fn open(settings: &Settings) -> Result<Store, Problem> {
    let file = settings.database_file();
    let problem = |why: String| {
        Problem::new(
            format!("cannot open the database {}", file.display()),
            why,
            "see that `data` under [node] names a folder that this user may write to",
        )
    };
    recordings::folder::private_folder(&settings.node.data).map_err(|e| problem(e.to_string()))?;
    Store::open(&file).await.map_err(|e| problem(e.to_string()))
}
