//! One loop, one clock: sockets, timers, speech, and requests that are sent again until they are answered.

use super::agent::Agent;
use super::call::Call;
use super::text::{self, Line};
use crate::dice::Dice;
use crate::due::Due;
use crate::rtp::{self, Heard, Mark};
use crate::sip::Received;
use mio::net::{TcpStream, UdpSocket};
use mio::{Events, Interest, Poll, Token};
use std::collections::{BinaryHeap, HashMap};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const CALLERS: Token = Token(0);
const AGENTS: Token = Token(1);
/// The token of the first agent's connection, and of the first leg's RTP socket.
const FIRST_STREAM: usize = 2;
const FIRST_LEG: usize = 10_000;
const PACKET: Duration = Duration::from_millis(20);
/// Between two rounds; packets that come meanwhile wait in their sockets.
const ROUND: Duration = Duration::from_millis(2);
/// T1 of RFC 3261, and when a message without an answer counts as lost for good.
const AGAIN: Duration = Duration::from_millis(500);
const GIVE_UP: Duration = Duration::from_secs(30);

/// One end of the speech.
#[derive(Debug)]
pub(crate) struct Leg {
    socket: UdpSocket,
    pub(crate) remote: Option<SocketAddr>,
    sent: u32,
    pub(crate) heard: Heard,
    /// Whose speech this leg must hear.
    pub(crate) peer: Option<u32>,
    /// The call of the caller whose leg this is.
    pub(crate) call: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    NewCall,
    Again(String),
    Speak(u32),
    Press(usize, u8),
    Key(u32, u8, u16),
    HangUp(usize),
    Cancel(usize),
    AgentAnswers(usize, String),
    AgentDeclines(usize, String),
    AgentHangsUp(usize, String),
    Chore(usize),
    Register(usize),
    Dial(usize, &'static str),
}

/// A message that waits for its answer.
#[derive(Debug)]
struct Unanswered {
    text: String,
    way: Way,
    since: Instant,
    pause: Duration,
}

/// Which socket a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Caller,
    Agent(usize),
}

/// What is counted for the report.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) repeats: u64,
    pub(crate) packets: u64,
    pub(crate) missing: u64,
    pub(crate) offers: u64,
    pub(crate) declined: u64,
    pub(crate) unanswered: u64,
    pub(crate) registrations: u64,
    pub(crate) connections: u64,
    pub(crate) codes: u64,
    pub(crate) faults: Vec<String>,
    /// Calls standing, summed over looks, and the looks.
    pub(crate) standing: (u64, u64),
}

/// A connection of an agent's phone.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: TcpStream,
    own: SocketAddr,
    read: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Engine {
    poll: Poll,
    callers: UdpSocket,
    agent_socket: UdpSocket,
    caller_line: Line,
    agent_line: Line,
    pub(crate) server: SocketAddr,
    pub(crate) streams: HashMap<usize, Stream>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) calls: Vec<Call>,
    pub(crate) standing: usize,
    pub(crate) stopping: bool,
    pub(crate) legs: HashMap<u32, Leg>,
    last_leg: u32,
    due: BinaryHeap<Due<What>>,
    waiting: HashMap<String, Unanswered>,
    pub(crate) dice: Dice,
    pub(crate) tally: Tally,
    pub(crate) begun: Instant,
}

fn shown(error: std::io::Error) -> String {
    error.to_string()
}

fn bind() -> Result<UdpSocket, String> {
    UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).map_err(shown)
}

impl Engine {
    pub(crate) fn new(server: SocketAddr, agents: Vec<Agent>) -> Result<Self, String> {
        let poll = Poll::new().map_err(shown)?;
        let (mut callers, mut agent_socket) = (bind()?, bind()?);
        let registry = poll.registry();
        registry
            .register(&mut callers, CALLERS, Interest::READABLE)
            .map_err(shown)?;
        registry
            .register(&mut agent_socket, AGENTS, Interest::READABLE)
            .map_err(shown)?;
        let line = |socket: &UdpSocket| {
            let own = socket.local_addr().map_err(shown)?;
            let transport = "UDP";
            Ok::<_, String>(Line { own, transport })
        };
        Ok(Self {
            caller_line: line(&callers)?,
            agent_line: line(&agent_socket)?,
            poll,
            callers,
            agent_socket,
            server,
            streams: HashMap::new(),
            agents,
            calls: Vec::new(),
            standing: 0,
            stopping: false,
            legs: HashMap::new(),
            last_leg: 0,
            due: BinaryHeap::new(),
            waiting: HashMap::new(),
            dice: Dice(0x50ac),
            tally: Tally::default(),
            begun: Instant::now(),
        })
    }

    /// How this way writes its Via and Contact.
    pub(crate) fn line(&self, way: Way) -> Line {
        match way {
            Way::Caller => self.caller_line,
            Way::Agent(agent) if !self.agents[agent].tcp => self.agent_line,
            Way::Agent(agent) => Line {
                own: self
                    .streams
                    .get(&agent)
                    .map_or(self.agent_line.own, |s| s.own),
                transport: "TCP",
            },
        }
    }

    pub(crate) fn at(&mut self, after: Duration, what: What) {
        self.due.push(Due(Instant::now() + after, what));
    }

    /// Sends once; what a stream does not take is a fault, because these messages are small.
    pub(crate) fn send(&mut self, way: Way, text: &str) {
        let sent = match way {
            Way::Caller => self.callers.send_to(text.as_bytes(), self.server),
            Way::Agent(agent) if self.agents[agent].tcp => match self.streams.get_mut(&agent) {
                Some(stream) => stream.socket.write(text.as_bytes()),
                None => return,
            },
            Way::Agent(_) => self.agent_socket.send_to(text.as_bytes(), self.server),
        };
        if sent.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock) {
            self.tally.faults.push("a socket was full".to_owned());
        }
    }

    /// Sends until [`Engine::answered`] hears of it; `key` names what is waited for.
    pub(crate) fn send_until_answered(&mut self, way: Way, key: String, text: String) {
        self.send(way, &text);
        let since = Instant::now();
        self.at(AGAIN, What::Again(key.clone()));
        let unanswered = Unanswered {
            text,
            way,
            since,
            pause: AGAIN,
        };
        self.waiting.insert(key, unanswered);
    }

    pub(crate) fn answered(&mut self, key: &str) {
        self.waiting.remove(key);
    }

    /// Forgets what waits on an agent's connection that was closed.
    pub(crate) fn forget(&mut self, way: Way) {
        self.waiting.retain(|_, waiting| waiting.way != way);
    }

    fn again(&mut self, key: String) {
        let Some(waiting) = self.waiting.get_mut(&key) else {
            return;
        };
        if waiting.since.elapsed() > GIVE_UP {
            let fault = format!("no answer to {key}");
            self.waiting.remove(&key);
            self.tally.faults.push(fault);
            return;
        }
        waiting.pause = (waiting.pause * 2).min(Duration::from_secs(4));
        let (way, text, pause) = (waiting.way, waiting.text.clone(), waiting.pause);
        // A stream loses nothing.
        if !matches!(way, Way::Agent(agent) if self.agents[agent].tcp) {
            self.tally.repeats += 1;
            self.send(way, &text);
        }
        self.at(pause, What::Again(key));
    }

    /// A socket for speech; its number is in every packet.
    pub(crate) fn open_leg(&mut self, call: Option<usize>) -> Result<(u32, u16), String> {
        let mut socket = bind()?;
        let port = socket.local_addr().map_err(shown)?.port();
        self.last_leg += 1;
        let token = Token(FIRST_LEG + self.last_leg as usize);
        self.poll
            .registry()
            .register(&mut socket, token, Interest::READABLE)
            .map_err(shown)?;
        let leg = Leg {
            socket,
            remote: None,
            sent: 0,
            heard: Heard::default(),
            peer: None,
            call,
        };
        self.legs.insert(self.last_leg, leg);
        Ok((self.last_leg, port))
    }

    pub(crate) fn speak_to(&mut self, leg: u32, remote: Option<SocketAddr>) {
        if let Some(state) = self.legs.get_mut(&leg) {
            state.remote = remote;
            // Spread over the 20 ms, so that legs do not send in one burst.
            self.at(Duration::from_millis(u64::from(leg) % 20), What::Speak(leg));
        }
    }

    pub(crate) fn close_leg(&mut self, leg: u32) {
        let Some(mut leg) = self.legs.remove(&leg) else {
            return;
        };
        let _ = self.poll.registry().deregister(&mut leg.socket);
        if leg.peer.is_some() {
            self.tally.packets += leg.heard.count;
            self.tally.missing += leg.heard.missing();
        }
    }

    /// Opens an agent's connection, or opens it anew.
    pub(crate) fn connect(&mut self, agent: usize) -> Result<(), String> {
        self.disconnect(agent);
        let stream = std::net::TcpStream::connect(self.server).map_err(shown)?;
        stream.set_nonblocking(true).map_err(shown)?;
        let own = stream.local_addr().map_err(shown)?;
        let mut socket = TcpStream::from_std(stream);
        self.poll
            .registry()
            .register(&mut socket, Token(FIRST_STREAM + agent), Interest::READABLE)
            .map_err(shown)?;
        let read = Vec::new();
        self.streams.insert(agent, Stream { socket, own, read });
        self.tally.connections += 1;
        Ok(())
    }

    pub(crate) fn disconnect(&mut self, agent: usize) {
        if let Some(mut old) = self.streams.remove(&agent) {
            let _ = self.poll.registry().deregister(&mut old.socket);
            self.forget(Way::Agent(agent));
        }
    }

    /// Goes on until `done` says so, or the limit.
    pub(crate) fn run_until(
        &mut self,
        limit: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> Result<bool, String> {
        let until = Instant::now() + limit;
        let mut events = Events::with_capacity(1024);
        while !done(self) {
            if Instant::now() > until {
                return Ok(false);
            }
            self.turn(&mut events)?;
        }
        Ok(true)
    }

    fn turn(&mut self, events: &mut Events) -> Result<(), String> {
        match self.poll.poll(events, Some(ROUND)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(error.to_string());
            }
            _ => {}
        }
        for event in &*events {
            match event.token() {
                CALLERS => self.read_callers()?,
                AGENTS => self.read_agents()?,
                Token(leg @ FIRST_LEG..) => self.read_leg((leg - FIRST_LEG) as u32),
                Token(stream) => self.read_stream(stream - FIRST_STREAM)?,
            }
        }
        let now = Instant::now();
        while self.due.peek().is_some_and(|due| due.0 <= now) {
            if let Some(Due(at, what)) = self.due.pop() {
                self.act(at, what)?;
            }
        }
        self.tally.standing.0 += self.standing as u64;
        self.tally.standing.1 += 1;
        std::thread::sleep(ROUND);
        Ok(())
    }

    fn act(&mut self, at: Instant, what: What) -> Result<(), String> {
        match what {
            What::NewCall => self.new_call()?,
            What::Again(key) => self.again(key),
            What::Speak(leg) => self.speak(leg, at),
            What::Press(call, key) => {
                if let Some(leg) = self.calls[call].leg {
                    self.key(leg, key, 0);
                }
            }
            What::Key(leg, key, step) => self.key(leg, key, step),
            What::HangUp(call) => self.hang_up(call),
            What::Cancel(call) => self.cancel(call),
            What::AgentAnswers(agent, id) => self.agent_answers(agent, &id)?,
            What::AgentDeclines(agent, id) => self.agent_declines(agent, &id),
            What::AgentHangsUp(agent, id) => self.agent_hangs_up(agent, &id),
            What::Chore(agent) => self.chore(agent)?,
            What::Register(agent) => self.register(agent, 3600)?,
            What::Dial(agent, code) => self.dial(agent, code)?,
        }
        Ok(())
    }

    fn speak(&mut self, leg: u32, at: Instant) {
        let sent_us = self.begun.elapsed().as_micros() as u64;
        let Some(state) = self.legs.get_mut(&leg) else {
            return;
        };
        let Some(remote) = state.remote else { return };
        let number = state.sent;
        let mark = Mark {
            leg,
            number,
            sent_us,
        };
        state.sent += 1;
        let packet = rtp::packet(mark, number == 0);
        let _ = state.socket.send_to(&packet, remote);
        self.due.push(Due(at + PACKET, What::Speak(leg)));
    }

    /// A key by RFC 4733: five packets of the press, three of its end.
    fn key(&mut self, leg: u32, key: u8, step: u16) {
        let Some(state) = self.legs.get_mut(&leg) else {
            return;
        };
        let Some(remote) = state.remote else { return };
        let packet = rtp::key(leg, state.sent, key, step);
        state.sent += 1;
        let _ = state.socket.send_to(&packet, remote);
        if step < 7 {
            self.at(PACKET, What::Key(leg, key, step + 1));
        }
    }

    fn read_leg(&mut self, leg: u32) {
        let mut buffer = [0u8; 2048];
        let now = Instant::now();
        let Some(state) = self.legs.get_mut(&leg) else {
            return;
        };
        let mut first = false;
        while let Ok((length, _)) = state.socket.recv_from(&mut buffer) {
            let Some(mark) = rtp::read(&buffer[..length]) else {
                continue;
            };
            if Some(mark.leg) == state.peer {
                first |= state.heard.first.is_none();
                state.heard.take(mark, now);
            } else {
                state.heard.foreign += 1;
            }
        }
        let (call, foreign) = (state.call, std::mem::take(&mut state.heard.foreign));
        if foreign > 0 {
            let fault = format!("leg {leg} heard {foreign} packets of a stranger");
            self.tally.faults.push(fault);
        }
        if let (true, Some(call)) = (first, call) {
            self.hears_agent(call);
        }
    }

    fn read_callers(&mut self) -> Result<(), String> {
        let mut buffer = [0u8; 4096];
        while let Ok((length, _)) = self.callers.recv_from(&mut buffer) {
            if let Some(message) = Received::new(&buffer[..length]) {
                self.caller_hears(&message)?;
            }
        }
        Ok(())
    }

    fn read_agents(&mut self) -> Result<(), String> {
        let mut buffer = [0u8; 4096];
        while let Ok((length, _)) = self.agent_socket.recv_from(&mut buffer) {
            let Some(message) = Received::new(&buffer[..length]) else {
                continue;
            };
            if let Some(agent) = self.agent_of(&message) {
                self.agent_hears(agent, &message)?;
            }
        }
        Ok(())
    }

    fn read_stream(&mut self, agent: usize) -> Result<(), String> {
        let Some(stream) = self.streams.get_mut(&agent) else {
            return Ok(());
        };
        let mut buffer = [0u8; 4096];
        let ended = loop {
            match stream.socket.read(&mut buffer) {
                Ok(0) => break true,
                Ok(length) => stream.read.extend_from_slice(&buffer[..length]),
                Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
            }
        };
        if ended {
            let fault = format!("the server closed the connection of agent {agent}");
            self.tally.faults.push(fault);
            self.disconnect(agent);
            return Ok(());
        }
        let mut messages = Vec::new();
        while let Some(message) = text::take_message(&mut stream.read) {
            messages.push(message);
        }
        for bytes in messages {
            if let Some(message) = Received::new(&bytes) {
                self.agent_hears(agent, &message)?;
            }
        }
        Ok(())
    }
}
