//! Registrations of our own (RFC 3261 10.2): a phone's, and those of trunks (`trunks.rs`).
//!
//! **Owns**: asking, refreshing at half of the lifetime, coming back after a refusal with growing pauses. PURE: time
//! and randomness are the endpoint's. **Must not know**: calls.

use super::trunks::LINE;
use crate::leg::{Credentials, TrunkState};
use crate::sip::endpoint::answer::answer_challenge;
use crate::sip::endpoint::core::{Core, User};
use crate::sip::endpoint::schedule::Owner;
use crate::sip::message::{
    CSeq, Contacts, HeaderName, Headers, Method, NameAddr, Request, Response, Uri,
};
use crate::sip::port::SipEvent;
use crate::sip::transaction::TransactionId;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Longest lifetime that is asked for or believed.
const LONGEST_EXPIRES: Duration = Duration::from_secs(86_400);

/// The shortest pause after our credentials were refused: carriers lock out who tries often.
const LOCKED_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause that a Retry-After is believed for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// The least time between two rounds, whatever lifetime is granted.
const SHORTEST_REFRESH: Duration = Duration::from_secs(5);
/// Requests of one round at most: the first, its answer to the challenge, and three for a nonce that has gone stale or
/// a lifetime that was too short.
const REQUESTS_OF_A_ROUND: u8 = 5;

/// What is to be registered, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    pub(super) address_of_record: String,
    pub(super) destination: SocketAddr,
    pub(super) credentials: Credentials,
    pub(super) expires: Duration,
    /// The trunk that it is for, and what its calls show in their Request-URI.
    pub(super) trunk: Option<String>,
    pub(super) line: Option<String>,
}

/// Where one registration stands.
#[derive(Debug)]
enum Phase {
    /// A REGISTER is under way.
    Asking {
        transaction: TransactionId,
        request: Request,
        authenticated: bool,
    },
    /// Nothing to do until its deadline: half of the lifetime, or the pause after a refusal.
    Waiting,
}

#[derive(Debug)]
pub(super) struct OwnRegistration {
    pub(super) spec: Spec,
    uri: Uri,
    /// Asked for; a 423 raises it.
    expires: Duration,
    call_id: String,
    tag: String,
    cseq: u32,
    phase: Phase,
    /// Requests of this round.
    requests: u8,
    pause: Duration,
    /// What was told last.
    told: Option<Result<(), u16>>,
    /// It is being given up.
    pub(super) leaving: bool,
    pub(super) service_routes: Vec<String>,
}

/// All of them, by a number of their own.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    last_id: u64,
    pub(super) all: BTreeMap<u64, OwnRegistration>,
    /// Trunks are given up for good.
    pub(super) left: bool,
}

impl Registrations {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Begins a registration, or begins it anew. One that is malformed or too many is told as refused with 400 or 503.
    pub(crate) fn register(
        &mut self,
        core: &mut Core,
        (address_of_record, destination, credentials): (String, SocketAddr, Credentials),
        expires: Duration,
    ) {
        self.forget(core, &address_of_record);
        let uri = Uri::parse(&address_of_record);
        let is_sip = uri.is_ok_and(|uri| uri.as_sip().is_some());
        let has_room = self.all.len() < core.config.limits.registrations;
        if !is_sip || !has_room {
            let result = Err(if has_room { 400 } else { 503 });
            core.emit(SipEvent::Registration {
                address_of_record,
                result,
            });
            return;
        }
        let spec = Spec {
            address_of_record,
            destination,
            credentials,
            expires,
            trunk: None,
            line: None,
        };
        let id = self.begin(core, spec);
        self.on_timer(core, id);
    }

    /// A registration that has not asked yet.
    pub(super) fn begin(&mut self, core: &mut Core, spec: Spec) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        let uri = Uri::parse(&spec.address_of_record);
        let registration = OwnRegistration {
            uri: uri.unwrap_or_else(|_| Uri::sip(None, spec.destination.ip(), None)),
            expires: spec.expires.min(LONGEST_EXPIRES),
            spec,
            call_id: core.ids.call_id(),
            tag: core.ids.tag(),
            cseq: 0,
            phase: Phase::Waiting,
            requests: 0,
            pause: FIRST_PAUSE,
            told: None,
            leaving: false,
            service_routes: Vec::new(),
        };
        self.all.insert(self.last_id, registration);
        self.last_id
    }

    /// Gives one up: removes its binding at the server, then itself.
    pub(crate) fn unregister(&mut self, core: &mut Core, address_of_record: &str) {
        let found = self
            .all
            .iter()
            .find(|(_, one)| one.spec.address_of_record == address_of_record && !one.leaving);
        match found.map(|(id, _)| *id) {
            Some(id) => self.leave(core, id),
            None => core.counters.bad_commands += 1,
        }
    }

    /// The same by its number. One that the server cannot know goes at once.
    pub(super) fn leave(&mut self, core: &mut Core, id: u64) {
        let Some(registration) = self.all.get_mut(&id) else {
            return;
        };
        let is_known =
            registration.told == Some(Ok(())) || matches!(registration.phase, Phase::Asking { .. });
        registration.leaving = true;
        registration.expires = Duration::ZERO;
        registration.requests = 0;
        registration.stop(core, id);
        if is_known {
            registration.ask(core, id);
        } else {
            self.remove(core, id);
        }
    }

    fn remove(&mut self, core: &mut Core, id: u64) {
        core.schedule.set(Owner::Registration(id), None);
        let trunk = self.all.remove(&id).and_then(|one| one.spec.trunk);
        // Another one for the same trunk goes on.
        let goes_on = |one: &OwnRegistration| one.spec.trunk == trunk;
        if let Some(trunk) = trunk.clone().filter(|_| !self.all.values().any(goes_on)) {
            core.emit(SipEvent::Trunk {
                trunk,
                state: TrunkState::Gone,
            });
        }
    }

    /// Its deadline has passed: ask (again).
    pub(crate) fn on_timer(&mut self, core: &mut Core, id: u64) {
        if let Some(registration) = self.all.get_mut(&id) {
            registration.requests = 0;
            registration.ask(core, id);
        }
    }

    /// A response, or none when there was no answer.
    pub(crate) fn on_outcome(
        &mut self,
        core: &mut Core,
        id: u64,
        transaction: TransactionId,
        response: Option<&Response>,
    ) {
        let Some(registration) = self.all.get_mut(&id) else {
            return;
        };
        let is_current = matches!(&registration.phase, Phase::Asking { transaction: current, .. } if *current == transaction);
        if !is_current || response.is_some_and(Response::is_provisional) {
            return;
        }
        if response.is_some_and(|response| registration.asks_again(core, id, response)) {
            return;
        }
        registration.phase = Phase::Waiting;
        if registration.leaving {
            self.remove(core, id);
            return;
        }
        registration.conclude(core, id, response);
    }

    fn forget(&mut self, core: &mut Core, address_of_record: &str) {
        let ids = self
            .all
            .iter()
            .filter(|(_, one)| one.spec.address_of_record == address_of_record);
        let ids: Vec<u64> = ids.map(|(&id, _)| id).collect();
        for id in ids {
            if let Some(mut registration) = self.all.remove(&id) {
                registration.stop(core, id);
            }
        }
    }
}

impl OwnRegistration {
    pub(super) fn trunk(&self) -> Option<&str> {
        self.spec.trunk.as_deref()
    }

    fn ask(&mut self, core: &mut Core, id: u64) {
        core.schedule.set(Owner::Registration(id), None);
        let mut headers = Headers::new();
        let address = NameAddr::new(self.uri.clone());
        headers.push(HeaderName::MaxForwards, 70_u8);
        headers.push(HeaderName::From, address.clone().with_tag(&self.tag));
        headers.push(HeaderName::To, address);
        headers.push(HeaderName::CallId, self.call_id.as_str());
        let user = self.uri.user_unescaped();
        let destination = self.spec.destination.into();
        let line = self.spec.line.as_deref().map(|line| (LINE, line));
        let contact = core.contact_with(user.as_deref(), destination, line);
        headers.push(HeaderName::Contact, contact);
        headers.push(HeaderName::Expires, self.expires.as_secs());
        headers.push(HeaderName::Allow, crate::sip::endpoint::core::ALLOW);
        headers.push(HeaderName::UserAgent, core.config.agent_name.as_str());
        let mut server = self.uri.clone();
        if let Some(sip) = server.as_sip_mut() {
            sip.user = None;
            sip.password = None;
        }
        let mut request = Request::new(Method::Register, server);
        request.headers = headers;
        self.send(core, id, request, false);
    }

    /// Sends with the next CSeq and a new branch.
    fn send(&mut self, core: &mut Core, id: u64, mut request: Request, authenticated: bool) {
        self.cseq = self.cseq.saturating_add(1);
        self.requests = self.requests.saturating_add(1);
        request
            .headers
            .set(HeaderName::CSeq, CSeq::new(self.cseq, Method::Register));
        let via = core.new_via(self.spec.destination.into());
        request.headers.remove(&HeaderName::Via);
        request.headers.push_front(HeaderName::Via, via);
        self.phase = Phase::Asking {
            transaction: core.start_request(
                &request,
                self.spec.destination.into(),
                User::Registration(id),
            ),
            request,
            authenticated,
        };
    }

    /// Answers a challenge once, again where only the nonce was too old, and asks for the lifetime that a 423 wants.
    fn asks_again(&mut self, core: &mut Core, id: u64, response: &Response) -> bool {
        let Phase::Asking {
            request,
            authenticated,
            ..
        } = &self.phase
        else {
            return false;
        };
        if self.requests >= REQUESTS_OF_A_ROUND {
            return false;
        }
        if response.status == 423 {
            let least = response
                .headers
                .get_str(&HeaderName::MinExpires)
                .and_then(|text| text.parse().ok());
            let least = least
                .map_or(self.expires, Duration::from_secs)
                .min(LONGEST_EXPIRES);
            if least > self.expires && !self.leaving {
                self.expires = least;
                self.ask(core, id);
                return true;
            }
        }
        if *authenticated && !is_stale(response) {
            return false;
        }
        let credentials = &self.spec.credentials;
        let Some((name, value)) = answer_challenge(core, response, request, credentials) else {
            return false;
        };
        let mut request = request.clone();
        request.headers.set(name, value);
        self.send(core, id, request, true);
        true
    }

    /// Registered, refused or unanswered: tells it when it is news, and sets the next try.
    fn conclude(&mut self, core: &mut Core, id: u64, response: Option<&Response>) {
        let result = match response {
            Some(response) if response.is_success() => Ok(()),
            Some(response) => Err(response.status),
            None => Err(0),
        };
        let wait = if let (Ok(()), Some(response)) = (result, response) {
            self.pause = FIRST_PAUSE;
            let routes = response.headers.all(&HeaderName::ServiceRoute);
            let routes = routes.filter_map(|route| Some(route.as_str()?.to_owned()));
            self.service_routes = routes.collect();
            (self.granted(core, response) / 2).max(SHORTEST_REFRESH)
        } else {
            self.after_refusal(core, response)
        };
        let due = core.now + wait;
        core.schedule.set(Owner::Registration(id), Some(due));
        if self.told != Some(result) {
            self.told = Some(result);
            let address_of_record = self.spec.address_of_record.clone();
            core.emit(match self.spec.trunk.clone() {
                Some(trunk) => SipEvent::Trunk {
                    trunk,
                    state: result.map_or_else(TrunkState::Refused, |()| TrunkState::Registered),
                },
                None => SipEvent::Registration {
                    address_of_record,
                    result,
                },
            });
        }
    }

    /// The next pause: twice as long each time, longer where the server says so or our credentials are refused, and
    /// spread, so that many do not come back together.
    fn after_refusal(&mut self, core: &mut Core, response: Option<&Response>) -> Duration {
        let asked = response
            .and_then(|response| response.headers.get_str(&HeaderName::RetryAfter))
            .and_then(|text| text.split([' ', ';', '(']).next()?.parse().ok())
            .map_or(Duration::ZERO, Duration::from_secs)
            .min(LONGEST_RETRY_AFTER);
        let locked = self.spec.trunk.is_some()
            && response.is_some_and(|r| matches!(r.status, 401 | 403 | 407));
        let least = if locked { LOCKED_PAUSE } else { Duration::ZERO };
        let pause = self.pause.max(least);
        self.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        let spread = u64::try_from(pause.as_millis() / 4).unwrap_or(u64::MAX);
        pause.max(asked) + Duration::from_millis(core.ids.below(spread))
    }

    /// The lifetime that the server gave our contact.
    fn granted(&self, core: &Core, response: &Response) -> Duration {
        let ours = core.config.advertised;
        let contacts = match response.headers.contacts() {
            Ok(Contacts::List(contacts)) => contacts,
            _ => Vec::new(),
        };
        let is_ours =
            |contact: &&NameAddr| crate::sip::dialog::address_of(&contact.uri) == Some(ours);
        let by_contact = contacts
            .iter()
            .find(is_ours)
            .and_then(|contact| contact.params.get("expires"));
        let seconds = by_contact
            .and_then(|text| text.parse().ok())
            .or_else(|| response.headers.expires().ok().flatten());
        let granted = seconds.map_or(self.expires, |seconds: u32| {
            Duration::from_secs(seconds.into())
        });
        granted.min(LONGEST_EXPIRES)
    }

    fn stop(&mut self, core: &mut Core, id: u64) {
        if let Phase::Asking { transaction, .. } = self.phase {
            core.drop_transaction(transaction);
        }
        self.phase = Phase::Waiting;
        core.schedule.set(Owner::Registration(id), None);
    }
}

/// The password was right and the nonce too old (RFC 7616 3.3).
fn is_stale(response: &Response) -> bool {
    let challenges = match response.status {
        401 => response.headers.www_authenticate(),
        407 => response.headers.proxy_authenticate(),
        _ => return false,
    };
    challenges.is_ok_and(|challenges| {
        crate::sip::auth::choose(&challenges)
            .and_then(|challenge| challenge.get("stale"))
            .is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
    })
}
