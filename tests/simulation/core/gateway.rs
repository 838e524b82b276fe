//! The SIP task and the registry: what the gateway tells, and which call hears it.
//!
//! **Owns**: how events of the gateway find their call, and how one begins. **Must not know**: what calls do.

use super::{Call, Core, Inbox, Machine, Slow, ToRegistry, name, short, timestamp};
use crate::company;
use cordboard::call::machine::CallMachine;
use cordboard::call::outbound::OutboundCall;
use cordboard::call::port::CallInput;
use cordboard::call::registry::arrivals::{Arrival, ArrivalIds, Moment};
use cordboard::distributor_task::desk::DeskInput;
use router::Event;
use sip_gateway::leg::{GatewayCommand, GatewayEvent, IncomingCall};
use sip_gateway::legs::{LegsInput, LegsOutput};
use sip_gateway::media::port::RecordBlock;
use std::collections::BTreeMap;

impl Core {
    pub(super) fn legs(&mut self, input: LegsInput) {
        let now = self.instant(self.now);
        self.legs.media_mut().now = self.now;
        self.legs.handle(input, now);
        while let Some(output) = self.legs.poll_output() {
            match output {
                LegsOutput::Transmit { destination, bytes } => {
                    self.datagrams.push((destination, bytes));
                }
                LegsOutput::Event(GatewayEvent::Incoming(call)) => {
                    self.say(
                        "gateway",
                        &format!("{} arrives for {}", call.leg, call.dialed_user),
                    );
                    self.tell_registry(ToRegistry::Incoming(call));
                }
                LegsOutput::Event(GatewayEvent::Leg { leg, event }) => {
                    self.say("gateway", &format!("{leg} {}", short(&event)));
                    self.tell_registry(ToRegistry::LegEvent(leg, event));
                }
                LegsOutput::Event(GatewayEvent::Device { extension, change }) => {
                    self.say("gateway", &format!("phone {extension} {change:?}"));
                    self.tell_desk(DeskInput::Device { extension, change });
                }
                LegsOutput::Event(_)
                | LegsOutput::TransmitStream { .. }
                | LegsOutput::Resolve { .. } => {}
            }
        }
        self.take_media_events();
    }

    pub(super) fn take_media_events(&mut self) {
        while let Some(event) = self.legs.media_mut().events.pop_front() {
            self.media.push(event, self.now, &mut self.dice);
        }
        while let Ok(block) = self.blocks.1.try_recv() {
            if let RecordBlock::End { stream, .. } = block
                && let Some((interaction, recording)) = self.recording.remove(&stream)
            {
                self.log(Event::RecordingFinished {
                    interaction,
                    recording,
                    frames: 0,
                    gap_ms: 0,
                    recovered: false,
                });
            }
        }
    }

    pub(super) fn tell_registry(&mut self, message: ToRegistry) {
        self.registry.push(message, self.now, &mut self.dice);
    }

    pub(super) fn registry(&mut self, message: ToRegistry) {
        match message {
            ToRegistry::Incoming(call) => self.incoming(call),
            ToRegistry::LegEvent(leg, event) => {
                if let Some(owner) = self.owners.get(&leg).copied() {
                    self.tell_call(owner, CallInput::Leg { leg, event });
                }
            }
            ToRegistry::Leg(leg, owner) => {
                self.owners.insert(leg, owner);
            }
            ToRegistry::CallOver(interaction, legs) => {
                self.calls.remove(&interaction);
                for leg in legs {
                    self.owners.remove(&leg);
                }
            }
        }
    }

    fn incoming(&mut self, call: IncomingCall) {
        let leg = call.leg;
        let company = self.company.clone();
        let moment = Moment {
            now: timestamp(self.now),
            live: self.calls.len(),
            journal_has_room: !self.dice.percent(1),
            closed: std::sync::Arc::default(),
            company: &company,
            flow: &|name, _| company::flow(name),
            draft: &|_| None,
        };
        let (id, machine) = match self.arrivals.decide(call, &moment, &mut self.ids) {
            Arrival::Refused(refused) => {
                self.say("registry", &format!("{leg} refused {}", refused.status));
                self.count("refused");
                let command = GatewayCommand::Reject {
                    leg,
                    status: refused.status,
                    retry_after: refused.retry_after,
                };
                return self.commands.push(command, self.now, &mut self.dice);
            }
            Arrival::Interaction(setup) => {
                self.count("interactions");
                let id = setup.interaction;
                let machine = CallMachine::new(*setup, timestamp(self.now));
                (id, Machine::Call(Box::new(machine)))
            }
            Arrival::Service(machine) => {
                self.count("feature codes");
                (self.ids.interaction(), Machine::Service(machine))
            }
            Arrival::Internal(machine) => {
                self.count("calls between agents");
                (self.ids.interaction(), Machine::Internal(machine))
            }
            Arrival::Outbound(setup) => {
                self.count("calls out, refused");
                let id = setup.interaction;
                let machine = OutboundCall::new(*setup);
                (id, Machine::Outbound(Box::new(machine)))
            }
        };
        if self.drained {
            self.taken_too_late.push(id);
        }
        self.say("registry", &format!("{leg} is call {}", name(id)));
        self.owners.insert(leg, id);
        let call = Call {
            machine,
            inbox: Inbox::new(self.slow.pace(Slow::Calls, &mut self.dice)),
            legs: vec![leg],
            streams: BTreeMap::new(),
            stalled: None,
            over: false,
            has_asked: false,
        };
        self.calls.insert(id, call);
        self.tell_call(id, CallInput::Begin);
    }
}
