//! The demo's users: one for each agent and a supervisor, with passwords drawn once, and links that sign in once.
//!
//! **Owns**: `users.toml` of the demo's folder, readable by its owner alone, and who the printed links are for.

use super::{YOURS, passwords};
use crate::api::access::sessions::NewSession;
use crate::api::access::users::{self, NewUser};
use crate::api::right::RoleName;
use crate::app::Running;
use crate::config::Company;
use router::Private;
use std::path::Path;
use std::time::Duration;

/// The supervisor, who has a phone like an agent of that log-in name.
const SUPERVISOR: (&str, &str) = ("sam", "Sam Taylor");
/// How long a printed link waits to be opened.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Links as they are printed.
#[derive(Debug)]
pub(super) struct PrintedLinks {
    pub(super) customer: String,
    pub(super) agent: Option<String>,
    pub(super) supervisor: String,
}

/// Makes the users that are not there yet.
pub(super) async fn make(data: &Path, company: &Company, running: &Running) -> anyhow::Result<()> {
    let path = data.join("users.toml");
    let mut known = passwords::known(&path)?;
    let (login, name) = SUPERVISOR;
    let served = company.agents.iter().filter(|agent| agent.login != login);
    let agents = served.map(|agent| {
        let login = agent.login.clone();
        (
            login.clone(),
            agent.name.clone(),
            RoleName::Agent,
            Some(login),
        )
    });
    let name = Private::new(name.to_owned());
    let agent = phone_of_supervisor(company);
    let supervisor = (login.to_owned(), name, RoleName::Supervisor, agent);
    let mut missing = Vec::new();
    for (login, name, role, agent) in agents.chain([supervisor]) {
        let drawn = known.entry(login.clone());
        let password = drawn.or_insert_with(passwords::draw).clone();
        if running.store.user(&login).await?.is_none() {
            missing.push(NewUser {
                login,
                name,
                role,
                agent,
                password: Private::new(password),
            });
        }
    }
    passwords::write_private(&path, &toml::to_string(&known)?)?;
    for new in missing {
        users::create(&running.store, new, running.clock.now()).await?;
    }
    Ok(())
}

/// The supervisor's agent, in a company that has not been told to do without.
fn phone_of_supervisor(company: &Company) -> Option<String> {
    let mut agents = company.agents.iter();
    agents
        .find(|agent| agent.login == SUPERVISOR.0)
        .map(|agent| agent.login.clone())
}

/// One link each. A browser keeps one session for a host name, so each link has a name of its own: one browser can be
/// customer, agent and supervisor at once.
pub(super) fn links(company: &Company, running: &Running) -> anyhow::Result<PrintedLinks> {
    let link = |host: &str, page: &str, session: NewSession| {
        let links = &running.access.links;
        let secret = links.create(session, LIFE, running.clock.now());
        let secret = secret.ok_or_else(|| anyhow::anyhow!("too many sign-in links are out"))?;
        let port = running.http.port();
        anyhow::Ok(format!("http://{host}:{port}{page}?t={secret}"))
    };
    let yours = company.agents.iter().find(|agent| agent.login == YOURS);
    let agent = yours.map(|agent| NewSession {
        login: agent.login.clone(),
        name: agent.name.clone(),
        role: RoleName::Agent,
        agent_login: Some(agent.login.clone()),
    });
    let (login, name) = SUPERVISOR;
    let supervisor = NewSession {
        login: login.to_owned(),
        name: Private::new(name.to_owned()),
        role: RoleName::Supervisor,
        agent_login: phone_of_supervisor(company),
    };
    Ok(PrintedLinks {
        customer: link("localhost", "/call", NewSession::caller())?,
        agent: agent
            .map(|agent| link("127.0.0.1", "/desk", agent))
            .transpose()?,
        supervisor: link("floor.localhost", "/floor", supervisor)?,
    })
}
