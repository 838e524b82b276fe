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

/// The supervisor, who is no agent: their phone is the page.
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
    let others = company.agents.iter().filter(|agent| agent.login != login);
    let agents = others.map(|agent| {
        let login = agent.login.clone();
        (
            login.clone(),
            agent.name.clone(),
            RoleName::Agent,
            Some(login),
        )
    });
    let name = Private::new(name.to_owned());
    let supervisor = (login.to_owned(), name, RoleName::Supervisor, None);
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

/// One link each. A browser keeps one session for a host name, so on loopback each link has a name of its own: one
/// browser can be customer, agent and supervisor at once. In a network there is the address alone.
pub(super) fn links(company: &Company, running: &Running) -> anyhow::Result<PrintedLinks> {
    let link = |host: &str, page: &str, session: NewSession| {
        let links = &running.access.links;
        let secret = links.create(session, LIFE, running.clock.now());
        let secret = secret.ok_or_else(|| anyhow::anyhow!("too many sign-in links are out"))?;
        let http = running.http;
        anyhow::Ok(match running.http_is_secure() {
            true => format!("https://{http}{page}?t={secret}"),
            false => format!("http://{host}:{}{page}?t={secret}", http.port()),
        })
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
        agent_login: None,
    };
    Ok(PrintedLinks {
        customer: link("localhost", "/call", NewSession::caller())?,
        agent: agent
            .map(|agent| link("127.0.0.1", "/desk", agent))
            .transpose()?,
        supervisor: link("floor.localhost", "/floor", supervisor)?,
    })
}
