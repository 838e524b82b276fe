//! What becomes of a call that has just arrived: refused, an interaction, or a call of an agent's phone.
//!
//! **Owns**: the limits on new calls, the drain, and [`Arrival`]. PURE: the registry carries it out, a simulation does.
//! **Must not know**: what a call does afterwards.

use crate::call::internal::InternalCall;
use crate::call::outbound::OutboundSetup;
use crate::call::port::CallSetup;
use crate::call::service::ServiceCall;
use crate::company_view::CompanyView;
use crate::flows::{DRAFT, HeldDraft};
use crate::limits::CallRate;
use ivr_flows::Flow;
use ivr_flows::calendar::{ClosedByHand, CompanyHours};
use router::id::{CustomerId, InteractionId, LegId as LogLegId};
use router::{PhoneNumber, Private, Timestamp};
use sip_gateway::leg::{CallSource, IncomingCall, LegId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What a caller is told while the journal's disk is full.
const NO_ROOM: Duration = Duration::from_secs(30);

/// What a caller is told while no version of the flow can run.
const NO_FLOW: Refused = Refused {
    status: 503,
    retry_after: Some(Duration::from_secs(30)),
};

/// What a caller of no number of ours is told.
const UNKNOWN: Refused = Refused {
    status: 404,
    retry_after: None,
};

/// The admission of calls.
#[derive(Debug, Default)]
pub struct Arrivals {
    rate: CallRate,
    draining: bool,
}

/// What becomes of a call.
#[derive(Debug)]
pub enum Arrival {
    /// Nothing.
    Refused(Refused),
    /// A customer's request.
    Interaction(Box<CallSetup>),
    /// An agent's phone dialled a feature code.
    Service(ServiceCall),
    /// An agent's phone dialled another agent.
    Internal(InternalCall),
    /// An agent's phone dialled an outside number. The registry refuses it when there are too many such calls.
    Outbound(Box<OutboundSetup>),
}

/// How a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// SIP status.
    pub status: u16,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// New ids are inputs.
pub trait ArrivalIds {
    /// A new interaction.
    fn interaction(&mut self) -> InteractionId;
    /// A new customer row.
    fn customer(&mut self) -> CustomerId;
    /// A new leg of the log.
    fn log_leg(&mut self) -> LogLegId;
    /// A leg about to be dialled.
    fn new_leg(&mut self) -> LegId;
}

/// What the process looks like at this moment.
pub struct Moment<'a> {
    /// The time.
    pub now: Timestamp,
    /// Calls up.
    pub live: usize,
    /// The journal's disk takes the lines of more calls.
    pub journal_has_room: bool,
    /// Calendars that are closed by hand.
    pub closed: Arc<BTreeMap<String, ClosedByHand>>,
    /// The company.
    pub company: &'a CompanyView,
    /// The version of a flow that a call beginning now, as this interaction, stays on; none when there is none.
    pub flow: &'a dyn Fn(&str, InteractionId) -> Option<Arc<Flow>>,
    /// The draft that a name of a browser's phone may call.
    pub draft: &'a dyn Fn(&str) -> Option<HeldDraft>,
}

impl Arrivals {
    /// No new calls from here on.
    pub const fn drain(&mut self) {
        self.draining = true;
    }

    /// Hop 3: limits, the number's flow, ids.
    pub fn decide(
        &mut self,
        call: IncomingCall,
        moment: &Moment<'_>,
        ids: &mut dyn ArrivalIds,
    ) -> Arrival {
        let (company, now) = (moment.company, moment.now);
        if self.draining
            || moment.live >= company.limits.max_calls as usize
            || !self.rate.admit(now, company.limits.max_calls_per_second)
        {
            return refused(503, Some(Duration::from_secs(5)));
        }
        if !moment.journal_has_room {
            // Before it becomes an interaction: its lines would take the room kept back for live calls.
            return refused(503, Some(NO_ROOM));
        }
        if let CallSource::Device(extension) = &call.source
            && let Some(arrival) = super::phones::phone_call(&call, extension, moment, ids)
        {
            return arrival;
        }
        let (interaction, number, flow) = match taken(&call, moment, ids) {
            Ok(taken) => taken,
            Err(refused) => return Arrival::Refused(refused),
        };
        let caller = call
            .caller_user
            .as_deref()
            .and_then(|user| company.number_of_user(user));
        let is_device = matches!(call.source, CallSource::Device(_));
        let (trunk, caller_agent) = match call.source {
            CallSource::Trunk(name) => (Some(name), None),
            CallSource::Device(extension) => (None, company.agent_at(&extension)),
            CallSource::Caller { .. } => (None, None),
        };
        Arrival::Interaction(Box::new(CallSetup {
            interaction,
            leg: call.leg,
            log_leg: ids.log_leg(),
            sip_call_id: call.sip_call_id,
            caller_number: caller,
            caller_name: call.caller_name.map(Private::new),
            dialed_number: number,
            new_customer: (!is_device).then(|| ids.customer()),
            flow,
            queues: company.queues.clone(),
            hours: CompanyHours {
                calendars: Arc::clone(&company.company.calendars),
                closed: moment.closed.clone(),
                ..CompanyHours::default()
            },
            record: company.record_by(trunk.as_deref()),
            trunk,
            caller_agent,
        }))
    }
}

/// The number that was dialled and what calls take by it.
fn taken(
    call: &IncomingCall,
    moment: &Moment<'_>,
    ids: &mut dyn ArrivalIds,
) -> Result<(InteractionId, PhoneNumber, Arc<Flow>), Refused> {
    if let Some(HeldDraft { number, flow }) = drafted(call, moment) {
        return Ok((ids.interaction(), number, flow));
    }
    let company = moment.company;
    let by_account = || match &call.source {
        CallSource::Trunk(trunk) => company.flow_of_account(trunk, &call.dialed_user),
        CallSource::Device(_) | CallSource::Caller { .. } => None,
    };
    let found = company.flow_for(&call.dialed_user, &call.to_user);
    let (number, name) = found.or_else(by_account).ok_or(UNKNOWN)?;
    let interaction = ids.interaction();
    let Some(flow) = (moment.flow)(&name, interaction) else {
        tracing::error!(flow = %name, "there is no version of this flow that can run: the call is refused");
        return Err(NO_FLOW);
    };
    Ok((interaction, number, flow))
}

/// Whoever works on a flow calls what nobody else gets.
fn drafted(call: &IncomingCall, moment: &Moment<'_>) -> Option<HeldDraft> {
    match &call.source {
        CallSource::Caller { login, .. } if call.dialed_user == DRAFT => (moment.draft)(login),
        _ => None,
    }
}

pub(super) const fn refused(status: u16, retry_after: Option<Duration>) -> Arrival {
    Arrival::Refused(Refused {
        status,
        retry_after,
    })
}
