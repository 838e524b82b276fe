//! What the process tells of itself to Prometheus.
//!
//! **Owns**: names and meanings of `cordboard_*`. **Must not**: name a person, a number or a call; labels are names of
//! queues, states, outcomes and kinds.

mod process;
pub mod text;

use crate::api::live::LiveState;
use crate::call::counts::CallCounts;
use crate::certificates::Ends;
use crate::company_view::CompanyView;
use crate::distributor_task::desk::WaitView;
use crate::trunk_registrations::TrunkStates;
use recordings::{Health, Position};
use router::AgentState;
use sip_gateway::leg::TrunkState;
use sip_gateway::net::GatewayStats;
use std::collections::BTreeMap;
use std::sync::Arc;
use text::Text;
use tokio::sync::watch;

/// Every state of agents; each has its line.
const STATES: [AgentState; 6] = [
    AgentState::Offline,
    AgentState::Available,
    AgentState::Offered,
    AgentState::OnCall,
    AgentState::WrapUp,
    AgentState::NotReady,
];

/// Where the values come from. Cheap to clone; looking disturbs nobody.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// SIP and media.
    pub gateway: watch::Receiver<GatewayStats>,
    /// Registrations with carriers.
    pub trunks: watch::Receiver<TrunkStates>,
    /// Live calls.
    pub calls: watch::Receiver<usize>,
    /// How calls ended.
    pub counts: Arc<CallCounts>,
    /// The last synced line of the journal.
    pub durable: watch::Receiver<u64>,
    /// How far the database has come.
    pub position: Position,
    /// How the disks under the record are.
    pub health: Health,
    /// The runtime of signalling, where it is not the one that is asked.
    pub signalling: Option<tokio::runtime::Handle>,
    /// When the certificates in use end.
    pub certificates: Ends,
}

impl Metrics {
    /// The answer to one look.
    pub async fn text(&self, live: &LiveState, company: &CompanyView) -> String {
        let mut out = Text::default();
        build(&mut out, live.is_ready());
        process::tell(&mut out, self.signalling.as_ref());
        self.calls(&mut out);
        routing(&mut out, live, company).await;
        let stats = *self.gateway.borrow();
        sip(&mut out, &stats);
        media(&mut out, &stats);
        trunks(&mut out, &self.trunks.borrow());
        out.family(
            "cordboard_certificate_not_after_seconds",
            "gauge",
            "When the certificate in use ends, in seconds since 1970, by what shows it.",
            self.certificates
                .known()
                .map(|(shown, end)| (vec![("shown", shown)], end)),
        );
        self.record(&mut out);
        out.finish()
    }

    fn calls(&self, out: &mut Text) {
        let live = *self.calls.borrow();
        out.gauge("cordboard_calls_live", "Calls at this moment.", live);
        out.family(
            "cordboard_calls_total",
            "counter",
            "Calls that ended since the start of the process, by outcome.",
            self.counts
                .by_outcome()
                .map(|(outcome, n)| (vec![("outcome", outcome.as_str())], n)),
        );
        out.family(
            "cordboard_help_requests_total",
            "counter",
            "What became of agents' requests for a supervisor, since the start of the process.",
            self.counts
                .by_help()
                .map(|(what, n)| (vec![("what", what)], n)),
        );
        out.family(
            "cordboard_calls_refused_total",
            "counter",
            "Calls refused before they became interactions, by reason.",
            self.counts
                .by_refusal()
                .map(|(reason, n)| (vec![("reason", reason)], n)),
        );
    }

    fn record(&self, out: &mut Text) {
        out.gauge(
            "cordboard_journal_durable_seq",
            "Last line of the journal that survives a power cut.",
            *self.durable.borrow(),
        );
        out.gauge(
            "cordboard_projector_seq",
            "Last line of the journal whose effects are in the database.",
            self.position.now(),
        );
        disks(out, &self.health);
    }
}

/// What keeps the record from being written.
fn disks(out: &mut Text, health: &Health) {
    out.gauge(
        "cordboard_database_up",
        "1 when the database takes the journal's lines; 0: the journal keeps them.",
        u8::from(health.database_up()),
    );
    out.gauge(
        "cordboard_journal_room",
        "1 when the journal's disk has room for new calls; 0: they are refused.",
        u8::from(health.journal_has_room()),
    );
    let counters = [
        (
            "cordboard_database_faults_total",
            "Times the database stopped taking lines.",
            health.database_faults(),
        ),
        (
            "cordboard_journal_faults_total",
            "Times the journal's disk refused a line or a sync.",
            health.journal_faults(),
        ),
        (
            "cordboard_recording_faults_total",
            "Recordings with a gap because their disk failed.",
            health.recording_faults(),
        ),
        (
            "cordboard_talks_not_recorded_total",
            "Talks without a recording because its file could not be made.",
            health.not_recorded(),
        ),
    ];
    for (name, help, value) in counters {
        out.counter(name, help, value);
    }
}

fn build(out: &mut Text, ready: bool) {
    out.family(
        "cordboard_build_info",
        "gauge",
        "Always 1; the label says which version runs.",
        [(vec![("version", env!("CARGO_PKG_VERSION"))], 1)],
    );
    let ready = u8::from(ready);
    out.gauge(
        "cordboard_ready",
        "1 when new calls are taken, 0 while starting or draining.",
        ready,
    );
}

fn trunks(out: &mut Text, states: &TrunkStates) {
    out.family(
        "cordboard_trunk_registered",
        "gauge",
        "1 when the carrier has our registration, 0 while it refuses or does not answer, by trunk.",
        states.iter().map(|(name, state)| {
            let is_registered = *state == TrunkState::Registered;
            (vec![("trunk", name.as_str())], u8::from(is_registered))
        }),
    );
    out.family(
        "cordboard_trunk_refusal_status",
        "gauge",
        "SIP status of the carrier's last refusal of our registration, 0 when it did not answer, by trunk.",
        states.iter().filter_map(|(name, state)| match state {
            TrunkState::Refused(status) => Some((vec![("trunk", name.as_str())], *status)),
            _ => None,
        }),
    );
}

/// Queues and agents; left out when the Distributor does not answer in time.
async fn routing(out: &mut Text, live: &LiveState, company: &CompanyView) {
    let views = match (live.queues().await, live.agents().await) {
        (Ok(queues), Ok(agents)) => Some((queues, agents)),
        _ => None,
    };
    out.gauge(
        "cordboard_routing_up",
        "1 when the Distributor answered this look; without it queues and agents are missing here.",
        u8::from(views.is_some()),
    );
    let Some((queues, agents)) = views else {
        return;
    };
    let waiting = |id| queues.iter().find(|view| view.queue == id);
    out.family(
        "cordboard_queue_waiting",
        "gauge",
        "Callers who wait, by queue.",
        company.routing.queues.iter().map(|(id, queue)| {
            let length = waiting(*id).map_or(0, |view| view.waiting.len());
            (vec![("queue", queue.name.as_str())], length)
        }),
    );
    waits(out, live, company).await;
    let mut by_state: BTreeMap<&str, usize> =
        STATES.iter().map(|state| (state.as_str(), 0)).collect();
    for id in company.routing.agents.keys() {
        let view = agents.iter().find(|view| view.agent == *id);
        let state = view.map_or(AgentState::Offline, |view| view.state);
        *by_state.entry(state.as_str()).or_default() += 1;
    }
    out.family(
        "cordboard_agents",
        "gauge",
        "Agents, by state.",
        by_state
            .into_iter()
            .map(|(state, n)| (vec![("state", state)], n)),
    );
}

/// What callers are told of their wait, and how good that is.
async fn waits(out: &mut Text, live: &LiveState, company: &CompanyView) {
    let waits = live.waits().await.unwrap_or_default();
    let of = |get: fn(&WaitView) -> Option<f64>| {
        let queues = company.routing.queues.iter();
        let told = queues.filter_map(|(id, queue)| Some((queue, get(waits.get(id)?)?)));
        told.map(|(queue, value)| (vec![("queue", queue.name.as_str())], value))
            .collect::<Vec<_>>()
    };
    out.family(
        "cordboard_queue_expected_wait_seconds",
        "gauge",
        "What a caller who comes now is told, by queue: four of five wait at most so long. Missing while nobody can tell.",
        of(|wait| Some(wait.newcomer?.announced.as_secs_f64())),
    );
    out.family(
        "cordboard_queue_wait_coverage",
        "gauge",
        "Share of the queue's last callers who waited at most the 80 % quantile that was foretold, by queue; 0.8 is right.",
        of(|wait| wait.error.coverage),
    );
}

fn sip(out: &mut Text, stats: &GatewayStats) {
    let GatewayStats { sip, held, .. } = stats;
    let directions = [("received", sip.received), ("sent", sip.sent)];
    out.family(
        "cordboard_sip_messages_total",
        "counter",
        "SIP datagrams, keep-alives included.",
        directions.map(|(direction, n)| (vec![("direction", direction)], n)),
    );
    let events = [
        ("keep_alive", sip.keep_alives),
        ("unreadable", sip.unreadable),
        ("bad_request", sip.bad_requests),
        ("stray_response", sip.stray_responses),
        ("stray_ack", sip.stray_acks),
        ("repeat_received", sip.repeats_received),
        ("challenge", sip.challenges),
        ("failed_auth", sip.failed_auth),
        ("lockout", sip.lockouts),
        ("locked_out", sip.locked_out),
        ("over_rate", sip.over_rate),
        ("overload", sip.overload),
        ("unsendable", sip.unsendable),
        ("bad_command", sip.bad_commands),
    ];
    out.family(
        "cordboard_sip_events_total",
        "counter",
        "What happened in SIP since the start, by kind.",
        events.map(|(kind, n)| (vec![("kind", kind)], n)),
    );
    let held = [
        ("transactions", held.transactions),
        ("legs", held.legs),
        ("dialogs", held.dialogs),
        ("bindings", held.bindings),
        ("registrations", held.registrations),
        ("deadlines", held.deadlines),
    ];
    out.family(
        "cordboard_sip_held",
        "gauge",
        "What SIP holds at this moment, by kind.",
        held.map(|(kind, n)| (vec![("kind", kind)], n)),
    );
    out.gauge(
        "cordboard_sip_connections",
        "SIP connections (TCP) that are open.",
        stats.connections,
    );
}

fn secured_media(out: &mut Text, stats: &GatewayStats) {
    let media = &stats.media;
    out.gauge(
        "cordboard_media_secured_legs",
        "Legs of browsers (DTLS-SRTP) with media at this moment.",
        media.secured_legs,
    );
    let refused = [
        ("stun", media.refused_stun),
        ("dtls", media.refused_dtls),
        ("srtp", media.refused_srtp),
    ];
    out.family(
        "cordboard_media_refused_packets_total",
        "counter",
        "Packets on ports of browsers' legs that proved nothing: checks without the password, handshakes from elsewhere, sound with a wrong tag. They are dropped.",
        refused.map(|(kind, n)| (vec![("kind", kind)], n)),
    );
}

fn media(out: &mut Text, stats: &GatewayStats) {
    let media = &stats.media;
    out.gauge(
        "cordboard_media_legs",
        "Legs with media at this moment.",
        media.legs,
    );
    secured_media(out, stats);
    let pairs = [
        ("taken", media.ports_taken),
        ("resting", media.ports_resting),
    ];
    out.family(
        "cordboard_media_port_pairs",
        "gauge",
        "Pairs of RTP and RTCP ports out of the range: in use, or resting before they are given out again.",
        pairs.map(|(state, n)| (vec![("state", state)], n)),
    );
    let worst = std::time::Duration::from_micros(media.worst_lateness_us);
    out.gauge(
        "cordboard_media_worst_lateness_seconds",
        "The worst lateness of a 20 ms step in the last 30 to 60 seconds.",
        worst.as_secs_f64(),
    );
    let counters = [
        (
            "cordboard_media_late_steps_total",
            "Steps that came more than 5 ms late.",
            media.late_steps,
        ),
        (
            "cordboard_media_skipped_steps_total",
            "Steps left out after a stall of more than 100 ms.",
            media.skipped_steps,
        ),
        (
            "cordboard_media_dropped_blocks_total",
            "Blocks of recordings that could not be taken to the disk in time.",
            media.dropped_blocks,
        ),
        (
            "cordboard_media_delayed_events_total",
            "Times the channel of media events was full.",
            media.delayed_events,
        ),
        (
            "cordboard_media_dropped_keys_total",
            "Keys dropped because a party sent a flood of them.",
            media.dropped_keys,
        ),
        (
            "cordboard_media_unsent_packets_total",
            "Packets that the system did not take.",
            media.unsent_packets,
        ),
    ];
    for (name, help, value) in counters {
        out.counter(name, help, value);
    }
}
