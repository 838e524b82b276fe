//! REGISTER from devices (RFC 3261 10.3): authentication, limits, the answer.
//!
//! **Owns**: the reading of a REGISTER and its 200. **Must not know**: how bindings are kept.

use super::Endpoint;
use super::core::User;
use super::inbound::Arrived;
use super::logins::Pass;
use super::schedule::Owner;
use crate::leg::{DeviceChange, LegId};
use crate::sip::flow::Flow;
use crate::sip::message::{
    Contacts, HeaderName, NameAddr, Params, Refusal, Request, Response, Uri,
};
use crate::sip::port::SipEvent;
use crate::sip::registrar::{ContactUpdate, Registration, Update};
use std::time::Duration;

/// How often a device pings that keeps its connection alive, seconds (RFC 5626 4.4.1). The driver gives a silent
/// connection up after more than twice that.
const FLOW_TIMER: u32 = 120;
/// The same for datagrams: address translators forget a silent one after half a minute.
const FLOW_TIMER_UDP: u32 = 25;
/// Contacts of one REGISTER at most.
const MAX_CONTACTS: usize = 32;

impl Endpoint {
    /// Always challenged; a device may change its own bindings only.
    pub(super) fn on_register(&mut self, arrived: &Arrived) {
        let (request, reply_to) = (&arrived.request, arrived.reply_to);
        let user =
            |address: Option<NameAddr>| address.and_then(|address| address.uri.user_unescaped());
        let extension = user(request.headers.to().ok()).unwrap_or_default();
        let here = (arrived.source, self.core.now);
        let registrar = &self.registrar;
        let is_bound = |user: &str| registrar.is_bound(user, here.0, here.1);
        let proven = self.identity.prove(request, &extension, here, is_bound);
        let pass = match proven {
            Ok(pass) => pass,
            Err(unproven) => return self.challenge(arrived, unproven),
        };
        self.sources.vouch(arrived.source.ip(), self.core.now);
        if !self.core.has_room() {
            return self.overloaded(request, reply_to);
        }
        // From here on the answer is kept: credentials count once, so a repeat must not be judged again.
        let transaction =
            self.core
                .transactions
                .start_server(arrived.key.clone(), reply_to, User::Nobody);
        let is_itself = user(request.headers.from().ok()).as_deref() == Some(extension.as_str());
        let may = is_itself && self.identity.may_register(&extension, self.core.now);
        let response = match may {
            true => self.register(arrived, &extension, pass.as_ref()),
            // For another, or as a caller, who is called by nobody.
            false => Err(Refusal::new(403)),
        };
        let tag = self.core.ids.tag();
        let mut response = response
            .unwrap_or_else(|refusal| refusal.to_response(request))
            .with_to_tag(&tag);
        let agent = self.core.config.agent_name.clone();
        response.headers.push(HeaderName::Server, agent);
        self.core.respond(transaction, &response);
    }

    fn register(
        &mut self,
        arrived: &Arrived,
        extension: &str,
        pass: Option<&Pass>,
    ) -> Result<Response, Refusal> {
        let request = &arrived.request;
        let mut update = self.read_update(request)?;
        if let (Update::Contacts(contacts), Some(pass)) = (&mut update, pass) {
            let left = pass.ends.saturating_duration_since(self.core.now);
            for contact in contacts {
                contact.expires = contact.expires.min(left);
            }
        }
        let registration = Registration {
            extension,
            call_id: request.headers.call_id()?,
            cseq: request.headers.cseq()?.number,
            source: arrived.source,
            login: pass.map(|pass| pass.username.as_str()),
            update,
        };
        let replaced = self.replaced_flows(&registration);
        let change = self.registrar.register(&registration, self.core.now);
        let change = change.map_err(|_| Refusal::because(500, "Out of Order"))?;
        self.watch_registrar();
        if let Some(change) = change {
            let extension = extension.to_owned();
            self.core.emit(SipEvent::Device { extension, change });
        }
        for old in replaced {
            self.leave_flow(extension, old, arrived.source);
        }
        self.follow_device(Some(extension));
        Ok(self.registered(request, extension, arrived.source))
    }

    /// The flows whose place this registration takes.
    fn replaced_flows(&self, registration: &Registration<'_>) -> Vec<Flow> {
        let Update::Contacts(contacts) = &registration.update else {
            return Vec::new();
        };
        let flows = contacts.iter().filter_map(|contact| {
            let (instance, reg_id) = (contact.instance.as_deref()?, contact.reg_id?);
            self.registrar
                .flow_of(registration.extension, instance, reg_id)
        });
        flows.filter(|flow| *flow != registration.source).collect()
    }

    /// A phone has told its new flow: its calls go on over that one.
    fn leave_flow(&mut self, extension: &str, old: Flow, new: Flow) {
        let legs = self.legs.iter();
        let its: Vec<LegId> = legs
            .filter(|(_, leg)| leg.device_at(old) == Some(extension))
            .map(|(id, _)| *id)
            .collect();
        for id in its {
            self.with_leg(id, |leg, core| leg.follow(core, new));
        }
    }

    /// What the REGISTER asks for, with our limits applied.
    fn read_update(&self, request: &Request) -> Result<Update, Refusal> {
        // A broken Expires counts as none (RFC 3261 20.19).
        let header = request.headers.expires().ok().flatten();
        let contacts = match request.headers.contacts()? {
            Contacts::Star if header == Some(0) => return Ok(Update::RemoveAll),
            Contacts::Star => {
                return Err(Refusal::because(
                    400,
                    "Bad Request: Contact * without Expires 0",
                ));
            }
            Contacts::List(contacts) if contacts.is_empty() => return Ok(Update::Query),
            Contacts::List(contacts) => contacts,
        };
        if contacts.len() > MAX_CONTACTS {
            return Err(Refusal::because(400, "Bad Request: too many contacts"));
        }
        let outbound = takes_outbound(request);
        let updates = contacts
            .iter()
            .map(|contact| self.read_contact(contact, header, outbound));
        updates.collect::<Result<_, _>>().map(Update::Contacts)
    }

    fn read_contact(
        &self,
        contact: &NameAddr,
        header: Option<u32>,
        outbound: bool,
    ) -> Result<ContactUpdate, Refusal> {
        let limits = self.core.config.limits;
        if contact.uri.as_sip().is_none() {
            return Err(Refusal::because(400, "Bad Request: Contact is no SIP URI"));
        }
        let wanted = contact
            .params
            .get("expires")
            .map_or(header, |text| text.parse().ok());
        let wanted = wanted.map_or(limits.max_expires, |seconds| {
            Duration::from_secs(u64::from(seconds))
        });
        if !wanted.is_zero() && wanted < limits.min_expires {
            let least = limits.min_expires.as_secs();
            return Err(Refusal::new(423).with_header(HeaderName::MinExpires, least));
        }
        let instance = contact.params.get("+sip.instance").map(str::to_owned);
        let reg_id = contact.params.get("reg-id");
        // RFC 5626 6: without an instance, or from who does not say `outbound`, a reg-id counts for nothing.
        let reg_id = reg_id
            .and_then(|text| text.parse().ok())
            .filter(|id| *id > 0 && instance.is_some() && outbound);
        Ok(ContactUpdate {
            contact: contact.uri.to_string(),
            expires: wanted.min(limits.max_expires),
            outbound: reg_id.is_some(),
            instance,
            reg_id,
        })
    }

    /// 200 with every live contact and the seconds it has left.
    fn registered(&self, request: &Request, extension: &str, source: Flow) -> Response {
        let mut response = Response::to_request(request, 200);
        let now = self.core.now;
        for binding in self.registrar.bindings(extension, now) {
            let Ok(uri) = Uri::parse(&binding.contact) else {
                continue;
            };
            let left = binding.expires_at.saturating_duration_since(now).as_secs();
            let mut contact = NameAddr::new(uri);
            let mut params = Params::new();
            params.set("expires", Some(&left.to_string()));
            if let (Some(instance), Some(id)) = (&binding.instance, binding.reg_id) {
                params.set("+sip.instance", Some(instance.trim_matches('"')));
                params.set("reg-id", Some(&id.to_string()));
            }
            contact.params = params;
            response.headers.push(HeaderName::Contact, contact);
        }
        let mut all = self.registrar.bindings(extension, now);
        if all.any(|binding| binding.outbound && binding.source == source) {
            // RFC 5626 6: the device keeps this connection alive, with a ping at least this often.
            response.headers.push(HeaderName::Require, "outbound");
            let timer = match source {
                Flow::Udp(_) => Some(FLOW_TIMER_UDP),
                // We ping a WebSocket ourselves (RFC 7118 6).
                Flow::Stream(..) => (!source.is_web()).then_some(FLOW_TIMER),
            };
            if let Some(timer) = timer {
                response.headers.push(HeaderName::FlowTimer, timer);
            }
        }
        response
    }

    pub(super) fn expire_bindings(&mut self) {
        let gone = self.registrar.expire(self.core.now);
        self.tell_gone(gone);
        self.watch_registrar();
    }

    pub(super) fn tell_gone(&mut self, extensions: Vec<String>) {
        for extension in extensions {
            let change = DeviceChange::Gone { by_device: false };
            self.core.emit(SipEvent::Device { extension, change });
        }
    }

    /// Wakes us when the next binding ends.
    pub(super) fn watch_registrar(&mut self) {
        let due = self.registrar.next_deadline();
        self.core.schedule.set(Owner::Registrar, due);
    }
}

/// Whether this flow is one that RFC 5626 binds a device to: nobody between us, and the device says so.
fn takes_outbound(request: &Request) -> bool {
    let says = |tag: &str| tag.eq_ignore_ascii_case("outbound");
    let supported = request.headers.supported().unwrap_or_default();
    let hops = request.headers.all(&HeaderName::Via).count();
    hops == 1 && supported.iter().any(|tag| says(tag))
}
