//! Agents' phones: they register, ring for 100 ms and answer. **Owns**: the agents' side of a call. **Must not know**:
//! callers.

use super::{Line, What, World, send};
use crate::due::Due;
use crate::sip::{self, Received};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

impl World {
    /// Those who are refused, because the server is behind, or not heard try again each second.
    pub(crate) fn register_agents(&mut self) -> Result<(), String> {
        let until = Instant::now() + Duration::from_secs(30);
        while self.registered.len() < self.agent_count {
            if Instant::now() > until {
                return Err(format!(
                    "{} of {} agents registered",
                    self.registered.len(),
                    self.agent_count
                ));
            }
            let missing = (0..self.agent_count).filter(|agent| !self.registered.contains(agent));
            self.send_registers(&missing.collect::<Vec<_>>())?;
            let again = Instant::now() + Duration::from_secs(1);
            while self.registered.len() < self.agent_count && Instant::now() < again {
                self.turn(Duration::from_millis(50))?;
            }
        }
        Ok(())
    }

    fn send_registers(&mut self, agents: &[usize]) -> Result<(), String> {
        let own = self.agents.local_addr().map_err(|e| e.to_string())?;
        for some in agents.chunks(20) {
            for agent in some {
                let browser = self.plan.line != Line::Plain;
                let one = (*agent, self.plan.first, browser);
                let register = sip::register(self.server, own, one, None);
                send(&self.agents, &register, self.server);
            }
            self.turn(Duration::from_millis(20))?;
        }
        Ok(())
    }

    pub(super) fn read_agents(&mut self) {
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
                                (
                                    agent - 10_000,
                                    self.plan.first,
                                    self.plan.line != Line::Plain,
                                ),
                                Some(challenge),
                            ),
                            self.server,
                        );
                    }
                }
                (Some(200), "REGISTER") => {
                    let agent = message
                        .user("To")
                        .and_then(|user| user.parse::<usize>().ok());
                    let agent = agent.map(|agent| agent - 10_000);
                    self.registered.extend(agent);
                    self.ready
                        .extend(agent.map(|agent| (agent, Instant::now())));
                }
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
        let agent = invite
            .user("To")
            .and_then(|user| user.parse::<usize>().ok());
        let agent = agent.and_then(|agent| agent.checked_sub(10_000));
        self.busy.extend(agent);
        if let Some(ready) = agent.and_then(|agent| self.ready.remove(&agent)) {
            let took = now.duration_since(ready).as_secs_f64() * 1e3;
            self.figures.ready_to_invite.push(took);
        }
        self.calls[call].interaction = invite
            .header("X-Cordboard-Interaction")
            .unwrap_or_default()
            .to_owned();
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
        let rings = self.plan.handling.map_or(100, |_| 0);
        self.due.push(Due(
            now + Duration::from_millis(rings),
            What::AgentAnswers(call, request, from),
        ));
    }

    pub(super) fn agent_answers(
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
        let helps = ["X-Cordboard-Purpose", "X-Cordboard-Monitor"]
            .iter()
            .any(|name| invite.header(name).is_some());
        let (body, remote) = match self.plan.line {
            Line::Plain => (sip::sdp(port), invite.audio()),
            _ => self.shielded(leg, &invite)?,
        };
        let tag = format!("a{call}{}", if helps { "h" } else { "" });
        send(
            &self.agents,
            &sip::respond(&invite, "200 OK", own, &tag, &body),
            from,
        );
        if helps {
            self.calls[call].helper_leg = Some(leg);
            self.begin_to_speak(leg, remote, now);
            return Ok(());
        }
        self.calls[call].agent_answered = Some(now);
        self.calls[call].agent_leg = Some(leg);
        if let Some(handling) = self.plan.handling {
            let later = What::AgentHangsUp(call, request.to_owned(), from);
            // From half to half as much again, so that agents who began together do not end together.
            let length = handling * (50 + (call as u32 * 37) % 101) / 100;
            self.due.push(Due(now + length, later));
            return Ok(());
        }
        let customer = self.calls[call].leg;
        self.legs[leg as usize].peer = customer;
        if let Some(customer) = customer {
            self.legs[customer as usize].peer = Some(leg);
        }
        self.begin_to_speak(leg, remote, now);
        Ok(())
    }
}
