//! What must hold: after every step, whenever nothing is on its way between tasks, and when all is over.
//!
//! **Owns**: the invariants across the whole: agents against calls against legs against media. Those of the log are in
//! `oracle.rs`. **Must not**: change anything.

use crate::core::{Call, Core, Machine, name, timestamp};
use crate::oracle::Oracle;
use crate::party::Party;
use cordboard::call::machine::Place;
use cordboard::distributor_task::desk::{Desk, DeskOutput};
use router::id::{AgentId, InteractionId, OfferId, QueueEntryId};
use router::metrics::audit::{Audit, Scope};
use router::{AgentState, Distributor, Event, LogLine};
use sip_gateway::leg::LegId;
use sip_gateway::sip::Occupancy;
use std::collections::BTreeMap;

/// A call that is told to end is on its way out after this long, microseconds: word may be late, and a disk too.
const SHUT_DOWN: u64 = 10_000_000;

#[derive(Debug, Default)]
pub(crate) struct Checks {
    oracle: Oracle,
    read: usize,
    told: usize,
    quiet: u64,
}

fn must(holds: bool, text: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(text()) }
}

impl Checks {
    /// How often nothing was on its way.
    pub(crate) const fn quiet_moments(&self) -> u64 {
        self.quiet
    }

    pub(crate) const fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    pub(crate) fn after_step(&mut self, core: &Core) -> Result<(), String> {
        while let Some((at, event)) = core.log.get(self.read) {
            for (from, company) in &core.companies {
                if *from == self.read {
                    self.oracle.edit(company.clone());
                }
            }
            self.read += 1;
            self.oracle.read(*at, event)?;
        }
        // One that no line has followed yet.
        if let Some((from, company)) = core.companies.last()
            && *from == core.log.len()
        {
            self.oracle.edit(company.clone());
        }
        if let Some(call) = core.unlogged_answers.first() {
            return Err(format!("{} is answered without its line", name(*call)));
        }
        if let Some(call) = core.taken_too_late.first() {
            return Err(format!("{} is taken in during the drain", name(*call)));
        }
        if let Some((at, told)) = &core.ended_by_us
            && core.now > at + SHUT_DOWN
        {
            let goes_on = |call: &Call| place(call).is_some_and(|place| place != Place::Ending);
            let left = told
                .iter()
                .find(|id| core.calls.get(id).is_some_and(goes_on));
            must(left.is_none(), || {
                format!("{left:?} was told to end and goes on")
            })?;
        }
        must(!core.outdated_changed, || {
            "I8: an outdated answer changed something".to_owned()
        })?;
        each_in_one_place(core)?;
        let now = timestamp(core.now);
        if core.told.len() != self.told {
            self.told = core.told.len();
            core.desk.check_invariants()?;
        }
        if core.desk.next_deadline().is_none_or(|due| due > now) {
            self.oracle.at_rest(now)?;
            self.oracle.places(&core.places, now)?;
        }
        if !core.is_quiet() {
            return Ok(());
        }
        self.quiet += 1;
        self.oracle
            .compare(&core.desk.agents(), &core.desk.queues())?;
        agents_and_calls(core)?;
        callers_and_queues(core)?;
        legs_and_media(core)
    }

    /// A 200 to a caller's INVITE leaves: its line is in the log.
    pub(crate) fn before_send(&self, core: &Core, bytes: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(bytes);
        if !text.starts_with("SIP/2.0 200") {
            return Ok(());
        }
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_once(':').map(|(_, value)| value.trim())
        };
        let invite = value("CSeq").is_some_and(|cseq| cseq.ends_with("INVITE"));
        let interaction = value("Call-ID").and_then(|id| self.oracle.customer_at(id));
        match interaction {
            Some(interaction) if invite => must(core.has_answered_line(interaction), || {
                format!("the 200 of {} leaves before its line", name(interaction))
            }),
            _ => Ok(()),
        }
    }

    /// The traffic has stopped and every timer has run.
    pub(crate) fn at_the_end(&mut self, core: &Core, parties: &[Party]) -> Result<(), String> {
        must(core.is_quiet(), || {
            "something is still on its way".to_owned()
        })?;
        let left = core.legs.endpoint().occupancy();
        must(left == Occupancy::default(), || {
            format!("SIP keeps {left:?}")
        })?;
        must(core.legs.is_empty(), || "legs are left".to_owned())?;
        must(core.legs.media().legs().next().is_none(), || {
            "media of legs is left".to_owned()
        })?;
        must(core.legs.media().recordings().next().is_none(), || {
            "recordings are open".to_owned()
        })?;
        must(core.calls.is_empty(), || {
            format!("calls are left: {:?}", core.calls.keys())
        })?;
        must(core.owners.is_empty(), || {
            format!("legs are owned: {:?}", core.owners)
        })?;
        let waiting: usize = core
            .desk
            .queues()
            .iter()
            .map(|queue| queue.waiting.len())
            .sum();
        must(waiting == 0, || "somebody waits".to_owned())?;
        for agent in core.desk.agents() {
            let free = [
                AgentState::Offline,
                AgentState::Available,
                AgentState::NotReady,
            ];
            must(free.contains(&agent.state), || {
                format!("left busy: {agent:?}")
            })?;
        }
        must(core.desk.next_deadline().is_none(), || {
            format!(
                "the Distributor waits until {:?}",
                core.desk.next_deadline()
            )
        })?;
        for party in parties.iter().filter(|party| party.online) {
            let left = party.live_calls();
            must(left.is_empty(), || {
                format!("{} is still in {left:?}", party.name)
            })?;
        }
        self.oracle.at_the_end()?;
        numbers(core)?;
        replay(core)
    }
}

/// The numbers of the log add up, as `cordboard metrics verify` proves it.
fn numbers(core: &Core) -> Result<(), String> {
    let mut audit = Audit::new(Scope::default());
    for (seq, (at, event)) in (1..).zip(&core.log) {
        audit.read(&LogLine {
            seq,
            at: *at,
            event: event.clone(),
            personal: None,
        });
    }
    let report = audit.finish();
    match report.faults.first() {
        Some(fault) => Err(format!("metrics: {fault:?}")),
        None => Ok(()),
    }
}

/// An interaction's place, for calls that are interactions.
fn place(call: &Call) -> Option<Place> {
    match &call.machine {
        Machine::Call(machine) => Some(machine.place()),
        Machine::Internal(_) | Machine::Service(_) | Machine::Outbound(_) => None,
    }
}

/// I1 to I3 at every moment, also while word is on its way: nobody talks or rings in two calls, and who hears whom is
/// mutual.
fn each_in_one_place(core: &Core) -> Result<(), String> {
    let mut talks: Vec<AgentId> = Vec::new();
    let mut waits: Vec<QueueEntryId> = Vec::new();
    let mut rings: Vec<OfferId> = Vec::new();
    for call in core.calls.values() {
        match place(call) {
            Some(Place::Talking { .. } | Place::Parted { .. } | Place::Passed { .. }) => {
                for agent in agents_of(call) {
                    must(!talks.contains(&agent), || {
                        format!("I1: {agent} talks in two calls")
                    })?;
                    talks.push(agent);
                }
            }
            Some(Place::Waiting { entry, ringing, .. }) => {
                must(!waits.contains(&entry), || {
                    format!("I3: {entry} waits in two calls")
                })?;
                waits.push(entry);
                for offer in ringing {
                    must(!rings.contains(&offer), || {
                        format!("I2: {offer} rings twice")
                    })?;
                    rings.push(offer);
                }
            }
            _ => {}
        }
    }
    let media = core.legs.media();
    for leg in media.legs() {
        let hears = media.hears(leg);
        let here = |other: &LegId| media.legs().any(|leg| leg == *other);
        must(hears.iter().all(here), || format!("{leg} hears {hears:?}"))?;
    }
    Ok(())
}

/// I1, I2 across the whole: who rings or talks at the Distributor does so in exactly one call, and the reverse.
fn agents_and_calls(core: &Core) -> Result<(), String> {
    let mut talks: BTreeMap<AgentId, InteractionId> = BTreeMap::new();
    let mut rings: BTreeMap<InteractionId, usize> = BTreeMap::new();
    for (id, call) in &core.calls {
        match place(call) {
            Some(Place::Talking { .. } | Place::Parted { .. } | Place::Passed { .. }) => {
                for agent in agents_of(call) {
                    let before = talks.insert(agent, *id);
                    must(before.is_none(), || format!("I1: {agent} talks twice"))?;
                }
            }
            Some(Place::Waiting { ringing, .. }) => {
                rings.insert(*id, ringing.len());
            }
            _ => {}
        }
    }
    for agent in core.desk.agents() {
        match (agent.state, agent.interaction) {
            (AgentState::OnCall, Some(interaction)) => {
                // The last of several calls of an agent's own keeps the name of the first.
                let own = core.calls.values().any(|call| is_own(call, agent.agent));
                let talks = talks.remove(&agent.agent);
                must(
                    talks == Some(interaction) || (talks.is_none() && own),
                    || {
                        format!(
                            "{} is on a call that does not know it: {}",
                            agent.agent,
                            name(interaction)
                        )
                    },
                )?;
            }
            (AgentState::OnCall, None) => {
                must(
                    core.calls.values().any(|call| is_own(call, agent.agent)),
                    || format!("{} is busy with no call of its own", agent.agent),
                )?;
            }
            (AgentState::Offered, Some(interaction)) => {
                // As many phones of the call ring as agents are offered it.
                let rings = rings.get_mut(&interaction).filter(|phones| **phones > 0);
                let rings = rings.map(|phones| *phones -= 1);
                must(rings.is_some(), || {
                    format!(
                        "{} is offered {}, which does not ring",
                        agent.agent,
                        name(interaction)
                    )
                })?;
            }
            _ => {}
        }
    }
    must(talks.is_empty(), || format!("free agents talk: {talks:?}"))?;
    rings.retain(|_, phones| *phones > 0);
    must(rings.is_empty(), || format!("free agents ring: {rings:?}"))
}

/// Everybody whom a call keeps busy: who has the customer, and who was called in.
fn agents_of(call: &Call) -> Vec<AgentId> {
    let Machine::Call(machine) = &call.machine else {
        return Vec::new();
    };
    let mut agents = machine.called_in();
    let main = match machine.place() {
        Place::Talking { agent, .. } => agent,
        Place::Parted { agent, .. } => Some(agent),
        _ => None,
    };
    if let Some(agent) = main
        && !agents.contains(&agent)
    {
        agents.push(agent);
    }
    agents
}

fn is_own(call: &Call, agent: AgentId) -> bool {
    match &call.machine {
        Machine::Call(machine) => machine.calling_agent() == Some(agent),
        Machine::Internal(machine) => machine.agents().contains(&agent),
        Machine::Service(_) | Machine::Outbound(_) => false,
    }
}

/// I3 across the whole: who waits at the Distributor waits in a call under the same entry, and the reverse.
fn callers_and_queues(core: &Core) -> Result<(), String> {
    let mut waits: BTreeMap<QueueEntryId, InteractionId> = BTreeMap::new();
    for (id, call) in &core.calls {
        if let Some(Place::Waiting { entry, .. }) = place(call) {
            waits.insert(entry, *id);
        }
    }
    for queue in core.desk.queues() {
        for waiting in queue.waiting {
            must(
                waits.remove(&waiting.entry) == Some(waiting.interaction),
                || format!("I3: {} waits and its call does not", waiting.entry),
            )?;
        }
    }
    must(waits.is_empty(), || {
        format!("I3: calls wait in no queue: {waits:?}")
    })
}

/// Each leg has one call, each bridge its talk, each recording too.
fn legs_and_media(core: &Core) -> Result<(), String> {
    let media = core.legs.media();
    let mut hearing: BTreeMap<LegId, Vec<LegId>> = BTreeMap::new();
    let mut recorded: usize = 0;
    for (id, call) in &core.calls {
        let Machine::Call(machine) = &call.machine else {
            continue;
        };
        let customer = machine.customer_leg();
        for leg in machine.agent_legs().into_iter().chain(customer) {
            must(core.owners.get(&leg) == Some(id), || {
                format!(
                    "{leg} of {} belongs to {:?}",
                    name(*id),
                    core.owners.get(&leg)
                )
            })?;
        }
        hearing.extend(machine.hearing());
        let talks = matches!(
            machine.place(),
            Place::Talking { .. } | Place::Parted { .. } | Place::Passed { .. }
        );
        if let Some(customer) = customer.filter(|_| talks) {
            must(
                media.plays(customer) || !media.hears(customer).is_empty(),
                || format!("{} waits in a talk and hears nothing", name(*id)),
            )?;
        }
        if let Place::Talking { recording, .. }
        | Place::Parted { recording, .. }
        | Place::Passed { recording } = machine.place()
        {
            recorded += usize::from(recording.is_some());
        }
    }
    must(media.recordings().count() <= recorded, || {
        "a recording goes on without its talk".to_owned()
    })?;
    for leg in media.legs() {
        let owner = core.owners.get(&leg).and_then(|id| core.calls.get(id));
        let Some(owner) = owner else {
            return Err(format!("{leg} has media and no call"));
        };
        if let Machine::Call(_) = &owner.machine {
            let wanted = hearing.get(&leg).map_or(&[][..], Vec::as_slice);
            must(media.hears(leg) == wanted, || {
                format!(
                    "{leg} hears {:?} and should hear {wanted:?}",
                    media.hears(leg)
                )
            })?;
        }
    }
    Ok(())
}

/// I11: the same inputs give the same log.
fn replay(core: &Core) -> Result<(), String> {
    let company = crate::company::company(0);
    let distributor = Distributor::new(company.routing.clone(), 1);
    let mut desk = Desk::new(distributor, company, timestamp(0));
    let mut said: Vec<Event> = Vec::new();
    let mut unheard = core.unheard.iter().peekable();
    for (n, (input, at)) in core.told.iter().enumerate() {
        desk.handle(input.clone(), *at);
        while let Some(output) = desk.poll_output() {
            match output {
                DeskOutput::Log(event) => said.push(event),
                DeskOutput::Tell { call, input } => {
                    let same = unheard.next_if(|(when, whom, what)| {
                        *when == n && *whom == call && format!("{what:?}") == format!("{input:?}")
                    });
                    if same.is_some() {
                        desk.unheard(call, &input, *at);
                    }
                }
                DeskOutput::TellAll(_) => {}
            }
        }
    }
    must(said == core.desk_log, || {
        "I11: the replay gives another log".to_owned()
    })
}
