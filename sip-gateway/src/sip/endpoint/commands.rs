//! What the product wants.
//!
//! **Owns**: commands to their legs; the contacts of a called device. **Must not know**: how sessions do it.

use super::Endpoint;
use super::core::Core;
use crate::leg::{Accounts, Dial, DialTarget, LegId};
use crate::sip::dialog::Path;
use crate::sip::flow::Flow;
use crate::sip::message::Uri;
use crate::sip::port::{Offers, SipCommand};
use crate::sip::registrar::Binding;
use crate::sip::session::uac::{self, Target};
use crate::sip::session::{Leg, change, own_change, uas};
use std::net::SocketAddr;

impl Endpoint {
    pub(super) fn on_command(&mut self, command: SipCommand) {
        match command {
            SipCommand::SetAccounts(accounts) => self.set_accounts(accounts),
            SipCommand::Provisional { leg, status, sdp } => {
                self.command(leg, |leg, core| uas::provisional(leg, core, status, sdp));
            }
            SipCommand::Answer { leg, sdp } => {
                self.command(leg, |leg, core| uas::answer(leg, core, sdp))
            }
            SipCommand::Reject {
                leg,
                status,
                retry_after,
            } => {
                let cause = crate::leg::LegEndCause::Local;
                self.command(leg, |leg, core| {
                    uas::reject(leg, core, status, retry_after, cause)
                });
            }
            SipCommand::Dial {
                leg,
                dial,
                destination,
                sdp,
            } => self.dial(leg, &dial, destination, &sdp),
            SipCommand::Hangup { leg } => self.command(leg, |leg, core| {
                leg.hang_up(core);
                true
            }),
            SipCommand::TakenElsewhere { leg } => self.command(leg, |leg, core| {
                leg.taken_elsewhere(core);
                true
            }),
            SipCommand::Reanswer { leg, result } => {
                self.command(leg, |leg, core| change::answer(leg, core, result));
            }
            SipCommand::Reinvite { leg, sdp } => {
                self.command(leg, |leg, core| own_change::want(leg, core, sdp));
            }
            SipCommand::AddLogin(login) => self.identity.add_login(login, self.core.now),
            SipCommand::RemoveLogin { username } => {
                self.identity.logins.remove(&username);
                let gone = self.registrar.remove_login(&username, self.core.now);
                self.tell_gone(gone);
                self.watch_registrar();
            }
            SipCommand::ForgetDevice { extension } => {
                let gone = self.registrar.retain(|known| known != extension);
                self.tell_gone(gone);
                self.watch_registrar();
            }
            SipCommand::Register {
                address_of_record,
                destination,
                credentials,
                expires,
            } => {
                let account = (address_of_record, destination, credentials);
                self.registrations
                    .register(&mut self.core, account, expires);
            }
            SipCommand::LeaveTrunks => self.registrations.leave_trunks(&mut self.core),
            SipCommand::Unregister { address_of_record } => {
                self.registrations
                    .unregister(&mut self.core, &address_of_record);
            }
        }
    }

    /// A command for a leg. Legs end at any moment, so one that comes too late is counted and nothing else.
    fn command(&mut self, id: LegId, act: impl FnOnce(&mut Leg, &mut Core) -> bool) {
        let mut taken = false;
        self.with_leg(id, |leg, core| taken = act(leg, core));
        self.core.counters.bad_commands += u64::from(!taken);
    }

    fn dial(&mut self, id: LegId, dial: &Dial, destination: Option<SocketAddr>, sdp: &Offers) {
        if self.legs.contains_key(&id) {
            self.core.counters.bad_commands += 1;
            return;
        }
        let limits = self.core.config.limits;
        let has_room = self.core.has_room() && self.legs.len() < limits.legs;
        let targets = if has_room {
            self.targets(dial, destination)
        } else {
            Vec::new()
        };
        let mut leg = uac::dial(&mut self.core, id, dial, targets, sdp);
        if let DialTarget::Device(extension) = &dial.target {
            leg.set_device(extension);
        }
        leg.settle(&mut self.core);
        if !leg.is_over() {
            self.legs.insert(id, leg);
        }
    }

    /// Where to send the INVITE: to every phone of a device, over the newest flow it registered from; or to the URI.
    fn targets(&mut self, dial: &Dial, destination: Option<SocketAddr>) -> Vec<Target> {
        match &dial.target {
            DialTarget::Device(extension) => self.phones(extension),
            DialTarget::Uri(uri) | DialTarget::Trunk { uri, .. } => {
                let routes = match &dial.target {
                    DialTarget::Trunk { trunk, .. } => self.registrations.routes_of(trunk),
                    _ => Vec::new(),
                };
                let target = destination
                    .zip(request_uri(uri))
                    .map(|(destination, uri)| Target {
                        uri,
                        destination: Flow::Udp(destination),
                        path: Path::Fallback(destination),
                        others: Vec::new(),
                        routes,
                    });
                target.into_iter().collect()
            }
        }
    }

    /// The phones of a device. One whose connection ended with an earlier process of ours is called over a new one.
    fn phones(&mut self, extension: &str) -> Vec<Target> {
        let phones = self.registrar.targets(extension, self.core.now);
        let phones: Vec<Vec<Binding>> = phones
            .into_iter()
            .map(|ways| ways.into_iter().cloned().collect())
            .collect();
        let mut targets = Vec::new();
        for ways in phones {
            let mut ways = ways.into_iter().filter_map(|way| self.way(extension, &way));
            if let Some(first) = ways.next() {
                let others = ways.collect();
                targets.push(Target { others, ..first });
            }
        }
        targets
    }

    fn way(&mut self, extension: &str, binding: &Binding) -> Option<Target> {
        let flow = match binding.is_cut() {
            true => self.core.open(binding.reach()?)?,
            false => binding.source,
        };
        if binding.is_cut() {
            self.registrar.opened(extension, &binding.contact, flow);
        }
        Some(Target {
            uri: request_uri(&binding.contact)?,
            destination: flow,
            path: Path::Flow(flow),
            others: Vec::new(),
            routes: Vec::new(),
        })
    }

    fn set_accounts(&mut self, accounts: Accounts) {
        self.registrations
            .set_trunks(&mut self.core, &accounts.trunks);
        self.identity.set_accounts(accounts);
        let (identity, now) = (&self.identity, self.core.now);
        let gone = self
            .registrar
            .retain(|extension| identity.may_register(extension, now));
        self.tell_gone(gone);
        self.watch_registrar();
    }
}

/// A URI as a Request-URI: headers of a URI never become headers of a message (RFC 3261 19.1.1).
fn request_uri(text: &str) -> Option<Uri> {
    let mut uri = Uri::parse(text).ok()?;
    uri.as_sip_mut()?.headers.clear();
    Some(uri)
}
