//! Wiring: builds every task and channel of the process, starts them in the right order, and stops them.
//!
//! **Owns**: start and stop. The only place where tasks of the contact centre are spawned, apart from each driver's
//! own. **Must not**: decide anything about calls.

mod forward;

use crate::announcements::Announcements;
use crate::api::access::Access;
use crate::api::audit::AuditLog;
use crate::api::events::EventStreams;
use crate::api::known_tokens::KnownTokens;
use crate::api::live::LiveState;
use crate::api::phones::PhoneNames;
use crate::api::right::publishes_flows;
use crate::api::today::Counting;
use crate::api::{self, ApiState, EditorTurns};
use crate::background::Background;
use crate::bindings::{self, BindingsKeeper};
use crate::call::actor::CallContext;
use crate::call::call_control::CallControl;
use crate::call::registry::{REGISTRY_QUEUE, Registry, RegistryMessage};
use crate::call::ringback;
use crate::certificates::{self, Ends, For};
use crate::clock::Clock;
use crate::company_view::CompanyView;
use crate::config::settings::Settings;
use crate::config::{Loaded, PasswordPolicy};
use crate::customer_lookup::CustomerLookup;
use crate::distributor_task::{DISTRIBUTOR_QUEUE, DistributorMessage, DistributorTask};
use crate::floor::task::Floor;
use crate::flows::FlowLibrary;
use crate::ids::LiveIds;
use crate::last_run::{ids_for, restored, signed_on, tell_findings};
use crate::metrics::Metrics;
use crate::publishing::Publisher;
use crate::speech::{Speaker, Speech, Voice};
use crate::talk_recorder::TalkRecorder;
use crate::trunk_registrations::{self, TrunkRegistrations, TrunkStates};
use crate::watched_files::WatchedFiles;
use crate::{outside::Outside, prompts::Prompts};
use recordings::folder::FolderLock;
use recordings::intervals::Intervals;
use recordings::{DataFolder, Journal, Position, Projector, Started, Store};
use router::Distributor;
use sip_gateway::leg::{Accounts, GatewayCommand, GatewayEvent, RegistrationRecord};
use sip_gateway::net::tls::TlsListen;
use sip_gateway::net::{Gateway, GatewayConfig};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;

/// A bridged leg without any packet for this long is ended (contract).
const MEDIA_LOST_AFTER: Duration = Duration::from_secs(30);

/// How long calls that are ended at a stop may take for their BYEs.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// How long the last bindings may take to be written down.
const LAST_BINDINGS: Duration = Duration::from_secs(2);

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
    /// Who is signed in.
    pub access: Access,
    /// The system of record.
    pub store: Store,
    /// The process's clock.
    pub clock: Clock,
    journal: Journal,
    position: Position,
    registry: mpsc::Sender<RegistryMessage>,
    calls: watch::Receiver<usize>,
    ready: watch::Sender<bool>,
    recorder: TalkRecorder,
    gateway: Gateway,
    bindings: BindingsKeeper,
    trunks: watch::Receiver<TrunkStates>,
    _lock: FolderLock,
    tasks: JoinSet<()>,
    _background: Background,
}

impl App {
    /// Order matters: record first (journal drained, sweep done), then routing, then SIP, then HTTP; calls can be
    /// taken when this returns.
    ///
    /// # Errors
    /// Whatever cannot be had, and what to do about it.
    pub async fn start(loaded: Loaded, passwords: PasswordPolicy) -> anyhow::Result<Running> {
        let clock = Clock::start();
        crate::number::warm_up();
        let limits = loaded.limits();
        crate::limits::raise_open_files(limits.max_calls);
        let Loaded {
            settings, company, ..
        } = loaded;
        let folder = DataFolder::new(&settings.node.data)
            .with_journal(settings.journal_folder())
            .with_interactions(settings.interactions_folder());
        let started = recordings::startup(&folder, clock.now()).await?;
        tell_findings(&started);
        let accounts = company.accounts();
        let ids = ids_for(&started.store, &company).await?;
        let country = settings.node.country.clone();
        let view = CompanyView::new(company, ids, limits, country, settings.recording);
        let mut bindings = bindings::kept(&started.store, clock.now()).await?;
        // The last word of a phone may not have been written down: who signed off registers anew.
        bindings.retain(|binding| signed_on(&started, &view, &binding.extension));
        let registered = |agent| {
            let phone = view.extension_of(agent);
            phone.is_some_and(|phone| bindings.iter().any(|binding| binding.extension == phone))
        };
        let distributor = restored(&started, &view.routing, clock, registered);
        let (tls, certificate) = certificates::of_sip(&settings)?.unzip();
        let config = gateway_config(&settings, (accounts, bindings), tls);
        let (gateway, events) = Gateway::start(config).await?;
        let (company_out, company) = watch::channel(Arc::new(view));
        let mut wiring = Wiring {
            recorder: TalkRecorder::start(
                folder.clone(),
                started.journal.clone(),
                clock,
                started.health.clone(),
            )?,
            clock,
            settings,
            folder,
            gateway,
            company,
            tasks: JoinSet::new(),
            background: Background::start()?,
            ends: Ends::default(),
        };
        if let Some(certificate) = certificate {
            let kept = certificates::keep(certificate, For::Sip, wiring.ends.clone(), clock);
            wiring.spawn_behind(kept);
        }
        wiring
            .run(started, distributor, events, (company_out, passwords))
            .await
    }
}

/// What the API is handed besides the record.
type Front = (
    LiveState,
    Floor,
    mpsc::Sender<RegistryMessage>,
    Announcements,
    Publisher,
    Voice,
);

/// What the tasks are built from.
struct Wiring {
    clock: Clock,
    settings: Settings,
    folder: DataFolder,
    gateway: Gateway,
    company: watch::Receiver<Arc<CompanyView>>,
    recorder: TalkRecorder,
    tasks: JoinSet<()>,
    background: Background,
    ends: Ends,
}

impl Wiring {
    /// Spawns a task that may take its time.
    fn spawn_behind(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, self.background.handle());
    }

    /// Makes every channel, spawns every task.
    async fn run(
        mut self,
        started: Started,
        distributor: Distributor,
        events: mpsc::Receiver<GatewayEvent>,
        (company_out, passwords): (watch::Sender<Arc<CompanyView>>, PasswordPolicy),
    ) -> anyhow::Result<Running> {
        let (store, journal) = (started.store, started.journal);
        let (to_distributor, at_distributor) = mpsc::channel(DISTRIBUTOR_QUEUE);
        let (to_registry, at_registry) = mpsc::channel(REGISTRY_QUEUE);
        let (ready, is_ready) = watch::channel(true);
        let (live, live_requests) = LiveState::channel(is_ready);
        let (publisher, flows) = self.publisher(&store, &journal).await?;
        let customers = self.customers(&store, &to_registry);
        let (voice, prompts, speech) = self.voice();
        let context = self.context(&journal, &to_distributor, &to_registry, &voice, &customers);
        let (counts, seen) = (context.counts.clone(), self.company.clone());
        let (registry, calls) = Registry::new(context, flows.clone(), seen, customers, at_registry);
        let said = Announcements::new(prompts.clone(), speech.clone(), flows.clone());
        let watched = WatchedFiles {
            settings: self.settings.clone(),
            passwords,
            flows,
            company: company_out,
            store: store.clone(),
            gateway: self.gateway.clone(),
            prompts,
            speech,
        };
        self.records(&store, started.projector, started.position.clone());
        let own = DistributorTask::new(
            distributor,
            self.clock,
            journal.clone(),
            at_distributor,
            live_requests,
            self.company.clone(),
        );
        self.tasks.spawn(own.run());
        self.tasks.spawn(registry.run());
        let (bindings, trunks) = self.listen(events, &store, (to_registry.clone(), to_distributor));
        self.spawn_behind(watched.run());
        let metrics = Metrics {
            gateway: self.gateway.stats(),
            trunks: trunks.clone(),
            calls: calls.clone(),
            counts,
            durable: journal.durable_seq(),
            position: started.position.clone(),
            health: started.health.clone(),
            signalling: Some(tokio::runtime::Handle::current()),
            certificates: self.ends.clone(),
        };
        let floor = self.floor(&journal, &live, &store, metrics.position.clone());
        let front = (live, floor, to_registry.clone(), said, publisher, voice);
        let (http, access) = self.serve_http((&store, &journal), front, metrics).await?;
        Ok(Running {
            sip: self.gateway.address(),
            http,
            access,
            store,
            clock: self.clock,
            journal,
            position: started.position,
            registry: to_registry,
            calls,
            ready,
            recorder: self.recorder,
            gateway: self.gateway,
            bindings,
            trunks,
            _lock: started.lock,
            tasks: self.tasks,
            _background: self.background,
        })
    }

    /// The flows that calls take, and the way to other versions of them.
    async fn publisher(
        &mut self,
        store: &Store,
        journal: &Journal,
    ) -> anyhow::Result<(Publisher, Arc<FlowLibrary>)> {
        let (company, journal) = (self.company.clone(), journal.clone());
        let publisher = Publisher::new(&self.settings, store.clone(), company, journal, self.clock);
        publisher.begin().await?;
        self.spawn_behind(publisher.clone().watch_trials());
        self.spawn_behind(publisher.clone().watch_plans(publishes_flows));
        let flows = publisher.flows().clone();
        for closure in store.calendar_closures(self.clock.now()).await? {
            flows.take_closure(&closure);
        }
        Ok((publisher, flows))
    }

    /// Hands the gateway's events on, and writes bindings down.
    fn listen(
        &mut self,
        events: mpsc::Receiver<GatewayEvent>,
        store: &Store,
        to_them: (
            mpsc::Sender<RegistryMessage>,
            mpsc::Sender<DistributorMessage>,
        ),
    ) -> (BindingsKeeper, watch::Receiver<TrunkStates>) {
        let (keeper, keeping) = BindingsKeeper::new(store.clone(), self.clock);
        self.spawn_behind(keeping);
        let (trunks, states) = TrunkRegistrations::new();
        self.tasks
            .spawn(forward::events(events, to_them, keeper.clone(), trunks));
        (keeper, states)
    }

    /// Prompts and who speaks, whose texts are rendered behind the calls.
    fn voice(&mut self) -> (Voice, Arc<Prompts>, Speech) {
        let folder = self.folder.root().join("speech");
        let speaker = self.settings.speech.clone();
        let speaker = speaker.map(|speech| Speaker::new(speech, &self.settings.outside));
        let (speech, rendering) = Speech::new(speaker, folder);
        self.spawn_behind(rendering);
        let prompts = Arc::new(Prompts::new(&self.settings.node.prompts));
        (Voice::new(prompts.clone(), speech.clone()), prompts, speech)
    }

    /// Looks up who calls, behind the calls.
    fn customers(
        &mut self,
        store: &Store,
        registry: &mpsc::Sender<RegistryMessage>,
    ) -> CustomerLookup {
        let company = self.company.clone();
        let (customers, lookups) =
            CustomerLookup::new(store.clone(), company, self.clock, registry.clone());
        self.spawn_behind(lookups);
        customers
    }

    /// What every call's driver is handed.
    fn context(
        &self,
        journal: &Journal,
        distributor: &mpsc::Sender<DistributorMessage>,
        registry: &mpsc::Sender<RegistryMessage>,
        voice: &Voice,
        customers: &CustomerLookup,
    ) -> CallContext {
        CallContext {
            clock: self.clock,
            ids: LiveIds::new(self.gateway.clone(), self.clock),
            gateway: self.gateway.clone(),
            journal: journal.clone(),
            distributor: distributor.clone(),
            voice: voice.clone(),
            customers: customers.clone(),
            outside: Outside::new(self.settings.outside.clone(), self.background.handle()),
            recordings: self.recorder.clone(),
            registry: registry.clone(),
            counts: Arc::default(),
            tone: Arc::new(ringback::clip(self.settings.node.country.as_deref())),
        }
    }

    /// What turns the journal into rows and files, and rows into quarters of an hour.
    fn records(&mut self, store: &Store, mut projector: Projector, position: Position) {
        let (intervals, counting) = Intervals::new(store.clone());
        projector.hand_on(counting);
        self.spawn_behind(projector.run());
        self.spawn_behind(intervals.run(position));
    }

    /// What goes on right now, for screens.
    fn floor(
        &mut self,
        journal: &Journal,
        live: &LiveState,
        store: &Store,
        position: Position,
    ) -> Floor {
        let (live, company) = (live.clone(), self.company.clone());
        let (floor, task) = Floor::new(journal.follow(), live, company.clone(), self.clock);
        self.spawn_behind(task.run());
        let counting = Counting {
            floor: floor.clone(),
            store: store.clone(),
            position,
            company,
            clock: self.clock,
            time_zone: self.settings.node.time_zone.clone(),
        };
        self.spawn_behind(counting.run());
        floor
    }

    /// Binds and serves HTTP; the port is known when this returns.
    async fn serve_http(
        &mut self,
        (store, journal): (&Store, &Journal),
        (live, floor, registry, announcements, publisher, voice): Front,
        metrics: Metrics,
    ) -> anyhow::Result<(SocketAddr, Access)> {
        let listener = self.bind_http(self.settings.http.listen, "listen").await?;
        let listen = listener.local_addr()?;
        let (audit, writing) = AuditLog::new(store.clone());
        self.spawn_behind(writing);
        let state = ApiState {
            store: store.clone(),
            live,
            floor,
            calls: CallControl::new(registry),
            journal: journal.clone(),
            company: self.company.clone(),
            folder: self.folder.clone(),
            clock: self.clock,
            time_zone: self.settings.node.time_zone.clone(),
            domain: self.settings.sip.domain.clone(),
            listen,
            metrics,
            streams: EventStreams::default(),
            tokens: KnownTokens::default(),
            access: Access::default(),
            audit,
            gateway: self.gateway.clone(),
            phones: PhoneNames::new(self.gateway.clone()),
            announcements,
            publisher,
            voice,
            editors: EditorTurns::default(),
        };
        let access = state.access.clone();
        self.spawn_behind(access.clone().keep(store.clone(), self.clock));
        let phones = state.phones.clone();
        self.spawn_behind(phones.keep(access.clone(), store.clone(), self.clock));
        if let Some(wanted) = self.settings.http.metrics {
            let listener = self.bind_http(wanted, "metrics").await?;
            let state = state.clone();
            self.spawn_behind(async move {
                if let Err(error) = api::serve_metrics(listener, state).await {
                    tracing::error!(%error, "metrics stopped");
                }
            });
        }
        let (acceptor, certificate) = certificates::of_http(&self.settings)?.unzip();
        if let Some(certificate) = certificate {
            let kept = certificates::keep(certificate, For::Http, self.ends.clone(), self.clock);
            self.spawn_behind(kept);
        }
        access.set_secure(acceptor.is_some());
        self.spawn_behind(async move {
            let served = match acceptor {
                Some(acceptor) => api::serve_tls(listener, acceptor, state).await,
                None => api::serve(listener, state, std::future::pending()).await,
            };
            if let Err(error) = served {
                tracing::error!(%error, "HTTP stopped");
            }
        });
        Ok((listen, access))
    }

    /// Bound where it is served, so that no request wakes the calls' thread.
    async fn bind_http(&self, wanted: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
        let bound = self.background.handle().spawn(TcpListener::bind(wanted));
        bound.await?.map_err(|error| {
            anyhow::anyhow!(
                "cannot listen for HTTP on {wanted}: {error}; stop what uses the port or change [http] {key}"
            )
        })
    }
}

impl Running {
    /// Whether HTTP speaks TLS.
    #[must_use]
    pub fn http_is_secure(&self) -> bool {
        self.access.is_secure()
    }

    /// Paths of recordings as they are finished.
    #[must_use]
    pub fn finished_recordings(&self) -> broadcast::Receiver<PathBuf> {
        self.recorder.news()
    }

    /// Waits until one of the tasks ends, which none does in order: without it calls would wait for nobody.
    pub async fn task_died(&mut self) {
        match self.tasks.join_next().await {
            Some(Err(error)) => tracing::error!(%error, "a task of the contact centre died"),
            Some(Ok(())) | None => tracing::error!("a task of the contact centre ended"),
        }
        self.ready.send_replace(false);
    }

    /// Takes no new calls, waits until live ones have ended by themselves, at most `timeout` or until `now` says
    /// so; then ends the rest and drains the journal into the database.
    pub async fn drain(mut self, timeout: Duration, now: impl Future<Output = ()>) {
        self.ready.send_replace(false);
        let _ = self.registry.send(RegistryMessage::Drain).await;
        let none_left = async {
            trunk_registrations::leave(&self.gateway, &mut self.trunks).await;
            let _ = self.calls.wait_for(|calls| *calls == 0).await;
        };
        tokio::select! {
            () = none_left => {}
            () = tokio::time::sleep(timeout) => {}
            () = now => {}
        }
        let _ = self.registry.send(RegistryMessage::EndAll).await;
        let ended =
            tokio::time::timeout(LAST_CALLS, self.calls.wait_for(|calls| *calls == 0)).await;
        if ended.is_err() {
            tracing::warn!("some calls did not end in order; the next start closes their records");
        }
        let bindings = async {
            let before = self.bindings.wanted();
            if self
                .gateway
                .send(GatewayCommand::TellBindings)
                .await
                .is_ok()
            {
                self.bindings.written_beyond(before).await;
            }
        };
        if tokio::time::timeout(LAST_BINDINGS, bindings).await.is_err() {
            tracing::warn!("where phones registered from last is not written down");
        }
        let drained = async {
            match self.journal.sync().await {
                Ok(seq) => self.position.reached(seq).await,
                Err(_) => false,
            }
        };
        if !tokio::time::timeout(LAST_DRAIN, drained)
            .await
            .unwrap_or(false)
        {
            tracing::warn!(
                "the journal is not drained; the next start goes on where this one stopped"
            );
        }
    }
}

fn gateway_config(
    settings: &Settings,
    (accounts, bindings): (Accounts, Vec<RegistrationRecord>),
    tls: Option<TlsListen>,
) -> GatewayConfig {
    let listen = settings
        .sip
        .udp()
        .next()
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5060)));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    GatewayConfig {
        listen,
        listen_tcp: settings.sip.tcp().collect(),
        tls,
        advertise: settings.sip.advertise,
        domain: settings.sip.domain.clone(),
        media_listen: settings.media.listen,
        media_ports: settings.media.first_port..=settings.media.last_port,
        opus: settings.media.opus,
        media_threads: cores.div_ceil(2),
        media_lost_after: MEDIA_LOST_AFTER,
        accounts,
        bindings,
        user_agent: concat!("Cordboard/", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}
