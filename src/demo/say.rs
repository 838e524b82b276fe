//! What the demo prints.

use super::users::PrintedLinks;
use crate::app::Running;
use crate::config::Agent;
use std::io::Write;
use std::path::Path;

/// Links, account, folder, and the next thing to do.
pub(super) fn welcome(
    running: &Running,
    yours: Option<&Agent>,
    data: &Path,
    (token, links): (&str, &PrintedLinks),
    simulated: bool,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let sip = running.sip;
    let http = running.http;
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    writeln!(
        out,
        "Fernhill Cycles is open: a demo contact centre on this machine alone.\n"
    )?;
    writeln!(out, "  Customer    {}", links.customer)?;
    writeln!(
        out,
        "              or in a second terminal, in this folder:"
    )?;
    writeln!(
        out,
        "              cargo run --release -- call sip:9000@{sip} --from +34600000101 --press 2 --for 40s"
    )?;
    writeln!(out, "              (or dial 9000 from the phone below)")?;
    if let Some(link) = &links.agent {
        writeln!(out, "  Agent       {link}")?;
    }
    if let Some(agent) = yours {
        let password = agent
            .password
            .as_ref()
            .map(|p| p.reveal().as_str())
            .unwrap_or_default();
        let user = &agent.extension;
        writeln!(
            out,
            "              or register your own SIP phone: server {sip} (UDP), user {user}, password {password}"
        )?;
    }
    writeln!(out, "  Supervisor  {}", links.supervisor)?;
    writeln!(
        out,
        "              curl -H 'Authorization: Bearer {token}' http://{http}/api/v1/interactions"
    )?;
    writeln!(
        out,
        "  Sign in     each link signs in once; later at http://{http}/signin with a login and password of {}/users.toml",
        data.display()
    )?;
    writeln!(out, "  Data        {}", data.display())?;
    writeln!(
        out,
        "              (edit fernhill/flows/support.flow.yaml there and call again)"
    )?;
    writeln!(
        out,
        "              (one call as a story: cargo run --release -- explain ID --config {}/cordboard.toml)",
        data.display()
    )?;
    if !simulated {
        writeln!(
            out,
            "\nNobody is simulated: register a phone first, or callers wait."
        )?;
    }
    writeln!(out, "\nStop with Ctrl-C. `--reset` starts over.")?;
    out.flush()
}

/// A finished recording.
pub(super) fn recorded(path: &Path) {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "recorded {}", path.display());
    let _ = out.flush();
}
