//! A small contact centre behind a real server: store, journal and projector are real, the Distributor is played.

use super::http::{Answer, send, send_bytes};
use crate::announcements::Announcements;
use crate::api::access::Access;
use crate::api::audit::AuditLog;
use crate::api::known_tokens::KnownTokens;
use crate::api::live::{LiveRequest, LiveState, SetStateError, WrapUpAct, WrapUpError};
use crate::api::phones::PhoneNames;
use crate::api::right::RoleName;
use crate::api::{ApiState, EditorTurns, events, serve, serve_metrics, token};
use crate::call::call_control::CallControl;
use crate::call::control::Refused;
use crate::call::registry::RegistryMessage;
use crate::certificates::{Ends, For};
use crate::clock::Clock;
use crate::company_view::CompanyView;
use crate::config::settings::{FlowMaster, LimitSettings};
use crate::config::{Ids, PasswordPolicy, RecordPolicy, parse_company};
use crate::floor::items::FloorView;
use crate::floor::task::Floor;
use crate::flows::FlowLibrary;
use crate::metrics::Metrics;
use crate::prompts::Prompts;
use crate::publishing::Publisher;
use crate::speech::{Speech, Voice};
use recordings::{DataFolder, Journal, Store, startup};
use router::agent::Wanted;
use router::decision::{Candidate, Decision, DecisionKind, Keys, TieBreak};
use router::distributor::port::{AgentView, QueueView, WaitingView, WrapUpView};
use router::event::{Event, LegRole, PersonalData};
use router::id::{
    AgentId, CustomerId, InteractionId, LegId, OfferId, QueueEntryId, QueueId, RecordingId,
};
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome};
use router::{AgentState, PhoneNumber, Timestamp};
use sip_gateway::leg::Accounts;
use sip_gateway::net::{Gateway, GatewayStats};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

const COMPANY: &str = r#"
[[skills]]
name = "billing"
[[queues]]
name = "support"
skills = { billing = 1 }
wrap_up_code = "required"
thresholds.waiting = { warning = 2, critical = 4 }
[[queues]]
name = "sales"
[[agents]]
login = "ana"
name = "Ana Ruiz"
extension = "2001"
password = "p"
skills = { billing = 5 }
queues = { support = 1 }
[[agents]]
login = "ben"
extension = "2002"
password = "p"
queues = { sales = 1 }
[[wrap_up_codes]]
code = "refund"
name = "Money back"
group = "Orders / Money"
queues = ["support"]
[[wrap_up_codes]]
code = "delivery"
group = "Orders"
[[wrap_up_codes]]
code = "lead"
queues = ["sales"]
[[not_ready_reasons]]
name = "lunch"
paid = false
[[not_ready_reasons]]
name = "no-phone"
[[not_ready_reasons]]
name = "wrap-up"
label = "Paper work"
[[numbers]]
number = "+34910000000"
flow = "support"
"#;

pub(super) const ANA: AgentId = AgentId::from_number(1);
pub(super) const BEN: AgentId = AgentId::from_number(2);
const SUPPORT: QueueId = QueueId::from_number(11);
const SALES: QueueId = QueueId::from_number(12);
/// Answered by Ana, recorded.
pub(super) const TALK: InteractionId = InteractionId::from_number(21);
/// Hung up while waiting.
pub(super) const LOST: InteractionId = InteractionId::from_number(22);
pub(super) const CALLER: CustomerId = CustomerId::from_number(31);
pub(super) const RECORDING: RecordingId = RecordingId::from_number(41);
const ENTRY: QueueEntryId = QueueEntryId::from_number(51);
const OFFER: OfferId = OfferId { epoch: 1, seq: 1 };
/// Frames of the recording.
pub(super) const FRAMES: u64 = 8_000;

pub(super) struct World {
    pub(super) server: SocketAddr,
    pub(super) store: Store,
    pub(super) ready: watch::Sender<bool>,
    /// `/metrics` alone, without a token.
    pub(super) metrics: SocketAddr,
    pub(super) journal: Journal,
    pub(super) data: DataFolder,
    pub(super) access: Access,
    pub(super) flows: Arc<FlowLibrary>,
    tokens: BTreeMap<&'static str, String>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn start() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(temp.path());
        let mut started = startup(&folder, Timestamp::from_millis(0)).await.unwrap();
        let store = started.store.clone();
        let ids = ids(&store).await;
        history(&started.journal).await;
        let seq = started.journal.sync().await.unwrap();
        started.projector.catch_up(seq).await.unwrap();
        let (mut intervals, _) = recordings::intervals::Intervals::new(store.clone());
        intervals.catch_up().await.unwrap();
        wav(&folder);
        let data = folder.clone();
        let (ready, is_ready) = watch::channel(true);
        let (live, requests) = LiveState::channel(is_ready);
        let company = watch::channel(Arc::new(company_view(ids))).1;
        let clock = Clock::start();
        let told = started.journal.follow();
        let (floor, floor_task) = Floor::new(told, live.clone(), company.clone(), clock);
        tokio::spawn(floor_task.run());
        tokio::spawn(play_distributor(requests));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let gateway = gateway().await;
        let publisher = publisher(&data, &store, &company, &started.journal, clock);
        let flows = Arc::clone(publisher.flows());
        let state = ApiState {
            store: store.clone(),
            live,
            calls: no_calls(),
            company,
            floor,
            journal: started.journal.clone(),
            folder,
            clock,
            time_zone: "Europe/Madrid".to_owned(),
            domain: "cordboard.localhost".to_owned(),
            listen: server,
            metrics: counted(&started.journal, started.position, started.health),
            streams: events::EventStreams::default(),
            tokens: KnownTokens::default(),
            access: Access::default(),
            audit: audit(&store),
            phones: PhoneNames::new(gateway.clone()),
            gateway,
            announcements: announcements(data.root(), &publisher),
            voice: voice(&data),
            publisher,
            editors: EditorTurns::default(),
        };
        let access = state.access.clone();
        let apart = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let metrics = apart.local_addr().unwrap();
        tokio::spawn(serve_metrics(apart, state.clone()));
        tokio::spawn(started.projector.run());
        tokio::spawn(serve(listener, state, std::future::pending()));
        let tokens = tokens(&store).await;
        Self {
            server,
            store,
            ready,
            metrics,
            journal: started.journal,
            data,
            access,
            flows,
            tokens,
            _folder: temp,
        }
    }

    /// A request to any path, with these headers and no token.
    pub(super) async fn plain(
        &self,
        request: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        send(self.server, request, headers, body).await
    }

    /// The header that a token of `who` goes in.
    pub(super) fn bearer(&self, who: &str) -> String {
        let token = self.tokens.get(who).map_or("", String::as_str);
        format!("Bearer {token}")
    }

    /// A request below `/api/v1` with the token of `who`; nobody's when empty.
    pub(super) async fn ask(&self, who: &str, request: &str, body: &str) -> Answer {
        self.ask_with(who, request, &[], body).await
    }

    /// With a body of any bytes.
    pub(super) async fn ask_bytes(&self, who: &str, request: &str, body: &[u8]) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let bearer = format!("Bearer {}", self.tokens[who]);
        let request = format!("{method} /api/v1{path}");
        send_bytes(self.server, &request, &[("Authorization", &bearer)], body).await
    }

    pub(super) async fn ask_with(
        &self,
        who: &str,
        request: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let bearer = self.tokens.get(who).map(|token| format!("Bearer {token}"));
        let mut headers = more.to_vec();
        headers.extend(bearer.iter().map(|value| ("Authorization", value.as_str())));
        send(
            self.server,
            &format!("{method} /api/v1{path}"),
            &headers,
            body,
        )
        .await
    }
}

/// In database mode, with no flow yet and prompts in `data`.
fn publisher(
    data: &DataFolder,
    store: &Store,
    company: &watch::Receiver<Arc<CompanyView>>,
    journal: &Journal,
    clock: Clock,
) -> Publisher {
    let mut settings = crate::config::Settings {
        flows: FlowMaster::Database,
        ..Default::default()
    };
    settings.node.prompts = data.root().join("prompts");
    Publisher::new(
        &settings,
        store.clone(),
        company.clone(),
        journal.clone(),
        clock,
    )
}

/// One that nobody calls.
fn audit(store: &Store) -> AuditLog {
    let (audit, writing) = AuditLog::new(store.clone());
    tokio::spawn(writing);
    audit
}

async fn gateway() -> Gateway {
    let local = std::net::Ipv4Addr::LOCALHOST.into();
    let config = crate::phone::phone_config(local, Accounts::default());
    Gateway::start(config).await.unwrap().0
}

fn certificates() -> Ends {
    let ends = Ends::default();
    ends.set(For::Http, Timestamp::from_millis(1_795_305_600_000));
    ends
}

fn counted(
    journal: &Journal,
    position: recordings::Position,
    health: recordings::Health,
) -> Metrics {
    Metrics {
        trunks: watch::channel(Default::default()).1,
        gateway: watch::channel(GatewayStats::default()).1,
        calls: watch::channel(3).1,
        counts: Arc::default(),
        certificates: certificates(),
        durable: journal.durable_seq(),
        position,
        health,
        signalling: None,
    }
}

fn company_view(ids: Ids) -> CompanyView {
    // The tests of live topics tell one change from the next by its reason.
    let reasons = (0..20).map(|n| format!("[[not_ready_reasons]]\nname = \"reason {n}\"\n"));
    let source = format!("{COMPANY}{}", reasons.collect::<String>());
    let company = parse_company(&source, "company.toml", PasswordPolicy::Required)
        .value
        .unwrap();
    let limits = LimitSettings::default().or(LimitSettings::default());
    CompanyView::new(
        company,
        ids,
        limits,
        Some("ES".to_owned()),
        RecordPolicy::Always,
    )
}

async fn ids(store: &Store) -> Ids {
    let ids = Ids {
        agents: [("ana", ANA), ("ben", BEN)]
            .map(|(n, id)| (n.to_owned(), id))
            .into(),
        queues: [("support", SUPPORT), ("sales", SALES)]
            .map(|(n, id)| (n.to_owned(), id))
            .into(),
    };
    for (login, id) in &ids.agents {
        store.agent_id(login, *id).await.unwrap();
    }
    for (name, id) in &ids.queues {
        store.queue_id(name, *id).await.unwrap();
    }
    ids
}

async fn tokens(store: &Store) -> BTreeMap<&'static str, String> {
    let mut tokens = BTreeMap::new();
    for (who, role, agent) in [
        ("admin", RoleName::Admin, None),
        ("supervisor", RoleName::Supervisor, None),
        ("readonly", RoleName::ReadOnly, None),
        ("author", RoleName::Author, None),
        ("publisher", RoleName::Publisher, None),
        ("ana", RoleName::Agent, Some("ana")),
        ("ben", RoleName::Agent, Some("ben")),
        ("gone", RoleName::Agent, Some("carl")),
    ] {
        tokens.insert(who, token::create(store, role, agent).await.unwrap());
    }
    tokens.insert("forged", format!("cb_{}", "0".repeat(64)));
    tokens
}

/// Two agents; Ana may not become available while her "phone" is away, which the reason `no-phone` brings about.
/// One prompt, no flow, no speech command.
fn announcements(data: &std::path::Path, publisher: &Publisher) -> Announcements {
    let folder = data.join("prompts");
    std::fs::create_dir_all(&folder).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let wav = hound::WavWriter::create(folder.join("closed.wav"), spec);
    let mut wav = wav.unwrap();
    (0..800).for_each(|n| wav.write_sample(n).unwrap());
    wav.finalize().unwrap();
    let speech = Speech::new(None, data.join("speech")).0;
    let prompts = Arc::new(Prompts::new(&folder));
    Announcements::new(prompts, speech, publisher.flows().clone())
}

/// The same prompts, nobody who speaks.
fn voice(data: &DataFolder) -> Voice {
    let speech = Speech::new(None, data.root().join("speech")).0;
    Voice::new(Arc::new(Prompts::new(data.root().join("prompts"))), speech)
}

async fn play_distributor(mut requests: mpsc::Receiver<LiveRequest>) {
    let view = |agent, state| AgentView {
        agent,
        state,
        reason: None,
        since: Timestamp::from_millis(1_000),
        registered: true,
        idle_since: Timestamp::from_millis(1_000),
        interaction: None,
        next: None,
    };
    let mut agents = vec![
        view(ANA, AgentState::Available),
        view(BEN, AgentState::Offline),
    ];
    let mut wraps = Wraps::default();
    let mut closed = None;
    while let Some(request) = requests.recv().await {
        match request {
            LiveRequest::Agents { reply } => drop(reply.send(agents.clone())),
            LiveRequest::Floor { reply } => drop(reply.send(FloorView {
                agents: agents.clone(),
                ..FloorView::default()
            })),
            LiveRequest::Waits { reply } => drop(reply.send(BTreeMap::new())),
            LiveRequest::Queues { reply } => drop(reply.send(vec![QueueView {
                queue: SUPPORT,
                waiting: vec![WaitingView {
                    entry: ENTRY,
                    interaction: LOST,
                    position: 1,
                    enqueued_at: Timestamp::from_millis(2_000),
                    v: Timestamp::from_millis(1_500),
                    class: 1,
                    offered_to: vec![ANA],
                    unmeetable: false,
                }],
                closure: closed.clone(),
            }])),
            LiveRequest::CloseQueue { closure, reply } => {
                closed = Some(closure);
                let _ = reply.send(closed.clone());
            }
            LiveRequest::OpenQueue { reply, .. } => {
                closed = None;
                let _ = reply.send(());
            }
            LiveRequest::SetAgentState {
                agent,
                wanted,
                reply,
            } => {
                let result = set(&mut agents, agent, wanted);
                let _ = reply.send(result);
            }
            LiveRequest::WrapUp {
                agent,
                interaction,
                act,
                reply,
            } => drop(reply.send(wraps.ask(&mut agents, (agent, interaction), act))),
        }
    }
}

/// Ana wraps up [`TALK`] once she is asked for the reason `wrap-up`, and may take longer once.
#[derive(Default)]
struct Wraps(u32);

impl Wraps {
    fn ask(
        &mut self,
        agents: &mut [AgentView],
        (agent, interaction): (AgentId, InteractionId),
        act: WrapUpAct,
    ) -> Result<WrapUpView, WrapUpError> {
        let view = agents.iter_mut().find(|view| view.agent == agent).unwrap();
        if view.state != AgentState::WrapUp || view.interaction != Some(interaction) {
            return Err(WrapUpError::Over);
        }
        match act {
            WrapUpAct::Look => {}
            WrapUpAct::Extend if self.0 == 1 => return Err(WrapUpError::NoLonger),
            WrapUpAct::Extend => self.0 += 1,
            WrapUpAct::Done => (view.state, view.interaction) = (AgentState::Available, None),
        }
        Ok(WrapUpView {
            interaction: Some(interaction),
            queue: Some(SUPPORT),
            ends_at: Timestamp::from_millis(10_000 + i64::from(self.0) * 30_000),
            open: false,
            extend_by: Duration::from_secs(30),
            extensions_left: 1 - self.0,
        })
    }
}

fn set(agents: &mut [AgentView], agent: AgentId, wanted: Wanted) -> Result<(), SetStateError> {
    let view = agents.iter_mut().find(|view| view.agent == agent);
    let view = view.ok_or(SetStateError::UnknownAgent)?;
    let away = view
        .reason
        .as_ref()
        .is_some_and(|reason| reason.as_str() == "no-phone");
    if matches!(&wanted, Wanted::NotReady { reason } if reason.as_str() == "wrap-up") {
        (view.state, view.interaction) = (AgentState::WrapUp, Some(TALK));
        return Ok(());
    }
    (view.state, view.reason) = match wanted {
        Wanted::Available if away => return Err(SetStateError::NoPhone),
        Wanted::Available => (AgentState::Available, None),
        Wanted::Offline => (AgentState::Offline, None),
        Wanted::NotReady { reason } => (AgentState::NotReady, Some(reason)),
    };
    Ok(())
}

/// The recording's file: a header and the samples.
fn wav(folder: &DataFolder) {
    let path = folder
        .recording_file("1970-01/talk/recording-1.wav")
        .unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = recordings::wav::WavWriter::create(&path, 8_000).unwrap();
    let samples: Vec<i16> = (0..FRAMES * 2)
        .map(|n| i16::try_from(n % 1_000).unwrap())
        .collect();
    writer.write_at(0, &samples).unwrap();
    writer.finish(FRAMES).unwrap();
}

async fn history(journal: &Journal) {
    let mut at = 1_000;
    let caller = PersonalData {
        caller_number: Some(PhoneNumber::from_normalised("+34600111222")),
        dialed_number: Some(PhoneNumber::from_normalised("+34910000000")),
        new_customer: Some(CALLER),
        ..PersonalData::default()
    };
    let mut events = vec![];
    for interaction in [TALK, LOST] {
        let leg = LegId::from_number(100 + u64::from(interaction == LOST));
        let arrived = Event::CallArrived {
            interaction,
            leg,
            trunk: Some("carrier".to_owned()),
            flow: "support".to_owned(),
            flow_version: "f00d".to_owned(),
            direction: router::event::Direction::Inbound,
            agent: None,
        };
        events.push((arrived, Some(caller.clone())));
        let more = if interaction == TALK {
            talk(leg)
        } else {
            lost()
        };
        events.extend(more.into_iter().map(|event| (event, None)));
    }
    for (event, personal) in events {
        journal
            .append(Timestamp::from_millis(at), event, personal)
            .await
            .unwrap();
        at += 100;
    }
}

fn decision() -> Event {
    let keys = Keys::Agent {
        tier: 1,
        strategy: None,
        idle_since: Timestamp::from_millis(10),
        ready_seq: 1,
    };
    Event::Decided {
        decision: Box::new(Decision {
            offer: OFFER,
            kind: DecisionKind::Arrive,
            at: Timestamp::from_millis(1_300),
            interaction: TALK,
            entry: ENTRY,
            queue: SUPPORT,
            requirement: [("billing".to_owned(), 1)].into(),
            step: 0,
            beside: 0,
            asks: Vec::new(),
            v: Timestamp::from_millis(1_200),
            chosen: Candidate {
                agent: ANA,
                entry: ENTRY,
                keys,
            },
            candidates: vec![],
            removed: [("not_in_queue".to_owned(), 1)].into(),
            tie_break: TieBreak::OnlyOne,
        }),
    }
}

fn talk(customer: LegId) -> Vec<Event> {
    let mut events = waited_and_connected();
    events.extend(recorded_and_ended(customer));
    events
}

fn waited_and_connected() -> Vec<Event> {
    let leg = LegId::from_number(200);
    let (interaction, agent, queue, entry, offer) = (TALK, ANA, SUPPORT, ENTRY, OFFER);
    let outcome = EntryOutcome::Answered;
    vec![
        Event::CallAnswered { interaction },
        Event::MenuChosen {
            interaction,
            block: "main".to_owned(),
            key: "2".to_owned(),
            label: "Help".to_owned(),
        },
        Event::QueueEntered {
            interaction,
            entry,
            queue,
            v: Timestamp::from_millis(1_200),
            entry_seq: 1,
            class: 1,
            requirement: [("billing".to_owned(), 1)].into(),
            asked: [].into(),
            wishes: Box::default(),
        },
        decision(),
        Event::OfferMade {
            interaction,
            entry,
            offer,
            agent,
            queue,
        },
        Event::LegStarted {
            interaction,
            leg,
            role: LegRole::Agent,
            agent: Some(agent),
            sip_call_id: "one@host".to_owned(),
        },
        Event::OfferEnded {
            interaction,
            offer,
            agent,
            outcome: OfferOutcome::Accepted,
        },
        Event::QueueLeft {
            interaction,
            entry,
            queue,
            outcome,
            agent: Some(agent),
            refusal: None,
            closure: None,
        },
        Event::Connected {
            interaction,
            agent,
            leg,
        },
    ]
}

fn recorded_and_ended(leg: LegId) -> Vec<Event> {
    let interaction = TALK;
    vec![
        Event::RecordingStarted {
            interaction,
            recording: RECORDING,
            index: 1,
            path: "1970-01/talk/recording-1.wav".to_owned(),
            sample_rate: 8_000,
            recording_kind: router::event::RecordingKind::Talk,
        },
        Event::RecordingFinished {
            interaction,
            recording: RECORDING,
            frames: FRAMES,
            gap_ms: 0,
            recovered: false,
        },
        Event::LegEnded {
            interaction,
            leg,
            cause: "bye".to_owned(),
            quality: None,
        },
        Event::CallEnded {
            interaction,
            outcome: Outcome::Answered,
            end_cause: EndCause::Customer,
        },
    ]
}

fn lost() -> Vec<Event> {
    let (interaction, outcome, end_cause) = (LOST, Outcome::SelfServed, EndCause::Customer);
    vec![
        Event::CallAnswered { interaction },
        Event::CallEnded {
            interaction,
            outcome,
            end_cause,
        },
    ]
}

/// A registry without calls.
fn no_calls() -> CallControl {
    let (registry, mut inbox) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(message) = inbox.recv().await {
            match message {
                RegistryMessage::Control { reply, .. } => drop(reply.send(Err(Refused::NoCall))),
                // Whoever has a phone in a browser called with it once.
                RegistryMessage::LastCallOf { names, reply } => {
                    let _ = reply.send((!names.is_empty()).then_some(TALK));
                }
                _ => {}
            }
        }
    });
    CallControl::new(registry)
}
