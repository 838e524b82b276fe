//! The demo: a whole call centre on loopback, or on the local network when asked to, seeded, without settings.
//!
//! **Owns**: the demo's folder (company, flows, prompts copied out of the binary once, then yours to edit), its made-up
//! passwords, its users and their links, its customers, its simulated agents, its shop, and what is printed. **Must not**: differ from `serve` in anything
//! else.

mod folder;
mod lan;
mod passwords;
mod say;
mod shop;
mod users;

use crate::app::{App, Running};
use crate::config::settings::{SipListen, SipTransport};
use crate::config::{Company, Loaded, PasswordPolicy, Settings, load_company};
use crate::outside::Policy;
use crate::phone::sim_agents::{self, SimAgent};
use lan::Lan;
use say::Welcome;
use sip_gateway::media::clip::Clip;
use sip_gateway::sip::sdp::OpusPlace;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Agent kept free for the visitor's own phone.
const YOURS: &str = "you";

/// How the demo was asked to start.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Data folder; `./demo-data` when none.
    pub data: Option<PathBuf>,
    /// Throw away what earlier runs left.
    pub reset: bool,
    /// SIP port; the first free one from 5060 on when none.
    pub sip_port: Option<u16>,
    /// HTTP port; the first free one from 8080 on when none.
    pub http_port: Option<u16>,
    /// Nobody simulated.
    pub no_sim: bool,
    /// For the local network: at this address, else at the one the machine has there.
    pub lan: Option<Option<IpAddr>>,
    /// Browsers speak Opus.
    pub opus: bool,
}

/// Starts everything and prints how to place a call.
///
/// # Errors
/// When a port, the folder or the database cannot be had; the text says what to do.
pub async fn start(options: DemoOptions) -> anyhow::Result<Running> {
    let data = options
        .data
        .clone()
        .unwrap_or_else(|| PathBuf::from("demo-data"));
    if options.reset {
        folder::reset(&data)?;
    }
    folder::fill(&data)?;
    let lan = options.lan.map(|wanted| lan::prepare(&data, wanted));
    let lan = lan.transpose()?;
    if !shop::open().await {
        tracing::info!(address = %shop::ADDRESS, "somebody else has the shop's port: orders are asked for there");
    }
    let loaded = company(settings(&data, &options, lan.as_ref())?)?;
    let company = loaded.company.clone();
    let running = App::start(loaded, PasswordPolicy::FilledByDemo).await?;
    folder::write_settings(&data, running.sip, running.http, lan.is_some())?;
    folder::seed_customers(&data, &running).await?;
    let token = passwords::supervisor_token(&data, &running.store).await?;
    users::make(&data, &company, &running).await?;
    let links = users::links(&company, &running)?;
    if !options.no_sim {
        sim_agents::start(running.sip, simulated(&company, &data)?).await?;
    }
    let yours = company.agents.iter().find(|agent| agent.login == YOURS);
    say::welcome(&Welcome {
        running: &running,
        lan: lan.as_ref(),
        yours,
        data: &data,
        token: &token,
        links: &links,
        simulated: !options.no_sim,
    })?;
    let mut finished = running.finished_recordings();
    tokio::spawn(async move {
        while let Ok(path) = finished.recv().await {
            say::recorded(&path);
        }
    });
    Ok(running)
}

fn settings(data: &Path, options: &DemoOptions, lan: Option<&Lan>) -> anyhow::Result<Settings> {
    let ip = lan.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |lan| lan.address);
    let sip_port = match options.sip_port {
        Some(port) => port,
        None => free_port(ip, 5060, |address| UdpSocket::bind(address).is_ok())?,
    };
    let http_port = match options.http_port {
        Some(port) => port,
        None => free_port(ip, 8080, |address| TcpListener::bind(address).is_ok())?,
    };
    let mut settings = Settings::default();
    settings.node.data = data.to_owned();
    settings.node.company = data.join("fernhill/company.toml");
    settings.node.flows = data.join("fernhill/flows");
    settings.node.prompts = data.join("fernhill/prompts");
    settings.node.country = Some("ES".to_owned());
    settings.outside.policy = Policy::new(vec![shop::NETWORK]);
    settings.sip.listen = vec![SipListen {
        transport: SipTransport::Udp,
        address: SocketAddr::new(ip, sip_port),
    }];
    settings.media.listen = ip;
    settings.http.listen = SocketAddr::new(ip, http_port);
    settings.http.tls = lan.map(|lan| lan.files.clone());
    if options.opus {
        settings.media.opus = OpusPlace::First;
    }
    Ok(settings)
}

/// The first port from `first` on that can be had at the address.
fn free_port(ip: IpAddr, first: u16, free: impl Fn(SocketAddr) -> bool) -> anyhow::Result<u16> {
    (first..first + 40)
        .step_by(2)
        .find(|port| free(SocketAddr::new(ip, *port)))
        .ok_or_else(|| {
            anyhow::anyhow!(
                "no free port from {first} to {}; name one with a flag",
                first + 40
            )
        })
}

fn company(settings: Settings) -> anyhow::Result<Loaded> {
    let (mut company, remarks) =
        load_company(&settings, PasswordPolicy::FilledByDemo).map_err(|findings| {
            let source = |file: &str| std::fs::read_to_string(file).ok();
            anyhow::anyhow!("{}", crate::config::finding::to_text(&findings, &source))
        })?;
    passwords::fill(&settings.node.data, &mut company)?;
    Ok(Loaded {
        settings,
        company,
        remarks,
    })
}

/// Every agent of a queue but the visitor's is simulated, each with a voice of their own.
fn simulated(company: &Company, data: &Path) -> anyhow::Result<Vec<SimAgent>> {
    let mut agents = Vec::new();
    let others = company.agents.iter().filter(|agent| agent.login != YOURS);
    for agent in others.filter(|agent| !agent.queues.is_empty()) {
        let number = agents.len() % 3 + 1;
        let path = data.join(format!("fernhill/prompts/en/agent-{number}.wav"));
        let bytes =
            std::fs::read(&path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        let voice = Clip::from_wav(&bytes)
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        let password = agent
            .password
            .as_ref()
            .map(|password| password.reveal().clone())
            .unwrap_or_default();
        agents.push(SimAgent {
            extension: agent.extension.clone(),
            password,
            voice: Arc::new(voice),
        });
    }
    Ok(agents)
}
