//! Speech both ways: a socket per leg, a packet each 20 ms, and what is heard of the other end.
//!
//! **Owns**: legs and their sockets. **Must not know**: SIP.

use super::{FIRST_LEG, Line, PACKET, What, World, bind};
use crate::due::Due;
use crate::rtp::{self, Heard, Mark};
use crate::shield::Shield;
use mio::net::UdpSocket;
use mio::{Interest, Token};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One end of the speech.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) socket: UdpSocket,
    pub(super) remote: Option<SocketAddr>,
    pub(super) sent: u32,
    pub(super) heard: Heard,
    pub(super) peer: Option<u32>,
    /// What makes it a browser's.
    pub(super) shield: Option<Shield>,
    /// Packets that came, whatever is in them.
    pub(super) packets: u64,
}

/// The longest way of a packet in the last one to two seconds.
#[derive(Debug, Default)]
pub(super) struct Lag {
    since: Option<Instant>,
    now: Duration,
    before: Duration,
}

impl Lag {
    pub(super) fn take(&mut self, way: Duration, at: Instant) {
        let since = *self.since.get_or_insert(at);
        if at.duration_since(since) > Duration::from_secs(1) {
            (self.since, self.before, self.now) = (Some(at), self.now, Duration::ZERO);
        }
        self.now = self.now.max(way);
    }

    pub(super) fn packets(&self) -> u32 {
        (self.now.max(self.before).as_millis() / PACKET.as_millis()) as u32
    }
}

impl World {
    pub(super) fn speak(&mut self, leg: u32, at: Instant) {
        let sent_us = self.start.elapsed().as_micros() as u64;
        let state = &mut self.legs[leg as usize];
        let Some(remote) = state.remote else { return };
        if let Some(voice) = &self.voice {
            let opus = state.shield.is_some() && self.plan.line == Line::BrowserInOpus;
            let packet = voice.packet(leg, state.sent, opus);
            state.sent += 1;
            let _ = state.socket.send_to(&packet, remote);
            self.due.push(Due(at + PACKET, What::Speak(leg)));
            return;
        }
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

    pub(super) fn new_leg(&mut self) -> Result<u32, String> {
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
            shield: None,
            packets: 0,
        });
        Ok(self.legs.len() as u32 - 1)
    }

    pub(super) fn begin_to_speak(&mut self, leg: u32, remote: Option<SocketAddr>, now: Instant) {
        self.legs[leg as usize].remote = remote;
        // Spread over the 20 ms, so that legs do not send in one burst.
        self.due.push(Due(
            now + Duration::from_millis(u64::from(leg) % 20),
            What::Speak(leg),
        ));
    }

    pub(super) fn read_leg(&mut self, leg: usize) {
        let mut buffer = [0u8; 2048];
        let now_us = self.start.elapsed().as_micros() as u64;
        let now = Instant::now();
        let mut heard_first = false;
        let Some(state) = self.legs.get_mut(leg) else {
            return;
        };
        while let Ok((length, _)) = state.socket.recv_from(&mut buffer) {
            state.packets += 1;
            let Some(mark) = rtp::read(&buffer[..length]) else {
                continue;
            };
            if Some(mark.leg) != state.peer {
                state.heard.foreign += 1;
                continue;
            }
            heard_first |= state.heard.first.is_none();
            state.heard.take(mark, now);
            let way = now_us.saturating_sub(mark.sent_us);
            self.lag.take(Duration::from_micros(way), now);
            self.figures.one_way.push(way as f64 / 1e3);
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
}
