//! The contact centre, its parties, the network between them, and one clock.
//!
//! **Owns**: time, the network's weather, the order of what is due. **Must not know**: what anybody intends
//! (`script.rs`), what must hold (`checks.rs`).

use crate::checks::Checks;
use crate::company::AGENTS;
use crate::core::{Core, Slow};
use crate::dice::Dice;
use crate::party::{Party, PartyCall};
use crate::script::Plan;
use crate::transcript::Transcript;
use bytes::Bytes;
use sip_gateway::leg::{LegEndCause, LegId};
use sip_gateway::sip::port::{SipCommand, SipEvent, SipInput, SipOutput};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Steps at one moment, beyond which something asks for a time that it does not use.
const STANDING: u32 = 20_000;

#[derive(Debug)]
struct Packet {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Bytes,
}

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) loss_percent: u64,
    pub(crate) repeat_percent: u64,
    /// Longest way of a packet, microseconds: shorter and longer ways overtake each other.
    pub(crate) delay: u64,
    /// Who is late to look at what was said.
    pub(crate) slow: Slow,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) core: Core,
    pub(crate) parties: Vec<Party>,
    pub(crate) dice: Dice,
    /// For what is asked of talks: everything else goes as it would without.
    pub(crate) control_dice: Dice,
    pub(crate) weather: Weather,
    network_dice: Dice,
    network: BTreeMap<(u64, u64), Packet>,
    plans: BTreeMap<(u64, u64), Plan>,
    sequence: u64,
    office: SocketAddr,
    /// No traffic from here on: nobody dials, answers or plans anything.
    pub(crate) stopped: bool,
    pub(crate) checks: Checks,
}

impl World {
    pub(crate) fn new(seed: u64, callers: usize, aloud: bool) -> Self {
        let mut dice = Dice::new(seed);
        let office = SocketAddr::from(([127, 0, 0, 1], 5060));
        let weather = Weather {
            loss_percent: dice.pick(&[0, 0, 5, 15, 30]),
            repeat_percent: dice.pick(&[0, 5, 20]),
            delay: dice.pick(&[2_000, 20_000, 120_000, 400_000]),
            slow: dice.pick(&[
                Slow::Nobody,
                Slow::Nobody,
                Slow::Nobody,
                Slow::Gateway,
                Slow::Registry,
                Slow::Distributor,
                Slow::Distributor,
                Slow::Calls,
                Slow::Calls,
                Slow::Everybody,
            ]),
        };
        let core = Core::new(office, dice.fork(), Transcript::new(aloud), weather.slow);
        let start = core.instant(0);
        let phones = AGENTS.iter().zip(1..).map(|((login, extension), n)| {
            let address = SocketAddr::from(([127, 0, 1, n], 5060));
            let name = format!("{login} {extension}");
            Party::new(name, (address, office), Some(extension), start)
        });
        let callers = (0..callers).zip(1..).map(|(_, n)| {
            let address = SocketAddr::from(([127, 0, 2, n], 5060));
            Party::new(format!("caller {n}"), (address, office), None, start)
        });
        let parties = phones.chain(callers).collect();
        Self {
            now: 0,
            core,
            parties,
            network_dice: dice.fork(),
            dice,
            control_dice: Dice::new(seed ^ 0x00c0_ffee),
            weather,
            network: BTreeMap::new(),
            plans: BTreeMap::new(),
            sequence: 0,
            office,
            stopped: false,
            checks: Checks::default(),
        }
    }

    pub(crate) fn say(&mut self, party: usize, what: &str) {
        self.core.now = self.now;
        let name = self.parties[party].name.clone();
        self.core.say(&name, what);
    }

    /// `plan` is done after so many microseconds.
    pub(crate) fn plan(&mut self, after: u64, plan: Plan) {
        self.sequence += 1;
        self.plans.insert((self.now + after, self.sequence), plan);
    }

    pub(crate) fn command(&mut self, party: usize, command: SipCommand) {
        self.input(party, SipInput::Command(command));
    }

    fn input(&mut self, party: usize, input: SipInput) {
        let now = self.core.instant(self.now);
        self.parties[party].endpoint.handle(input, now);
        while let Some(output) = self.parties[party].endpoint.poll_output() {
            match output {
                SipOutput::Transmit { destination, bytes } => {
                    let from = self.parties[party].address;
                    self.post(from, destination, bytes);
                }
                SipOutput::TransmitStream { .. } => {}
                SipOutput::Event(event) => self.event(party, event),
            }
        }
    }

    fn event(&mut self, party: usize, event: SipEvent) {
        match event {
            SipEvent::Incoming { call, offer } => {
                let leg = call.leg;
                self.parties[party].calls.insert(leg, PartyCall::default());
                self.rung(party, leg, offer);
            }
            SipEvent::Answered { leg, .. } => {
                if let Some(call) = self.parties[party].calls.get_mut(&leg) {
                    call.answered = true;
                }
                self.answered(party, leg);
            }
            SipEvent::Confirmed { leg, .. } => self.confirmed(party, leg),
            SipEvent::Ended { leg, cause } => self.leg_ended(party, leg, cause),
            SipEvent::Reoffer { leg, sdp } => {
                let result = Ok(self.parties[party].answer_to(sdp.as_ref()));
                self.command(party, SipCommand::Reanswer { leg, result });
            }
            _ => {}
        }
    }

    fn leg_ended(&mut self, party: usize, leg: LegId, cause: LegEndCause) {
        if let Some(call) = self.parties[party].calls.get_mut(&leg) {
            call.over = true;
        }
        self.say(party, &format!("{leg} is over: {cause:?}"));
    }

    /// Puts a packet on the wire.
    fn post(&mut self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        let dice = &mut self.network_dice;
        let lost = dice.percent(self.weather.loss_percent);
        let copies = 1 + u64::from(dice.percent(self.weather.repeat_percent));
        let text = String::from_utf8_lossy(&bytes);
        let first = text.lines().next().unwrap_or_default();
        let cseq = text
            .lines()
            .find(|line| line.starts_with("CSeq"))
            .unwrap_or_default();
        let what = format!(
            "{} > {} {first} ({cseq}){}",
            from.ip(),
            to.ip(),
            if lost { " LOST" } else { "" }
        );
        self.core.transcript.say(self.now, "network", &what);
        for _ in 0..if lost { 0 } else { copies } {
            let delay = 100 + self.network_dice.below(self.weather.delay);
            self.sequence += 1;
            let packet = Packet {
                from,
                to,
                bytes: bytes.clone(),
            };
            self.network
                .insert((self.now + delay, self.sequence), packet);
        }
    }

    fn deliver(&mut self, packet: Packet) {
        let party_at = |address| {
            self.parties
                .iter()
                .position(|party| party.address == address)
        };
        if packet.to == self.office {
            let offline = party_at(packet.from).is_some_and(|at| !self.parties[at].online);
            if !offline {
                self.core.receive(self.now, packet.from, packet.bytes);
            }
        } else if let Some(party) = party_at(packet.to)
            && self.parties[party].online
        {
            let source = packet.from;
            let bytes = packet.bytes;
            self.input(party, SipInput::Datagram { source, bytes });
        }
    }

    /// Lets time pass, until something is broken.
    pub(crate) fn run(&mut self, until: u64) -> Result<(), String> {
        let mut standing = 0;
        loop {
            let core = self.core.next_due();
            let packet = self.network.first_key_value().map(|((due, _), _)| *due);
            let plan = self.plans.first_key_value().map(|((due, _), _)| *due);
            let (party, party_due) = self.next_party();
            let dues = [core, packet, plan, party_due];
            let Some(next) = dues
                .into_iter()
                .flatten()
                .min()
                .filter(|next| *next <= until)
            else {
                break;
            };
            standing = if next > self.now { 0 } else { standing + 1 };
            if standing > STANDING {
                return Err(format!("the clock stands still: {}", self.core.why_due()));
            }
            self.now = self.now.max(next);
            self.core.now = self.now;
            if packet == Some(next) {
                if let Some((_, packet)) = self.network.pop_first() {
                    self.deliver(packet);
                }
            } else if plan == Some(next) {
                if let Some((_, plan)) = self.plans.pop_first() {
                    self.carry_out(plan);
                }
            } else if party_due == Some(next) {
                self.input(party, SipInput::Tick);
            } else {
                self.core.step(self.now);
            }
            self.send_all()?;
            self.checks.after_step(&self.core)?;
        }
        self.now = until;
        Ok(())
    }

    fn next_party(&self) -> (usize, Option<u64>) {
        let start = self.core.instant(0);
        let dues = self.parties.iter().enumerate().filter_map(|(n, party)| {
            let due = party.endpoint.next_deadline()?;
            Some((due.duration_since(start).as_micros() as u64, n))
        });
        dues.min().map_or((0, None), |(due, n)| (n, Some(due)))
    }

    /// What the contact centre sends; a 200 is held against the log first.
    fn send_all(&mut self) -> Result<(), String> {
        for (to, bytes) in std::mem::take(&mut self.core.datagrams) {
            self.checks.before_send(&self.core, &bytes)?;
            self.post(self.office, to, bytes);
        }
        Ok(())
    }
}
