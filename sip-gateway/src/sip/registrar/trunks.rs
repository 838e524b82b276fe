//! Trunks that we register with: a carrier that sends calls to where we say that we are.
//!
//! **Owns**: which registrations the accounts ask for, the name by which a carrier's call tells its trunk, the routes
//! that a carrier wants calls out to carry (RFC 3608). **Must not know**: calls; how one registration goes (`client.rs`).

use super::client::{OwnRegistration, Registrations, Spec};
use crate::leg::{Trunk, TrunkState};
use crate::sip::auth::{hmac_sha256, key_of};
use crate::sip::endpoint::core::Core;
use crate::sip::endpoint::schedule::Owner;
use crate::sip::flow::Flow;
use crate::sip::message::Uri;
use crate::sip::port::SipEvent;
use std::fmt::Write as _;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The parameter of our Contact that comes back in the Request-URI of the carrier's calls.
pub(crate) const LINE: &str = "line";
/// Registrations of one start are spread over this.
const SPREAD: Duration = Duration::from_millis(500);

impl Registrations {
    /// Registers what is new, gives up what is gone, leaves the rest alone.
    pub(crate) fn set_trunks(&mut self, core: &mut Core, trunks: &[Trunk]) {
        let wanted: Vec<(String, Spec)> = trunks
            .iter()
            .filter(|_| !self.left)
            .filter_map(|trunk| Some((trunk.name.clone(), spec(trunk)?)))
            .collect();
        let is_wanted = |one: &OwnRegistration| {
            wanted
                .iter()
                .any(|(name, spec)| one.trunk() == Some(name) && one.spec == *spec)
        };
        let gone = self
            .all
            .iter()
            .filter(|(_, one)| one.trunk().is_some() && !one.leaving && !is_wanted(one));
        let gone: Vec<u64> = gone.map(|(id, _)| *id).collect();
        for id in gone {
            self.leave(core, id);
        }
        for (name, spec) in wanted {
            let known = |one: &OwnRegistration| one.trunk() == Some(&name) && !one.leaving;
            if self.all.values().any(known) {
                continue;
            }
            core.emit(SipEvent::Trunk {
                trunk: name,
                state: TrunkState::Asking,
            });
            let id = self.begin(core, spec);
            let spread = u64::try_from(SPREAD.as_millis()).unwrap_or_default();
            let due = core.now + Duration::from_millis(core.ids.below(spread));
            core.schedule.set(Owner::Registration(id), Some(due));
        }
    }

    /// Gives all of them up, and takes no new ones: no new calls from here on.
    pub(crate) fn leave_trunks(&mut self, core: &mut Core) {
        self.left = true;
        self.set_trunks(core, &[]);
    }

    /// The trunk whose Contact this Request-URI is, whoever sends it: nobody else was told.
    pub(crate) fn trunk_of_line(&self, uri: &Uri) -> Option<&str> {
        let line = uri.param(LINE)?;
        let found = self.all.values().find(|one| {
            let ours = one.spec.line.as_deref();
            ours.is_some_and(|ours| bool::from(ours.as_bytes().ct_eq(line.as_bytes())))
        });
        found?.trunk()
    }

    /// The first trunk whose registrar has this address; no registrar comes by WebSocket.
    pub(crate) fn trunk_at(&self, source: Flow) -> Option<&str> {
        let address = source.ip();
        let found = self.all.values().find(|one| {
            one.trunk().is_some() && one.spec.destination.ip() == address && !source.is_web()
        });
        found?.trunk()
    }

    /// What the trunk's registrar wants calls out to carry as `Route` (RFC 3608 6.1).
    pub(crate) fn routes_of(&self, trunk: &str) -> Vec<String> {
        let found = self.all.values().find(|one| one.trunk() == Some(trunk));
        found
            .map(|one| one.service_routes.clone())
            .unwrap_or_default()
    }
}

fn spec(trunk: &Trunk) -> Option<Spec> {
    let register = trunk.register.as_ref()?;
    Some(Spec {
        address_of_record: register.address_of_record.clone(),
        destination: register.registrar,
        credentials: register.credentials.clone(),
        expires: register.expires,
        line: Some(line(
            &trunk.name,
            &register.address_of_record,
            &register.credentials.password,
        )),
        trunk: Some(trunk.name.clone()),
    })
}

/// The same after a restart, so that the carrier knows one Contact of ours and not two; and nobody's guess without the
/// password.
fn line(trunk: &str, address_of_record: &str, password: &str) -> String {
    let parts: [&[u8]; 3] = [b"line", trunk.as_bytes(), address_of_record.as_bytes()];
    let mut text = String::with_capacity(32);
    for byte in hmac_sha256(&key_of(password), &parts).into_iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
