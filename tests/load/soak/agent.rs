//! The agents' phones, on UDP and on TCP: they ring, answer, decline, let it ring, register again, come back over a new
//! connection, and dial feature codes.

use super::engine::{Engine, Way, What};
use super::site::{TCP_AGENTS, UDP_AGENTS};
use super::text::Ask;
use crate::sip::{self, Received};
use std::net::SocketAddr;
use std::time::Duration;

const DOMAIN: &str = "cordboard.localhost";

/// One phone.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) tcp: bool,
    /// Counts everything the phone begins, so that no branch and no Call-ID comes twice.
    serial: u64,
    pub(crate) registered: bool,
    register: Option<Ask>,
    talk: Option<Talk>,
    code: Option<Code>,
}

/// A caller who is offered to, or talks with, this phone.
#[derive(Debug)]
struct Talk {
    id: String,
    invite: String,
    call: usize,
    leg: Option<u32>,
    ended: bool,
}

/// A feature code that was dialled.
#[derive(Debug)]
struct Code {
    invite: Ask,
    leg: u32,
    code: &'static str,
}

/// The phones of the site, in the order of their extensions.
pub(crate) fn phones() -> Vec<Agent> {
    (0..UDP_AGENTS + TCP_AGENTS)
        .map(|agent| Agent {
            tcp: agent >= UDP_AGENTS,
            serial: 0,
            registered: false,
            register: None,
            talk: None,
            code: None,
        })
        .collect()
}

impl Engine {
    /// Whose message it is that came to the socket all agents on UDP share.
    pub(crate) fn agent_of(&self, message: &Received<'_>) -> Option<usize> {
        let named = match message.status() {
            Some(_) => message.user("From"),
            None => message.user("To"),
        };
        let place = named?.parse::<usize>().ok()?.checked_sub(10_000)?;
        (place < self.agents.len()).then_some(place)
    }

    fn ask(&mut self, agent: usize, method: &'static str, to: &str) -> Ask {
        self.agents[agent].serial += 1;
        let serial = self.agents[agent].serial;
        let (user, line) = (sip::extension(agent), self.line(Way::Agent(agent)));
        let run = std::process::id();
        Ask {
            method,
            uri: to.to_owned(),
            branch: format!("a{agent}x{serial}x{run}"),
            from: format!("<sip:{user}@{DOMAIN}>;tag=a{agent}x{serial}"),
            to: format!("<{to}>"),
            call_id: format!("agent-{agent}-{serial}-{run}"),
            cseq: 1,
            contact: contact(agent, self.agents[agent].tcp, line.own),
            extra: String::new(),
            body: String::new(),
        }
    }

    pub(crate) fn register(&mut self, agent: usize, expires: u32) -> Result<(), String> {
        if self.agents[agent].tcp && !self.streams.contains_key(&agent) {
            self.connect(agent)?;
        }
        let user = sip::extension(agent);
        let mut ask = self.ask(agent, "REGISTER", &format!("sip:{DOMAIN}"));
        ask.to = format!("<sip:{user}@{DOMAIN}>");
        ask.extra = format!("Expires: {expires}\r\n");
        if self.agents[agent].tcp {
            // Over its next connection it is the same phone (RFC 5626 4.1).
            ask.contact += &format!(
                ";reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-{agent:012}>\""
            );
            ask.extra += "Supported: path, outbound\r\n";
        }
        self.agents[agent].register = Some(ask.clone());
        self.tally.registrations += 1;
        self.send_ask(agent, &ask);
        Ok(())
    }

    fn send_ask(&mut self, agent: usize, ask: &Ask) {
        let way = Way::Agent(agent);
        let text = ask.text(self.line(way));
        self.send_until_answered(way, key_of(&ask.call_id, ask.cseq, ask.method), text);
    }

    pub(crate) fn agent_hears(
        &mut self,
        agent: usize,
        message: &Received<'_>,
    ) -> Result<(), String> {
        let (method, id) = (
            message.cseq_method(),
            message.header("Call-ID").unwrap_or_default(),
        );
        let Some(status) = message.status() else {
            return self.agent_asked(agent, message);
        };
        if status < 200 && method != "INVITE" {
            return Ok(());
        }
        self.answered(&key_of(id, message.cseq(), method));
        match method {
            "REGISTER" => self.register_answered(agent, status, message),
            "INVITE" => self.code_answered(agent, status, message),
            // Our BYE of a talk.
            _ => {}
        }
        Ok(())
    }

    /// The request once more, with the answer to a challenge.
    fn with_credentials(&mut self, agent: usize, mut ask: Ask, message: &Received<'_>) -> Ask {
        let challenge = message.header("WWW-Authenticate").unwrap_or_default();
        let (user, password) = (sip::extension(agent), format!("load-{agent}"));
        let answer = sip::answer(challenge, (&user, &password), (ask.method, &ask.uri));
        ask.extra.push_str(&format!("Authorization: {answer}\r\n"));
        ask.cseq += 1;
        ask.branch.push('c');
        ask
    }

    fn register_answered(&mut self, agent: usize, status: u16, message: &Received<'_>) {
        let Some(ask) = self.agents[agent].register.clone() else {
            return;
        };
        if message.header("Call-ID") != Some(ask.call_id.as_str()) {
            return;
        }
        match status {
            401 if ask.cseq == 1 => {
                let ask = self.with_credentials(agent, ask, message);
                self.agents[agent].register = Some(ask.clone());
                self.send_ask(agent, &ask);
            }
            200 => self.agents[agent].registered = !ask.extra.starts_with("Expires: 0"),
            _ => {
                let fault = format!("agent {agent}: REGISTER was answered with {status}");
                self.tally.faults.push(fault);
            }
        }
    }

    fn agent_asked(&mut self, agent: usize, message: &Received<'_>) -> Result<(), String> {
        let way = Way::Agent(agent);
        let id = message.header("Call-ID").unwrap_or_default().to_owned();
        let ok =
            |engine: &mut Self| engine.send(way, &engine.reply(agent, message, "200 OK", "", ""));
        match message.method() {
            "INVITE" => self.agent_invited(agent, message, id),
            "ACK" => self.answered(&format!("ACK {id}")),
            "CANCEL" => {
                ok(self);
                let talk = self.agents[agent]
                    .talk
                    .take_if(|talk| talk.id == id && talk.leg.is_none());
                if let Some(talk) = talk
                    && let Some(invite) = Received::new(talk.invite.as_bytes())
                {
                    let gone = self.reply(agent, &invite, "487 Request Terminated", "a", "");
                    self.send_until_answered(way, format!("ACK {id}"), gone);
                }
            }
            "BYE" => {
                ok(self);
                self.answered(&format!("ACK {id}"));
                if let Some(code) = self.agents[agent]
                    .code
                    .take_if(|code| code.invite.call_id == id)
                {
                    self.close_leg(code.leg);
                    self.code_done(agent, code.code);
                } else {
                    self.talk_over(agent, &id);
                }
            }
            _ => ok(self),
        }
        Ok(())
    }

    /// A response that names the phone and its transport in its Contact.
    fn reply(
        &self,
        agent: usize,
        to: &Received<'_>,
        status: &str,
        tag: &str,
        body: &str,
    ) -> String {
        let own = self.line(Way::Agent(agent)).own;
        let contact = contact(agent, self.agents[agent].tcp, own);
        sip::respond(to, status, own, tag, body).replace(&format!("<sip:{own}>"), &contact)
    }

    fn agent_invited(&mut self, agent: usize, invite: &Received<'_>, id: String) {
        let way = Way::Agent(agent);
        let call = invite.user("From").and_then(|user| {
            let place = user.strip_prefix("+34600")?.parse::<usize>().ok()?;
            (place < self.calls.len()).then_some(place)
        });
        let talking = self.agents[agent].talk.as_ref();
        if talking.is_some_and(|talk| talk.id == id) {
            return;
        }
        let (None, Some(call)) = (talking, call) else {
            let busy = self.reply(agent, invite, "486 Busy Here", "b", "");
            return self.send_until_answered(way, format!("ACK {id}"), busy);
        };
        self.tally.offers += 1;
        self.send(way, &self.reply(agent, invite, "180 Ringing", "a", ""));
        let (chance, soon) = (self.dice.roll(100), self.dice.ms(200, 2_000));
        match chance {
            // Nobody is there: the server gives up.
            0..8 => self.tally.unanswered += 1,
            8..14 => {
                self.tally.declined += 1;
                self.at(soon, What::AgentDeclines(agent, id.clone()));
            }
            _ => self.at(soon, What::AgentAnswers(agent, id.clone())),
        }
        self.agents[agent].talk = Some(Talk {
            id,
            invite: invite.text().to_owned(),
            call,
            leg: None,
            ended: false,
        });
    }

    pub(crate) fn agent_declines(&mut self, agent: usize, id: &str) {
        let talk = self.agents[agent].talk.take_if(|talk| talk.id == id);
        if let Some(invite) = talk
            .as_ref()
            .and_then(|t| Received::new(t.invite.as_bytes()))
        {
            let busy = self.reply(agent, &invite, "486 Busy Here", "a", "");
            self.send_until_answered(Way::Agent(agent), format!("ACK {id}"), busy);
        }
    }

    pub(crate) fn agent_answers(&mut self, agent: usize, id: &str) -> Result<(), String> {
        let talk = self.agents[agent]
            .talk
            .as_ref()
            .filter(|talk| talk.id == id);
        let Some((call, text)) = talk.map(|talk| (talk.call, talk.invite.clone())) else {
            return Ok(());
        };
        let Some(invite) = Received::new(text.as_bytes()) else {
            return Ok(());
        };
        let (leg, port) = self.open_leg(None)?;
        let customer = self.calls[call].leg;
        if let Some(state) = self.legs.get_mut(&leg) {
            state.peer = customer;
        }
        if let Some(state) = customer.and_then(|customer| self.legs.get_mut(&customer)) {
            state.peer = Some(leg);
        }
        self.calls[call].met_agent = true;
        self.calls[call].agent = Some((agent, id.to_owned()));
        if let Some(talk) = &mut self.agents[agent].talk {
            talk.leg = Some(leg);
        }
        let answer = self.reply(agent, &invite, "200 OK", "a", &sip::sdp(port));
        self.send_until_answered(Way::Agent(agent), format!("ACK {id}"), answer);
        self.speak_to(leg, invite.audio());
        Ok(())
    }

    pub(crate) fn agent_hangs_up(&mut self, agent: usize, id: &str) {
        let talk = self.agents[agent]
            .talk
            .as_mut()
            .filter(|talk| talk.id == id && !talk.ended);
        let Some(talk) = talk else { return };
        talk.ended = true;
        let (call, text) = (talk.call, talk.invite.clone());
        let Some(invite) = Received::new(text.as_bytes()) else {
            return;
        };
        let from = invite.header("To").unwrap_or_default();
        let mut bye = self.ask(agent, "BYE", invite.uri("Contact").unwrap_or_default());
        bye.from = format!("{from};tag=a");
        bye.to = invite.header("From").unwrap_or_default().to_owned();
        bye.call_id = id.to_owned();
        self.talk_ends(call);
        self.send_ask(agent, &bye);
        self.talk_over(agent, id);
    }

    fn talk_over(&mut self, agent: usize, id: &str) {
        let Some(talk) = self.agents[agent].talk.take_if(|talk| talk.id == id) else {
            return;
        };
        if let Some(leg) = talk.leg {
            self.close_leg(leg);
        }
    }

    /// What a phone does between calls; again in a minute or so.
    pub(crate) fn chore(&mut self, agent: usize) -> Result<(), String> {
        if self.stopping {
            return Ok(());
        }
        let next = self.dice.ms(40_000, 90_000);
        self.at(next, What::Chore(agent));
        let state = &self.agents[agent];
        if state.talk.is_some() || state.code.is_some() || !state.registered {
            return Ok(());
        }
        match self.dice.roll(20) {
            // A phone signs off, and on again.
            0..2 => {
                self.register(agent, 0)?;
                self.at(Duration::from_secs(2), What::Register(agent));
            }
            // A cable is pulled, and plugged in again.
            2..6 if self.agents[agent].tcp => {
                self.disconnect(agent);
                self.agents[agent].registered = false;
                let later = self.dice.ms(100, 3_000);
                self.at(later, What::Register(agent));
            }
            2..6 => self.dial(agent, "*60")?,
            6..10 => self.dial(agent, "*61")?,
            _ => self.register(agent, 3600)?,
        }
        Ok(())
    }

    pub(crate) fn dial(&mut self, agent: usize, code: &'static str) -> Result<(), String> {
        if self.agents[agent].code.is_some() {
            return Ok(());
        }
        let (leg, port) = self.open_leg(None)?;
        let mut invite = self.ask(agent, "INVITE", &format!("sip:{code}@{DOMAIN}"));
        invite.body = sip::sdp(port);
        self.tally.codes += 1;
        self.send_ask(agent, &invite);
        self.agents[agent].code = Some(Code { invite, leg, code });
        Ok(())
    }

    fn code_answered(&mut self, agent: usize, status: u16, message: &Received<'_>) {
        let id = message.header("Call-ID");
        let dialled = self.agents[agent].code.as_ref();
        let Some(code) = dialled.filter(|code| id == Some(code.invite.call_id.as_str())) else {
            return;
        };
        let (way, invite, leg) = (Way::Agent(agent), code.invite.clone(), code.leg);
        let (line, to) = (self.line(way), message.header("To").unwrap_or_default());
        match status {
            100..200 => {}
            200 => {
                let target = message.uri("Contact").unwrap_or_default();
                self.send(way, &invite.in_dialog("ACK", target, to).text(line));
                self.speak_to(leg, message.audio());
            }
            _ => {
                self.send(way, &invite.same_branch("ACK", to).text(line));
                if status == 401 && invite.cseq == 1 {
                    let again = self.with_credentials(agent, invite, message);
                    self.send_ask(agent, &again);
                    if let Some(code) = &mut self.agents[agent].code {
                        code.invite = again;
                    }
                } else if message.cseq() == invite.cseq {
                    let fault = format!("agent {agent}: the code was answered with {status}");
                    self.tally.faults.push(fault);
                    self.close_leg(leg);
                    self.agents[agent].code = None;
                }
            }
        }
    }

    /// Who left by phone comes back by phone.
    fn code_done(&mut self, agent: usize, code: &str) {
        if code == "*61" {
            self.at(Duration::from_secs(4), What::Dial(agent, "*60"));
        }
    }

    /// Nobody is in a call and everybody is signed on: the state that idle was measured in.
    pub(crate) fn all_at_rest(&self) -> bool {
        self.standing == 0
            && self
                .agents
                .iter()
                .all(|agent| agent.registered && agent.talk.is_none() && agent.code.is_none())
    }
}

fn contact(agent: usize, tcp: bool, own: SocketAddr) -> String {
    let transport = if tcp { ";transport=tcp" } else { "" };
    format!("<sip:{}@{own}{transport}>", sip::extension(agent))
}

fn key_of(id: &str, cseq: u32, method: &str) -> String {
    format!("{method} {cseq} {id}")
}
