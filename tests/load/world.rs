//! Callers and agents in one loop and one clock.

use super::rtp::{self, Heard, Mark};
use super::server::Server;
use super::sip::{self, Received};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const CALLERS: Token = Token(0);
const AGENTS: Token = Token(1);
const FIRST_LEG: usize = 2;
const PACKET: Duration = Duration::from_millis(20);

/// One call as the generator saw it.
#[derive(Clone, Debug)]
pub(crate) struct Witnessed {
    /// The caller's number.
    pub(crate) number: String,
    /// A 200 came.
    pub(crate) answered: bool,
    /// The caller heard the agent.
    pub(crate) talked: bool,
    /// Packets the caller had sent in all.
    pub(crate) sent: u32,
    /// Packets the caller had sent before hearing the agent.
    pub(crate) before_talk: u32,
}

impl Witnessed {
    /// Packets that the caller has sent since hearing the agent; none without a talk.
    pub(crate) fn talked_for(&self) -> u32 {
        if self.talked {
            self.sent.saturating_sub(self.before_talk)
        } else {
            0
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) cps: u64,
    pub(crate) calls: u64,
    /// Talk this long after first hearing the agent; none: BYE 1 s after the answer.
    pub(crate) talk: Option<Duration>,
    /// Added to a call's place in its caller's number, so that waves on one folder are told apart.
    pub(crate) first: usize,
}

impl Plan {
    pub(crate) fn answer_only(cps: u64, calls: u64) -> Self {
        Self {
            cps,
            calls,
            talk: None,
            first: 0,
        }
    }
    pub(crate) fn talk(cps: u64, calls: u64, talk: Duration) -> Self {
        Self {
            cps,
            calls,
            talk: Some(talk),
            first: 0,
        }
    }
}

/// One end of the speech.
#[derive(Debug)]
struct Leg {
    socket: UdpSocket,
    remote: Option<SocketAddr>,
    sent: u32,
    heard: Heard,
    peer: Option<u32>,
}

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
    last_ok: String,
    sent_before_talk: u32,
}

/// Something to do at a time; the earliest is popped first.
#[derive(Debug, PartialEq, Eq)]
struct Due(Instant, What);

#[derive(Debug, PartialEq, Eq)]
enum What {
    Invite(usize),
    Resend(usize),
    Bye(usize),
    ResendBye(usize),
    Speak(u32),
    AgentAnswers(usize, String, SocketAddr),
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.cmp(&self.0)
    }
}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Times in ms, as the report wants them.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) setup: Vec<f64>,
    pub(crate) queue_to_invite: Vec<f64>,
    pub(crate) answer_to_audio: Vec<f64>,
    pub(crate) one_way: Vec<f64>,
    pub(crate) gaps: Vec<f64>,
    pub(crate) retransmissions: u64,
    pub(crate) failed: u64,
    pub(crate) done: u64,
    pub(crate) packets: u64,
    pub(crate) missing: u64,
    pub(crate) deaf: u64,
    pub(crate) call_seconds: f64,
    pub(crate) peak_rss_kb: f64,
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
    due: BinaryHeap<Due>,
    by_number: HashMap<String, usize>,
    agent_calls: HashMap<String, usize>,
    start: Instant,
    status: std::path::PathBuf,
    pub(crate) figures: Figures,
    registered: usize,
    last_rss: Instant,
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
            registered: 0,
            last_rss: Instant::now(),
        })
    }

    pub(crate) fn register_agents(&mut self) -> Result<(), String> {
        let own = self.agents.local_addr().map_err(|e| e.to_string())?;
        for agent in 0..self.agent_count {
            send(
                &self.agents,
                &sip::register(self.server, own, (agent, self.plan.first), None),
                self.server,
            );
            if agent % 20 == 19 {
                self.turn(Duration::from_millis(20))?;
            }
        }
        let until = Instant::now() + Duration::from_secs(10);
        while self.registered < self.agent_count {
            if Instant::now() > until {
                return Err(format!(
                    "{} of {} agents registered",
                    self.registered, self.agent_count
                ));
            }
            self.turn(Duration::from_millis(50))?;
        }
        Ok(())
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
            self.figures.peak_rss_kb = self
                .figures
                .peak_rss_kb
                .max(super::server::rss_kb(&self.status));
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
        }
        Ok(())
    }

    fn send_invite(&mut self, call: usize, leg: u32) -> Result<(), String> {
        let own = self.callers.local_addr().map_err(|e| e.to_string())?;
        let port = self.legs[leg as usize]
            .socket
            .local_addr()
            .map_err(|e| e.to_string())?
            .port();
        send(
            &self.callers,
            &sip::invite(self.server, own, self.plan.first + call, port),
            self.server,
        );
        Ok(())
    }

    fn hang_up(&mut self, call: usize) -> Result<(), String> {
        if self.calls[call].over || self.calls[call].bye.is_some() {
            return Ok(());
        }
        let own = self.callers.local_addr().map_err(|e| e.to_string())?;
        let ok = std::mem::take(&mut self.calls[call].last_ok);
        let Some(ok) = Received::new(ok.as_bytes()) else {
            return Ok(());
        };
        let bye = sip::in_dialog("BYE", 2, &ok, own, self.plan.first + call);
        send(&self.callers, &bye, self.server);
        if let Some(since) = self.calls[call].answered {
            self.figures.call_seconds += since.elapsed().as_secs_f64();
        }
        for leg in [self.calls[call].leg, self.calls[call].agent_leg]
            .into_iter()
            .flatten()
        {
            self.legs[leg as usize].remote = None;
        }
        self.calls[call].bye = Some((Instant::now(), bye));
        self.due.push(Due(
            Instant::now() + Duration::from_millis(500),
            What::ResendBye(call),
        ));
        Ok(())
    }

    fn speak(&mut self, leg: u32, at: Instant) {
        let sent_us = self.start.elapsed().as_micros() as u64;
        let state = &mut self.legs[leg as usize];
        let Some(remote) = state.remote else { return };
        let packet = rtp::packet(
            Mark {
                leg,
                number: state.sent,
                sent_us,
            },
            state.sent == 0,
        );
        state.sent += 1;
        let _ = state.socket.send_to(&packet, remote);
        self.due.push(Due(at + PACKET, What::Speak(leg)));
    }

    fn new_leg(&mut self) -> Result<u32, String> {
        let mut socket = bind()?;
        let token = Token(FIRST_LEG + self.legs.len());
        self.poll
            .registry()
            .register(&mut socket, token, Interest::READABLE)
            .map_err(|e| e.to_string())?;
        self.legs.push(Leg {
            socket,
            remote: None,
            sent: 0,
            heard: Heard::default(),
            peer: None,
        });
        Ok(self.legs.len() as u32 - 1)
    }

    fn read_callers(&mut self) {
        let mut buffer = [0u8; 4096];
        while let Ok((length, _)) = self.callers.recv_from(&mut buffer) {
            let Some(message) = Received::new(&buffer[..length]) else {
                continue;
            };
            let Some(call) = message
                .user("From")
                .and_then(|user| self.by_number.get(user).copied())
            else {
                self.read_bye_from_server(&message);
                continue;
            };
            match (message.status(), message.cseq_method()) {
                (Some(200), "INVITE") => self.caller_answered(call, &message),
                (Some(200), "BYE") if !self.calls[call].over => {
                    self.calls[call].over = true;
                    self.figures.done += 1;
                }
                (Some(400..), "INVITE") => {
                    self.calls[call].failed = true;
                    self.calls[call].over = true;
                }
                _ => {}
            }
        }
    }

    /// The server hung up on a caller: that is a failure in these workloads.
    fn read_bye_from_server(&mut self, message: &Received<'_>) {
        if message.method() != "BYE" {
            return;
        }
        let Ok(own) = self.callers.local_addr() else {
            return;
        };
        send(
            &self.callers,
            &sip::respond(message, "200 OK", own, "", ""),
            self.server,
        );
        if let Some(call) = message
            .user("To")
            .and_then(|user| self.by_number.get(user).copied())
            && !self.calls[call].over
        {
            self.calls[call].over = true;
            self.calls[call].failed = true;
        }
    }

    fn caller_answered(&mut self, call: usize, ok: &Received<'_>) {
        let Ok(own) = self.callers.local_addr() else {
            return;
        };
        send(
            &self.callers,
            &sip::in_dialog("ACK", 1, ok, own, self.plan.first + call),
            self.server,
        );
        if self.calls[call].answered.is_some() {
            self.figures.retransmissions += 1;
            return;
        }
        let now = Instant::now();
        let state = &mut self.calls[call];
        state.answered = Some(now);
        state.last_ok = ok.text().to_owned();
        if let Some(invited) = state.invited {
            self.figures
                .setup
                .push(now.duration_since(invited).as_secs_f64() * 1e3);
        }
        let leg = state.leg;
        if self.plan.talk.is_none() {
            self.due
                .push(Due(now + Duration::from_secs(1), What::Bye(call)));
        } else if let Some(leg) = leg {
            self.begin_to_speak(leg, ok.audio(), now);
        }
    }

    fn begin_to_speak(&mut self, leg: u32, remote: Option<SocketAddr>, now: Instant) {
        self.legs[leg as usize].remote = remote;
        // Spread over the 20 ms, so that legs do not send in one burst.
        self.due.push(Due(
            now + Duration::from_millis(u64::from(leg) % 20),
            What::Speak(leg),
        ));
    }

    fn read_agents(&mut self) {
        let mut buffer = [0u8; 4096];
        while let Ok((length, from)) = self.agents.recv_from(&mut buffer) {
            let Some(message) = Received::new(&buffer[..length]) else {
                continue;
            };
            let Ok(own) = self.agents.local_addr() else {
                continue;
            };
            match (message.status(), message.cseq_method()) {
                (Some(401), "REGISTER") => {
                    let agent = message
                        .user("To")
                        .and_then(|user| user.parse::<usize>().ok());
                    if let (Some(agent), Some(challenge)) =
                        (agent, message.header("WWW-Authenticate"))
                    {
                        send(
                            &self.agents,
                            &sip::register(
                                self.server,
                                own,
                                (agent - 10_000, self.plan.first),
                                Some(challenge),
                            ),
                            self.server,
                        );
                    }
                }
                (Some(200), "REGISTER") => self.registered += 1,
                (None, "INVITE") => self.agent_invited(&message, own, from),
                (None, "BYE" | "CANCEL") => send(
                    &self.agents,
                    &sip::respond(&message, "200 OK", own, "", ""),
                    from,
                ),
                _ => {}
            }
        }
    }

    fn agent_invited(&mut self, invite: &Received<'_>, own: SocketAddr, from: SocketAddr) {
        let Some(call) = invite
            .user("From")
            .and_then(|user| self.by_number.get(user).copied())
        else {
            return;
        };
        let id = invite.header("Call-ID").unwrap_or_default().to_owned();
        if self.agent_calls.insert(id, call).is_some() {
            self.figures.retransmissions += 1;
            return;
        }
        let now = Instant::now();
        self.calls[call].agent_invited = Some(now);
        if let Some(answered) = self.calls[call].answered {
            self.figures
                .queue_to_invite
                .push(now.duration_since(answered).as_secs_f64() * 1e3 - 1000.0);
        }
        send(
            &self.agents,
            &sip::respond(invite, "180 Ringing", own, &format!("a{call}"), ""),
            from,
        );
        let request = invite.text().to_owned();
        self.due.push(Due(
            now + Duration::from_millis(100),
            What::AgentAnswers(call, request, from),
        ));
    }

    fn agent_answers(
        &mut self,
        call: usize,
        request: &str,
        from: SocketAddr,
    ) -> Result<(), String> {
        let leg = self.new_leg()?;
        let own = self.agents.local_addr().map_err(|e| e.to_string())?;
        let port = self.legs[leg as usize]
            .socket
            .local_addr()
            .map_err(|e| e.to_string())?
            .port();
        let Some(invite) = Received::new(request.as_bytes()) else {
            return Ok(());
        };
        let now = Instant::now();
        send(
            &self.agents,
            &sip::respond(&invite, "200 OK", own, &format!("a{call}"), &sip::sdp(port)),
            from,
        );
        self.calls[call].agent_answered = Some(now);
        self.calls[call].agent_leg = Some(leg);
        let customer = self.calls[call].leg;
        self.legs[leg as usize].peer = customer;
        if let Some(customer) = customer {
            self.legs[customer as usize].peer = Some(leg);
        }
        self.begin_to_speak(leg, invite.audio(), now);
        Ok(())
    }

    fn read_leg(&mut self, leg: usize) {
        let mut buffer = [0u8; 2048];
        let now_us = self.start.elapsed().as_micros() as u64;
        let now = Instant::now();
        let mut heard_first = false;
        let Some(state) = self.legs.get_mut(leg) else {
            return;
        };
        while let Ok((length, _)) = state.socket.recv_from(&mut buffer) {
            let Some(mark) = rtp::read(&buffer[..length]) else {
                continue;
            };
            if Some(mark.leg) != state.peer {
                state.heard.foreign += 1;
                continue;
            }
            heard_first |= state.heard.first.is_none();
            state.heard.take(mark, now);
            self.figures
                .one_way
                .push(now_us.saturating_sub(mark.sent_us) as f64 / 1e3);
        }
        if heard_first {
            self.hears(leg as u32, now);
        }
    }

    fn hears(&mut self, leg: u32, now: Instant) {
        let Some(call) = self.calls.iter().position(|call| call.leg == Some(leg)) else {
            return;
        };
        self.calls[call].hears_agent = Some(now);
        self.calls[call].sent_before_talk = self.legs[leg as usize].sent;
        if let Some(answered) = self.calls[call].agent_answered {
            self.figures
                .answer_to_audio
                .push(now.duration_since(answered).as_secs_f64() * 1e3);
        }
        if let Some(talk) = self.plan.talk {
            self.due.push(Due(now + talk, What::Bye(call)));
        }
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
