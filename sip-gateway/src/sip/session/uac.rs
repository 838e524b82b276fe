//! A call that we place (RFC 3261 13.2): to every contact of a device at once, or to one destination.
//!
//! **Owns**: the race between contacts (the first answer wins, the others are cancelled), what is told when all
//! refuse, credentials. **Must not know**: who asked for the call.

use super::attempt::{Attempt, Unusable};
use super::early::Provisional;
use super::own_change;
use super::talking::{self, Talking};
use super::timer::{self, SessionTimer};
use super::{Failure, Leg, State, put_sdp, sdp_of};
use crate::leg::{Credentials, Dial, LegEndCause, LegId};
use crate::sip::dialog::Path;
use crate::sip::endpoint::core::{ALLOW, Core, SUPPORTED_HEADER};
use crate::sip::flow::Flow;
use crate::sip::message::{
    CSeq, HeaderName, HeaderValue, Headers, Method, NameAddr, Request, Response, Uri,
};
use crate::sip::port::{Offers, SipEvent};
use crate::sip::transaction::TransactionId;
use bytes::Bytes;
use std::time::Instant;

/// Flow Failed: an edge on the way has lost its connection to the phone (RFC 5626 11.5).
const FLOW_FAILED: u16 = 430;

#[derive(Debug)]
pub(crate) struct Outgoing {
    credentials: Option<Credentials>,
    pub(super) give_up_at: Instant,
    /// The refusal to tell when nobody answers.
    best: Option<u16>,
    /// Anything at all came back.
    heard: bool,
    unreachable: bool,
    /// The last progress told: the same news from a second contact is no news.
    told: Option<u16>,
    /// The call, for another INVITE; none where no phone has a second way.
    again: Option<Box<(Dial, Offers)>>,
}

/// One place to call.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    pub(crate) destination: Flow,
    pub(crate) path: Path,
    /// Other ways to the same phone, in the order to try them when this one fails (RFC 5626 5.3).
    pub(crate) others: Vec<Self>,
    /// `Route` headers the INVITE begins with.
    pub(crate) routes: Vec<String>,
}

impl Target {
    /// It speaks DTLS-SRTP alone: it came over WebSocket, to us or (by its Contact, RFC 7118 5) to whoever brought it.
    fn is_browser(&self) -> bool {
        let by_contact = self.uri.param("transport");
        self.destination.is_web()
            || by_contact.is_some_and(|transport| {
                transport.eq_ignore_ascii_case("ws") || transport.eq_ignore_ascii_case("wss")
            })
    }
}

/// Places the call; with no target at all it ends at once.
pub(crate) fn dial(
    core: &mut Core,
    id: LegId,
    dial: &Dial,
    targets: Vec<Target>,
    offers: &Offers,
) -> Leg {
    let outgoing = Outgoing {
        credentials: dial.credentials.clone(),
        give_up_at: core.now + core.config.limits.ringing,
        best: None,
        heard: false,
        unreachable: targets.is_empty(),
        told: None,
        again: targets
            .iter()
            .any(|target| !target.others.is_empty())
            .then(|| Box::new((dial.clone(), offers.clone()))),
    };
    let mut leg = Leg::new(id, State::Outgoing(Box::new(outgoing)));
    for target in targets {
        let invite = invite_to(core, dial, &target, offers);
        // Several contacts are several dialogs; the first one's name is the leg's in records and captures.
        if leg.attempts.is_empty()
            && let Ok(call_id) = invite.headers.call_id()
        {
            let sip_call_id = call_id.to_owned();
            core.emit(SipEvent::Dialled {
                leg: id,
                sip_call_id,
            });
        }
        let mut attempt = Attempt::start(core, id, invite, (target.destination, target.path));
        attempt.others = target.others;
        leg.attempts.push(attempt);
    }
    end_if_nobody_is_left(&mut leg, core);
    leg
}

fn invite_to(core: &mut Core, dial: &Dial, target: &Target, offers: &Offers) -> Request {
    let secured = offers.secured.as_ref().filter(|_| target.is_browser());
    let sdp = secured.unwrap_or(&offers.plain).clone();
    let via = core.new_via(target.destination);
    let (tag, call_id) = (core.ids.tag(), core.ids.call_id());
    let mut headers = Headers::new();
    headers.push(HeaderName::Via, via);
    for route in &target.routes {
        if let Ok(route) = HeaderValue::try_new(&HeaderName::Route, route.clone()) {
            headers.push(HeaderName::Route, route);
        }
    }
    headers.push(HeaderName::MaxForwards, 70_u8);
    let identity = identity(core, dial);
    headers.push(HeaderName::From, identity.clone().with_tag(&tag));
    headers.push(HeaderName::To, NameAddr::new(target.uri.clone()));
    headers.push(HeaderName::CallId, call_id);
    headers.push(HeaderName::CSeq, CSeq::new(1, Method::Invite));
    let contact = core.contact(dial.from_user.as_deref(), target.destination);
    headers.push(HeaderName::Contact, contact);
    if dial.from_user.is_some() {
        headers.push(HeaderName::PAssertedIdentity, identity);
    }
    headers.push(HeaderName::Allow, ALLOW);
    headers.push(HeaderName::Supported, SUPPORTED_HEADER);
    timer::ask(&mut headers, None);
    headers.push(HeaderName::UserAgent, core.config.agent_name.as_str());
    for (name, value) in &dial.headers {
        match extra_header(name, value) {
            Some((name, value)) => headers.push(name, value),
            None => core.counters.bad_commands += 1,
        }
    }
    let mut request = Request::new(Method::Invite, target.uri.clone());
    put_sdp(&mut headers, &mut request.body, sdp);
    request.headers = headers;
    request
}

/// From and P-Asserted-Identity (RFC 3323 4.1.1.3 when there is no number).
fn identity(core: &Core, dial: &Dial) -> NameAddr {
    match &dial.from_user {
        Some(user) => {
            let uri = Uri::sip(Some(user), core.config.domain.as_str(), None);
            NameAddr::new(uri).with_display(dial.from_name.as_deref().unwrap_or_default())
        }
        None => {
            let uri = Uri::sip(Some("anonymous"), "anonymous.invalid", None);
            NameAddr::new(uri).with_display("Anonymous")
        }
    }
}

/// A header the product adds. Only names that SIP does not know, so that none of ours is doubled.
fn extra_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::parse(name).filter(|name| matches!(name, HeaderName::Other(_)))?;
    let value = HeaderValue::try_new(&name, value.to_owned()).ok()?;
    Some((name, value))
}

/// A response to one of the INVITEs.
pub(super) fn on_response(
    leg: &mut Leg,
    core: &mut Core,
    transaction: TransactionId,
    response: &Response,
) {
    let Some(index) = leg
        .attempts
        .iter()
        .position(|attempt| attempt.transaction == transaction)
    else {
        return;
    };
    if let State::Outgoing(outgoing) = &mut leg.state {
        outgoing.heard = true;
    }
    match response.status {
        ..=199 => {
            leg.attempts[index].on_provisional(core);
            if !leg.attempts[index].is_cancelled() {
                on_progress(leg, core, index, response);
            }
        }
        200..=299 => on_success(leg, core, index, response),
        status => {
            if !answer_challenge(leg, core, index, response)
                && !raise_timer(leg, core, index, response)
            {
                let gone = leg.attempts.remove(index);
                let call_id = gone.invite.headers.call_id();
                leg.early.forget(call_id.unwrap_or_default());
                if status != FLOW_FAILED || !try_another_way(leg, core, gone) {
                    on_refusal(leg, core, status);
                }
            }
        }
    }
}

fn on_progress(leg: &mut Leg, core: &mut Core, index: usize, response: &Response) {
    let (id, status) = (leg.id, response.status);
    let State::Outgoing(outgoing) = &mut leg.state else {
        return;
    };
    let attempt = &leg.attempts[index];
    let of = (&attempt.invite, attempt.path);
    let sdp = sdp_of(&response.headers, &response.body);
    let sdp = match status {
        100 => None,
        _ => match leg.early.provisional(core, of, response, sdp) {
            Provisional::Void => return,
            Provisional::News(sdp) => sdp,
        },
    };
    // 100 is told as well, but only first: it says that the party is there at all.
    let is_news = outgoing
        .told
        .is_none_or(|told| told != status && status != 100);
    if !is_news && sdp.is_none() {
        return;
    }
    outgoing.told = Some(status);
    core.emit(SipEvent::Progress {
        leg: id,
        status,
        offer: attempt.invite.body.clone(),
        sdp,
    });
}

/// 2xx: the first wins; each other one, from a fork or from behind a CANCEL, is acknowledged and ended.
fn on_success(leg: &mut Leg, core: &mut Core, index: usize, response: &Response) {
    let mut dialog = match leg.attempts[index].on_success(core, response) {
        Ok(Some(dialog)) => dialog,
        Ok(None) => return,
        Err(Unusable) => {
            leg.attempts.remove(index);
            return on_refusal(leg, core, 502);
        }
    };
    let known = leg.early.answered(response, &mut dialog);
    if !matches!(leg.state, State::Outgoing(_)) {
        return talking::send_bye_for_nobody(&mut dialog, core);
    }
    for other in leg.attempts.iter_mut() {
        other.cancel(core);
    }
    match sdp_of(&response.headers, &response.body).or(known) {
        Some(sdp) => {
            let ours = leg.attempts[index].invite.body.clone();
            let mut talking = Talking::new(dialog, ours.clone(), true);
            talking.peer_updates = own_change::takes_update(&response.headers);
            talking.timer = SessionTimer::agreed(&response.headers, core.now);
            begin_talking(leg, core, talking, (ours, sdp));
        }
        None => {
            talking::send_bye_for_nobody(&mut dialog, core);
            leg.state = State::Over;
            leg.end(core, LegEndCause::BadMedia);
        }
    }
}

fn begin_talking(leg: &mut Leg, core: &mut Core, talking: Talking, (offer, sdp): (Bytes, Bytes)) {
    leg.index(core, talking.dialog.key().clone());
    leg.state = State::Talking(Box::new(talking));
    core.emit(SipEvent::Answered {
        leg: leg.id,
        offer,
        sdp,
    });
}

/// 401 and 407 are answered once, only with credentials meant for this call, only to where the INVITE was sent.
fn answer_challenge(leg: &mut Leg, core: &mut Core, index: usize, response: &Response) -> bool {
    let State::Outgoing(outgoing) = &leg.state else {
        return false;
    };
    let attempt = &mut leg.attempts[index];
    let Some(credentials) = &outgoing.credentials else {
        return false;
    };
    if attempt.authenticated || attempt.is_cancelled() || !matches!(response.status, 401 | 407) {
        return false;
    }
    let answer = crate::sip::endpoint::answer::answer_challenge(
        core,
        response,
        &attempt.invite,
        credentials,
    );
    let Some((name, value)) = answer else {
        return false;
    };
    attempt.authenticated = true;
    attempt.restart(core, leg.id, |headers| headers.set(name, value));
    true
}

/// 422 is answered once, with the timer it asks for (RFC 4028 7.4).
fn raise_timer(leg: &mut Leg, core: &mut Core, index: usize, response: &Response) -> bool {
    let attempt = &mut leg.attempts[index];
    if response.status != 422 || attempt.raised || attempt.is_cancelled() {
        return false;
    }
    let Some(least) = timer::wanted_by(&response.headers) else {
        return false;
    };
    attempt.raised = true;
    attempt.restart(core, leg.id, |headers| timer::ask(headers, Some(least)));
    true
}

/// One contact has refused. A 6xx speaks for all of them (RFC 3261 21.6).
fn on_refusal(leg: &mut Leg, core: &mut Core, status: u16) {
    let State::Outgoing(outgoing) = &mut leg.state else {
        return;
    };
    outgoing.best = Some(outgoing.best.map_or(status, |best| better(best, status)));
    if status >= 600 {
        give_up(leg, core, LegEndCause::Rejected(status));
    } else {
        end_if_nobody_is_left(leg, core);
    }
}

/// The more telling of two refusals: 6xx first, then the lowest class (RFC 3261 16.7 step 6), then the first.
fn better(one: u16, other: u16) -> u16 {
    let rank = |status: u16| if status >= 600 { 0 } else { status / 100 };
    if rank(other) < rank(one) { other } else { one }
}

/// One contact did not answer.
pub(super) fn on_failure(
    leg: &mut Leg,
    core: &mut Core,
    transaction: TransactionId,
    failure: Failure,
) {
    let of_it = |attempt: &Attempt| attempt.transaction == transaction;
    let Some(index) = leg.attempts.iter().position(of_it) else {
        return;
    };
    let attempt = leg.attempts.remove(index);
    let call_id = attempt.invite.headers.call_id();
    leg.early.forget(call_id.unwrap_or_default());
    if let State::Outgoing(outgoing) = &mut leg.state {
        outgoing.unreachable |= failure == Failure::Unreachable;
    }
    if !try_another_way(leg, core, attempt) {
        end_if_nobody_is_left(leg, core);
    }
}

/// The flow to a phone has failed: the next one that it has is tried (RFC 5626 5.3). False when there is none.
fn try_another_way(leg: &mut Leg, core: &mut Core, failed: Attempt) -> bool {
    let State::Outgoing(outgoing) = &leg.state else {
        return false;
    };
    let (false, Some(again)) = (failed.is_cancelled(), &outgoing.again) else {
        return false;
    };
    let mut others = failed.others.into_iter();
    let Some(target) = others.next() else {
        return false;
    };
    let invite = invite_to(core, &again.0, &target, &again.1);
    let mut attempt = Attempt::start(core, leg.id, invite, (target.destination, target.path));
    attempt.others = others.collect();
    leg.attempts.push(attempt);
    true
}

fn end_if_nobody_is_left(leg: &mut Leg, core: &mut Core) {
    let State::Outgoing(outgoing) = &leg.state else {
        return;
    };
    if !leg.attempts.is_empty() {
        return;
    }
    let cause = match outgoing.best {
        Some(status) => LegEndCause::Rejected(status),
        None if outgoing.unreachable => LegEndCause::Unreachable,
        None => LegEndCause::Timeout {
            silent: !outgoing.heard,
        },
    };
    leg.state = State::Over;
    leg.end(core, cause);
}

/// Cancels everything; the leg ends now and its INVITEs when their answers have come.
pub(super) fn give_up(leg: &mut Leg, core: &mut Core, cause: LegEndCause) {
    for attempt in leg.attempts.iter_mut() {
        attempt.cancel(core);
    }
    leg.state = State::Over;
    leg.end(core, cause);
}

pub(super) fn on_timer(leg: &mut Leg, core: &mut Core) {
    let State::Outgoing(outgoing) = &leg.state else {
        return;
    };
    if outgoing.give_up_at <= core.now {
        let silent = !outgoing.heard;
        give_up(leg, core, LegEndCause::Timeout { silent });
    }
}
