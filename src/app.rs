//! Wiring: builds every task and channel of the process, starts them in the right order, and stops them.
//!
//! **Owns**: start and stop. The only place where tasks of the contact centre are spawned, apart from each driver's
//! own. **Must not**: decide anything about calls.

use crate::api::{self, live::LiveHandle};
use crate::call::actor::CallContext;
use crate::call::registry::{REGISTRY_QUEUE, Registry, RegistryMessage};
use crate::clock::Clock;
use crate::company_view::CompanyView;
use crate::config::settings::Settings;
use crate::config::{Company, Ids, Loaded, PasswordPolicy};
use crate::customer_lookup::CustomerLookup;
use crate::distributor_task::{DISTRIBUTOR_QUEUE, DistributorMessage, DistributorTask};
use crate::flows::FlowLibrary;
use crate::ids::LiveIds;
use crate::prompts::Prompts;
use crate::talk_recorder::TalkRecorder;
use recordings::{DataFolder, Journal, Started, Store};
use router::{Distributor, Event, Input};
use sip_gateway::leg::{GatewayCommand, GatewayEvent};
use sip_gateway::net::{Gateway, GatewayConfig};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;

/// How often saved files are looked for.
const LOOK_FOR_CHANGES: Duration = Duration::from_secs(1);

/// A bridged leg without any packet for this long is ended (contract).
const MEDIA_LOST_AFTER: Duration = Duration::from_secs(30);

/// How long the journal may take to drain into the database at the end.
const LAST_DRAIN: Duration = Duration::from_secs(10);

/// Starts the contact centre.
#[derive(Debug)]
pub struct App;

/// A contact centre that takes calls.
#[derive(Debug)]
pub struct Running {
    /// Where SIP listens.
    pub sip: SocketAddr,
    /// Where HTTP listens.
    pub http: SocketAddr,
    /// The system of record.
    pub store: Store,
    registry: mpsc::Sender<RegistryMessage>,
    calls: watch::Receiver<usize>,
    recorder: TalkRecorder,
    started: Started,
    _tasks: JoinSet<()>,
}

impl App {
    /// Order matters: record first (journal drained, sweep done), then routing, then SIP, then HTTP; calls can be
    /// taken when this returns.
    ///
    /// # Errors
    /// Whatever cannot be had, and what to do about it.
    pub async fn start(loaded: Loaded, passwords: PasswordPolicy) -> anyhow::Result<Running> {
        let clock = Clock::start();
        let limits = loaded.limits();
        let Loaded { settings, company, .. } = loaded;
        let folder = DataFolder::new(&settings.node.data)
            .with_journal(settings.journal_folder())
            .with_interactions(settings.interactions_folder());
        let started = recordings::startup(&folder, clock.now()).await?;
        for line in started.report.lines() {
            tracing::warn!("sweep: {line}");
        }
        let store = started.store.clone();
        let journal = started.journal.clone();
        let accounts = company.accounts();
        let ids = ids_for(&store, &company).await?;
        let country = settings.node.country.clone();
        let view = CompanyView::new(company, ids, limits, country, settings.recording);
        let (gateway, events) = Gateway::start(gateway_config(&settings, accounts)).await?;
        let (company_out, company) = watch::channel(Arc::new(view));
        let (to_distributor, at_distributor) = mpsc::channel(DISTRIBUTOR_QUEUE);
        let (to_registry, at_registry) = mpsc::channel(REGISTRY_QUEUE);
        let (live, live_requests) = LiveHandle::new();
        let recorder = TalkRecorder::start(folder.clone(), journal.clone(), clock)?;
        let flows = Arc::new(FlowLibrary::new(&settings.node.flows));
        let (customers, lookups) = CustomerLookup::new(store.clone(), to_registry.clone());
        let context = CallContext {
            clock,
            ids: LiveIds::new(gateway.clone()),
            gateway: gateway.clone(),
            journal: journal.clone(),
            distributor: to_distributor.clone(),
            prompts: Arc::new(Prompts::new(&settings.node.prompts)),
            recordings: recorder.clone(),
            registry: to_registry.clone(),
        };
        let distributor = restored(&started, &journal, &company, clock).await?;
        let mut tasks = JoinSet::new();
        let task = DistributorTask::new(distributor, clock, journal.clone(), at_distributor, live_requests, company.clone());
        let (registry, calls) = Registry::new(context, flows.clone(), company, customers, at_registry);
        tasks.spawn(task.run());
        tasks.spawn(registry.run());
        tasks.spawn(lookups);
        tasks.spawn(forward(events, to_registry.clone(), to_distributor));
        tasks.spawn(watch_files(settings.clone(), passwords, flows, company_out, store.clone(), gateway.clone()));
        let http = api::serve(settings.http.listen, store.clone(), folder, live).await?;
        Ok(Running { sip: gateway.address(), http, store, registry: to_registry, calls, recorder, started, _tasks: tasks })
    }
}

impl Running {
    /// Paths of recordings as they are finished.
    #[must_use]
    pub fn finished_recordings(&self) -> broadcast::Receiver<PathBuf> {
        self.recorder.news()
    }

    /// Takes no new calls, waits until live ones have ended by themselves, at most `timeout` or until `now` says
    /// so; then ends the rest and drains the journal into the database.
    pub async fn drain(mut self, timeout: Duration, now: impl Future<Output = ()>) {
        let _ = self.registry.send(RegistryMessage::Drain).await;
        let none_left = self.calls.wait_for(|calls| *calls == 0);
        tokio::select! {
            _ = none_left => {}
            () = tokio::time::sleep(timeout) => {}
            () = now => {}
        }
        let _ = self.registry.send(RegistryMessage::EndAll).await;
        let ended = tokio::time::timeout(Duration::from_secs(5), self.calls.wait_for(|calls| *calls == 0)).await;
        if ended.is_err() {
            tracing::warn!("some calls did not end in order; the next start closes their records");
        }
        if tokio::time::timeout(LAST_DRAIN, self.started.drained()).await.is_err() {
            tracing::warn!("the journal is not drained; the next start goes on where this one stopped");
        }
    }
}

fn gateway_config(settings: &Settings, accounts: sip_gateway::leg::Accounts) -> GatewayConfig {
    let listen = settings.sip.udp().next().unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5060)));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    GatewayConfig {
        listen,
        advertise: settings.sip.advertise,
        domain: settings.sip.domain.clone(),
        media_listen: settings.media.listen,
        media_ports: settings.media.first_port..=settings.media.last_port,
        media_threads: cores.div_ceil(2),
        media_lost_after: MEDIA_LOST_AFTER,
        accounts,
        user_agent: concat!("Cordboard/", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// Ids that never change for the names of the company file; new names get new ids.
async fn ids_for(store: &Store, company: &Company) -> anyhow::Result<Ids> {
    let mut ids = Ids::default();
    for agent in &company.agents {
        let fresh = router::id::AgentId::from_uuid(uuid::Uuid::now_v7());
        ids.agents.insert(agent.login.clone(), store.agent_id(&agent.login, fresh).await?);
    }
    for queue in &company.queues {
        let fresh = router::id::QueueId::from_uuid(uuid::Uuid::now_v7());
        ids.queues.insert(queue.name.clone(), store.queue_id(&queue.name, fresh).await?);
    }
    Ok(ids)
}

/// The Distributor with every agent where the last run left them (routing rules, "our restart").
async fn restored(
    started: &Started,
    journal: &Journal,
    company: &watch::Receiver<Arc<CompanyView>>,
    clock: Clock,
) -> anyhow::Result<Distributor> {
    journal.append_synced(clock.now(), Event::RouterStarted { epoch: started.epoch }, None).await?;
    let mut distributor = Distributor::new(company.borrow().routing.clone(), started.epoch);
    for agent in &started.agents {
        let input = Input::RestoreAgent {
            agent: agent.agent,
            state: agent.state,
            reason: agent.reason.clone(),
            idle_since: agent.idle_since,
            interaction: agent.interaction,
            queue: agent.queue,
            registered: false,
        };
        distributor.handle(input, clock.now());
    }
    Ok(distributor)
}

/// The gateway's events to whom they concern.
async fn forward(
    mut events: mpsc::Receiver<GatewayEvent>,
    registry: mpsc::Sender<RegistryMessage>,
    distributor: mpsc::Sender<DistributorMessage>,
) {
    while let Some(event) = events.recv().await {
        let gone = match event {
            GatewayEvent::Incoming(call) => registry.send(RegistryMessage::Incoming(call)).await.is_err(),
            GatewayEvent::Leg { leg, event } => registry.send(RegistryMessage::LegEvent { leg, event }).await.is_err(),
            GatewayEvent::Device { extension, change } => {
                distributor.send(DistributorMessage::Device { extension, change }).await.is_err()
            }
            GatewayEvent::Registration { .. } => false,
        };
        if gone {
            break;
        }
    }
}

/// Saved files: flows are read again (the next call takes them), the company is replaced whole. A broken file is
/// refused and the last good one stays.
async fn watch_files(
    settings: Settings,
    passwords: PasswordPolicy,
    flows: Arc<FlowLibrary>,
    company: watch::Sender<Arc<CompanyView>>,
    store: Store,
    gateway: Gateway,
) {
    let stamp = || std::fs::metadata(&settings.node.company).and_then(|meta| Ok((meta.modified()?, meta.len()))).ok();
    let mut seen = stamp();
    loop {
        flows.refresh();
        tokio::time::sleep(LOOK_FOR_CHANGES).await;
        if stamp() == seen || stamp().is_none() {
            continue;
        }
        seen = stamp();
        match crate::config::load_company(&settings, passwords) {
            Err(findings) => {
                let source = |file: &str| std::fs::read_to_string(file).ok();
                let text = crate::config::finding::to_text(&findings, &source);
                tracing::error!("the company file is refused, the last good one stays:\n{text}");
            }
            Ok((new, _)) => match replace_company(&company, new, &store, &gateway).await {
                Ok(()) => tracing::info!("the company file was read again"),
                Err(error) => tracing::error!(%error, "the company file could not be taken over"),
            },
        }
    }
}

async fn replace_company(
    company: &watch::Sender<Arc<CompanyView>>,
    mut new: Company,
    store: &Store,
    gateway: &Gateway,
) -> anyhow::Result<()> {
    let old = company.borrow().clone();
    // The demo's made-up passwords are not in the file.
    new.fill_passwords(|login| {
        let known = old.company.agents.iter().find(|agent| agent.login == login);
        known.and_then(|agent| agent.password.as_ref()).map(|word| word.reveal().clone()).unwrap_or_default()
    });
    let ids = ids_for(store, &new).await?;
    gateway.send(GatewayCommand::SetAccounts(new.accounts())).await?;
    company.send_replace(Arc::new(old.with_company(new, ids)));
    Ok(())
}
