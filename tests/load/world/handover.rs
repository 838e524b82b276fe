//! Callers who wait in silence and agents who become ready all at once. **Owns**: what a run of hand-overs needs beside the
//! others. **Must not know**: what is measured.

use super::{World, send};
use crate::sip::{self, Received};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

impl World {
    /// Places all calls and waits until each was answered.
    pub(crate) fn all_wait(&mut self) -> Result<(), String> {
        self.schedule_calls();
        self.until("all callers wait", |world| {
            world.calls.iter().all(|call| call.answered.is_some())
        })
    }

    /// Calls come as planned from now on.
    pub(crate) fn begin(&mut self) {
        self.schedule_calls();
        // Who is ready waits for a caller: no hand-over.
        self.ready.clear();
    }

    /// All agents register in one burst, which makes them ready. From the first 200 that came to the last of their INVITEs.
    pub(crate) fn all_ready(&mut self) -> Result<Duration, String> {
        let own = self.agents.local_addr().map_err(|e| e.to_string())?;
        for agent in 0..self.agent_count {
            let register = sip::register(self.server, own, (agent, self.plan.first, false), None);
            send(&self.agents, &register, self.server);
        }
        self.until("an agent is registered", |world| {
            !world.registered.is_empty()
        })?;
        let began = Instant::now();
        self.until("each agent has a caller", |world| {
            world.busy.len() == world.agent_count
        })?;
        Ok(began.elapsed())
    }

    /// Until agents have served everybody.
    pub(crate) fn all_served(&mut self) -> Result<(), String> {
        // As long as it goes on.
        let mut over = 0;
        while over < self.calls.len() {
            self.until("another caller was served", |world| {
                world.calls.iter().filter(|call| call.over).count() > over
            })?;
            over = self.calls.iter().filter(|call| call.over).count();
        }
        self.count();
        Ok(())
    }

    pub(super) fn agent_hangs_up(&mut self, call: usize, request: &str, from: SocketAddr) {
        let (Ok(own), Some(invite)) = (self.agents.local_addr(), Received::new(request.as_bytes()))
        else {
            return;
        };
        let agent = invite
            .user("To")
            .and_then(|user| user.parse::<usize>().ok());
        let agent = agent.and_then(|agent| agent.checked_sub(10_000));
        self.ready
            .extend(agent.map(|agent| (agent, Instant::now())));
        let bye = sip::bye_by_callee(&invite, own, &format!("a{call}"));
        send(&self.agents, &bye, from);
    }
}
