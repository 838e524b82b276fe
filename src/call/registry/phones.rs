//! What an agent's phone may dial that is no number of ours: feature codes, other agents, and the outside.
//!
//! **Owns**: the reading of what was dialled. **Must not**: know what becomes of these calls.

use super::arrivals::{Arrival, ArrivalIds, Moment};
use crate::call::internal::{InternalCall, InternalSetup};
use crate::call::outbound::{LegNames, NoWay, OutboundSetup, Way};
use crate::call::port::DialWays;
use crate::call::service::{FeatureCode, ServiceCall};
use crate::company_view::CompanyView;
use crate::config::settings::RecordPolicy;
use ivr_flows::port::DialTo;
use router::id::AgentId;
use router::{PhoneNumber, Private};
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
        return call_out(call, extension, caller, moment, ids);
    }
    None
}

/// Only through trunks that allow this number, which is in no line of the log.
fn call_out(
    call: &IncomingCall,
    extension: &str,
    caller: AgentId,
    moment: &Moment<'_>,
    ids: &mut dyn ArrivalIds,
) -> Option<Arrival> {
    let company = moment.company;
    let number = company.number_of_user(&call.dialed_user)?;
    let ways = ways_out(company, &number, ids);
    let is_allowed = !ways.is_empty();
    if !is_allowed {
        tracing::warn!(agent = %caller, "an agent's phone dialled an outside number that no trunk allows: refused with 403, calls to the outside are off for it");
    }
    Some(Arrival::Outbound(Box::new(OutboundSetup {
        interaction: ids.interaction(),
        agent: caller,
        phone: LegNames {
            leg: call.leg,
            log_leg: ids.log_leg(),
        },
        phone_call_id: call.sip_call_id.clone(),
        number,
        new_customer: is_allowed.then(|| ids.customer()),
        extension: PhoneNumber::from_normalised(extension.to_owned()),
        ways: if is_allowed {
            Ok(ways)
        } else {
            Err(NoWay::NotAllowed)
        },
    })))
}

/// The trunks that allow a number, in the order to try them.
fn ways_out(company: &CompanyView, number: &PhoneNumber, ids: &mut dyn ArrivalIds) -> Vec<Way> {
    let ways = company.ways_out(number).into_iter();
    ways.map(|(trunk, rules)| Way {
        party: LegNames {
            leg: ids.new_leg(),
            log_leg: ids.log_leg(),
        },
        trunk: trunk.to_owned(),
        uri: Private::new(format!("sip:{}@{}", number.reveal(), rules.address)),
        caller_id: rules.caller_id.clone(),
        credentials: rules.credentials.clone(),
        // Of a call out nobody asks the called party: only what is always recorded is.
        record: company.record_by(Some(trunk)) == RecordPolicy::Always,
        of_trunk: rules.max_calls,
        of_agent: rules.max_calls_per_agent,
    })
    .collect()
}

/// Whom a flow calls for a caller. Our own numbers are none: such a call would come back to us, again and again.
pub(super) fn way_to(company: &CompanyView, to: &DialTo, ids: &mut dyn ArrivalIds) -> DialWays {
    match to {
        DialTo::Agent(extension) => match company.agent_at(extension) {
            Some(agent) => DialWays::Agent {
                agent,
                extension: extension.clone(),
            },
            None => DialWays::None,
        },
        DialTo::Number(number) => {
            let known = company.normalise(number);
            let outside = known.filter(|_| company.flow_for(number, number).is_none());
            let ways = outside.map(|number| ways_out(company, &number, ids));
            match ways {
                Some(ways) if !ways.is_empty() => DialWays::Trunks(ways),
                _ => DialWays::None,
            }
        }
    }
}
