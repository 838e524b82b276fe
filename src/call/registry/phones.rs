//! What an agent's phone may dial that is no number of ours: feature codes and other agents.
//!
//! **Owns**: the reading of what was dialled, and the start of these calls. **Must not**: know what becomes of them.

use super::Registry;
use crate::call::actor::MAILBOX;
use crate::call::internal::{InternalCall, InternalSetup};
use crate::call::phone_call::PhoneMachine;
use crate::call::phone_call::actor::PhoneActor;
use crate::call::service::{FeatureCode, ServiceCall};
use crate::company_view::CompanyView;
use router::Private;
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
            tracing::warn!(agent = %caller, "an agent's phone dialled an outside number: refused with 403, calls to the outside are off");
            self.reject(call.leg, 403, None).await;
            return true;
        }
        false
    }

    fn start_phone_call<M: PhoneMachine>(&mut self, leg: LegId, machine: M) {
        let key = self.context.ids.interaction();
        let (own, mailbox) = mpsc::channel(MAILBOX);
        self.calls.insert(key, own.clone());
        self.unlogged.insert(key);
        self.legs.insert(leg, own.clone());
        self.live.send_replace(self.calls.len());
        let actor = PhoneActor::new(key, leg, machine, self.context.clone(), own, mailbox);
        let task = self.actors.spawn(actor.run());
        self.driven.insert(task.id(), key);
    }
}
