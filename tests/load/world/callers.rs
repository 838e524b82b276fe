//! Callers: they invite, acknowledge, and hang up. **Owns**: the callers' side of a call. **Must not know**: agents.

use super::{What, World, send};
use crate::due::Due;
use crate::sip::{self, Received};
use std::time::{Duration, Instant};

impl World {
    pub(super) fn send_invite(&mut self, call: usize, leg: u32) -> Result<(), String> {
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

    pub(super) fn hang_up(&mut self, call: usize) -> Result<(), String> {
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

    pub(super) fn read_callers(&mut self) {
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

    /// The server hung up on a caller: that is a failure, unless an agent had served the caller and did so.
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
            let served = self.plan.handling.is_some() && self.calls[call].agent_answered.is_some();
            self.calls[call].over = true;
            self.calls[call].failed = !served;
            self.figures.done += u64::from(served);
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
        if self.plan.handling.is_some() {
            // Waits in silence.
        } else if self.plan.talk.is_none() {
            self.due
                .push(Due(now + Duration::from_secs(1), What::Bye(call)));
        } else if let Some(leg) = leg {
            self.begin_to_speak(leg, ok.audio(), now);
        }
    }
}
