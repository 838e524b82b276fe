//! Agents' phones: they register, ring for 100 ms and answer. **Owns**: the agents' side of a call. **Must not know**:
//! callers.

use super::{Due, What, World, send};
use crate::sip::{self, Received};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

impl World {
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
}
