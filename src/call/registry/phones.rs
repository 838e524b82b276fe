//! What an agent's phone may dial that is no number of ours: feature codes, other agents, and the outside.
//!
//! **Owns**: the reading of what was dialled, and the start of these calls. **Must not**: know what becomes of them.

use super::Registry;
use crate::call::actor::MAILBOX;
use crate::call::internal::{InternalCall, InternalSetup};
use crate::call::outbound::{LegNames, OutboundCall, OutboundSetup};
use crate::call::phone_call::PhoneMachine;
use crate::call::phone_call::actor::PhoneActor;
use crate::call::port::IdSource as _;
use crate::call::service::{FeatureCode, ServiceCall};
use crate::company_view::CompanyView;
use router::Private;
use router::id::{AgentId, InteractionId};
use sip_gateway::leg::{IncomingCall, LegId};
use tokio::sync::mpsc;

impl Registry {
    /// Takes the call, unless it is one to a number of ours (or to nothing at all).
    pub(super) async fn phone_call(
        &mut self,
        call: &IncomingCall,
        extension: &str,
        company: &CompanyView,
    ) -> bool {
        let Some(caller) = company.agent_at(extension) else {
            return false;
        };
        let now = self.context.clock.now();
        if let Some(code) = FeatureCode::from_dialled(&call.dialed_user) {
            let machine = ServiceCall::new(code, caller, call.leg, now);
            self.start_phone_call(call.leg, machine);
            return true;
        }
        if company.flow_for(&call.dialed_user, &call.to_user).is_some() {
            return false;
        }
        if let Some(called) = company.agent_at(&call.dialed_user) {
            let setup = InternalSetup {
                caller,
                caller_leg: call.leg,
                caller_extension: extension.to_owned(),
                caller_name: company
                    .agent_name(extension)
                    .unwrap_or_else(|| Private::new(extension.to_owned())),
                called,
                called_leg: self.context.gateway.new_leg_id(),
                called_extension: call.dialed_user.clone(),
            };
            self.start_phone_call(call.leg, InternalCall::new(setup, now));
            return true;
        }
        if company.is_outside(&call.dialed_user) {
            self.call_outside(call, caller, company).await;
            return true;
        }
        false
    }

    /// Only through a trunk that allows this number, and only so many at once. The number is in no line of the log.
    async fn call_outside(&mut self, call: &IncomingCall, caller: AgentId, company: &CompanyView) {
        let number = company.number_of_user(&call.dialed_user);
        let way = number.and_then(|number| Some((company.way_out(&number)?, number)));
        let Some(((trunk, rules), number)) = way else {
            tracing::warn!(agent = %caller, "an agent's phone dialled an outside number that no trunk allows: refused with 403");
            return self.reject(call.leg, 403, None).await;
        };
        let of_trunk = self.outbound.values().filter(|(_, by)| by == trunk).count();
        let of_agent = self
            .outbound
            .values()
            .filter(|(by, _)| *by == caller)
            .count();
        if of_trunk >= rules.max_calls as usize || of_agent >= rules.max_calls_per_agent as usize {
            tracing::warn!(agent = %caller, trunk, of_trunk, of_agent, "too many calls to the outside at once: refused with 403");
            return self.reject(call.leg, 403, None).await;
        }
        let interaction = self.context.ids.interaction();
        let records = company.record_by(Some(trunk));
        let (party, party_log) = self.context.ids.leg();
        let setup = OutboundSetup {
            interaction,
            agent: caller,
            phone: LegNames {
                leg: call.leg,
                log_leg: self.context.ids.log_leg(),
            },
            phone_call_id: call.sip_call_id.clone(),
            party: LegNames {
                leg: party,
                log_leg: party_log,
            },
            trunk: trunk.to_owned(),
            uri: Private::new(format!("sip:{}@{}", number.reveal(), rules.address)),
            number,
            caller_id: rules.caller_id.clone(),
            credentials: rules.credentials.clone(),
            recording: records.then(|| self.context.ids.recording()),
        };
        let now = self.context.clock.now();
        self.outbound
            .insert(interaction, (caller, trunk.to_owned()));
        self.drive(interaction, call.leg, OutboundCall::new(setup, now));
    }

    fn start_phone_call<M: PhoneMachine>(&mut self, leg: LegId, machine: M) {
        let key = self.context.ids.interaction();
        self.unlogged.insert(key);
        self.drive(key, leg, machine);
    }

    fn drive<M: PhoneMachine>(&mut self, key: InteractionId, leg: LegId, machine: M) {
        let (own, mailbox) = mpsc::channel(MAILBOX);
        self.calls.insert(key, own.clone());
        self.legs.insert(leg, own.clone());
        self.live.send_replace(self.calls.len());
        let actor = PhoneActor::new(key, leg, machine, self.context.clone(), own, mailbox);
        let task = self.actors.spawn(actor.run());
        self.driven.insert(task.id(), key);
    }
}
