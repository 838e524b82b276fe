//! `cordboard user create|password|list`.
//!
//! **Owns**: where passwords come from (standard input, never an argument, which other users of the machine can read)
//! and which agent a user may be. **Must not know**: how passwords are kept; `api::access` does.

use super::output::{self, Problem};
use super::{UserCommand, UserCreateArgs, UserListArgs, UserPasswordArgs, check, token};
use crate::api::access::users::{self, NewUser, UserError};
use crate::api::right::RoleName;
use crate::config::{self, ConfigFinding, PasswordPolicy, Settings};
use recordings::StoreError;
use router::{Private, Timestamp};
use std::io::{BufRead, IsTerminal as _, Read as _};
use std::process::ExitCode;

/// Bytes read from standard input at most.
const LONGEST_LINE: u64 = 1_024;

/// Runs the command. Works beside a running server.
pub async fn run(command: &UserCommand) -> ExitCode {
    let mut input = std::io::stdin().lock();
    run_with(command, &mut input).await
}

/// [`run`] with the input that a password is read from.
pub(super) async fn run_with(command: &UserCommand, input: &mut impl BufRead) -> ExitCode {
    let config = match command {
        UserCommand::Create(args) => &args.config,
        UserCommand::Password(args) => &args.config,
        UserCommand::List(args) => &args.config,
    };
    let settings = match config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let done = match command {
        UserCommand::Create(args) => match agents(&settings) {
            Ok(agents) => create(args, &settings, &agents, input).await,
            Err(findings) => return check::cannot_go_on(&findings),
        },
        UserCommand::Password(args) => set_password(args, &settings, input).await,
        UserCommand::List(args) => list(args, &settings).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.report(),
    }
}

/// Login and name of every agent.
fn agents(settings: &Settings) -> Result<Vec<(String, Private<String>)>, Vec<ConfigFinding>> {
    let (company, _) = config::load_company(settings, PasswordPolicy::FilledByDemo)?;
    let agents = company.agents.into_iter();
    Ok(agents.map(|agent| (agent.login, agent.name)).collect())
}

async fn create(
    args: &UserCreateArgs,
    settings: &Settings,
    agents: &[(String, Private<String>)],
    input: &mut impl BufRead,
) -> Result<(), Problem> {
    let agent = agent_of(args, agents)?;
    let name = match (&args.name, agent) {
        (Some(name), _) => Private::new(name.clone()),
        (None, Some((_, name))) => name.clone(),
        (None, None) => Private::new(args.login.clone()),
    };
    let new = NewUser {
        login: args.login.clone(),
        name,
        role: args.role,
        agent: agent.map(|(login, _)| login.clone()),
        password: password(input)?,
    };
    let store = token::open(settings).await?;
    let made = users::create(&store, new, now()).await;
    store.close().await;
    made.map_err(|error| problem("cannot make the user", &error))
}

fn agent_of<'a>(
    args: &UserCreateArgs,
    agents: &'a [(String, Private<String>)],
) -> Result<Option<&'a (String, Private<String>)>, Problem> {
    let wanted = match (&args.agent, args.role) {
        (Some(login), _) => login,
        (None, RoleName::Agent) => &args.login,
        (None, _) => return Ok(None),
    };
    let found = agents.iter().find(|(login, _)| login == wanted);
    found.map(Some).ok_or_else(|| {
        let logins = agents.iter().map(|(login, _)| login.as_str());
        let help = config::nearest(wanted, logins).map_or_else(
            || "name one of the company's agents with `--agent LOGIN`".to_owned(),
            |near| format!("did you mean \"{near}\"? Write `--agent {near}`"),
        );
        let why = format!("the company has no agent \"{wanted}\"");
        Problem::new("cannot make the user", why, help)
    })
}

async fn set_password(
    args: &UserPasswordArgs,
    settings: &Settings,
    input: &mut impl BufRead,
) -> Result<(), Problem> {
    let password = password(input)?;
    let store = token::open(settings).await?;
    let done = users::set_password(&store, &args.login, &password, now()).await;
    store.close().await;
    done.map_err(|error| problem("cannot change the password", &error))
}

async fn list(args: &UserListArgs, settings: &Settings) -> Result<(), Problem> {
    let store = token::open(settings).await?;
    let users = store.users().await;
    store.close().await;
    let users = users.map_err(|error| problem("cannot list the users", &error.into()))?;
    if args.json {
        let items: Vec<_> = users
            .iter()
            .map(|user| {
                serde_json::json!({
                    "login": user.login,
                    "name": user.name.reveal(),
                    "role": user.role,
                    "agent": user.agent_login,
                })
            })
            .collect();
        output::result(&serde_json::json!({ "items": items }).to_string());
        return Ok(());
    }
    for user in users {
        let agent = user.agent_login.as_deref().unwrap_or("-");
        let name = user.name.reveal();
        output::result(&format!("{}\t{}\t{agent}\t{name}", user.login, user.role));
    }
    Ok(())
}

/// The first line of the input.
fn password(input: &mut impl BufRead) -> Result<Private<String>, Problem> {
    if std::io::stdin().is_terminal() {
        output::note("Password (it shows as you type; `read -s` in a script does not):");
    }
    let mut line = String::new();
    let read = input.take(LONGEST_LINE).read_line(&mut line);
    read.map_err(|error| {
        let help = "give the password as one line of UTF-8 on standard input";
        Problem::new("cannot read the password", error.to_string(), help)
    })?;
    Ok(Private::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn problem(what: &str, error: &UserError) -> Problem {
    let help = match error {
        UserError::Login => "choose another login",
        UserError::Password => "give the password as one line on standard input",
        UserError::Unknown => "`cordboard user list` shows who there is",
        UserError::Store(StoreError::Taken(_)) => "`cordboard user password` changes a password",
        UserError::Hash(_) | UserError::Store(_) => "try again; see that the disk has room",
    };
    Problem::new(what, error.to_string(), help)
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}
