//! What the demo prints.

use super::lan::Lan;
use super::users::PrintedLinks;
use crate::app::Running;
use crate::config::Agent;
use std::io::{self, StdoutLock, Write};
use std::path::Path;

/// What there is to tell.
#[derive(Debug)]
pub(super) struct Welcome<'a> {
    pub(super) running: &'a Running,
    /// Others can reach it.
    pub(super) lan: Option<&'a Lan>,
    /// The agent of the visitor's own phone.
    pub(super) yours: Option<&'a Agent>,
    pub(super) data: &'a Path,
    pub(super) token: &'a str,
    pub(super) links: &'a PrintedLinks,
    pub(super) simulated: bool,
}

/// Links, account, folder, and the next thing to do.
pub(super) fn welcome(told: &Welcome<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let out = &mut out;
    let data = told.data.canonicalize();
    let data = data.unwrap_or_else(|_| told.data.to_owned());
    let reach = match told.lan {
        Some(lan) => format!("for everybody who reaches {}", lan.address),
        None => "on this machine alone".to_owned(),
    };
    writeln!(
        out,
        "Fernhill Cycles is open: a demo contact centre {reach}.\n"
    )?;
    people(told, &data, out)?;
    if let Some(lan) = told.lan {
        certificate(lan, out)?;
    }
    writeln!(out, "  Data        {}", data.display())?;
    writeln!(
        out,
        "              (edit fernhill/flows/support.flow.yaml there and call again)"
    )?;
    writeln!(
        out,
        "  Orders      press 1, then six digits: a made-up shop knows all that do not end in 9"
    )?;
    writeln!(
        out,
        "              (one call as a story: cargo run --release -- explain ID --config {}/cordboard.toml)",
        data.display()
    )?;
    if !told.simulated {
        writeln!(
            out,
            "\nNobody is simulated: register a phone first, or callers wait."
        )?;
    }
    writeln!(out, "\nStop with Ctrl-C. `--reset` starts over.")?;
    out.flush()
}

/// Who one can be, and how.
fn people(told: &Welcome<'_>, data: &Path, out: &mut StdoutLock<'_>) -> io::Result<()> {
    let (links, sip, http) = (told.links, told.running.sip, told.running.http);
    let (scheme, trust) = match told.lan {
        Some(lan) => ("https", format!(" --cacert {}", lan.files.cert.display())),
        None => ("http", String::new()),
    };
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
    if let Some(agent) = told.yours {
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
        "              curl{trust} -H 'Authorization: Bearer {}' {scheme}://{http}/api/v1/interactions",
        told.token
    )?;
    writeln!(
        out,
        "  Sign in     each link signs in once; later at {scheme}://{http}/signin with a login and password of {}/users.toml",
        data.display()
    )
}

/// Why browsers warn, and what there is to know about it.
fn certificate(lan: &Lan, out: &mut StdoutLock<'_>) -> io::Result<()> {
    writeln!(
        out,
        "              (open each in a browser or profile of its own: they share one address, and so one sign-in)"
    )?;
    writeln!(
        out,
        "  TLS         Each browser will warn once: this certificate was made here and nobody has signed it."
    )?;
    writeln!(
        out,
        "              Go on if its SHA-256 fingerprint is {}",
        lan.fingerprint
    )?;
    writeln!(
        out,
        "              Without TLS a page gets no microphone, unless it comes from the very machine it is shown on."
    )
}

/// A finished recording.
pub(super) fn recorded(path: &Path) {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "recorded {}", path.display());
    let _ = out.flush();
}
