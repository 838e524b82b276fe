//! Callers and agents in one loop and one clock.

#[path = "world/agents.rs"]
mod agents;
#[path = "world/callers.rs"]
mod callers;
#[path = "world/handover.rs"]
mod handover;
#[path = "world/legs.rs"]
mod legs;
#[path = "world/plan.rs"]
mod plan;
#[path = "world/speech.rs"]
mod speech;

use super::server::{self, Server};
use super::sip;
use super::voice::Voice;
use crate::due::Due;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use plan::Figures;
pub(crate) use plan::{Line, Plan, Witnessed};
use speech::{Lag, Leg};
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const CALLERS: Token = Token(0);
const AGENTS: Token = Token(1);
const FIRST_LEG: usize = 2;
const PACKET: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
struct Call {
    invited: Option<Instant>,
    answered: Option<Instant>,
    agent_invited: Option<Instant>,
    agent_answered: Option<Instant>,
    hears_agent: Option<Instant>,
    bye: Option<(Instant, String)>,
    over: bool,
    failed: bool,
    leg: Option<u32>,
    agent_leg: Option<u32>,
    /// A third party: colleague or supervisor.
    helper_leg: Option<u32>,
    interaction: String,
    last_ok: String,
    sent_before_talk: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Invite(usize),
    Resend(usize),
    Bye(usize),
    ResendBye(usize),
    Speak(u32),
    AgentAnswers(usize, String, SocketAddr),
    AgentHangsUp(usize, String, SocketAddr),
}

pub(crate) struct World {
    poll: Poll,
    callers: UdpSocket,
    agents: UdpSocket,
    server: SocketAddr,
    agent_count: usize,
    plan: Plan,
    calls: Vec<Call>,
    legs: Vec<Leg>,
    due: BinaryHeap<Due<What>>,
    by_number: HashMap<String, usize>,
    agent_calls: HashMap<String, usize>,
    start: Instant,
    status: std::path::PathBuf,
    pub(crate) figures: Figures,
    registered: std::collections::BTreeSet<usize>,
    /// Agents' places whose phones have a call.
    busy: HashSet<usize>,
    /// Since when an agent's place waits for a caller.
    ready: HashMap<usize, Instant>,
    /// What is said in calls that stand.
    voice: Option<Voice>,
    last_rss: Instant,
    lag: Lag,
}

fn bind() -> Result<UdpSocket, String> {
    bind_at(([127, 0, 0, 1], 0).into())
}

fn bind_at(address: SocketAddr) -> Result<UdpSocket, String> {
    UdpSocket::bind(address).map_err(|e| format!("{address}: {e}"))
}

impl World {
    pub(crate) fn new(server: &Server, plan: Plan) -> Result<Self, String> {
        Self::with_agents_at(server, plan, ([127, 0, 0, 1], 0).into())
    }

    /// Agents on an address of their own, so that their registrations outlive a wave.
    pub(crate) fn with_agents_at(
        server: &Server,
        plan: Plan,
        agents: SocketAddr,
    ) -> Result<Self, String> {
        let poll = Poll::new().map_err(|e| e.to_string())?;
        let mut callers = bind()?;
        let mut agents = bind_at(agents)?;
        let registry = poll.registry();
        registry
            .register(&mut callers, CALLERS, Interest::READABLE)
            .map_err(|e| e.to_string())?;
        registry
            .register(&mut agents, AGENTS, Interest::READABLE)
            .map_err(|e| e.to_string())?;
        Ok(Self {
            poll,
            callers,
            agents,
            server: server.sip,
            agent_count: server.agents,
            plan,
            calls: Vec::new(),
            legs: Vec::new(),
            due: BinaryHeap::new(),
            by_number: HashMap::new(),
            agent_calls: HashMap::new(),
            start: Instant::now(),
            status: server.status_file(),
            figures: Figures::default(),
            registered: std::collections::BTreeSet::new(),
            busy: HashSet::new(),
            ready: HashMap::new(),
            voice: plan.steady.then(Voice::default),
            last_rss: Instant::now(),
            lag: Lag::default(),
        })
    }

    fn schedule_calls(&mut self) {
        self.start = Instant::now();
        for call in 0..self.plan.calls as usize {
            let at = self.start + Duration::from_secs_f64(call as f64 / self.plan.cps as f64);
            self.calls.push(Call::default());
            self.by_number
                .insert(sip::number(self.plan.first + call), call);
            self.due.push(Due(at, What::Invite(call)));
        }
    }

    /// Runs until every call is over.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        self.schedule_calls();
        let limit = self.start
            + Duration::from_secs(60 + self.plan.calls / self.plan.cps.max(1))
            + self.plan.talk.unwrap_or_default();
        while !self.calls.iter().all(|call| call.over) {
            if Instant::now() > limit {
                break;
            }
            self.turn(Duration::from_millis(1))?;
        }
        // The last packets and BYEs of the server.
        for _ in 0..200 {
            self.turn(Duration::from_millis(1))?;
        }
        self.count();
        Ok(())
    }

    pub(crate) fn run_until_all_talk(&mut self, then: Duration) -> Result<(), String> {
        self.schedule_calls();
        let limit = Instant::now() + Duration::from_secs(60);
        while !self.calls.iter().all(|call| call.hears_agent.is_some()) {
            if Instant::now() > limit {
                return Err("not all calls were bridged within 60 s".to_owned());
            }
            self.turn(Duration::from_millis(1))?;
        }
        let until = Instant::now() + then;
        while Instant::now() < until {
            self.turn(Duration::from_millis(1))?;
        }
        Ok(())
    }

    /// Places the calls and goes on until `over` or for this long, whatever has happened by then.
    pub(crate) fn run_until(
        &mut self,
        limit: Duration,
        mut over: impl FnMut() -> bool,
    ) -> Result<(), String> {
        self.schedule_calls();
        let until = Instant::now() + limit;
        while Instant::now() < until && !over() {
            self.turn(Duration::from_millis(1))?;
        }
        Ok(())
    }

    /// Takes the answers that are still in the socket, and says nothing more.
    pub(crate) fn hear_last_answers(&mut self) {
        self.read_callers();
    }

    /// What the generator knows of each call.
    pub(crate) fn witnessed(&self) -> Vec<Witnessed> {
        let calls = self.calls.iter().enumerate();
        calls
            .map(|(call, state)| Witnessed {
                number: sip::number(self.plan.first + call),
                answered: state.answered.is_some(),
                talked: state.hears_agent.is_some(),
                sent: state.leg.map_or(0, |leg| self.legs[leg as usize].sent),
                before_talk: state.sent_before_talk,
                lag: self.lag.packets(),
            })
            .collect()
    }

    pub(crate) fn talking(&self) -> usize {
        self.calls
            .iter()
            .filter(|call| call.hears_agent.is_some() && !call.over)
            .count()
    }

    fn turn(&mut self, wait: Duration) -> Result<(), String> {
        let next = self.due.peek().map_or(wait, |due| {
            due.0.saturating_duration_since(Instant::now()).min(wait)
        });
        let mut events = Events::with_capacity(1024);
        match self.poll.poll(&mut events, Some(next)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(error.to_string());
            }
            _ => {}
        }
        for event in &events {
            match event.token() {
                CALLERS => self.read_callers(),
                AGENTS => self.read_agents(),
                Token(leg) => self.read_leg(leg - FIRST_LEG),
            }
        }
        let now = Instant::now();
        while self.due.peek().is_some_and(|due| due.0 <= now) {
            if let Some(Due(at, what)) = self.due.pop() {
                self.act(at, what)?;
            }
        }
        if now.duration_since(self.last_rss) > Duration::from_millis(500) {
            self.last_rss = now;
            self.figures.peak_rss_kb = self.figures.peak_rss_kb.max(server::rss_kb(&self.status));
        }
        Ok(())
    }

    fn act(&mut self, at: Instant, what: What) -> Result<(), String> {
        match what {
            What::Invite(call) => {
                let leg = self.new_leg()?;
                self.calls[call].leg = Some(leg);
                self.calls[call].invited = Some(Instant::now());
                self.send_invite(call, leg)?;
                self.due.push(Due(
                    Instant::now() + Duration::from_millis(500),
                    What::Resend(call),
                ));
            }
            What::Resend(call) => {
                let known = &self.calls[call];
                if known.answered.is_some() || known.over {
                    return Ok(());
                }
                if known
                    .invited
                    .is_some_and(|at| at.elapsed() > Duration::from_secs(15))
                {
                    self.calls[call].failed = true;
                    self.calls[call].over = true;
                    return Ok(());
                }
                self.figures.retransmissions += 1;
                if let Some(leg) = known.leg {
                    self.send_invite(call, leg)?;
                }
                self.due.push(Due(
                    Instant::now() + Duration::from_secs(1),
                    What::Resend(call),
                ));
            }
            What::Bye(call) => self.hang_up(call)?,
            What::ResendBye(call) => {
                if let (false, Some((since, bye))) =
                    (self.calls[call].over, self.calls[call].bye.clone())
                {
                    if since.elapsed() > Duration::from_secs(10) {
                        self.calls[call].failed = true;
                        self.calls[call].over = true;
                        return Ok(());
                    }
                    self.figures.retransmissions += 1;
                    send(&self.callers, &bye, self.server);
                    self.due.push(Due(
                        Instant::now() + Duration::from_secs(1),
                        What::ResendBye(call),
                    ));
                }
            }
            What::Speak(leg) => self.speak(leg, at),
            What::AgentAnswers(call, request, from) => self.agent_answers(call, &request, from)?,
            What::AgentHangsUp(call, request, from) => self.agent_hangs_up(call, &request, from),
        }
        Ok(())
    }

    fn count(&mut self) {
        self.figures.failed = self
            .calls
            .iter()
            .filter(|call| call.failed || !call.over)
            .count() as u64;
        for leg in self.legs.iter().filter(|leg| leg.peer.is_some()) {
            self.figures.packets += leg.heard.count;
            self.figures.missing += leg.heard.missing();
            self.figures.deaf += u64::from(leg.heard.count == 0 || leg.heard.foreign > 0);
            self.figures.gaps.push(leg.heard.largest_gap_ms);
        }
    }
}

fn send(socket: &UdpSocket, text: &str, to: SocketAddr) {
    let _ = socket.send_to(text.as_bytes(), to);
}
