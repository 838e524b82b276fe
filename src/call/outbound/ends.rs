//! What the end of a call to the outside means for the record and for the agent's phone.
//!
//! **Owns**: [`End`]. **Must not know**: the phase the call was in.

use super::setup::NoWay;
use router::outcome::{EndCause, Outcome};
use sip_gateway::leg::LegEndCause;

const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const UNAVAILABLE: u16 = 480;
const BUSY_HERE: u16 = 486;
const OUR_FAULT: u16 = 503;

/// How the call ended, as the record has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) cause: EndCause,
    /// The tag `outbound_result`, for calls that were not answered.
    pub(super) result: Option<&'static str>,
    /// For a phone that has no answer yet.
    pub(super) status: u16,
}

const fn end(outcome: Outcome, cause: EndCause, result: &'static str, status: u16) -> End {
    End {
        outcome,
        cause,
        result: Some(result),
        status,
    }
}

/// Both were heard.
pub(super) const fn talked(cause: EndCause) -> End {
    End {
        outcome: Outcome::Answered,
        cause,
        result: None,
        status: OUR_FAULT,
    }
}

/// The agent hung up before anybody answered.
pub(super) const fn given_up() -> End {
    end(Outcome::Abandoned, EndCause::Agent, "given_up", UNAVAILABLE)
}

pub(super) const fn our_fault(cause: EndCause) -> End {
    end(Outcome::Failed, cause, "our_fault", OUR_FAULT)
}

/// It never went out.
pub(super) const fn no_way(why: NoWay) -> End {
    end(Outcome::Rejected, EndCause::Error, why.as_str(), FORBIDDEN)
}

/// What the carrier's refusal, or its silence, means.
pub(super) const fn refused(cause: LegEndCause) -> End {
    use EndCause::{Customer, Error, Timeout};
    use Outcome::{Failed, Rejected, Unserved};
    match cause {
        LegEndCause::Rejected(486 | 600) => end(Rejected, Customer, "busy", BUSY_HERE),
        LegEndCause::Rejected(603) => end(Rejected, Customer, "declined", BUSY_HERE),
        LegEndCause::Rejected(404 | 410 | 484 | 604) => {
            end(Rejected, Customer, "no_such_number", NOT_FOUND)
        }
        LegEndCause::Rejected(408 | 480 | 487) | LegEndCause::Timeout { silent: false } => {
            end(Unserved, Timeout, "no_answer", UNAVAILABLE)
        }
        LegEndCause::Rejected(401 | 403 | 407) => {
            end(Failed, Error, "refused_by_carrier", OUR_FAULT)
        }
        LegEndCause::Unreachable | LegEndCause::Timeout { silent: true } => {
            end(Failed, Error, "carrier_unreachable", OUR_FAULT)
        }
        _ => end(Failed, Error, "carrier_failed", OUR_FAULT),
    }
}

/// The trunk cannot take the call, whoever is called: another one may (RFC 3261 21.5.4, RFC 3263 4.3).
pub(super) const fn is_of_the_trunk(cause: LegEndCause) -> bool {
    matches!(
        cause,
        LegEndCause::Rejected(500 | 502 | 503)
            | LegEndCause::Unreachable
            | LegEndCause::Timeout { silent: true }
    )
}
