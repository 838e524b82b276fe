//! Calls that stand: their legs counted, a third party brought in. **Owns**: what a standing run needs beside the others.
//! **Must not know**: what is measured.

use super::World;
use crate::shield::{Manners, Shield};
use crate::sip::Received;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Formats of a browser's answer behind Opus, and what they are.
const FORMATS: &str = "0 101";
const MAPS: &str =
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n";

impl World {
    /// Makes a leg a browser's: its answer, and where its socket sends.
    pub(super) fn shielded(
        &mut self,
        leg: u32,
        invite: &Received<'_>,
    ) -> Result<(String, Option<SocketAddr>), String> {
        let state = &mut self.legs[leg as usize];
        let own = state.socket.local_addr().map_err(|e| e.to_string())?;
        let shield = Shield::start(own.ip(), own, Manners::default()).map_err(|e| e.to_string())?;
        let body = invite
            .text()
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body);
        if !shield.learn(body) {
            return Err(format!("no offer to a browser:\n{body}"));
        }
        let answer = shield.describe(FORMATS, MAPS).map_err(|e| e.to_string())?;
        let near = shield.near().map_err(|e| e.to_string())?;
        state.shield = Some(shield);
        Ok((answer, Some(near)))
    }

    /// Places all calls and waits until each of their legs hears.
    pub(crate) fn talk_all(&mut self) -> Result<(), String> {
        self.schedule_calls();
        self.until("all legs hear", |world| {
            let hears =
                |leg: Option<u32>| leg.is_some_and(|leg| world.legs[leg as usize].packets > 100);
            world
                .calls
                .iter()
                .all(|call| hears(call.leg) && hears(call.agent_leg))
        })
    }

    /// Waits until each call's third party hears.
    pub(crate) fn wait_helpers(&mut self) -> Result<(), String> {
        self.until("third parties hear", |world| {
            world.calls.iter().all(|call| {
                let leg = call.helper_leg;
                leg.is_some_and(|leg| world.legs[leg as usize].packets > 20)
            })
        })
    }

    pub(super) fn until(&mut self, what: &str, over: impl Fn(&Self) -> bool) -> Result<(), String> {
        let limit = Instant::now() + Duration::from_secs(45);
        while !over(self) {
            if Instant::now() > limit {
                return Err(format!("waited in vain until {what}"));
            }
            self.turn(Duration::from_millis(1))?;
        }
        Ok(())
    }

    /// Goes on for so long.
    pub(crate) fn go_on(&mut self, length: Duration) -> Result<(), String> {
        let until = Instant::now() + length;
        while Instant::now() < until {
            self.turn(Duration::from_millis(1))?;
        }
        Ok(())
    }

    /// Interactions of all calls.
    pub(crate) fn interactions(&self) -> Vec<String> {
        self.calls
            .iter()
            .map(|call| call.interaction.clone())
            .collect()
    }

    /// An agent whose phone has no call; it has one from now on.
    pub(crate) fn take_free_agent(&mut self) -> Option<usize> {
        let free = (0..self.agent_count)
            .rev()
            .find(|agent| !self.busy.contains(agent))?;
        self.busy.insert(free);
        Some(free)
    }

    /// Packets that each leg has heard.
    pub(crate) fn heard(&self) -> Vec<u64> {
        self.legs.iter().map(|leg| leg.packets).collect()
    }

    /// Ends all calls.
    pub(crate) fn hang_up_all(&mut self) -> Result<(), String> {
        for call in 0..self.calls.len() {
            self.hang_up(call)?;
        }
        self.until("all calls are over", |world| {
            world.calls.iter().all(|call| call.over)
        })
    }
}
