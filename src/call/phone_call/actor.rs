//! The driver of one phone call: one task, one bounded mailbox, one select loop.
//!
//! **Owns**: the call's machine and the carrying out of what it asks, in order. **Must not**: decide.

use super::{PhoneMachine, PhoneOutput};
use crate::call::actor::{CallContext, Mailbox};
use crate::call::leg_commands::ForGateway;
use crate::call::port::CallInput;
use crate::call::registry::RegistryMessage;
use crate::distributor_task::DistributorMessage;
use router::id::InteractionId;
use sip_gateway::leg::LegId;
use tokio::sync::mpsc;

/// One phone call's driver.
#[derive(Debug)]
pub struct PhoneActor<M> {
    /// Names the call among the live ones; it never reaches the log of events.
    call: InteractionId,
    machine: M,
    context: CallContext,
    mailbox: mpsc::Receiver<CallInput>,
    own: Mailbox,
    legs: Vec<LegId>,
}

impl<M: PhoneMachine> PhoneActor<M> {
    /// A call whose INVITE has just arrived on `leg`.
    #[must_use]
    pub fn new(
        call: InteractionId,
        leg: LegId,
        machine: M,
        context: CallContext,
        own: Mailbox,
        mailbox: mpsc::Receiver<CallInput>,
    ) -> Self {
        Self {
            call,
            machine,
            context,
            mailbox,
            own,
            legs: vec![leg],
        }
    }

    /// Lives until every leg is over.
    pub async fn run(mut self) {
        self.step(CallInput::Begin).await;
        while !self.machine.is_finished() {
            let deadline = self
                .machine
                .next_deadline()
                .map(|then| self.context.clock.instant_of(then));
            let sleep = async {
                match deadline {
                    Some(then) => tokio::time::sleep_until(then).await,
                    None => std::future::pending().await,
                }
            };
            let input = tokio::select! {
                input = self.mailbox.recv() => input.unwrap_or(CallInput::Shutdown),
                () = sleep => CallInput::Tick,
            };
            self.step(input).await;
        }
        let over = RegistryMessage::CallOver {
            interaction: self.call,
            legs: self.legs,
        };
        let _ = self.context.registry.send(over).await;
        let detach = DistributorMessage::Detach {
            interaction: self.call,
        };
        let _ = self.context.distributor.send(detach).await;
    }

    async fn step(&mut self, input: CallInput) {
        let now = self.context.clock.now();
        self.machine.handle(input, now);
        while let Some(output) = self.machine.poll_output() {
            self.carry_out(output).await;
        }
    }

    async fn carry_out(&mut self, output: PhoneOutput) {
        let command = match output.for_gateway() {
            Err(ask) => return self.ask(ask).await,
            Ok(ForGateway::AsIs(command)) => command,
            Ok(ForGateway::Dial { leg, command }) => {
                self.own_leg(leg).await;
                command
            }
            // Such a call plays no files and records nothing.
            Ok(_) => return,
        };
        if self.context.gateway.send(command).await.is_err() {
            tracing::error!(call = %self.call, "the gateway is gone");
        }
    }

    async fn ask(&mut self, ask: super::PhoneAsk) {
        let message = DistributorMessage::FromPhone {
            call: self.call,
            mailbox: self.own.clone(),
            ask,
        };
        if self.context.distributor.send(message).await.is_err() {
            tracing::error!(call = %self.call, "the distributor is gone");
        }
    }

    /// The registry must know the leg before the gateway can say anything about it.
    async fn own_leg(&mut self, leg: LegId) {
        self.legs.push(leg);
        let message = RegistryMessage::Leg {
            leg,
            mailbox: self.own.clone(),
        };
        let _ = self.context.registry.send(message).await;
    }
}
