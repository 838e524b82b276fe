//! What an agent's phone may dial that is no number of ours: feature codes and other agents.
//!
//! **Owns**: the reading of what was dialled. **Must not**: know what becomes of these calls.

use super::arrivals::{Arrival, ArrivalIds, Moment, refused};
use crate::call::internal::{InternalCall, InternalSetup};
use crate::call::service::{FeatureCode, ServiceCall};
use router::Private;
use sip_gateway::leg::IncomingCall;

/// Takes the call, unless it is one to a number of ours (or to nothing at all).
pub(super) fn phone_call(
    call: &IncomingCall,
    extension: &str,
    moment: &Moment<'_>,
    ids: &mut dyn ArrivalIds,
) -> Option<Arrival> {
    let (company, now) = (moment.company, moment.now);
    let caller = company.agent_at(extension)?;
    if let Some(code) = FeatureCode::from_dialled(&call.dialed_user) {
        let machine = ServiceCall::new(code, caller, call.leg, now);
        return Some(Arrival::Service(machine));
    }
    if company.flow_for(&call.dialed_user, &call.to_user).is_some() {
        return None;
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
            called_leg: ids.new_leg(),
            called_extension: call.dialed_user.clone(),
        };
        return Some(Arrival::Internal(InternalCall::new(setup, now)));
    }
    if company.is_outside(&call.dialed_user) {
        tracing::warn!(agent = %caller, "an agent's phone dialled an outside number: refused with 403, calls to the outside are off");
        return Some(refused(403, None));
    }
    None
}
