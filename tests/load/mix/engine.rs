//! One loop, one clock, two sockets: all callers on one, all agents' phones on the other. Nobody speaks: what is proven here
//! is who was given to whom.

use super::call::{Call, Story};
use super::desk::{Desk, Told, Wish};
use super::phone::Phone;
use crate::dice::Dice;
use crate::due::Due;
use crate::sip::Received;
use crate::soak::text::Line;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const CALLERS: Token = Token(0);
const PHONES: Token = Token(1);
/// T1 of RFC 3261, and when a message without an answer counts as lost for good.
const AGAIN: Duration = Duration::from_millis(500);
const GIVE_UP: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    NewCall,
    Again(String),
    HangUp(usize),
    /// A command of the agent who has this call.
    Command(usize, &'static str),
    Answers(usize, String),
    Declines(usize, String, &'static str),
    PhoneHangsUp(usize, String),
}

/// A message that waits for its answer.
#[derive(Debug)]
struct Unanswered {
    text: String,
    way: Way,
    since: Instant,
    pause: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Caller,
    Phone,
}

/// What the generator counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) repeats: u64,
    /// Calls that a machine which was behind did not take.
    pub(crate) turned_away: u64,
    /// Commands by verb and status, and why the others were not carried out.
    pub(crate) commands: BTreeMap<(&'static str, u16), u64>,
    pub(crate) refusals: BTreeMap<String, u64>,
    pub(crate) faults: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Engine {
    poll: Poll,
    callers: UdpSocket,
    phones_socket: UdpSocket,
    /// Where everybody says that they hear; nobody listens.
    _deaf: std::net::UdpSocket,
    pub(crate) deaf_port: u16,
    lines: [Line; 2],
    pub(crate) server: SocketAddr,
    pub(crate) phones: Vec<Phone>,
    pub(crate) calls: Vec<Call>,
    /// Which call has an interaction, and which had a number last.
    pub(crate) interactions: HashMap<String, usize>,
    pub(crate) numbers: HashMap<String, usize>,
    pub(crate) standing: usize,
    /// So many calls are placed in all, one after the other by chance with this pause on average.
    pub(crate) wanted: usize,
    pub(crate) pause: Duration,
    due: BinaryHeap<Due<What>>,
    waiting: HashMap<String, Unanswered>,
    desk: Desk,
    pub(crate) dice: Dice,
    pub(crate) tally: Tally,
}

fn shown(error: std::io::Error) -> String {
    error.to_string()
}

impl Engine {
    pub(crate) fn new(server: SocketAddr, desk: Desk, phones: usize) -> Result<Self, String> {
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let poll = Poll::new().map_err(shown)?;
        let mut sockets = Vec::new();
        for token in [CALLERS, PHONES] {
            let mut socket = UdpSocket::bind(local).map_err(shown)?;
            poll.registry()
                .register(&mut socket, token, Interest::READABLE)
                .map_err(shown)?;
            sockets.push(socket);
        }
        let (Some(phones_socket), Some(callers)) = (sockets.pop(), sockets.pop()) else {
            return Err("no sockets".to_owned());
        };
        let line = |socket: &UdpSocket| {
            let own = socket.local_addr().map_err(shown)?;
            let transport = "UDP";
            Ok::<_, String>(Line { own, transport })
        };
        let deaf = std::net::UdpSocket::bind(local).map_err(shown)?;
        Ok(Self {
            lines: [line(&callers)?, line(&phones_socket)?],
            poll,
            callers,
            phones_socket,
            deaf_port: deaf.local_addr().map_err(shown)?.port(),
            _deaf: deaf,
            server,
            phones: (0..phones).map(|_| Phone::default()).collect(),
            calls: Vec::new(),
            interactions: HashMap::new(),
            numbers: HashMap::new(),
            standing: 0,
            wanted: 0,
            pause: Duration::from_millis(60),
            due: BinaryHeap::new(),
            waiting: HashMap::new(),
            desk,
            dice: Dice(0x317),
            tally: Tally::default(),
        })
    }

    pub(crate) fn line(&self, way: Way) -> Line {
        match way {
            Way::Caller => self.lines[0],
            Way::Phone => self.lines[1],
        }
    }

    pub(crate) fn at(&mut self, after: Duration, what: What) {
        self.due.push(Due(Instant::now() + after, what));
    }

    pub(crate) fn send(&mut self, way: Way, text: &str) {
        let socket = match way {
            Way::Caller => &self.callers,
            Way::Phone => &self.phones_socket,
        };
        // A full socket is a lost packet: it is sent again.
        let _ = socket.send_to(text.as_bytes(), self.server);
    }

    /// Sends until [`Engine::answered`] hears of it; `key` names what is waited for.
    pub(crate) fn send_until_answered(&mut self, way: Way, key: String, text: String) {
        self.send(way, &text);
        self.at(AGAIN, What::Again(key.clone()));
        let unanswered = Unanswered {
            text,
            way,
            since: Instant::now(),
            pause: AGAIN,
        };
        self.waiting.insert(key, unanswered);
    }

    pub(crate) fn answered(&mut self, key: &str) -> bool {
        self.waiting.remove(key).is_some()
    }

    fn again(&mut self, key: String) {
        let Some(waiting) = self.waiting.get_mut(&key) else {
            return;
        };
        if waiting.since.elapsed() > GIVE_UP {
            self.waiting.remove(&key);
            self.tally.faults.push(format!("no answer to {key}"));
            return;
        }
        waiting.pause = (waiting.pause * 2).min(Duration::from_secs(4));
        let (way, text, pause) = (waiting.way, waiting.text.clone(), waiting.pause);
        self.tally.repeats += 1;
        self.send(way, &text);
        self.at(pause, What::Again(key));
    }

    /// What the server did not live to answer is forgotten with it, and so is what it still had to say.
    pub(crate) fn forget_all(&mut self) {
        let mut buffer = [0u8; 4096];
        for socket in [&self.callers, &self.phones_socket] {
            while socket.recv_from(&mut buffer).is_ok() {}
        }
        while self.desk.told().is_some() {}
        self.due.clear();
        self.waiting.clear();
        self.interactions.clear();
        for call in self.calls.iter_mut().filter(|call| !call.over) {
            (call.over, call.cut) = (true, true);
        }
        self.standing = 0;
        for phone in &mut self.phones {
            phone.talk = None;
        }
    }

    /// Places calls from now on.
    pub(crate) fn begin(&mut self) {
        self.at(Duration::ZERO, What::NewCall);
    }

    /// Goes on until `done` says so, or the limit; says which.
    pub(crate) fn run_until(
        &mut self,
        limit: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> Result<bool, String> {
        let until = Instant::now() + limit;
        let mut events = Events::with_capacity(64);
        while !done(self) {
            if Instant::now() > until {
                return Ok(false);
            }
            self.turn(&mut events)?;
        }
        Ok(true)
    }

    fn turn(&mut self, events: &mut Events) -> Result<(), String> {
        match self.poll.poll(events, Some(Duration::from_millis(2))) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(error.to_string());
            }
            _ => {}
        }
        let mut buffer = [0u8; 4096];
        while let Ok((length, _)) = self.callers.recv_from(&mut buffer) {
            if let Some(message) = Received::new(&buffer[..length]) {
                self.caller_hears(&message);
            }
        }
        while let Ok((length, _)) = self.phones_socket.recv_from(&mut buffer) {
            if let Some(message) = Received::new(&buffer[..length]) {
                self.phone_hears(&message);
            }
        }
        while let Some(told) = self.desk.told() {
            self.was_told(&told);
        }
        let now = Instant::now();
        while self.due.peek().is_some_and(|due| due.0 <= now) {
            if let Some(Due(_, what)) = self.due.pop() {
                self.act(what);
            }
        }
        Ok(())
    }

    fn act(&mut self, what: What) {
        match what {
            What::NewCall => self.next_call(),
            What::Again(key) => self.again(key),
            What::HangUp(call) => self.hang_up(call),
            What::Command(call, verb) => self.command(call, verb),
            What::Answers(phone, id) => self.answers(phone, &id),
            What::Declines(phone, id, status) => self.declines(phone, &id, status),
            What::PhoneHangsUp(phone, id) => self.phone_hangs_up(phone, &id),
        }
    }

    fn next_call(&mut self) {
        if self.calls.len() >= self.wanted {
            return;
        }
        let story = Story::chosen(self.dice.roll(100));
        self.new_call(story);
        let pause = self.dice.exponential(self.pause);
        self.at(pause, What::NewCall);
    }

    /// The agent of this call asks for something, if there is one still.
    fn command(&mut self, place: usize, verb: &'static str) {
        let call = &self.calls[place];
        if call.over || call.phone.is_none() {
            return;
        }
        let interaction = call.interaction.clone();
        let other = self.colleague();
        let (verb, body) = match verb {
            "to queue" => {
                let queue = ["sales", "support", "crowd"][self.dice.roll(3) as usize];
                ("transfer", format!(r#"{{"to":{{"queue":"{queue}"}}}}"#))
            }
            "transfer" | "consult" => (verb, format!(r#"{{"to":{{"agent":"a{other}"}}}}"#)),
            _ => (verb, String::new()),
        };
        let wish = Wish {
            call: place,
            verb,
            interaction,
            body,
        };
        if !self.desk.ask(wish) {
            self.tally.faults.push("the desk is overrun".to_owned());
        }
    }

    /// One whose phone is free, if a few looks find any.
    fn colleague(&mut self) -> usize {
        let all = self.phones.len() as u64;
        let mut other = 0;
        for _ in 0..10 {
            other = self.dice.roll(all) as usize;
            if self.phones[other].talk.is_none() {
                break;
            }
        }
        other
    }

    fn was_told(&mut self, told: &Told) {
        *self
            .tally
            .commands
            .entry((told.verb, told.status))
            .or_default() += 1;
        if !told.why.is_empty() {
            *self.tally.refusals.entry(told.why.clone()).or_default() += 1;
        }
        // 404, 409 and 503 are answers too: the call was over, the colleague had another, the machine was behind.
        if !matches!(told.status, 0 | 204 | 404 | 409 | 503) {
            let fault = format!("{} was answered with {}", told.verb, told.status);
            self.tally.faults.push(fault);
        }
        let rings = told.verb == "consult" && told.status == 204;
        // Some hand the caller on before the colleague has answered.
        if rings && self.dice.roll(100) < 20 {
            let soon = self.dice.ms(1, 60);
            self.at(soon, What::Command(told.call, "complete"));
        }
    }
}
