//! One INVITE of ours: to one contact of the called party.
//!
//! **Owns**: CANCEL and its rules (RFC 3261 9.1), the ACKs of the 2xx that came back. **Must not know**: which of
//! several attempts wins.

use super::uac::Target;
use crate::leg::LegId;
use crate::sip::dialog::{Dialog, Path};
use crate::sip::endpoint::core::{Core, User};
use crate::sip::flow::Flow;
use crate::sip::message::{CSeq, HeaderName, Headers, Method, Request, Response};
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::timers::T1_64;
use bytes::Bytes;
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing came back; a CANCEL must wait for the first provisional.
    Calling { cancel: bool },
    /// A provisional came.
    Proceeding,
    /// CANCEL was sent; without a final answer the INVITE is given up then.
    Cancelling { give_up_at: Instant },
    /// A 2xx came.
    Answered,
}

/// The reason of a CANCEL when somebody else has answered (RFC 3326, 3.1).
const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// A 2xx that was acknowledged: its repeats get the same ACK.
#[derive(Debug)]
struct Acknowledged {
    remote_tag: String,
    ack: Bytes,
    destination: Flow,
}

#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) transaction: TransactionId,
    pub(crate) invite: Request,
    pub(crate) destination: Flow,
    /// A challenge has been answered: a second one is a refusal.
    pub(crate) authenticated: bool,
    /// A 422 has been answered with a longer timer.
    pub(crate) raised: bool,
    /// Somebody else has answered the call: a CANCEL says so, and the phone counts no missed call (RFC 3326).
    pub(crate) elsewhere: bool,
    /// Other ways to the same phone, for when this one fails.
    pub(crate) others: Vec<Target>,
    pub(super) path: Path,
    phase: Phase,
    acknowledged: Vec<Acknowledged>,
}

impl Attempt {
    /// Sends the INVITE.
    pub(crate) fn start(
        core: &mut Core,
        leg: LegId,
        invite: Request,
        (destination, path): (Flow, Path),
    ) -> Self {
        Self {
            transaction: core.start_request(&invite, destination, User::Leg(leg)),
            invite,
            destination,
            authenticated: false,
            raised: false,
            elsewhere: false,
            others: Vec::new(),
            path,
            phase: Phase::Calling { cancel: false },
            acknowledged: Vec::new(),
        }
    }

    /// Sends the INVITE again with a header changed (credentials: RFC 3261 22.2): next CSeq, new branch, same Call-ID
    /// and From.
    pub(crate) fn restart(
        &mut self,
        core: &mut Core,
        leg: LegId,
        change: impl FnOnce(&mut Headers),
    ) {
        let Ok(cseq) = self.invite.headers.cseq() else {
            return;
        };
        let next = CSeq::new(cseq.number.saturating_add(1), Method::Invite);
        let via = core.new_via(self.destination);
        self.invite.headers.set_first(HeaderName::Via, via);
        self.invite.headers.set(HeaderName::CSeq, next);
        change(&mut self.invite.headers);
        self.phase = Phase::Calling { cancel: false };
        self.transaction = core.start_request(&self.invite, self.destination, User::Leg(leg));
    }

    /// When an unanswered CANCEL is given up.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Cancelling { give_up_at } => Some(give_up_at),
            _ => None,
        }
    }

    /// Whether it was cancelled or will be.
    pub(crate) const fn is_cancelled(&self) -> bool {
        matches!(
            self.phase,
            Phase::Calling { cancel: true } | Phase::Cancelling { .. }
        )
    }

    /// Cancels it: now when a provisional has come, else as soon as one comes.
    pub(crate) fn cancel(&mut self, core: &mut Core) {
        match self.phase {
            Phase::Calling { .. } => self.phase = Phase::Calling { cancel: true },
            Phase::Proceeding => self.send_cancel(core),
            Phase::Cancelling { .. } | Phase::Answered => {}
        }
    }

    /// A provisional came.
    pub(crate) fn on_provisional(&mut self, core: &mut Core) {
        match self.phase {
            Phase::Calling { cancel: true } => self.send_cancel(core),
            Phase::Calling { cancel: false } => self.phase = Phase::Proceeding,
            Phase::Proceeding | Phase::Cancelling { .. } | Phase::Answered => {}
        }
    }

    /// A 2xx came. Acknowledges it; gives its dialog when this is the first time it comes.
    pub(crate) fn on_success(
        &mut self,
        core: &mut Core,
        response: &Response,
    ) -> Result<Option<Dialog>, Unusable> {
        self.phase = Phase::Answered;
        let to = response.headers.to().map_err(|_| Unusable)?;
        let tag = to.tag().unwrap_or_default();
        if let Some(known) = self
            .acknowledged
            .iter()
            .find(|known| known.remote_tag == tag)
        {
            core.transmit(known.destination, known.ack.clone());
            return Ok(None);
        }
        let dialog = Dialog::from_answer(&self.invite, response, self.path).ok_or(Unusable)?;
        let cseq = self.invite.headers.cseq().map_err(|_| Unusable)?;
        let destination = dialog.destination();
        let via = core.new_via(destination);
        let ack = dialog.ack(cseq.number, via);
        self.acknowledged.push(Acknowledged {
            remote_tag: tag.to_owned(),
            ack: core.send_ack(&ack, destination),
            destination,
        });
        Ok(Some(dialog))
    }

    fn send_cancel(&mut self, core: &mut Core) {
        let give_up_at = core.now + T1_64;
        self.phase = Phase::Cancelling { give_up_at };
        if let Some(mut cancel) = cancel_of(&self.invite) {
            if self.elsewhere {
                cancel.headers.push(HeaderName::Reason, ELSEWHERE);
            }
            core.start_request(&cancel, self.destination, User::Nobody);
        }
    }
}

/// A 2xx without what a dialog needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unusable;

/// RFC 3261 9.1: same Request-URI, Call-ID, To, From, CSeq number, Route and top Via.
fn cancel_of(invite: &Request) -> Option<Request> {
    let mut headers = Headers::new();
    headers.push(HeaderName::Via, invite.headers.via_top().ok()?);
    headers.copy_from(&invite.headers, &HeaderName::Route);
    headers.push(HeaderName::MaxForwards, 70_u8);
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId] {
        headers.copy_from(&invite.headers, &name);
    }
    let number = invite.headers.cseq().ok()?.number;
    headers.push(HeaderName::CSeq, CSeq::new(number, Method::Cancel));
    Some(Request {
        method: Method::Cancel,
        uri: invite.uri.clone(),
        headers,
        body: Bytes::new(),
    })
}

/// The ACK of a final non-2xx (RFC 3261 17.1.1.3): as the CANCEL, but with the To of the response.
pub(crate) fn ack_of_refusal(invite: &Request, response: &Response) -> Option<Request> {
    let mut ack = cancel_of(invite)?;
    let number = invite.headers.cseq().ok()?.number;
    ack.method = Method::Ack;
    ack.headers
        .set(HeaderName::CSeq, CSeq::new(number, Method::Ack));
    ack.headers.set(HeaderName::To, response.headers.to().ok()?);
    Some(ack)
}
