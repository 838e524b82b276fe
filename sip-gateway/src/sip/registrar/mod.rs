//! Which devices are registered where (RFC 3261 10.3, with flows as in RFC 5626).
//!
//! **Owns**: bindings, their expiry, their order. **Must not know**: messages, digest, calls. A binding remembers the
//! address its REGISTER came from, and requests to the device go there: that is the only path that is known to work
//! through a NAT.

pub mod client;
pub mod trunks;

#[cfg(test)]
mod tests;

use crate::sip::flow::{ConnectionId, Flow, Wire};
use crate::sip::message::Uri;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::leg::DeviceChange;

/// One contact of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact URI as the device wrote it.
    pub contact: String,
    /// Where its REGISTER came from; requests go there. A connection that ended with an earlier process of ours is
    /// [`ConnectionId::NONE`].
    pub source: Flow,
    /// Call-ID of the last REGISTER.
    pub call_id: String,
    /// CSeq number of the last REGISTER.
    pub cseq: u32,
    /// `+sip.instance` of RFC 5626, as written.
    pub instance: Option<String>,
    /// `reg-id` of RFC 5626.
    pub reg_id: Option<u32>,
    /// The device keeps its connection alive and knows that we count on it (RFC 5626).
    pub outbound: bool,
    /// The name it was registered by, when that was made for a while.
    pub login: Option<String>,
    /// When it ends.
    pub expires_at: Instant,
}

impl Binding {
    /// Its connection ended with an earlier process of ours.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        matches!(self.source, Flow::Stream(_, ConnectionId::NONE, _))
    }

    /// Where a new connection can be opened to its phone: the contact's address when that is the host its REGISTER came
    /// from. Nobody makes us connect to anybody else.
    #[must_use]
    pub fn reach(&self) -> Option<SocketAddr> {
        let contact = Uri::parse(&self.contact).ok()?;
        let uri = contact.as_sip()?;
        let ip = uri.host.ip()?;
        let transport = contact.param("transport");
        if transport.is_some_and(|name| !name.eq_ignore_ascii_case("tcp")) {
            return None;
        }
        let port = uri.port.unwrap_or(5060);
        let same = ip.to_canonical() == self.source.ip().to_canonical();
        (same && port != 0).then(|| SocketAddr::new(ip, port))
    }
}

/// One binding in a form that outlives the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationRecord {
    /// The device.
    pub extension: String,
    /// The contact URI as the device wrote it.
    pub contact: String,
    /// Where its REGISTER came from.
    pub source: SocketAddr,
    /// It came over a connection, which cannot outlive the process.
    pub stream: bool,
    /// Call-ID of the last REGISTER.
    pub call_id: String,
    /// CSeq number of the last REGISTER.
    pub cseq: u32,
    /// `+sip.instance` of RFC 5626, as written.
    pub instance: Option<String>,
    /// `reg-id` of RFC 5626.
    pub reg_id: Option<u32>,
    /// Whole seconds left.
    pub expires_in: u64,
}

/// All bindings of one device, after one of them changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceBindings {
    /// The device.
    pub extension: String,
    /// What it has now; nothing when it is gone.
    pub bindings: Vec<RegistrationRecord>,
}

/// The ways to one phone: the first is to be tried, then the others, one after the other (RFC 5626 5.3).
pub type Ways<'a> = Vec<&'a Binding>;

/// One Contact of a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactUpdate {
    /// The URI as written.
    pub contact: String,
    /// Wanted lifetime after limits were applied; zero removes.
    pub expires: Duration,
    /// `+sip.instance`, as written.
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// We have agreed on RFC 5626 for it.
    pub outbound: bool,
}

/// What a REGISTER asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// No Contact: what is there?
    Query,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    /// These contacts, all or none.
    Contacts(Vec<ContactUpdate>),
}

/// A REGISTER that was authenticated, without its message.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    /// The device.
    pub extension: &'a str,
    /// Its Call-ID.
    pub call_id: &'a str,
    /// Its CSeq number.
    pub cseq: u32,
    /// Where it came from.
    pub source: Flow,
    /// The name it was authenticated by, when that was made for a while.
    pub login: Option<&'a str>,
    /// What it asks for.
    pub update: Update,
}

/// The request is older than what a binding already knows (RFC 3261 10.3 step 7): nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfOrder;

/// All bindings of all devices.
#[derive(Debug)]
pub struct Registrar {
    contacts_per_device: usize,
    devices: BTreeMap<String, Vec<Binding>>,
    /// The earliest expiry of each device.
    expiry: BTreeSet<(Instant, String)>,
    /// Devices with changes that nobody has taken.
    changed: BTreeSet<String>,
    /// One of these changes is more than a refresh.
    news: bool,
}

impl Registrar {
    /// An empty one; a device has at most `contacts_per_device` contacts.
    #[must_use]
    pub const fn new(contacts_per_device: usize) -> Self {
        Self {
            contacts_per_device,
            devices: BTreeMap::new(),
            expiry: BTreeSet::new(),
            changed: BTreeSet::new(),
            news: false,
        }
    }

    /// Applies a REGISTER, all of it or nothing. `Some` when the device came or went.
    ///
    /// # Errors
    /// [`OutOfOrder`] when a binding it touches has the same Call-ID and a CSeq that is not lower.
    pub fn register(
        &mut self,
        request: &Registration<'_>,
        now: Instant,
    ) -> Result<Option<DeviceChange>, OutOfOrder> {
        let mut bindings = self
            .devices
            .get(request.extension)
            .cloned()
            .unwrap_or_default();
        bindings.retain(|binding| binding.expires_at > now);
        let was_registered = self.is_registered(request.extension);
        match &request.update {
            Update::Query => return Ok(None),
            Update::RemoveAll => {
                if bindings.iter().any(|binding| is_older(request, binding)) {
                    return Err(OutOfOrder);
                }
                bindings.clear();
            }
            Update::Contacts(contacts) => {
                let touched =
                    |binding: &&Binding| contacts.iter().any(|contact| is_same(contact, binding));
                if bindings
                    .iter()
                    .filter(touched)
                    .any(|binding| is_older(request, binding))
                {
                    return Err(OutOfOrder);
                }
                for contact in contacts {
                    apply(&mut bindings, contact, request, now);
                }
            }
        }
        while bindings.len() > self.contacts_per_device {
            // Sorted by age: the one refreshed longest ago stands first.
            bindings.remove(0);
        }
        self.put(request.extension, bindings);
        Ok(
            match (was_registered, self.is_registered(request.extension)) {
                (false, true) => Some(DeviceChange::Registered),
                (true, false) => Some(DeviceChange::Gone { by_device: true }),
                _ => None,
            },
        )
    }

    /// The live bindings of a device, the one refreshed longest ago first.
    pub fn bindings(&self, extension: &str, now: Instant) -> impl Iterator<Item = &Binding> {
        let all = self.devices.get(extension).map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |binding| binding.expires_at > now)
    }

    /// Whether the device is registered over this very flow.
    #[must_use]
    pub fn is_bound(&self, extension: &str, flow: Flow, now: Instant) -> bool {
        self.bindings(extension, now)
            .any(|binding| binding.source == flow)
    }

    /// Whether the device has a binding that was not taken out yet.
    #[must_use]
    pub fn is_registered(&self, extension: &str) -> bool {
        self.devices.contains_key(extension)
    }

    /// When the first binding ends.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.expiry.first().map(|(due, _)| *due)
    }

    /// Takes out what has expired; gives the devices that have nothing left.
    pub fn expire(&mut self, now: Instant) -> Vec<String> {
        let mut gone = Vec::new();
        while let Some((due, extension)) = self.expiry.first().cloned() {
            if due > now {
                break;
            }
            let mut bindings = self.devices.get(&extension).cloned().unwrap_or_default();
            bindings.retain(|binding| binding.expires_at > now);
            self.put(&extension, bindings);
            if !self.is_registered(&extension) {
                gone.push(extension);
            }
        }
        gone
    }

    /// Takes out every device that `keep` does not want; gives those that were registered.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) -> Vec<String> {
        let gone: Vec<String> = self
            .devices
            .keys()
            .filter(|name| !keep(name))
            .cloned()
            .collect();
        for extension in &gone {
            self.put(extension, Vec::new());
        }
        gone
    }

    /// Whether any binding has changed since [`Self::take_changed`]; true when one came, went or moved, false when they
    /// were refreshed only.
    #[must_use]
    pub fn has_changed(&self) -> Option<bool> {
        (!self.changed.is_empty()).then_some(self.news)
    }

    /// The devices of which a binding changed since the last time, in a form that outlives the process.
    pub fn take_changed(&mut self, now: Instant) -> Vec<DeviceBindings> {
        self.news = false;
        let names = std::mem::take(&mut self.changed).into_iter();
        names
            .map(|extension| DeviceBindings {
                bindings: self.records_of(&extension, now),
                extension,
            })
            .collect()
    }

    /// Takes out what was registered over a connection that is gone; gives the devices that have nothing left.
    pub fn remove_flow(&mut self, flow: Flow, now: Instant) -> Vec<String> {
        self.remove(|binding| binding.source == flow, now)
    }

    /// Takes out what was registered by this name; gives the devices that have nothing left.
    pub fn remove_login(&mut self, username: &str, now: Instant) -> Vec<String> {
        self.remove(|binding| binding.login.as_deref() == Some(username), now)
    }

    fn remove(&mut self, is_it: impl Fn(&Binding) -> bool, now: Instant) -> Vec<String> {
        let devices = self.devices.iter();
        let devices = devices.filter(|(_, bindings)| bindings.iter().any(&is_it));
        let names: Vec<String> = devices.map(|(name, _)| name.clone()).collect();
        let mut gone = Vec::new();
        for extension in names {
            let mut bindings = self.devices.get(&extension).cloned().unwrap_or_default();
            bindings.retain(|binding| !is_it(binding) && binding.expires_at > now);
            self.put(&extension, bindings);
            if !self.is_registered(&extension) {
                gone.push(extension);
            }
        }
        gone
    }

    /// Whether anything was registered over this flow by a device that may be silent on it. One that has promised to
    /// send a ping every two minutes is gone when it is silent for longer.
    #[must_use]
    pub fn may_be_silent(&self, flow: Flow) -> bool {
        let mut all = self.devices.values().flatten();
        all.any(|binding| binding.source == flow && !binding.outbound)
    }

    /// How to call a device: one entry for each phone that has registered as it. All flows of one instance are one
    /// phone, the newest first (RFC 5626 5.3). A connection that ended with an earlier process counts where nothing
    /// newer is known of its phone, and where its phone can be reached by another.
    pub fn targets(&self, extension: &str, now: Instant) -> Vec<Ways<'_>> {
        let all: Vec<&Binding> = self.bindings(extension, now).collect();
        let mut phones: Vec<Ways<'_>> = Vec::new();
        for binding in all {
            let of_same = |ways: &&mut Ways<'_>| {
                binding.outbound
                    && ways
                        .iter()
                        .any(|way| way.outbound && way.instance == binding.instance)
            };
            match phones.iter_mut().find(of_same) {
                Some(ways) => ways.insert(0, binding),
                None => phones.push(vec![binding]),
            }
        }
        // A phone stands where its newest flow does.
        phones.sort_by_key(|ways| {
            let newest = ways.first().copied();
            self.bindings(extension, now)
                .position(|binding| newest.is_some_and(|newest| std::ptr::eq(newest, binding)))
        });
        for ways in &mut phones {
            if ways.iter().any(|way| !way.is_cut()) {
                ways.retain(|way| !way.is_cut());
            } else {
                ways.retain(|way| way.reach().is_some());
                ways.truncate(1);
            }
        }
        phones.retain(|ways| !ways.is_empty());
        phones
    }

    /// A connection was opened to where this contact can be reached: it is the binding's flow from here on.
    pub fn opened(&mut self, extension: &str, contact: &str, flow: Flow) {
        let mut bindings = self.devices.get(extension).cloned().unwrap_or_default();
        let cut = bindings
            .iter_mut()
            .find(|binding| binding.is_cut() && binding.contact == contact);
        if let Some(binding) = cut {
            binding.source = flow;
            self.put(extension, bindings);
        }
    }

    /// The flow of an instance that a new one with the same reg-id is going to replace.
    #[must_use]
    pub fn flow_of(&self, extension: &str, instance: &str, reg_id: u32) -> Option<Flow> {
        let mut all = self.devices.get(extension)?.iter();
        let is_it = |binding: &&Binding| {
            binding.instance.as_deref() == Some(instance) && binding.reg_id == Some(reg_id)
        };
        Some(all.find(is_it)?.source)
    }

    /// The one flow where a device whose connection is lost can be now: its instance's newest, or its only one.
    #[must_use]
    pub fn heir(&self, extension: &str, instance: Option<&str>, now: Instant) -> Option<Flow> {
        let live = self.bindings(extension, now);
        let all: Vec<&Binding> = live.filter(|binding| !binding.is_cut()).collect();
        let same = all
            .iter()
            .rev()
            .find(|binding| instance.is_some() && binding.instance.as_deref() == instance);
        match (same, all.as_slice()) {
            (Some(binding), _) => Some(binding.source),
            (None, [only]) => Some(only.source),
            _ => None,
        }
    }

    /// Whether anything is registered over this flow.
    #[must_use]
    pub fn is_flow(&self, flow: Flow) -> bool {
        let mut all = self.devices.values().flatten();
        all.any(|binding| binding.source == flow)
    }

    /// The instance that registered over this flow.
    #[must_use]
    pub fn instance_at(&self, extension: &str, flow: Flow) -> Option<String> {
        let mut all = self.devices.get(extension)?.iter();
        all.find(|binding| binding.source == flow)?.instance.clone()
    }

    fn records_of(&self, extension: &str, now: Instant) -> Vec<RegistrationRecord> {
        let bindings = self.devices.get(extension).into_iter().flatten();
        // A browser comes back by itself, and so does a phone that speaks TLS: never is it called in clear instead.
        bindings
            .filter(|binding| binding.source.is_ours_to_open())
            .map(|binding| record(extension, binding, now))
            .filter(|record| record.expires_in > 0)
            .collect()
    }

    /// Puts one binding back after a restart; true when it is the device's first.
    pub fn restore(&mut self, record: &RegistrationRecord, now: Instant) -> bool {
        let mut bindings = self
            .devices
            .get(&record.extension)
            .cloned()
            .unwrap_or_default();
        let name = |instance: &Option<String>, id| instance.clone().zip(id);
        let known = bindings.iter().any(|binding| {
            binding.contact == record.contact
                && name(&binding.instance, binding.reg_id) == name(&record.instance, record.reg_id)
        });
        if record.expires_in == 0 || known || bindings.len() >= self.contacts_per_device {
            return false;
        }
        bindings.push(Binding {
            contact: record.contact.clone(),
            source: if record.stream {
                Flow::Stream(Wire::Tcp, ConnectionId::NONE, record.source)
            } else {
                Flow::Udp(record.source)
            },
            call_id: record.call_id.clone(),
            cseq: record.cseq,
            instance: record.instance.clone(),
            reg_id: record.reg_id,
            // Only one that we agreed on is kept.
            outbound: record.reg_id.is_some(),
            login: None,
            expires_at: now + Duration::from_secs(record.expires_in.min(86_400)),
        });
        let first = bindings.len() == 1;
        self.put(&record.extension, bindings);
        first
    }

    /// How many bindings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.devices.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// The only place that changes a device's bindings, so that the expiry queue cannot differ from them.
    fn put(&mut self, extension: &str, bindings: Vec<Binding>) {
        let old = self.devices.get(extension).map_or(&[][..], Vec::as_slice);
        let mut all = bindings.iter().chain(old);
        // Each is there before and after, or it is news.
        self.news |= all.any(|one| !(is_among(one, old) && is_among(one, &bindings)));
        self.changed.insert(extension.to_owned());
        let earliest =
            |bindings: &[Binding]| bindings.iter().map(|binding| binding.expires_at).min();
        if let Some(due) = self.devices.get(extension).and_then(|old| earliest(old)) {
            self.expiry.remove(&(due, extension.to_owned()));
        }
        match earliest(&bindings) {
            Some(due) => {
                self.expiry.insert((due, extension.to_owned()));
                self.devices.insert(extension.to_owned(), bindings);
            }
            None => {
                self.devices.remove(extension);
            }
        }
    }
}

/// Whether there is one that differs at most in what a refresh changes.
fn is_among(binding: &Binding, others: &[Binding]) -> bool {
    let name = |one: &Binding| (one.source, one.reg_id);
    let same = |other: &Binding| {
        name(other) == name(binding)
            && other.contact == binding.contact
            && other.instance == binding.instance
    };
    others.iter().any(same)
}

/// The same Call-ID with a CSeq that is not higher: an old request that arrived late.
fn is_older(request: &Registration<'_>, binding: &Binding) -> bool {
    request.call_id == binding.call_id && request.cseq <= binding.cseq
}

/// Two contacts are one when the URI is the same, or the instance and reg-id of RFC 5626 6. With a reg-id on both sides
/// the URI does not count: all flows of one phone may have the same.
fn is_same(contact: &ContactUpdate, binding: &Binding) -> bool {
    let both_are_flows = contact.outbound && binding.outbound;
    (contact.contact == binding.contact && !both_are_flows)
        || (contact.instance.is_some()
            && contact.instance == binding.instance
            && contact.reg_id == binding.reg_id)
}

fn apply(
    bindings: &mut Vec<Binding>,
    contact: &ContactUpdate,
    request: &Registration<'_>,
    now: Instant,
) {
    bindings.retain(|binding| !is_same(contact, binding));
    if contact.expires.is_zero() {
        return;
    }
    bindings.push(Binding {
        contact: contact.contact.clone(),
        source: request.source,
        call_id: request.call_id.to_owned(),
        cseq: request.cseq,
        instance: contact.instance.clone(),
        reg_id: contact.reg_id,
        outbound: contact.outbound,
        login: request.login.map(str::to_owned),
        expires_at: now + contact.expires,
    });
}

fn record(extension: &str, binding: &Binding, now: Instant) -> RegistrationRecord {
    RegistrationRecord {
        extension: extension.to_owned(),
        contact: binding.contact.clone(),
        source: binding.source.address(),
        stream: binding.source.is_stream(),
        call_id: binding.call_id.clone(),
        cseq: binding.cseq,
        instance: binding.instance.clone(),
        reg_id: binding.reg_id,
        expires_in: binding.expires_at.saturating_duration_since(now).as_secs(),
    }
}
