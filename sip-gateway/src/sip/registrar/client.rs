//! Registrations of our own, as a phone makes them (RFC 3261 10.2).
//!
//! **Owns**: asking, refreshing at half of the lifetime, coming back after a refusal with growing pauses. **Must not
//! know**: calls.

use crate::leg::Credentials;
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
struct OwnRegistration {
    address_of_record: String,
    uri: Uri,
    destination: SocketAddr,
    credentials: Credentials,
    expires: Duration,
    call_id: String,
    tag: String,
    cseq: u32,
    phase: Phase,
    pause: Duration,
    /// What was told last.
    told: Option<Result<(), u16>>,
    /// It is being given up.
    leaving: bool,
}

/// All of them, by a number of their own.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    last_id: u64,
    all: BTreeMap<u64, OwnRegistration>,
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
        let uri = Uri::parse(&address_of_record)
            .ok()
            .filter(|uri| uri.as_sip().is_some());
        let (Some(uri), true) = (uri, self.all.len() < core.config.limits.registrations) else {
            let result = Err(if self.all.len() < core.config.limits.registrations {
                400
            } else {
                503
            });
            core.emit(SipEvent::Registration {
                address_of_record,
                result,
            });
            return;
        };
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        let mut registration = OwnRegistration {
            address_of_record,
            uri,
            destination,
            credentials,
            expires: expires.min(LONGEST_EXPIRES),
            call_id: core.ids.call_id(),
            tag: core.ids.tag(),
            cseq: 0,
            phase: Phase::Waiting,
            pause: FIRST_PAUSE,
            told: None,
            leaving: false,
        };
        registration.ask(core, id);
        self.all.insert(id, registration);
    }

    /// Gives one up: removes its binding at the server, then itself.
    pub(crate) fn unregister(&mut self, core: &mut Core, address_of_record: &str) {
        let found = self
            .all
            .iter_mut()
            .find(|(_, one)| one.address_of_record == address_of_record && !one.leaving);
        let Some((&id, registration)) = found else {
            core.counters.bad_commands += 1;
            return;
        };
        registration.leaving = true;
        registration.expires = Duration::ZERO;
        registration.stop(core, id);
        registration.ask(core, id);
    }

    /// Its deadline has passed: ask (again).
    pub(crate) fn on_timer(&mut self, core: &mut Core, id: u64) {
        if let Some(registration) = self.all.get_mut(&id) {
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
            self.all.remove(&id);
            core.schedule.set(Owner::Registration(id), None);
            return;
        }
        registration.conclude(core, id, response);
    }

    fn forget(&mut self, core: &mut Core, address_of_record: &str) {
        let ids = self
            .all
            .iter()
            .filter(|(_, one)| one.address_of_record == address_of_record);
        let ids: Vec<u64> = ids.map(|(&id, _)| id).collect();
        for id in ids {
            if let Some(mut registration) = self.all.remove(&id) {
                registration.stop(core, id);
            }
        }
    }
}

impl OwnRegistration {
    fn ask(&mut self, core: &mut Core, id: u64) {
        core.schedule.set(Owner::Registration(id), None);
        let mut headers = Headers::new();
        let address = NameAddr::new(self.uri.clone());
        headers.push(HeaderName::MaxForwards, 70_u8);
        headers.push(HeaderName::From, address.clone().with_tag(&self.tag));
        headers.push(HeaderName::To, address);
        headers.push(HeaderName::CallId, self.call_id.as_str());
        let user = self.uri.user_unescaped();
        headers.push(
            HeaderName::Contact,
            core.contact(user.as_deref(), self.destination.into()),
        );
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
        request
            .headers
            .set(HeaderName::CSeq, CSeq::new(self.cseq, Method::Register));
        let via = core.new_via(self.destination.into());
        request.headers.remove(&HeaderName::Via);
        request.headers.push_front(HeaderName::Via, via);
        self.phase = Phase::Asking {
            transaction: core.start_request(
                &request,
                self.destination.into(),
                User::Registration(id),
            ),
            request,
            authenticated,
        };
    }

    /// Answers a challenge once, and asks for the lifetime that a 423 wants.
    fn asks_again(&mut self, core: &mut Core, id: u64, response: &Response) -> bool {
        let Phase::Asking {
            request,
            authenticated,
            ..
        } = &self.phase
        else {
            return false;
        };
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
        if *authenticated {
            return false;
        }
        let Some((name, value)) = answer_challenge(core, response, request, &self.credentials)
        else {
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
            (self.granted(core, response) / 2).max(Duration::from_secs(1))
        } else {
            let pause = self.pause;
            self.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            // Spread, so that many phones of one server do not come back together.
            pause + Duration::from_millis(core.ids.below(1_000))
        };
        let due = core.now + wait;
        core.schedule.set(Owner::Registration(id), Some(due));
        if self.told != Some(result) {
            self.told = Some(result);
            let address_of_record = self.address_of_record.clone();
            core.emit(SipEvent::Registration {
                address_of_record,
                result,
            });
        }
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
